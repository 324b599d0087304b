"""Lines about the hardware in what a run prints: short, with bounds marked and what is unknown named."""

from __future__ import annotations

import pytest

from spikemesh.cli.hardware import hardware_rows

KNOWN = {
    "regime": "barrier",
    "step_mean_ns": 41_000.0,
    "step_max_ns": 41_070.0,
    "critical_core": "chip1.core127",
    "critical_core_share": 0.5,
    "critical_link": "chip0->chip1",
    "critical_link_share": 1.0,
    "busiest_link": "chip0->chip1",
    "busiest_link_utilisation": 0.9755,
    "energy_mj": 3.0,
    "energy_static_mj": 1.0,
    "energy_dynamic_mj": 2.0,
    "energy_note": "complete",
    "energy_static_note": "complete",
    "energy_dynamic_note": "complete",
}
MISSES = "incomplete: misses synaptic_event"


def test_everything_known():
    assert hardware_rows(KNOWN) == [
        ("time of a step", "41 us (mean), 41.1 us (longest)"),
        ("most steps wait for", "chip1.core127 (50 %), chip0->chip1 (100 %)"),
        ("most loaded link", "chip0->chip1, busy for 97.5 % of the time"),
        ("energy", "3 mJ: static 1 mJ, dynamic 2 mJ"),
    ]


def test_a_part_that_is_not_published_is_no_zero_and_makes_the_sum_a_bound():
    changed = {
        "energy_mj": 1.0,
        "energy_dynamic_mj": None,
        "energy_note": MISSES,
        "energy_dynamic_note": MISSES,
    }
    rows = dict(hardware_rows(KNOWN | changed))
    assert rows["energy"] == ">= 1 mJ: static 1 mJ, dynamic not published"
    assert rows["energy is"] == "incomplete: misses synaptic event"


def test_nothing_published():
    changed = {"energy_mj": None, "energy_static_mj": None, "energy_dynamic_mj": None, "energy_note": MISSES}
    assert dict(hardware_rows(KNOWN | changed))["energy"] == "not published"


def test_ticks_show_what_was_late_and_no_bottleneck():
    ticks = {"regime": "tick", "step_mean_ns": 1e6, "step_max_ns": 1e6}
    lost = {"packets_sent": 12_000, "packets_late": 1234, "packets_dropped": 5}
    rows = dict(hardware_rows(KNOWN | ticks | lost))
    assert rows["time of a step"] == "1 ms"
    assert rows["packets late"] == "1,234 of 12,000; dropped 5"
    assert "most steps wait for" not in rows


@pytest.mark.parametrize(("note", "text"), [("complete", "energy 1.5 mJ"), (MISSES, "energy >= 1.5 mJ")])
def test_inferences(note, text):
    one = {"inferences": 2, "energy_per_inference_mj": 1.5, "time_per_inference_ms": 0.2, "energy_note": note}
    assert dict(hardware_rows(KNOWN | one))["of an inference"] == f"{text}, time 200 us"
    without = one | {"time_per_inference_ms": None}
    assert dict(hardware_rows(KNOWN | without))["of an inference"] == text


def test_a_run_whose_hardware_was_not_looked_at_has_no_lines():
    assert hardware_rows({"spikes": 3}) == []


def test_a_run_prints_them_between_its_figures_and_the_scenarios_own(api, invoke):
    api.summary |= KNOWN
    output = invoke("run", "ring").stdout
    assert "most loaded link            chip0->chip1, busy for 97.5 % of the time" in output.splitlines()
    assert output.index("spikes") < output.index("most loaded link") < output.index("results")
