"""Look-ups in a file that may come from anyone: nothing outside the file is ever read."""

from __future__ import annotations

from typing import Any

import h5py

from spikemesh.errors import TraceError


def _lookup(file: Any, path: str) -> Any:
    owner = file
    for part in path.split("/"):
        if not isinstance(owner, h5py.Group) or part not in owner:
            raise TraceError(f"{file.filename} has no /{path}: the file is damaged or of another program")
        link = owner.get(part, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise TraceError(
                f"{file.filename}: /{path} is a {type(link).__name__}; links out of a trace are not followed"
            )
        owner = owner[part]
    return owner


def group(file: Any, path: str) -> Any:
    """Return the group at ``path``.

    Raises
    ------
    TraceError
        If there is none, or it is reached by a soft or external link.
    """
    found = _lookup(file, path)
    if not isinstance(found, h5py.Group):
        raise TraceError(f"{file.filename}: /{path} is not a group")
    return found


def members(file: Any, path: str) -> list[str]:
    """Return the names within a group, sorted."""
    return sorted(group(file, path))


def dataset(file: Any, path: str) -> Any:
    """Return the dataset at ``path``, ready to be read.

    Raises
    ------
    TraceError
        If there is none, it is reached by a soft or external link, keeps its values in other files, is
        pickled or of variable length, or declares more values than the file can hold.
    """
    found = _lookup(file, path)
    where = f"{file.filename}: /{path}"
    if not isinstance(found, h5py.Dataset):
        raise TraceError(f"{where} is not a dataset")
    if found.external or found.is_virtual:
        raise TraceError(f"{where} keeps its values in other files; they are not read")
    if found.dtype.hasobject:
        raise TraceError(f"{where} has values of variable length, which a spikemesh trace never has")
    if found.compression is None and found.nbytes > file.id.get_filesize():
        raise TraceError(f"{where} declares {found.nbytes} bytes, more than the file has")
    return found
