"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from spikemesh.contracts.trace import TraceReader


class RunResult:
    """Summary of a finished run and the path of its trace.

    Attributes
    ----------
    summary
        Figures by name: spikes, synaptic_events, run_s, realtime_factor (wall-clock time of the loop
        over model time), digest, results ...
    path
        The trace file.
    """

    def __init__(self, summary: Mapping[str, Any], path: Path, temporary: object | None = None) -> None:
        self.summary = dict(summary)
        self.path = path
        # Holds the folder of a trace without a name of its own until the result goes.
        self._temporary = temporary

    @property
    def trace(self) -> TraceReader:
        """The trace, opened."""
        from spikemesh.api.traces import open_trace

        trace: TraceReader = open_trace(self.path)
        return trace

    def __repr__(self) -> str:
        s = self.summary
        return (
            f"<RunResult: {s.get('duration_ms', 0):g} ms, {s.get('spikes', 0):,} spikes, "
            f"{s.get('run_s', 0):.3g} s, {self.path}>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>" for k, v in self.summary.items()
        )
        return f"<table>{rows}</table>"
