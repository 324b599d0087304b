"""What was measured of a rule's memory, as tables and a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spikemesh.drawing.page import figure, page, paragraph, table
from spikemesh.drawing.svg import Curve, curves

if TYPE_CHECKING:
    from spikemesh.api.memory_measure import MemoryMeasure
    from spikemesh.ids import FloatArray

CURVE_HEADER = ("AGE", "SNR", "+-")
TIER_HEADER = (
    "TIER", "OF", "LASTS", "BITS/SYNAPSE", "PRESENTATIONS", "HALF AFTER", "DISTORTION", "EXCESS FORGETTING",
)  # fmt: skip
COST_HEADER = ("TIER", "STATE BITS", "READ/STEP", "WRITTEN/STEP", "BYTES/STEP")


def curve_rows(found: MemoryMeasure) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return header and rows of the SNR of the weight by age."""
    rows: list[tuple[str, ...]] = [
        (f"{age}", f"{snr:.2f}", f"{found.error:.2f}")
        for age, snr in zip(found.ages, found.tiers["weight"].snr, strict=True)
    ]
    if found.theory is None:
        return CURVE_HEADER, rows
    return (*CURVE_HEADER, "THEORY"), [
        (*row, f"{snr:.2f}") for row, snr in zip(rows, found.theory, strict=True)
    ]


def tier_rows(found: MemoryMeasure) -> list[tuple[str, ...]]:
    """Return a row for each tier: what it holds, and how that changes."""
    rows = []
    for name, tier in found.tiers.items():
        lasts = "-" if tier.lasts is None else f">= {tier.lasts}" + (f", < {tier.gone}" if tier.gone else "")
        rows.append(
            (
                *(name, tier.of, lasts, f"{tier.bits_per_synapse:.2g}"),
                *("-" if value is None else str(value) for value in (tier.presentations, tier.half)),
                *(
                    "-" if value is None else f"{value:.3g}"
                    for value in (tier.distortion, tier.excess_forgetting)
                ),
            )
        )
    return rows


def cost_rows(found: MemoryMeasure) -> list[tuple[str, ...]]:
    """Return a row for each tier: its bits and accesses per synapse."""
    steps = max(found.costs.steps, 1)
    return [
        (
            name,
            str(tier.bits),
            *(f"{value / steps:.3g}" for value in (tier.words_read, tier.words_written, tier.bytes_moved)),
        )
        for name, tier in found.costs.tiers.items()
    ]


def notes(found: MemoryMeasure) -> list[str]:
    """Return what is to be said beside the tables."""
    steps = max(found.costs.steps, 1)
    counts = ", ".join(
        f"{count / steps:.3g} {name}" for name, count in sorted(found.costs.operations.items())
    )
    lines = [
        f"per synapse and step: {counts}, {found.costs.random_words / steps:.3g} random words; "
        "energy: not published",
    ]
    if found.theory_lifetime is not None:
        lines.append(f"theory: SNR >= 1 up to age {found.theory_lifetime}")
    return lines


def page_of(found: MemoryMeasure) -> str:
    """Return a page of HTML with the figure and the tables."""
    drawn = [Curve(f"{name} ({tier.of})", _points(found, tier.snr)) for name, tier in found.tiers.items()]
    if found.theory is not None:
        drawn.append(Curve("weight, theory", _points(found, found.theory)))
    drawn = [curve for curve in drawn if any(y is not None for _, y in curve.points)]
    decades = range(math.ceil(math.log10(max(int(found.ages[-1]), 1))) + 1)
    parts = []
    if drawn:
        picture = curves(drawn, "age in steps", "SNR (log10)", [(float(d), f"{10**d}") for d in decades])
        parts.append(figure(picture, "SNR of a stored pattern; 0 is an SNR of 1, where a memory ends"))
    header, rows = curve_rows(found)
    parts += [table(header, rows), table(TIER_HEADER, tier_rows(found)), table(COST_HEADER, cost_rows(found))]
    parts += [paragraph(line) for line in notes(found)]
    return page(f"Memory of {found.rule}, {found.synapses:,} synapses", parts)


def _points(found: MemoryMeasure, snr: FloatArray) -> list[tuple[float, float | None]]:
    """Return the points of a curve on two logarithmic scales; an SNR lost in its error is a gap."""
    return [
        (math.log10(age), math.log10(value) if value > 2 * found.error else None)
        for age, value in zip(found.ages.tolist(), snr.tolist(), strict=True)
        if age > 0
    ]
