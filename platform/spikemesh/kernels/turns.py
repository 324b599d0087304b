"""The first process to need the loops compiles them; others that start at the same time wait for it.

Otherwise four workers on two processors would each compile the same code, and take twice as long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from spikemesh.kernels.accelerate import cache_folder, stamp
from spikemesh.kernels.locks import alone


@contextlib.contextmanager
def compiling_in_turn() -> Iterator[None]:
    """Hold a lock while the loops are compiled for the first time on this machine; else do nothing."""
    folder = cache_folder()
    done = folder / stamp() / "compiled"
    if done.exists():
        yield
        return
    with alone(folder / "compiling.lock"):
        yield
        with contextlib.suppress(OSError):
            done.parent.mkdir(parents=True, exist_ok=True)
            done.touch()
