"""Base of everything that is read from tables: immutable, unit-aware, every mistake named at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from spikemesh.errors import DescriptionError, InputError, Problem, UnitError, nearest
from spikemesh.units import magnitude


class Frozen(BaseModel):
    """Base of all described objects: immutable, no unknown keys, no infinite figures."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Model = TypeVar("Model", bound=Frozen)


def in_unit(unit: str) -> BeforeValidator:
    """Make a validator that turns text such as ``"100 ns"`` into a number in ``unit``."""

    def convert(value: Any) -> Any:
        if isinstance(value, bool):
            raise UnitError(Problem("", f"{value} is not a quantity", f'such as 1.5 or "1.5 {unit}"'))
        if not isinstance(value, str):
            return value
        try:
            return magnitude(value, unit)
        except UnitError as error:
            raise UnitError(Problem("", error.problems[0].found, error.problems[0].remedy)) from None

    return BeforeValidator(convert)


COUNT = Annotated[int, Field(gt=0, strict=True)]
"""Whole number from 1; neither a truth value nor text passes for one."""
NS = Annotated[float, in_unit("ns")]
PJ = Annotated[float, in_unit("pJ")]
MW = Annotated[float, in_unit("mW")]
MS = Annotated[float, in_unit("ms")]
HZ = Annotated[float, in_unit("Hz"), Field(ge=0)]
Rates = Annotated[HZ | tuple[HZ, ...], BeforeValidator(lambda v: v.tolist() if hasattr(v, "tolist") else v)]
"""Spikes a second: one number, or one each; arrays become tuples."""


def validated(model: type[Model], table: Mapping[str, Any], where: str, also: Iterable[str] = ()) -> Model:
    """Read a table as a described object.

    Parameters
    ----------
    model
        What it should become.
    table
        Raw keys and values, as from TOML.
    where
        Key path of the table, put before every problem's place.
    also
        Keys that are allowed in the table beside the model's own, for the "did you mean".

    Returns
    -------
    Frozen
        The object.

    Raises
    ------
    DescriptionError
        With every problem found: place, what was found, what is allowed.
    """
    try:
        return model.model_validate(dict(table))
    except ValidationError as error:
        found = error.errors()
    raise DescriptionError([p for e in found for p in _problems(model, e, where, tuple(also))])


def _problems(model: type[Frozen], error: Any, where: str, also: tuple[str, ...]) -> list[Problem]:
    loc: tuple[str | int, ...] = error["loc"]
    place, value, kind = _path(where, loc), error["input"], error["type"]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return [Problem(_joined(place, p.where), p.found, p.remedy) for p in cause.problems]
    if kind == "extra_forbidden":
        fields = _fields(model, loc[:-1])
        names = (*fields, *also) if len(loc) == 1 else fields
        return [Problem(place, f'there is no key "{loc[-1]}" here', nearest(str(loc[-1]), names))]
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        close = nearest(str(value), allowed)
        remedy = close if close.startswith("allowed") else f"{close} allowed: {', '.join(allowed)}"
        return [Problem(place, f"{_shown(value)} is not allowed", remedy)]
    if kind == "missing":
        return [Problem(place, "is missing")]
    remedy = str(error["msg"]).removeprefix("Input ").removeprefix("Value error, ")
    return [Problem(place, f"{_shown(value)} is not valid", remedy)]


def _path(where: str, loc: Iterable[str | int]) -> str:
    path = where
    for part in loc:
        path = f"{path}[{part}]" if isinstance(part, int) else _joined(path, part)
    return path


def _joined(path: str, part: str) -> str:
    return f"{path}.{part}" if path and part else path or part


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _fields(model: type[Frozen], loc: Iterable[str | int]) -> tuple[str, ...]:
    """Names of the keys allowed at a place inside ``model``."""
    current: Any = model
    for part in loc:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        else:
            # A mapping from names to models: the name is the user's, the model is the last argument.
            arguments = get_args(current)
            current = arguments[-1] if arguments else None
    known = isinstance(current, type) and issubclass(current, BaseModel)
    return tuple(current.model_fields) if known else ()
