"""Declared parameters: units, bounds, words, references and drawn values."""

import numpy as np
import pytest

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.description.builder import Network
from spikemesh.description.values import normal, uniform
from spikemesh.errors import DescriptionError, PluginError, Problem
from spikemesh.registry import Registry
from spikemesh.registry.bind import bind


class Toy(NeuronModel):
    name = "toy"
    parameters = {
        "tau": Parameter(10.0, "ms", gt=0),
        "tau_2": Parameter("tau", "ms", gt=0),
        "tau_3": Parameter("tau_2", "ms"),
        "count": Parameter(2, integer=True, ge=0, le=9),
        "kind": Parameter("soft", choices=("soft", "hard")),
        "fast": Parameter(False),
        "needed": Parameter(None, "mV"),
        "v_th": Parameter(1.0, "mV"),
    }
    state = {"v": State("v_th", "mV"), "w": State(0.5)}

    def constants(p, dt):
        if isinstance(p.needed, float) and p.needed == -1.0:
            raise ZeroDivisionError("boom")
        if isinstance(p.needed, float) and p.needed == -2.0:
            raise DescriptionError(Problem("tau", "is too short", "longer"))
        if isinstance(p.needed, float) and p.needed == -3.0:
            return {"k": np.zeros(7)}
        with_nan = np.nan if isinstance(p.needed, float) and p.needed == -4.0 else 0.0
        return {
            "decay": np.exp(-dt / p.tau),
            "hard": p.kind == "hard",
            "n": p.count,
            "needed": p.needed + with_nan,
        }

    def step(s, c, x):
        return (s.v, s.w), False


@pytest.fixture
def registry():
    made = Registry()
    made.neuron_models.add("toy", Toy, "tests")
    return made


def bound(registry, size=4, seed=1, name="a", init=None, **params):
    net = Network(timestep="0.1 ms", seed=seed)
    net.add_population(name, size, "toy", init=init, **{"needed": 1.0, **params})
    return bind(net.describe(), registry).populations[0]


def test_units_defaults_and_references(registry):
    population = bound(registry, tau="2 s", needed="0.01 V", count=3, kind="hard", fast=True)
    assert population.parameters == {
        "tau": 2000.0, "tau_2": 2000.0, "tau_3": 2000.0, "count": 3, "kind": "hard", "fast": True,
        "needed": 10.0, "v_th": 1.0,
    }  # fmt: skip
    assert population.constants == {"decay": np.exp(-0.1 / 2000.0), "hard": 1, "n": 3, "needed": 10.0}
    assert isinstance(population.parameters["count"], int)
    assert population.initial == {"v": 1.0, "w": 0.5}


def test_arrays_reach_constants_and_states(registry):
    population = bound(registry, tau=[1.0, 2.0, 4.0, 8.0], v_th=np.arange(4))
    np.testing.assert_array_equal(
        population.constants["decay"], np.exp(-0.1 / np.array([1.0, 2.0, 4.0, 8.0]))
    )
    np.testing.assert_array_equal(population.parameters["tau_3"], [1, 2, 4, 8])
    np.testing.assert_array_equal(population.initial["v"], [0, 1, 2, 3])


def test_drawn_values_depend_on_seed_name_and_neuron_only(registry):
    spread = {"v": uniform(-70, "-0.06 V")}
    first = bound(registry, size=1000, init=spread, v_th=normal(15, 2, low=12))
    values = first.initial["v"]
    assert values.min() >= -70
    assert values.max() < -60
    # Mean of n = 1000 uniform numbers on an interval of 10: 4 standard errors are 4 * 10 / sqrt(12 * 1000).
    assert abs(values.mean() + 65) < 4 * 10 / np.sqrt(12_000)
    assert first.parameters["v_th"].min() >= 12
    more = bound(registry, size=2000, init=spread, v_th=normal(15, 2, low=12))
    np.testing.assert_array_equal(more.initial["v"][:1000], values)
    for other in (
        bound(registry, size=1000, init=spread, seed=2),
        bound(registry, size=1000, init=spread, name="b"),
    ):
        assert not np.any(other.initial["v"] == values)


