"""The one place that configures numba."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def cache_folder() -> Path:
    """Folder in which compiled kernels are kept (``SPIKEMESH_CACHE`` or the user's cache folder)."""
    base = os.environ.get("SPIKEMESH_CACHE")
    if base:
        return Path(base) / "kernels"
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "spikemesh" / "kernels"


def stamp() -> str:
    """Return a text that changes with the source of any kernel and with the compiler.

    numba tells cached code apart by the file of the function alone, but kernels inline one another.
    """
    compiler = (sys.version, version("numba"), version("llvmlite"))
    digest = hashlib.blake2b(repr(compiler).encode(), digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# A vector library's exp differs from the scalar one in the last bit, so that a result would depend on
# the position of a neuron in its array. Must be set before numba is imported.
os.environ["NUMBA_DISABLE_INTEL_SVML"] = "1"
os.environ["NUMBA_CACHE_DIR"] = str(cache_folder() / stamp())

import llvmlite.binding as llvm  # noqa: E402
import numba  # noqa: E402

# Update loops read and write one array per state variable, constant and receptor. LLVM checks at run time
# that they do not overlap, but by default gives up vectorising beyond eight checks.
llvm.set_option("spikemesh", "-runtime-memory-check-threshold=512")

# Imported from here, so that numba is configured first.
carray = numba.carray

OPTIONS: dict[str, Any] = {
    "nopython": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": False,
    "boundscheck": False,
}


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers; cached on disk, runs without the interpreter lock."""
    compiled: F = numba.jit(cache=True, **OPTIONS)(function)
    return compiled


def inlined(function: F) -> F:
    """Compile a small function that its callers inline."""
    compiled: F = numba.jit(cache=True, forceinline=True, **OPTIONS)(function)
    return compiled
