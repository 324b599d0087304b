"""Memory that threads or processes share without locks, and calls of the C library, from compiled code.

Addresses are integers, so that compiled code can be kept on disk.
"""

from __future__ import annotations

import ctypes
import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types as _types
from numba.extending import intrinsic

from spikemesh.ids import AnyArray
from spikemesh.kernels.accelerate import inlined

types: Any = _types

_WORD = ir.IntType(64)

# Entries of `system_calls`.
SYSCALL, CLOCK, YIELD, SLEEP, FUTEX = range(5)

_FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "ppc64le": 221}
"""Number of the system call; elsewhere waits look again every 50 us."""

_FUTEX_WAIT, _FUTEX_WAKE, _EVERYONE = 0, 1, 1 << 30
_MONOTONIC = 1
_NAP_US = 50


def system_calls() -> AnyArray:
    """Addresses of the functions that waiting needs, in this process, and the number of ``futex``."""
    library = ctypes.CDLL(None)
    names = ("syscall", "clock_gettime", "sched_yield", "usleep")
    addresses = [ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in names]
    return np.array([*addresses, _FUTEX.get(platform.machine(), -1)], dtype=np.int64)


def _pointer(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _WORD.as_pointer())


@intrinsic
def load(typingctx: Any, address: Any) -> Any:
    """Read the int64 at an address; what its writer wrote before it is visible then."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_pointer(builder, args[0]), "acquire", 8)

    return types.int64(types.int64), generate


@intrinsic
def store(typingctx: Any, address: Any, value: Any) -> Any:
    """Write the int64 at an address; who reads it sees what was written before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _pointer(builder, args[0]), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def exchange(typingctx: Any, address: Any, value: Any) -> Any:
    """Write the int64 at an address and return what was there, in one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("xchg", _pointer(builder, args[0]), args[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def add(typingctx: Any, address: Any, value: Any) -> Any:
    """Add to the int64 at an address and return what was there, in one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _pointer(builder, args[0]), args[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def fence(typingctx: Any) -> Any:
    """Let no read or write cross this line in either direction."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _call_c(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call a C function of up to five integers; those it does not take are ignored by it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        called = ir.FunctionType(_WORD, [_WORD], var_arg=True)
        return builder.call(builder.inttoptr(args[0], called.as_pointer()), args[1:])

    return types.int64(*[types.int64] * 6), generate


@inlined
def clock_ns(calls: Any, scratch: Any) -> Any:
    """Nanoseconds of the monotonic clock; ``scratch`` is an array of at least two int64."""
    _call_c(calls[CLOCK], _MONOTONIC, scratch.ctypes.data, 0, 0, 0)
    return scratch[0] * 1_000_000_000 + scratch[1]


@inlined
def yield_core(calls: Any) -> None:
    """Let other threads that are ready run first."""
    _call_c(calls[YIELD], 0, 0, 0, 0, 0)


@inlined
def sleep_while(address: Any, seen: Any, timeout_ns: Any, calls: Any, scratch: Any) -> None:
    """Sleep until woken, while the int64 at an address is ``seen``, and no longer than a while.

    The kernel compares the lower half alone, and may return early.
    """
    if calls[FUTEX] < 0:
        _call_c(calls[SLEEP], _NAP_US, 0, 0, 0, 0)
        return
    scratch[0], scratch[1] = timeout_ns // 1_000_000_000, timeout_ns % 1_000_000_000
    _call_c(calls[SYSCALL], calls[FUTEX], address, _FUTEX_WAIT, seen & 0xFFFFFFFF, scratch.ctypes.data)


@inlined
def wake(address: Any, calls: Any) -> None:
    """Wake who sleeps on an address."""
    if calls[FUTEX] >= 0:
        _call_c(calls[SYSCALL], calls[FUTEX], address, _FUTEX_WAKE, _EVERYONE, 0)
