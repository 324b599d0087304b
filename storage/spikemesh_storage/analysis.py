"""Figures of a trace: firing statistics of populations, traffic of links, load of cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikemesh.ids import FloatArray
from spikemesh_storage.chip_facts import chip_facts
from spikemesh_storage.hardware import hardware_figures, hardware_summary
from spikemesh_storage.loads import add_core_loads, add_link_loads
from spikemesh_storage.schema import CORE_EVENTS, CORE_SPIKES, LINK_PACKETS
from spikemesh_storage.trains import SpikeTrains

if TYPE_CHECKING:
    from spikemesh_storage.reader import Trace

SYNCHRONY_BIN_MS = 5.0
"""Width of the bins in which spikes are counted for synchrony, rounded to whole steps."""


def interval_cv(trains: SpikeTrains) -> FloatArray:
    """Return the coefficient of variation of the inter-spike intervals of each neuron.

    Standard deviation (of the intervals as a whole population, not a sample) over mean; NaN for a
    neuron with fewer than three spikes.

    Returns
    -------
    ndarray of float64, shape (size,)
    """
    steps, neuron = trains.intervals()
    count = np.bincount(neuron, minlength=trains.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(neuron, steps, trains.size) / count
        # Around each neuron's own mean: the difference of two sums would lose a regular train's zero.
        variance = np.bincount(neuron, (steps - mean[neuron]) ** 2, trains.size) / count
        cv = np.sqrt(variance) / mean
    cv[count < 2] = np.nan
    return cv


def synchrony(trains: SpikeTrains, bin_ms: float = SYNCHRONY_BIN_MS) -> tuple[float | None, float | None]:
    r"""Return the synchrony measure chi and the Fano factor of the population's spike counts.

    With :math:`n_i(b)` the spikes of neuron i in bin b and :math:`\bar n` their mean over neurons,

    .. math:: \chi = \sqrt{\operatorname{Var}_b[\bar n] / \langle \operatorname{Var}_b[n_i] \rangle_i},

    1 if all neurons fire together and :math:`1/\sqrt N` if they are independent (Golomb D, Rinzel J
    1994, Physica D 72:259-282, there of membrane potentials). The Fano factor is the variance of the
    population's counts over their mean: 1 for independent Poisson trains, N for N identical ones.

    Parameters
    ----------
    trains
        The spikes.
    bin_ms
        Width of a bin; the rest of the recording that fills no bin is left out.

    Returns
    -------
    chi, fano
        None where they are not defined: fewer than two bins, or nothing that varies.
    """
    width = max(1, round(bin_ms / trains.timestep_ms))
    bins = round(trains.duration_ms / trains.timestep_ms) // width
    place = (trains.ticks - 1) // width
    neuron = trains.neurons.astype(np.int64)[place < bins]
    place = place[place < bins]
    if bins < 2 or not len(place):
        return None, None
    total = np.bincount(place, minlength=bins)
    key, count = np.unique(neuron * bins + place, return_counts=True)
    squares = np.bincount(key // bins, count.astype(np.float64) ** 2, trains.size)
    means = np.bincount(neuron, minlength=trains.size) / bins
    mean_variance = float(np.mean(squares / bins - means**2))
    variance = float(total.var())
    chi = float(np.sqrt(variance / trains.size**2 / mean_variance)) if mean_variance > 1e-12 else None
    return chi, variance / float(total.mean())


def population_figures(trains: SpikeTrains) -> dict[str, Any]:
    """Return spike count, rates in Hz, mean ISI CV and synchrony of a population."""
    rates = trains.rates()
    cv = interval_cv(trains)
    cv = cv[~np.isnan(cv)]
    chi, fano = synchrony(trains)
    return {
        "neurons": trains.size,
        "spikes": len(trains),
        "rate_mean_hz": float(rates.mean()),
        "rate_sd_hz": float(rates.std()),
        "rate_min_hz": float(rates.min()),
        "rate_max_hz": float(rates.max()),
        "isi_cv": float(cv.mean()) if len(cv) else None,
        "isi_cv_neurons": len(cv),
        "synchrony_chi": chi,
        "fano": fano,
        "synchrony_bin_ms": SYNCHRONY_BIN_MS,
    }


def link_traffic(trace: Trace) -> list[dict[str, Any]]:
    """Return per link packets, bits, share of all packets, mean rate, the busiest bin, and its load where counted."""
    packets = trace.counts(LINK_PACKETS)
    edges = trace.bin_edges() * trace.timestep_ms
    totals = packets.sum(axis=0)
    every = max(1, int(totals.sum()))
    seconds = trace.duration_ms / 1000.0
    rows = []
    for index, name in enumerate(trace.link_names):
        count = int(totals[index])
        peak = int(packets[:, index].argmax()) if count else 0
        rows.append(
            {
                "link": name,
                "packets": count,
                "bits": count * trace.packet_bits,
                "share": count / every,
                "packets_per_s": count / seconds if seconds else 0.0,
                "peak_packets": int(packets[peak, index]) if count else 0,
                "peak_from_ms": float(edges[peak]) if count else None,
                "peak_until_ms": float(edges[peak + 1]) if count else None,
            }
        )
    return add_link_loads(trace, rows)


def core_loads(trace: Trace) -> list[dict[str, Any]]:
    """Return per core neurons, spikes, synaptic events and share of all, and its load where counted."""
    spikes = trace.counts(CORE_SPIKES).sum(axis=0)
    events = trace.counts(CORE_EVENTS).sum(axis=0)
    every = max(1, int(events.sum()))
    neurons = np.zeros(len(trace.core_names), np.int64)
    for population in trace.placed:
        neurons += np.bincount(trace.placement(population), minlength=len(neurons))
    rows = [
        {
            "core": name,
            "neurons": int(neurons[index]),
            "spikes": int(spikes[index]),
            "synaptic_events": int(events[index]),
            "share": int(events[index]) / every,
        }
        for index, name in enumerate(trace.core_names)
    ]
    return add_core_loads(trace, rows)


def summary(trace: Trace) -> dict[str, Any]:
    """Return what a trace holds; ``spikes`` counts every neuron, recorded or not."""
    recorded = {name: len(trace.spikes(name)) for name in trace.populations}
    packets = int(trace.counts(LINK_PACKETS).sum())
    return {
        "trace": str(trace.path),
        "status": trace.status,
        "message": trace.message,
        "recovered": trace.recovered,
        "duration_ms": trace.duration_ms,
        "timestep_ms": trace.timestep_ms,
        "populations": {
            name: {"size": size, "spikes": recorded.get(name)} for name, size in trace.sizes.items()
        },
        "probes": [f"{population}.{variable}" for population, variable in trace.probes],
        "weights": list(trace.projections),
        "cores": len(trace.core_names),
        "links": len(trace.link_names),
        "spikes": int(trace.counts(CORE_SPIKES).sum()),
        "spikes_recorded": sum(recorded.values()),
        "synaptic_events": int(trace.counts(CORE_EVENTS).sum()),
        "packets": packets,
        "bits": packets * trace.packet_bits,
        **hardware_summary(trace),
    }


def analyse(trace: Trace) -> dict[str, Any]:
    """Return the figures of every recorded population, link and core, and of the hardware where it was looked at."""
    found: dict[str, Any] = {
        "trace": str(trace.path),
        "status": trace.status,
        "duration_ms": trace.duration_ms,
        "populations": {name: population_figures(trace.spikes(name)) for name in trace.populations},
        "links": link_traffic(trace),
        "cores": core_loads(trace),
    }
    hardware = hardware_figures(trace)
    if hardware is not None:
        found["hardware"] = hardware
    found |= chip_facts(trace)
    if "timing" in trace.provenance:
        found["timing"] = trace.provenance["timing"]
    if "memory" in trace.provenance:
        found["memory"] = trace.provenance["memory"]
    if trace.results:
        found["results"] = dict(trace.results)
    return found
