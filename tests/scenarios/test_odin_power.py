"""ODIN kept busy: its published powers, from operations and time that were counted."""

from __future__ import annotations

import pytest

from spikemesh import api
from spikemesh.errors import InputError

# Frenkel et al., IEEE TBioCAS 13(1), 2019, section IV-A: MHz, million operations a second, uW.
PUBLISHED = [(75.0, 37.5, 477.0), (1.3, 0.65, 35.0)]


@pytest.mark.parametrize(("clock", "mops_per_s", "power_uw"), PUBLISHED)
def test_power_and_rate_are_those_published(run, clock, mops_per_s, power_uw):
    found = run("odin_power", f"settings.clock={clock}")["results"]
    assert found["mops_per_s"] == pytest.approx(mops_per_s, rel=0.003)
    assert found["power_uw"] == pytest.approx(power_uw, rel=0.003)


def test_sixteen_neurons_fire_in_every_step_and_the_crossbar_never_waits(run, tmp_path):
    # 160 steps of 16 spikes, each 1 + 512 cycles of 75 MHz (ODIN's documentation).
    summary = run("odin_power")
    assert summary["spikes"] == 160 * 16
    assert summary["synaptic_events"] == 160 * 16 * 256
    with api.open_trace(tmp_path / "odin_power.h5") as trace:
        # Times are whole ps, and what is not published of the way to the crossbar takes a few more.
        step_ps = trace.per_step("step_time_ps")
        counts = trace.spikes("neurons").ticks
    assert step_ps == pytest.approx(16 * (1 + 512) * 1e12 / 75e6, rel=2e-5)
    assert sorted(counts.tolist()) == sorted(list(range(1, 161)) * 16)


def test_a_time_reference_costs_512_cycles_a_step(run):
    without, with_one = (
        run("odin_power", f"settings.time_reference={word}", overwrite=True)["results"]
        for word in ("none", "every_step")
    )
    share = 16 * 513 / (16 * 513 + 512)
    assert with_one["mops_per_s"] == pytest.approx(share * without["mops_per_s"], rel=1e-4)
    # Eq. 2 of the paper: 27.3 uW + 1.78 uW/MHz + 8.43 pJ an operation.
    expected = 27.3 + 1.78 * 75 + 8.43 * with_one["mops_per_s"]
    assert with_one["power_uw"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("setting", ["clock=0", "time_reference='often'", "clok=75"])
def test_wrong_settings(setting):
    with pytest.raises(InputError) as caught:
        api.open_scenario("odin_power", overrides=[f"settings.{setting}"])
    assert caught.value.problems[0].where == f"settings.{setting.split('=')[0]}"
