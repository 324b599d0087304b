"""Packets between chips under the default partitioner, against round-robin and against a planted partition."""

import numpy as np
import pytest

from spikemesh.api.rates import measured_rates
from spikemesh.api.scenarios import open_scenario
from spikemesh.description.system import ChipSpec, CoreSpec, MappingSettings, System
from spikemesh.mapping.connections import DrawnConnections
from spikemesh.mapping.placement import place_network


def limited(chips, neurons):
    return System(chips=(chips,), chip=ChipSpec(cores=(2, 2), core=CoreSpec(neurons=neurons)))


def between_chips(connections, chip_of_neuron, chips):
    packets = connections.packets(chip_of_neuron, chips)
    return packets.sum() - np.trace(packets)


def clusters(count, size, synapses, inside):
    """Sources, targets, and cluster of each neuron; neurons are numbered at random."""
    random = np.random.Generator(np.random.PCG64(1))
    number = random.permutation(count * size)
    source = np.repeat(np.arange(count * size), synapses)
    near = source // size * size + random.integers(0, size, source.size)
    far = random.integers(0, count * size, source.size)
    target = np.where(random.random(source.size) < inside, near, far)
    return number[source], number[target], np.argsort(number) // size


@pytest.mark.parametrize("inside", [0.99, 0.97])
def test_planted_clusters_are_found(network, registry, inside):
    source, target, cluster = clusters(32, 50, 30, inside)
    drawn = {"sources": source, "targets": target}
    net = network({"all": 1600}, [("all", "all", "explicit", source.size, 1, drawn)])
    system = limited(8, 60)  # 200 neurons for 240 places on each chip: 83 % full
    known = DrawnConnections(net, np.ones(net.size))
    planted = between_chips(known, cluster // 4, 8)
    found = {}
    for partition in ("traffic", "round_robin"):
        placement = place_network(net, system, MappingSettings(partition=partition), registry)
        held = np.bincount(placement.chip_of_neuron, minlength=8)
        assert held.min() >= 0.8 * 240
        found[partition] = between_chips(known, placement.chip_of_neuron, 8)
    assert found["traffic"] <= 1.1 * planted
    assert 3.0 * found["traffic"] <= found["round_robin"]


def test_digits_send_less_than_half_of_what_round_robin_sends(registry):
    net = open_scenario("digits_inference").network
    system = limited(4, 18)  # 266 neurons for 288 places
    spikes = measured_rates(net, 10 * 48.0)  # ten digits
    known = DrawnConnections(net, spikes)
    found = {}
    for name, settings in {
        "round_robin": {"partition": "round_robin"},
        "traffic": {},
        "measured": {"rates": "measured"},
    }.items():
        placement = place_network(net, system, MappingSettings(**settings), registry, spikes)
        held = np.bincount(placement.chip_of_neuron, minlength=4)
        assert held.min() >= 0.8 * 72
        found[name] = between_chips(known, placement.chip_of_neuron, 4)
    assert 2.0 * found["traffic"] <= found["round_robin"]
    assert found["measured"] <= found["traffic"]
