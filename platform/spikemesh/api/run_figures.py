"""Figures of one run in one row: traffic, hardware time, latencies, energies, and what of them is not published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikemesh.contracts.energy import Energy, Span
from spikemesh.description.frozen import validated
from spikemesh.description.system import LinkSpec, System

PJ_PER_MJ, PS_PER_MS = 1e9, 1e9
PARTS = {"static": "energy_static_mj", "dynamic": "energy_dynamic_mj", "total": "energy_mj"}
"""Part of an account of energy, and its key."""
OF_STEPS = ("step_mean_ns", "step_p99_ns", "slowdown")
OF_HARDWARE = (*OF_STEPS, "hardware_time_ms", *PARTS.values(), "delay_product_js")
OF_LATENCY = ("latency_p50_ns", "latency_p99_ns")
STEP_COSTS = (
    "neuron_update",
    "synaptic_event",
    "spike",
    "axon_in",
    "axon_out",
    "hop_tile",
    "hop_x",
    "hop_y",
    "learning_update",
)
"""Operations whose time makes a step longer in the regime ``barrier``."""
CLASSES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "on_tile": (("axon_out", "hop_tile"), None),
    "on_chip": (("axon_out", "hop_x", "hop_y"), None),
    "between_chips": (("axon_out", "hop_x", "hop_y"), "between_chips"),
    "between_boards": (("axon_out", "hop_x", "hop_y"), "between_boards"),
}
"""How far packets go: the operations that take time on their way, and the link that they cross."""


@dataclass(frozen=True)
class RunFigures:
    """Figures of a run by name.

    Attributes
    ----------
    values
        Numbers and texts; None where there is none. Names of the scenario's own begin with ``results.``.
    not_published
        Those that are None because a figure of the hardware is not published.
    at_least
        Those that are lower bounds for the same reason: what is not published is left out of them.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    not_published: frozenset[str] = frozenset()
    at_least: frozenset[str] = frozenset()


def run_figures(trace: Any) -> RunFigures:
    """Return the figures of a finished trace.

    Parameters
    ----------
    trace
        From :func:`spikemesh.open_trace`.
    """
    found = trace.analyse()
    summary = trace.summary()
    values: dict[str, Any] = {key: summary[key] for key in ("spikes", "synaptic_events", "packets")}
    own = {f"results.{name}": value for name, value in _flat(trace.results)}
    system = validated(System, trace.provenance["system"], "system")
    hardware, account = found.get("hardware"), trace.energy_account()
    gathered = _Gathered(values)
    gathered.values |= {"regime": system.regime, "costs": system.costs, "chips": system.chip_count}
    gathered.values |= {"cores": sum(row["neurons"] > 0 for row in found["cores"]), "links": None}
    if hardware is None or account is None:
        # Of the system neither times nor energies are known.
        gathered.values |= dict.fromkeys(OF_HARDWARE)
        gathered.absent |= {*OF_HARDWARE}
    else:
        gathered.values["links"] = hardware["links_level"]
        _times(gathered, hardware, system, account)
        _latencies(gathered, hardware, system)
        _energies(gathered, account)
        _bottlenecks(gathered, found, hardware)
    return RunFigures({**gathered.values, **own}, frozenset(gathered.absent), frozenset(gathered.least))


@dataclass
class _Gathered:
    values: dict[str, Any]
    absent: set[str] = field(default_factory=set)
    least: set[str] = field(default_factory=set)

    def add(self, key: str, value: float | None, misses: Collection[str]) -> None:
        """Note a figure that is made of others, some of which are not published."""
        missing = len(misses) > 0
        self.values[key] = value or (None if missing else value)
        if missing:
            (self.least if value else self.absent).add(key)


