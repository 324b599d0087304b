"""Packets between chips and time of mapping, traffic-aware against round-robin.

Run: ``python benchmarks/mapping.py [--only digits clusters large] [--json FILE]``.

- ``digits``: the shipped scenario ``digits_inference`` on its four chips, which are 92 % full; packets of its own
  spikes, counted in a run of it. ``measured`` is a mapping that knows these spikes.
- ``clusters``: 32 clusters of 200 neurons on 8 chips that are 80 % or more full, 60 synapses a neuron, 98 % of
  them within the cluster; neurons are numbered at random. The planted cut has four clusters on each chip.
- ``large``: 100,000 neurons and 10 million synapses on 64 chips: 256 hidden clusters with nine tenths of the synapses
  within, and without any structure.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import spikemesh as sm
from spikemesh.api.mapped import Mapped
from spikemesh.api.scenarios import open_scenario
from spikemesh.description.run import RunSettings
from spikemesh.description.system import ChipSpec, CoreSpec, MappingSettings, System
from spikemesh.mapping.connections import DrawnConnections
from spikemesh.mapping.placement import place_network
from spikemesh.registry.bind import bind
from spikemesh.registry.shared import shared_registry

CASES = ("digits", "clusters", "large")
COLUMNS = (
    "network",
    "mapping",
    "packets",
    "to round-robin",
    "to planted",
    "fullest chip",
    "emptiest chip",
    "filled",
    "seconds",
    "processor seconds",
)


def clusters(neurons: int, synapses: int, count: int, inside: float, seed: int) -> tuple[Any, ...]:
    """Draw synapses of hidden clusters: (sources, targets, cluster of each neuron)."""
    random = np.random.Generator(np.random.PCG64(seed))
    number = random.permutation(neurons)
    cluster = np.empty(neurons, dtype=np.int64)
    cluster[number] = np.arange(neurons) * count // neurons
    first = -(-np.arange(count + 1) * neurons // count)
    source = np.repeat(np.arange(neurons), synapses)
    own = cluster[number[source]]
    near = first[own] + (random.random(source.size) * (first[own + 1] - first[own])).astype(np.int64)
    far = random.integers(0, neurons, source.size)
    target = np.where(random.random(source.size) < inside, near, far)
    return number[source], number[target], cluster


def network_of(neurons: int, source: Any, target: Any) -> Any:
    net = sm.Network(timestep="1 ms", seed=1)
    all_of_them = net.add_population("all", neurons, "iaf")
    net.connect(all_of_them, all_of_them, rule="explicit", sources=source, targets=target, weight=0.01)
    return bind(net.describe(), shared_registry())


class Clock:
    """Time in a block: by the clock, and of processors, which others on the machine do not lengthen."""

    def __enter__(self) -> Clock:
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._begun[0]
        self.processor = time.process_time() - self._begun[1]


class Counted:
    """Packets between chips, for given spikes of each neuron."""

    def __init__(self, network: Any, system: System, spikes: Any = None) -> None:
        self._system = system
        self._connections = DrawnConnections(network, np.ones(network.size) if spikes is None else spikes)

    def row(self, name: str, mapping: str, chip: Any, clock: Clock | None = None) -> dict[str, Any]:
        chips, places = self._system.chip_count, self._system.chip.core.neurons
        between, held = self._connections.packets(chip, chips), np.bincount(chip, minlength=chips)
        return {
            "network": name, "mapping": mapping, "packets": round(float(between.sum() - np.trace(between))),
            "fullest chip": float(held.max()) * chips / len(chip),
            "emptiest chip": float(held.min()) * chips / len(chip),
            "filled": None if places is None else float(held.mean()) / (self._system.chip.core_count * places),
            "seconds": clock and clock.seconds, "processor seconds": clock and clock.processor,
        }  # fmt: skip


def mapped(network: Any, system: Any, settings: MappingSettings) -> tuple[Any, Clock]:
    with Clock() as clock:
        placement = place_network(network, system, settings, shared_registry())
    return placement.chip_of_neuron, clock


def rows_of(
    name: str, network: Any, system: Any, counted: Counted, settings: dict[str, Any]
) -> list[dict[str, Any]]:
    rows = []
    for label, given in settings.items():
        chip, clock = mapped(network, system, MappingSettings(**given))
        rows.append(counted.row(name, label, chip, clock))
    return rows


def digits() -> list[dict[str, Any]]:
    loaded = open_scenario("digits_inference")
    result = sm.run_scenario(
        loaded, backend="local", out=Path("runs/bench/mapping_digits.h5"), overwrite=True
    )
    trace = result.trace
    spikes, rates = [], {}
    for population in loaded.network.populations:
        number = np.bincount(
            trace.spikes(population.name).neurons.astype(np.int64), minlength=population.size
        )
        spikes.append(number.astype(np.float64))
        rates[population.name] = number
    settings = {
        "round_robin": {"partition": "round_robin"}, "linear": {"partition": "linear"},
        "traffic": {}, "traffic, measured": {"rates": rates},
    }  # fmt: skip
    # 72 places on each chip for 266 neurons on four.
    system = System(chips=(4,), chip=ChipSpec(cores=(2, 2), core=CoreSpec(neurons=18)))
    counted = Counted(loaded.network, system, np.concatenate(spikes))
    return rows_of("digits", loaded.network, system, counted, settings)


def planted() -> list[dict[str, Any]]:
    rows = []
    for inside in (0.99, 0.98, 0.97):
        source, target, cluster = clusters(6400, 60, 32, inside, 1)
        network = network_of(6400, source, target)
        # 960 places on each chip: 83 % of them are needed.
        system = System(chips=(8,), chip=ChipSpec(cores=(2, 2), core=CoreSpec(neurons=240)))
        counted, name = Counted(network, system), f"32 clusters, {inside:.0%} inside"
        rows.append(counted.row(name, "planted", cluster // 4))
        rows += rows_of(
            name, network, system, counted, {"round_robin": {"partition": "round_robin"}, "traffic": {}}
        )
    return rows


def large() -> list[dict[str, Any]]:
    rows = []
    system = System(chips=(8, 8), chip=ChipSpec(cores=(2, 2)))
    for name, inside in (("large, 256 clusters", 0.9), ("large, no structure", 0.0)):
        source, target, cluster = clusters(100_000, 100, 256, inside, 1)
        network = network_of(100_000, source, target)
        counted = Counted(network, system)
        if inside:
            rows.append(counted.row(name, "planted", cluster // 4))
        settings = {"round_robin": {"partition": "round_robin"}, "traffic": {"place": "anneal"}}
        rows += rows_of(name, network, system, counted, settings)
        annealed, local = MappingSettings(place="anneal"), RunSettings(backend="local")
        with Clock() as clock:
            whole = Mapped(network, system, annealed, local, shared_registry())
        chip = whole.placement.chip_of_neuron
        rows.append(counted.row(name, "traffic, with routes and programs", chip, clock))
    return rows


def compared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the packets of each row beside those of round-robin and of the planted cut."""
    for row in rows:
        for column, mapping in (("to round-robin", "round_robin"), ("to planted", "planted")):
            other = [r["packets"] for r in rows if r["network"] == row["network"] and r["mapping"] == mapping]
            row[column] = row["packets"] / other[0] if other else None
    return rows


def shown(value: Any) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--only", nargs="*", default=CASES, choices=CASES)
    arguments.add_argument("--json", type=Path)
    options = arguments.parse_args()
    makers = {"digits": digits, "clusters": planted, "large": large}
    rows = compared([row for case in options.only for row in makers[case]()])
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
    for row in rows:
        print("| " + " | ".join(shown(row[column]) for column in COLUMNS) + " |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
