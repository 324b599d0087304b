"""The first process to need the loops compiles them; others that start at the same time wait for it.

Otherwise four workers on two processors would each compile the same code, and take twice as long.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import llvmlite
import numba

from spikemesh.kernels.accelerate import cache_folder


def _stamp() -> str:
    """Change with the source of any kernel and with the compiler."""
    digest = hashlib.blake2b(
        repr((sys.version, numba.__version__, llvmlite.__version__)).encode(), digest_size=12
    )
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def compiling_in_turn() -> Iterator[None]:
    """Hold a lock while the loops are compiled for the first time on this machine; else do nothing."""
    folder = cache_folder()
    done = folder / f"loops-{_stamp()}"
    if done.exists():
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "compiling.lock").open("w")
    except OSError:
        # Nothing can be kept here, so there is nothing to wait for.
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        with contextlib.suppress(OSError):
            done.touch()
