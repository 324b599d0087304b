"""What the results of a scenario follow from, told apart by name, so that a change can be named."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.api.provenance import versions
from spikemesh.api.scenarios import LoadedScenario
from spikemesh.registry.scenarios import cache_folder

VERSIONS = ("python", "spikemesh", "numpy", "scipy", "numba", "llvmlite")
"""Of what has a say in results."""


def fingerprint(loaded: LoadedScenario) -> dict[str, str]:
    """Return the parts from which the results of a scenario follow.

    Parameters
    ----------
    loaded
        The scenario, opened with the overrides that all runs share.

    Returns
    -------
    dict
        SHA-256 of the text, of the code that it runs, of its system and of the arrays it names; overrides; versions.
    """
    described, known = loaded.scenario, versions()
    found = {
        "overrides": json.dumps(list(loaded.overrides)),
        "scenario": _of(described.text.encode()),
        "system": _of(loaded.system.model_dump_json().encode()),
    }
    for file in loaded.runs_code:
        found[f"code {Path(file).name}"] = _of(Path(file).read_bytes())
    for name, path in _files(described.text, described.folder):
        found[f"data {name}"] = _of_arrays(path) if path.suffix in (".npz", ".npy") else _of_file(path)
    return found | {name: known[name] for name in VERSIONS}


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Name the parts that differ; versions with what they were and are."""
    names = [name for name in dict.fromkeys((*now, *before)) if before.get(name) != now.get(name)]
    return [f"{n} ({before.get(n)}, now {now.get(n)})" if n in VERSIONS else n for n in names]


def _of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(text: str, folder: Path | None) -> Iterator[tuple[str, Path]]:
    """Find the files of arrays and streams that a scenario names, beside it or made by its code."""
    tables = tomllib.loads(text)
    names = {t.rpartition(":")[0] if ".npz:" in t else t for t in _texts(tables)}
    names = {n for n in names if n.endswith((".npz", ".npy"))}
    names |= {str(t["stream"]) for t in tables.get("input", ()) if "stream" in t}
    if folder is None:
        return
    for name in sorted(names):
        for place in (folder, cache_folder(folder.name)):
            if (place / name).is_file():
                yield name, place / name
                break


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_arrays(path: Path) -> str:
    """Hash the arrays of a file: archives carry the time at which they were written."""
    digest = hashlib.sha256()
    loaded = np.load(
        path, allow_pickle=False, mmap_mode="r"
    )  # what an encoder streams may not fit into memory
    arrays = {"": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
