"""Gated bidirectional chain (models.md D2, D5)."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.learning.chain import BEAKERS
from spikemesh_plugins.learning.gbc import GatedBidirectionalChain

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


def test_a_chain_has_no_more_state_than_beakers(learn):
    run = learn(GatedBidirectionalChain, {**UNGATED, "beakers": 3}, 1.0, 200, init={"u1": 1.0})
    assert [name for name in run.values if name[0] == "u"] == ["u1", "u2", "u3"]
    assert contents(run, 3)[-1].min() > 0.0


def test_longest_chain_uses_every_beaker(learn):
    run = learn(
        GatedBidirectionalChain, {**UNGATED, "beakers": BEAKERS, "end_leak": 0.0}, 1.0, 2000, init={"u1": 1.0}
    )
    u = contents(run, BEAKERS)
    assert (u[-1] > 0.0).all()
    np.testing.assert_allclose(u @ 2.0 ** np.arange(BEAKERS), 1.0, rtol=1e-10)  # KA-D2e


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


def test_patterns_add_and_take_away(learn):
    # arrivals one step before the spike are +1, spikes without one -1; m = 1 without leak adds them up
    params = {"beakers": 1, "end_leak": 0.0, "input": "pattern", "amplitude": 0.125}
    run = learn(GatedBidirectionalChain, params, 1.0, 12, pre=[3, 8], post=[2, 4, 6, 8, 9, 11])
    expected = [0, -1, -1, 0, 0, -1, -1, -2, -1, -1, -2, -2]
    assert (run.values["u1"] / 0.125).tolist() == expected
    assert run.values["w"].tolist() == [0.5 + 0.125 * x for x in expected]


def test_the_weight_can_show_a_deep_beaker(learn):
    params = {**GATED, "readout": 4, "gain": 0.5}
    run = learn(GatedBidirectionalChain, params, 1.0, 40, init={"u3": 0.5}, w=0.25)
    assert run.values["u4"][-1] > 0.01
    np.testing.assert_allclose(run.values["w"], 0.25 + 0.5 * run.values["u4"], rtol=1e-14)


def test_protein_follows_the_activity_of_the_neuron(learn):
    # 4 spikes in a row are 4 of 8 in the trace, less what 1000 steps of time constant lose
    params = {"beakers": 2, "stm": 1, "drain": 0.0, "end_leak": 0.0, "protein_from": "activity"}
    params |= {"tau_protein": 1000.0, "protein_spikes": 8.0}
    run = learn(
        GatedBidirectionalChain, params, 1.0, 6, post=[1, 2, 3, 4], init={"u1": 1.0}, third={5: 1.0, 6: 0.0}
    )
    active = sum(math.exp(-k / 1000) for k in (1, 2, 3, 4)) / 8
    assert run.values["u2"][3] == 0.0
    assert run.values["u2"][4] == pytest.approx(0.5 * active / 8, rel=1e-12)
    silent = learn(GatedBidirectionalChain, params, 1.0, 6, init={"u1": 1.0}, third=1.0)
    assert not silent.values["u2"].any()


def test_importance_of_a_descent_is_the_loss_it_saved(learn):
    # models.md D4: on L = h u^2 / 2 each input is a step -eta h u. sum of squares / eta = loss saved / (1 - eta h / 2).
    # An input here is +-amplitude, so that u falls evenly: path = n a^2, turned = n a, Omega = n a^2 / (n^2 a^2 + d).
    params = {
        "beakers": 1,
        "end_leak": 0.0,
        "input": "pattern",
        "amplitude": 0.01,
        "freeze": 1.0,
        "damping": 1e-3,
    }
    run = learn(GatedBidirectionalChain, params, 1.0, 30, post=range(1, 21), third={25: 1.0})
    assert run.values["path"][19] == pytest.approx(20 * 1e-4, rel=1e-9)
    assert run.values["omega"][23] == 0.0
    assert run.values["omega"][24] == pytest.approx(20e-4 / (0.04 + 1e-3), rel=1e-9)
    assert (run.values["path"][24], run.values["start"][24]) == (0.0, run.values["u1"][24])


@pytest.mark.parametrize("clock", ["every_tick", "tiered"])
def test_what_mattered_changes_less_and_forgets_less(learn, clock):
    params = {"beakers": 4, "stm": 4, "input": "pattern", "amplitude": 0.01, "clock": clock}
    frozen = {**params, "freeze": 2.0}
    plain = learn(GatedBidirectionalChain, params, 1.0, 1, post=[1], init={"u2": 0.5})
    heavy = learn(GatedBidirectionalChain, frozen, 1.0, 1, post=[1], init={"u2": 0.5, "omega": 1.5})
    for name in ("u1", "u2"):
        # C_k is 1 + 2 * 1.5 = 4 times as large; the flow of the step itself has the new u1 in it.
        moved = [run.values[name][0] - (0.5 if name == "u2" else 0.0) for run in (plain, heavy)]
        assert moved[1] == pytest.approx(moved[0] / 4, rel=0.05)
    light = learn(GatedBidirectionalChain, frozen, 1.0, 60, post=range(1, 60, 3), pre=range(1, 60, 7))
    plain = learn(GatedBidirectionalChain, params, 1.0, 60, post=range(1, 60, 3), pre=range(1, 60, 7))
    # Without a third factor nothing has mattered, and it is the same chain bit by bit.
    assert np.array_equal(contents(light, 4), contents(plain, 4))


def test_importance_along_a_gradient_is_the_loss_that_was_saved():
    # models.md D4: L = h u^2 / 2, steps of -eta h u. sum (-g du) = sum du^2 / eta = (L0 - LT) / (1 - eta h / 2), as
    # sum_t q^t (1 - q) = 1 - q^T with q = (1 - eta h)^2; up to O(eta) the drop of the loss itself.
    h, eta = 2.5, 1e-3
    p = SimpleNamespace(**{n: d.default for n, d in GatedBidirectionalChain.parameters.items()})
    vars(p).update(beakers=1, end_leak=0.0, freeze=1.0, a_plus=eta, u_limit=1e9, w_max=1.0)
    rule = GatedBidirectionalChain.specialised(p)
    c = SimpleNamespace(**rule.constants(p, 1.0))
    s = SimpleNamespace(w0=0.5, u1=2.0, path=0.0, start=2.0, omega=0.0)
    for _ in range(800):
        _, new = rule.on_post(0.5, s, c, SimpleNamespace(x=-h * s.u1), None, 0.0)
        s = SimpleNamespace(**dict(zip(rule.state, new, strict=True)))
    saved = 0.5 * h * (2.0**2 - s.u1**2)
    assert s.path / eta == pytest.approx(saved / (1 - eta * h / 2), rel=1e-12)
    assert s.path / eta == pytest.approx(saved, rel=2e-3)
    _, new = rule.on_step(0.5, s, c, None, None, 1.0)
    omega = dict(zip(rule.visits["on_step"].state, new, strict=True))["omega"]
    assert omega == pytest.approx(s.path / ((s.u1 - 2.0) ** 2 + 1e-3), rel=1e-12)