def _flat(results: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the scenario's own figures that are single ones."""
    plain = ((name, v.item() if isinstance(v, np.generic) else v) for name, v in results.items())
    return [(name, value) for name, value in plain if isinstance(value, bool | int | float | str)]


def _times(to: _Gathered, hardware: Mapping[str, Any], system: System, account: Energy) -> None:
    steps, number = hardware.get("steps", {}), account.inferences
    total = None if account.time_ps is None else account.time_ps / PS_PER_MS
    done = _step_costs(system, account)
    misses = [name for name, time in done.items() if time is None]
    to.values["time_misses"] = ", ".join(misses)
    known = len(misses) < len(done) or not done
    of_steps = {key: steps.get(key) for key in OF_STEPS}
    for key, value in {**of_steps, "hardware_time_ms": total}.items():
        to.add(key, value if known else None, misses)
    to.values["time_per_inference_ms"] = None
    if number:
        to.add("time_per_inference_ms", total / number if known and total is not None else None, misses)


def _step_costs(system: System, account: Energy) -> dict[str, float | None]:
    """Return the times of the operations that took place, where steps wait for them; None: not published.

    Those that an account includes in other figures are left out.
    """
    if system.regime != "barrier":
        return {}
    counts = {term.kind: term.count for term in account.terms}
    barrier = "barrier" if system.chip_count == 1 else "barrier_chip"
    done = [name for name in STEP_COSTS if counts.get(name, 0) != 0] + [barrier]
    costs = system.cost_set
    times = {name: getattr(costs, name).latency_ns for name in done}
    return {name: time for name, time in times.items() if time is not None or name not in costs.excluded}


def _latencies(to: _Gathered, hardware: Mapping[str, Any], system: System) -> None:
    """Take the latencies of those packets that go farthest, where packets were simulated one by one."""
    classes = [c for c in hardware.get("latency", {}).get("classes", []) if c["packets"]]
    farthest = classes[-1] if classes and hardware["links_level"] == "packet" else None
    to.values["latency_of"] = None if farthest is None else farthest["hops"]
    if farthest is None:
        to.values |= dict.fromkeys(OF_LATENCY)
        return
    operations, link = CLASSES[farthest["hops"]]
    known = {name: getattr(system.cost_set, name).latency_ns for name in operations}
    if link is not None:
        spec = system.links.get(link, LinkSpec())
        known |= {f"{link} latency": spec.latency, f"{link} bandwidth": spec.bandwidth}
    misses = [name for name, value in known.items() if value is None]
    published = len(misses) < len(known)
    for key, percentile in zip(OF_LATENCY, ("p50_ns", "p99_ns"), strict=True):
        to.add(key, farthest[percentile] if published else None, misses)


def _energies(to: _Gathered, account: Energy) -> None:
    spans: dict[str, Span] = {"static": account.static, "dynamic": account.dynamic, "total": account.total}
    misses = {
        part: [t.kind for t in account.terms if t.missing and part in ("total", t.part)] for part in PARTS
    }
    to.values["energy_misses"] = ", ".join(misses["total"])
    if to.values["time_misses"]:
        # Static power acts for as long as steps take.
        misses["static"].append("time")
        misses["total"].append("time")
    for part, key in PARTS.items():
        _span(to, key, spans[part], 1 / PJ_PER_MJ, misses[part])
    product, number = account.delay_product_js, account.inferences
    known = product is not None and "hardware_time_ms" not in to.absent
    _span(to, "delay_product_js", product if known else None, 1.0, misses["total"])
    to.values |= {"inferences": number, "energy_per_inference_mj": None}
    if number:
        _span(to, "energy_per_inference_mj", account.total, 1 / PJ_PER_MJ / number, misses["total"])


def _span(to: _Gathered, key: str, span: Span | None, scale: float, misses: Collection[str]) -> None:
    """Note an energy, with its range where coefficients have one."""
    to.add(key, None if span is None else span.value * scale, misses)
    if span is not None and span.low < span.high:
        to.values |= {f"{key}_low": span.low * scale, f"{key}_high": span.high * scale}


def _bottlenecks(to: _Gathered, found: Mapping[str, Any], hardware: Mapping[str, Any]) -> None:
    """Name the link with the highest load, and the core that steps wait for most often."""
    links = [row for row in found["links"] if row.get("utilisation")]
    hottest = max(links, key=lambda row: row["utilisation"], default=None)
    to.values["hottest_link"] = None if hottest is None else hottest["link"]
    to.values["hottest_link_utilisation"] = None if hottest is None else hottest["utilisation"]
    critical = next(iter(hardware.get("critical_cores", [])), None)
    to.values["critical_core"] = None if critical is None else critical["core"]
    to.values["critical_core_share"] = None if critical is None else critical["share"]
    lost = hardware.get("packets", {})
    to.values["packets_late"], to.values["packets_dropped"] = lost.get("late"), lost.get("dropped")
