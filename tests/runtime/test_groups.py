"""Agents are packed into contiguous, balanced groups."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemesh.errors import InputError
from spikemesh.runtime.groups import pack, usable_cpus, worker_count


@given(weights=st.lists(st.integers(0, 1000), min_size=1, max_size=9), data=st.data())
def test_heaviest_group_is_as_light_as_contiguous_groups_allow(weights, data):
    agents = len(weights)
    workers = data.draw(st.integers(1, agents))
    groups = pack(agents, workers, weights)
    assert [a for g in groups for a in g] == list(range(agents))
    assert len(groups) == workers
    assert all(len(g) for g in groups)
    best = min(
        max(sum(weights[a:b]) for a, b in zip((0, *cuts), (*cuts, agents), strict=True))
        for cuts in combinations(range(1, agents), workers - 1)
    )
    assert max(sum(weights[a] for a in g) for g in groups) == best


@pytest.mark.parametrize(
    ("agents", "workers", "sizes"), [(10, 4, {2, 3}), (8, 4, {2}), (3, 3, {1}), (1000, 7, {142, 143})]
)
def test_equal_agents_are_spread_evenly(agents, workers, sizes):
    assert {len(g) for g in pack(agents, workers)} == sizes


def test_more_workers_than_agents_is_an_input_error():
    with pytest.raises(InputError, match="4 workers for 3 agents"):
        pack(3, 4)


def test_default_is_one_worker_per_agent_on_ray_and_one_per_cpu_locally():
    assert worker_count("ray", 12) == 12
    assert worker_count("local", 1000) == usable_cpus()
    assert worker_count("local", 1) == 1
    assert worker_count("ray", 12, 5) == 5
    assert worker_count("ray", 3, 5) == 3
    with pytest.raises(InputError, match="0 workers"):
        worker_count("ray", 3, 0)
