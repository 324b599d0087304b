"""Homeostatic scaling (models.md C8)."""

import math

import pytest

from spikemesh_plugins.learning.homeostatic_scaling import HomeostaticScaling

PARAMS = {"rate": 20.0, "eta": 0.1, "tau_rate": 100.0, "period": 100.0}


def test_ratios_are_kept(learn):
    # KA-C8: to 1e-12
    weights = (0.011, 0.3, 0.47)
    finals = [
        learn(HomeostaticScaling, PARAMS, 1.0, 3000, post=range(1, 3001, 73), w=w, w_max=1e3).values["w"][-1]
        for w in weights
    ]
    assert finals[0] != weights[0]
    assert [f / finals[0] for f in finals] == pytest.approx([w / weights[0] for w in weights], rel=1e-12)


def test_one_period(learn):
    # w (1 + eta (r0 - r)/r0), r the trace by tau_rate
    run = learn(HomeostaticScaling, PARAMS, 1.0, 100, post=[40, 90], w=0.5)
    r = (math.exp(-0.6) + math.exp(-0.1)) / 0.1
    assert run.values["w"][98] == 0.5
    assert run.values["w"][99] == pytest.approx(0.5 * (1 + 0.1 * (20.0 - r) / 20.0), rel=1e-12)


def test_period_is_whole_steps():
    with pytest.raises(ValueError, match="no multiple of the timestep"):
        HomeostaticScaling.constants(type("P", (), {**PARAMS, "period": 2.5, "w_max": 1.0}), 1.0)
