"""A neuron model in its compiled loop and in plain Python, side by side on the same inputs."""

from __future__ import annotations

import ctypes
import math
from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikemesh.contracts.neuron import NeuronModel
from spikemesh.engine.raised import last_raised, listen
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels import generate
from spikemesh.kernels.compile import neuron_kernel
from spikemesh.testing.values import constants_of

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


@dataclass(frozen=True, eq=False)
class Stimulus:
    """What reaches some neurons, step by step.

    Attributes
    ----------
    inputs : ndarray of int64, shape (receptors, steps, neurons)
        In units of ``unit``.
    unit
        Weight of one unit, a power of two; 1 for models in integers.
    current : ndarray of float64, shape (steps, neurons)
        Injected current.
    draws : ndarray of uint32, shape (draws, steps, neurons)
        Random numbers times 2^32.
    """

    inputs: IntArray
    unit: float
    current: FloatArray
    draws: AnyArray

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return int(self.current.shape[0])


@dataclass(eq=False)
class Course:
    """Spikes (steps, neurons) and, by name, states at the end of every step (steps, neurons)."""

    spiked: AnyArray
    state: dict[str, AnyArray] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Spikes per neuron and step."""
        return float(self.spiked.mean())

    @property
    def finite(self) -> bool:
        """Whether all states are finite numbers."""
        return all(bool(np.isfinite(values).all()) for values in self.state.values())


def stimulus(
    model: type[NeuronModel],
    amplitude: float,
    steps: int,
    neurons: int,
    seed: int = 1,
    current: float | None = None,
    density: float = 0.3,
) -> Stimulus:
    """Draw random inputs.

    Parameters
    ----------
    model
        The model.
    amplitude
        Largest weight that arrives.
    steps, neurons, seed
        How many, and of the draw.
    current
        Largest injected current; None: as the weights.
    density
        Part of the steps in which something arrives at a receptor.
    """
    random = np.random.default_rng(seed)
    integer = model.arithmetic == "int64"
    shape = (len(model.receptors), steps, neurons)
    unit = 1.0 if integer else 2.0 ** (math.ceil(math.log2(amplitude)) - 20)
    most = max(1, round(amplitude / unit))
    inputs = random.integers(0, most + 1, shape) * (random.random(shape) < density)
    if model.receptor_kind == "current":
        for k, name in enumerate(model.receptors):
            if "in" in name:
                inputs[k] = -(inputs[k] // 2)
    flow = amplitude if current is None else current
    injected = flow * random.random((steps, neurons))
    draws = random.integers(0, 2**32, (len(model.draws), steps, neurons), dtype=np.uint32)
    return Stimulus(inputs, unit, np.rint(injected) if integer else injected, draws)


def initial_state(model: type[NeuronModel], values: Mapping[str, Any], neurons: int) -> AnyArray:
    """Return the initial state, shape (variables, neurons), in the model's arithmetic."""
    kind = np.int64 if model.arithmetic == "int64" else np.float64
    state = np.zeros((len(model.state), neurons), dtype=kind)
    for row, declared in zip(state, model.state.values(), strict=True):
        initial = declared.initial
        row[:] = values[initial] if isinstance(initial, str) else initial
    return state


