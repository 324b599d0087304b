"""Short-term plasticity against its steady state (models.md B2)."""

import math

import numpy as np
import pytest

from spikemesh_plugins.learning.stochastic_release import StochasticRelease
from spikemesh_plugins.learning.tsodyks_markram import StochasticTsodyksMarkram, TsodyksMarkram

# KA-B2: (u_se, tau_fac, tau_rec) -> first three at 10 Hz, and the steady u x at 1, 10, 20, 50, 100 Hz
SETS = {
    (0.5, 0.0, 800.0): ((0.5, 0.27938, 0.18203), (0.416398, 0.105148, 0.057126, 0.024095, 0.012270)),
    (0.15, 1500.0, 200.0): ((0.15, 0.24478, 0.28997), (0.265669, 0.344003, 0.212468, 0.094488, 0.048681)),
    (0.05, 1000.0, 100.0): ((0.05, 0.09127, 0.12468), (0.076862, 0.294980, 0.288339, 0.169696, 0.093481)),
}


def delivered(learn, params, rate, spikes, rule=TsodyksMarkram, **more):
    u_se, tau_fac, tau_rec = params
    period = round(200 / rate)
    ticks = [period * k for k in range(1, spikes + 1)]
    given = {"u_se": u_se, "tau_fac": tau_fac, "tau_rec": tau_rec}
    run = learn(rule, given, 5.0, ticks[-1], pre=ticks, w=2.0, w_max=4.0, **more)
    assert set(run.values["w"]) == {2.0}
    return run.values["delivered"][np.array(ticks) - 1] / 2.0


@pytest.mark.parametrize("params", SETS)
def test_first_spikes_and_steady_state(learn, params):
    first, steady = SETS[params]
    assert delivered(learn, params, 10, 3)[:3] == pytest.approx(first, abs=5e-6)
    for rate, want in zip((1, 10, 20, 50, 100), steady, strict=True):
        found = delivered(learn, params, rate, max(40, 20 * rate))[-1]
        assert found == pytest.approx(want, abs=6e-7)
        # the closed form itself
        u_se, tau_fac, tau_rec = params
        period = 1000.0 / rate
        u = u_se / (1 - (1 - u_se) * (math.exp(-period / tau_fac) if tau_fac else 0.0))
        x = (1 - math.exp(-period / tau_rec)) / (1 - (1 - u) * math.exp(-period / tau_rec))
        assert found == pytest.approx(u * x, rel=2e-7)


def test_drive_of_a_depressing_synapse_saturates(learn):
    # KA-B2: u x r -> 1/tau_rec
    drive = delivered(learn, (0.5, 0.0, 800.0), 200, 400)[-1] * 200.0
    assert drive == pytest.approx(1000.0 / 800.0, rel=0.02)


def test_mean_of_the_stochastic_synapse_is_the_deterministic_one(learn):
    # 4 standard errors of n = 3000 synapses
    params, n, spikes = (0.15, 1500.0, 200.0), 3000, 6
    random = np.random.default_rng(2).random((n, spikes, 2))

    def of(synapse):
        return lambda function, tick, name: float(random[synapse, tick // 20 - 1, int(name == "release")])

    runs = [
        delivered(learn, params, 10, spikes, StochasticTsodyksMarkram, draws=of(synapse))
        for synapse in range(n)
    ]
    assert set(np.ravel(runs)) == {0.0, 1.0}
    want = delivered(learn, params, 10, spikes)
    assert np.mean(runs, axis=0) == pytest.approx(want, abs=4 * math.sqrt(0.25 / n))
    assert 8 * math.sqrt(0.25 / n) < want[2] - want[0]


def test_release_at_random(learn):
    n, p = 4000, 0.3
    ticks = range(1, n + 1)
    run = learn(StochasticRelease, {"p_release": p}, 1.0, n, pre=ticks, w=0.7)
    values = run.values["delivered"]
    assert set(values) == {0.0, 0.7}
    assert np.mean(values == 0.7) == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / n))
