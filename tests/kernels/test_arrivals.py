"""Packets of another worker are taken in order or not at all."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.engine.setup import WorkingSet
from spikemesh.kernels.arrivals import deliver_packets
from spikemesh.kernels.cursor import CURSOR_WORDS, DELIVERIES


@pytest.fixture(scope="module")
def work():
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 4, "iaf")
    net.connect(a, a, "all_to_all", weight=0.1, delay="6 ms")
    system = sm.System.preset("ideal", chips=2)
    with sm.Simulation(net, system, backend="local", workers=2) as simulation:
        program = simulation.mapped.build.programs[0]
    return WorkingSet(program)


@pytest.mark.parametrize(
    ("packets", "fine"),
    [
        ([], True),
        ([[0, 1], [1, 1], [0, 3]], True),
        ([[0, 2], [1, 1]], False),
        ([[0, 4]], False),
        ([[0, 0]], False),
        ([[9, 1]], False),
    ],
)
def test_packets_out_of_order_are_noticed(work, packets, fine):
    block = np.array(packets, dtype=np.uint32).reshape(-1, 2)
    cursor = np.zeros(CURSOR_WORDS, dtype=np.int64)
    taken = deliver_packets(
        block.ctypes.data, len(block), 1, 0, 3, work.tables, work.plasticity, work.arrivals, cursor
    )
    assert bool(taken) is fine
    if fine:
        assert cursor[DELIVERIES] == 2 * len(block)
