"""Tables of a scenario file as validated entries; the JSON schema comes from them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from spikemesh.description.frozen import Frozen, validated
from spikemesh.description.problems import Collector
from spikemesh.description.values import value_from
from spikemesh.errors import DescriptionError, Problem

_NUMBER_OR_TEXT = {"type": ["number", "string"]}
_QUANTITY_SCHEMA = {
    **_NUMBER_OR_TEXT,
    "description": 'A number in the field\'s unit, or text such as "1.5 ms"',
}
_PAIR = {"type": "array", "items": _NUMBER_OR_TEXT, "minItems": 2, "maxItems": 2}
_DISTRIBUTION = {
    "type": "object",
    "properties": {
        "uniform": _PAIR,
        "normal": _PAIR,
        "lognormal": _PAIR,
        "low": _NUMBER_OR_TEXT,
        "high": _NUMBER_OR_TEXT,
        "times": {"type": ["array", "string"]},
        "neurons": {"type": ["array", "string"]},
    },
    "additionalProperties": False,
    "description": "A distribution such as {uniform = [0.0, 15.0]}, or {times = [...], neurons = [...]}",
}
VALUE_SCHEMA = {
    "anyOf": [{"type": ["number", "string", "boolean", "array"]}, _DISTRIBUTION],
    "description": 'A number, a quantity such as "20 ms", a list, "file.npz:name", or a distribution',
}
ARRAY_SCHEMA = {"type": ["array", "string"], "description": 'Numbers, or "file.npz:name"'}


def _quantity(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DescriptionError(
            Problem("", f"{type(value).__name__} is not a quantity", 'a number or text such as "1.5 ms"')
        )
    return value


QuantityField = Annotated[Any, BeforeValidator(_quantity), WithJsonSchema(_QUANTITY_SCHEMA)]
ValueField = Annotated[Any, BeforeValidator(lambda raw: value_from(raw, "")), WithJsonSchema(VALUE_SCHEMA)]
ArrayField = Annotated[Any, WithJsonSchema(ARRAY_SCHEMA)]


class Entry(Frozen):
    """A table of a scenario file: no conversions between types, infinite numbers judged later."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=True)


class OpenEntry(Entry):
    """A table whose further keys are arguments of what it names."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=True)

    @property
    def arguments(self) -> dict[str, Any]:
        """Keys beyond the declared ones."""
        return dict(self.model_extra or {})


class DriveEntry(OpenEntry):
    """A stimulus of a population: ``poisson``, ``steps`` or ``constant_current``."""

    encoder: str


class PopulationEntry(Entry):
    """Neurons of one model."""

    name: str
    size: int = Field(json_schema_extra={"minimum": 1})
    model: str
    params: dict[str, ValueField] = Field(default_factory=dict)
    init: dict[str, ValueField] = Field(default_factory=dict)
    positions: ArrayField = None
    drive: list[Any] = Field(default_factory=list)


class ConnectEntry(OpenEntry):
    """A connection rule and its arguments."""

    rule: str


class LearningEntry(OpenEntry):
    """A learning rule and its parameters."""

    rule: str


class ProjectionEntry(OpenEntry):
    """Synapses from one population to another."""

    name: str | None = None
    source: str
    target: str
    connect: Any
    weight: ValueField = 1.0
    delay: ValueField = None
    receptor: str = "auto"
    learning: Any = None
    autapses: bool = True
    multapses: bool = True


class InputEntry(OpenEntry):
    """Samples or a stream for a population, through an encoder; further keys are the encoder's parameters."""

    population: str
    encoder: str
    data: ArrayField = None
    stream: str | None = None
    size: int | None = Field(default=None, json_schema_extra={"minimum": 1})
    present: QuantityField = None
    blank: QuantityField = 0.0
    reset: list[str] = Field(default_factory=list)


class ProbeEntry(Entry):
    """What is recorded of a population or projection."""

    target: str
    what: list[str]
    neurons: Any = None
    every: QuantityField = None


class TopEntry(Entry):
    """The keys of a scenario file outside its tables."""

    name: str | None = None
    description: str = ""
    duration: QuantityField
    timestep: QuantityField = 0.1
    seed: int = 1
    settings: dict[str, Any] = Field(default_factory=dict)
    system: dict[str, Any] = Field(default_factory=dict)
    mapping: dict[str, Any] = Field(default_factory=dict)
    run: dict[str, Any] = Field(default_factory=dict)
    population: list[Any] = Field(default_factory=list)
    projection: list[Any] = Field(default_factory=list)
    input: list[Any] = Field(default_factory=list)
    probe: list[Any] = Field(default_factory=list)


PLACEHOLDERS: Mapping[str, Any] = {
    "size": 0,
    "connect": {},
    "what": [],
    "duration": 1.0,
}
"""What stands for a required value that is missing or wrong; the rest of its table is still checked."""
E_ = TypeVar("E_", bound=Entry)


def corrected_keys(
    raw: Mapping[str, Any], model: type[Entry], where: str, collector: Collector
) -> dict[str, Any]:
    """Report misspelt keys and put the right ones in their place, so that their values are still checked.

    In a table with arguments of its own only required keys are looked for.
    """
    fields = model.model_fields
    is_open = model.model_config.get("extra") == "allow"
    result: dict[str, Any] = {}
    for key, value in raw.items():
        absent = [
            f
            for f, d in fields.items()
            if f not in raw and f not in result and (d.is_required() or not is_open)
        ]
        close = difflib.get_close_matches(key, absent, n=1, cutoff=0.6) if key not in fields else []
        if close:
            collector.add(
                f"{where}.{key}" if where else key,
                f'there is no key "{key}" here',
                f'did you mean "{close[0]}"?',
            )
        result[close[0] if close else key] = value
    return result


def read_entry(raw: Mapping[str, Any], model: type[E_], where: str, collector: Collector) -> E_:
    """Validate a table; wrong keys are reported and left out, or replaced by a placeholder."""
    kept = dict(raw)
    for _ in range(len(kept) + len(model.model_fields) + 1):
        try:
            return validated(model, kept, where)
        except DescriptionError as error:
            found = error.problems
        collector.problems += [_with_remedy(p, model, where) for p in found]
        for problem in found:
            _repair(kept, model, _parts(problem.where, where))
    raise DescriptionError(found)


def _parts(place: str, where: str) -> list[str]:
    rest = place[len(where) :].lstrip(".") if where else place
    return rest.replace("[", ".[").split(".")


def _repair(kept: dict[str, Any], model: type[Entry], parts: list[str]) -> None:
    key = parts[0]
    below = kept.get(key)
    if len(parts) > 1 and isinstance(below, dict) and parts[1] in below:
        kept[key] = {k: v for k, v in below.items() if k != parts[1]}
        return
    field = model.model_fields.get(key)
    if field is None or not field.is_required():
        kept.pop(key, None)
    else:
        kept[key] = PLACEHOLDERS.get(key, "")


def _with_remedy(problem: Problem, model: type[Entry], where: str) -> Problem:
    if problem.remedy:
        return problem
    field = model.model_fields.get(_parts(problem.where, where)[0])
    kind = getattr(field.annotation, "__name__", "value") if field else "value"
    names = {
        "str": "a text",
        "int": "a whole number",
        "list": "a list",
        "bool": "true or false",
        "dict": "a table",
    }
    return Problem(problem.where, problem.found, f"it is required: {names.get(kind, 'a value')}")
