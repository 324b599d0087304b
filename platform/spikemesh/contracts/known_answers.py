"""Known answers that a plugin declares, to be checked by the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Input = float | Mapping[int, float]
"""The same in every step, or by tick."""


@dataclass(frozen=True)
class NeuronAnswer:
    """What one neuron does.

    Attributes
    ----------
    title, source
        What is asked, and where the answer comes from: a paper with equation or figure, or ``by hand``.
    dt, steps
        Time step in ms, and how many are run.
    params, init
        Parameters and initial state that differ from the defaults.
    inputs
        By receptor, or ``current``: the sum of the weights that arrive at a tick; the current of the step that ends
        at it.
    draws
        By name: the random number of every step.
    spikes
        Ticks of all spikes; None: not asked.
    state
        By state variable: value at the end of the step that ends at a tick, after reset.
    rel, absolute
        Tolerances of the state.
    """

    title: str
    source: str
    dt: float
    steps: int
    params: Mapping[str, float | str] = field(default_factory=dict)
    init: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    draws: Mapping[str, float] = field(default_factory=dict)
    spikes: tuple[int, ...] | None = None
    state: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    rel: float = 1e-9
    absolute: float = 1e-12


@dataclass(frozen=True)
class SynapseAnswer:
    """What one synapse does.

    Attributes
    ----------
    title, source
        As of a neuron.
    dt, steps
        Time step in ms, and how many are run.
    pre, post
        Ticks at which pre-synaptic spikes arrive, and of the post-synaptic spikes.
    weight, w_max
        Initial weight and largest weight.
    params
        Parameters that differ from the defaults.
    third
        Third factor by the tick from which it holds.
    expected
        The weight at the end.
    rel, absolute
        Tolerances.
    """

    title: str
    source: str
    dt: float
    steps: int
    pre: tuple[int, ...]
    post: tuple[int, ...]
    weight: float
    expected: float
    w_max: float = 1.0
    params: Mapping[str, float | str] = field(default_factory=dict)
    third: Mapping[int, float] = field(default_factory=dict)
    rel: float = 1e-9
    absolute: float = 1e-12
