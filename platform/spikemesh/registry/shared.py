"""The registry of this process: installed plugins, and files loaded since."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from spikemesh.registry.discovery import Registry, load_registry


@lru_cache(maxsize=1)
def _registry() -> Registry:
    return load_registry()


def shared_registry(files: Iterable[str | Path] = ()) -> Registry:
    """Return the registry of this process, after loading ``files`` into it.

    Raises
    ------
    PluginError
        If a file cannot be loaded.
    """
    registry = _registry()
    for path in files:
        registry.load_file(path)
    return registry
