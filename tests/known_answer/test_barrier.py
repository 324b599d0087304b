"""Published times of Loihi's barrier from the preset (Davies et al. 2018, Table 2; Frady et al. 2020, p. 5)."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.mapping.barrier import barrier_ns

CORES = 128
"""Of a chip: 16 x 8, in tiles of 2 x 2."""


def in_all_cores(chips):
    return barrier_ns(sm.System.preset("loihi", chips=chips), np.arange(CORES * chips[0] * chips[1]))


# Frady et al. 2020 (Pohoiki Springs), p. 5, measured: 14.3 us over 4 x 64 chips, 16.2 us over 12 x 64.
@pytest.mark.parametrize(("chips", "published_us"), [((4, 64), 14.3), ((12, 64), 16.2)])
def test_barrier_of_many_chips(chips, published_us):
    assert in_all_cores(chips) == pytest.approx(1000 * published_us, rel=0.02)


# Davies et al. 2018, Table 2: 113 to 465 ns over 1 to 32 tiles.
@pytest.mark.parametrize(
    ("cores", "published_ns"), [([0], 113.0), ([0, 1, 16, 17], 113.0), (range(CORES), 465.0)]
)
def test_barrier_of_one_chip(cores, published_ns):
    system = sm.System.preset("loihi", chips=(1, 1))
    assert barrier_ns(system, np.array(cores)) == pytest.approx(published_ns, rel=0.02)


def test_barrier_between_the_published_ends():
    # 35.2 ns for each tile of width plus height beyond one: (465 - 113) / (7 + 3) for 8 x 4 tiles.
    system = sm.System.preset("loihi", chips=(1, 1))
    three_wide_two_high = np.array([0, 4, 5, 2 * 16])
    assert barrier_ns(system, three_wide_two_high) == pytest.approx(113.0 + 35.2 * (2 + 1), rel=1e-12)


def test_barriers_of_a_run():
    """A step in which nothing spikes is the update of the slowest core and the barrier of the chips."""
    net = sm.Network(timestep="1 ms")
    net.add_population("n", 64, "iaf")
    system = sm.System.preset("loihi", chips=(4, 2))
    with sm.run(net, system, "3 ms", backend="local", workers=1).trace as trace:
        times = trace.per_step("step_time_ps")
    # 8 neurons on a chip; 5.3 ns at rest each (Davies et al. 2018, Table 2); 212 ns for each of 4 + 2 chips.
    assert times.tolist() == [8 * 5300 + 6 * 212_000] * 3


# SANA-FE arch/loihi.yaml: 0.6, 1.0, 1.4 and 1.8 us for 1, 2, 4 and 29 tiles in use.
@pytest.mark.parametrize(
    ("tiles", "table_us"), [(1, 0.6), (2, 1.0), (3, 1.0), (4, 1.4), (28, 1.4), (32, 1.8)]
)
def test_barrier_of_the_fitted_account(tiles, table_us):
    system = sm.System.preset("loihi", chips=(1, 1), costs="sanafe2025")
    first_cores = np.array([(t // 8) * 32 + (t % 8) * 2 for t in range(tiles)])
    assert barrier_ns(system, first_cores) == pytest.approx(1000 * table_us, rel=1e-12)
