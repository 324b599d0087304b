"""Scaling of a linear neuron's synapses brings it to its rate (models.md C8)."""

import numpy as np
import pytest

import spikemesh as sm

ETA, RATE, PERIOD = 0.3, 100.0, 2000.0


def test_a_linear_neuron_reaches_its_rate():
    # Without leak and with subtraction the rate is 2000/s times the weight: 100 Hz at w = 0.05. In units of
    # that weight x <- x (1 + eta (1 - x)) in each period, and the error shrinks by 1 - eta at the end.
    net = sm.Network(timestep="1 ms", seed=3)
    source = net.add_population("source", 10, "iaf", i_e=0.2, init={"v": sm.uniform(0.0, 1.0)})
    post = net.add_population("post", 1, "iaf")
    rule = sm.rule("homeostatic_scaling", rate=RATE, eta=ETA, tau_rate=400.0, period=PERIOD, w_max=1.0)
    weights = 0.025 * np.linspace(0.5, 1.5, 10)
    net.connect(source, post, sources=np.arange(10), targets=np.zeros(10, int), weight=weights, delay=1.0,
                learning=rule, name="scaled")  # fmt: skip
    found = []
    with sm.Simulation(net, backend="local") as simulation:
        for _ in range(14):
            simulation.run(PERIOD)
            _, _, w = simulation.weights("scaled")
            assert w / w[0] == pytest.approx(weights / weights[0], rel=1e-12)
            found.append(w.mean() / 0.05)
    x, want = 0.5, []
    for _ in found:
        x += ETA * x * (1.0 - x)
        want.append(x)
    # The trace, read between two spikes, is off by half an interval: 10 ms / (2 tau_rate)
    assert found == pytest.approx(want, rel=0.02)
    assert found[-1] == pytest.approx(1.0, abs=0.02)
