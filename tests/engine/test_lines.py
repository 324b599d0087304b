"""What the loops over neurons stream through starts with a cache line, whatever the allocator gives."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.engine.arrays import zeros
from spikemesh.engine.setup import WorkingSet

LINE = 64
"""Bytes of a cache line of x86-64."""


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.uint32, np.uint16, np.uint8])
@pytest.mark.parametrize("size", [1, 63, 2500, 100_000])
def test_zeros_start_with_a_line(size, kind):
    # Several at once, because an allocator may give one that does by chance.
    for array in [zeros(size, kind) for _ in range(8)]:
        assert array.shape == (size,)
        assert array.dtype == kind
        assert not array.any()
        assert array.ctypes.data % LINE == 0


def test_state_and_inputs_start_with_a_line(registry, engine):
    net = Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 1001, "lif_psc_exp", i_e=400.0)
    net.connect(a, a, "fixed_indegree", indegree=3, weight=1.0, delay="2 ms")
    program = engine(net, 1).workers[0].program
    for work in [WorkingSet(program) for _ in range(4)]:
        p = work.populations
        assert {x.ctypes.data % LINE for x in (p.state, p.current, p.fired, work.arrivals.row)} == {0}
        assert p.state_as_int.ctypes.data == p.state.ctypes.data
