"""Tags never clash."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh_plugins.systems.limits.tags import allocate_tags


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_sources_that_share_a_core_never_share_a_tag(data):
    per_chip = data.draw(st.integers(1, 4))
    cores = per_chip * data.draw(st.integers(1, 4))
    neurons = data.draw(st.integers(1, 30))
    pairs = data.draw(
        st.sets(st.tuples(st.integers(0, neurons - 1), st.integers(0, cores - 1)), max_size=120)
    )
    source, core = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    tags = allocate_tags(source, core, cores, per_chip)
    words = list(zip(tags.source.tolist(), tags.chip.tolist(), strict=True))
    assert words == sorted({(s, c // per_chip) for s, c in pairs})
    by_word = dict(zip(words, tags.tag.tolist(), strict=True))
    heard = {}
    for s, c in pairs:
        assert heard.setdefault((c, by_word[s, c // per_chip]), s) == s
    for c in range(cores):
        assert tags.up_to[c] == max((tag for where, tag in heard if where == c), default=-1) + 1
        assert tags.up_to[c] >= sum(1 for _, where in pairs if where == c)


def test_sources_with_all_cores_take_as_many_tags_as_they_are():
    source, core = np.divmod(np.arange(400), 4)
    tags = allocate_tags(source, core, 4, 4)
    assert sorted(tags.tag.tolist()) == list(range(100))
    assert tags.up_to.tolist() == [100] * 4


def test_sources_of_different_cores_share_tags():
    assert allocate_tags(np.arange(8), np.arange(8) % 4, 4, 4).up_to.tolist() == [2] * 4


def test_a_tag_that_is_taken_on_one_of_its_cores_is_left_out():
    # Two sources each reach cores 0 and 1, 1 and 2, or 0 and 2: every core has four of them, yet all six differ.
    reached = [(0, 1), (0, 1), (1, 2), (1, 2), (0, 2), (0, 2)]
    source, core = np.array([(s, c) for s, both in enumerate(reached) for c in both]).T
    tags = allocate_tags(source, core, 4, 4)
    assert sorted(tags.tag.tolist()) == list(range(6))
    assert tags.up_to.max() == 6
