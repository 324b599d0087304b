"""Congested link: the knee of the slowdown where its load is 1, and what the cures remove."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spikemesh import api
from spikemesh.errors import InputError
from spikemesh_storage.report import write_report

# Sources fire every 8 steps, equally many in each.
SHORT = "16 ms"


@pytest.fixture(scope="module")
def congestion(scenario_module):
    return scenario_module("loihi_congestion")


@pytest.fixture
def measured(run):
    def go(setting, level):
        overrides = (f"settings.{setting}", f'run.links="{level}"')
        return run("loihi_congestion", *overrides, duration=SHORT, overwrite=True)["results"]

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
    found = {ratio: measured(f"ratio={ratio}", level="analytic") for ratio in (1, 4, 8, 9, 10, 30, 100)}
    # 3.5 ns a synaptic event (Davies et al. 2018, Table 2): 32 packets of 96 synapses, 96 updates of 8.4 ns.
    assert found[1]["busiest_core_ns"] == pytest.approx(32 * 96 * 3.5 + 96 * 8.4, rel=0.01)
    # Barrier of 2 x 1 chips: 3 x 212 ns (Frady et al. 2020).
    free = found[1]["busiest_core_ns"] + 3 * 212
    assert found[1]["step_ns"] == pytest.approx(free, rel=0.002)
    for ratio, at in found.items():
        # Work of the link: a packet takes ratio / 3.44 GHz, in whole ps; a spike sends one to each of nearly 36 cores.
        assert at["packets_per_step"] == pytest.approx(128 * 36, rel=0.01)
        assert at["link_work_ns"] == pytest.approx(at["packets_per_step"] * ratio / 3.44, rel=2e-3)
        assert at["load"] == pytest.approx(ratio * found[1]["load"], rel=2e-3)
        expected = max(1.0, 1.0 + (at["load"] - 1.0) * at["busiest_core_ns"] / free)
        assert at["step_ns"] / found[1]["step_ns"] == pytest.approx(expected, rel=0.005)
        assert at["slowdown"] == pytest.approx(expected, rel=0.005)
        assert at["hottest_link"] == "chip0->chip1"
    assert found[8]["load"] < 1.0 < found[9]["load"]
    # Congestion by more than ten times at the end of the range (Orchard & Wild 2021: up to 100).
    assert found[100]["slowdown"] > 10.0


def test_packet_by_packet_the_knee_is_round_and_the_rest_the_same(measured):
    for ratio in (1, 4, 9, 30, 100):
        bound, at = (measured(f"ratio={ratio}", level=level) for level in ("analytic", "packet"))
        assert at["link_work_ns"] == bound["link_work_ns"]
        assert bound["step_ns"] <= at["step_ns"] < bound["step_ns"] + 1000.0
        assert at["step_ns"] < 1.1 * bound["step_ns"]


@pytest.mark.parametrize("level", ["analytic", "packet"])
def test_cures_remove_the_excess_at_ratio_thirty(measured, level):
    step = {
        cure: measured(f'cure="{cure}"', level=level)
        for cure in ("none", "relay", "multicast", "placement", "budget")
    }
    least = measured("ratio=1", level=level)["step_ns"]
    excess = step["none"]["step_ns"] - least
    assert excess > 2.0 * least
    removed = {cure: (step["none"]["step_ns"] - at["step_ns"]) / excess for cure, at in step.items()}
    assert min(removed[cure] for cure in ("relay", "multicast", "placement", "budget")) >= 0.95
    # One packet a spike crosses the link: 128 a step, 8.72 ns each.
    for cure in ("relay", "multicast"):
        assert step[cure]["packets_per_step"] == pytest.approx(128, rel=1e-3)
        assert step[cure]["load"] < 0.1
    assert step["budget"]["packets_per_step"] == pytest.approx(step["none"]["packets_per_step"] / 4, rel=0.01)
    assert step["placement"]["packets_per_step"] < 0.05 * step["none"]["packets_per_step"]


@pytest.mark.parametrize(
    ("setting", "cure"),
    [
        ("settings.ratio=30", "none"),
        ("mapping.relay=true", "relay"),
        ("system.chip.router=multicast", "multicast"),
        ("mapping.pin={}", "placement"),
        ("settings.rate=31.25 Hz", "budget"),
    ],
)
def test_one_setting_is_a_cure_and_the_mapping_report_tells_what_the_link_will_do(measured, setting, cure):
    loaded = api.open_scenario("loihi_congestion", overrides=["mapping.rates=measured", setting])
    loads = api.map_scenario(loaded).loads
    known = measured(f'cure="{cure}"', level="analytic")
    assert loads.busy_ns.max() == pytest.approx(known["link_work_ns"], rel=2e-3)
    assert loads.per_step.max() == pytest.approx(known["packets_per_step"], rel=2e-3)


def test_packets_to_relays_are_counted_as_they_are_sent(run):
    # 128 spikes a step, each a packet over the link, whatever number of cores it is for.
    assert run("loihi_congestion", "mapping.relay=true", duration="8 ms")["packets"] == 8 * 128


def test_analysis_and_report_name_the_link(run, tmp_path):
    run("loihi_congestion", duration=SHORT)
    with api.open_trace(tmp_path / "loihi_congestion.h5") as trace:
        found = trace.analyse()
        write_report(trace, tmp_path / "page.html")
    assert max(found["links"], key=lambda row: row["utilisation"])["link"] == "chip0->chip1"
    assert found["hardware"]["critical_links"] == [{"link": "chip0->chip1", "steps": 16, "share": 1.0}]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<td>chip0-&gt;chip1</td><td>16</td><td>100 %</td>" in re.sub(r"<td [^>]*>", "<td>", page)
    # The drawing of links: the longest bar, first.
    links = page[page.index("<h2>Links</h2>") :]
    assert links.index("chip0-&gt;chip1") < links.index("chip1-&gt;chip0")


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
