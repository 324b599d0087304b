"""Tables of keys and masks send packets where the mapping sends them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.description.layout import layout_of
from spikemesh.description.system import ChipSpec, System
from spikemesh.errors import MappingError
from spikemesh.kernels.ternary import cover
from spikemesh.mapping.keys import key_ranges
from spikemesh.mapping.ordered_covering import Entries, ordered
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.router_tables import router_tables, table_sizes
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh_plugins.mapping.dimension_order import DimensionOrder
from spikemesh_plugins.mapping.longest_dimension_first import LongestDimensionFirst
from spikemesh_plugins.mapping.shortest_path import ShortestPath
from spikemesh_plugins.systems.spinnaker import spinnaker

ROUTERS = (DimensionOrder, LongestDimensionFirst, ShortestPath)


def system_of(topology, chips, cores=(2, 2)):
    return System(topology=topology, chips=chips, chip=ChipSpec(cores=cores))


def mapped(system, home, source, core, router, populations=1):
    placement = placement_on(system, np.array_split(np.asarray(home, dtype=np.int32), populations))
    fan = fan_out_from(len(home), np.asarray(source), np.asarray(core))
    return placement, fan, packet_routes(fan, placement, router)


def followed(tables, placement, layout, core, key, unordered=True):
    """Links and cores that a packet comes to by the tables, hop by hop from its own chip."""
    per_chip = placement.cores_per_chip
    directions = [layout and layout.direction(ends) for ends in placement.links]
    ahead, links, cores = [(core // per_chip, None)], [], []
    while ahead:
        chip, came_by = ahead.pop()
        if unordered:
            hit = (np.uint32(key) & tables[chip].mask) == tables[chip].key
            assert (tables[chip].route[hit] == tables[chip].route[hit][:1]).all(), "order must not matter"
        found = tables[chip].look_up(key)
        if found is None:
            assert came_by is not None, "a packet that starts here must match"
            on = [
                k
                for k, ends in enumerate(placement.links)
                if ends[0] == chip and directions[k] == directions[came_by]
            ]
            assert len(on) == 1
            found = np.array(on), []
        cores += [chip * per_chip + int(c) for c in found[1]]
        links += found[0].tolist()
        ahead += [(placement.links[k][1], k) for k in found[0].tolist()]
    return sorted(links), sorted(cores)


def check(placement, fan, routes, merged, most=None):
    """Compare every key's way with the tree of its population and core; return the entries of all tables."""
    keys, layout = key_ranges(placement), layout_of(placement.system)
    tables = list(router_tables(fan, routes, placement, keys, merged, most))
    population = np.repeat(np.arange(len(placement.core_of)), [c.size for c in placement.core_of])
    parts = list(zip(placement.core_of_neuron.tolist(), population.tolist(), strict=True))
    assert len(set(keys.neuron.tolist())) == len(parts)
    tree, reached = {}, {}
    for n, part in enumerate(parts):
        tree.setdefault(part, set()).update(routes.link[routes.ptr[n] : routes.ptr[n + 1]].tolist())
        reached.setdefault(part, set()).update(fan.core[fan.ptr[n] : fan.ptr[n + 1]].tolist())
    for n, part in enumerate(parts):
        if reached[part]:
            found = followed(tables, placement, layout, part[0], int(keys.neuron[n]), most is None)
            assert found == (sorted(tree[part]), sorted(reached[part]))
    return [table.key.size for table in tables]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), router=st.sampled_from(ROUTERS))
def test_every_key_goes_along_its_tree_and_to_its_cores(data, router):
    topology = data.draw(st.sampled_from(("mesh", "torus", "triangular", "triangular_torus", "ring", "star")))
    chips = (data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4)))
    system = system_of(topology, chips, (data.draw(st.integers(1, 3)), 1))
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    neurons, synapses = data.draw(st.integers(1, 25)), data.draw(st.integers(0, 80))
    home = random.integers(0, system.core_count, neurons)
    source = random.integers(0, neurons, synapses)
    core = random.integers(0, system.core_count, synapses)
    parts = mapped(system, home, source, core, router(), data.draw(st.integers(1, 3)))
    merged, plain = (check(*parts, merged=m) for m in (True, False))
    by_order = check(*parts, merged=True, most=0)
    assert all(a <= b <= c for a, b, c in zip(by_order, merged, plain, strict=True))


