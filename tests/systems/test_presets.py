from __future__ import annotations

import pytest

import spikemesh_plugins.systems as systems
from spikemesh.contracts.energy import COUNTERS, INCLUDED, NOT_PUBLISHED, Activity, energy_of
from spikemesh.registry import Registry
from spikemesh_plugins.systems.sourced import COSTS

CHIPS = [preset.name for preset in systems.PRESETS if preset.name != "ideal"]


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
    return {name: getattr(getattr(costs, name), key) for name in COSTS}


def test_loihi_costs_davies(presets):
    # Davies et al. 2018, Table 2 (hardware.md 1.2); None is not published.
    costs = presets.get("loihi").make(None).chip.costs["davies2018"]
    assert figures(costs, "energy_pj") == {
        "synaptic_event": 23.6, "neuron_update": 81.0, "neuron_idle": 52.0, "spike": None, "axon_in": None,
        "axon_out": None, "hop_tile": 1.7, "hop_x": 3.0, "hop_y": 4.0, "barrier": None, "barrier_tile": None,
        "barrier_chip": None, "learning_update": 120.0, "cycle": None,
    }  # fmt: skip
    assert figures(costs, "latency_ns") == {
        "synaptic_event": 3.5, "neuron_update": 8.4, "neuron_idle": 5.3, "spike": None, "axon_in": None,
        "axon_out": None, "hop_tile": 2.1, "hop_x": 4.1, "hop_y": 6.5, "barrier": 113.0, "barrier_tile": 35.2,
        "barrier_chip": 212.0, "learning_update": 6.1, "cycle": None,
    }  # fmt: skip
    assert costs.static_mw == pytest.approx(3340 / 32, abs=0.05)  # Frady et al. 2020: 3.34 W over 32 chips


def test_loihi_costs_sanafe(presets):
    # SANA-FE arch/loihi.yaml (hardware.md 1.3); update: access 51.2 pJ, 6.0 ns plus update 21.6 pJ, 3.7 ns.
    costs = presets.get("loihi").make(None).chip.costs["sanafe2025"]
    assert figures(costs, "energy_pj") == {
        "synaptic_event": 33.6, "neuron_update": 72.8, "neuron_idle": 51.2, "spike": 69.3, "axon_in": 0.0,
        "axon_out": 111.0, "hop_tile": None, "hop_x": 3.0, "hop_y": 4.2, "barrier": None, "barrier_tile": None,
        "barrier_chip": None, "learning_update": None, "cycle": None,
    }  # fmt: skip
    assert figures(costs, "latency_ns") == {
        "synaptic_event": 4.7, "neuron_update": 9.7, "neuron_idle": 6.0, "spike": 30.0, "axon_in": 16.0,
        "axon_out": 5.1, "hop_tile": None, "hop_x": 4.1, "hop_y": 6.5, "barrier": 1800.0, "barrier_tile": None,
        "barrier_chip": 212.0, "learning_update": None, "cycle": None,
    }  # fmt: skip
    assert costs.static_mw is None


def test_loihi_link_is_derived_and_says_so(presets):
    link = presets.get("loihi").make(None).links["between_chips"]
    assert link.bandwidth == pytest.approx(3.44e9 / 30, rel=0.005)
    assert link.bandwidth_of == "packet"
    assert "derived" in link.sources["bandwidth"]
    assert (link.latency, link.energy, link.queue) == (None, None, None)
    assert link.sources["latency"] == "not published"


def unsourced_in(part, where):
    """Figures and absent figures of a part of a system that do not say where they come from."""
    plain = {n: f for n, f in type(part).model_fields.items() if n not in NO_FIGURES}
    held = {n: getattr(part, n) for n in plain}
    stated = [n for n, f in plain.items() if held[n] != f.default or f.default is None]
    return [f"{where}.{n}" for n in stated if not part.sources.get(n)]


NO_FIGURES = (
    "sources",
    "core",
    "costs",
    "published",
    "rules",
    "models",
    "bandwidth_of",
    "frame_bits",
    "when_full",
)
"""What is no figure of its own: names, and the words that go with a bandwidth or a queue that has a source."""


@pytest.mark.parametrize("name", CHIPS)
def test_every_figure_has_a_source_and_every_absent_one_a_reason(presets, name):
    system = presets.get(name).make(None)
    unsourced = unsourced_in(system.chip.core, "core") + unsourced_in(system.chip, "chip")
    for kind, link in system.links.items():
        unsourced += unsourced_in(link, kind)
    for set_name, costs in system.chip.costs.items():
        unsourced += [f"{set_name}.{c}" for c in COSTS if not getattr(costs, c).source]
        unsourced += [] if costs.static_source else [f"{set_name}.static_mw"]
    assert unsourced == []
    assert {"chips", "topology", "regime"} <= set(system.sources)


@pytest.mark.parametrize("name", CHIPS)
def test_what_is_not_there_is_said_to_be_none_included_or_not_published(presets, name):
    for costs in presets.get(name).make(None).chip.costs.values():
        for cost in (getattr(costs, c) for c in COSTS):
            if cost.energy_pj is None and cost.latency_ns is None:
                reasons = ("not published", "none", "included", "not in this account")
                assert cost.source.startswith(reasons), cost.source


@pytest.mark.parametrize("name", CHIPS)
def test_an_absent_energy_is_never_nothing(presets, name):
    """One of everything a chip can do: what a preset does not give is not published or included, never 0."""
    given = presets.get(name).make(None)
    for costs in given.chip.costs:
        system = given.model_copy(update={"costs": costs})
        counts = dict.fromkeys(COUNTERS.values(), 1)
        done = Activity(1, 10**9, 1, counts, [1] * len(system.directed_links), learns=True)
        energy = energy_of(system, done)
        for term in energy.terms:
            if term.each is None and term.count != 0:
                assert (term.value_pj, term.low_pj, term.high_pj) == (None, None, None), term.kind
                assert term.note in (NOT_PUBLISHED, INCLUDED, "clock rate not published"), term.kind
            elif term.count != 0:
                assert term.value_pj > 0 or term.each == 0, term.kind
        absent = {c for c in COSTS if getattr(system.cost_set, c).energy_pj is None}
        absent -= {"neuron_idle"} if system.cost_set.neuron_update.energy_pj is not None else set()
        noted = {term.kind for term in energy.terms if term.value_pj is None}
        assert absent & set(COUNTERS) <= noted
        assert ("static_chip" in noted) == (system.cost_set.static_mw is None)
