"""Data of scenarios, made once and kept in the cache folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Kept:
    """Arrays that a scenario makes before it runs and reads again when it judges the trace.

    Parameters
    ----------
    file
        Name of the file in the cache folder.
    make
        Returns the arrays by name.
    code
        ``__file__`` of all code that decides about them.
    """

    def __init__(self, file: str, make: Callable[[], Mapping[str, Any]], *code: str) -> None:
        self._file, self._make, self._code = file, make, code
        self._target: Path | None = None

    def prepare(self, cache: Path) -> None:
        """Write them into a folder, unless this very code has put them there."""
        target = cache / self._file
        make_once(target, self._code, self._make)
        self._target = target

    def read(self, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """Return some of them: from the file, or made anew where none was written."""
        if self._target is None:
            made = self._make()
            return {name: made[name] for name in names}
        with np.load(self._target) as file:
            return {name: file[name] for name in names}


def make_once(target: Path, code: str | tuple[str, ...], make: Callable[[], Mapping[str, Any]]) -> None:
    """Write arrays into an ``.npz`` file, unless this very code has put them there.

    Parameters
    ----------
    target
        The file.
    code
        ``__file__`` of the code that makes the arrays, or of all of it; a file made by other code is made anew.
    make
        Returns the arrays by name.
    """
    files = (code,) if isinstance(code, str) else code
    recipe = hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()
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
