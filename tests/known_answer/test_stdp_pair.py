"""Pair STDP of periodic trains: the steady change per pair (models.md C1, KA-C1a)."""

from math import exp

import pytest

import spikemesh as sm

A_PLUS, A_MINUS, TAU_PLUS, TAU_MINUS = 0.01, 0.012, 16.8, 33.7
W_MAX = 8.0


def pairing(rule, period, lag, pairs, delay=2.0, **changes):
    """A source that fires every ``period`` and a target forced to fire ``lag`` after every arrival."""
    net = sm.Network(timestep="1 ms")
    arrivals = [50.0 + period * k for k in range(pairs)]
    pre = net.add_population("pre", 1, "spike_source", times=[t - delay for t in arrivals])
    force = net.add_population("force", 1, "spike_source", times=[t + lag - 1.0 for t in arrivals])
    # The plastic input alone never reaches the threshold, the forcing one always does.
    post = net.add_population("post", 1, "iaf", v_th=1000.0, reset="zero")
    net.connect(force, post, "all_to_all", weight=1000.0, delay=1.0)
    window = {"a_plus": A_PLUS, "a_minus": A_MINUS, "tau_plus": TAU_PLUS, "tau_minus": TAU_MINUS}
    learning = sm.rule(rule, **{**window, "w_max": W_MAX, **changes})
    net.connect(pre, post, "all_to_all", weight=W_MAX / 2, delay=delay, learning=learning, name="plastic")
    net.probe(post, "spikes")
    return net, arrivals


def weights_after(net, times):
    found = []
    with sm.Simulation(net, backend="local") as simulation:
        for t in times:
            simulation.run(t - simulation.time_ms)
            found.append(float(simulation.weights("plastic")[2][0]))
    return found


@pytest.mark.parametrize(
    ("rule", "period", "steady"),
    [
        # KA-C1a, lag 10 ms: 10 Hz all pairs and nearest, 50 Hz all pairs and nearest
        ("stdp_pair", 100.0, 0.00465313896),
        ("stdp_pair_nearest", 100.0, 0.00468380356),
        ("stdp_pair", 20.0, -0.0120025513),
        ("stdp_pair_nearest", 20.0, -0.0034045707),
    ],
)
def test_steady_change_per_pair(rule, period, steady):
    net, arrivals = pairing(rule, period, 10.0, 42)
    # One period lies between: one more arrival and one more post-synaptic spike.
    before, after = weights_after(net, [arrivals[40] - 1.0, arrivals[41] - 1.0])
    assert 0.0 < after < W_MAX
    assert (after - before) / W_MAX == pytest.approx(steady, rel=1e-6)


@pytest.mark.parametrize(
    ("rule", "lag"), [("stdp_pair", 7.0), ("stdp_pair", 93.0), ("stdp_pair_nearest", 7.0)]
)
def test_every_pair_of_a_finite_train(rule, lag):
    # The sum over all pairs (or the latest ones) of spikes; nothing is lost at the start or the end.
    period, pairs = 100.0, 5
    net, arrivals = pairing(rule, period, lag, pairs)
    (weight,) = weights_after(net, [arrivals[-1] + lag + 1.0])
    reach = pairs if rule == "stdp_pair" else 1
    change = 0.0
    for k in range(pairs):
        change += sum(A_PLUS * exp(-(lag + period * j) / TAU_PLUS) for j in range(min(k + 1, reach)))
        change -= sum(A_MINUS * exp(-(period - lag + period * j) / TAU_MINUS) for j in range(min(k, reach)))
    assert weight - W_MAX / 2 == pytest.approx(W_MAX * change, rel=1e-9)


def test_coincident_spikes_do_not_see_one_another():
    # DESIGN section 4: at the same step neither trace includes the current spike
    net, arrivals = pairing("stdp_pair", 100.0, 0.0, 1)
    assert weights_after(net, [arrivals[0] + 1.0]) == [W_MAX / 2]


def test_depression_comes_before_potentiation():
    # At the same step: multiplicative potentiation must act on the depressed weight (DESIGN section 4).
    net, arrivals = pairing("stdp_pair", 30.0, 0.0, 2, mu_plus=1.0, mu_minus=1.0, a_plus=0.5, a_minus=0.5)
    (weight,) = weights_after(net, [arrivals[1] + 1.0])
    w = W_MAX / 2
    w -= 0.5 * w * exp(-30.0 / TAU_MINUS)
    w += 0.5 * (W_MAX - w) * exp(-30.0 / TAU_PLUS)
    assert weight == pytest.approx(w, rel=1e-12)


def test_weights_stay_within_their_bounds():
    for lag, bound in ((5.0, W_MAX), (95.0, 0.0)):
        net, arrivals = pairing("stdp_pair", 100.0, lag, 12, a_plus=0.3, a_minus=0.3)
        # Just after the last change in the direction of the bound.
        last = arrivals[-1] + (lag if bound else 0.0)
        assert weights_after(net, [last]) == [bound]


def test_an_inhibitory_projection_keeps_its_sign():
    net, arrivals = pairing("stdp_pair", 100.0, 5.0, 3)
    post = net.add_population("other", 1, "iaf", v_th=1000.0, reset="zero")
    net.connect("force", post, "all_to_all", weight=2000.0, delay=1.0)
    learning = sm.rule(
        "stdp_pair", a_plus=A_PLUS, a_minus=A_MINUS, tau_plus=TAU_PLUS, tau_minus=TAU_MINUS, w_max=W_MAX
    )
    net.connect("pre", post, "all_to_all", weight=-W_MAX / 2, delay=2.0, learning=learning, name="inhibitory")
    with sm.Simulation(net, backend="local") as simulation:
        simulation.run(arrivals[-1] + 10.0)
        excitatory, inhibitory = (float(simulation.weights(n)[2][0]) for n in ("plastic", "inhibitory"))
    assert inhibitory == -excitatory
    assert excitatory > W_MAX / 2
