"""Calls through addresses, so that one compiled loop runs any plugin's compiled functions."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types as _types
from numba.extending import intrinsic

from spikemesh.kernels import accelerate as _accelerate  # noqa: F401  configures numba first

types: Any = _types


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
