"""Every hook fills its catalogue, is documented and is named by a test."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from spikemesh.contracts import hookimpl, hooks
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
    "spikemesh_partitioners": "partitioner",
    "spikemesh_placers": "placer",
    "spikemesh_routers": "router",
    "spikemesh_stores": "trace store",
    "spikemesh_scenarios": "scenario",
    "spikemesh_commands": "command",
}
"""Hook and the kind of thing it supplies."""


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
    thing = SimpleNamespace(name="mine")
    registry.register(plugin(hook, [thing]), "my_plugin", "my.py")
    filled = [c for c in registry.catalogues.values() if c.items]
    assert [(c.kind, c.items, c.origins) for c in filled] == [(kind, {"mine": thing}, {"mine": "my_plugin"})]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_second_thing_of_one_name_names_both_plugins(hook):
    registry = Registry()
    registry.register(plugin(hook, [SimpleNamespace(name="mine")]), "first", "a.py")
    with pytest.raises(PluginError, match='"mine" of second is already supplied by first'):
        registry.register(plugin(hook, [SimpleNamespace(name="mine")]), "second", "b.py")


def test_a_misspelt_hook_is_refused():
    with pytest.raises(PluginError, match="spikemesh_neuron_model"):
        Registry().register(plugin("spikemesh_neuron_model", []), "typo", "typo.py")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_documented(hook):
    assert f"`{hook}`" in (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