@pytest.mark.parametrize(
    ("params", "where", "message"),
    [
        ({"tau": 0}, "params.tau", "a number > 0 (in ms)"),
        ({"tau": "20 mV"}, "params.tau", "not in units of ms"),
        ({"tau": [1, 2, 3, -4]}, "params.tau[3]", "-4 is out of range"),
        ({"tau": [1, 2, 3]}, "params.tau", "shape (3,) for 4 neurons"),
        ({"tau": [[1.0], [2.0], [3.0], [4.0]]}, "params.tau", "is not a number"),
        ({"tau": float("nan")}, "params.tau", "NaN"),
        ({"tau": [1, 2, 3, float("nan")]}, "params.tau[3]", "nan"),
        ({"tau": True}, "params.tau", "True is not a number"),
        ({"tau": uniform(-1, 1)}, "params.tau", "out of range"),
        ({"tau_m": 1}, "params.tau_m", "did you mean"),
        ({"count": 1.5}, "params.count", "a whole number >= 0 and <= 9"),
        ({"count": 10}, "params.count", "out of range"),
        ({"count": 10**400}, "params.count", "too large"),
        ({"kind": "hart"}, "params.kind", 'did you mean "hard"?'),
        ({"kind": 3}, "params.kind", "allowed: soft, hard"),
        ({"fast": 1}, "params.fast", "true or false"),
        ({"needed": -2.0}, "params.tau", "is too short"),
        ({"needed": -4.0}, "", "gives no number for its constant"),
    ],
)  # fmt: skip
def test_what_is_refused(registry, params, where, message):
    with pytest.raises(DescriptionError) as caught:
        bound(registry, **params)
    problem = caught.value.problems[0]
    assert problem.where.startswith(f'population "a".{where}' if where else 'population "a"')
    assert message in str(problem)
    assert len(caught.value.problems) == 1


def test_missing_and_misspelt_parameters(registry):
    net = Network()
    net.add_population("a", 4, "toy")
    with pytest.raises(DescriptionError, match='model "toy" needs "needed"'):
        bind(net.describe(), registry)
    net = Network()
    net.add_population("a", 4, "toy", neded=3)
    with pytest.raises(DescriptionError) as caught:
        bind(net.describe(), registry)
    assert [p.remedy for p in caught.value.problems] == ['did you mean "needed"?']


def test_initial_states(registry):
    assert bound(registry, init={"w": 2}).initial["w"] == 2.0
    for wrong, message in (
        ({"u": 1}, 'no state "u"'),
        ({"v": "1 ms"}, "units of mV"),
        ({"v": float("inf")}, "finite"),
    ):
        with pytest.raises(DescriptionError, match=message):
            bound(registry, init=wrong)


def test_a_failing_plugin_is_named(registry):
    with pytest.raises(
        PluginError, match=r'neuron model "toy", population "a": constants\(\) raised ZeroDivisionError: boom'
    ):
        bound(registry, needed=-1.0)
    with pytest.raises(PluginError, match=r"constant k .* shape \(7,\)"):
        bound(registry, needed=-3.0)


class Varied(Toy):
    name = "varied"
    parameters = {
        "tau": Parameter(10.0, "ms", gt=0),
        "v_th": Parameter(1.0, "mV"),
        "mismatch": Parameter(0.0, ge=0),
        "device": Parameter(0, integer=True),
    }
    mismatched = ("tau",)

    def constants(p, dt):
        return {"tau": p.tau, "v_th": p.v_th}

    def step(s, c, x):
        return (s.v, s.w), False


def varied(seed=1, name="n", **params):
    made = Registry()
    made.neuron_models.add("varied", Varied, "tests")
    net = Network(timestep=0.1, seed=seed)
    net.add_population(name, 4000, "varied", **params)
    return bind(net.describe(), made).populations[0].constants


def test_mismatch_is_log_normal_of_the_device_and_population():
    tau = varied(tau=20.0, mismatch=0.3)["tau"]
    assert tau.mean() == pytest.approx(20.0, abs=4 * 6.0 / np.sqrt(4000))
    assert tau.std() / tau.mean() == pytest.approx(0.3, rel=0.06)
    assert np.log(tau).std() == pytest.approx(np.sqrt(np.log(1.09)), rel=0.05)
    assert (varied(tau=20.0, mismatch=0.3, seed=2)["tau"] == tau).all()
    assert (varied(tau=np.full(4000, 20.0), mismatch=0.3)["tau"] == tau).all()
    for other in (varied(tau=20.0, mismatch=0.3, device=1), varied(tau=20.0, mismatch=0.3, name="m")):
        assert (other["tau"] != tau).all()
    assert varied(tau=20.0, mismatch=0.3)["v_th"] == 1.0
    assert varied(tau=20.0)["tau"] == 20.0


def test_mismatch_needs_its_parameters():
    with pytest.raises(
        PluginError, match='bad: mismatched takes a parameter "device", which is not declared'
    ):

        class Bad(Toy):
            name = "bad"
            parameters = {"tau": Parameter(1.0), "v_th": Parameter(1.0), "mismatch": Parameter(0.0)}
            mismatched = ("tau",)

    with pytest.raises(DescriptionError, match="device: is a list"):
        varied(mismatch=0.1, device=np.arange(4000))
