"""JSON schema of scenario files, for editors and other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spikemesh.description.checks import DRIVES
from spikemesh.description.entries import (
    ARRAY_SCHEMA,
    VALUE_SCHEMA,
    InputEntry,
    PopulationEntry,
    ProbeEntry,
    ProjectionEntry,
    TopEntry,
)
from spikemesh.description.frozen import Frozen
from spikemesh.description.network import RULES
from spikemesh.description.rules import OPTIONAL
from spikemesh.description.run import RunSettings
from spikemesh.description.system import BASE_KEYS, MappingSettings, System

Schema = dict[str, Any]

_WHOLE = {"type": "integer", "minimum": 0}
_SHAPE = {"type": ["integer", "array"], "items": {"type": "integer"}}
_ARGUMENTS: Mapping[str, Schema] = {
    "indegree": _WHOLE,
    "outdegree": _WHOLE,
    "total": _WHOLE,
    "p": {"type": "number", "minimum": 0, "maximum": 1},
    "scale": {"type": "number", "exclusiveMinimum": 0},
    "input_shape": _SHAPE,
    "size": _SHAPE,
    "stride": _SHAPE,
    "padding": _SHAPE,
    "kernel": ARRAY_SCHEMA,
    "sources": ARRAY_SCHEMA,
    "targets": ARRAY_SCHEMA,
}


def scenario_schema(registry: Any = None) -> Schema:
    """Return the JSON schema (draft 2020-12) of a scenario file.

    Parameters
    ----------
    registry
        Loaded plugins (a ``Registry``); with them the names of models, rules, encoders and presets are listed
        and the parameters of models completed. None leaves them open.

    Returns
    -------
    dict
        The schema; a file that :func:`load_scenario` accepts is valid under it.
    """
    definitions: Schema = {}
    root = _plain(TopEntry, definitions)
    sections = {
        "population": _population(registry, definitions),
        "projection": _projection(registry, definitions),
        "input": _input(registry, definitions),
        "probe": _plain(ProbeEntry, definitions),
        "system": _system(registry, definitions),
        "mapping": _mapping(registry, definitions),
        "run": _plain(RunSettings, definitions),
    }
    properties = root["properties"]
    for name, section in sections.items():
        definitions[name] = section
        reference = {"$ref": f"#/$defs/{name}"}
        is_list = name in ("population", "projection", "input", "probe")
        properties[name] = {"type": "array", "items": reference} if is_list else reference
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "spikemesh scenario"}
    return {**head, **{k: v for k, v in root.items() if k not in ("title", "$defs")}, "$defs": definitions}


def _plain(model: type[Frozen], definitions: Schema) -> Schema:
    schema: Schema = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions.update(schema.pop("$defs", {}))
    return schema


def _named(description: str, names: Iterable[str] | None) -> Schema:
    schema: Schema = {"type": "string", "description": description}
    return schema if names is None else {**schema, "enum": sorted(names)}


def _names(registry: Any, kind: str) -> Iterable[str] | None:
    if registry is None:
        return None
    names: Mapping[str, Any] = getattr(registry, kind).items
    return names


def _population(registry: Any, definitions: Schema) -> Schema:
    schema = _plain(PopulationEntry, definitions)
    schema["properties"]["model"] = _named("Name of a neuron model", _names(registry, "neuron_models"))
    schema["properties"]["drive"] = {"type": "array", "items": {"anyOf": [_drive(kind) for kind in DRIVES]}}
    if registry is not None:
        models = sorted(registry.neuron_models.items.items())
        schema["allOf"] = [_model_values(name, model) for name, model in models]
    return schema


def _model_values(name: str, model: Any) -> Schema:
    """Complete parameters and states once the model is written."""
    tables = {"params": model.parameters, "init": model.state}
    properties = {
        key: {
            "properties": {
                n: {
                    **VALUE_SCHEMA,
                    "description": " ".join(filter(None, (d.description, d.unit and f"[{d.unit}]"))),
                }
                for n, d in declared.items()
            },
            "additionalProperties": False,
        }
        for key, declared in tables.items()
    }
    condition = {"properties": {"model": {"const": name}}, "required": ["model"]}
    return {"if": condition, "then": {"properties": properties}}


def _drive(kind: str) -> Schema:
    arguments = {key: {"type": "string"} if key == "receptor" else VALUE_SCHEMA for key in DRIVES[kind]}
    return {
        "type": "object",
        "properties": {"encoder": {"const": kind}, **arguments},
        "required": ["encoder", *(key for key in DRIVES[kind] if key != "receptor")],
        "additionalProperties": False,
    }


def _connect(rule: str) -> Schema:
    arguments = {key: _ARGUMENTS[key] for key in RULES[rule]}
    needed = [key for key in RULES[rule] if key not in OPTIONAL]
    schema: Schema = {
        "type": "object",
        "properties": {"rule": {"const": rule}, **arguments},
        "required": ["rule", *needed],
        "additionalProperties": False,
    }
    if rule == "explicit":
        schema["properties"]["file"] = {
            "type": "string",
            "description": "File with arrays sources and targets",
        }
        schema["required"] = ["rule"]
        schema["anyOf"] = [{"required": ["file"]}, {"required": ["sources", "targets"]}]
    return schema


def _projection(registry: Any, definitions: Schema) -> Schema:
    schema = _plain(ProjectionEntry, definitions)
    bare = [rule for rule, arguments in RULES.items() if not arguments]
    schema["properties"]["connect"] = {"anyOf": [{"enum": bare}, *(_connect(rule) for rule in RULES)]}
    rule = _named("Name of a learning rule", _names(registry, "learning_rules"))
    schema["properties"]["learning"] = {
        "anyOf": [rule, {"type": "object", "properties": {"rule": rule}, "required": ["rule"]}]
    }
    if registry is not None:
        extras = {key for model in registry.neuron_models.items.values() for key in model.weight_arguments}
        schema["properties"].update(
            {key: {"type": ["number", "string", "boolean"]} for key in sorted(extras)}
        )
        schema["additionalProperties"] = False
    return schema


def _input(registry: Any, definitions: Schema) -> Schema:
    schema = _plain(InputEntry, definitions)
    schema["properties"]["encoder"] = _named("Name of an encoder", _names(registry, "encoders"))
    schema["oneOf"] = [{"required": ["data"]}, {"required": ["stream"]}]
    return schema


def _system(registry: Any, definitions: Schema) -> Schema:
    inner: Schema = {}
    schema: Schema = _with_quantities(_plain(System, inner))
    definitions.update({name: _with_quantities(part) for name, part in inner.items()})
    schema.pop("required", None)
    presets = _names(registry, "systems")
    for key in BASE_KEYS:
        what = "TOML file with a system" if key == "file" else "Name of a preset, which the other keys change"
        schema["properties"][key] = _named(what, None if key == "file" else presets)
    chips = {"type": ["integer", "array"], "items": {"type": "integer", "minimum": 1}}
    schema["properties"]["chips"] = {**chips, "description": "Number of chips, or the shape of their grid"}
    return schema


def _with_quantities(schema: Any) -> Any:
    """Let every number also be text with a unit, and every table be given in part."""
    if isinstance(schema, list):
        return [_with_quantities(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {
        k: _with_quantities(v) for k, v in schema.items() if not (k == "required" and isinstance(v, list))
    }
    if changed.get("type") == "number":
        changed["type"] = ["number", "string"]
    return changed


def _mapping(registry: Any, definitions: Schema) -> Schema:
    schema = _plain(MappingSettings, definitions)
    for key, kind in (("partition", "partitioners"), ("place", "placers"), ("route", "routers")):
        default = schema["properties"][key].get("default")
        schema["properties"][key] = {
            **_named(f"Name of a {kind[:-1]}", _names(registry, kind)),
            "default": default,
        }
    return schema
