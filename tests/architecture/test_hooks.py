"""Every hook fills its catalogue, is documented and is named by a test."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
import pytest

from spikemesh.contracts import (
    Decoder,
    Encoder,
    LearningRule,
    NeuronModel,
    ScenarioFolder,
    SystemPreset,
    hookimpl,
    hooks,
)
from spikemesh.errors import PluginError
from spikemesh.registry import Registry

ROOT = Path(__file__).parents[2]
HOOKS = {
    "spikemesh_neuron_models": "neuron model",
    "spikemesh_learning_rules": "learning rule",
    "spikemesh_encoders": "encoder",
    "spikemesh_decoders": "decoder",
    "spikemesh_systems": "system preset",
    "spikemesh_limit_rules": "limit rule",
    "spikemesh_number_formats": "number format",
    "spikemesh_partitioners": "partitioner",
    "spikemesh_placers": "placer",
    "spikemesh_routers": "router",
    "spikemesh_stores": "trace store",
    "spikemesh_scenarios": "scenario",
    "spikemesh_commands": "command",
}
"""Hook and the kind of thing it supplies."""


def function(*arguments):
    namespace = {}
    exec(f"def made({', '.join(arguments)}): pass", namespace)
    return namespace["made"]


def neuron_model():
    return type(
        "Mine",
        (NeuronModel,),
        {"name": "mine", "constants": function("p", "dt"), "step": function("s", "c", "x")},
    )


def learning_rule():
    arguments = ("w", "s", "c", "pre", "post", "third")
    body = {"name": "mine", "constants": function("p", "dt"), "on_pre": function(*arguments)}
    return type("Mine", (LearningRule,), body)


def encoder():
    arguments = ("values", "steps", "first_step", "dt", "p", "random")
    return type("Mine", (Encoder,), {"name": "mine", "encode": function(*arguments)})


def decoder():
    return type(
        "Mine",
        (Decoder,),
        {"name": "mine", "decode": function("ticks", "neurons", "size", "edges", "p")},
    )


def thing(**functions):
    """Return an object that has these functions of these arguments."""
    body = {name: staticmethod(function(*arguments)) for name, arguments in functions.items()}
    return type("Mine", (), {"name": "mine", "source": "a paper", **body})()


MADE = {
    "spikemesh_neuron_models": neuron_model,
    "spikemesh_learning_rules": learning_rule,
    "spikemesh_encoders": encoder,
    "spikemesh_decoders": decoder,
    "spikemesh_systems": lambda: SystemPreset("mine", "Mine", function("chips")),
    "spikemesh_limit_rules": lambda: thing(check=("load",)),
    "spikemesh_number_formats": lambda: thing(rounded=("onto",)),
    "spikemesh_partitioners": lambda: thing(partition=("problem",)),
    "spikemesh_placers": lambda: thing(place=("traffic", "system", "fixed", "seed")),
    "spikemesh_routers": lambda: thing(path=("source", "target", "system", "links")),
    "spikemesh_stores": lambda: thing(create=("path", "plan"), open=("path",), recover=("path",)),
    "spikemesh_scenarios": lambda: ScenarioFolder("mine", Path("mine")),
    "spikemesh_commands": lambda: click.Command("mine"),
}
"""By hook, the least that its contract asks for."""


def plugin(hook: str, supplied: object) -> ModuleType:
    module = ModuleType("plugin")

    def implementation():
        return supplied

    implementation.__name__ = hook
    setattr(module, hook, hookimpl(implementation))
    return module


def test_these_are_all_hooks():
    specified = {name for name in vars(hooks) if name.startswith("spikemesh_")}
    assert specified == set(HOOKS)


@pytest.mark.parametrize(("hook", "kind"), HOOKS.items())
def test_a_hook_fills_its_catalogue(hook, kind):
    registry = Registry()
    mine = MADE[hook]()
    registry.register(plugin(hook, [mine]), "my_plugin", "my.py")
    filled = [c for c in registry.catalogues.values() if c.items]
    assert [(c.kind, c.items, c.origins) for c in filled] == [(kind, {"mine": mine}, {"mine": "my_plugin"})]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_second_thing_of_one_name_names_both_plugins(hook):
    registry = Registry()
    registry.register(plugin(hook, [MADE[hook]()]), "first", "a.py")
    with pytest.raises(PluginError, match='"mine" of second is already supplied by first'):
        registry.register(plugin(hook, [MADE[hook]()]), "second", "b.py")


def test_a_misspelt_hook_is_refused():
    with pytest.raises(PluginError, match="spikemesh_neuron_model"):
        Registry().register(plugin("spikemesh_neuron_model", []), "typo", "typo.py")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "returned", [None, 3, {"mine": 1}, [object()], "mine"], ids=["None", "number", "table", "object", "text"]
)
def test_what_a_hook_may_not_return_is_refused(hook, returned):
    registry = Registry()
    with pytest.raises(PluginError, match=rf"plugin wrong \(w.py\): {hook}"):
        registry.register(plugin(hook, returned), "wrong", "w.py")
    assert not any(catalogue.items for catalogue in registry.catalogues.values())


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_documented(hook):
    assert f"`{hook}`" in (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
