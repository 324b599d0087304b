"""Common units are resolved without pint, to the same numbers as by it."""

import pytest

from spikemesh import units
from spikemesh.errors import UnitError

COMMON = sorted(units._COMMON)
BY_DIMENSION = [(a, b) for a in COMMON for b in COMMON if units._COMMON[a][0] == units._COMMON[b][0]]


def test_the_units_of_every_field_are_common():
    assert {"ms", "mV", "pA", "pF", "nS", "MOhm", "Hz", "pJ", "ns", "mW", "bit/s"} <= set(COMMON)


def test_factors_are_those_of_pint():
    registry = units._registry()
    for given, unit in BY_DIMENSION:
        exact = float(registry.Quantity(f"1 {given}").to(unit).magnitude)
        assert units._factor(given, unit) == pytest.approx(exact, rel=1e-14), (given, unit)


def test_dimensions_are_those_of_pint():
    registry = units._registry()
    # To pint a bit has no dimension, so that bits per second are hertz.
    others = [u for u in COMMON if not u.endswith("bit/s")]
    for given in others:
        mine = {u for u in others if units._COMMON[u][0] == units._COMMON[given][0]}
        assert mine == {u for u in others if registry.Quantity(f"1 {given}").is_compatible_with(u)}, given


@pytest.mark.parametrize(("text", "unit"), [("1 s", "nS"), ("1 nS", "ms"), ("3 mV", "pA")])
def test_another_dimension_is_refused(text, unit):
    with pytest.raises(UnitError, match=f"not in units of {unit}"):
        units.magnitude(text, unit)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [("0.25 nF", "pF", 250.0), ("16 pA", "pA", 16.0), ("2 us", "ms", 0.002), ("0.3 s", "ms", 300.0),
     ("1.1 ms", "s", 1.1 / 1000.0), ("250 Mbit/s", "bit/s", 250e6), ("5 µs", "ns", 5000.0)],
)  # fmt: skip
def test_conversions_are_exact_to_the_last_bit(text, unit, expected):
    assert units.magnitude(text, unit) == expected


@pytest.mark.parametrize(
    ("text", "unit"), [("1 s", "ms"), ("2 kohm", "MOhm"), ("3 Mpacket/s", None), ("1 V", "mV")]
)
def test_the_canonical_unit(text, unit):
    assert units.canonical_unit(text) == unit
