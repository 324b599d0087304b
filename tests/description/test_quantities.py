"""Values with units, arrays and distributions become plain numbers, or say why not."""

import numpy as np
import pytest

from spikemesh.description.quantities import bounds_of, chance_inside, plain_distribution, quantity
from spikemesh.description.values import EventList, lognormal, normal, uniform, value_from
from spikemesh.errors import InputError


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1.5 ms", "ms", 1.5),
        ("0.4 nA", "pA", 400.0),
        ("8.5 kHz", "Hz", 8500.0),
        ("250 pF", "pF", 250.0),
        ("-70 mV", "mV", -70.0),
        ("0.07 V", "mV", 70.0),
        ("1e-3 s", "ms", 1.0),
        ("2 us", "ms", 0.002),
        ("3", "", 3.0),
        ("0.5 1/ms", "1/ms", 0.5),
        ("10 mV**2", "mV**2", 10.0),
        (7, "ms", 7.0),
        (np.int64(7), "ms", 7.0),
    ],
)
def test_quantities(text, unit, expected):
    assert quantity(text, unit, "x") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "value",
    ["1.5 mV", "ms", "", "1.5 mss", "9**9**9 ms", "2**99999999", "1" * 500, "__import__('os')",
     "nan", "inf ms",
     True, None, [1], float("nan"), float("inf"), 10**400, "1e99999", "(1 ms", "1 ms 2 ms /"],
)  # fmt: skip
def test_what_is_no_time(value):
    with pytest.raises(InputError) as caught:
        quantity(value, "ms", "a.b")
    assert caught.value.problems[0].where == "a.b"
    assert caught.value.problems[0].remedy


def test_forms_of_a_value():
    assert value_from({"uniform": [0.0, 15.0]}, "x") == uniform(0.0, 15.0)
    assert value_from({"normal": [1.5, 0.2], "low": 0.1}, "x") == normal(1.5, 0.2, low=0.1)
    ragged = value_from([[1.0], [], [2.0, 3.0]], "x")
    assert isinstance(ragged, tuple)
    assert [r.tolist() for r in ragged] == [[1.0], [], [2.0, 3.0]]
    events = value_from({"times": [1.0], "neurons": [0]}, "x")
    assert isinstance(events, EventList)


@pytest.mark.parametrize(
    "raw",
    [
        {"unifrm": [0, 1]},
        {},
        {"uniform": [0]},
        {"uniform": [0, 1], "normal": [0, 1]},
        ["a"],
        [None],
        None,
        {"uniform": 3},
    ],
)
def test_what_is_no_value(raw):
    with pytest.raises(InputError):
        value_from(raw, "x")


def test_distributions_in_units():
    plain = plain_distribution(normal("1.5 ms", "100 us", low="1 ms"), "ms", "x")
    assert (plain.a, plain.b, plain.low) == pytest.approx((1.5, 0.1, 1.0))
    # A log-normal variable's own parameters belong to the logarithm: they have no unit, its bounds do.
    plain = plain_distribution(lognormal(0.5, 0.25, high="2 mV"), "mV", "x")
    assert (plain.a, plain.b, plain.high) == (0.5, 0.25, 2.0)


@pytest.mark.parametrize(
    "bad",
    [
        uniform(2, 1),
        normal(0, -1),
        normal(0, 1, low=100),
        uniform("0 mV", 1),
        lognormal(0, 1, high=0),
        uniform(0, 10**400),
    ],
)
def test_distributions_that_cannot_be_drawn(bad):
    with pytest.raises(InputError):
        plain_distribution(bad, "ms", "x")


def test_chance_and_bounds():
    # Standard normal: P(-1 < x < 1) = 0.682689492137.
    assert chance_inside(normal(0, 1, low=-1, high=1)) == pytest.approx(0.682689492137, abs=1e-12)
    assert chance_inside(normal(0, 0, low=1)) == 0.0
    # The logarithm of a median is mu.
    assert chance_inside(lognormal(1.0, 2.0, high=float(np.e))) == pytest.approx(0.5)
    assert bounds_of(uniform(-2, 3)) == (-2, 3)
    assert bounds_of(lognormal(0, 1)) == (0.0, float("inf"))
    assert bounds_of(normal(0, 1, high=4)) == (-float("inf"), 4)
