"""Where counters and series of the hardware lie in a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikemesh.contracts.trace import CounterPlan, SeriesPlan, TracePlan
from spikemesh.errors import TraceError
from spikemesh_storage.schema import CORE_EVENTS, CORE_SPIKES, HARDWARE, LINK_PACKETS

ALWAYS = (
    CounterPlan(CORE_SPIKES, "core"),
    CounterPlan(CORE_EVENTS, "core"),
    CounterPlan(LINK_PACKETS, "link"),
)
"""Counters of every trace, in the order in which they are stored."""
GROUPS = {"core": "cores", "link": "links", "chip": "chips", "system": "system", "latency": "latency"}
"""Group under ``/hardware`` by axis."""
DESCRIPTION = "description"


def counters_of(plan: TracePlan) -> tuple[CounterPlan, ...]:
    """Return all counters of a trace in the order in which they are stored."""
    return (*ALWAYS, *plan.counters)


def counter_named(plan: TracePlan, name: str) -> CounterPlan | None:
    """Return a counter by name; None if the trace has none of that name."""
    return next((c for c in counters_of(plan) if c.name == name), None)


def axis_names(plan: TracePlan, axis: str) -> tuple[str, ...]:
    """Return the names along an axis of counters.

    Raises
    ------
    TraceError
        If the plan has no such axis.
    """
    if axis == "core":
        return plan.core_names
    if axis == "link":
        return plan.link_names
    if axis == "system" and axis not in plan.axes:
        return ("system",)
    if axis not in plan.axes or axis not in GROUPS:
        raise TraceError(f'the plan has no axis "{axis}" of counters')
    return tuple(plan.axes[axis])


def counter_path(counter: CounterPlan) -> str:
    """Return the path of a counter in the finished file."""
    return f"{HARDWARE}/{GROUPS[counter.axis]}/{counter.name.removeprefix(counter.axis + '_')}"


def series_path(series: SeriesPlan) -> str:
    """Return the path of a series in the finished file."""
    return f"{HARDWARE}/steps/{series.name.removeprefix('step_')}"


def describes(plan: TracePlan) -> bool:
    """Tell whether a trace has anything of the hardware beside what every trace has."""
    return bool(plan.hardware or plan.counters or plan.series)


def described(plan: TracePlan) -> dict[str, Any]:
    """Return what a trace says of its hardware, as JSON-able values."""
    return {
        "axes": {axis: list(names) for axis, names in plan.axes.items()},
        "counters": [[c.name, c.axis, c.unit, c.how, c.binned] for c in plan.counters],
        "series": [[s.name, s.unit] for s in plan.series],
        "hardware": dict(plan.hardware),
    }


def planned(text: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a plan from what :func:`described` gave."""
    return {
        "axes": {axis: tuple(names) for axis, names in text["axes"].items()},
        "counters": tuple(CounterPlan(*fields) for fields in text["counters"]),
        "series": tuple(SeriesPlan(*fields) for fields in text["series"]),
        "hardware": dict(text["hardware"]),
    }
