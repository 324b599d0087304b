"""Bits, accesses and arithmetic of rules with memory, counted from settings and visits."""

import numpy as np
import pytest

from spikemesh.api.stored_patterns import StoredPatterns
from spikemesh.memory.operations import operations


def counted(function, **more):
    arguments = {
        "changed": ("u",),
        "state": {"w": 1.0, "u": 2.0},
        "constants": {"half": 0.5, "one": 1.0, "g": 0.3},
    }
    return operations(function, **{**arguments, "traces": ({}, {"y": 1.0}), "draws": ("r",), **more})


def test_operations_of_a_function():
    def rule(w, s, c, pre, post, third, u):
        u1 = s.u + c.half * s.u - c.g * post.y * c.one + u.r
        return (w if s.u > 0.0 else 0.0), (u1,)

    found = counted(rule)
    assert found.counts == {"add": 3, "shift": 1, "multiply": 1, "compare": 1}
    assert (found.reads, found.writes, found.draws) == ({"u"}, {"u"}, {"r"})


def test_what_is_passed_on_is_neither_read_nor_written():
    found = counted(lambda w, s, c, pre, post, third, u: (w, (s.u,)))
    assert (found.reads, found.writes, found.draws, dict(found.counts)) == (set(), set(), set(), {})
    found = counted(lambda w, s, c, pre, post, third, u: (w + 1.0, (0.0,)))
    assert (found.reads, found.writes) == ({"w"}, {"w", "u"})


def test_what_settings_alone_decide_is_computed_once():
    def rule(w, s, c, pre, post, third, u):
        return w, ((c.g * third * c.half + 1.0) * s.u,)

    assert counted(rule, third=0.4).counts == {"multiply": 1}
    # A closed gate is no product at all.
    assert counted(lambda w, s, c, pre, post, third, u: (w, (third * s.u,))).counts == {}


def test_a_chain_takes_shifts_and_adds():
    # m = 6, alpha and ratio powers of two: a flow a beaker, a share of it to each side
    stored = StoredPatterns("benna_fusi", 10, beakers=6)
    stored.store(1)
    costs = stored.costs()
    assert costs.operations["shift"] == 6 + 5  # g_k; 1 / C_k, of which C_1 = 1
    assert (
        costs.operations["add"] == 5 + 5 + 6 + 1 + 2
    )  # differences, flows, contents; weight; +1 or -1 and weight
    assert "multiply" not in costs.operations
    assert costs.random_words == 0
    uneven = StoredPatterns("benna_fusi", 10, beakers=6, ratio=1.9)
    uneven.store(1)
    assert uneven.costs().operations["multiply"] == 11


def test_deep_beakers_are_visited_as_seldom_as_their_clock_says():
    # P = 1, 4, 64 steps; a visit reads and writes the pair and the beaker above it
    stored = StoredPatterns("benna_fusi", 10, clock="tiered")
    stored.store(640)
    costs = stored.costs()
    assert costs.runs == {"on_post": 640, "first_pair": 640, "pair2": 160, "pair3": 10}
    assert costs.tiers["short"].words_read == 640 * (1 + 2) + 160 * 3 + 10 * 3
    every_tick = StoredPatterns("benna_fusi", 10)
    every_tick.store(640)
    assert every_tick.costs().tiers["short"].words_read == 640 * (1 + 6)


def test_bits_and_bytes_are_those_of_the_levels():
    # 2 * 127 + 1 levels: a byte
    params = {"beakers": 5, "rounding": "stochastic", "u_limit": 127.0, "level": 1.0, "amplitude": 1.0}
    stored = StoredPatterns("benna_fusi", 10, **params)
    stored.store(100)
    costs = stored.costs()
    tier = costs.tiers["short"]
    assert (stored.rule.bits["u1"], tier.bits) == (8, 40)
    assert tier.bytes_moved == tier.words_read + tier.words_written
    # One number a beaker and step, one for what comes in.
    assert costs.random_words == 100 * (5 + 1)
    assert costs.to_dict()["random_words_per_step"] == 6


def test_a_cascade_is_a_few_bits():
    stored = StoredPatterns("cascade", 10, depth=8)
    stored.store(50)
    costs = stored.costs()
    assert costs.bits == 1 + 3  # strength, depth
    assert costs.runs == {"on_post": 50}
    assert costs.random_words == 100


def test_no_steps_cost_nothing():
    costs = StoredPatterns("benna_fusi", 10).costs()
    assert costs.steps == 0
    assert all(value == 0 for value in costs.runs.values())
    assert np.isfinite(costs.to_dict()["random_words_per_step"])


@pytest.mark.parametrize("rule", ["benna_fusi", "cascade"])
def test_nothing_but_steps_with_patterns_costs_input(rule):
    stored = StoredPatterns(rule, 10)
    stored.store(20, stored=False)
    assert stored.costs().runs["on_post"] == 0
