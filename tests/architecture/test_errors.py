"""Every exception survives the trip between processes with its fields."""

from __future__ import annotations

import pickle

import pytest

from spikemesh import errors

PROBLEMS = (
    errors.Problem("population[0].size", "-1 is negative", "above 0", "s.toml", 12),
    errors.Problem("seed", "missing"),
)
SAMPLES: dict[type[Exception], Exception] = {
    errors.SpikemeshError: errors.SpikemeshError("broken"),
    errors.InputError: errors.InputError(PROBLEMS),
    errors.DescriptionError: errors.DescriptionError(PROBLEMS),
    errors.UnitError: errors.UnitError(PROBLEMS[0]),
    errors.MappingError: errors.MappingError("8000 neurons do not fit"),
    errors.PluginError: errors.PluginError("plugin x is broken"),
    errors.TraceError: errors.TraceError("run.h5 is no trace"),
    errors.RunError: errors.RunError("stalled", 12),
    errors.AgentError: errors.AgentError("chip 2", "ended with signal 9", 1200, "Traceback: ..."),
    errors.RunInterrupted: errors.RunInterrupted("interrupted", 7),
}
DEFINED = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)
]


@pytest.mark.parametrize("kind", DEFINED, ids=lambda kind: kind.__name__)
def test_an_exception_pickles_with_its_fields(kind):
    error = SAMPLES[kind]
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (vars(copy), copy.args, str(copy)) == (vars(error), error.args, str(error))


@pytest.mark.parametrize("kind", DEFINED, ids=lambda kind: kind.__name__)
def test_an_exception_is_public_and_has_the_common_root(kind):
    assert kind.__name__ in errors.__all__
    assert issubclass(kind, errors.SpikemeshError)


def test_an_agents_error_names_agent_and_last_completed_step():
    assert str(SAMPLES[errors.AgentError]) == "chip 2: ended with signal 9 (after completed step 1200)"
    assert str(errors.AgentError("chip 2", "gone")) == "chip 2: gone (before the first step)"


def test_a_problem_names_its_place_and_remedy():
    assert str(PROBLEMS[0]) == "s.toml:12: population[0].size: -1 is negative (above 0)"
    assert str(PROBLEMS[1]) == "seed: missing"
