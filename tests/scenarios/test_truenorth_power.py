"""TrueNorth's published sweep of power over rate, with the point between the ends held out."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh import api
from spikemesh.errors import InputError

# Akopyan et al., IEEE TCAD 34(10), 2015, Fig. 17 (0.8 V, 128 active synapses): Hz, mW; the ends make the line.
PUBLISHED = [(11.58, 68.0), (20.07, 71.0), (95.93, 94.0)]
NEURONS, SYNAPSES = 2**20, 128


@pytest.fixture(scope="module")
def truenorth(scenario_module):
    return scenario_module("truenorth_power")


@pytest.mark.parametrize(("rate", "power_mw"), PUBLISHED)
def test_power_follows_the_sweep(run, rate, power_mw):
    summary = run("truenorth_power", "settings.side=4", f"settings.rate={rate}", duration="1 s")
    found = summary["results"]
    assert found["rate_hz"] == pytest.approx(rate, rel=0.002)
    assert found["power_mw"] == pytest.approx(power_mw, rel=0.01)
    # A spike reaches all set synapses of its axon; those of the last step are still under way.
    assert summary["synaptic_events"] == pytest.approx(summary["spikes"] * SYNAPSES, rel=0.002)
    assert found["events_per_s"] == pytest.approx(NEURONS * SYNAPSES * rate, rel=0.003)


def test_half_the_synapses_take_half_the_dynamic_power(run):
    full, half = (
        run("truenorth_power", "settings.side=4", f"settings.active={n}", duration="400 ms", overwrite=True)
        for n in (128, 64)
    )
    assert half["results"]["static_mw"] == full["results"]["static_mw"]
    ratio = half["results"]["dynamic_mw"] / full["results"]["dynamic_mw"]
    assert ratio == pytest.approx(0.5, rel=0.002)


def test_packets_go_as_far_as_between_any_two_cores(run):
    found = run("truenorth_power", duration="100 ms")["results"]
    # (n^2 - 1) / (3 n) along either axis of n x n cores: 21.3 of n = 64 (Merolla et al. 2014, supplement).
    assert found["hops_x"] == pytest.approx((8**2 - 1) / (3 * 8), rel=0.03)
    assert found["hops_y"] == pytest.approx((8**2 - 1) / (3 * 8), rel=0.03)


def test_every_axon_has_one_source_and_its_synapses_on_its_core(truenorth):
    found = truenorth.wiring(2, 100)
    sources, targets = found["sources"].reshape(1024, 100), found["targets"].reshape(1024, 100)
    assert np.all(sources == sources[:, :1])
    assert np.unique(sources[:, 0]).size == 1024
    assert np.all(targets // 256 == np.arange(1024)[:, None] // 256)
    assert np.all(np.diff(targets, axis=1) > 0)
    assert found["weights"].sum() == 0.0


@pytest.mark.parametrize("setting", ["side=17", "rate='1 kHz'", "active=300", "sides=4"])
def test_wrong_settings(setting):
    with pytest.raises(InputError) as caught:
        api.open_scenario("truenorth_power", overrides=[f"settings.{setting}"])
    assert caught.value.problems[0].where == f"settings.{setting.split('=')[0]}"
