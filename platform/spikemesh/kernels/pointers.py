"""Calls through addresses, so that one compiled loop runs any plugin's compiled functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types as _types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from spikemesh.kernels.accelerate import bare_inlined

types: Any = _types


@bare_inlined
def address_of(array: Any) -> Any:
    """Return the address of an array's first element, as a signed number.

    It is unsigned by itself, and numba adds unsigned and signed numbers as floating-point ones.
    """
    return np.int64(array.ctypes.data)


@intrinsic
def as_float64(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to float64."""
    return types.CPointer(types.float64)(types.int64), _int_to_pointer


@intrinsic
def as_int64(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to int64."""
    return types.CPointer(types.int64)(types.int64), _int_to_pointer


@intrinsic
def as_int32(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to int32."""
    return types.CPointer(types.int32)(types.int64), _int_to_pointer


@intrinsic
def as_uint32(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to uint32."""
    return types.CPointer(types.uint32)(types.int64), _int_to_pointer


@intrinsic
def as_uint16(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to uint16."""
    return types.CPointer(types.uint16)(types.int64), _int_to_pointer


@intrinsic
def as_int16(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to int16."""
    return types.CPointer(types.int16)(types.int64), _int_to_pointer


@intrinsic
def as_int8(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to int8."""
    return types.CPointer(types.int8)(types.int64), _int_to_pointer


@intrinsic
def as_uint8(typingctx: Any, address: Any) -> Any:
    """Reinterpret an address as a pointer to uint8."""
    return types.CPointer(types.uint8)(types.int64), _int_to_pointer


def _int_to_pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.inttoptr(args[0], context.get_value_type(signature.return_type))


def _call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    word = ir.IntType(64)
    function = ir.FunctionType(ir.VoidType(), [word, word])
    builder.call(builder.inttoptr(args[0], function.as_pointer()), [args[1], args[2]])
    return context.get_dummy_value()


@intrinsic
def call(typingctx: Any, function: Any, block: Any, argument: Any) -> Any:
    """Call the compiled ``void f(int64 block, int64 argument)`` at an address."""
    return types.void(types.int64, types.int64, types.int64), _call


def _load_uint32(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    word = ir.IntType(32)
    value = builder.load(builder.inttoptr(args[0], word.as_pointer()))
    return builder.zext(value, ir.IntType(64))


@intrinsic
def uint32_at(typingctx: Any, address: Any) -> Any:
    """Read an unsigned 32-bit number, as int64."""
    return types.int64(types.int64), _load_uint32


def _prefetch(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    function = get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [byte, word, word, word]), "llvm.prefetch.p0i8"
    )
    read, keep_near, of_data = word(0), word(3), word(1)
    builder.call(function, [builder.inttoptr(args[0], byte), read, keep_near, of_data])
    return context.get_dummy_value()


@intrinsic
def prefetch(typingctx: Any, address: Any) -> Any:
    """Ask for the memory at an address; nothing happens if it cannot be had."""
    return types.void(types.int64), _prefetch
