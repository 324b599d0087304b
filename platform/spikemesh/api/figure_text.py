"""Figures of runs as texts with units, alike in tables and on pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spikemesh.api.run_figures import RunFigures
from spikemesh.drawing.quantity import in_unit

NOT_PUBLISHED = "not published"
NONE = "-"
"""Stands where a figure does not apply, such as a latency where packets were not simulated one by one."""


def _in(unit: str, factor: float = 1.0) -> Callable[[Any], str]:
    return lambda value: in_unit(value * factor, unit)


def _share(value: float) -> str:
    return f"{100 * value:.3g} %"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


KNOWN: dict[str, tuple[str, Callable[[Any], str]]] = {
    "costs": ("cost set", str),
    "regime": ("regime", str),
    "links": ("level of links", str),
    "chips": ("chips", _plain),
    "cores": ("cores in use", _plain),
    "spikes": ("spikes", _plain),
    "synaptic_events": ("synaptic events", _plain),
    "packets": ("packets between chips", _plain),
    "packets_late": ("packets late", _plain),
    "packets_dropped": ("packets dropped", _plain),
    "step_mean_ns": ("time of a step, mean", _in("s", 1e-9)),
    "step_p99_ns": ("time of a step, p99", _in("s", 1e-9)),
    "hardware_time_ms": ("hardware time", _in("s", 1e-3)),
    "slowdown": ("hardware time / model time", lambda value: f"{value:.3g}"),
    "latency_of": ("latency of packets", lambda value: value.replace("_", " ")),
    "latency_p50_ns": ("latency, p50", _in("s", 1e-9)),
    "latency_p99_ns": ("latency, p99", _in("s", 1e-9)),
    "energy_static_mj": ("energy, static", _in("J", 1e-3)),
    "energy_dynamic_mj": ("energy, dynamic", _in("J", 1e-3)),
    "energy_mj": ("energy, total", _in("J", 1e-3)),
    "inferences": ("inferences", _plain),
    "energy_per_inference_mj": ("energy of an inference", _in("J", 1e-3)),
    "time_per_inference_ms": ("time of an inference", _in("s", 1e-3)),
    "delay_product_js": ("energy-delay product", _in("J s")),
    "hottest_link": ("most loaded link", str),
    "hottest_link_utilisation": ("its utilisation", _share),
    "critical_core": ("critical core", str),
    "critical_core_share": ("steps that wait for it", _share),
}
"""Label of a figure, and how its value is written."""


def label(key: str) -> str:
    """Return what a figure is called."""
    return KNOWN[key][0] if key in KNOWN else key.removeprefix("results.")


def text(figures: RunFigures, key: str) -> str:
    """Return a figure as text, with its range if it has one; ``>=`` stands before lower bounds."""
    value = figures.values.get(key)
    if key in figures.not_published:
        return NOT_PUBLISHED
    if value is None or value == "":
        return NONE
    write = KNOWN[key][1] if key in KNOWN else _plain
    bound = ">= " if key in figures.at_least else ""
    low, high = (figures.values.get(f"{key}_{end}") for end in ("low", "high"))
    between = "" if low is None or high is None else f" ({write(low)} to {write(high)})"
    return f"{bound}{write(value)}{between}"
