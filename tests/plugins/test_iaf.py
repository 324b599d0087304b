"""Integrate-and-fire without leak: counts are exact (models.md A1)."""

from fractions import Fraction

import pytest

from spikemesh_plugins.neurons.iaf import IntegrateAndFire


@pytest.mark.parametrize(
    ("z", "v0", "count"), [(5 / 16, 0.0, 31), (5 / 16, 0.5, 31), (3 / 8, 0.5, 38), (1.0, 0.0, 100)]
)
def test_subtracting_keeps_the_surplus(simulate, z, v0, count):
    # KA-A1a: floor(T z + V0), exact for dyadic z
    assert count == int(100 * Fraction(z) + Fraction(v0))
    run = simulate(IntegrateAndFire, {"i_e": z}, 1.0, 100, init={"v": v0})
    assert len(run.spikes) == count


def test_resetting_to_zero_loses_it(simulate):
    # KA-A1b: floor(T / ceil(1/z)) = 25
    run = simulate(IntegrateAndFire, {"i_e": 5 / 16, "reset": "zero"}, 1.0, 100)
    assert run.spikes == list(range(4, 101, 4))


@pytest.mark.parametrize("sixteenths", range(17))
def test_half_a_threshold_at_the_start_rounds(simulate, sixteenths):
    # KA-A1c: a quantised clipped ReLU of T levels
    run = simulate(IntegrateAndFire, {"i_e": sixteenths / 16}, 1.0, 8, init={"v": 0.5})
    assert len(run.spikes) == (8 * sixteenths + 8) // 16


def test_arriving_weights_act_in_the_step_in_which_they_arrive(simulate):
    run = simulate(IntegrateAndFire, {}, 1.0, 6, exc={2: 0.75, 5: 1.0}, inh={3: -0.25}, record=["v"])
    assert run.spikes == [5]
    assert run.values["v"].tolist() == [0.0, 0.75, 0.5, 0.5, 0.5, 0.5]


def test_current_is_held_during_the_step_it_starts_with(simulate):
    run = simulate(IntegrateAndFire, {}, 1.0, 4, current={1: 0.25}, record=["v"])
    assert run.values["v"].tolist() == [0.0, 0.25, 0.25, 0.25]


def test_drive_beyond_the_threshold_fires_once_a_step_and_piles_up(simulate):
    run = simulate(IntegrateAndFire, {"i_e": 1.5}, 1.0, 4, record=["v"])
    assert run.spikes == [1, 2, 3, 4]
    assert run.values["v"][-1] == 2.0


def test_floor_and_reset_potential(simulate):
    params = {"i_e": -0.75, "floor": "v_min", "v_min": -1.0}
    assert simulate(IntegrateAndFire, params, 1.0, 3, record=["v"]).values["v"].tolist() == [
        -0.75,
        -1.0,
        -1.0,
    ]
    free = simulate(IntegrateAndFire, {"i_e": -0.75}, 1.0, 3, record=["v"])
    assert free.values["v"][-1] == -2.25
    params = {"reset": "zero", "v_reset": -0.5}
    assert simulate(IntegrateAndFire, params, 1.0, 1, exc={1: 1.25}, record=["v"]).values["v"][0] == -0.5
