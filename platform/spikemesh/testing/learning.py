"""The suite of learning rules."""

from __future__ import annotations

import math
from functools import cache, partial
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.known_answers import SynapseAnswer
from spikemesh.contracts.learning import LearningRule
from spikemesh.errors import SpikemeshError
from spikemesh.kernels.rule_form import visit_periods
from spikemesh.testing.checks import Check, Skipped
from spikemesh.testing.documented import check_docstring, check_parameters, check_unit
from spikemesh.testing.learning_network import Plastic, check_rule_placement, events_per_s, weight_after
from spikemesh.testing.rule_trial import rows_for, run_compiled, shapes_of
from spikemesh.testing.subjects import Subject
from spikemesh.testing.values import choices_of, usual_values

MOST_SETTINGS = 3
"""Settings of words and switches that are compared; the usual one is the first."""


def learning_checks(subject: Subject) -> list[Check]:
    """List the checks of a learning rule."""
    rule: type[LearningRule] = subject.item

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    checks = [
        check("documented", lambda: check_docstring(rule, equation=True, source=True)),
        check("parameters and units", lambda: _units(rule)),
        check("compiled is plain Python to the bit", lambda: _parity(rule)),
        check("weights stay finite and in bounds", lambda: _bounded(subject)),
        check("exact on any chips and workers", lambda: check_rule_placement(_plastic(subject))),
    ]
    checks += [check(f"known answer: {a.title}", partial(_answer, subject, a)) for a in rule.known_answers]
    if not rule.known_answers:
        checks.append(check("known answers", _none_declared))
    return [*checks, check("speed", lambda: events_per_s(_plastic(subject)))]


def _none_declared() -> str:
    raise Skipped("the rule declares none (known_answers)")


def _units(rule: type[LearningRule]) -> str | None:
    for name, state in rule.state.items():
        check_unit(f'state "{name}"', state.unit)
    return check_parameters(rule.parameters)


def _parity(rule: type[LearningRule]) -> str:
    runs = functions = 0
    values = usual_values(rule, ("w_max",))
    # Each setting of a specialised rule is a rule of its own, and compiled.
    for chosen in islice(choices_of(rule.parameters, values), MOST_SETTINGS):
        parameters = SimpleNamespace(**{**chosen, "w_max": 1.0})
        made = rule if rule.specialised is None else rule.specialised(parameters)
        try:
            constants = {k: float(v) for k, v in made.constants(parameters, 0.5).items()}
        except SpikemeshError:
            if chosen == values:
                raise
            continue
        constants |= {"t": 100.0} if made.timed else {}
        initial = {
            name: 0.5 if s.initial == "weight" else float(vars(parameters).get(str(s.initial), s.initial))
            for name, s in made.state.items()
        }
        words = {k: v for k, v in chosen.items() if isinstance(v, str | bool)}
        never = {name for name, every in visit_periods(made, constants).items() if not every}
        for shape in shapes_of(made, tuple(constants)):
            if shape.name in never:
                continue
            rows, answers = rows_for(made, shape, constants, initial, 1.0)
            _same(shape.name, run_compiled(made, shape, rows), np.array(answers), words)
            functions += 1
        runs += 1
    return f"{functions} functions under {runs} settings"


def _same(name: str, compiled: Any, plain: Any, words: dict[str, Any]) -> None:
    differ = (compiled.view(np.int64) != plain.view(np.int64)) & ~(np.isnan(compiled) & np.isnan(plain))
    if differ.any():
        row, column = np.argwhere(differ)[0]
        which = "the weight" if column == 0 else f"value {column} of the state"
        with_ = f" with {words}" if words else ""
        raise AssertionError(
            f"{name}{with_}: {which} is {compiled[row, column]!r} compiled and {plain[row, column]!r} in plain Python"
        )


@cache
def _plastic(subject: Subject) -> Plastic:
    return Plastic(subject)


def _bounded(subject: Subject) -> str:
    plastic = _plastic(subject)
    before, after = plastic.initial, plastic.one.weights["plastic"][:, 2]
    assert np.isfinite(after).all(), "weights are no finite numbers after 400 steps"
    moved = int((before != after).sum())
    if "w_max" in subject.item.parameters:
        low, high = float(np.abs(after).min()), float(np.abs(after).max())
        assert 0.0 <= low <= high <= plastic.w_max * (1.0 + 1e-12), (
            f"weights from {low!r} to {high!r}, w_max is {plastic.w_max!r}"
        )
    return f"{moved} of {after.size} weights changed in {plastic.steps} steps"


def _answer(subject: Subject, answer: SynapseAnswer) -> str:
    seen = weight_after(subject, answer)
    assert math.isclose(seen, answer.expected, rel_tol=answer.rel, abs_tol=answer.absolute), (
        f"the weight is {seen!r}, not {answer.expected!r}"
    )
    return answer.source
