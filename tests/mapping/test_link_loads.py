"""Loads of links from rates of neurons."""

import numpy as np
import pytest

from spikemesh.description.chip import LinkSpec
from spikemesh.description.system import ChipSpec, System
from spikemesh.mapping.link_loads import link_loads
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh_plugins.mapping.dimension_order import DimensionOrder


def loads(rates, relay=False, router="unicast", regime="tick", tick=None, **link):
    """Neurons 0 and 1 on chip 0: 0 reaches three cores of chip 2, 1 reaches one of chip 1."""
    links = {"between_chips": LinkSpec(**link)}
    system = System(chips=(3,), chip=ChipSpec(router=router), regime=regime, tick=tick, links=links)
    placement = placement_on(system, [np.array([0, 1], dtype=np.int32)])
    routes = packet_routes(fan_out_from(2, [0, 0, 0, 1], [8, 9, 11, 4]), placement, DimensionOrder(), relay)
    return placement.link_names, link_loads(system, routes, rates, timestep_ms=0.5)


def test_packets_and_time_a_step():
    # 3 packets x 100 Hz + 1 x 40 Hz = 340 a second, 0.17 a step of 0.5 ms; each takes 200 ns.
    names, found = loads(np.array([100.0, 40.0]), bandwidth=5e6)
    first = found.to_dict(names)["chip0->chip1"]
    assert first["packets_if_each_neuron_spikes_once"] == 4
    assert first["packets_per_step"] == pytest.approx(0.17)
    assert first["busy_ns_per_step"] == pytest.approx(34.0)
    assert first["utilisation"] == pytest.approx(34.0 / 500_000.0)  # real time: a step is 0.5 ms
    assert found.shown[1] == "% of a step busy"


def test_a_tick_of_its_own_is_what_a_link_has_time_for():
    names, found = loads(np.array([100.0, 40.0]), bandwidth=5e6, tick=1000.0)
    assert found.to_dict(names)["chip0->chip1"]["utilisation"] == pytest.approx(0.034)


def test_what_is_not_known_is_none():
    names, found = loads(np.array([100.0, 40.0]))
    link = found.to_dict(names)["chip1->chip2"]
    assert link["packets_per_step"] == pytest.approx(0.15)
    assert link["busy_ns_per_step"] is link["utilisation"] is None
    assert found.shown[1] == "packets a step"
    names, found = loads(None, bandwidth=5e6)
    assert found.to_dict(names)["chip1->chip2"]["packets_per_step"] is None
    assert found.shown[1] == "packets if each neuron spikes once"
    names, found = loads(np.ones(2), bandwidth=5e6, regime="barrier")
    assert found.to_dict(names)["chip0->chip1"]["utilisation"] is None
    assert found.shown[1] == "ns busy a step"


def test_a_relay_takes_one_packet_for_each_chip():
    for relay, router, packets in ((False, "unicast", 4), (True, "unicast", 2), (False, "multicast", 2)):
        names, found = loads(None, relay=relay, router=router)
        assert dict(zip(names, found.packets.tolist(), strict=True))["chip0->chip1"] == packets
