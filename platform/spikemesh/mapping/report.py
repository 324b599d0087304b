"""What fits and why not: use of every core and chip against its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.limits import LimitRule, Use
from spikemesh.description.system import MappingSettings, System
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.mapping.deadlock import Waiting
from spikemesh.mapping.keys import key_ranges
from spikemesh.mapping.limits import memory_bits
from spikemesh.mapping.link_loads import LinkLoads, link_loads
from spikemesh.mapping.numerics import Numerics
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.report_table import chip_table, core_table
from spikemesh.mapping.router_tables import table_sizes
from spikemesh.mapping.routes import FanOut, Routes
from spikemesh.mapping.rules import Checked, apply_rules, figures_of, load_of, problem_of, worst_of
from spikemesh.mapping.smallest import with_chips
from spikemesh.mapping.splitters import NONE, Splitters

WHAT = {
    "neurons": "neurons",
    "synapse_memory_bits": "bits of synapse memory",
    "axons_in": "input axons",
    "axons_out": "output axons",
    "fan_in": "synapses onto one neuron",
}
"""Limits of a core by key, and what they count."""


@dataclass(frozen=True, eq=False)
class MappingReport:
    """Use of the hardware by a mapped network.

    Attributes
    ----------
    system
        The system.
    core_names, link_names
        Names in the order of indices.
    populations
        Names of populations.
    held : ndarray of int64, shape (populations, cores)
        Neurons by population and core.
    use
        By key of the limit (see :data:`WHAT`) the use of each core, int64, shape (cores,). Output
        axons are pairs of a neuron of the core and a target core, input axons pairs of a source neuron
        and the core.
        ``fan_in`` is there only if in-degrees were given.
    synapses : ndarray of int64, shape (cores,)
        Synapses stored on each core.
    table_entries : ndarray of int64, shape (chips,), optional
        Entries of each chip's router (see :mod:`spikemesh.mapping.router_tables`); None where it has no such table.
    loads
        What the links between chips carry.
    checked
        What the chip's own limit rules found.
    core_of : ndarray of int64, shape (neurons,)
        Core of each neuron.
    projections
        Names of projections.
    cross_chip_synapses
        Synapses whose source is on another chip.
    waiting
        Whether packets can wait for one another in a circle.
    """

    system: System
    core_names: tuple[str, ...]
    link_names: tuple[str, ...]
    populations: tuple[str, ...]
    held: IntArray
    use: dict[str, IntArray]
    synapses: IntArray
    table_entries: IntArray | None
    loads: LinkLoads
    cross_chip_synapses: int
    limits: dict[str, int | None] = field(default_factory=dict)
    checked: Checked = field(default_factory=Checked)
    core_of: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    projections: tuple[str, ...] = ()
    numerics: Numerics | None = None
    """How the network was brought into the chip's numbers; None: it runs as described."""
    splitters: Splitters = NONE
    """Neurons that repeat the spikes of others."""
    waiting: Waiting = field(default_factory=Waiting)
    settings: MappingSettings = field(default_factory=MappingSettings)
    """How the network was mapped."""
    chips_needed: int | None = None
    """Smallest number of chips that would do, if limits are exceeded and it was looked for."""

    def per_chip(self, of_cores: AnyArray) -> IntArray:
        """Sum a figure of all cores over the cores of each chip."""
        result: IntArray = of_cores.reshape(self.system.chip_count, -1).sum(axis=1)
        return result

    @property
    def chips_used(self) -> int:
        """Chips that hold neurons."""
        return int(np.count_nonzero(self.per_chip(self.use["neurons"])))

    @property
    def cores_used(self) -> int:
        """Cores that hold neurons."""
        return int(np.count_nonzero(self.use["neurons"]))

    @property
    def cross_chip_share(self) -> float:
        """Share of synapses whose source is on another chip (0 without synapses)."""
        total = int(self.synapses.sum())
        return self.cross_chip_synapses / total if total else 0.0

    @property
    def imbalance(self) -> float:
        """Largest difference of a chip's neurons from an equal share, as a fraction of it."""
        neurons: FloatArray = self.per_chip(self.use["neurons"]).astype(np.float64)
        return float(np.abs(neurons / neurons.mean() - 1.0).max()) if neurons.any() else 0.0

    def problems(self) -> list[Problem]:
        """Return every limit that is exceeded, at its worst place: populations, limit and by how much."""
        found = [p for key in self.use for p in self._core_problems(key)] + self._table_problems()
        of_rules = [problem_of(use, self._place(use)) for use in self.checked.uses]
        found += [problem for problem in of_rules if problem is not None]
        found += [*self.checked.problems, *(self.numerics.problems if self.numerics else ())]
        # A rule that counts splitters says more.
        found += [] if found else [*self.splitters.problems]
        return with_chips(found, self.chips_needed)

    def check(self) -> None:
        """Raise MappingError if any limit is exceeded."""
        found = self.problems()
        if found:
            raise MappingError(found)

    def _core_problems(self, key: str) -> list[Problem]:
        limit, use = self.limits.get(key), self.use[key]
        over = np.flatnonzero(use > limit) if limit is not None else np.empty(0, dtype=np.int64)
        if limit is None or over.size == 0:
            return []
        worst = int(over[np.argmax(use[over])])
        names = self._names(self.held[:, worst])
        where = f"{names} on {self.core_names[worst]}"
        need = int(use[worst])
        found = f"{need} {WHAT[key]}; the limit of a core is {limit} ({key}): {need - limit} too many"
        found += f"; {over.size} cores are over the limit, this one most" if over.size > 1 else ""
        return [Problem(where, found, _REMEDY[key])]

    def _table_problems(self) -> list[Problem]:
        limit, entries = self.system.chip.table_entries, self.table_entries
        if limit is None or entries is None or not (entries > limit).any():
            return []
        worst = int(np.argmax(entries))
        need = int(entries[worst])
        names = self._names(self.per_chip_held()[:, worst])
        found = f"{need} entries of the router's table; the limit of a chip is {limit} (table_entries): "
        found += f"{need - limit} too many"
        return [Problem(f"{names} on chip{worst}", found, "more chips, or fewer projections between chips")]

    def _place(self, use: Use) -> str:
        """Name the place where a limit of a rule is nearest, with the populations there."""
        place = worst_of(use)[0]
        if use.of == "core":
            return f"{self._names(self.held[:, place])} on {self.core_names[place]}"
        if use.of == "chip":
            return f"{self._names(self.per_chip_held()[:, place])} on chip{place}"
        if use.of == "projection":
            return f'projection "{self.projections[place]}"'
        sizes = self.held.sum(axis=1)
        if use.of == "population":
            first = int(sizes[:place].sum())
            where = f" on {self.core_names[self.core_of[first]]}" if sizes[place] else ""
            return f'population "{self.populations[place]}"{where}'
        population = int(np.searchsorted(np.cumsum(sizes), place, side="right"))
        number = place - int(sizes[:population].sum())
        return f'population "{self.populations[population]}", neuron {number} on {self.core_names[self.core_of[place]]}'

    def per_chip_held(self) -> IntArray:
        """Return neurons by population and chip."""
        result: IntArray = self.held.reshape(len(self.populations), self.system.chip_count, -1).sum(axis=2)
        return result

    def _names(self, held: IntArray) -> str:
        names = [f'"{self.populations[p]}"' for p in np.flatnonzero(held)]
        return f"population{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else "no population"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; cores without neurons and synapses are left out."""
        used = np.flatnonzero((self.use["neurons"] > 0) | (self.synapses > 0))
        cores = {
            self.core_names[k]: {
                "synapses": int(self.synapses[k]),
                **{key: int(n[k]) for key, n in self.use.items()},
            }
            for k in used
        }
        return {
            "system": self.system.name,
            "mapping": _settings(self.settings),
            "chips": list(self.system.chips),
            "chips_used": self.chips_used,
            "cores_used": self.cores_used,
            "neurons": int(self.use["neurons"].sum()),
            "synapses": int(self.synapses.sum()),
            "cross_chip_synapses": self.cross_chip_synapses,
            "cross_chip_share": self.cross_chip_share,
            "imbalance": self.imbalance,
            "limits": {**self.limits, "table_entries": self.system.chip.table_entries},
            "rules": [figures_of(use, self._place(use)) for use in self.checked.uses],
            "splitters": self.splitters.to_dict(self.core_names),
            "numerics": None if self.numerics is None else self.numerics.to_dict(),
            "per_chip": self._chips(),
            "per_core": cores,
            "published": [figure.model_dump() for figure in self.system.chip.published],
            "links": self.loads.to_dict(self.link_names),
            "waiting": {
                "circle": list(self.waiting.circle),
                "deadlock": list(self.waiting.deadlock),
                "means": self.waiting.means,
            },
            "chips_needed": self.chips_needed,
            "problems": [str(p) for p in self.problems()],
        }

    def _chips(self) -> dict[str, dict[str, Any]]:
        sums = {key: self.per_chip(use) for key, use in self.use.items() if key != "fan_in"}
        used = self.per_chip((self.use["neurons"] > 0).astype(np.int64))
        synapses, held = self.per_chip(self.synapses), self.per_chip_held()
        return {
            f"chip{chip}": {
                "cores_used": int(used[chip]),
                "synapses": int(synapses[chip]),
                **{key: int(values[chip]) for key, values in sums.items()},
                "table_entries": None if self.table_entries is None else int(self.table_entries[chip]),
                "populations": {
                    self.populations[p]: int(held[p, chip]) for p in np.flatnonzero(held[:, chip])
                },
            }
            for chip in range(self.system.chip_count)
        }

    def table(self, cores: bool = False) -> str:
        """Return the report as text: one line for each chip, or for each core in use."""
        figures = self.to_dict()
        return core_table(figures) if cores else chip_table(figures)


