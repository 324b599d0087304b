"""Single-file plugins, from Python."""

from __future__ import annotations

from pathlib import Path

from spikemesh.registry.shared import shared_registry


def load_plugin(path: str | Path) -> None:
    """Load a single-file plugin, as ``--plugin`` does; what it supplies is known from then on.

    Parameters
    ----------
    path
        A Python file with hook implementations. A changed file may be loaded again.

    Raises
    ------
    PluginError
        If it does not exist, does not run, or supplies nothing valid.
    """
    shared_registry([path])