def test_a_chip_that_is_only_crossed_straight_needs_no_entry():
    # One core of chip 0 to chip 3 of a row, and to chip 0 itself.
    parts = mapped(system_of("mesh", (4, 1), (1, 1)), [0], [0, 0], [3, 0], DimensionOrder())
    placement, fan, routes = parts
    assert table_sizes(fan, routes, placement, key_ranges(placement)).tolist() == [1, 0, 0, 1]
    # A turn needs one: chip 0 to chip 3 of a square over chip 1.
    placement, fan, routes = mapped(system_of("mesh", (2, 2), (1, 1)), [0], [0], [3], DimensionOrder())
    assert table_sizes(fan, routes, placement, key_ranges(placement)).tolist() == [1, 1, 0, 1]


def test_cores_of_one_chip_with_one_way_share_an_entry():
    # All four cores of chip 0 to core 4 of chip 1.
    system = system_of("mesh", (2, 1))
    placement, fan, routes = mapped(system, [0, 1, 2, 3], [0, 1, 2, 3], [4, 4, 4, 4], DimensionOrder())
    keys = key_ranges(placement)
    tables = list(router_tables(fan, routes, placement, keys))
    assert [t.key.size for t in tables] == [1, 1]
    assert [t.key.size for t in router_tables(fan, routes, placement, keys, merged=False)] == [4, 4]
    links, cores = tables[1].look_up(int(keys.neuron[2]))
    assert (links.tolist(), cores.tolist()) == ([], [0])


def test_keys_hold_chip_core_and_neuron():
    # 3 x 2 chips take 2 + 1 bits, 4 cores 2, the fullest core's 5 neurons 3.
    system = system_of("mesh", (3, 2))
    home = [0, 0, 23, 23, 23, 23, 23, 9]
    keys = key_ranges(placement_on(system, [np.array(home, dtype=np.int32)]))
    assert (keys.prefix_bits, keys.neuron_bits) == (5, 3)
    # Core 23 is core 3 of chip 5 at (2, 1): x 10, y 1, core 11; core 9 is core 1 of chip 2 at (2, 0).
    assert keys.neuron.tolist() == [0, 1, *(0b10_1_11_000 + k for k in range(5)), 0b10_0_01_000]
    assert len(set(keys.neuron.tolist())) == 8


def test_populations_on_one_core_have_keys_and_ways_of_their_own():
    # Core 0 holds "a", which sends to core 1 of its chip, and "b", which sends to chip 1.
    system = system_of("mesh", (2, 1), (2, 1))
    placement = placement_on(system, [np.zeros(2, dtype=np.int32), np.zeros(3, dtype=np.int32)])
    fan = fan_out_from(5, [0, 1, 4], [1, 1, 2])
    routes, keys = packet_routes(fan, placement, DimensionOrder()), key_ranges(placement)
    assert keys.neuron.tolist() == [0b0_0_0_00, 0b0_0_0_01, 0b0_0_1_00, 0b0_0_1_01, 0b0_0_1_10]
    assert keys.core.tolist() == [0, 0]
    first, second = router_tables(fan, routes, placement, keys)
    assert first.look_up(1)[1].tolist() == [1]
    assert first.look_up(6)[0].tolist() == [placement.link_names.index("chip0->chip1")]
    assert second.look_up(6)[1].tolist() == [0]


def test_keys_that_are_too_wide_are_refused():
    system = System(chips=(1 << 16,), topology="ring", chip=ChipSpec(cores=(16, 16)))
    with pytest.raises(MappingError, match=r"keys of 33 bits \(16 .* 8 .* 0 .* 9 for the neuron\); a"):
        key_ranges(placement_on(system, [np.zeros(300, dtype=np.int32)]))


@settings(max_examples=100, deadline=None)
@given(
    bits=st.integers(1, 10),
    keys=st.sets(st.integers(0, 1023), max_size=60),
    upwards=st.booleans(),
    data=st.data(),
)
def test_a_cover_hits_all_keys_of_one_set_and_none_of_the_other(bits, keys, upwards, data):
    keys = sorted({k % (1 << bits) for k in keys})
    chosen = [data.draw(st.booleans()) for _ in keys]
    on = np.array([k for k, c in zip(keys, chosen, strict=True) if c], dtype=np.int64)
    off = np.array([k for k, c in zip(keys, chosen, strict=True) if not c], dtype=np.int64)
    value, mask = np.zeros((2, on.size), dtype=np.int64)
    count = cover(on, off, bits, upwards, value, mask)
    pairs = list(zip(value[:count], mask[:count], strict=True))
    assert all(any(k & m == v for v, m in pairs) for k in on)
    assert not any(k & m == v for v, m in pairs for k in off)
    assert count <= on.size


