"""Ways of packets: every target once, along x first, over the links that the mapping counts."""

from itertools import pairwise

import numpy as np
import pytest

from spikemesh.errors import PluginError
from spikemesh.kernels.ways import EAST, NORTH, PORTS, SOUTH, TILE, WEST
from spikemesh.mapping.forest import multicast_ways, unicast_ways
from spikemesh.mapping.geometry import geometry_of
from spikemesh.mapping.hardware import hardware_pairs
from spikemesh.mapping.routes import packet_routes
from spikemesh_plugins.mapping.longest_dimension_first import LongestDimensionFirst

from .conftest import Mapped, follow, mesh_system, random_mapped


def ways_of(mapped, router, relay=False):
    system = mapped.placement.system
    pairs = hardware_pairs(mapped.fan, mapped.home, system)
    branching = system.chip.router != "unicast" and not relay
    geometry = geometry_of(mapped.placement, router, pairs, branching)
    if system.chip.router == "unicast" and not relay:
        return geometry, unicast_ways(geometry, mapped.fan, mapped.home)
    return geometry, multicast_ways(geometry, mapped.fan, mapped.home, relay)


def tile_place(system, core):
    """Column and row of a core's tile in the whole system, by arithmetic of its own."""
    chip, local = divmod(int(core), system.chip.core_count)
    chip_x, chip_y = chip % system.chips[0], chip // system.chips[0]
    x, y = local % system.chip.cores[0], local // system.chip.cores[0]
    columns, rows = system.chip.tiles
    return chip_x * columns + x // system.chip.tile[0], chip_y * rows + y // system.chip.tile[1]


@pytest.mark.parametrize("router_kind", ["unicast", "multicast", "broadcast"])
@pytest.mark.parametrize("network", ["mesh", "router"])
@pytest.mark.parametrize("relay", [False, True])
def test_every_target_core_gets_one_copy(router, router_kind, network, relay):
    mapped = random_mapped(mesh_system(chips=(3, 2), router=router_kind, network=network))
    _, ways = ways_of(mapped, router, relay)
    for n in range(mapped.home.size):
        reached = []
        for k in range(ways.root_ptr[n], ways.root_ptr[n + 1]):
            leaves = [leaf for leaf, _ in follow(ways.forest, ways.root[k])]
            reached += [(int(ways.core[leaf]), int(ways.entry[k] + ways.rank[leaf])) for leaf in leaves]
        entries = range(mapped.fan.ptr[n], mapped.fan.ptr[n + 1])
        assert sorted(reached) == [(int(mapped.fan.core[e]), e) for e in entries]


def test_unicast_on_a_mesh_takes_as_many_hops_as_tiles_are_apart(router):
    system = mesh_system(chips=(3, 2))
    mapped = random_mapped(system, neurons=100)
    geometry, ways = ways_of(mapped, router)
    links = geometry.links
    for k, (source, target) in enumerate(zip(mapped.home[mapped.fan.source], mapped.fan.core, strict=True)):
        ((_, channels),) = follow(ways.forest, ways.root[k])
        *hops, last = channels
        assert last == geometry.core_in(np.array([target]))[0]
        (x, y), (to_x, to_y) = tile_place(system, source), tile_place(system, target)
        ports = [EAST if c < links and geometry.side[c] == EAST else
                 WEST if c < links and geometry.side[c] == WEST else
                 NORTH if c < links and geometry.side[c] == NORTH else
                 SOUTH if c < links else (c - links) % PORTS for c in hops]  # fmt: skip
        along = [EAST if to_x > x else WEST] * abs(to_x - x) + [NORTH if to_y > y else SOUTH] * abs(to_y - y)
        assert ports == (along or [TILE])


