"""Patterns stored one a step: schedule, theory, and what the platform finds."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def capacity(scenario_module):
    return scenario_module("memory_capacity")


def test_gates_are_open_for_important_patterns_and_the_quiet_after(capacity):
    ticks, important, third = capacity.schedule()
    assert (ticks.size, np.count_nonzero(important)) == (3020, 20)
    assert np.all(third[ticks[important]] == 1.0)
    assert not third[ticks[~important]].any()
    assert third.sum() == 20 * 65
    assert not np.isin(np.flatnonzero(third), ticks[~important]).any()


def test_theory_is_that_of_following_all_patterns(capacity):
    # Forwards, with random patterns: the covariance of each with the sum of all, 40 times over.
    ticks, _, third = capacity.schedule()
    until = 700
    some = ticks[ticks <= until]
    opened, closed, beaker = capacity.CHAINS["gated"]
    contents = np.zeros((6, some.size))
    for tick in range(1, until + 1):
        contents[0] += some == tick
        contents = (opened if third[tick] else closed).matrix @ contents
    expected = contents[beaker - 1] / np.linalg.norm(contents[beaker - 1]) * np.sqrt(2000)
    assert capacity.linear_snr("gated", some, third, until) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    from spikemesh import api

    out = tmp_path_factory.mktemp("capacity") / "capacity.h5"
    loaded = api.open_scenario("memory_capacity")
    return api.run_scenario(loaded, backend="local", workers=1, out=str(out)).summary["results"]


def test_snr_is_that_of_the_theory(found):
    assert found["patterns"] == 3020
    for rule in found["rules"].values():
        for part in rule["fresh"]:
            assert part["snr"] == pytest.approx(part["theory"], abs=4 * part["error"])
        assert rule["important"] == pytest.approx(rule["important_theory"], abs=4 * rule["important_error"])


def test_gates_help_both_ends(found):
    # The table of the README; factors as in KA-D5f, with its margin of 1.3
    rules = found["rules"]
    fresh = {name: rule["fresh"][0]["theory"] for name, rule in rules.items()}
    assert fresh["gated"] == pytest.approx(14.3, abs=0.05)
    assert fresh["gated"] > 1.3 * fresh["benna_fusi"]
    assert rules["gated_deep"]["important"] > 1.3 * rules["benna_fusi_deep"]["important"]
    assert rules["gated_deep"]["important_theory"] == pytest.approx(1.74, abs=0.01)
    assert [rules[name]["lasts_theory"] for name in ("benna_fusi", "gated", "cascade")] == [299, 99, 29]
    assert rules["plain"]["lasts_theory"] is None
