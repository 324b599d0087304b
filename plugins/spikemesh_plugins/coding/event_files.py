"""Recordings of event cameras, read block by block: arrays, ``.npy``, EVT2 and EVT3 (``.raw``), ``.aedat4``."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import AnyArray, IntArray

BLOCK = 65_536
"""Events that are read at once."""
ENCODINGS = {"2.0": "evt2", "3.0": "evt3"}
"""By version: the name that the library gives it."""
FILES = (".npy", ".raw", ".aedat4")
EXTRA = 'pip install "spikemesh[events]"'
_HEADER = 65_536
"""Bytes of a file within which its header ends."""


class Events(NamedTuple):
    """A block of events.

    Attributes
    ----------
    t, x, y : ndarray of int64, shape (events,)
        Counts of the file's clock, never falling; column and row.
    on : ndarray of bool, shape (events,)
        Whether the pixel became brighter.
    """

    t: IntArray
    x: IntArray
    y: IntArray
    on: AnyArray


class Recording(Protocol):
    """A recording: the size of its sensor, and its blocks by number."""

    width: int
    height: int

    def block(self, number: int) -> Events | None:
        """Return a block; None after the last."""
        ...


class ArrayRecording:
    """Events of an array with the fields t, x, y and p, in memory or mapped from a file."""

    def __init__(self, values: AnyArray) -> None:
        names = set(values.dtype.names or ())
        if values.ndim != 1 or not {"t", "x", "y", "p"} <= names:
            found = f"holds an array of type {values.dtype} and shape {values.shape}"
            raise DescriptionError(
                Problem("stream", found, "events in one dimension, with the fields t, x, y, p")
            )
        self._values = values
        self.width = self.height = 0

    def block(self, number: int) -> Events | None:
        """Return the events ``number BLOCK`` and on."""
        rows = self._values[number * BLOCK : (number + 1) * BLOCK]
        return _events(rows) if len(rows) else None


class ForwardRecording(ABC):
    """Blocks of a reader that only goes forward; an earlier one makes it begin again."""

    width = height = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0
        self._blocks: Iterator[AnyArray] = iter(())
        self._held: Events | None = None

    def block(self, number: int) -> Events | None:
        """Return a block, reading on from the one before.

        Raises
        ------
        DescriptionError
            If the file is damaged.
        """
        if number < self._next - 1 or self._next == 0:
            self._next, self._blocks = 0, self._read()
        while self._next <= number:
            rows = next(self._blocks, None)
            self._held = None if rows is None else _events(rows)
            self._next += 1
        return self._held

    @abstractmethod
    def _read(self) -> Iterator[AnyArray]:
        """Read the file from its start, some events at a time."""


class RawRecording(ForwardRecording):
    """A Prophesee recording, whose header names its encoding."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        header = _header(path)
        found = re.search(r"% (?:evt (\d)\.(\d)|format EVT(\d)(\d?))", header)
        told = ".".join(part or "0" for part in found.groups() if part is not None) if found else ""
        if told not in ENCODINGS:
            what = f"{path.name} {f'is in EVT {told}' if told else 'does not name its encoding'}"
            raise DescriptionError(Problem("stream", what, "EVT 2.0 or 3.0, in a line such as % evt 3.0"))
        self._encoding = ENCODINGS[told]
        size = re.search(r"geometry (\d+)x(\d+)", header) or re.search(r"width=(\d+).*?height=(\d+)", header)
        if size is None and (turned := re.search(r"height=(\d+).*?width=(\d+)", header)):
            self.height, self.width = (int(word) for word in turned.groups())
        elif size is not None:
            self.width, self.height = (int(word) for word in size.groups())

    def _read(self) -> Iterator[AnyArray]:
        wizard = _library("expelliarmus", "Prophesee recordings").Wizard(
            encoding=self._encoding, fpath=self._path, chunk_size=BLOCK
        )
        events = 0
        for rows in wizard.read_chunk():
            events += len(rows)
            yield rows
        # The library says on the standard error what it does not know, and stops there.
        if not wizard.cargo.events_info.finished:
            found = f"{self._path.name} cannot be read on after {events} events"
            raise DescriptionError(Problem("stream", found, f"words of {self._encoding.upper()}"))


class AedatRecording(ForwardRecording):
    """An AEDAT 4 recording; of several event streams the first."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        streams = {
            number: told
            for number, told in self._decoder().id_to_stream().items()
            if told["type"] == "events"
        }
        if not streams:
            raise DescriptionError(Problem("stream", f"{path.name} holds no events", "a stream of events"))
        self._stream = min(streams)
        self.width, self.height = (int(streams[self._stream][side]) for side in ("width", "height"))

    def _decoder(self) -> Any:
        library = _library("aedat", "AEDAT 4 recordings")
        try:
            return library.Decoder(self._path)
        except Exception as error:  # it raises what its parser raises
            what = f"{self._path.name} cannot be read: {error}"
            raise DescriptionError(Problem("stream", what, "a recording in AEDAT 4")) from None

    def _read(self) -> Iterator[AnyArray]:
        packets = iter(self._decoder())
        while (packet := self._packet(packets)) is not None:
            if packet["stream_id"] == self._stream and len(packet["events"]):
                yield packet["events"]

    def _packet(self, packets: Iterator[Any]) -> Any:
        try:
            return next(packets, None)
        except Exception as error:  # it raises what its parser raises
            what = f"{self._path.name} cannot be read on: {error}"
            raise DescriptionError(Problem("stream", what, "a whole recording in AEDAT 4")) from None


def open_recording(source: Path | AnyArray) -> Recording:
    """Open events in an array or a file.

    Raises
    ------
    DescriptionError
        If there is no such file, it cannot be read, or holds something else.
    """
    if not isinstance(source, Path):
        return ArrayRecording(source)
    if source.suffix not in FILES:
        found = f"{source.name} is no recording that can be read"
        raise DescriptionError(Problem("stream", found, f"an array, or a file {' or '.join(FILES)}"))
    try:
        if source.suffix == ".npy":
            return ArrayRecording(np.load(source, mmap_mode="r", allow_pickle=False))
        return RawRecording(source) if source.suffix == ".raw" else AedatRecording(source)
    except (OSError, ValueError, EOFError) as error:
        raise DescriptionError(
            Problem("stream", f"{source.name} cannot be read: {error}", "events")
        ) from None


def _events(rows: AnyArray) -> Events:
    polarity = "p" if "p" in (rows.dtype.names or ()) else "on"
    t, x, y = (np.asarray(rows[name]).astype(np.int64) for name in ("t", "x", "y"))
    return Events(t, x, y, np.asarray(rows[polarity]) > 0)


def _header(path: Path) -> str:
    with path.open("rb") as file:
        lines = file.read(_HEADER).split(b"\n")
    told = [line.decode("ascii", "replace") for line in lines if line.startswith(b"%")]
    return "\n".join(told)


def _library(name: str, what: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise DescriptionError(Problem("stream", f"{what} need the package {name}", EXTRA)) from None
