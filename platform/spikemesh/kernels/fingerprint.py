"""Fingerprints of functions: change when the code, or anything it refers to, changes."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

_KNOWN = frozenset(sys.stdlib_module_names) | {"numba", "numpy", "scipy"}
"""Packages told apart by their version: their insides are large, and change only with it."""


def _constants(code: types.CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code(constant)
        else:
            yield repr(constant)


def _code(code: types.CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars))
    yield from _constants(code)


def _names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _value(value: Any, seen: set[int], names: frozenset[str] = frozenset()) -> Iterator[str]:
    value = getattr(value, "py_func", value)
    if isinstance(value, types.FunctionType):
        yield from _function(value, seen)
    elif isinstance(value, types.ModuleType):
        yield f"{value.__name__} {getattr(value, '__version__', '')}"
        if value.__name__.partition(".")[0] not in _KNOWN:
            yield from _attributes(value, names, seen)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    else:
        yield repr(value)


def _attributes(module: types.ModuleType, names: frozenset[str], seen: set[int]) -> Iterator[str]:
    """Follow what a function may take from a module: ``constants.K`` shows as the two names alone."""
    for name in sorted(names):
        if name in vars(module):
            yield name
            yield from _value(vars(module)[name], seen, names)


def _function(function: types.FunctionType, seen: set[int]) -> Iterator[str]:
    if id(function) in seen:
        return
    seen.add(id(function))
    # Machine code that is kept on disk looks its functions' modules up by name.
    yield str(function.__module__)
    yield from _code(function.__code__)
    yield repr(function.__defaults__)
    names = frozenset(_names(function.__code__))
    for name in sorted(names):
        if name in function.__globals__:
            yield name
            yield from _value(function.__globals__[name], seen, names)
    for cell in function.__closure__ or ():
        yield from _value(cell.cell_contents, seen)


def fingerprint(*parts: Any) -> str:
    """Hash functions with all functions and values they refer to, and any other values.

    Parameters
    ----------
    parts
        Functions, or values with a stable ``repr``.

    Returns
    -------
    str
        Hexadecimal digest; equal only for equal code in modules of equal names on one version of Python.
    """
    digest = hashlib.blake2b(sys.version.encode(), digest_size=12)
    seen: set[int] = set()
    for part in parts:
        for text in _value(part, seen):
            digest.update(text.encode() + b"\x00")
    return digest.hexdigest()
