"""How much the links between chips will have to carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikemesh.description.system import System
from spikemesh.ids import FloatArray, IntArray
from spikemesh.mapping.hardware import service_ps
from spikemesh.mapping.link_timing import tick_ps
from spikemesh.mapping.routes import Routes


@dataclass(frozen=True, eq=False)
class LinkLoads:
    """Packets on every link, by its index.

    Attributes
    ----------
    packets : ndarray of int64, shape (links,)
        If every neuron spikes once.
    per_step : ndarray of float64, shape (links,), optional
        Packets a step at the rates of the neurons; None if no rates are known.
    busy_ns : ndarray of float64, shape (links,), optional
        Hardware time a step in which the link is busy with them; NaN where its bandwidth is not known.
    tick_ns
        Hardware time of a step; None where it is as long as it has to be.
    """

    packets: IntArray
    per_step: FloatArray | None
    busy_ns: FloatArray | None
    tick_ns: float | None

    @property
    def shown(self) -> tuple[FloatArray, str]:
        """The loads by which links are best compared, and what they are."""
        if self.busy_ns is not None and self.tick_ns is not None and np.isfinite(self.busy_ns).any():
            return np.nan_to_num(100.0 * self.busy_ns / self.tick_ns), "% of a step busy"
        if self.busy_ns is not None and np.isfinite(self.busy_ns).any():
            return np.nan_to_num(self.busy_ns), "ns busy a step"
        if self.per_step is not None:
            return self.per_step, "packets a step"
        return self.packets.astype(np.float64), "packets if each neuron spikes once"

    def to_dict(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return everything by the name of the link, as plain values."""
        none: list[float | None] = [None] * len(names)
        steps = none if self.per_step is None else [float(x) for x in self.per_step]
        busy = none if self.busy_ns is None else [None if np.isnan(x) else float(x) for x in self.busy_ns]
        tick = self.tick_ns
        return {
            name: {
                "packets_if_each_neuron_spikes_once": int(packets),
                "packets_per_step": per_step,
                "busy_ns_per_step": busy_ns,
                "utilisation": None if busy_ns is None or tick is None else busy_ns / tick,
            }
            for name, packets, per_step, busy_ns in zip(names, self.packets, steps, busy, strict=True)
        }


def link_loads(
    system: System, routes: Routes, rates: FloatArray | None = None, timestep_ms: float = 1.0
) -> LinkLoads:
    """Find the loads of links.

    Parameters
    ----------
    system, routes
        The system, and the packets of every neuron.
    rates : ndarray of float64, shape (neurons,), optional
        Spikes a second of every neuron.
    timestep_ms
        Model time of a step.
    """
    ends = system.directed_links
    packets = _sums(routes, np.ones(routes.ptr.size - 1), len(ends)).astype(np.int64)
    tick = None if system.regime == "barrier" else tick_ps(system, timestep_ms) / 1e3
    if rates is None:
        return LinkLoads(packets, None, None, tick)
    per_step = _sums(routes, rates * (timestep_ms / 1e3), len(ends))
    kinds = [system.link_kind(pair) for pair in ends]
    service = [np.nan if k.bandwidth is None else service_ps(k, system.chip) / 1e3 for k in kinds]
    return LinkLoads(packets, per_step, per_step * np.array(service, dtype=np.float64), tick)


def _sums(routes: Routes, spikes: FloatArray, links: int) -> FloatArray:
    """Packets of so many spikes of every neuron on each link."""
    weights = np.repeat(spikes, np.diff(routes.ptr)) * routes.packets
    result: FloatArray = np.bincount(routes.link, weights=weights, minlength=links).astype(np.float64)
    return result
