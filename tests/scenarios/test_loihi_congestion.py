"""Congested link: the knee of the slowdown where its load is 1, and what the cures remove."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh import api
from spikemesh.errors import InputError

# Two steps in which every phase is the same as any other; see the README for the figures.
SHORT = "16 ms"


@pytest.fixture(scope="module")
def congestion(scenario_module):
    return scenario_module("loihi_congestion")


@pytest.fixture
def measured(run):
    def go(*settings, **more):
        overrides = [f"settings.{setting}" for setting in settings]
        return run("loihi_congestion", *overrides, duration=SHORT, overwrite=True, **more)["results"]

    return go


def test_every_step_has_one_spike_in_eight_sources_spread_over_cores(congestion, tmp_path):
    congestion.prepare(tmp_path)
    with np.load(tmp_path / congestion.FILE) as file:
        phases = file["v"]
    assert phases.shape == (256,)
    fires = np.floor(phases + 0.125 * np.arange(9)[:, None])
    steps = np.diff(fires, axis=0)
    assert np.all(steps.sum(axis=1) == 32)
    # 8 sources share a core: none sends more than two spikes in a step.
    assert steps.reshape(8, 32, 8).sum(axis=2).max() == 2


def test_the_slowdown_has_its_knee_where_the_load_of_the_link_is_one(measured):
    found = {ratio: measured(f"ratio={ratio}") for ratio in (1, 4, 8, 9, 10, 30, 100)}
    # 3.5 ns a synaptic event (Davies et al. 2018, Table 2): 32 packets of 96 synapses, 96 updates of 8.4 ns.
    assert found[1]["busiest_core_ns"] == pytest.approx(32 * 96 * 3.5 + 96 * 8.4, rel=0.02)
    # Barrier of 2 x 1 chips: 3 x 212 ns (Frady et al. 2020).
    free = found[1]["busiest_core_ns"] + 3 * 212
    for ratio, at in found.items():
        # Work of the link: a packet takes ratio / 3.44 GHz.
        assert at["link_work_ns"] == pytest.approx(at["packets_per_step"] * ratio / 3.44, rel=1e-3)
        assert at["load"] == pytest.approx(ratio * found[1]["load"], rel=1e-3)
        expected = max(1.0, 1.0 + (at["load"] - 1.0) * at["busiest_core_ns"] / free)
        assert at["step_ns"] / found[1]["step_ns"] == pytest.approx(expected, rel=0.01)
        assert at["slowdown"] == pytest.approx(expected, rel=0.01)
        assert at["hottest_link"] == "chip0->chip1"
    assert found[8]["load"] < 1.0 < found[9]["load"]
    assert found[8]["slowdown"] == 1.0
    assert found[9]["slowdown"] > 1.02
    # Nearly straight beyond the knee, towards the link's own time.
    assert found[100]["slowdown"] > 10.0


def test_cures_remove_the_excess_at_ratio_thirty(measured):
    step = {cure: measured(f'cure="{cure}"') for cure in ("none", "relay", "multicast", "placement", "budget")}
    least = measured("ratio=1")["step_ns"]
    excess = step["none"]["step_ns"] - least
    assert excess > 2.0 * least
    removed = {cure: (step["none"]["step_ns"] - at["step_ns"]) / excess for cure, at in step.items()}
    assert min(removed[cure] for cure in ("relay", "multicast", "placement", "budget")) >= 0.6
    # One packet a spike crosses the link: 128 a step, 8.72 ns each.
    for cure in ("relay", "multicast"):
        assert step[cure]["link_work_ns"] == pytest.approx(128 * 30 / 3.44, rel=1e-3)
        assert step[cure]["load"] < 0.1
    assert step["budget"]["packets_per_step"] == pytest.approx(step["none"]["packets_per_step"] / 4, rel=0.01)
    assert step["placement"]["packets_per_step"] < 0.05 * step["none"]["packets_per_step"]


def test_placement_puts_whole_modules_on_each_chip(run, tmp_path):
    run("loihi_congestion", 'settings.cure="placement"', duration="8 ms")
    trace = api.open_trace(tmp_path / "loihi_congestion.h5")
    chips = {name: set(trace.placement(name) // 128) for name in trace.sizes}
    assert all(len(found) == 1 for found in chips.values())
    assert all(chips[f"source_{m}"] == chips[f"target_{m}"] for m in "abcd")
    assert chips["source_a"] == chips["source_b"] != chips["source_c"] == chips["source_d"]


def test_links_change_no_spike(run, tmp_path):
    digests = set()
    for k, setting in enumerate(("ratio=1", "ratio=100", 'cure="relay"')):
        run("loihi_congestion", f"settings.{setting}", duration=SHORT, out=str(tmp_path / f"{k}.h5"))
        digests.add(api.open_trace(tmp_path / f"{k}.h5").digest()["function"])
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("ratio=0.5", "out of range"),
        ("cure='rely'", "allowed: none, relay"),
        ("rate='2 kHz'", "out of range"),
        ("raito=3", "ratio"),
    ],
)
def test_wrong_settings(setting, found):
    with pytest.raises(InputError, match=found) as caught:
        api.open_scenario("loihi_congestion", overrides=[f"settings.{setting}"])
    assert caught.value.problems[0].where == f"settings.{setting.split('=')[0]}"
