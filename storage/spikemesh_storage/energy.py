"""Energy of a recorded run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spikemesh.contracts.energy import Activity, Energy, energy_of
from spikemesh.contracts.trace import TracePlan
from spikemesh.description.frozen import validated
from spikemesh.description.system import System
from spikemesh.errors import InputError, TraceError
from spikemesh_storage.content import Content
from spikemesh_storage.hardware_layout import counters_of
from spikemesh_storage.schema import LINK_PACKETS

if TYPE_CHECKING:
    import pandas as pd

STEP_TIME = "step_time_ps"
PS_PER_NS, NS_PER_MS = 1000, 1e6


def system_of(plan: TracePlan) -> System | None:
    """Return the system that a trace describes; None if its hardware was not looked at.

    Raises
    ------
    TraceError
        If this version cannot read its description.
    """
    table = plan.hardware.get("system")
    if not isinstance(table, Mapping):
        return None
    try:
        return validated(System, table, "system")
    except InputError as error:
        raise TraceError(f"the trace describes its system in a way that cannot be read: {error}") from None


def time_ps(content: Content, system: System) -> int | None:
    """Return the hardware time of all recorded steps; None if it is not known.

    It is the sum of the times of steps; without those, in the regimes ``tick`` and ``async``, so many ticks.
    """
    if any(series.name == STEP_TIME for series in content.plan.series):
        return int(content.series(STEP_TIME).sum())
    if system.regime == "barrier":
        return None
    tick_ns = content.plan.timestep_ms * NS_PER_MS if system.tick is None else system.tick
    return content.until * round(tick_ns * PS_PER_NS)


def activity_of(content: Content, system: System) -> Activity:
    """Return what the hardware of a recorded run did."""
    plan = content.plan
    # The longest queue is no count; the others are added up over time and place.
    totals = {c.name: int(content.counter(c.name).sum()) for c in counters_of(plan) if c.how == "sum"}
    placed = [np.asarray(cores) for cores in plan.placement.values()]
    used = int(np.unique(np.concatenate(placed)).size) if placed else 0
    return Activity(
        steps=content.until,
        time_ps=time_ps(content, system),
        cores_used=plan.hardware.get("cores_used", used),
        totals=totals,
        link_packets=content.counter(LINK_PACKETS).sum(axis=0).tolist(),
        learns=bool(plan.hardware.get("learns", False)),
        inferences=_inferences(content),
    )


def _inferences(content: Content) -> int | None:
    marked = content.plan.hardware.get("inferences")
    if marked is None:
        marked = (content.outcome.results or {}).get("inferences")
    return marked if isinstance(marked, int) else None


def account(content: Content) -> Energy | None:
    """Return the energy of a recorded run by kind; None if its hardware was not looked at."""
    system = system_of(content.plan)
    return None if system is None else energy_of(system, activity_of(content, system))


def frame(energy: Energy) -> pd.DataFrame:
    """Return energies as a table, one row a kind, then the totals of what is known."""
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {
            "kind": term.kind,
            "part": term.part,
            "count": term.count,
            "energy_pj": term.value_pj,
            "low_pj": term.low_pj,
            "high_pj": term.high_pj,
            "source": term.source,
            "evidence": term.evidence,
            "note": term.note,
        }
        for term in energy.terms
    ]
    spans = (("dynamic", energy.dynamic), ("static", energy.static), ("total", energy.total))
    rows += [
        {
            "kind": kind,
            "part": "sum",
            "energy_pj": span.value,
            "low_pj": span.low,
            "high_pj": span.high,
            "source": "",
            "evidence": "",
            "note": energy.completeness_of(kind),
        }
        for kind, span in spans
    ]
    return pd.DataFrame(rows).set_index("kind")