@pytest.mark.parametrize("router_kind", ["unicast", "multicast"])
def test_links_between_chips_carry_what_the_mapping_counts(router, router_kind):
    mapped = random_mapped(mesh_system(chips=(3, 2), router=router_kind), neurons=80)
    geometry, ways = ways_of(mapped, router)
    routes = packet_routes(mapped.fan, mapped.placement, router)
    counted = np.bincount(routes.link, weights=routes.packets, minlength=geometry.links)
    seen = np.zeros(geometry.channels)

    def visit(node):
        seen[ways.forest.channel[node]] += 1
        for child in ways.forest.child[ways.forest.child_ptr[node] : ways.forest.child_ptr[node + 1]]:
            visit(child)

    for root in ways.root:
        visit(root)
    assert np.array_equal(seen[: geometry.links], counted)


@pytest.mark.parametrize("topology", ["triangular_torus", "mesh"])
def test_ways_of_packets_that_branch_may_depend_on_where_they_start(topology):
    # Longest dimension first: from (0, 0) to (3, 2) three times x first, from (1, 0) along y first to the same chip.
    router = LongestDimensionFirst()
    system = mesh_system(chips=(5, 4), router="multicast", network="router", topology=topology, cores=(2, 2))
    mapped = random_mapped(system, neurons=80)
    geometry, ways = ways_of(mapped, router)
    routes = packet_routes(mapped.fan, mapped.placement, router)
    for n in range(mapped.home.size):
        (root,) = ways.root[ways.root_ptr[n] : ways.root_ptr[n + 1]]
        seen = {c for _, channels in follow(ways.forest, root) for c in channels if c < geometry.links}
        assert sorted(seen) == routes.link[routes.ptr[n] : routes.ptr[n + 1]].tolist()


def test_packets_that_carry_their_target_alone_are_refused_ways_by_source():
    mapped = random_mapped(mesh_system(chips=(5, 4), network="router", cores=(2, 2)), neurons=80)
    with pytest.raises(PluginError, match="a way may depend on its target only"):
        ways_of(mapped, LongestDimensionFirst())


class Detours:
    """From chip 0 to chip 1 over chips 2 and 3, to chip 3 over chip 1."""

    name = "detours"

    def path(self, source, target, system, links):
        chips = [0, 2, 3, 1] if target == 1 else [0, 1, 3]
        return [links[ends] for ends in pairwise(chips)]


def test_ways_that_meet_again_are_refused_where_packets_branch():
    system = mesh_system(chips=(2, 2), router="multicast", network="router", cores=(2, 2))
    mapped = Mapped(system, [0, 4, 12], [0, 0], [1, 2])
    with pytest.raises(PluginError, match=r'"detours": paths from chip 0 come to chip 1 by two links'):
        ways_of(mapped, Detours())
    with pytest.raises(PluginError, match="must be a tree"):
        packet_routes(mapped.fan, mapped.placement, Detours())


def test_a_relay_is_sent_one_packet_for_each_other_chip(router):
    mapped = random_mapped(mesh_system(chips=(2, 1)), neurons=40)
    per_chip = mapped.placement.system.chip.core_count
    _, ways = ways_of(mapped, router, relay=True)
    for n in range(mapped.home.size):
        targets = mapped.fan.core[mapped.fan.ptr[n] : mapped.fan.ptr[n + 1]]
        near = np.count_nonzero(targets // per_chip == mapped.home[n] // per_chip)
        assert ways.root_ptr[n + 1] - ways.root_ptr[n] == near + (near < targets.size)


def test_trees_are_never_larger_than_ways_one_by_one_nor_smaller_than_the_longest(router):
    mapped = random_mapped(mesh_system(chips=(3, 2), router="multicast"), neurons=60, degree=12)
    _, ways = ways_of(mapped, router)
    for root in ways.root:
        branches = [way[1:-1] for _, way in follow(ways.forest, root)]  # without the way in and the core
        tree = {tuple(way[: k + 1]) for way in branches for k in range(len(way))}
        assert max(len(way) for way in branches) <= len(tree) <= sum(len(way) for way in branches)
