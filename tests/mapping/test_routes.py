import numpy as np
import pytest

from spikemesh.description.system import ChipSpec, MappingSettings, System
from spikemesh.errors import PluginError
from spikemesh.mapping.placement import place_network, placement_on
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh.mapping.topology import links_of
from spikemesh_plugins.mapping.dimension_order import DimensionOrder
from spikemesh_plugins.mapping.placers import hop_counts


def chips_on(path, links, source):
    return [source, *(links.ends[k][1] for k in path)]


def walk(system, source, target):
    links = links_of(system)
    return chips_on(DimensionOrder().path(source, target, system, links.index), links, source)


def one_core(chips, topology="mesh", router="multicast", **more):
    return System(chips=chips, topology=topology, chip=ChipSpec(cores=(1, 1), router=router), **more)


def test_links_are_named_and_sorted():
    links = links_of(one_core((2, 2)))
    assert links.names[:4] == ("chip0->chip1", "chip0->chip2", "chip1->chip0", "chip1->chip3")
    assert list(links.ends) == sorted(links.ends)
    assert links.index[(3, 2)] == links.names.index("chip3->chip2")


@pytest.mark.parametrize(
    ("topology", "chips", "count"),
    [
        ("mesh", (4, 2), 2 * (3 * 2 + 4)),
        ("torus", (4, 3), 4 * 12),
        ("torus", (4, 2), 2 * (8 + 4)),  # two chips side by side are joined once, not twice
        ("mesh", (2, 2, 2), 2 * 12),
        ("ring", (8,), 16),
        ("ring", (2,), 2),
        ("ring", (1,), 0),
        ("star", (5,), 8),
        ("full", (5,), 20),
    ],
)
def test_number_of_links(topology, chips, count):
    assert len(links_of(one_core(chips, topology)).ends) == count


def test_mesh_goes_along_x_first():
    # 4 x 3 chips: chip = x + 4 y.
    assert walk(one_core((4, 3)), 0, 11) == [0, 1, 2, 3, 7, 11]
    assert walk(one_core((4, 3)), 11, 0) == [11, 10, 9, 8, 4, 0]
    assert walk(one_core((4, 3)), 5, 5) == [5]


def test_torus_goes_the_shorter_way_and_up_at_a_tie():
    assert walk(one_core((5, 5), "torus"), 0, 24) == [0, 4, 24]
    assert walk(one_core((4, 1), "torus"), 3, 1) == [3, 0, 1]
    assert walk(one_core((4, 1), "torus"), 0, 2) == [0, 1, 2]


def test_ring_goes_the_shorter_way_and_up_at_a_tie():
    assert walk(one_core((8,), "ring"), 6, 1) == [6, 7, 0, 1]
    assert walk(one_core((8,), "ring"), 1, 6) == [1, 0, 7, 6]
    assert walk(one_core((8,), "ring"), 6, 2) == [6, 7, 0, 1, 2]


def test_star_goes_through_the_hub_and_full_goes_straight():
    assert walk(one_core((5,), "star"), 3, 4) == [3, 0, 4]
    assert walk(one_core((5,), "full"), 3, 4) == [3, 4]


def test_edges_take_the_shortest_way_of_lowest_index():
    system = one_core((6,), "edges", edges=((0, 2), (0, 1), (1, 3), (2, 3), (3, 4), (4, 5), (5, 0)))
    assert walk(system, 0, 3) == [0, 1, 3]
    assert walk(system, 3, 5) == [3, 4, 5]


@pytest.mark.parametrize("k", [3, 4, 5, 8])
def test_mean_hops_of_a_square_mesh(k):
    # models.md G3: 2k/3 without self.
    system = one_core((k, k))
    hops = [len(walk(system, a, b)) - 1 for a in range(k * k) for b in range(k * k) if a != b]
    assert np.mean(hops) == pytest.approx(2 * k / 3)


@pytest.mark.parametrize("topology", ["mesh", "torus", "ring", "star", "full"])
def test_every_path_is_a_shortest_one(topology):
    system = one_core((4, 3), topology)
    hops = hop_counts(system)
    for a in range(12):
        assert [len(walk(system, a, b)) - 1 for b in range(12)] == hops[a].tolist()


def broadcast(k, router):
    """One neuron on the corner chip with a synapse on every other chip."""
    placement = placement_on(one_core((k, k), router=router), [np.zeros(1, dtype=np.int32)])
    fan = fan_out_from(1, np.zeros(k * k - 1, dtype=np.int64), np.arange(1, k * k))
    return packet_routes(fan, placement, DimensionOrder())


@pytest.mark.parametrize("k", [2, 4, 8])
def test_corner_broadcast(k):
    # models.md G5: tree k^2 - 1 links, unicast k^2 (k - 1) packet hops.
    tree = broadcast(k, "multicast")
    assert tree.link.size == k * k - 1
    assert tree.packets.tolist() == [1] * (k * k - 1)
    assert broadcast(k, "unicast").packets.sum() == k * k * (k - 1)
    # One core on each chip: a packet to each chip is one to each core.
    assert broadcast(k, "broadcast").packets.sum() == k * k * (k - 1)


