"""The suite of neuron models."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from spikemesh.contracts.known_answers import Input, NeuronAnswer
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.ids import AnyArray
from spikemesh.kernels.accelerate import allocations
from spikemesh.testing.checks import Check, Skipped
from spikemesh.testing.documented import check_docstring, check_parameters, check_unit
from spikemesh.testing.neuron_network import check_placement
from spikemesh.testing.neuron_trial import (
    CompiledNeurons,
    Course,
    Stimulus,
    lively,
    run_plain,
    stimulus,
)
from spikemesh.testing.subjects import Subject
from spikemesh.testing.values import choices_of, constants_of, timestep_for, usual_values, varied

NEURONS, STEPS = 8, 150
_SPEED_NEURONS, _SPEED_STEPS = 10_000, 50
REFERENCE = "lif_psc_exp"
"""Model beside which speed is told."""


def neuron_checks(subject: Subject) -> list[Check]:
    """List the checks of a neuron model."""
    model: type[NeuronModel] = subject.item

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    checks = [
        check("documented", lambda: _documented(model)),
        check("parameters and units", lambda: _units(model)),
        check("compiled is plain Python to the bit", lambda: _parity(model)),
        check("state stays finite", lambda: _finite(model)),
        check("takes no memory from the heap", lambda: _allocates(model)),
        check("exact on any chips and workers", lambda: check_placement(subject, _start(model))),
        check("converges with dt", lambda: _converges(model)),
    ]
    checks += [check(f"known answer: {a.title}", _answering(model, a)) for a in model.known_answers]
    if not model.known_answers:
        checks.append(check("known answers", _none_declared))
    return [*checks, check("speed", lambda: _speed(subject))]


def _none_declared() -> str:
    raise Skipped("the model declares none (known_answers)")


def _documented(model: type[NeuronModel]) -> str | None:
    return check_docstring(model, equation=not model.source, source=not model.source)


def _units(model: type[NeuronModel]) -> str | None:
    for name, state in model.state.items():
        check_unit(f'state "{name}"', state.unit)
    check_unit("weight_unit", model.weight_unit)
    return check_parameters(model.parameters)


def _start(model: type[NeuronModel]) -> tuple[dict[str, Any], float, float]:
    started: Any = _started
    return started(model)  # type: ignore[no-any-return]


@cache
def _started(model: Any) -> tuple[dict[str, Any], float, float]:
    """Return usual parameters, a time step that they allow, and a weight under which neurons spike."""
    leave = () if model.events is None else (model.events,)
    values = usual_values(model, leave, rates=model.source)
    dt = timestep_for(model, values)
    return values, dt, lively(model, values, dt)[0]


def _same(compiled: Course, plain: Course, what: str) -> None:
    for name, values in compiled.state.items():
        other = plain.state[name]
        differ = _bits(values) != _bits(other)
        if values.dtype == np.float64:
            differ &= ~(np.isnan(values) & np.isnan(other))
        if differ.any():
            k, i = np.argwhere(differ)[0]
            raise AssertionError(
                f'{what}: state "{name}" of neuron {i} after step {k + 1} is {values[k, i]!r} compiled and '
                f"{other[k, i]!r} in plain Python"
            )
    differ = (compiled.spiked != 0) != (plain.spiked != 0)
    if differ.any():
        k, i = np.argwhere(differ)[0]
        raise AssertionError(f"{what}: neuron {i} spikes in step {k + 1} in one of the two only")


def _bits(values: AnyArray) -> AnyArray:
    return np.ascontiguousarray(values).view(np.int64)


def _parity(model: type[NeuronModel]) -> str:
    values, dt, amplitude = _start(model)
    runs = spikes = 0
    for number, chosen in enumerate(choices_of(model.parameters, values)):
        if constants_of(model, chosen, dt) is None:
            continue
        spikes += _compare(model, chosen, dt, amplitude, number)
        runs += 1
    different = varied(model, model.parameters, values, dt, NEURONS, 7)
    spikes += _compare(model, different, dt, amplitude, 99)
    return f"{runs + 1} settings, {NEURONS} neurons, {STEPS} steps, {spikes} spikes"


def _compare(model: type[NeuronModel], values: dict[str, Any], dt: float, amplitude: float, seed: int) -> int:
    changed = {k: v for k, v in values.items() if isinstance(v, str)}
    error: ArithmeticError | None = None
    # Compiled code goes on with inf where plain Python raises: what lies beyond the model's range says nothing.
    for smaller, shorter in ((1.0, 1.0), (2.0**-6, 1.0), (2.0**-6, 0.1), (2.0**-12, 0.02)):
        given, h = stimulus(model, amplitude * smaller, STEPS, NEURONS, seed), dt * shorter
        if constants_of(model, values, h) is None:
            continue
        try:
            plain = run_plain(model, values, h, given)
        except ArithmeticError as raised:
            error = raised
            continue
        compiled = CompiledNeurons(model, values, h, NEURONS).run(given)
        _same(compiled, plain, f"with {changed}" if changed else "with usual parameters")
        return int(compiled.spiked.sum())
    raise AssertionError(f"plain Python raises {type(error).__name__}: {error}, whatever the weights and dt")


def _finite(model: type[NeuronModel]) -> str:
    values, dt, amplitude = _start(model)
    course = CompiledNeurons(model, values, dt, NEURONS).run(stimulus(model, amplitude, 2000, NEURONS, 3))
    for name, state in course.state.items():
        bad = ~np.isfinite(state)
        if bad.any():
            k, i = np.argwhere(bad)[0]
            raise AssertionError(f'state "{name}" is {state[k, i]} after step {k + 1}')
    if not model.source and course.rate == 0.0:
        return "2,000 steps; it never spiked, under whatever weight"
    return f"2,000 steps, {100 * course.rate:.1f} spikes per neuron and 100 steps, weights to {amplitude:g}"


def _allocates(model: type[NeuronModel]) -> str:
    values, dt, amplitude = _start(model)
    neurons = CompiledNeurons(model, values, dt, NEURONS)  # refused here if step itself makes arrays or lists
    given = stimulus(model, amplitude, 100, NEURONS, 4)
    with allocations() as count:
        neurons.run(given)
    assert count[0] == 0, f"{count[0]} allocations in 100 steps"
    return "no allocation in 100 steps"


def _converges(model: type[NeuronModel]) -> str:
    if model.order is None:
        raise Skipped("the model declares no order")
    values, _, _ = _start(model)
    length, current = 16.0, 0.0
    steps = (1.0, 0.5, 0.25, 0.125)
    for current in _currents(model, values):
        courses = [_constant(model, values, h, round(length / h), current) for h in (*steps, 2.0**-9)]
        if courses[-1].spiked.any() or courses[0].spiked.any():
            continue
        ends = np.array([[state[-1, 0] for state in course.state.values()] for course in courses])
        scale = np.abs(ends[-1]) + 1e-300
        errors = (np.abs(ends[:-1] - ends[-1]) / scale).max(axis=1)
        return _judged(model.order, steps, errors)
    raise Skipped("no constant current moves the state without a spike")


def _currents(model: type[NeuronModel], values: Mapping[str, Any]) -> list[float]:
    """Currents below threshold, the largest first."""
    moved = []
    for current in 2.0 ** np.arange(12, -12, -1.0):
        course = _constant(model, values, 0.125, 400, float(current))
        if not course.spiked.any() and course.finite:
            moved.append(float(current) / 2.0)
    return moved[:3]


def _constant(
    model: type[NeuronModel], values: Mapping[str, Any], dt: float, steps: int, current: float
) -> Course:
    given = Stimulus(
        np.zeros((len(model.receptors), steps, 1), np.int64),
        1.0,
        np.full((steps, 1), current),
        np.zeros((len(model.draws), steps, 1), np.uint32),
    )
    return CompiledNeurons(model, values, dt, 1).run(given)


def _judged(order: float, steps: tuple[float, ...], errors: Any) -> str:
    if errors.max() < 1e-9:
        return f"exact: relative error {errors.max():.1e} at dt = {steps[0]:g} ms"
    assert not math.isinf(order), (
        f"declared exact, but the relative error is {errors.max():.1e} at dt = {steps[0]:g} ms"
    )
    slope = float(np.polyfit(np.log(steps), np.log(np.maximum(errors, 1e-16)), 1)[0])
    assert slope > order - 0.3, f"declared order {order:g}, measured {slope:.2f} (relative errors {errors})"
    return f"order {slope:.2f} measured, {order:g} declared"


def _answering(model: type[NeuronModel], answer: NeuronAnswer) -> Any:
    def body() -> str:
        check_answer(model, answer)
        return answer.source

    return body


def check_answer(model: type[NeuronModel], answer: NeuronAnswer) -> None:
    """Run one neuron as a known answer says, and compare.

    Raises
    ------
    AssertionError
        If spikes or states differ by more than the tolerance.
    """
    values = usual_values(model, () if model.events is None else (model.events,))
    unknown = set(answer.params) - set(model.parameters)
    assert not unknown, f"the answer gives parameters that the model does not have: {sorted(unknown)}"
    values |= answer.params
    for name, p in model.parameters.items():
        if isinstance(p.default, str) and not p.choices and name not in answer.params:
            values[name] = values[p.default]
    course = _course(model, values, answer)
    spikes = tuple(int(k) + 1 for k in np.flatnonzero(course.spiked[:, 0]))
    if answer.spikes is not None:
        assert spikes == tuple(answer.spikes), f"spikes at ticks {spikes}, not {tuple(answer.spikes)}"
    for name, expected in answer.state.items():
        assert name in course.state, f'the answer asks for a state "{name}", which the model does not have'
        for tick, value in expected.items():
            seen = float(course.state[name][tick - 1, 0])
            assert math.isclose(seen, value, rel_tol=answer.rel, abs_tol=answer.absolute), (
                f'state "{name}" at tick {tick} is {seen!r}, not {value!r}'
            )


def _course(model: type[NeuronModel], values: Mapping[str, Any], answer: NeuronAnswer) -> Course:
    unknown = set(answer.inputs) - {*model.receptors, "current"}
    assert not unknown, f"the answer gives inputs that the model does not have: {sorted(unknown)}"
    weights = np.array([_row(answer.inputs.get(name, 0.0), answer.steps) for name in model.receptors])
    integer = model.arithmetic == "int64"
    # Weights of an answer are few, and kept to 2^-40 of the largest, far below its tolerance.
    most = float(np.abs(weights).max(initial=0.0))
    unit = 1.0 if integer or most == 0.0 else 2.0 ** (math.ceil(math.log2(most)) - 40)
    drawn = [np.full((answer.steps, 1), answer.draws.get(name, 0.5)) for name in model.draws]
    given = Stimulus(
        np.rint(weights / unit).astype(np.int64).reshape(len(model.receptors), answer.steps, 1),
        unit,
        _row(answer.inputs.get("current", 0.0), answer.steps).reshape(-1, 1),
        (np.array(drawn).reshape(len(model.draws), answer.steps, 1) * 2.0**32).astype(np.uint32),
    )
    neurons = CompiledNeurons(model, values, answer.dt, 1)
    for row, name in zip(neurons.state, model.state, strict=True):
        row[:] = answer.init.get(name, row[0])
    return neurons.run(given)


def _row(given: Input, steps: int) -> AnyArray:
    if isinstance(given, Mapping):
        return np.array([given.get(tick, 0.0) for tick in range(1, steps + 1)], dtype=np.float64)
    return np.full(steps, float(given))


def _speed(subject: Subject) -> str:
    own = _nanoseconds(subject.item)
    reference = subject.registry.neuron_models.items.get(REFERENCE)
    if reference is None or reference is subject.item:
        return f"{own:.2f} ns a neuron and step"
    return f"{own:.2f} ns a neuron and step, {own / _nanoseconds(reference):.1f} times {REFERENCE}"


def _nanoseconds(model: type[NeuronModel]) -> float:
    values, dt, amplitude = _start(model)
    neurons = CompiledNeurons(model, values, dt, _SPEED_NEURONS)
    neurons.run(stimulus(model, amplitude, 5, _SPEED_NEURONS, 5))
    best = math.inf
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(_SPEED_STEPS):
            neurons.again()
        best = min(best, time.perf_counter() - started)
    return 1e9 * best / (_SPEED_NEURONS * _SPEED_STEPS)
