"""How often weights that follow from the time of the last event are brought up to date."""

from __future__ import annotations

NEVER = 1 << 40
"""Steps between two visits that never come: a visit that only a third factor calls for."""


def settling_steps(settle: float, dt: float) -> float:
    """Return the steps between two visits: at least 1, and those of never if ``settle`` (ms) is 0."""
    return float(max(1, round(settle / dt)) if settle else NEVER)
