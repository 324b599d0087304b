"""Tags never clash."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.description.system import ChipSpec, System
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.routes import fan_out_from
from spikemesh.mapping.tags import allocate_tags
from spikemesh_plugins.systems.dynapse import dynapse


def placed(system, home):
    return placement_on(system, [np.asarray(home, dtype=np.int32)])


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_sources_that_share_a_core_never_share_a_tag(data):
    system = System(
        chips=(data.draw(st.integers(1, 4)),), chip=ChipSpec(cores=(2, data.draw(st.integers(1, 2))))
    )
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    neurons, synapses = data.draw(st.integers(1, 30)), data.draw(st.integers(0, 120))
    placement = placed(system, random.integers(0, system.core_count, neurons))
    fan = fan_out_from(
        neurons, random.integers(0, neurons, synapses), random.integers(0, system.core_count, synapses)
    )
    tags = allocate_tags(fan, placement)
    by_word = {(int(s), int(c)): int(t) for s, c, t in zip(tags.source, tags.chip, tags.tag, strict=True)}
    heard = {}
    for source, core in zip(fan.source.tolist(), fan.core.tolist(), strict=True):
        tag = by_word[source, core // placement.cores_per_chip]
        assert heard.setdefault((core, tag), source) == source
    assert len(by_word) == len(
        {(s, c // placement.cores_per_chip) for s, c in zip(fan.source, fan.core, strict=True)}
    )
    for core in range(system.core_count):
        mine = [tag for (where, tag) in heard if where == core]
        assert tags.needed[core] == len(mine)
        assert tags.highest[core] == max(mine, default=-1) + 1


def test_sources_with_all_cores_take_as_many_tags_as_they_are():
    # One DYNAP-SE chip: 100 neurons on core 0, each with synapses on all four cores.
    fan = fan_out_from(100, np.repeat(np.arange(100), 4), np.tile(np.arange(4), 100))
    tags = allocate_tags(fan, placed(dynapse((1, 1)), np.zeros(100)))
    assert sorted(tags.tag.tolist()) == list(range(100))
    assert tags.highest.tolist() == [100] * 4


def test_sources_of_different_cores_share_tags():
    fan = fan_out_from(8, np.arange(8), np.arange(8) % 4)
    tags = allocate_tags(fan, placed(dynapse((1, 1)), np.zeros(8)))
    assert tags.highest.tolist() == [2] * 4


def test_a_core_with_more_sources_than_tags_is_named():
    # DYNAP-SE has tags of 10 bits: 1,024 (hardware.md 6). 1,100 neurons, on all cores of two chips, reach core 5.
    home = np.arange(1100) % 8
    placement = placed(dynapse((2, 1)), home)
    tags = allocate_tags(fan_out_from(1100, np.arange(1100), np.full(1100, 5)), placement)
    (problem,) = tags.problems(1024, placement.core_names)
    assert problem.where == "chip1.core1"
    assert (
        problem.found == "1100 tags for 1100 source neurons; the limit of a core is 1024 (tags): 76 too many"
    )
    assert tags.problems(1100, placement.core_names) == []
