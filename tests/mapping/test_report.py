import json

import numpy as np
import pytest

import spikemesh_plugins.systems as systems
from spikemesh.description.system import ChipSpec, CoreSpec, System
from spikemesh.errors import MappingError
from spikemesh.mapping.limits import memory_bits
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.report import mapping_report
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh_plugins.mapping.dimension_order import DimensionOrder

LOIHI = next(p for p in systems.spikemesh_systems() if p.name == "loihi").make(None).chip.core


def report(network, fan=None, indegree=None, router="multicast", table_entries=None, **core):
    """Two chips of two cores; "a" (4 neurons) on cores 0 and 1, "b" (2 neurons) on core 2."""
    chip = ChipSpec(cores=(2, 1), core=CoreSpec(**core), router=router, table_entries=table_entries)
    placement = placement_on(System(chips=(2,), chip=chip), [np.array([0, 0, 1, 1]), np.array([2, 2])])
    # Every neuron of "a" has 3 synapses on core 2; neuron 0 has 100 on core 0; neuron 4 has 1 on core 3.
    fan = fan or fan_out_from(6, [0, 1, 2, 3, 0, 4], [2, 2, 2, 2, 0, 3], [3, 3, 3, 3, 100, 1])
    net = network({"a": 4, "b": 2}, [])
    return mapping_report(net, placement, fan, packet_routes(fan, placement, DimensionOrder()), indegree)


def test_counts(network):
    found = report(network, indegree=np.array([100, 0, 0, 0, 6, 6]))
    assert found.use["neurons"].tolist() == [2, 2, 2, 0]
    assert found.synapses.tolist() == [100, 0, 12, 1]
    assert found.use["axons_in"].tolist() == [1, 0, 4, 1]
    assert found.use["axons_out"].tolist() == [3, 2, 1, 0]
    assert found.use["fan_in"].tolist() == [100, 0, 6, 0]
    assert found.use["synapse_memory_bits"].tolist() == [6400, 0, 768, 64]
    assert (found.chips_used, found.cores_used) == (2, 3)
    assert found.cross_chip_synapses == 12
    assert found.cross_chip_share == pytest.approx(12 / 113)
    assert found.imbalance == pytest.approx(1 / 3)
    assert found.loads.packets.tolist() == [4, 0]
    assert found.table_entries is None
    assert found.problems() == []
    found.check()


def test_loihi_memory_rule():
    # hardware.md 1.1: blocks of <= 64 synapses, each n * (w + d + tag + idx) + 10 bits, up to the next 64.
    # Here w + d + tag + idx = 8 + 6 + 0 + 10 = 24 bits:
    #   1 synapse: 34 -> 64;  2: 58 -> 64;  3: 82 -> 128;  64: 1546 -> 1600;  65: 1600 + 64;
    #   150 = 64 + 64 + 22: 1600 + 1600 + (538 -> 576) = 3776.
    bits = memory_bits(np.array([0, 1, 2, 3, 64, 65, 150]), LOIHI)
    assert bits.tolist() == [0, 64, 64, 128, 1600, 1664, 3776]


def test_memory_of_one_axon_without_blocks():
    core = CoreSpec(synapse_bits=10, axon_bits=7, word_bits=8)
    assert memory_bits(np.array([0, 1, 4]), core).tolist() == [0, 16 + 7, 40 + 7]


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (
            {"neurons": 1},
            'population "a" on chip0.core0: 2 neurons; the limit of a core is 1 (neurons): 1 too many; '
            "3 cores are over the limit, this one most",
        ),
        (
            {"axons_in": 3},
            'population "b" on chip1.core0: 4 input axons; the limit of a core is 3 (axons_in): 1 too many',
        ),
        (
            {"axons_out": 2},
            'population "a" on chip0.core0: 3 output axons; the limit of a core is 2 (axons_out): 1 too many',
        ),
        (
            {"synapse_memory_bits": 6000},
            'population "a" on chip0.core0: 6400 bits of synapse memory; '
            "the limit of a core is 6000 (synapse_memory_bits): 400 too many",
        ),
        (
            {"fan_in": 40},
            'population "a" on chip0.core0: 100 synapses onto one neuron; '
            "the limit of a core is 40 (fan_in): 60 too many",
        ),
        (
            {"table_entries": 1},
            'population "a" on chip0: 2 entries of the router\'s table; '
            "the limit of a chip is 1 (table_entries): 1 too many",
        ),
    ],
)
def test_every_limit_names_population_limit_and_excess(network, limit, message):
    found = report(network, indegree=np.array([100, 0, 0, 0, 6, 6]), **limit)
    (problem,) = found.problems()
    assert str(problem).startswith(f"{message} (")
    with pytest.raises(MappingError, match="too many"):
        found.check()


def test_limits_that_are_just_met_are_no_problem(network):
    limits = {"neurons": 2, "axons_in": 4, "axons_out": 3, "synapse_memory_bits": 6400, "fan_in": 100}
    report(network, indegree=np.array([100, 0, 0, 0, 6, 6]), table_entries=2, **limits).check()


def test_entries_of_router_tables(network):
    # Core 0 sends to core 2 and to itself, core 1 to core 2 alone: two routes on chip 0. On chip 1 both go to core 2,
    # and core 2 to core 3.
    found = report(network, table_entries=1023)
    assert found.table_entries.tolist() == [2, 2]
    assert found.to_dict()["per_chip"]["chip1"]["table_entries"] == 2
    assert "table entries" in found.table().splitlines()[3]
    assert report(network, table_entries=1023, router="unicast").table_entries is None


def test_all_exceeded_limits_come_at_once(network):
    keys = [p.found for p in report(network, neurons=1, axons_in=3, axons_out=2).problems()]
    assert len(keys) == 3


def test_dictionary_is_json_and_says_the_same(network):
    figures = json.loads(json.dumps(report(network, axons_in=3).to_dict()))
    assert figures["per_chip"]["chip1"]["synapses"] == 13
    assert figures["per_chip"]["chip0"]["populations"] == {"a": 4}
    assert figures["per_core"]["chip1.core0"]["axons_in"] == 4
    assert figures["links"]["chip0->chip1"] == {
        "packets_if_each_neuron_spikes_once": 4,
        "packets_per_step": None,
        "busy_ns_per_step": None,
        "utilisation": None,
    }
    assert figures["waiting"]["circle"] == figures["waiting"]["deadlock"] == []
    assert figures["limits"]["axons_in"] == 3
    assert len(figures["problems"]) == 1


def test_tables(network):
    text = report(network, axons_in=3).table()
    lines = text.splitlines()
    assert "2 chips and 3 cores used by 6 neurons and 113 synapses" in lines[0]
    assert any(line.split()[:4] == ["chip1", "1", "2", "13"] for line in lines)
    assert "limits of a core: axons in 3" in text
    assert "busiest links, packets if each neuron spikes once: chip0->chip1 4\n" in text
    assert "does not fit:" in text
    by_core = report(network).table(cores=True)
    assert any(line.split()[:3] == ["chip1.core1", "0", "1"] for line in by_core.splitlines())
    assert "limits of a core: none" in by_core
