"""Sources of spikes."""

import numpy as np
import pytest

from spikemesh.errors import DescriptionError, UnitError
from spikemesh_plugins.neurons.poisson import PoissonSource
from spikemesh_plugins.neurons.regular import RegularSource
from spikemesh_plugins.neurons.spike_source import SpikeSource


def test_poisson_compares_one_draw_a_step(simulate):
    # 100 Hz at 1 ms is 0.1 a step; a draw of exactly 0.1 does not fire
    run = simulate(PoissonSource, {"rate": 100.0}, 1.0, 5, draws={"u": [0.0, 0.0999, 0.1, 0.5, 0.05]})
    assert run.spikes == [1, 2, 5]


def test_poisson_counts_have_the_fano_factor_of_a_grid(simulate):
    # models.md E1: Fano 1 - r dt = 0.8 for 200 Hz at 1 ms; 2000 windows of 50 steps, 4 standard errors
    draws = np.random.default_rng(3).random(100_000)
    run = simulate(PoissonSource, {"rate": 200.0}, 1.0, draws.size, draws={"u": draws})
    counts = np.bincount((np.array(run.spikes) - 1) // 50, minlength=2000)
    assert counts.mean() == pytest.approx(10.0, abs=4 * np.sqrt(8.0 / 2000))
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(0.8, abs=4 * 0.8 * np.sqrt(2 / 1999))


def test_poisson_rate_is_limited_by_the_step(constants_of):
    assert constants_of(PoissonSource, 1.0, rate=1000.0)["probability"] == 1.0
    with pytest.raises(
        DescriptionError, match=r"rate: 1001 Hz is more than one spike per step of 1 ms \(at most 1000"
    ):
        constants_of(PoissonSource, 1.0, rate=np.array([5.0, 1001.0]))


def test_regular(simulate):
    assert simulate(RegularSource, {"interval": 2.0}, 0.5, 13).spikes == [4, 8, 12]
    assert simulate(RegularSource, {"interval": 2.0, "start": 0.5}, 0.5, 13).spikes == [1, 5, 9, 13]
    assert simulate(RegularSource, {"interval": 0.5, "start": 3.0}, 0.5, 8).spikes == [6, 7, 8]


def test_regular_times_are_whole_steps(constants_of):
    with pytest.raises(UnitError, match=r"start: 0\.7 ms is not a whole number of steps"):
        constants_of(RegularSource, 0.5, start=0.7)


def test_spike_source_passes_scheduled_spikes_on(simulate):
    assert SpikeSource.events == "times"
    assert simulate(SpikeSource, {}, 1.0, 8, exc={2: 1.0, 7: 1.0}).spikes == [2, 7]
