import tomllib

import pytest

from spikemesh.description.system import GIVEN, System, system_from
from spikemesh.description.topology import chip_at, coordinates
from spikemesh.errors import DescriptionError
from spikemesh_plugins.systems.ideal import ideal
from spikemesh_plugins.systems.loihi import loihi


def read(text, base=None):
    return system_from(tomllib.loads(text)["system"], base)


def problems(text, base=None):
    with pytest.raises(DescriptionError) as caught:
        read(text, base)
    return {p.where: (p.found, p.remedy) for p in caught.value.problems}


def test_preset_with_a_link():
    system = read(
        """
        [system]
        preset = "ideal"
        chips = [2, 1]
        [system.links.between_chips]
        latency = "1 us"
        bandwidth = "250 Mbit/s"
        """,
        ideal(),
    )
    link = system.links["between_chips"]
    assert system.chips == (2, 1)
    assert link.latency == pytest.approx(1000.0)
    assert (link.bandwidth, link.bandwidth_of) == (pytest.approx(250e6), "bit")


def test_extends_changes_only_what_is_written():
    system = read(
        """
        [system]
        extends = "loihi"
        chips = [4, 2]
        costs = "sanafe2025"
        [system.chip.core]
        neurons = 512
        [system.chip.costs.sanafe2025.hop_x]
        energy_pj = 5.0
        [system.links.between_chips]
        latency = "100 ns"
        bandwidth = "115 Mpacket/s"
        queue = 64
        when_full = "stall"
        """,
        loihi(),
    )
    assert (system.chip_count, system.costs, system.chip.core.neurons) == (8, "sanafe2025", 512)
    assert system.chip.core.axons_in == 4096
    assert system.chip.core.sources["neurons"] == GIVEN
    assert "Davies" in system.chip.core.sources["axons_in"]
    hop = system.chip.costs["sanafe2025"].hop_x
    assert (hop.energy_pj, hop.latency_ns, hop.source) == (5.0, 4.1, GIVEN)
    link = system.links["between_chips"]
    assert (link.latency, link.queue, link.bandwidth_of) == (pytest.approx(100.0), 64, "packet")
    assert link.bandwidth == pytest.approx(115e6)
    assert loihi().chip.core.neurons == 1024


@pytest.mark.parametrize(
    ("chips", "topology", "shape"),
    [
        ("8", "mesh", (4, 2)),
        ("9", "torus", (3, 3)),
        ("5", "mesh", (5, 1)),
        ("8", "ring", (8,)),
        ("1", "mesh", (1, 1)),
    ],
)
def test_a_number_of_chips_becomes_a_shape(chips, topology, shape):
    assert read(f'[system]\nchips = {chips}\ntopology = "{topology}"').chips == shape


def test_coordinates_and_back():
    assert coordinates(7, (4, 3)) == (3, 1)
    assert [chip_at(coordinates(c, (4, 3, 2)), (4, 3, 2)) for c in range(24)] == list(range(24))


def test_all_mistakes_at_once():
    found = problems(
        """
        [system]
        prest = "ideal"
        chips = [4, 0]
        topology = "rng"
        regime = "tik"
        numerics = "chip"
        costs = "davies"
        [system.chip.core]
        neuron = 3
        [system.links.between_chips]
        latency = "3 mV"
        bandwidth = "5 kHz"
        queue = 0
        """,
        loihi(),
    )
    assert found["system.prest"] == ('there is no key "prest" here', 'did you mean "preset"?')
    assert found["system.chips[1]"] == ("0 is not valid", "should be greater than 0")
    assert found["system.topology"][1].startswith('did you mean "ring"?')
    assert found["system.regime"][1] == 'did you mean "tick"? allowed: barrier, tick, async'
    assert found["system.numerics"][1] == "allowed: as_described"
    assert found["system.chip.core.neuron"][1] == 'did you mean "neurons"?'
    assert '"3 mV" is not in units of ns' in found["system.links.between_chips.latency"][0]
    assert found["system.links.between_chips.bandwidth"][0] == '"5 kHz" is not a bandwidth'
    assert "system.links.between_chips.queue" in found
    assert len(found) == 9


def test_unknown_cost_set():
    assert problems('[system]\ncosts = "davies"', loihi())["system.costs"][1] == 'did you mean "davies2018"?'
    assert "no cost sets" in problems('[system]\ncosts = "davies"', ideal())["system.costs"][1]


def test_a_figure_that_is_replaced_loses_the_range_and_the_evidence_of_the_old_one():
    costs = read("[system.chip.costs.sanafe2025.hop_x]\nenergy_pj = 5.0", loihi()).chip.costs["sanafe2025"]
    hop = costs.hop_x
    assert (hop.energy_pj, hop.energy_range_pj, hop.evidence) == (5.0, None, "given")
    assert hop.latency_range_ns == loihi().chip.costs["sanafe2025"].hop_x.latency_range_ns
    given = "[system.chip.costs.davies2018]\nstatic_mw = 50.0"
    changed = read(given, loihi()).chip.costs["davies2018"]
    assert (changed.static_mw, changed.static_source, changed.static_evidence) == (50.0, GIVEN, "given")
    own = '[system.chip.costs.sanafe2025.hop_x]\nenergy_pj = 5.0\nsource = "a board"\nenergy_range_pj = [4.0, 6.0]'
    hop = read(own, loihi()).chip.costs["sanafe2025"].hop_x
    assert (hop.source, hop.energy_range_pj) == ("a board", (4.0, 6.0))


def test_a_dropping_link_is_an_error_in_barrier():
    found = problems('[system]\n[system.links.between_chips]\nwhen_full = "drop"', ideal())
    text, remedy = found["system.links.between_chips.when_full"]
    assert 'drops packets is an error in regime "barrier"' in text
    assert remedy == "allowed: stall"


def test_links_of_an_unknown_kind():
    found = problems("[system.links.between_chip]\nqueue = 3", ideal())
    assert found["system.links.between_chip"][1] == 'did you mean "between_chips"?'


@pytest.mark.parametrize("value", ["-1.0", '"-5 ns"', "inf", "true"])
def test_latency_must_be_a_finite_time(value):
    assert "system.links.between_chips.latency" in problems(
        f"[system.links.between_chips]\nlatency = {value}", ideal()
    )


@pytest.mark.parametrize("value", ["0", "-3", "2.5", "true", '"7"'])
def test_limits_are_whole_numbers(value):
    assert "system.chip.core.neurons" in problems(f"[system.chip.core]\nneurons = {value}", ideal())


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ("[]", "chip 1 cannot be reached"),
        ("[[0, 1]]", "chip 2 cannot be reached"),
        ("[[0, 1], [1, 3]]", "[1, 3] does not join two of the chips 0 to 2"),
        ("[[0, 1], [2, 2]]", "[2, 2] does not join two"),
    ],
)
def test_edges_must_join_all_chips(edges, message):
    found = problems(f'[system]\nchips = 3\ntopology = "edges"\nedges = {edges}')
    assert message in found["system.edges"][0]


def test_edges_belong_to_their_topology():
    assert "system.edges" in problems('[system]\nchips = 3\ntopology = "ring"\nedges = [[0, 1]]')
    base = read('[system]\nchips = 3\ntopology = "edges"\nedges = [[0, 1], [2, 1]]')
    assert base.directed_links == ((0, 1), (1, 0), (1, 2), (2, 1))
    assert read('[system]\ntopology = "ring"', base).edges == ()


def test_a_system_survives_its_own_dictionary():
    system = loihi((3, 2))
    assert System.model_validate(system.model_dump()) == system
    assert system_from(system.model_dump()) == system
