"""Cortical microcircuit on a SpiNN-5 board: late and lost packets, overruns, and the same network without links."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh import api
from spikemesh.errors import InputError

TINY = ("settings.scale=0.02",)
# Ticks of 0.2 us, as long as a packet takes over a link.
FAST = (*TINY, "settings.acceleration=500")


def results(run, *overrides, **settings):
    return run("spinnaker_microcircuit", *overrides, duration="40 ms", **settings)["results"]


def test_in_real_time_nothing_is_late(run):
    found = results(run, *TINY, "settings.acceleration=1")
    assert found["packets_sent"] == found["packets_delivered"] > 100
    assert found["packets_late"] == found["packets_dropped"] == found["overruns"] == 0


def test_what_is_late_and_lost_at_five_hundred_times_real_time(run, tmp_path):
    found = results(run, *FAST)
    # All are late, and those with two links before them too old.
    assert found["late_percent"] == 100.0
    assert 0 < found["packets_delivered"] < found["packets_sent"]
    assert found["packets_sent"] - found["packets_delivered"] - found["packets_dropped"] < 10
    assert found["late_percent"] == pytest.approx(100 * found["packets_late"] / found["packets_sent"])
    # One synaptic event, 427 ns, is more than a tick: every tick with one is too short; 768 cores, 400 ticks.
    trace = api.open_trace(tmp_path / "spinnaker_microcircuit.h5")
    assert found["overruns"] == trace.counts("core_overruns").sum()
    assert found["overruns"] > 1000
    assert found["overruns_percent"] == pytest.approx(100 * found["overruns"] / (768 * 400))
    carried = trace.counts("link_packets").sum(axis=0)
    assert (
        carried[list(trace.link_names).index(found["hottest_link"])]
        == found["hottest_packets"]
        == carried.max()
    )


def test_workers_change_nothing(run):
    assert results(run, *FAST) == results(run, *FAST, workers=2, overwrite=True)


def test_without_links_packets_are_not_followed(run):
    ideal = run("spinnaker_microcircuit", *FAST, duration="40 ms", links="none")
    slow = run("spinnaker_microcircuit", *TINY, "settings.acceleration=1", duration="40 ms", overwrite=True)
    assert ideal["digest"]["function"] == slow["digest"]["function"]
    assert ideal["results"]["packets_sent"] == ideal["results"]["late_percent"] == 0


def test_overruns_of_an_account_without_times(run):
    found = results(run, *TINY, 'system.costs="spinnmachine"')
    assert found["overruns"] == "not published"


def test_late_packets_rise_with_the_scale(run):
    faster = "settings.acceleration=75"
    found = [results(run, f"settings.scale={scale}", faster, overwrite=True) for scale in (0.02, 0.06)]
    for name in ("packets_sent", "late_percent", "overruns_percent"):
        assert found[0][name] < found[1][name], name


@pytest.mark.parametrize(
    ("settings", "where"),
    [("settings.scale=0.001", "settings.scale"), ("settings.acceleration=0", "settings.acceleration"),
     ("settings.speed=2", "settings.speed")],
)  # fmt: skip
def test_wrong_settings(settings, where):
    with pytest.raises(InputError, match=where):
        api.open_scenario("spinnaker_microcircuit", overrides=[settings])


def test_the_network_is_that_of_microcircuit():
    here = api.open_scenario("spinnaker_microcircuit", overrides=["settings.scale=0.05"]).network
    there = api.open_scenario("microcircuit", overrides=["settings.scale=0.05"]).network
    assert [(p.name, p.size) for p in here.populations] == [(p.name, p.size) for p in there.populations]
    assert len(here.projections) == len(there.projections) == 55


def test_the_tick_follows_from_the_acceleration():
    loaded = api.open_scenario("spinnaker_microcircuit", overrides=["settings.acceleration=100"])
    assert loaded.system.tick == pytest.approx(1000.0)
    assert loaded.system.chip_count == 48
    assert np.isclose(api.open_scenario("spinnaker_microcircuit").system.tick, 2000.0)
