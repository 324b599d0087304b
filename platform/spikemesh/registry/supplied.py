"""Checks of what a hook returns: a list of things of its kind, with the functions of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spikemesh.contracts.coding import Decoder, Encoder
from spikemesh.contracts.declared import check_arguments, check_name
from spikemesh.contracts.learning import LearningRule
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.contracts.scenario import ScenarioFolder
from spikemesh.contracts.stream import StreamEncoder
from spikemesh.contracts.system import SystemPreset
from spikemesh.errors import PluginError

CLASSES: Mapping[str, tuple[type, ...]] = {
    "spikemesh_neuron_models": (NeuronModel,),
    "spikemesh_learning_rules": (LearningRule,),
    "spikemesh_encoders": (Encoder, StreamEncoder),
    "spikemesh_decoders": (Decoder,),
}
"""By hook: the classes whose subclasses it returns."""

OBJECTS: Mapping[str, type] = {
    "spikemesh_systems": SystemPreset,
    "spikemesh_scenarios": ScenarioFolder,
}
"""By hook: the class whose instances it returns."""

FUNCTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "spikemesh_systems": {"make": ("chips",)},
    "spikemesh_limit_rules": {"check": ("load",)},
    "spikemesh_number_formats": {"rounded": ("onto",)},
    "spikemesh_partitioners": {"partition": ("problem",)},
    "spikemesh_placers": {"place": ("traffic", "system", "fixed", "seed")},
    "spikemesh_routers": {"path": ("source", "target", "system", "links")},
    "spikemesh_stores": {"create": ("path", "plan"), "open": ("path",), "recover": ("path",)},
}
"""By hook: functions that what it returns must have, and their arguments."""

TEXTS: Mapping[str, tuple[str, ...]] = {
    "spikemesh_systems": ("summary",),
    "spikemesh_limit_rules": ("source",),
    "spikemesh_number_formats": ("source",),
}
"""By hook: texts that what it returns must bear."""


def checked(hook: str, kind: str, returned: object, who: str) -> list[Any]:
    """Return what a hook supplies as a list, or refuse it.

    Parameters
    ----------
    hook, kind
        The hook and the kind of thing that it supplies.
    returned
        What it returned.
    who
        The plugin.

    Raises
    ------
    PluginError
        Naming plugin, hook and what is wrong with which thing.
    """
    if returned is None or isinstance(returned, str | Mapping) or not isinstance(returned, Iterable):
        raise PluginError(f"{who}: {hook} returned {returned!r}; it must return a list")
    items = list(returned)
    for item in items:
        try:
            _check(hook, kind, item)
        except PluginError as error:
            raise PluginError(f"{who}: {hook}: {error}") from None
    return items


def _check(hook: str, kind: str, item: Any) -> None:
    contracts = CLASSES.get(hook, ())
    if contracts and not (isinstance(item, type) and issubclass(item, contracts)):
        instance = f", as in [{type(item).__name__}]" if isinstance(item, contracts) else ""
        names = " or ".join(contract.__name__ for contract in contracts)
        raise PluginError(f"{item!r} is no {kind}; return classes derived from {names}{instance}")
    kept = OBJECTS.get(hook)
    if kept is not None and not isinstance(item, kept):
        raise PluginError(f"{item!r} is no {kind}; return objects of {kept.__name__}")
    if not contracts and isinstance(item, type):
        raise PluginError(f"{item.__name__} is a class; return an object, as in [{item.__name__}()]")
    made = item if isinstance(item, type) else type(item)
    what = f"{kind} {getattr(item, 'name', None) or made.__name__}"
    if hook != "spikemesh_commands":
        check_name(what, getattr(item, "name", None))
    for name in TEXTS.get(hook, ()):
        if not isinstance(getattr(item, name, None), str):
            raise PluginError(f"{what} has no {name}; it must be a text")
    for name, arguments in FUNCTIONS.get(hook, {}).items():
        if not hasattr(item, name):
            raise PluginError(f"{what} has no function {name}({', '.join(arguments)})")
        check_arguments(what, name, getattr(item, name), arguments)
    if hook == "spikemesh_commands" and not callable(getattr(item, "main", None)):
        raise PluginError(f"{item!r} is no {kind}; return click commands")