def test_a_board_of_spinnaker_where_all_cores_send_to_all_fits_its_tables():
    # 48 chips of 16 cores: 768 senders, 1,023 entries (hardware.md 4.1).
    system = spinnaker((48,))
    cores = system.core_count
    home = np.arange(cores)
    source, core = np.divmod(np.arange(cores * cores), cores)
    placement, fan, routes = mapped(system, home, source, core, LongestDimensionFirst())
    keys = key_ranges(placement)
    sizes = table_sizes(fan, routes, placement, keys)
    plain = [t.key.size for t in router_tables(fan, routes, placement, keys, merged=False)]
    # Every packet is delivered on every chip, so that none goes on by default; the cores of a chip share their entries.
    assert plain == [768] * 48
    assert sizes.max() <= 48 <= system.chip.table_entries == 1023


@settings(max_examples=300, deadline=None)
@given(
    bits=st.integers(1, 8),
    keys=st.sets(st.integers(0, 255), min_size=1, max_size=60),
    most=st.integers(0, 10),
    data=st.data(),
)
def test_ordered_covering_keeps_the_route_of_every_key(bits, keys, most, data):
    keys = np.array(sorted({k % (1 << bits) for k in keys}), dtype=np.int64)
    wanted = np.array([data.draw(st.integers(0, 3)) for _ in keys], dtype=np.int64)
    listed = np.array([data.draw(st.integers(0, 5)) > 0 for _ in keys], dtype=bool)
    full = np.full(np.count_nonzero(listed), (1 << bits) - 1, dtype=np.int64)
    before = Entries(keys[listed], full, wanted[listed])
    after = ordered(before, keys, wanted, bits, most)
    assert after.value.size <= before.value.size
    entry = after.first_match(keys)
    assert np.array_equal(after.route[entry[listed]], wanted[listed])
    # What no entry served is served by none, or as it wants.
    others = entry[~listed]
    assert np.all((others < 0) | (np.append(after.route, -1)[others] == wanted[~listed]))


def test_order_saves_what_no_unordered_merger_can():
    # Of 16 keys one has a route of its own: unordered, four entries of rising size are left; by order, two.
    keys = np.arange(16)
    wanted = (keys == 5).astype(np.int64)
    single = Entries(keys, np.full(16, 15), wanted)
    found = ordered(single, keys, wanted, 4, 0)
    assert (found.value.tolist(), found.mask.tolist(), found.route.tolist()) == ([5, 0], [15, 0], [1, 0])
    value, mask = np.zeros((2, 15), dtype=np.int64)
    assert cover(np.flatnonzero(wanted == 0), np.array([5]), 4, True, value, mask) == 4


def test_a_table_of_2000_keys_with_400_routes_fits_a_router_of_spinnaker_by_order():
    # A random table, of which more than 1,200 entries are left without order; there are 1,023 (hardware.md 4.1).
    random = np.random.default_rng(1)
    keys = np.sort(random.choice(1 << 14, 2000, replace=False))
    wanted = np.where(random.random(2000) < 0.6, 0, random.integers(0, 400, 2000))
    single = Entries(keys, np.full(2000, (1 << 14) - 1), wanted)
    found = ordered(single, keys, wanted, 14, 1023)
    assert found.value.size <= 1023
    assert np.array_equal(found.route[found.first_match(keys)], wanted)
    value, mask, entries = *np.zeros((2, 2000), dtype=np.int64), 0
    for route in np.unique(wanted):
        entries += min(
            int(cover(keys[wanted == route], keys[wanted != route], 14, upwards, value, mask))
            for upwards in (True, False)
        )
    assert entries > 1200


def test_entries_that_a_merger_would_put_behind_another_stay_where_they_are():
    # Keys 0 and 3 have route 0; in between lies 0b0- for 1 (route 1), which matches 0 as well: 0 must stay above it.
    entries = Entries(np.array([0, 3, 0]), np.array([3, 3, 2]), np.array([0, 0, 1]))
    found = ordered(entries, np.array([0, 1, 3]), np.array([0, 1, 0]), 2, 0)
    assert found.route[found.first_match(np.array([0, 1, 3]))].tolist() == [0, 1, 0]


def test_a_table_too_large_without_order_fits_by_it():
    # 3 x 1 chips in a row of 8 cores: 13 of 16 sources reach core 16, the others core 17.
    system = System(chips=(3, 1), chip=ChipSpec(cores=(8, 1), table_entries=4))
    random = np.random.default_rng(1)
    home, source = np.arange(16), np.arange(16)
    core = np.where(random.random(16) < 0.8, 16, 17)
    placement, fan, routes = mapped(system, home, source, core, DimensionOrder())
    keys = key_ranges(placement)
    unordered = [t.key.size for t in router_tables(fan, routes, placement, keys)]
    sizes = table_sizes(fan, routes, placement, keys)
    assert unordered[2] > 4
    assert sizes[2] <= 4
    check(placement, fan, routes, merged=True, most=4)
