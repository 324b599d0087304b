"""Checks of what a reader finds: description, equation, source, units."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from spikemesh.contracts.neuron import Parameter
from spikemesh.errors import UnitError
from spikemesh.units import magnitude

_YEAR = re.compile(r"\b(1[89]|20)\d\d\b")
_EQUATION = re.compile(r"=|<-|:=|~")


def check_docstring(item: Any, *, equation: bool, source: bool) -> str | None:
    """Ask for a docstring, and for an equation and a source in it.

    Parameters
    ----------
    item
        The class.
    equation
        Whether an equation is asked for.
    source
        Whether a source is asked for: a line ``Source:``, a year of publication, or ``by hand``.
    """
    own = vars(item).get("__doc__")
    assert own, "there is no docstring; say what it does, with its equation and source"
    # A variant says in what it differs from the class from which it is derived.
    text = "\n".join(inspect.cleandoc(c.__doc__) for c in item.__mro__ if c.__doc__ and not _contract(c))
    if equation:
        assert _EQUATION.search(text), "the docstring has no equation, such as tau_m dv/dt = -(v - e_l)"
    if source:
        assert "Source" in text or _YEAR.search(text), (
            "the docstring names no source, such as Source: Author 2020, Journal 1:23, equation 4"
        )
    return text.splitlines()[0]


def _contract(cls: type) -> bool:
    return cls is object or cls.__module__.startswith("spikemesh.contracts")


def check_parameters(parameters: Mapping[str, Parameter]) -> str | None:
    """Ask every parameter for a unit that exists, or else for a description."""
    if not parameters:
        return "no parameters"
    for name, p in parameters.items():
        assert p.unit or p.description or p.choices or isinstance(p.default, bool), (
            f'parameter "{name}" has neither unit nor description'
        )
        check_unit(f'parameter "{name}"', p.unit)
    return f"{len(parameters)} parameters"


def check_unit(what: str, unit: str) -> None:
    """Ask for a unit that exists; none is one."""
    if not unit:
        return
    try:
        magnitude(f"1 {unit}", unit)
    except UnitError as error:
        raise AssertionError(f"{what}: {error}") from None
