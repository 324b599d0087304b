"""What a sweep varies, as written on a command line or in Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemesh.description.variations import Variation, combinations, read_variations, split_values
from spikemesh.errors import DescriptionError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2,3", ("1", "2", "3")),
        ("[2,1],[4,2]", ("[2,1]", "[4,2]")),
        ('{ a = "b", c = 2 },{ a = "d" }', ('{ a = "b", c = 2 }', '{ a = "d" }')),
        ('"a,b", c', ('"a,b"', "c")),
        ("'[',x", ("'['", "x")),
        ("100 ns,1 us", ("100 ns", "1 us")),
        ("1,", ("1", "")),
    ],
)  # fmt: skip
def test_values_are_split_at_commas_outside_of_brackets_and_quotes(text, values):
    assert split_values(text) == values


@given(st.lists(st.text("abc123.", min_size=1), min_size=1))
def test_plain_values_are_split_as_python_does(values):
    assert split_values(",".join(values)) == tuple(values)


def test_the_last_key_changes_fastest():
    found = read_variations(["seed=1,2", "population.exc.size=10,20"])
    assert found == (Variation("seed", ("1", "2")), Variation("population.exc.size", ("10", "20")))
    assert combinations(found) == [("1", "10"), ("1", "20"), ("2", "10"), ("2", "20")]


def test_values_of_python_are_written_as_behind_set():
    found = read_variations(
        {"system.chips": [(2, 1), [4, 2]], "run.links": ["packet"], "mapping.relay": [True]}
    )
    assert [v.values for v in found] == [("[2, 1]", "[4, 2]"), ("packet",), ("true",)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["seed"], "has no path or no ="),
        (["seed="], "a value is empty"),
        (["seed=1,,2"], "a value is empty"),
        (["seed=1,2,1"], "given twice"),
        (["seed=1", "seed=2"], "is varied twice"),
        ([], "nothing is varied"),
        ({"seed": []}, "a value is empty"),
    ],
)
def test_mistakes_are_named(given, said):
    with pytest.raises(DescriptionError, match=said):
        read_variations(given)
