"""Carries programs to other processes, as writable private copies there."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikemesh.ids import AnyArray


@dataclass(frozen=True, eq=False)
class Packed:
    """An object in two parts: its structure and the contents of its arrays, as bytes.

    Ray would hand arrays over read-only, and compiled code tells read-only arrays from writable ones;
    in this form the receiver makes ordinary arrays of them, and the store can forget its copy.
    """

    structure: bytes
    contents: tuple[AnyArray, ...]

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return len(self.structure) + sum(c.nbytes for c in self.contents)

    def unpack(self) -> Any:
        """Make the object again."""
        # NumPy asks for huge pages for large arrays, which a bytearray would not have.
        copies = [np.array(content) for content in self.contents]
        return pickle.loads(self.structure, buffers=copies)  # noqa: S301  from the driver of this run


def pack(item: Any, dumps: Callable[..., bytes] = pickle.dumps) -> Packed:
    """Take an object apart without copying its arrays.

    Parameters
    ----------
    item
        What to carry.
    dumps
        ``pickle.dumps`` or one that carries more, such as classes defined in a notebook.
    """
    buffers: list[pickle.PickleBuffer] = []
    structure = dumps(item, protocol=5, buffer_callback=buffers.append)
    return Packed(structure, tuple(np.frombuffer(b.raw(), dtype=np.uint8) for b in buffers))


def object_store_bytes(packed: Sequence[Packed]) -> int:
    """Return the size of object store that holds all programs at once and leaves room for reports."""
    return (256 << 20) + sum(p.nbytes + p.nbytes // 8 for p in packed)
