"""Spike-driven plasticity: which arrivals change the weight, and the drift between them."""

import math

import pytest

from spikemesh_plugins.learning.sdsp import SpikeDrivenPlasticity

ODIN = {"theta_v": 10.0, "tau_ca": 1e12, "theta_1": 0.5, "theta_2": 2.5, "theta_3": 5.5}


@pytest.mark.parametrize(
    ("v", "calcium", "levels"),
    [
        (10.0, 0, 0),  # below theta_1 nothing changes
        (10.0, 1, 1),
        (10.0, 5, 1),
        (10.0, 6, 0),  # theta_3 ends potentiation
        (9.0, 0, 0),
        (9.0, 1, -1),
        (9.0, 2, -1),
        (9.0, 3, 0),  # theta_2 ends depression
    ],
)
def test_stop_learning_regions(learn, v, calcium, levels):
    run = learn(
        SpikeDrivenPlasticity,
        ODIN,
        1.0,
        30,
        pre=[20],
        post=range(1, 1 + calcium),
        reads={"v": v},
        w=3.0,
        w_max=7.0,
    )
    assert run.values["w"][-1] == pytest.approx(3.0 + levels, abs=1e-12)


def test_weights_stay_within_three_bits(learn):
    for v, bound in ((20.0, 7.0), (0.0, 0.0)):
        run = learn(
            SpikeDrivenPlasticity,
            ODIN,
            1.0,
            30,
            pre=range(3, 30),
            post=[1, 2],
            reads={"v": v},
            w=3.0,
            w_max=7.0,
        )
        assert run.values["w"][-1] == bound


def test_potential_is_that_before_the_arrival(learn):
    run = learn(
        SpikeDrivenPlasticity, ODIN, 1.0, 9, pre=[5], post=[1], reads={"v": lambda tick: 20.0 * (tick >= 5)}, w=3.0,
        w_max=7.0,
    )  # fmt: skip
    assert run.values["w"][-1] == pytest.approx(2.0, abs=1e-12)


def test_drift_between_arrivals(learn):
    params = {**ODIN, "drift_up": 0.5, "drift_down": 0.25}
    for start, at_300, at_6000 in ((5.0, 5.0 + 0.3 * 0.5 * 7, 7.0), (3.0, 3.0 - 0.3 * 0.25 * 7, 0.0)):
        run = learn(
            SpikeDrivenPlasticity, params, 1.0, 6000, pre=[300, 6000], reads={"v": 0.0}, w=start, w_max=7.0
        )
        assert run.values["w"][299] == pytest.approx(at_300, rel=1e-12)
        assert run.values["w"][-1] == at_6000


def test_calcium_decays(learn):
    # One spike of the neuron: its calcium passes theta_1 = 0.5 after tau_ca ln 2.
    for wait, levels in ((41, -1), (42, 0)):
        run = learn(
            SpikeDrivenPlasticity, {**ODIN, "tau_ca": 60.0, "theta_1": 0.5}, 1.0, 60, pre=[5 + wait], post=[5],
            reads={"v": 0.0}, w=3.0, w_max=7.0,
        )  # fmt: skip
        assert (math.exp(-wait / 60.0) >= 0.5) == (levels == -1)
        assert run.values["w"][-1] == pytest.approx(3.0 + levels, abs=1e-12)