def test_unicast_sends_one_packet_for_each_core():
    system = System(chips=(3,), chip=ChipSpec(cores=(2, 2), router="unicast"))
    placement = placement_on(system, [np.array([0, 5], dtype=np.int32)])
    # Neuron 0 (chip 0): two cores of chip 2, one of chip 1, its own core. Neuron 1 (chip 1): its own chip.
    fan = fan_out_from(2, [0, 0, 0, 0, 1], [8, 11, 6, 0, 4])
    routes = packet_routes(fan, placement, DimensionOrder())
    assert [placement.link_names[k] for k in routes.link] == ["chip0->chip1", "chip1->chip2"]
    assert routes.packets.tolist() == [3, 2]
    assert routes.ptr.tolist() == [0, 2, 2]
    both = placement_on(system.model_copy(update={"chip": ChipSpec(router="multicast")}), placement.core_of)
    assert packet_routes(fan, both, DimensionOrder()).packets.tolist() == [1, 1]


def test_multicast_is_the_union_of_paths():
    rng = np.random.default_rng(1)
    system, links = one_core((4, 4)), links_of(one_core((4, 4)))
    home = rng.integers(0, 16, 40).astype(np.int32)
    pairs = [(n, c) for n in range(40) for c in rng.choice(16, rng.integers(0, 9), replace=False)]
    source, core = np.array(pairs).T
    routes = packet_routes(fan_out_from(40, source, core), placement_on(system, [home]), DimensionOrder())
    for n in range(40):
        paths = [DimensionOrder().path(int(home[n]), int(c), system, links.index) for c in core[source == n]]
        mine = routes.link[routes.ptr[n] : routes.ptr[n + 1]]
        assert mine.tolist() == sorted({k for path in paths for k in path})
        assert max(map(len, paths), default=0) <= mine.size <= sum(map(len, paths))  # models.md G5


def test_fan_out_sums_repeated_pairs():
    fan = fan_out_from(4, [2, 0, 2, 2], [5, 1, 3, 5], [10, 1, 2, 5])
    assert fan.ptr.tolist() == [0, 1, 1, 3, 3]
    assert fan.core.tolist() == [1, 3, 5]
    assert fan.synapses.tolist() == [1, 2, 15]
    assert fan.source.tolist() == [0, 2, 2]


def test_one_hundred_thousand_neurons_reach_eight_chips():
    neurons, system = 100_000, System(chips=(4, 2))
    placement = placement_on(system, [np.arange(neurons, dtype=np.int32) % 32])
    fan = fan_out_from(neurons, np.repeat(np.arange(neurons), 32), np.tile(np.arange(32), neurons))
    routes = packet_routes(fan, placement, DimensionOrder())
    # Every neuron reaches all 7 other chips along a tree of 7 links.
    assert routes.link.size == 7 * neurons


@pytest.mark.parametrize(
    ("path", "message"), [([0], "ends at chip 1"), ([3], "breaks at chip 0"), ([-1], "breaks")]
)
def test_a_router_that_finds_no_path_is_named(path, message):
    class Lost:
        name = "lost"

        def path(self, source, target, system, links):
            return path

    placement = placement_on(one_core((3,)), [np.zeros(1, dtype=np.int32)])
    with pytest.raises(PluginError, match=rf'router "lost".*{message}'):
        packet_routes(fan_out_from(1, [0], [2]), placement, Lost())


def scattered_ring(network):
    order = [0, 3, 6, 1, 4, 7, 2, 5]
    ring = [(f"g{a}", f"g{b}", "all_to_all", 100) for a, b in zip(order, order[1:] + order[:1], strict=True)]
    return network({f"g{k}": 10 for k in range(8)}, ring)


def hops_crossed(placement, network):
    hops = hop_counts(placement.system)
    chip = [int(c[0]) // placement.cores_per_chip for c in placement.core_of]
    return sum(hops[chip[p.source], chip[p.target]] for p in network.projections)


def test_anneal_puts_neighbours_side_by_side(network, registry):
    net, ring = scattered_ring(network), System(chips=(8,), topology="ring")
    settings = {"partition": "linear"}
    before = place_network(net, ring, MappingSettings(**settings, place="identity"), registry)
    after = place_network(net, ring, MappingSettings(**settings, place="anneal"), registry)
    assert hops_crossed(before, net) == 24
    assert hops_crossed(after, net) == 8
    assert sorted(after.core_of_neuron) == sorted(before.core_of_neuron)


def test_anneal_leaves_pinned_chips_alone(network, registry):
    net, ring = scattered_ring(network), System(chips=(8,), topology="ring")
    settings = MappingSettings(partition="linear", place="anneal", pin={"g0": (0,), "g1": (1,), "g5": (5,)})
    placement = place_network(net, ring, settings, registry)
    assert [int(placement.core_of[k][0]) // 4 for k in (0, 1, 5)] == [0, 1, 5]


def test_broadcast_sends_one_packet_to_each_chip():
    system = System(chips=(3,), chip=ChipSpec(cores=(2, 2), router="broadcast"))
    placement = placement_on(system, [np.array([0], dtype=np.int32)])
    # Two cores of chip 2, which share a packet, and one of chip 1.
    routes = packet_routes(fan_out_from(1, [0, 0, 0], [8, 11, 6]), placement, DimensionOrder())
    assert [placement.link_names[k] for k in routes.link] == ["chip0->chip1", "chip1->chip2"]
    assert routes.packets.tolist() == [2, 1]
