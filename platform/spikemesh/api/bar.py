"""A progress line for notebooks and scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable

from spikemesh.runtime.session import Progress


def bar() -> Callable[[Progress], None]:
    """Return a function that keeps one line on standard error up to date."""

    def show(progress: Progress) -> None:
        share = progress.tick / progress.total if progress.total else 1.0
        filled = "#" * round(30 * share)
        line = (
            f"\r[{filled:<30}] {progress.model_ms:g} ms, {progress.spikes_per_s:,.0f} spikes/s, "
            f"real-time factor {progress.realtime_factor:.3g}, {progress.remaining_s:.0f} s left  "
        )
        sys.stderr.write(line + ("\n" if progress.tick >= progress.total else ""))
        sys.stderr.flush()

    return show


def shown(progress: bool | Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
    """Return what shows progress: a function as it is, a bar for True."""
    if callable(progress):
        return progress
    if not progress:
        return None
    return bar()
