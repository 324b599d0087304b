"""Every learning rule in a network gives what its functions give in plain Python."""

import numpy as np
import pytest

import spikemesh as sm
import spikemesh_plugins.learning

RULES = {rule.name: rule for rule in spikemesh_plugins.learning.spikemesh_learning_rules()}
STEPS = 400
RANDOM = ("tsodyks_markram_stochastic", "stochastic_release")
"""Rules that draw whatever their settings."""
STILL = (*RANDOM, "tsodyks_markram", "pcm_drift")
"""Rules that leave the weight alone."""
PARAMS = {
    "loihi_sum_of_products": {"dw": "2^-5*x1*y0 - 2^-5*y1*x0 + 2^-9*t*u2", "dt": "x1*y0 - 2^-3*t*u0",
                              "x1_impulse": 1.0, "y1_impulse": 1.0},
    "clopath": {"a_ltd": 0.02, "a_ltp": 0.3, "theta_minus": -0.4, "theta_plus": 0.2},
    "eprop": {"eta": 0.5},
    "pes": {"kappa": 0.02},
    "sdsp": {"theta_v": 0.2, "theta_1": 0.1, "drift_up": 0.3, "drift_down": 0.2},
    "calcium": {"tau": 500.0, "sigma": 0.0, "delay": 3.5, "settle": 100.0},
    "rstdp": {"a_plus": 0.2, "a_minus": 0.2, "settle": 50.0},
    "pcm_trace": {"a_plus": 0.2, "a_minus": 0.2},
    "homeostatic_scaling": {"period": 50.0},
    "gbc": {"a_plus": 0.1, "a_minus": 0.1},
}  # fmt: skip
THIRD = {60: 2.0, 61: 0.0, 200: -3.0, 202: 0.0}
THIRD_BY_TICK = {61: 2.0, 201: -3.0, 202: -3.0}


def network(rule):
    """One plastic synapse onto a neuron that other inputs drive; what the rule may read is recorded."""
    random = np.random.default_rng(12)
    pre = (np.flatnonzero(random.random(STEPS - 5) < 0.08) + 1).tolist()
    net = sm.Network(timestep="1 ms", seed=4)
    source = net.add_population("source", 1, "spike_source", times=[float(t) for t in pre])
    post = net.add_population("post", 1, "lif_eprop", beta=0.1, tau_error=15.0)
    for name, chance, weights in (("up", 0.2, 0.6), ("down", 0.1, -0.5)):
        times = (np.flatnonzero(random.random(STEPS - 5) < chance) + 1).astype(float)
        force = net.add_population(name, 1, "spike_source", times=times.tolist())
        net.connect(force, post, "all_to_all", weight=weights, delay=1.0)
        net.connect(force, post, "all_to_all", weight=weights, delay=2.0, receptor="error")
    third = {"third_times": list(THIRD), "third_values": list(THIRD.values())}
    learning = sm.rule(rule, w_max=1.0, **PARAMS.get(rule, {}), **third)
    net.connect(source, post, "all_to_all", weight=0.4, delay=3.0, learning=learning, name="plastic")
    net.probe(post, "spikes")
    for state in ("v", "psi", "error"):
        net.probe(post, state, every="1 ms")
    return net, [t + 3 for t in pre]


@pytest.mark.parametrize("name", RULES)
def test_network_gives_what_plain_python_gives(learn, name):
    rule = RULES[name]
    net, arrivals = network(name)
    with sm.Simulation(net, backend="local") as simulation:
        simulation.run(float(STEPS))
        found = float(simulation.weights("plastic")[2][0])
        trace = simulation.close().trace
    post = trace.spikes("post").ticks.tolist()
    assert len(post) > 10
    if name in RANDOM:
        return
    reads = {s: [0.0, *np.asarray(trace.probe("post", s))[:, 0].tolist()] for s in ("v", "psi", "error")}
    run = learn(
        rule,
        PARAMS.get(name, {}),
        1.0,
        STEPS,
        pre=arrivals,
        post=post,
        w=0.4,
        reads=reads,
        third=THIRD_BY_TICK,
    )
    assert found == pytest.approx(run.values["w"][-1], rel=1e-12)
    assert (found == 0.4) == (name in STILL)


@pytest.mark.parametrize("rule", RANDOM)
def test_random_transmission_has_its_mean(rule):
    # 4000 synapses, each for itself; a spike delivers all or nothing, with u = 1/2 of a full synapse
    net = sm.Network(timestep="1 ms", seed=2)
    source = net.add_population("source", 1, "spike_source", times=[5.0, 105.0])
    cells = net.add_population("cells", 4000, "iaf", v_th=1e6)
    net.connect(source, cells, "all_to_all", weight=1.0, delay=1.0, learning=sm.rule(rule))
    net.probe(cells, "v", every="1 ms")
    v = np.asarray(sm.run(net, duration="120 ms", backend="local").trace.probe("cells", "v"))
    first, second = v[50], v[110] - v[50]
    assert set(first) | set(second) == {0.0, 1.0}
    error = 4 * np.sqrt(0.25 / 4000)
    assert first.mean() == pytest.approx(0.5, abs=error)
    # KA-B2: the second spike of the depressing synapse finds 0.27938
    assert second.mean() == pytest.approx(0.5 if rule == "stochastic_release" else 0.27938, abs=error)
