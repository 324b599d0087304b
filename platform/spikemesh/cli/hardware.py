"""What the hardware did in a run, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikemesh.contracts.energy import NOT_PUBLISHED
from spikemesh.drawing.quantity import in_unit

COMPLETE = "complete"


def hardware_rows(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and text of time, bottleneck, traffic and energy; none if the hardware was not looked at.

    Parameters
    ----------
    summary
        Figures of a run by name.
    """
    if "energy_note" not in summary:
        return []
    rows = [
        ("time of a step", _step(summary)),
        ("most steps wait for", _bottleneck(summary)),
        ("most loaded link", _link(summary)),
        ("packets late", _late(summary)),
        ("energy", _energy(summary)),
        ("of an inference", _inference(summary)),
    ]
    if summary["energy_note"] != COMPLETE:
        rows.append(("energy is", summary["energy_note"].replace("_", " ")))
    return [(label, text) for label, text in rows if text]


def _step(summary: Mapping[str, Any]) -> str:
    mean, longest = summary.get("step_mean_ns"), summary.get("step_max_ns")
    if mean is None or longest is None:
        return ""
    text = in_unit(mean * 1e-9, "s")
    return text if mean == longest else f"{text} (mean), {in_unit(longest * 1e-9, 's')} (longest)"


def _bottleneck(summary: Mapping[str, Any]) -> str:
    if summary.get("regime") != "barrier":
        return ""
    found = [
        f"{summary[f'critical_{what}']} ({100 * summary[f'critical_{what}_share']:.3g} %)"
        for what in ("core", "link")
        if f"critical_{what}" in summary
    ]
    return ", ".join(found)


def _link(summary: Mapping[str, Any]) -> str:
    name, busy = summary.get("busiest_link"), summary.get("busiest_link_utilisation")
    if name is None:
        return ""
    return name if busy is None else f"{name}, busy for {100 * busy:.3g} % of the time"


def _late(summary: Mapping[str, Any]) -> str:
    if "packets_late" not in summary:
        return ""
    late, dropped, sent = (summary[f"packets_{name}"] for name in ("late", "dropped", "sent"))
    return f"{late:,} of {sent:,}; dropped {dropped:,}"


def _energy(summary: Mapping[str, Any]) -> str:
    whole = _joules(summary, "energy_mj", "energy_note")
    if whole == NOT_PUBLISHED:
        return whole
    parts = [
        f"{part} {_joules(summary, f'energy_{part}_mj', f'energy_{part}_note')}"
        for part in ("static", "dynamic")
    ]
    return f"{whole}: {', '.join(parts)}"


def _inference(summary: Mapping[str, Any]) -> str:
    if "inferences" not in summary:
        return ""
    energy, time = (
        _joules(summary, "energy_per_inference_mj", "energy_note"),
        summary["time_per_inference_ms"],
    )
    return f"energy {energy}" + ("" if time is None else f", time {in_unit(time * 1e-3, 's')}")


def _joules(summary: Mapping[str, Any], key: str, note: str) -> str:
    """Write an energy; what is known of it is a lower bound where something is not published."""
    if summary[key] is None:
        return NOT_PUBLISHED
    return ("" if summary[note] == COMPLETE else ">= ") + in_unit(summary[key] * 1e-3, "J")
