"""The one place that configures numba."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_HEAP = re.compile(
    r"(call|invoke) [^\n]*@NRT_(MemInfo_(var)?size_(alloc|new)|MemInfo_(alloc|new|varsize)|Allocate|Reallocate)"
)


def cache_folder() -> Path:
    """Folder in which compiled kernels are kept (``SPIKEMESH_CACHE`` or the user's cache folder)."""
    base = os.environ.get("SPIKEMESH_CACHE")
    if base:
        return Path(base) / "kernels"
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "spikemesh" / "kernels"


def stamp() -> str:
    """Return a text that changes with the source of any kernel and of the tuples they take, and with the compiler.

    numba tells cached code apart by the file of the function alone, but kernels inline one another; and the types of
    their arguments are kept as references to the modules of the tuples.
    """
    compiler = (sys.version, version("numba"), version("llvmlite"))
    digest = hashlib.blake2b(repr(compiler).encode(), digest_size=8)
    kernels = Path(__file__).parent
    for folder in (kernels, kernels.parent / "engine", kernels.parent / "mapping"):
        for path in sorted(folder.glob("*.py")):
            source = path.read_bytes()
            if folder is kernels or b"(NamedTuple)" in source:
                digest.update(source)
    return digest.hexdigest()


# A vector library's exp differs from the scalar one in the last bit, so that a result would depend on
# the position of a neuron in its array. Must be set before numba is imported.
os.environ["NUMBA_DISABLE_INTEL_SVML"] = "1"
os.environ["NUMBA_CACHE_DIR"] = str(cache_folder() / stamp())

import llvmlite.binding as llvm  # noqa: E402
import numba  # noqa: E402
import numba.core.errors  # noqa: E402
from numba.core.caching import FunctionCache  # noqa: E402
from numba.core.ccallback import CFunc  # noqa: E402
from numba.core.runtime import rtsys  # noqa: E402
from numba.core.sigutils import normalize_signature  # noqa: E402

from spikemesh.kernels.locks import alone  # noqa: E402

# Somebody may have imported numba before: it reads its environment once.
numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
if numba.config.USING_SVML:
    raise ImportError(
        "numba already uses a vector library whose exp gives other bits: import spikemesh before numba"
    )

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


class _Cache(FunctionCache):  # type: ignore[misc]  # numba is untyped
    """Machine code on disk, loaded without what numba needs to compile anything.

    numba itself first imports all that it can translate, which takes a quarter of a second; compiling imports it
    when there is something to compile.
    """

    called = True

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), self.called)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept for a signature, or None."""
        # Code may refer to the runtime for arrays and to the secret of hashes; all other symbols are known by now.
        import numba.cpython.hashing  # noqa: F401

        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    def _save_overload(self, sig: Any, data: Any) -> None:
        # Index and data are two files: two processes that each add a signature would mix them up.
        with alone(cache_folder() / "saving.lock"):
            super()._save_overload(sig, data)


class HeapError(numba.core.errors.NumbaError):  # type: ignore[misc]  # numba is untyped
    """A plugin's function takes memory from the heap."""


class _PluginCache(_Cache):
    """As the cache of kernels, but code that takes memory from the heap is refused and not kept."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code of a signature.

        Raises
        ------
        HeapError
            If it takes memory from the heap, as lists, arrays and texts made in a step do.
        """
        data.library._ensure_finalized()  # brings in the plugin's own functions
        if _HEAP.search(data.library.get_llvm_str()):
            raise HeapError("memory from the heap")
        super().save_overload(sig, data)


def _jit(function: F, *, called: bool = True, kept: bool = True, **options: Any) -> F:
    """Compile a function when it is first needed.

    Where Python does not call it (``called``), what takes its arguments out of Python objects is left out: with
    tuples of many arrays that takes longer to compile than the function itself.
    """
    wrapped = {} if called else {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Any = numba.jit(**wrapped, **options, **OPTIONS)(function)
    if not numba.config.DISABLE_JIT:
        if kept:
            compiled._cache = _Cache(function)
            compiled._cache.called = called
        if not called:
            # Python then never finds machine code, and compiles none.
            compiled.add_overload = lambda made: compiled.overloads.update({tuple(made.signature.args): made})
            compiled._compile_for_args = partial(_refuse, function.__name__)
    jitted: F = compiled
    return jitted


def _refuse(name: str, *_: Any) -> None:
    raise TypeError(f"{name} is called by kernels only; decorate it with kernel to call it from Python")


def uncached(function: F) -> F:
    """Compile a plugin's function for the loop around it, with which it is kept."""
    return _jit(function, called=False, kept=False, forceinline=True)


def inner(function: F) -> F:
    """Compile a function as :func:`kernel` does, which only other kernels call."""
    return _jit(function, called=False)


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers; cached on disk, runs without the interpreter lock."""
    return _jit(function)


def inlined(function: F) -> F:
    """Compile a small function that its callers inline."""
    return _jit(function, called=False, forceinline=True)


def bare(function: F) -> F:
    """Compile a function as :func:`kernel` does, but one that makes no arrays, nor views of arrays.

    Arrays are then not counted whenever they are taken out of a tuple: two locked instructions less each time.
    """
    return _jit(function, _nrt=False)


def bare_inner(function: F) -> F:
    """Compile a function as :func:`bare` does, which Python does not call."""
    return _jit(function, called=False, _nrt=False)


def bare_inlined(function: F) -> F:
    """Compile a function as :func:`bare` does, for its callers to inline."""
    return _jit(function, called=False, forceinline=True, _nrt=False)


def cfunc(signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a plugin's loop, to be called by its address, at once; cached on disk like a kernel."""

    def compiled(function: Callable[..., Any]) -> Any:
        made: Any = CFunc(function, normalize_signature(signature), locals={}, options=options)
        made._cache = _PluginCache(function)
        made.compile()
        return made

    return compiled


@contextmanager
def allocations() -> Iterator[list[int]]:
    """Count what compiled code takes from the heap; the count stands in the list when the block has ended."""
    from numba.core.runtime import _nrt_python

    rtsys.initialize(numba.core.registry.cpu_target.target_context)
    kept = _nrt_python.memsys_stats_enabled()
    _nrt_python.memsys_enable_stats()
    before, count = rtsys.get_allocation_stats().alloc, [0]
    try:
        yield count
    finally:
        count[0] = rtsys.get_allocation_stats().alloc - before
        if not kept:
            _nrt_python.memsys_disable_stats()