def _settings(settings: MappingSettings) -> dict[str, Any]:
    """Return how a network was mapped; of rates whose they are."""
    found = settings.model_dump(mode="json")
    return {**found, "rates": "measured" if settings.rates == "measured" else sorted(settings.rates)}


_REMEDY = {
    "neurons": "more chips, or fewer neurons",
    "synapse_memory_bits": "more chips, or fewer synapses",
    "axons_in": "more chips, or fewer source neurons for each target",
    "axons_out": "more chips, or targets on fewer cores",
    "fan_in": "fewer synapses onto each neuron",
}


def mapping_report(
    network: BoundNetwork,
    placement: Placement,
    fan: FanOut,
    routes: Routes,
    fan_in: AnyArray | None = None,
    rules: Sequence[LimitRule] = (),
    rates: FloatArray | None = None,
    numerics: Numerics | None = None,
    splitters: Splitters = NONE,
) -> MappingReport:
    """Count what a mapped network takes of every core, chip and link.

    Parameters
    ----------
    network
        The network.
    placement
        Where its neurons are.
    fan
        Its synapses, by source neuron and target core.
    routes
        Its packets, by source neuron and link.
    fan_in : ndarray of int, shape (neurons,), optional
        Synapses onto each neuron by global index, for the limit ``fan_in``.
    rules
        Limit rules of the chip.
    rates : ndarray of float64, shape (neurons,), optional
        Spikes a second of every neuron, for the loads of links.
    numerics
        How the network was brought into the chip's numbers.
    splitters
        Those that were inserted; rules are shown the network as it was described.

    Returns
    -------
    MappingReport
        Call :meth:`MappingReport.check` to make exceeded limits an error.
    """
    system, cores = placement.system, placement.system.core_count
    home, spec = placement.core_of_neuron.astype(np.int64), system.chip.core
    away = home[fan.source] // system.chip.core_count != fan.core // system.chip.core_count
    use = {
        "neurons": np.bincount(home, minlength=cores),
        "synapse_memory_bits": _sum_by(fan.core, memory_bits(fan.synapses, spec), cores),
        "axons_in": np.bincount(fan.core, minlength=cores),
        "axons_out": np.bincount(home[fan.source], minlength=cores),
    }
    if fan_in is not None:
        use["fan_in"] = np.zeros(cores, dtype=np.int64)
        np.maximum.at(use["fan_in"], home, fan_in)
    return MappingReport(
        system=system,
        core_names=placement.core_names,
        link_names=placement.link_names,
        populations=tuple(p.name for p in network.populations),
        held=np.stack([np.bincount(c, minlength=cores) for c in placement.core_of]),
        use=use,
        synapses=_sum_by(fan.core, fan.synapses, cores),
        table_entries=_table_entries(placement, fan, routes),
        loads=link_loads(system, routes, rates, network.timestep_ms),
        cross_chip_synapses=int(fan.synapses[away].sum()),
        limits={key: getattr(spec, key) for key in WHAT},
        checked=apply_rules(rules, splitters.load or load_of(network, placement, fan)),
        core_of=home,
        projections=tuple(p.name for p in network.projections),
        numerics=numerics,
        splitters=splitters,
    )


def _sum_by(index: AnyArray, values: AnyArray, count: int) -> IntArray:
    # Sums of whole numbers below 2^53 are exact in double precision.
    result: IntArray = np.bincount(index, weights=values, minlength=count).astype(np.int64)
    return result


def _table_entries(placement: Placement, fan: FanOut, routes: Routes) -> IntArray | None:
    if placement.system.chip.table_entries is None or not routes.branching:
        return None
    return table_sizes(fan, routes, placement, key_ranges(placement))
