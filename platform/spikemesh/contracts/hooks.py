"""The hooks a plugin may implement. Each returns a list and is called once, at start.

A plugin is a module (found by an entry point of group ``spikemesh``, or a file given with
``--plugin``) that decorates functions of these names with :data:`hookimpl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from spikemesh.contracts.coding import Decoder, Encoder
    from spikemesh.contracts.learning import LearningRule
    from spikemesh.contracts.limits import LimitRule
    from spikemesh.contracts.mapping import Partitioner, Placer, Router
    from spikemesh.contracts.neuron import NeuronModel
    from spikemesh.contracts.numerics import NumberFormat
    from spikemesh.contracts.scenario import ScenarioFolder
    from spikemesh.contracts.stream import StreamEncoder
    from spikemesh.contracts.system import SystemPreset
    from spikemesh.contracts.trace import TraceStore

PROJECT = "spikemesh"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Decorator that marks a plugin's function as the implementation of a hook."""


@hookspec
def spikemesh_neuron_models() -> list[type[NeuronModel]]:  # type: ignore[empty-body]
    """Return neuron model classes (sources included)."""


@hookspec
def spikemesh_learning_rules() -> list[type[LearningRule]]:  # type: ignore[empty-body]
    """Return learning rule classes."""


@hookspec
def spikemesh_encoders() -> list[type[Encoder] | type[StreamEncoder]]:  # type: ignore[empty-body]
    """Return encoder classes, of samples and of streams."""


@hookspec
def spikemesh_decoders() -> list[type[Decoder]]:  # type: ignore[empty-body]
    """Return decoder classes."""


@hookspec
def spikemesh_systems() -> list[SystemPreset]:  # type: ignore[empty-body]
    """Return system presets."""


@hookspec
def spikemesh_limit_rules() -> list[LimitRule]:  # type: ignore[empty-body]
    """Return limit rules, which chips name among their ``rules``."""


@hookspec
def spikemesh_number_formats() -> list[NumberFormat]:  # type: ignore[empty-body]
    """Return number formats of weights, one of which a chip names as its ``format``."""


@hookspec
def spikemesh_partitioners() -> list[Partitioner]:  # type: ignore[empty-body]
    """Return partitioners."""


@hookspec
def spikemesh_placers() -> list[Placer]:  # type: ignore[empty-body]
    """Return placers."""


@hookspec
def spikemesh_routers() -> list[Router]:  # type: ignore[empty-body]
    """Return routers."""


@hookspec
def spikemesh_stores() -> list[TraceStore]:  # type: ignore[empty-body]
    """Return trace stores."""


@hookspec
def spikemesh_scenarios() -> list[ScenarioFolder]:  # type: ignore[empty-body]
    """Return scenario folders."""


@hookspec
def spikemesh_commands() -> list[click.Command]:  # type: ignore[empty-body]
    """Return commands to add to the ``spikemesh`` command line."""
