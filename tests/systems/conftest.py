"""Networks mapped onto presets, and what does not fit."""

from __future__ import annotations

import pytest

import spikemesh as sm
from spikemesh.api.mapped import Mapped
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings
from spikemesh.errors import MappingError
from spikemesh.registry.bind import bind
from spikemesh.registry.shared import shared_registry


def map_onto(net, preset, chips=(1, 1), pin=None, **changes):
    """Return the report of a network on a preset, of which keys of the ``[system]`` table may be changed."""
    system = sm.System.preset(preset, chips=chips, **changes)
    registry = shared_registry()
    mapping = MappingSettings(pin=pin or {})
    return Mapped(
        bind(net.describe(), registry), system, mapping, RunSettings(), registry, simulated=False
    ).report


def exceeded_limits(*arguments, **options):
    """Return every problem as text."""
    try:
        return [str(problem) for problem in map_onto(*arguments, **options).problems()]
    except MappingError as error:
        return [str(problem) for problem in error.problems]


@pytest.fixture(scope="session")
def mapped():
    """Return ``mapped(net, preset, chips, pin, **changes)``."""
    return map_onto


@pytest.fixture(scope="session")
def exceeded():
    """Return ``exceeded(net, preset, chips, pin, **changes)``: problems as text, none if it fits."""
    return exceeded_limits
