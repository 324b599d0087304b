"""Chain of beakers behind a weight (models.md D2 and D5), seen through the weight of a projection.

Only the first beaker shows in a weight. One pair of spikes puts ``IMPULSE`` into it; what it has lost
since tells of the flows behind. Without a third factor all borders are closed.
"""

from math import exp

import pytest

import spikemesh as sm

W0, W_MAX, A_PLUS, TAU = 0.5, 1.0, 0.25, 20.0
IMPULSE = A_PLUS * exp(-1.0 / TAU)


def chain(steps, dt=1.0, **params):
    """Return the first beaker, in units of the impulse, after 1, 2 ... steps."""
    net = sm.Network(timestep=dt)
    pre = net.add_population("pre", 1, "spike_source", times=[3.0])  # arrives at 4 ms
    force = net.add_population("force", 1, "spike_source", times=[5.0 - dt])
    post = net.add_population("post", 1, "iaf", v_th=100.0, reset="zero")
    net.connect(force, post, "all_to_all", weight=100.0, delay=dt)
    learning = sm.rule("gbc", a_plus=A_PLUS, tau_plus=TAU, w_max=W_MAX, **params)
    net.connect(pre, post, "all_to_all", weight=W0, delay=1.0, learning=learning, name="memory")
    found = {}
    with sm.Simulation(net, backend="local") as simulation:
        for step in steps:
            # The post-synaptic spike at 5 ms fills the beaker, and the chain moves once in that step.
            simulation.run(5.0 + (step - 1) * dt - simulation.time_ms)
            found[step] = (float(simulation.weights("memory")[2][0]) - W0) / IMPULSE
    return found


def test_open_chain_forgets_by_a_power_law():
    # KA-D2a, KA-D5d: m = 8, no border: S(1, 2, 10, 100, 1000)
    expected = {1: 0.875, 2: 0.7734375, 10: 0.40292068, 100: 0.13290689, 1000: 0.0424822}
    found = chain(expected, beakers=8, stm=8)
    assert found == {step: pytest.approx(s, abs=6e-9) for step, s in expected.items()}
    # Not an exponential: about the inverse square root, over two decades.
    assert found[1000] / found[10] == pytest.approx(0.1, rel=0.1)


def test_two_sealed_beakers_share_what_came_in():
    # KA-D5c: u1 - u2 = (1 - lambda)^t, lambda = 1/8 (1 + 1/2); u1 + 2 u2 is conserved (KA-D5b), so that
    # u1 = 1/3 + 2/3 (1 - lambda)^t; (1 - lambda)^50 = 3.1e-5
    found = chain([1, 2, 5, 50], beakers=2, stm=2, end_leak=0.0)
    for step, u1 in found.items():
        assert u1 == pytest.approx(1 / 3 + 2 / 3 * 0.8125**step, abs=1e-12)
    assert found[50] == pytest.approx(0.333354, abs=1e-6)


@pytest.mark.parametrize("beakers", [3, 4])
def test_a_sealed_chain_conserves_its_contents(beakers):
    # KA-D2e: without leak every beaker ends at sum(C u) / (2^m - 1)
    found = chain([20000], beakers=beakers, stm=beakers, end_leak=0.0)
    assert found[20000] == pytest.approx(1 / (2**beakers - 1), abs=1e-9)


def test_one_beaker_without_leak_is_a_plain_weight():
    # D5, special cases
    assert chain([1, 500], beakers=1, stm=1, end_leak=0.0) == {1: pytest.approx(1.0), 500: pytest.approx(1.0)}


def test_one_beaker_with_leak_forgets_exponentially():
    # D5, special cases: g_1 = 1/8
    assert chain([1, 10], beakers=1, stm=1) == {n: pytest.approx(0.875**n, rel=1e-9) for n in (1, 10)}


def test_a_closed_border_drains_or_seals():
    # D5 without third factor: the closed border behind u1 leaks g_1 u_1 (drain 1) or nothing (drain 0)
    assert chain([1, 10], beakers=4, stm=1) == {n: pytest.approx(0.875**n, rel=1e-9) for n in (1, 10)}
    assert chain([10], beakers=4, stm=1, drain=0.0) == {10: pytest.approx(1.0, rel=1e-12)}


def test_behind_a_closed_border_nothing_arrives():
    # KA-D5a: with the border behind u2 closed the chain is that of two beakers, whatever lies behind
    expected = chain([1, 7, 40], beakers=2, stm=2, end_leak=1.0)
    assert chain([1, 7, 40], beakers=6, stm=2, mtm=2) == expected


def test_a_shorter_timestep_takes_its_part_of_a_chain_step():
    # alpha dt / chain_step: halves of a step multiply, (1 - 1/16)^2
    assert chain([2], dt=0.5, beakers=1, stm=1)[2] == pytest.approx((1 - 1 / 16) ** 2, rel=1e-9)
