"""What is said of larger systems where synapses exceed a limit."""

from __future__ import annotations

import pytest

import spikemesh as sm
from spikemesh.description.system import ChipSpec, System
from spikemesh.errors import MappingError


def test_tables_of_systems_with_edges_of_their_own_are_not_guessed():
    """A larger system would have other ways: no number of chips is named, and none is tried."""
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 96, "iaf")
    net.connect(a, a, "fixed_probability", p=0.02, weight=0.1, delay="1 ms")
    chip = ChipSpec(cores=(1, 1), table_entries=2)
    edges = tuple((k, k + 1) for k in range(47))
    system = System(chips=(48,), topology="edges", edges=edges, chip=chip)
    with pytest.raises(MappingError) as caught:
        sm.run(net, system, "1 ms", backend="local")
    (problem,) = caught.value.problems
    assert "entries of the router's table; the limit of a chip is 2 (table_entries)" in problem.found
    assert problem.remedy == "more chips, or fewer projections between chips"
