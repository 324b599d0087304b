"""Figures of the hardware: time of steps, what they waited for, latencies, and a table like the field's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spikemesh.contracts.energy import Energy
from spikemesh.ids import IntArray
from spikemesh_storage.energy import STEP_TIME
from spikemesh_storage.schema import LINK_PACKETS

if TYPE_CHECKING:
    from spikemesh_storage.reader import Trace

PERCENTILES = (50, 90, 99)
PACKETS = ("packets_sent", "packets_delivered", "packets_dropped", "packets_late", "packets_rerouted")
LATENCY = "latency_"
BUSY = "link_busy_ps"
PJ_PER_MJ = 1e9
_PS_PER_MS = 1e9


def percentile(values: IntArray, percent: float) -> int:
    """Return the least of some values that so many per cent of them do not exceed."""
    return int(np.percentile(values, percent, method="inverted_cdf"))


def step_figures(times_ps: IntArray, timestep_ms: float) -> dict[str, Any]:
    """Return the hardware time of steps, and how it compares with the model time.

    Parameters
    ----------
    times_ps : ndarray of int64, shape (steps,)
        Hardware time of every step.
    timestep_ms
        Model time of a step.

    Returns
    -------
    dict
        ``hardware_time_ms`` of all steps; of one step in ns mean, least, greatest and percentiles (the least time that
        so many per cent of steps do not exceed); ``slowdown``, hardware time over model time.
    """
    total, steps = int(times_ps.sum()), len(times_ps)
    found: dict[str, Any] = {"steps": steps, "hardware_time_ms": total / _PS_PER_MS}
    if not steps:
        return {**found, "slowdown": None}
    ranks = {"median": 50, "p90": 90, "p99": 99}
    return {
        **found,
        "step_mean_ns": total / steps / 1000,
        "step_min_ns": int(times_ps.min()) / 1000,
        **{f"step_{name}_ns": percentile(times_ps, rank) / 1000 for name, rank in ranks.items()},
        "step_max_ns": int(times_ps.max()) / 1000,
        "slowdown": total / _PS_PER_MS / (steps * timestep_ms),
    }


def critical(last: IntArray, names: Sequence[str], what: str) -> list[dict[str, Any]]:
    """Count for how many steps each core or link was the one that the others waited for.

    Parameters
    ----------
    last : ndarray of int64, shape (steps,)
        The core or link of every step; -1: none.
    names
        Their names.
    what
        Name of their column.

    Returns
    -------
    list of dict
        Only those that were it at least once, the most frequent first; ``share`` is of all steps.
    """
    count = np.bincount(last[last >= 0], minlength=len(names))
    order = np.argsort(-count, kind="stable")
    return [
        {what: names[k], "steps": int(count[k]), "share": int(count[k]) / len(last)}
        for k in order
        if count[k]
    ]


def latency_figures(histogram: IntArray, edges_ps: IntArray) -> dict[str, Any]:
    """Return percentiles of latencies that were counted in buckets.

    Parameters
    ----------
    histogram : ndarray of int64, shape (buckets,)
        Packets in each bucket.
    edges_ps : ndarray of int64, shape (buckets,)
        Lower edge of each bucket.

    Returns
    -------
    dict
        ``packets``; per percentile ``p50_ns`` ... and ``max_ns`` the lower edge of the bucket it lies in, and
        ``p50_below_ns`` ... the upper one (None for the last bucket); without packets None.
    """
    packets = int(histogram.sum())
    upto = np.cumsum(histogram)
    found: dict[str, Any] = {"packets": packets}
    for percent in (*PERCENTILES, 100):
        name = "max" if percent == 100 else f"p{percent}"
        found[f"{name}_ns"] = found[f"{name}_below_ns"] = None
        if packets:
            rank = max(1, -(-packets * percent // 100))
            bucket = int(np.searchsorted(upto, rank))
            found[f"{name}_ns"] = int(edges_ps[bucket]) / 1000
            if bucket + 1 < len(edges_ps):
                found[f"{name}_below_ns"] = int(edges_ps[bucket + 1]) / 1000
    return found


def resolution(edges_ps: IntArray) -> float:
    """Return the greatest width of a bucket over its lower edge; buckets of a single value are exact."""
    width, lower = np.diff(edges_ps), edges_ps[:-1]
    wide = (width > 1) & (lower > 0)
    return float((width[wide] / lower[wide]).max(initial=0.0))


def latencies(trace: Trace) -> dict[str, Any] | None:
    """Return the latencies of a trace by how far packets went; None if they were not counted."""
    names = [name for name in trace.counters if name.startswith(LATENCY)]
    if not names:
        return None
    edges = np.array([int(edge) for edge in trace.axis("latency")], dtype=np.int64)
    classes = [
        {"hops": name.removeprefix(LATENCY), **latency_figures(trace.counts(name)[0], edges)}
        for name in names
    ]
    return {"bucket_width": resolution(edges), "classes": classes}


def field_row(trace: Trace, energy: Energy) -> dict[str, Any]:
    """Return what the field puts in its tables, for an inference where the scenario marks them, else for a step.

    Energies are of what is known: ``energy_note`` says whether that is all.
    """
    per, number = ("inference", energy.inferences) if energy.inferences else ("step", energy.steps)
    number = max(1, number)
    scenario = trace.provenance.get("scenario")
    name = scenario.get("name") if isinstance(scenario, dict) else None
    system = trace.hardware["system"]
    product = energy.delay_product_js
    return {
        "task": name or trace.path.stem,
        "system": system["name"],
        "costs": system.get("costs"),
        "chips": int(np.prod(system["chips"])),
        "cores": trace.hardware.get("cores_used"),
        "accuracy": trace.results.get("accuracy"),
        "per": per,
        "latency_ms": None if energy.time_ps is None else energy.time_ps / _PS_PER_MS / number,
        "energy_idle_mj": energy.static.value / PJ_PER_MJ / number,
        "energy_dynamic_mj": energy.dynamic.value / PJ_PER_MJ / number,
        "delay_product_ujs": None if product is None else product.value * 1e6 / number**2,
        "energy_note": energy.completeness,
    }


def hardware_figures(trace: Trace) -> dict[str, Any] | None:
    """Return all that is known of the hardware of a run; None if it was not looked at."""
    energy = trace.energy_account()
    if energy is None:
        return None
    system, series = trace.hardware["system"], trace.series
    found: dict[str, Any] = {
        "system": system["name"],
        "regime": system["regime"],
        "costs": system.get("costs"),
        "links_level": trace.hardware.get("links_level"),
        "table": [field_row(trace, energy)],
        "energy": energy.to_dict(),
    }
    if STEP_TIME in series:
        found["steps"] = step_figures(trace.per_step(STEP_TIME), trace.timestep_ms)
    for what, names in (("core", trace.core_names), ("link", trace.link_names)):
        if f"step_{what}" in series:
            found[f"critical_{what}s"] = critical(trace.per_step(f"step_{what}"), names, what)
    if (latency := latencies(trace)) is not None:
        found["latency"] = latency
    packets = {n.removeprefix("packets_"): int(trace.counts(n).sum()) for n in PACKETS if n in trace.counters}
    if packets:
        found["packets"] = packets
    return found


def busiest_link(trace: Trace) -> dict[str, Any]:
    """Return name and utilisation of the link that was busy longest, of equals the one with most packets.

    Empty without packets on links; the utilisation, busy time over hardware time, is None if it was not counted.
    """
    packets = trace.counts(LINK_PACKETS).sum(axis=0)
    if not packets.any():
        return {}
    counted = BUSY in trace.counters
    busy = trace.counts(BUSY).sum(axis=0) if counted else np.zeros_like(packets)
    link = int(np.lexsort((packets, busy))[-1])
    time = trace.hardware_time_ps
    return {
        "busiest_link": trace.link_names[link],
        "busiest_link_utilisation": int(busy[link]) / time if counted and time else None,
    }


def _mostly_last(trace: Trace) -> dict[str, Any]:
    """Return the core and the link that most steps waited for, and the part of the steps that did."""
    found: dict[str, Any] = {}
    for what, names in (("core", trace.core_names), ("link", trace.link_names)):
        series = f"step_{what}"
        rows = critical(trace.per_step(series), names, what) if series in trace.series else []
        if rows:
            found |= {f"critical_{what}": rows[0][what], f"critical_{what}_share": rows[0]["share"]}
    return found


def _known_mj(energy: Energy, part: str, pj: float) -> float | None:
    """Return an energy in mJ; None where nothing of it is known, which is not the same as none."""
    return None if not pj and energy.completeness_of(part) != "complete" else pj / PJ_PER_MJ


def hardware_summary(trace: Trace) -> dict[str, Any]:
    """Return the figures of the hardware in a trace's summary; empty if it was not looked at.

    Energies are of what is known; the notes say whether that is all. Where nothing is, they are None.
    """
    energy = trace.energy_account()
    if energy is None:
        return {}
    found: dict[str, Any] = {"regime": trace.hardware["system"]["regime"]}
    if STEP_TIME in trace.series:
        found |= step_figures(trace.per_step(STEP_TIME), trace.timestep_ms)
        del found["steps"]
    elif energy.time_ps is not None:
        found["hardware_time_ms"] = energy.time_ps / _PS_PER_MS
    found |= _mostly_last(trace) | busiest_link(trace)
    total_mj = _known_mj(energy, "total", energy.total.value)
    power, product = energy.power_w, energy.delay_product_js
    found |= {
        "energy_dynamic_mj": _known_mj(energy, "dynamic", energy.dynamic.value),
        "energy_static_mj": _known_mj(energy, "static", energy.static.value),
        "energy_mj": total_mj,
        "power_mw": None if power is None or total_mj is None else power.value * 1000,
        "delay_product_js": None if product is None or total_mj is None else product.value,
        "energy_dynamic_note": energy.completeness_of("dynamic"),
        "energy_static_note": energy.completeness_of("static"),
        "energy_note": energy.completeness,
    }
    if energy.inferences:
        time = energy.time_ps
        found |= {
            "inferences": energy.inferences,
            "energy_per_inference_mj": None if total_mj is None else total_mj / energy.inferences,
            "time_per_inference_ms": None if time is None else time / _PS_PER_MS / energy.inferences,
        }
    return found
