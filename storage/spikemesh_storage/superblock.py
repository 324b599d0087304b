"""Open an HDF5 file whose writer died.

A writer killed in SWMR mode leaves the "open for writing" flag in the superblock, and every ordinary
reader refuses the file. :class:`ClearedFile` shows such a file as if it had been closed: the flag is
cleared, the end-of-file address is the file's true size and the superblock's checksum is renewed. The
file itself is not touched. Layout: HDF5 File Format Specification 3.0, section II.A, superblock version 2
and 3; the checksum is Bob Jenkins' lookup3 (``hashlittle``).
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

from spikemesh.errors import TraceError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SIZE = 48
_VERSION, _FLAGS, _EOF, _CHECKSUM = 8, 11, 28, 44
_MASK = 0xFFFFFFFF


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for bits in ((4, 6, 8), (16, 19, 4)):
        a = ((a - c) & _MASK) ^ _rotate(c, bits[0])
        c = (c + b) & _MASK
        b = ((b - a) & _MASK) ^ _rotate(a, bits[1])
        a = (a + c) & _MASK
        c = ((c - b) & _MASK) ^ _rotate(b, bits[2])
        b = (b + a) & _MASK
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    for first, second, third in ((14, 11, 25), (16, 4, 14)):
        c = ((c ^ b) - _rotate(b, first)) & _MASK
        a = ((a ^ c) - _rotate(c, second)) & _MASK
        b = ((b ^ a) - _rotate(a, third)) & _MASK
    return ((c ^ b) - _rotate(b, 24)) & _MASK


def lookup3(message: bytes) -> int:
    """Return the lookup3 checksum of ``message`` with initial value 0."""
    a = b = c = (0xDEADBEEF + len(message)) & _MASK
    if not message:
        return c
    while len(message) > 12:
        words = struct.unpack("<3I", message[:12])
        a, b, c = _mix((a + words[0]) & _MASK, (b + words[1]) & _MASK, (c + words[2]) & _MASK)
        message = message[12:]
    words = struct.unpack("<3I", message.ljust(12, b"\0"))
    return _final((a + words[0]) & _MASK, (b + words[1]) & _MASK, (c + words[2]) & _MASK)


def cleared(superblock: bytes, size: int) -> bytes:
    """Return the superblock with the consistency flag cleared and ``size`` as end of file.

    Raises
    ------
    TraceError
        If the bytes are no superblock of version 2 or 3 with 8-byte addresses.
    """
    if len(superblock) < _SIZE or superblock[:8] != SIGNATURE:
        raise TraceError("the live shard does not start with an HDF5 superblock")
    version, address_bytes = superblock[_VERSION], superblock[9]
    if version not in (2, 3) or address_bytes != 8:
        raise TraceError(
            f"the live shard has superblock version {version} with {address_bytes}-byte addresses"
        )
    block = bytearray(superblock[:_SIZE])
    block[_FLAGS] = 0
    struct.pack_into("<Q", block, _EOF, size)
    struct.pack_into("<I", block, _CHECKSUM, lookup3(bytes(block[:_CHECKSUM])))
    return bytes(block)


class ClearedFile(io.RawIOBase):
    """A read-only view of a file with its superblock's consistency flag cleared.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        try:
            self._head = cleared(self._file.read(_SIZE) or b"", self._size)
        except TraceError:
            self._file.close()
            raise

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, within the size that the file had when it was opened."""
        if whence == io.SEEK_END:
            return self._file.seek(self._size + offset)
        return self._file.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into ``buffer``; the first 48 bytes are the cleared superblock."""
        position = self._file.tell()
        count = self._file.readinto(buffer) or 0
        if position < _SIZE:
            head = self._head[position : position + count]
            memoryview(buffer)[: len(head)] = head
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
