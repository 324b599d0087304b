"""A slow, readable simulator of one neuron and of one synapse, exactly as the contracts say.

``simulate`` and ``learn`` are fixtures, so that the same known answers can be asked of another engine.
"""

from __future__ import annotations

import itertools
import math
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spikemesh.contracts import LearningRule, NeuronModel, Parameter

Input = Mapping[int, float] | Sequence[float] | Callable[[int], float] | float | None


@dataclass
class Recording:
    """Ticks of spikes, and per state variable its value at the end of steps 1, 2, ..."""

    spikes: list[int]
    values: dict[str, np.ndarray]


def parameters(declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> SimpleNamespace:
    """Given values over defaults; a default may name another parameter."""
    unknown = set(given) - set(declared)
    assert not unknown, f"no such parameters: {unknown}"
    values = {name: given.get(name, p.default) for name, p in declared.items()}
    for name, p in declared.items():
        if name not in given and not p.choices and not p.text and isinstance(p.default, str):
            values[name] = values[p.default]
    return SimpleNamespace(**values)


@cache
def record_type(name: str, fields: tuple[str, ...]) -> type:
    return namedtuple(name, fields)


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    # Imported here and in this order: the kernels configure numba, which must precede its import.
    from spikemesh.kernels.accelerate import OPTIONS  # isort: skip
    import numba

    jitted: Callable[..., Any] = numba.jit(**OPTIONS)(function)
    return jitted


def at(source: Input, index: int) -> float:
    if source is None:
        return 0
    if isinstance(source, Mapping):
        return source.get(index, 0)
    if callable(source):
        return source(index)
    if isinstance(source, int | float):
        return source
    return source[index]


def initial_state(
    declared: Mapping[str, Any], given: Mapping[str, Any], named: Mapping[str, Any]
) -> list[Any]:
    return [
        given.get(n, named[d.initial] if isinstance(d.initial, str) else d.initial)
        for n, d in declared.items()
    ]


def run_neuron(
    step: Callable[..., Any],
    model: type[NeuronModel],
    params: Mapping[str, Any],
    dt: float,
    steps: int,
    *,
    exc: Input = None,
    inh: Input = None,
    current: Input = None,
    draws: Mapping[str, Sequence[float]] | None = None,
    arriving: Mapping[str, Input] | None = None,
    init: Mapping[str, Any] | None = None,
    record: Iterable[str] = (),
) -> Recording:
    """Run one neuron.

    exc, inh, or by receptor arriving: summed weights by the tick at which they arrive.
    current: by the tick at which the step starts.
    """
    number: Callable[[Any], Any] = int if model.arithmetic == "int64" else float
    p = parameters(model.parameters, params)
    constants = model.constants(p, dt)
    c = record_type("C", tuple(constants))(*(number(v) for v in constants.values()))
    state_type = record_type("S", tuple(model.state))
    input_type = record_type("X", (*model.receptors, "current", *model.draws))
    arriving = {"exc": exc, "inh": inh} if arriving is None else arriving
    s = state_type(*(number(v) for v in initial_state(model.state, init or {}, vars(p))))
    recording = Recording([], {name: np.zeros(steps, dtype=number) for name in record})
    for tick in range(1, steps + 1):
        sums = [number(at(arriving.get(r), tick)) for r in model.receptors]
        random = [float((draws or {})[d][tick - 1]) for d in model.draws]
        new, spiked = step(s, c, input_type(*sums, number(at(current, tick - 1)), *random))
        s = state_type(*new)
        if spiked:
            recording.spikes.append(tick)
        for name, values in recording.values.items():
            values[tick - 1] = getattr(s, name)
    return recording


def drawn(function: str, tick: int, name: str) -> float:
    """Random number of a synapse, keyed as the contract says."""
    return float(np.random.default_rng([11, tick, *name.encode(), 0, *function.encode()]).random())


class Synapse:
    """One synapse in a step: what its rule's functions see, and are called with."""

    def __init__(
        self,
        rule: type[LearningRule],
        p: SimpleNamespace,
        dt: float,
        reads: Mapping[str, Input],
        draws: Callable[[str, int, str], float],
        by: Callable[..., Any],
    ) -> None:
        self.rule, self.reads, self.draws, self.by = rule, reads, draws, by
        self.constants = {**rule.constants(p, dt), **({"t": 0.0} if rule.timed else {})}
        self.c = record_type("C", tuple(self.constants))(*(float(v) for v in self.constants.values()))
        self.x = dict.fromkeys(rule.pre, 0.0)
        self.of = {n: reads[t.of] for n, t in rule.post.items() if t.of is not None}
        self.y = {n: float(at(self.of[n], 0)) if n in self.of else 0.0 for n in rule.post}
        taus = {t.tau: getattr(p, t.tau) for t in (*rule.pre.values(), *rule.post.values())}
        self.decay = {name: math.exp(-dt / tau) if tau else 0.0 for name, tau in taus.items()}
        self.tick, self.w, self.s = 0, 0.0, ()

    def begin(self, tick: int) -> None:
        """Let traces decay to the end of a step."""
        self.tick = tick
        if self.rule.timed:
            self.c = self.c._replace(t=float(tick))
        for side, declared in ((self.x, self.rule.pre), (self.y, self.rule.post)):
            for name, trace in declared.items():
                side[name] *= 1.0 if name in self.of else self.decay[trace.tau]

    def call(self, name: str, third: float, *more: Any) -> Any:
        """Call a function of the rule."""
        rule, early = self.rule, name in ("on_pre", "transmit")
        read = (float(at(self.reads[n], self.tick - early)) for n in rule.reads)
        before = record_type("Pre", tuple(rule.pre))(*self.x.values())
        after = record_type("Post", (*rule.post, *rule.reads))(*self.y.values(), *read)
        if rule.draws:
            drawing = "on_pre" if name == "transmit" else name
            numbers = (self.draws(drawing, self.tick, n) for n in rule.draws)
            more = (*more, record_type("U", tuple(rule.draws))(*numbers))
        return self.by(getattr(rule, name))(self.w, self.s, self.c, before, after, third, *more)

    def end(self, arrived: bool, spiked: bool) -> None:
        """Let traces take in the step."""
        sides = ((self.x, self.rule.pre, arrived), (self.y, self.rule.post, spiked))
        for side, declared, due in sides:
            for name, trace in declared.items():
                if name in self.of:
                    side[name] += (float(at(self.of[name], self.tick)) - side[name]) * (
                        1.0 - self.decay[trace.tau]
                    )
                elif due:
                    side[name] = 1.0 if trace.on_spike == "set" else side[name] + 1.0


def run_synapse(
    visit_clock: Callable[..., Any],
    rule: type[LearningRule],
    params: Mapping[str, Any],
    dt: float,
    steps: int,
    *,
    pre: Iterable[int] = (),
    post: Iterable[int] = (),
    w: float = 0.5,
    w_max: float = 1.0,
    init: Mapping[str, float] | None = None,
    third: Input = None,
    reads: Mapping[str, Input] | None = None,
    draws: Callable[[str, int, str], float] = drawn,
    by: Callable[..., Any] = lambda function: function,
) -> Recording:
    """Run one synapse between given spike trains (ticks); records ``w``, the state and what was delivered.

    reads: states of the neuron by tick, the value at 0 is the initial one. draws: function, tick, name to
    number. by: compiles the rule's functions.
    """
    p = parameters(rule.parameters, {**params, "w_max": w_max} if "w_max" in rule.parameters else params)
    p.w_max = w_max
    rule = rule if rule.specialised is None else rule.specialised(p)
    synapse = Synapse(rule, p, dt, reads or {}, draws, by)
    state_type = record_type("S", tuple(rule.state))
    synapse.w = w
    synapse.s = state_type(
        *(float(v) for v in initial_state(rule.state, init or {}, {**vars(p), "weight": w}))
    )
    arrivals, stamps = set(pre), set(post)
    recording = Recording([], {name: np.zeros(steps) for name in ("w", *rule.state, "delivered")})
    clock = visit_clock(rule, synapse.constants)
    delivered = 0.0
    for tick in range(1, steps + 1):
        synapse.begin(tick)
        factor = float(at(third, tick))
        for function, due in (("on_pre", tick in arrivals), ("on_post", tick in stamps)):
            if due and getattr(rule, function) is not None:
                synapse.w, new = synapse.call(function, factor)
                synapse.s = state_type(*new)
            if due and function == "on_pre":
                delivered = synapse.call("transmit", factor) if rule.transmit else synapse.w
        for name, value, missed in clock.due(tick, factor):
            synapse.w, new = synapse.call(name, value, *(() if name == "on_step" else (missed,)))
            changed = rule.visits[name].state if name in rule.visits else None
            named = rule.state if changed is None else changed
            synapse.s = synapse.s._replace(**dict(zip(named, new, strict=True)))
        synapse.end(tick in arrivals, tick in stamps)
        for name, value in zip(recording.values, (synapse.w, *synapse.s, delivered), strict=True):
            recording.values[name][tick - 1] = value
    return recording


@pytest.fixture(params=["python", "compiled"])
def simulate(request: pytest.FixtureRequest) -> Callable[..., Recording]:
    """``simulate(model, params, dt, steps, exc=, inh=, current=, draws=, init=, record=)``."""

    def run(model: type[NeuronModel], *args: Any, **kwargs: Any) -> Recording:
        step = compiled(model.step) if request.param == "compiled" else model.step
        return run_neuron(step, model, *args, **kwargs)

    return run


@pytest.fixture
def simulate_both() -> Callable[..., tuple[Recording, Recording]]:
    """As ``simulate``; returns the run of plain Python and that of compiled code."""

    def run(model: type[NeuronModel], *args: Any, **kwargs: Any) -> tuple[Recording, Recording]:
        return run_neuron(model.step, model, *args, **kwargs), run_neuron(
            compiled(model.step), model, *args, **kwargs
        )

    return run


@pytest.fixture
def learn(visit_clock: Callable[..., Any]) -> Callable[..., Recording]:
    """``learn(rule, params, dt, steps, pre=, post=, w=, w_max=, init=, third=, reads=, draws=)``."""
    return partial(run_synapse, visit_clock)


@pytest.fixture
def learn_both(visit_clock: Callable[..., Any]) -> Callable[..., tuple[Recording, Recording]]:
    """As ``learn``; returns the run of plain Python and that of compiled code."""

    def run(*args: Any, **kwargs: Any) -> tuple[Recording, Recording]:
        return run_synapse(visit_clock, *args, **kwargs), run_synapse(
            visit_clock, *args, **kwargs, by=compiled
        )

    return run


@pytest.fixture
def constants_of() -> Callable[..., Mapping[str, Any]]:
    """``constants_of(model, dt, **params)``."""

    def derive(model: Any, dt: float, **params: Any) -> Mapping[str, Any]:
        result: Mapping[str, Any] = model.constants(parameters(model.parameters, params), dt)
        return result

    return derive


class StepRandom:
    """Random numbers keyed by the absolute step."""

    def __init__(self, neurons: int) -> None:
        self.neurons = neurons

    def uniform(self, first_step: int, steps: int) -> np.ndarray:
        rows = [np.random.default_rng([7, first_step + k]).random(self.neurons) for k in range(steps)]
        return np.stack(rows)


@pytest.fixture(scope="session")
def encode_samples() -> Callable[..., Any]:
    """``encode_samples(encoder, values, steps, dt, **params)``, with random numbers keyed by the absolute step."""

    def run(encoder: Any, values: Any, steps: int, dt: float, first_step: int = 0, **params: Any) -> Any:
        p = parameters(encoder.parameters, params)
        data = np.asarray(values, dtype=np.float64)
        if encoder.check is not None:
            encoder.check(data, dt, p)
        size = len(data) if encoder.size is None else encoder.size(len(data), p)
        return encoder.encode(data, steps, first_step, dt, p, StepRandom(size))

    return run


@pytest.fixture
def encode(encode_samples: Callable[..., Any]) -> Callable[..., Any]:
    """As ``encode_samples``."""
    return encode_samples


@pytest.fixture
def stream() -> Callable[..., Any]:
    """``stream(encoder, source, steps, dt, pieces=, **params)``: all offsets and neurons, encoded in pieces."""

    def run(
        encoder: Any, source: Any, steps: int, dt: float, pieces: Sequence[int] = (), **params: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        p = parameters(encoder.parameters, params)
        opened = encoder.open(source, p)
        if encoder.check is not None:
            encoder.check(opened, dt, p)
        random = StepRandom(encoder.size(opened, p))
        state = encoder.start(opened, dt, p)
        edges = [0, *pieces, steps]
        found = []
        for first, until in itertools.pairwise(edges):
            # Restored from a copy: the state is all that an encoder remembers.
            state = {name: np.array(value) for name, value in state.items()}
            offsets, neurons = encoder.encode(opened, state, first, until - first, dt, p, random)
            offsets, neurons = (np.asarray(a, dtype=np.int64) for a in (offsets, neurons))
            assert offsets.size == 0 or (offsets.min() >= 1 and offsets.max() <= until - first)
            assert np.all(np.diff(offsets) >= 0)
            assert neurons.size == 0 or (neurons.min() >= 0 and neurons.max() < random.neurons)
            found.append((first + offsets, neurons))
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    return run


@pytest.fixture(scope="session")
def decode_spikes() -> Callable[..., np.ndarray]:
    """``decode_spikes(decoder, ticks, neurons, size, edges, **params)``."""

    def run(decoder: Any, ticks: Any, neurons: Any, size: int, edges: Any, /, **params: Any) -> np.ndarray:
        p = parameters(decoder.parameters, params)
        ticks, neurons, edges = (np.asarray(a, dtype=np.int64) for a in (ticks, neurons, edges))
        order = np.argsort(ticks, kind="stable")
        result: np.ndarray = decoder.decode(ticks[order], neurons[order], size, edges.reshape(-1, 2), p)
        return result

    return run
