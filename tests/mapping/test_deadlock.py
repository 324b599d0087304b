"""Circles in the ways of packets, and what they mean."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.description.chip import LinkSpec
from spikemesh.description.system import ChipSpec, System
from spikemesh.mapping.deadlock import channel_name, waiting
from spikemesh.mapping.hardware import hardware_on
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh_plugins.mapping.dimension_order import DimensionOrder
from spikemesh_plugins.mapping.longest_dimension_first import LongestDimensionFirst
from spikemesh_plugins.mapping.shortest_path import ShortestPath


def all_to_all(topology, chips, router, regime="tick", on_chip=None, **link):
    """A neuron on each of the chips' cores, with synapses on all."""
    kinds = {"between_chips": LinkSpec(**link)} | ({"on_chip": on_chip} if on_chip else {})
    chip = ChipSpec(cores=(1, 1), router="multicast")
    system = System(topology=topology, chips=chips, chip=chip, regime=regime, links=kinds)
    cores = system.core_count
    placement = placement_on(system, [np.arange(cores, dtype=np.int32)])
    fan = fan_out_from(cores, *np.divmod(np.arange(cores * cores), cores))
    routes = packet_routes(fan, placement, router)

    def hardware():
        return hardware_on(np.ones(cores, dtype=bool), placement, fan, router, "packet")

    return waiting(placement, routes, hardware)


@settings(max_examples=25, deadline=None)
@given(topology=st.sampled_from(("mesh", "tree", "star", "full")), x=st.integers(1, 5), y=st.integers(1, 4))
def test_along_x_first_on_a_mesh_has_no_circle(topology, x, y):
    # Dally & Seitz 1987: dimension order on a mesh, and ways on a tree, cannot deadlock.
    found = all_to_all(topology, (x, y), DimensionOrder(), queue=1)
    assert found.circle == found.deadlock == ()
    assert found.means.startswith("no deadlock is possible: packets take links in an order")


def test_a_ring_without_virtual_channels_has_circles():
    found = all_to_all("ring", (5,), DimensionOrder(), queue=1)
    assert found.circle == ("chip0->chip1", "chip1->chip2", "chip2->chip3", "chip3->chip4", "chip4->chip0")
    assert found.deadlock == found.circle
    assert "a deadlock is possible: chip0->chip1 -> chip1->chip2" in found.means
    # On rings of three no packet goes on from one link to another.
    assert all_to_all("ring", (3,), DimensionOrder(), queue=1).circle == ()


@pytest.mark.parametrize("link", [{}, {"queue": 1, "when_full": "drop"}])
def test_links_that_never_make_packets_wait_cannot_deadlock(link):
    found = all_to_all("torus", (4, 4), DimensionOrder(), **link)
    assert len(found.circle) == 4
    assert found.deadlock == ()
    assert "none of them makes packets wait because its queue is full" in found.means


def test_longest_dimension_first_turns_both_ways():
    # y before x where the way along y is longer, such as twice up and once left from chip 1 to 6; else x before y.
    assert all_to_all("mesh", (3, 3), DimensionOrder()).circle == ()
    found = all_to_all("mesh", (3, 3), LongestDimensionFirst())
    chips = (0, 1, 4, 7, 6, 3, 0)
    assert found.circle == tuple(f"chip{a}->chip{b}" for a, b in pairwise(chips))
    assert all_to_all("mesh", (3, 3), ShortestPath()).circle == ()


@pytest.mark.parametrize("regime", ["barrier", "tick"])
def test_circles_over_routers_are_found_where_their_queues_end(regime):
    # Packets both ways between two chips: each router waits for the link out, and the link for the other router.
    ends = LinkSpec(queue=2, bandwidth=1e9)
    found = all_to_all("mesh", (2, 1), DimensionOrder(), regime, ends, queue=2)
    assert found.circle == ()
    assert sorted(found.deadlock) == [
        "chip0->chip1", "chip0.fabric0.tile0.tile", "chip1->chip0", "chip1.fabric0.tile0.tile",
    ]  # fmt: skip
    assert all_to_all("mesh", (2, 1), DimensionOrder(), regime, ends).deadlock == ()


def test_names_of_channels():
    chip = ChipSpec(cores=(4, 2), tile=(2, 2), network="mesh", fabrics=2)
    system = System(chips=(2, 1), chip=chip)
    links = ("chip0->chip1", "chip1->chip0")
    # 2 links, 2 chips x 2 fabrics x 2 tiles x 6 ports, 16 inputs, 16 outputs of cores.
    assert channel_name(1, system, links) == "chip1->chip0"
    assert channel_name(2 + 6 * 7 + 2, system, links) == "chip1.fabric1.tile1.north"
    assert channel_name(2 + 48 + 9, system, links) == "chip1.core1"
