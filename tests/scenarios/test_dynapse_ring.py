"""Ring of chips without a clock: a lap is the sum of its latencies."""

from __future__ import annotations

import pytest

from spikemesh import api
from spikemesh.errors import InputError


@pytest.fixture(scope="module")
def ring(scenario_module):
    return scenario_module("dynapse_ring")


@pytest.mark.parametrize(
    ("chips", "hop", "duration", "lap_ns"),
    [
        # 3 links out, 3 back, 15.4 ns each (Moradi et al. 2018, of DYNAP-SE), and four delays of 0.1 ns.
        (4, "15.4 ns", "200 ns", 6 * 15.4 + 4 * 0.1),
        (2, "15.4 ns", "100 ns", 2 * 15.4 + 2 * 0.1),
        # Ways are rounded to the step of 0.1 ns: 15.45 to 15.5, 3 x 15.45 = 46.35 to 46.4.
        (4, "15.45 ns", "200 ns", 3 * 15.5 + 46.4 + 4 * 0.1),
        (8, "2.5 ns", "100 ns", 14 * 2.5 + 8 * 0.1),
    ],
)
def test_every_lap_is_the_sum_of_its_ways(run, chips, hop, duration, lap_ns):
    settings = (f"settings.chips={chips}", f'settings.hop="{hop}"')
    found = run("dynapse_ring", *settings, duration=duration)["results"]
    assert found["laps"] >= 2
    assert found["equal"]
    assert found["complete"]
    assert found["lap_ns"] == pytest.approx(lap_ns, abs=1e-9)
    assert found["expected_lap_ns"] == pytest.approx(lap_ns, abs=1e-9)


def test_latencies_and_energies_that_are_not_published_are_not_made_up(run, tmp_path):
    run("dynapse_ring", duration="40 ns")
    with api.open_trace(tmp_path / "dynapse_ring.h5") as trace:
        found = trace.analyse()["hardware"]
    notes = {term["kind"]: term["note"] for term in found["energy"]["terms"]}
    for kind in ("synaptic_event", "spike", "links_between_chips", "static_chip"):
        assert notes[kind] == "not published"
    assert found["table"][0]["energy_note"].startswith("incomplete: misses")


def test_half_a_step_is_rounded_upwards(ring):
    assert ring.lap_steps(4, 15_400, 100) == 928
    assert ring.lap_steps(4, 15_450, 100) == 4 + 3 * 155 + 464
    assert ring.lap_steps(2, 0, 100) == 2


@pytest.mark.parametrize("setting", ["chips=9", "hop='2 ms'", "hops=3"])
def test_wrong_settings(setting):
    with pytest.raises(InputError) as caught:
        api.open_scenario("dynapse_ring", overrides=[f"settings.{setting}"])
    assert caught.value.problems[0].where == f"settings.{setting.split('=')[0]}"
