"""Gated bidirectional chain (models.md D2, D5)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.learning.gbc import BEAKERS, GatedBidirectionalChain

UNGATED = {"stm": BEAKERS}
GATED = {"beakers": 6, "stm": 2, "mtm": 2}


def contents(run, beakers):
    return np.stack([run.values[f"u{k}"] for k in range(1, beakers + 1)], axis=1)


def test_without_borders_a_memory_decays_as_one_over_root_t(learn):
    # KA-D2a, KA-D5d: m = 8, S(t) = u1 after a unit impulse
    params = {**UNGATED, "beakers": 8}
    run = learn(GatedBidirectionalChain, params, 1.0, 10_000, init={"u1": 1.0})
    u1 = np.concatenate(([1.0], run.values["u1"]))
    assert u1[[0, 1, 2]].tolist() == [1.0, 0.875, 0.7734375]
    assert u1[[10, 100, 1000, 10_000]] == pytest.approx(
        [0.40292068, 0.13290689, 0.0424822, 0.01342529], abs=5e-9
    )


def test_open_gates_are_no_gates(learn):
    # KA-D5d: third factor 1, protein 1, no tag threshold
    free = learn(GatedBidirectionalChain, {**GATED, "stm": 6}, 1.0, 300, init={"u1": 1.0})
    opened = learn(GatedBidirectionalChain, GATED, 1.0, 300, init={"u1": 1.0}, third=1.0)
    assert np.array_equal(contents(free, 6), contents(opened, 6))


def test_beakers_beyond_the_chain_stay_empty(learn):
    run = learn(GatedBidirectionalChain, {**UNGATED, "beakers": 3}, 1.0, 200, init={"u1": 1.0})
    assert contents(run, 3).min(axis=0).min() >= 0.0
    assert all(not run.values[f"u{k}"].any() for k in range(4, BEAKERS + 1))


def test_longest_chain_uses_every_beaker(learn):
    run = learn(
        GatedBidirectionalChain, {**UNGATED, "beakers": 12, "end_leak": 0.0}, 1.0, 2000, init={"u1": 1.0}
    )
    u = contents(run, 12)
    assert (u[-1] > 0.0).all()
    np.testing.assert_allclose(u @ 2.0 ** np.arange(12), 1.0, rtol=1e-10)  # KA-D2e


def test_contents_are_conserved_for_any_gates(learn):
    # KA-D5b: sealed borders, beta 1, no end leak, no input: 4e-14 over 500 steps
    random = np.random.default_rng(5)
    gates = random.integers(0, 2, 501) * random.random(501)
    start = {f"u{k}": random.normal() for k in range(1, 7)}
    params = {**GATED, "drain": 0.0, "end_leak": 0.0, "theta_tag": 0.1}
    run = learn(GatedBidirectionalChain, params, 1.0, 500, init=start, third=gates)
    capacity = 2.0 ** np.arange(6)
    total = sum(2.0 ** (k - 1) * start[f"u{k}"] for k in range(1, 7))
    assert np.abs(contents(run, 6) @ capacity - total).max() < 4e-14
    assert np.abs(contents(run, 6)[-1] - [start[f"u{k}"] for k in range(1, 7)]).max() > 0.1


def test_two_reservoirs(learn):
    # KA-D5c: u1 - u2 = d0 (1 - lambda)^t, lambda = g (1/C1 + 1/C2) = 0.1875 with g = 1/8;
    # u_inf = C1 u1/(C1 + C2)
    params = {**UNGATED, "beakers": 2, "end_leak": 0.0}
    run = learn(GatedBidirectionalChain, params, 1.0, 50, init={"u1": 1.0})
    u = contents(run, 2)
    np.testing.assert_allclose(u[:, 0] - u[:, 1], 0.8125 ** np.arange(1, 51), rtol=1e-10)
    assert [round(float(x), 6) for x in u[-1]] == [0.333354, 0.333323]


def test_shut_borders_keep_lower_tiers_from_the_input(learn):
    # KA-D5a: bit-identical whatever comes in
    start = {"u3": 0.5, "u4": -0.25, "u5": 0.125, "u6": 0.3}
    runs = [
        learn(GatedBidirectionalChain, GATED, 1.0, 200, init=start, pre=pre, post=post)
        for pre, post in (([], []), (range(1, 200, 7), range(3, 200, 11)))
    ]
    first, second = (contents(run, 6) for run in runs)
    assert np.array_equal(first[:, 2:], second[:, 2:])
    assert not np.array_equal(first[:, :2], second[:, :2])


def test_shut_border_drains(learn):
    # one beaker before a shut border: du1 = -drain g1 u1 / C1, g1 = 1/8
    params = {"beakers": 2, "stm": 1, "drain": 0.5}
    run = learn(GatedBidirectionalChain, params, 1.0, 20, init={"u1": 1.0})
    np.testing.assert_allclose(run.values["u1"], (1 - 0.5 / 8) ** np.arange(1, 21), rtol=1e-13)
    assert not run.values["u2"].any()


def test_gate_needs_tag_and_third_factor_and_protein(learn):
    # the product of models.md D5: gamma = G [|u_k - u_k+1| > theta_tag] p
    params = {"beakers": 2, "stm": 1, "drain": 0.0, "end_leak": 0.0}
    for theta_tag, third, protein, flow in (
        (0.5, 1.0, 1.0, 1 / 8),
        (0.5, 0.5, 1.0, 1 / 16),
        (0.5, 1.0, 0.25, 1 / 32),
        (1.0, 1.0, 1.0, 0.0),
        (0.5, 0.0, 1.0, 0.0),
    ):
        more = {"theta_tag": theta_tag, "protein": protein}
        run = learn(GatedBidirectionalChain, {**params, **more}, 1.0, 1, init={"u1": 1.0}, third=third)
        assert run.values["u1"][0] == 1.0 - flow
        assert run.values["u2"][0] == flow / 2


def test_fuller_lower_beaker_is_tagged_and_flows_back(learn):
    params = {"beakers": 2, "stm": 1, "drain": 0.0, "end_leak": 0.0, "theta_tag": 0.5}
    run = learn(GatedBidirectionalChain, params, 1.0, 1, init={"u2": 1.0}, third=1.0)
    assert (run.values["u1"][0], run.values["u2"][0]) == (1 / 8, 1 - 1 / 16)


def test_there_are_two_borders(learn):
    run = learn(GatedBidirectionalChain, GATED, 1.0, 50, init={f"u{k}": 1.0 for k in (1, 2, 3, 4)})
    assert not run.values["u5"].any()
    opened = learn(GatedBidirectionalChain, {**GATED, "mtm": 4}, 1.0, 50, init={"u4": 1.0})
    assert opened.values["u5"][-1] > 0.0
    assert opened.values["u2"][-1] == 0.0


def test_copying_is_one_way(learn):
    params = {**UNGATED, "beakers": 2, "beta": 0.0, "end_leak": 0.0}
    run = learn(GatedBidirectionalChain, params, 1.0, 10, init={"u1": 1.0})
    assert set(run.values["u1"]) == {1.0}
    assert run.values["u2"][-1] > 0.3


def test_one_sealed_beaker_is_a_plain_weight(learn):
    # m = 1 without leak: pairs of spikes change w as pair STDP does
    window = {"a_plus": 0.01, "a_minus": 0.012, "tau_plus": 16.8, "tau_minus": 33.7}
    params = {**window, "beakers": 1, "end_leak": 0.0}
    run = learn(GatedBidirectionalChain, params, 1.0, 30, pre=[3, 20], post=[8], w=1.0, w_max=4.0)
    want = 1.0 + 4.0 * (0.01 * math.exp(-5 / 16.8) - 0.012 * math.exp(-12 / 33.7))
    assert run.values["w"][-1] == pytest.approx(want, rel=1e-12)


def test_weight_follows_the_first_beaker_within_bounds(learn):
    params = {**UNGATED, "beakers": 1, "end_leak": 0.0, "u_limit": 0.75}
    grown = learn(GatedBidirectionalChain, {**params, "a_plus": 0.5}, 1.0, 9, pre=[1], post=[2, 3, 4])
    assert grown.values["u1"][-1] == 0.75
    assert grown.values["w"][-1] == 1.0
    shrunk = learn(
        GatedBidirectionalChain, {**params, "a_minus": 0.2, "gain": 0.5}, 1.0, 9, pre=[2], post=[1]
    )
    assert shrunk.values["w"][-1] == pytest.approx(0.5 - 0.5 * 0.2 * math.exp(-1 / 20), rel=1e-14)


def test_shorter_steps_move_less(learn):
    fine = {**UNGATED, "beakers": 8, "chain_step": 10.0}
    run = learn(GatedBidirectionalChain, fine, 1.0, 1, init={"u1": 1.0})
    assert run.values["u1"][0] == pytest.approx(1 - 0.0125, rel=1e-15)


def test_chain_step_below_the_timestep_is_refused(constants_of):
    with pytest.raises(DescriptionError, match=r"chain_step: 0\.1 ms is shorter than the timestep of 1 ms"):
        constants_of(GatedBidirectionalChain, 1.0, chain_step=0.1, w_max=1.0)
