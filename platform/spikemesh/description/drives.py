"""Stimuli that belong to a population, and the use of a learning rule, as a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spikemesh.description.network import LearningUse
from spikemesh.description.values import value_from


@dataclass(frozen=True, eq=False)
class DriveSpec:
    """A stimulus that is not yet given to a population; see :meth:`Network.drive`."""

    encoder: str
    arguments: Mapping[str, Any]

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return f"{self.encoder}({shown})"


def poisson(rate: Any, weight: Any, receptor: str = "auto") -> DriveSpec:
    """Give every neuron Poisson spikes of its own, straight onto its receptor.

    Parameters
    ----------
    rate
        Mean rate: number in Hz, quantity (``"8.5 kHz"``), array of one rate per neuron, or distribution.
    weight
        Weight of each spike, in the unit of the target model's weights.
    receptor
        Name of a receptor; ``auto`` takes ``exc`` for a positive weight and ``inh`` for a negative one.
    """
    return DriveSpec(
        "poisson",
        {"rate": value_from(rate, "rate"), "weight": value_from(weight, "weight"), "receptor": receptor},
    )


def steps(times: Any, currents: Any) -> DriveSpec:
    """Change a current at given times; it holds in between and is zero before the first.

    Parameters
    ----------
    times
        Rising times in ms, whole numbers of steps.
    currents
        Currents in pA, shape (times,), or (times, neurons).
    """
    return DriveSpec(
        "steps", {"times": value_from(times, "times"), "currents": value_from(currents, "currents")}
    )


def constant_current(current: Any) -> DriveSpec:
    """Apply a constant current in pA: number, quantity, array of one value per neuron, or distribution."""
    return DriveSpec("constant_current", {"current": value_from(current, "current")})


def rule(name: str, **params: Any) -> LearningUse:
    """Use a learning rule by name with its parameters, for ``connect(..., learning=rule(...))``."""
    return LearningUse(name, {key: value_from(value, key) for key, value in params.items()})
