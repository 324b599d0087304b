"""Networks run as a user runs them: compiled, on threads, read back from the trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spikemesh as sm


@pytest.fixture
def simulate(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs a network on the local backend and opens its trace."""
    runs = []

    def run(
        net: sm.Network,
        duration: Any,
        chips: int = 1,
        pin: dict[str, list[int]] | None = None,
        **options: Any,
    ) -> Any:
        out = tmp_path / f"run{len(runs)}.h5"
        runs.append(out)
        settings = {"mapping": sm.MappingSettings(pin=pin)} if pin else {}
        options = {"backend": "local", "workers": 1, **settings, **options}
        sm.run(net, sm.System.preset("ideal", chips=chips), duration, out=out, **options)
        return sm.open_trace(out)

    return run
