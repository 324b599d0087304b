"""Neuron of winner-take-all layers, and the rule that makes prototypes of its weights."""

import math

import pytest

from spikemesh_plugins.learning.stdp_competitive import CompetitiveStdp
from spikemesh_plugins.neurons.lif_homeostatic import LifHomeostatic


def test_threshold_rises_by_each_spike_and_decays(simulate):
    params = {"tau_m": 1e9, "t_ref": 0.0, "v_th": 1.0, "theta_plus": 0.5, "tau_theta": 100.0}
    run = simulate(LifHomeostatic, params, 1.0, 40, exc={1: 1.0, 20: 1.3, 30: 1.5}, record=("v", "theta"))
    # At 20 the threshold is 1 + 0.5 e^-0.19 = 1.41 and v 1.3: no spike; at 30 v is 2.8.
    assert run.spikes == [1, 30]
    assert run.values["theta"][18] == pytest.approx(0.5 * math.exp(-18 / 100.0), rel=1e-12)
    assert run.values["theta"][29] == pytest.approx(0.5 * math.exp(-0.29) + 0.5, rel=1e-12)


def test_threshold_is_kept_from_a_time_on(simulate):
    params = {"theta_plus": 0.5, "tau_theta": 100.0, "adapt_until": 10.0, "t_ref": 0.0}
    run = simulate(LifHomeostatic, params, 1.0, 40, exc={1: 2.0, 30: 9.0}, record=("theta",))
    assert run.spikes == [1, 30]
    assert run.values["theta"][9] == pytest.approx(0.5 * math.exp(-0.09), rel=1e-12)
    assert set(run.values["theta"][9:]) == {run.values["theta"][9]}


def test_inhibition_sets_back_to_the_floor(simulate):
    run = simulate(
        LifHomeostatic, {"tau_m": 10.0}, 1.0, 6, exc={1: 0.7, 4: 0.5}, inh={3: -1000.0}, record=("v",)
    )
    want = [0.7, 0.7 * math.exp(-0.1), 0.0, 0.5, 0.5 * math.exp(-0.1), 0.5 * math.exp(-0.2)]
    assert run.values["v"] == pytest.approx(want, rel=1e-12)


def test_refractory_time(simulate):
    run = simulate(LifHomeostatic, {"t_ref": 2.0}, 1.0, 12, exc=2.0)
    assert run.spikes == [1, 4, 7, 10]


def test_weights_go_to_the_trace_at_spikes(learn):
    params = {"eta": 0.25, "scale": 0.4, "tau_x": 20.0}
    run = learn(CompetitiveStdp, params, 1.0, 20, pre=[1, 3], post=[8, 12], w=0.1)
    w = 0.1
    for t in (8, 12):
        w += 0.25 * (0.4 * (math.exp(-(t - 1) / 20.0) + math.exp(-(t - 3) / 20.0)) - w)
    assert run.values["w"][-1] == pytest.approx(w, rel=1e-12)


def test_third_factor_gates(learn):
    params = {"eta": 0.25, "gated": True}
    kept = learn(CompetitiveStdp, params, 1.0, 20, pre=[1, 3], post=[8], w=0.1)
    assert set(kept.values["w"]) == {0.1}
    half = learn(CompetitiveStdp, params, 1.0, 20, pre=[1, 3], post=[8], w=0.1, third=0.5)
    slow = learn(CompetitiveStdp, {"eta": 0.125}, 1.0, 20, pre=[1, 3], post=[8], w=0.1)
    assert half.values["w"][-1] == slow.values["w"][-1] != 0.1


def test_regular_activity_is_what_weights_become(learn):
    # Arrivals every 4 steps, spikes in between: w tends to scale times the mean trace at spikes
    run = learn(
        CompetitiveStdp,
        {"eta": 0.05, "scale": 0.1},
        1.0,
        8000,
        pre=range(1, 8000, 4),
        post=range(3, 8000, 28),
        w=0.0,
    )
    q = math.exp(-4 / 20.0)
    assert run.values["w"][-1] == pytest.approx(0.1 * math.exp(-2 / 20.0) / (1 - q), rel=1e-4)
