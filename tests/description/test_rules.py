"""Connection rules: what each refuses, its arguments in normal form, and how many synapses it makes."""

import numpy as np
import pytest

from spikemesh.description.network import Population, Projection
from spikemesh.description.rules import check_rule
from spikemesh.errors import DescriptionError

A = Population("a", 12, "iaf", positions=np.arange(24.0).reshape(12, 2))
B = Population("b", 20, "iaf", positions=np.zeros((20, 2)))
SIX = Population("t", 6, "iaf")
PLACELESS = Population("c", 12, "iaf")


def checked(rule, source=A, target=B, autapses=True, multapses=True, **arguments):
    projection = Projection(
        "p", source.name, target.name, rule, arguments, autapses=autapses, multapses=multapses
    )
    return check_rule(projection, source, target, "here")


@pytest.mark.parametrize(
    ("rule", "options", "expected"),
    [
        ("one_to_one", {"target": A}, 12),
        ("all_to_all", {}, 240),
        ("all_to_all", {"target": A, "autapses": False}, 132),
        ("fixed_indegree", {"indegree": 3}, 60),
        ("fixed_outdegree", {"outdegree": 3}, 36),
        ("fixed_total", {"total": 17}, 17),
        ("fixed_probability", {"p": 0.25}, 60),
        ("explicit", {"sources": [0, 11], "targets": [0, 19]}, 2),
        # All of b lie at one point: distances from a's (2k, 2k + 1); scale -> infinity leaves p.
        ("distance", {"p": 0.5, "scale": 1e12}, 120),
        # 3 x 4 input, 2 x 2 kernel, stride 1: 2 x 3 outputs of 4 taps each.
        ("conv2d", {"target": SIX, "input_shape": [3, 4], "kernel": [[1, 2], [3, 4]]}, 24),
        # A kernel entry of 0 makes no synapse.
        ("conv2d", {"target": SIX, "input_shape": [3, 4], "kernel": [[1, 0], [3, 4]]}, 18),
        # Padding 1 of a 3 x 3 kernel keeps the shape; taps inside: rows 2+3+2, columns 2+3+3+2 -> 7 * 10.
        ("conv2d", {"target": A, "input_shape": [3, 4], "kernel": np.ones((3, 3)), "padding": 1}, 70),
        ("pool2d", {"target": Population("t", 3, "iaf"), "input_shape": [3, 2, 2], "size": 2}, 12),
    ],
)  # fmt: skip
def test_expected_synapses(rule, options, expected):
    assert checked(rule, **options).expected == pytest.approx(expected, rel=1e-9)


def test_normal_forms():
    kernel = np.arange(16.0).reshape(2, 2, 2, 2)
    target = Population("t", 2 * 1 * 2, "iaf")
    found = checked("conv2d", target=target, input_shape=[2, 2, 3], kernel=kernel).arguments
    assert found["input_shape"] == (2, 2, 3)
    assert found["output_shape"] == (2, 1, 2)
    assert found["kernel"].shape == (2, 2, 2, 2)
    assert (found["stride"], found["padding"]) == ((1, 1), (0, 0))
    lists = checked("explicit", sources=[1.0, 2.0], targets=np.array([3, 4])).arguments
    assert lists["sources"].dtype == lists["targets"].dtype == np.int64


@pytest.mark.parametrize(
    ("rule", "options", "where", "message"),
    [
        ("one_to_one", {}, "rule", "equal size"),
        ("one_to_one", {"target": A, "autapses": False}, "rule", "autapses only"),
        ("all_to_all", {"p": 0.5}, "p", "has no argument"),
        ("fixed_indegree", {"indegree": -1}, "indegree", "not a count"),
        ("fixed_indegree", {"indegree": 1.5}, "indegree", "not a count"),
        ("fixed_indegree", {"indegree": 10**40}, "indegree", "not a count"),
        ("fixed_indegree", {"indegree": "3"}, "indegree", "not a count"),
        ("fixed_indegree", {"indegree": 13, "multapses": False}, "indegree", "only 12"),
        (
            "fixed_indegree",
            {"indegree": 12, "multapses": False, "target": A, "autapses": False},
            "indegree",
            "only 11",
        ),
        ("fixed_outdegree", {"outdegree": 21, "multapses": False}, "outdegree", "only 20"),
        ("fixed_total", {"total": 241, "multapses": False}, "total", "only 240"),
        ("fixed_probability", {"p": 1.01}, "p", "out of range"),
        ("fixed_probability", {"p": float("nan")}, "p", "out of range"),
        ("fixed_probability", {"p": True}, "p", "out of range"),
        ("fixed_probability", {}, "p", 'needs "p"'),
        ("distance", {"p": 0.1, "scale": 0}, "scale", "out of range"),
        ("distance", {"p": 0.1, "scale": 1, "source": PLACELESS}, "rule", 'positions of population "c"'),
        ("conv2d", {"input_shape": [3, 5], "kernel": [[1]]}, "input_shape", "has 15 entries, the source 12"),
        ("conv2d", {"input_shape": [3, 4], "kernel": [[1]]}, "input_shape", "the target 20"),
        ("conv2d", {"input_shape": [3, 4], "kernel": [1, 2]}, "kernel", "is not a kernel"),
        ("conv2d", {"input_shape": [3, 4], "kernel": [[1]], "stride": 0}, "stride", "at least 1"),
        ("conv2d", {"input_shape": [3, 4], "kernel": [[1]], "padding": -1}, "padding", "at least 0"),
        ("conv2d", {"input_shape": "3x4", "kernel": [[1]]}, "input_shape", "is not a shape"),
        ("conv2d", {"input_shape": [3, 4], "kernel": np.ones((1, 2, 1, 1))}, "kernel", "2 input channels"),
        ("pool2d", {"input_shape": [3, 4], "size": [3, 4, 5]}, "size", "is not a size"),
        ("explicit", {"sources": [12], "targets": [0]}, "sources", "neuron 12"),
        ("explicit", {"sources": [-1], "targets": [0]}, "sources", "neuron -1"),
        ("explicit", {"sources": [0.5], "targets": [0]}, "sources", "not a list of neuron numbers"),
        ("explicit", {"sources": [0, 1], "targets": [0]}, "targets", "2 sources but 1 targets"),
        ("al_to_all", {}, "rule", 'did you mean "all_to_all"?'),
    ],
)
def test_what_rules_refuse(rule, options, where, message):
    with pytest.raises(DescriptionError) as caught:
        checked(rule, **options)
    problem = caught.value.problems[0]
    assert problem.where == f"here.connect.{where}"
    assert message in str(problem)
    assert problem.remedy


def test_a_misspelt_argument_is_one_problem():
    with pytest.raises(DescriptionError) as caught:
        checked("fixed_indegree", indegre=3)
    assert [p.where for p in caught.value.problems] == ["here.connect.indegre"]


def test_all_arguments_are_reported_at_once():
    with pytest.raises(DescriptionError) as caught:
        checked("distance", source=PLACELESS, p=2, scale=-1)
    assert len(caught.value.problems) == 3
