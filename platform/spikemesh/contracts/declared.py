"""Checks of what a plugin declares: names near a known one, types of attributes, arguments of functions."""

from __future__ import annotations

import difflib
import inspect
import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spikemesh.errors import PluginError

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NEAR = 0.8
"""Likeness beyond which an unknown attribute is a misspelt one, and no constant of the author's own."""


def check_spelling(what: str, own: Iterable[str], known: Iterable[str]) -> None:
    """Refuse attributes that nearly bear the name of one of the contract's.

    Parameters
    ----------
    what
        Who declares them, such as ``neuron model leaky``.
    own
        Names that the class defines.
    known
        Names of the contract.

    Raises
    ------
    PluginError
        Naming the attribute and the nearest of the contract.
    """
    names = sorted(known)
    for name in own:
        if name in names or name.startswith("_") or not name.islower():
            continue
        close = difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)
        if close:
            raise PluginError(f'{what} has no attribute "{name}"; did you mean "{close[0]}"?')


def is_unfilled(cls: type) -> bool:
    """Whether the body of a class is empty so far.

    A class that a script or notebook defines travels to other processes by value: it is made with no body there,
    which follows. One that stays empty has no name and is refused when it is registered.
    """
    return all(name.startswith("__") for name in vars(cls))


def check_name(what: str, name: object) -> None:
    """Refuse a name that cannot stand in a scenario.

    Raises
    ------
    PluginError
        If it is no text of lower-case letters, digits and underscores that begins with a letter.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"{what}: name is {name!r}; allowed: lower-case letters, digits and underscores")


def is_field(name: object) -> bool:
    """Whether a plugin's functions can see something by this name, as in ``c.decay``."""
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("_")
    )


def check_names(what: str, attribute: str, value: object) -> None:
    """Refuse what is no tuple of names: ``("exc")`` is a text, ``("exc",)`` a tuple.

    Raises
    ------
    PluginError
        Naming the attribute.
    """
    fit = isinstance(value, tuple | list) and all(is_field(v) for v in value)
    if not fit:
        raise PluginError(f'{what}: {attribute} is {value!r}; it must be a tuple of names, as in ("exc",)')
    assert isinstance(value, tuple | list)  # noqa: S101  for the type checker
    if len(set(value)) != len(value):
        raise PluginError(f"{what}: {attribute} names one thing twice: {value!r}")


def check_entries(what: str, attribute: str, value: object, kind: type) -> None:
    """Refuse a table whose keys are no names or whose entries are not of ``kind``.

    Raises
    ------
    PluginError
        Naming the attribute and the entry.
    """
    if not isinstance(value, Mapping):
        raise PluginError(
            f"{what}: {attribute} is of type {type(value).__name__}; it must be a table of name: {kind.__name__}(...)"
        )
    for key, entry in value.items():
        if not is_field(key):
            raise PluginError(f"{what}: {attribute} has the key {key!r}, which is no name")
        if not isinstance(entry, kind):
            raise PluginError(f'{what}: {attribute} "{key}" is {entry!r}; it must be {kind.__name__}(...)')


def check_answers(what: str, answers: object, kind: type) -> None:
    """Refuse known answers that are no tuple of ``kind``.

    Raises
    ------
    PluginError
        If they are something else.
    """
    if not isinstance(answers, tuple | list) or not all(isinstance(a, kind) for a in answers):
        raise PluginError(f"{what}: known_answers is no tuple of {kind.__name__}(...)")


def check_example(what: str, example: object, parameters: Mapping[str, Any]) -> None:
    """Refuse an example that gives other than parameters.

    Raises
    ------
    PluginError
        Naming the first that is none.
    """
    if not isinstance(example, Mapping):
        raise PluginError(f"{what}: example is {example!r}; it must be a table of parameters")
    for name in example:
        if name not in parameters:
            raise PluginError(f'{what}: example gives "{name}", which is no parameter')


def check_choice(what: str, attribute: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse a value that is none of those allowed.

    Raises
    ------
    PluginError
        Naming the attribute and what is allowed.
    """
    if value not in allowed:
        shown = ", ".join(repr(a) for a in allowed)
        raise PluginError(f"{what}: {attribute} is {value!r}; allowed: {shown}")


def check_parameters(what: str, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters whose default contradicts their own bounds or choices.

    Raises
    ------
    PluginError
        Naming the parameter.
    """
    for name, p in parameters.items():
        default, where = p.default, f'{what}: parameter "{name}"'
        if p.choices:
            check_choice(where, "default", default, (*p.choices, None))
            continue
        if p.text:
            continue
        if isinstance(default, str):
            if default not in parameters:
                raise PluginError(f'{where} takes the value of "{default}", which is no parameter')
            continue
        if default is None:
            continue
        broken = [
            f"{sign} {bound:g}"
            for sign, bound, fit in (
                (">", p.gt, p.gt is None or default > p.gt),
                (">=", p.ge, p.ge is None or default >= p.ge),
                ("<", p.lt, p.lt is None or default < p.lt),
                ("<=", p.le, p.le is None or default <= p.le),
            )
            if not fit
        ]
        if broken:
            raise PluginError(f"{where} has the default {default!r}, which is not {' and '.join(broken)}")


def check_arguments(what: str, function_name: str, function: Any, expected: Sequence[str]) -> None:
    """Refuse a function that cannot be called with the arguments of the contract, which go by position.

    Raises
    ------
    PluginError
        Naming the function, the arguments it has and those it must have.
    """
    if not callable(function):
        raise PluginError(f"{what}: {function_name} is {function!r}; it must be a function")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in: it does not tell
        return
    try:
        signature.bind(*expected)
    except TypeError:
        has = ", ".join(signature.parameters)
        raise PluginError(
            f"{what}: {function_name}({has}) does not fit; it must be {function_name}({', '.join(expected)})"
        ) from None


def contract_names(contract: type) -> set[str]:
    """Names of a contract's attributes, those without a value included."""
    return {n for n in (*contract.__annotations__, *vars(contract)) if not n.startswith("_")}


def make_static(cls: type, attributes: Iterable[str]) -> None:
    """Let functions that a class itself defines be called without an object."""
    for attribute in attributes:
        function = vars(cls).get(attribute)
        if function is not None and not isinstance(function, staticmethod):
            setattr(cls, attribute, staticmethod(function))
