"""Arrays named in a scenario as ``"file.npz:name"``."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.description.problems import Collector
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import AnyArray

_NAME = re.compile(r"(?P<file>[^\n\"]+\.np[yz])(?::(?P<name>[^:\n]+))?")


def load_array(text: str, folders: Sequence[Path], where: str) -> AnyArray:
    """Load the array that a text names.

    Parameters
    ----------
    text
        ``"file.npz:name"`` or ``"file.npy"``, relative to one of the folders.
    folders
        Folders looked in, in order.
    where
        Key path used in errors.

    Returns
    -------
    ndarray
        Numbers; files that hold Python objects are refused.

    Raises
    ------
    DescriptionError
        If the file, or an array of that name in it, is missing or unreadable.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise DescriptionError(Problem(where, f'"{text}" names no array', '"file.npz:name" or "file.npy"'))
    path, name = find_file(match["file"], folders, where), match["name"]
    try:
        with np.load(path, allow_pickle=False) if path.suffix == ".npz" else _Single(path) as archive:
            if name is None and len(archive.files) == 1:
                name = archive.files[0]
            if name not in archive.files:
                found = f'{path.name} has no array "{name}"' if name else f"{path.name} holds several arrays"
                raise DescriptionError(Problem(where, found, nearest(name or "", archive.files)))
            array: AnyArray = archive[name]
    except DescriptionError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, MemoryError, SyntaxError) as error:
        raise DescriptionError(
            Problem(where, f"{path.name} cannot be read: {error}", "an array of numbers")
        ) from None
    if array.dtype.kind not in "biuf":
        raise DescriptionError(
            Problem(where, f'array "{name}" has type {array.dtype}', "an array of numbers")
        )
    return array


def find_file(name: str, folders: Sequence[Path], where: str) -> Path:
    """Find a file in the first folder that has it.

    Raises
    ------
    DescriptionError
        If none has it.
    """
    for folder in folders:
        path = folder / name
        if path.is_file():
            return path
    looked = ", ".join(str(folder) for folder in folders) or "no folder"
    raise DescriptionError(Problem(where, f"there is no file {name}", f"looked in {looked}"))


class _Single:
    """One ``.npy`` file, read like an archive with a single array."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = ["array"]

    def __enter__(self) -> _Single:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __getitem__(self, name: str) -> AnyArray:
        array: AnyArray = np.load(self.path, allow_pickle=False)
        return array


TEXTS = frozenset(
    {
        "name",
        "source",
        "target",
        "model",
        "encoder",
        "rule",
        "receptor",
        "population",
        "file",
        "what",
        "stream",
    }
)
"""Keys whose texts are names and never arrays."""


def load_arrays(value: Any, folders: Sequence[Path], where: str, collector: Collector, key: str = "") -> Any:
    """Return a parsed value with every text that names an array replaced by the array; a bad one by 0."""
    if isinstance(value, dict):
        if key == "connect" and isinstance(value.get("file"), str):
            value = _listed_in_file(value)
        return {
            k: v
            if k in TEXTS and isinstance(v, str)
            else load_arrays(v, folders, f"{where}.{k}", collector, k)
            for k, v in value.items()
        }
    if isinstance(value, list):
        if not any(isinstance(v, dict | list | str) for v in value):
            return value
        return [load_arrays(v, folders, f"{where}[{i}]", collector, key) for i, v in enumerate(value)]
    if isinstance(value, str) and _NAME.fullmatch(value):
        with collector.catching():
            return load_array(value, folders, where)
        return 0.0
    return value


def _listed_in_file(connect: dict[str, Any]) -> dict[str, Any]:
    """Replace ``file`` of an explicit connection by the arrays ``sources`` and ``targets`` in it."""
    file = connect["file"]
    rest = {k: v for k, v in connect.items() if k != "file"}
    return {"sources": f"{file}:sources", "targets": f"{file}:targets", **rest}
