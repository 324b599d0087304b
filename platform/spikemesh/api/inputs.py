"""What users give to a run, as what a run takes: networks, settings and durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.description.builder import Network
from spikemesh.description.network import NetworkDescription
from spikemesh.description.run import RunSettings
from spikemesh.description.values import Quantity
from spikemesh.errors import InputError, Problem
from spikemesh.registry import Registry
from spikemesh.registry.bind import bind
from spikemesh.units import magnitude, whole_steps


def bound_network(network: Network | NetworkDescription | BoundNetwork, registry: Registry) -> BoundNetwork:
    """Bind a network, unless it is bound already."""
    if isinstance(network, BoundNetwork):
        return network
    return bind(network.describe() if isinstance(network, Network) else network, registry)


def changed_settings(settings: RunSettings, given: Mapping[str, Any]) -> RunSettings:
    """Put what is given, and not None, in place of settings."""
    from spikemesh.description.frozen import validated

    return validated(
        RunSettings, {**settings.model_dump(), **{k: v for k, v in given.items() if v is not None}}, "run"
    )


def steps_of(duration: Quantity, timestep_ms: float) -> int:
    """Return the steps of a stretch of model time.

    Raises
    ------
    InputError
        If it is negative, or no whole number of steps.
    UnitError
        If it is not a time.
    """
    steps = whole_steps(magnitude(duration, "ms", "duration"), timestep_ms, "duration")
    if steps < 0:
        raise InputError(Problem("duration", f"{duration!r} is negative", "0 ms or more"))
    return steps
