"""Every learning rule in a network gives what its functions give in plain Python."""

import numpy as np
import pytest

import spikemesh as sm
import spikemesh_plugins.learning

RULES = {rule.name: rule for rule in spikemesh_plugins.learning.spikemesh_learning_rules()}
STEPS = 400
PARAMS = {
    "loihi_sum_of_products": {"dw": "2^-5*x1*y0 - 2^-5*y1*x0 + 2^-9*t*u2", "dt": "x1*y0 - 2^-3*t*u0",
                              "x1_impulse": 1.0, "y1_impulse": 1.0},
    "clopath": {"a_ltd": 0.02, "a_ltp": 0.3, "theta_minus": -0.4, "theta_plus": 0.2},
    "eprop": {"eta": 0.5},
    "pes": {"kappa": 0.02},
    "sdsp": {"theta_v": 0.2, "theta_1": 0.1, "drift_up": 0.3, "drift_down": 0.2},
    "calcium": {"tau": 500.0, "sigma": 0.3, "delay": 3.5, "settle": 100.0},
    "rstdp": {"a_plus": 0.2, "a_minus": 0.2, "settle": 50.0},
    "pcm_trace": {"a_plus": 0.2, "a_minus": 0.2},
    "homeostatic_scaling": {"period": 50.0},
    "gilbert": {"cv_pulse": 0.2},
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


@pytest.mark.parametrize("name", [n for n, r in RULES.items() if r.specialised is None])
def test_network_gives_what_plain_python_gives(learn, name):
    rule = RULES[name]
    net, arrivals = network(name)
    with sm.Simulation(net, backend="local") as simulation:
        simulation.run(float(STEPS))
        found = float(simulation.weights("plastic")[2][0])
        trace = simulation.close().trace
    post = trace.spikes("post").ticks.tolist()
    assert len(post) > 10
    if rule.draws:
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
    still = rule.on_post is None and rule.on_pre is None and rule.on_step is None and not rule.visits
    assert (found == 0.4) == (still or name == "tsodyks_markram")
