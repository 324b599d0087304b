"""LIF whose potential jumps by the weight, against its closed form (models.md A2 with delta currents)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError, UnitError
from spikemesh_plugins.neurons.lif_psc_delta import LifPscDelta

FREE = {"e_l": 0.0, "v_reset": 0.0, "v_th": 1000.0, "t_ref": 0.0}


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_jump_in_the_step_of_the_arrival_then_decay(simulate, dt):
    run = simulate(LifPscDelta, FREE, dt, round(20 / dt), exc={2: 3.0}, inh={5: -1.0}, record=["v"])
    t = dt * np.arange(1, round(20 / dt) + 1)
    wanted = np.where(t > 1.5 * dt, 3.0 * np.exp(-(t - 2 * dt) / 10.0), 0.0)
    wanted -= np.where(t > 4.5 * dt, np.exp(-(t - 5 * dt) / 10.0), 0.0)
    np.testing.assert_allclose(run.values["v"], wanted, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(("i_e", "interval"), [(376.0, 613), (500.0, 159), (750.0, 90), (1000.0, 68)])
def test_f_i_curve_on_the_grid(simulate, i_e, interval):
    # KA-A2d: T = t_ref + h ceil((tau_m/h) ln(...)), which no synapse has a part in
    run = simulate(LifPscDelta, {}, 0.1, 4 * interval, current=i_e)
    assert run.spikes == [interval - 20 + k * interval for k in range(4)]


def test_the_threshold_itself_is_a_spike(simulate):
    params = {**FREE, "v_th": 2.0}
    assert simulate(LifPscDelta, params, 1.0, 5, exc={3: 2.0}).spikes == [3]
    assert simulate(LifPscDelta, params, 1.0, 5, exc={3: np.nextafter(2.0, 0.0)}).spikes == []


def test_input_of_the_refractory_time_is_lost(simulate):
    params = {"e_l": 0.0, "v_reset": 0.0, "v_th": 1.0, "t_ref": 3.0}
    run = simulate(LifPscDelta, params, 1.0, 8, exc={1: 1.0, 2: 5.0, 4: 5.0, 5: 0.5}, record=["v"])
    assert run.spikes == [1]
    assert run.values["v"][:5].tolist() == [0.0, 0.0, 0.0, 0.0, 0.5]


def test_input_of_the_refractory_time_can_be_kept(simulate):
    # NEST's refractory_input: weight e^(-r h / tau_m), r the steps left when it arrives, added after them
    params = {"e_l": 0.0, "v_reset": 0.0, "v_th": 1.0, "t_ref": 3.0, "refractory_input": True}
    run = simulate(LifPscDelta, params, 1.0, 6, exc={1: 1.0, 2: 0.25, 4: 0.5}, record=["v", "kept"])
    assert run.spikes == [1]
    assert run.values["v"][:4].tolist() == [0.0] * 4
    assert run.values["v"][4] == pytest.approx(0.25 * math.exp(-0.3) + 0.5 * math.exp(-0.1), rel=1e-14)
    assert run.values["kept"][4] == 0.0


def test_rest_is_exact(simulate):
    run = simulate(LifPscDelta, {"e_l": -67.3, "v_reset": -67.3}, 0.1, 100, record=["v"])
    assert set(run.values["v"]) == {-67.3}


def test_what_cannot_be(constants_of):
    with pytest.raises(DescriptionError, match="v_reset = -50 mV is not below v_th = -55 mV"):
        constants_of(LifPscDelta, 0.1, v_reset=-50.0)
    with pytest.raises(UnitError, match=r"t_ref: 2\.05 ms"):
        constants_of(LifPscDelta, 0.1, t_ref=2.05)