class CompiledNeurons:
    """Neurons in the loop that runs share, called step by step.

    Parameters
    ----------
    model, values, dt
        The model, its parameters (numbers, or one a neuron) and the time step in ms.
    neurons
        How many.
    """

    def __init__(self, model: type[NeuronModel], values: Mapping[str, Any], dt: float, neurons: int) -> None:
        self.model, self.neurons = model, neurons
        kind = np.int64 if model.arithmetic == "int64" else np.float64
        constants = constants_of(model, values, dt)
        assert constants is not None, "constants() gives no numbers for these parameters"
        shared = tuple(np.ndim(value) == 0 for value in constants.values())
        self.state = initial_state(model, values, neurons)
        self._constants = np.concatenate(
            [np.zeros(0, kind), *(np.atleast_1d(np.asarray(v)).astype(kind) for v in constants.values()), [0]]
        ).astype(kind)
        self._inputs = np.zeros((max(1, len(model.receptors)), neurons), dtype=np.int64)
        self._current = np.zeros(neurons)
        self._draws = np.zeros((max(1, len(model.draws)), 4, neurons), dtype=np.uint32)
        self._scales = np.ones(len(model.receptors) + 1)
        self._fired = np.zeros(neurons, dtype=np.uint8)
        self._rows = np.array([row.ctypes.data for row in self._inputs], dtype=np.int64)
        self._call = _CALL(neuron_kernel(model, shared, tuple(constants), current=True))
        block = np.zeros(generate.POPULATION_WORDS, dtype=np.int64)
        block[generate.SIZE] = neurons
        block[generate.STATE] = self.state.ctypes.data
        block[generate.CONSTANTS] = self._constants.ctypes.data
        block[generate.INPUTS] = self._rows.ctypes.data
        block[generate.SCALES] = self._scales.ctypes.data
        block[generate.CURRENT] = self._current.ctypes.data
        block[generate.DRAWS] = self._draws.ctypes.data
        block[generate.FIRED] = self._fired.ctypes.data
        self._block = block

    def step(self, given: Stimulus, k: int) -> AnyArray:
        """Take step k of a stimulus; return who spiked.

        Raises
        ------
        AssertionError
            If the model raised.
        """
        self._scales[:] = given.unit
        if given.inputs.shape[0]:
            self._inputs[:] = given.inputs[:, k]
        self._current[:] = given.current[k]
        if given.draws.shape[0]:
            self._draws[:, 0] = given.draws[:, k] ^ np.uint32(0x80000000)
        self.again()
        return self._fired

    def again(self) -> None:
        """Take a step with whatever inputs there are."""
        self._call(self._block.ctypes.data, 0)
        assert not self._block[generate.RAISED], f"step raised {last_raised()}"

    def run(self, given: Stimulus) -> Course:
        """Take all steps of a stimulus."""
        listen()
        course = _empty(self.model, given.steps, self.neurons)
        for k in range(given.steps):
            course.spiked[k] = self.step(given, k)
            for row, name in zip(self.state, self.model.state, strict=True):
                course.state[name][k] = row
        return course


def _empty(model: type[NeuronModel], steps: int, neurons: int) -> Course:
    kind = np.int64 if model.arithmetic == "int64" else np.float64
    state = {name: np.zeros((steps, neurons), dtype=kind) for name in model.state}
    return Course(np.zeros((steps, neurons), dtype=np.uint8), state)


def run_plain(model: type[NeuronModel], values: Mapping[str, Any], dt: float, given: Stimulus) -> Course:
    """Take all steps of a stimulus in plain Python, one neuron after the other."""
    neurons = given.current.shape[1]
    constants = constants_of(model, values, dt)
    assert constants is not None, "constants() gives no numbers for these parameters"
    number: Any = int if model.arithmetic == "int64" else float
    columns = [np.broadcast_to(np.asarray(v), (neurons,)) for v in constants.values()]
    start = initial_state(model, values, neurons)
    course = _empty(model, given.steps, neurons)
    make_s, make_x = _tuple("S", model.state), _tuple("X", (*model.receptors, "current", *model.draws))
    make_c = _tuple("C", constants)
    for i in range(neurons):
        c = make_c(*(number(column[i]) for column in columns))
        s = make_s(*(number(value) for value in start[:, i]))
        for k in range(given.steps):
            arriving = [number(given.inputs[r, k, i] * given.unit) for r in range(len(model.receptors))]
            drawn = [_uniform(int(given.draws[d, k, i])) for d in range(len(model.draws))]
            new, spiked = model.step(s, c, make_x(*arriving, number(given.current[k, i]), *drawn))
            assert len(new) == len(model.state), (
                f"step returned {len(new)} values of new state where {len(model.state)} are declared"
            )
            s = make_s(*new)
            course.spiked[k, i] = bool(spiked)
            for name, value in zip(model.state, new, strict=True):
                course.state[name][k, i] = value
    return course


def _uniform(bits: int) -> float:
    return (bits - 2**31) * (1.0 / 4294967296.0) + 0.5


def _tuple(name: str, fields: Sequence[str] | Mapping[str, Any]) -> Any:
    return namedtuple(name, list(fields)) if fields else _nothing


def _nothing(*_: Any) -> tuple[()]:
    return ()


def lively(model: type[NeuronModel], values: Mapping[str, Any], dt: float) -> tuple[float, float]:
    """Find the weight under which neurons spike now and then.

    Returns
    -------
    amplitude
        Largest weight to send.
    rate
        Spikes per neuron and step under it; 0 if no weight makes them spike.
    """
    found = (1.0, 0.0)
    for amplitude in 4.0 ** np.arange(-4 if model.arithmetic == "float64" else 0, 10):
        course = CompiledNeurons(model, values, dt, 8).run(stimulus(model, float(amplitude), 300, 8))
        rate = course.rate
        if course.finite and abs(rate - 0.05) < abs(found[1] - 0.05):
            found = (float(amplitude), rate)
    return found
