"""Spikes of a recorded run, and what they mean for a system on which the network is mapped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.api.hardware import activity_of, hardware_counts, hardware_plan, level_of
from spikemesh.api.mapped import Mapped
from spikemesh.api.provenance import provenance
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.trace import Chunk, DerivedTraceWriter, TracePlan
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings, System
from spikemesh.engine.tally import TallyTables, tally_counters
from spikemesh.errors import InputError, Problem, SpikemeshError
from spikemesh.ids import IntArray
from spikemesh.registry.shared import shared_registry

PIECE_SPIKES = 1 << 18
"""Spikes that are timed at once, about."""
PIECE_COUNTERS = 1 << 21
"""Bins times cores, or links, that are counted at once, at most."""

Results = Callable[[Any], Mapping[str, Any]]


class Retiming:
    """Times a recorded run on another system.

    Parameters
    ----------
    recorded
        The opened trace; it holds the spikes of all populations.
    network
        What was run.
    system, mapping, settings
        What it is mapped onto, how, and how the hardware is looked at.
    kept
        Populations whose spikes the new trace keeps; None: all that the trace holds.

    Raises
    ------
    MappingError
        If it does not fit.
    """

    def __init__(
        self,
        recorded: Any,
        network: BoundNetwork,
        system: System,
        mapping: MappingSettings,
        settings: RunSettings,
        kept: Sequence[str] | None = None,
    ) -> None:
        self._recorded, self._kept = recorded, kept
        self.mapped = Mapped(network, system, mapping, settings, shared_registry(), simulated=False)
        self.mapped.report.check()
        self._level = level_of(settings, system)
        self._activity = activity_of(settings, system, self._level)
        _check_activity(recorded, system, self._activity)
        self.timing: dict[str, Any] = {"build_s": self.mapped.build_s}
        self.finalise_s = 0.0

    def plan(self) -> TracePlan:
        """Return what the new trace says of itself."""
        mapped, placement = self.mapped, self.mapped.placement
        plan: TracePlan = self._recorded.plan
        populations = mapped.network.populations
        old = self._recorded.provenance
        kept_spikes = plan.recorded if self._kept is None else self._kept
        kept = provenance(mapped, "retime", old.get("scenario") or {})
        kept["retimed"] = {"trace": str(self._recorded.path), "started": old.get("started", "")}
        return replace(
            plan,
            recorded=tuple(p.name for p in populations if p.name in kept_spikes),
            core_names=placement.core_names,
            link_names=placement.link_names,
            bin_steps=mapped.bin_steps,
            packet_bits=placement.system.chip.packet_bits,
            placement={p.name: placement.core_of[p.index] for p in populations},
            provenance=kept,
            **{
                "axes": {},
                "counters": (),
                "series": (),
                "hardware": {},
                **hardware_plan(mapped, self._level),
                "activity": plan.activity,
            },
        )

    def write(self, path: Path, overwrite: bool, results: Results | None) -> dict[str, Any]:
        """Write the new trace.

        Parameters
        ----------
        path, overwrite
            Trace to write, and whether it may replace one.
        results
            Computes figures of the scenario's own from the trace.

        Returns
        -------
        dict
            The scenario's own figures.
        """
        store = shared_registry().stores.get("hdf5")
        writer = store.derive(path, self._recorded.path, self.plan(), overwrite=overwrite)
        try:
            started = time.perf_counter()
            self._count(writer)
            self.timing["run_s"] = time.perf_counter() - started
        except BaseException:
            writer.abandon()
            raise
        own: dict[str, Any] = {}
        failure: SpikemeshError | None = None
        if results is not None and self._recorded.status == "complete":
            try:
                own = dict(results(writer.view()))
            except SpikemeshError as error:
                failure = error
        started = time.perf_counter()
        writer.finish(self._recorded.status, self._recorded.message, own, self.timing)
        self.finalise_s = time.perf_counter() - started
        if failure is not None:
            raise failure
        return own

    def _count(self, writer: DerivedTraceWriter) -> None:
        mapped, build = self.mapped, self.mapped.build
        cores, links = len(mapped.placement.core_names), len(mapped.placement.link_names)
        tables = TallyTables(
            mapped.placement.core_of_neuron,
            *(build.fan.ptr, build.fan.core, build.fan.synapses),
            *(build.routes.ptr, build.routes.link, build.routes.packets),
        )
        hardware = None if self._level is None else hardware_counts(mapped, self._level)
        for chunk in self._pieces(max(1, cores, links)):
            ticks, neurons = _together(chunk, {p.name: p.offset for p in mapped.network.populations})
            chunk.first_bin, chunk.counters = tally_counters(
                chunk.first, chunk.until, ticks, neurons, mapped.bin_steps, cores, links, tables
            )
            if hardware is not None:
                hardware.add_to(chunk)
            chunk.spikes.clear()
            writer.append(chunk)

    def _pieces(self, width: int) -> Iterator[Chunk]:
        """Yield what the recorded run told, piece by piece: now spikes of all populations, and nothing else.

        Whatever else the hardware's counters follow from belongs into these chunks too.
        """
        trains = {name: self._recorded.spikes(name) for name in self._recorded.populations}
        until, width_steps = self._recorded.until_tick, self.mapped.bin_steps
        spikes = sum(t.ticks.size for t in trains.values())
        pieces = max(1, spikes // PIECE_SPIKES, until // width_steps * width // PIECE_COUNTERS)
        steps = max(1, until // pieces // width_steps) * width_steps
        for first in range(0, until, steps):
            last = min(first + steps, until)
            here = {name: np.searchsorted(t.ticks, (first, last), side="right") for name, t in trains.items()}
            yield Chunk(
                first,
                last,
                {
                    name: (t.ticks[slice(*here[name])], t.neurons[slice(*here[name])].astype(np.int64))
                    for name, t in trains.items()
                },
                activity=self._recorded.activity(first, last) if self._activity else None,
            )


def _check_activity(recorded: Any, system: System, needed: bool) -> None:
    """Refuse costs that tell idle neurons apart where the trace does not say which they were."""
    if needed and not recorded.plan.activity:
        found = (
            f"{recorded.path} does not keep which neurons were active, on which costs of {system.name} depend"
        )
        raise InputError(Problem("trace", found, "run it again with activity = true under [run]"))


def _together(chunk: Chunk, offsets: Mapping[str, int]) -> tuple[IntArray, IntArray]:
    """Return the spikes of all populations sorted by tick, neurons by their global index."""
    empty: IntArray = np.zeros(0, dtype=np.int64)
    ticks = np.concatenate([empty, *(t for t, _ in chunk.spikes.values())])
    neurons = np.concatenate([empty, *(n + offsets[name] for name, (_, n) in chunk.spikes.items())])
    order = np.argsort(ticks, kind="stable")
    return ticks[order], neurons[order]
