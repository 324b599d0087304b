"""Data of scenarios, made once and kept in the cache folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def make_once(target: Path, code: str, make: Callable[[], Mapping[str, Any]]) -> None:
    """Write arrays into an ``.npz`` file, unless this very code has put them there.

    Parameters
    ----------
    target
        The file.
    code
        ``__file__`` of the code that makes the arrays; a file made by other code is made anew.
    make
        Returns the arrays by name.
    """
    recipe = hashlib.sha256(Path(code).read_bytes()).hexdigest()
    if _made_by(recipe, target):
        return
    arrays = dict(make()) | {"recipe": np.array(recipe)}
    target.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete, so that two runs at a time never read half a file.
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".npz", delete=False) as file:
        np.savez_compressed(file, **arrays)
    os.replace(file.name, target)


def _made_by(recipe: str, file: Path) -> bool:
    try:
        with file.open("rb") as opened, np.load(opened) as arrays:
            return str(arrays["recipe"]) == recipe
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return False
