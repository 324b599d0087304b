"""Limit rules: what they are shown, what their counts become, and what happens to broken ones."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.contracts import Use
from spikemesh.description.system import ChipSpec, System
from spikemesh.errors import PluginError, Problem
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.report import mapping_report
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh_plugins.mapping.dimension_order import DimensionOrder


class Rule:
    name, source = "mine", "here"

    def __init__(self, found):
        self.found = found

    def check(self, load):
        return self.found(load)


def report(network, found):
    """Two chips of two cores; "a" (4 neurons) on cores 0 and 1, "b" (2 neurons) on core 2; a reaches b."""
    placement = placement_on(
        System(chips=(2,), chip=ChipSpec(cores=(2, 1))), [np.array([0, 0, 1, 1]), np.array([2, 2])]
    )
    net = network({"a": 4, "b": 2}, [("a", "b", "all_to_all", 8, 3)])
    fan = fan_out_from(6, np.repeat(np.arange(4), 2), np.full(8, 2))
    routes = packet_routes(fan, placement, DimensionOrder())
    return mapping_report(net, placement, fan, routes, rules=[Rule(found)])


def test_a_rule_sees_the_mapped_network(network):
    seen = []
    report(network, lambda load: seen.append(load) or [])
    (load,) = seen
    assert load.core_of.tolist() == [0, 0, 1, 1, 2, 2]
    assert load.population_of.tolist() == [0, 0, 0, 0, 1, 1]
    assert (load.source.tolist(), load.core.tolist()) == ([0, 1, 2, 3], [2, 2, 2, 2])
    assert load.synapses.tolist() == [2, 2, 2, 2]
    (drawn,) = load.all_synapses()
    pairs = sorted(zip(drawn.source.tolist(), drawn.target.tolist(), strict=True))
    assert pairs == [(s, t) for s in range(4) for t in (4, 5)]
    assert (drawn.weight, drawn.delay) == (1.0, 3)


@pytest.mark.parametrize(
    ("of", "need", "where"),
    [
        ("core", [1, 2, 9, 3], 'population "b" on chip1.core0'),
        ("chip", [9, 1], 'population "a" on chip0'),
        ("neuron", [0, 0, 0, 8, 9, 1], 'population "b", neuron 0 on chip1.core0'),
        ("population", [9, 1], 'population "a" on chip0.core0'),
        ("projection", [9], 'projection "a->b"'),
    ],
)
def test_an_error_names_place_limit_and_need(network, of, need, where):
    use = Use("things", "things", of, np.array(need), 7, "fewer things")
    (problem,) = report(network, lambda _: [use]).problems()
    over = sum(n > 7 for n in need)
    more = f"; {over} {of}s are over the limit, this one most" if over > 1 else ""
    assert (
        str(problem)
        == f"{where}: 9 things; the limit of a {of} is 7 (things): 2 too many{more} (fewer things)"
    )
    enough = Use("things", "things", of, np.array(need), 9, "fewer things")
    found = report(network, lambda _: [enough])
    assert found.problems() == []
    (figures,) = found.to_dict()["rules"]
    assert figures == {"key": "things", "what": "things", "of": of, "need": 9, "limit": 9, "at": where}
    assert f"limit of a {of}: things 9; at most 9 ({where})" in found.table()


def test_each_place_can_have_a_limit_of_its_own(network):
    use = Use("things", "things", "chip", np.array([5, 3]), np.array([9, 2]), "")
    (problem,) = report(network, lambda _: [use]).problems()
    assert str(problem) == 'population "b" on chip1: 3 things; the limit of a chip is 2 (things): 1 too many'


def test_a_problem_passes(network):
    problem = Problem("there", "is wrong", "right")
    assert report(network, lambda _: [problem]).problems() == [problem]


def test_broken_rules_are_named(network):
    with pytest.raises(PluginError, match=r'"mine" returned \(3,\) counts of things .* for 2 of chip'):
        report(network, lambda _: [Use("things", "things", "chip", np.zeros(3, int), 1, "")])
    with pytest.raises(PluginError, match='limit rule "mine" raised ZeroDivisionError'):
        report(network, lambda _: [1 // 0])
