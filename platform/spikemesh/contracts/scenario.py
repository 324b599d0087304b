"""Contract of a shipped scenario."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ScenarioFolder:
    """A folder with ``scenario.toml``, ``README.md`` and optionally ``scenario.py``."""

    name: str
    path: Path
    summary: str = ""
