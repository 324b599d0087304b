"""A slow, readable simulator of one neuron and of one synapse, exactly as the contracts say.

``simulate`` and ``learn`` are fixtures, so that the same known answers can be asked of another engine.
"""

from __future__ import annotations

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
        if name not in given and not p.choices and isinstance(p.default, str):
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
) -> Recording:
    """Run one synapse between given spike trains (ticks); records ``w`` and the state."""
    p = parameters(rule.parameters, {**params, "w_max": w_max} if "w_max" in rule.parameters else params)
    constants = rule.constants(p, dt)
    c = record_type("C", tuple(constants))(*constants.values())
    state_type = record_type("S", tuple(rule.state))
    s = state_type(*(float(v) for v in initial_state(rule.state, init or {}, {"weight": w})))
    arrivals, stamps = set(pre), set(post)
    x, y = dict.fromkeys(rule.pre, 0.0), dict.fromkeys(rule.post, 0.0)
    recording = Recording([], {name: np.zeros(steps) for name in ("w", *rule.state)})
    pre_type, post_type = record_type("Pre", tuple(rule.pre)), record_type("Post", tuple(rule.post))
    clock = visit_clock(rule, constants)
    decay = {t.tau: math.exp(-dt / getattr(p, t.tau)) for t in (*rule.pre.values(), *rule.post.values())}
    for tick in range(1, steps + 1):
        for side, declared in ((x, rule.pre), (y, rule.post)):
            for name, trace in declared.items():
                side[name] *= decay[trace.tau]
        traces = (pre_type(**x), post_type(**y))
        for function, due in ((rule.on_pre, tick in arrivals), (rule.on_post, tick in stamps)):
            if due and function is not None:
                w, new = function(w, s, c, *traces, float(at(third, tick)))
                s = state_type(*new)
        for name, factor, steps in clock.due(tick, float(at(third, tick))):
            more = () if name == "on_step" else (steps,)
            w, new = getattr(rule, name)(w, s, c, *traces, factor, *more)
            changed = rule.visits[name].state if name in rule.visits else None
            s = s._replace(**dict(zip(changed or rule.state, new, strict=True)))
        for side, declared, due in ((x, rule.pre, tick in arrivals), (y, rule.post, tick in stamps)):
            for name, trace in declared.items():
                side[name] = side[name] if not due else 1.0 if trace.on_spike == "set" else side[name] + 1.0
        for name, value in zip(recording.values, (w, *s), strict=True):
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
    """``learn(rule, params, dt, steps, pre=, post=, w=, w_max=, init=, third=)``."""
    return partial(run_synapse, visit_clock)


@pytest.fixture
def constants_of() -> Callable[..., Mapping[str, Any]]:
    """``constants_of(model, dt, **params)``."""

    def derive(model: Any, dt: float, **params: Any) -> Mapping[str, Any]:
        result: Mapping[str, Any] = model.constants(parameters(model.parameters, params), dt)
        return result

    return derive


@pytest.fixture
def encode() -> Callable[..., Any]:
    """``encode(encoder, values, steps, dt, **params)``, with random numbers keyed by the absolute step."""

    class StepRandom:
        def __init__(self, neurons: int) -> None:
            self.neurons = neurons

        def uniform(self, first_step: int, steps: int) -> np.ndarray:
            rows = [np.random.default_rng([7, first_step + k]).random(self.neurons) for k in range(steps)]
            return np.stack(rows)

    def run(encoder: Any, values: Any, steps: int, dt: float, first_step: int = 0, **params: Any) -> Any:
        p = parameters(encoder.parameters, params)
        data = np.asarray(values, dtype=np.float64)
        if encoder.check is not None:
            encoder.check(data, dt, p)
        return encoder.encode(data, steps, first_step, dt, p, StepRandom(len(data)))

    return run
