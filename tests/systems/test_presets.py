import pytest

import spikemesh_plugins.systems as systems
from spikemesh.description.costs import Cost, CostSet
from spikemesh.registry import Registry


@pytest.fixture(scope="module")
def presets():
    registry = Registry()
    registry.register(systems, "systems", "test")
    return registry.systems


def test_ideal_has_no_limits(presets):
    ideal = presets.get("ideal").make((4, 2))
    assert (ideal.chip_count, ideal.core_count) == (8, 32)
    limits = ("neurons", "synapse_memory_bits", "axons_in", "axons_out", "fan_in", "delay_steps")
    assert all(getattr(ideal.chip.core, name) is None for name in limits)
    link = ideal.links["between_chips"]
    assert (link.latency, link.bandwidth, link.queue) == (None, None, None)
    assert ideal.chip.router == "multicast"
    assert presets.get("ideal").make(None).chip_count == 1


def test_loihi_structure_and_limits(presets):
    # Davies et al., IEEE Micro 2018, pp. 86-89 (hardware.md 1.1).
    loihi = presets.get("loihi").make((4, 2))
    core = loihi.chip.core
    assert loihi.chip.core_count == 128
    assert loihi.chip.core_count * core.neurons == 131_072
    assert core.synapse_memory_bits == 128 * 1024 * 8 == 1_048_576
    assert (core.axons_in, core.axons_out, core.delay_steps) == (4096, 4096, 62)
    assert (loihi.chip.router, loihi.chip.packet_bits, loihi.topology) == ("unicast", 32, "mesh")
    assert loihi.costs == "davies2018"
    assert presets.get("loihi").make(None).chip_count == 2  # Kapoho Bay


def figures(costs, key):
    return {name: getattr(getattr(costs, name), key) for name in CostSet.model_fields if name not in NO_COST}


NO_COST = ("static_mw", "static_source")


def test_loihi_costs_davies(presets):
    # Davies et al. 2018, Table 2 (hardware.md 1.2); None is not published.
    costs = presets.get("loihi").make(None).chip.costs["davies2018"]
    assert figures(costs, "energy_pj") == {
        "synaptic_event": 23.6, "neuron_update": 81.0, "neuron_idle": 52.0, "spike": None, "axon_in": None,
        "axon_out": None, "hop_tile": 1.7, "hop_x": 3.0, "hop_y": 4.0, "barrier": None,
        "barrier_chip": None, "learning_update": 120.0,
    }  # fmt: skip
    assert figures(costs, "latency_ns") == {
        "synaptic_event": 3.5, "neuron_update": 8.4, "neuron_idle": 5.3, "spike": None, "axon_in": None,
        "axon_out": None, "hop_tile": 2.1, "hop_x": 4.1, "hop_y": 6.5, "barrier": 465.0,
        "barrier_chip": 212.0, "learning_update": 6.1,
    }  # fmt: skip
    assert costs.static_mw == pytest.approx(3340 / 32, abs=0.05)  # Frady et al. 2020: 3.34 W over 32 chips


def test_loihi_costs_sanafe(presets):
    # SANA-FE arch/loihi.yaml (hardware.md 1.3); update: access 51.2 pJ, 6.0 ns plus update 21.6 pJ, 3.7 ns.
    costs = presets.get("loihi").make(None).chip.costs["sanafe2025"]
    assert figures(costs, "energy_pj") == {
        "synaptic_event": 33.6, "neuron_update": 72.8, "neuron_idle": 51.2, "spike": 69.3, "axon_in": 0.0,
        "axon_out": 111.0, "hop_tile": None, "hop_x": 3.0, "hop_y": 4.2, "barrier": None,
        "barrier_chip": None, "learning_update": None,
    }  # fmt: skip
    assert figures(costs, "latency_ns") == {
        "synaptic_event": 4.7, "neuron_update": 9.7, "neuron_idle": 6.0, "spike": 30.0, "axon_in": 16.0,
        "axon_out": 5.1, "hop_tile": None, "hop_x": 4.1, "hop_y": 6.5, "barrier": 1800.0,
        "barrier_chip": 212.0, "learning_update": None,
    }  # fmt: skip
    assert costs.static_mw is None


def test_loihi_link_is_derived_and_says_so(presets):
    link = presets.get("loihi").make(None).links["between_chips"]
    assert link.bandwidth == pytest.approx(3.44e9 / 30, rel=0.005)
    assert link.bandwidth_of == "packet"
    assert "derived" in link.sources["bandwidth"]
    assert (link.latency, link.energy, link.queue) == (None, None, None)
    assert link.sources["latency"] == "not published"


def test_every_figure_of_loihi_has_a_source(presets):
    loihi = presets.get("loihi").make(None)
    unsourced = []
    for part in (loihi.chip.core, loihi.chip, loihi.links["between_chips"]):
        for name in type(part).model_fields:
            value = getattr(part, name)
            # The unit of the bandwidth belongs to it; stalling is what the regime demands.
            plain = name not in ("sources", "core", "costs", "bandwidth_of", "when_full")
            if plain and value is not None and not part.sources.get(name):
                unsourced.append(name)
    for set_name, costs in loihi.chip.costs.items():
        for name in CostSet.model_fields:
            cost = getattr(costs, name)
            if isinstance(cost, Cost) and not cost.source:
                unsourced.append(f"{set_name}.{name}")
        if not costs.static_source:
            unsourced.append(f"{set_name}.static_mw")
    assert unsourced == []
    assert {"chips", "topology", "regime"} <= set(loihi.sources)
