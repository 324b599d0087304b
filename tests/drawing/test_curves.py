"""Curves through points."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from spikemesh.drawing.svg import HUES, Curve, curves

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*given, marks=None):
    return ElementTree.fromstring(curves(given, "x", "y", marks))


def points(tree):
    return [(float(c.get("cx")), float(c.get("cy"))) for c in tree.iter(f"{SVG}circle") if c.get("r") != "4"]


def test_points_lie_where_their_numbers_say():
    tree = drawn(Curve("a", [(0.0, 0.0), (1.0, 5.0), (2.0, 10.0)]))
    (x0, y0), (x1, y1), (x2, y2) = points(tree)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    assert y0 > y1 > y2  # SVG counts downwards


def test_the_axis_holds_zero_and_negative_values():
    tree = drawn(Curve("a", [(0.0, -2.0), (1.0, 2.0)]))
    said = {text.strip() for text in tree.itertext()}
    assert {"-2", "0", "2"} <= said


def test_a_missing_value_leaves_a_gap():
    tree = drawn(Curve("a", [(0.0, 1.0), (1.0, None), (2.0, 1.0), (3.0, 2.0)]))
    lines = [line.get("points").split() for line in tree.iter(f"{SVG}polyline")]
    assert [len(line) for line in lines] == [1, 2]


def test_names_are_told_apart_by_hue_and_cannot_break_the_picture():
    many = [Curve(f"<{k}>", [(0.0, float(k)), (1.0, 2.0)]) for k in range(HUES + 1)]
    tree = drawn(*many, marks=[(0.0, "a&b"), (1.0, "c")])
    said = [text.strip() for text in tree.itertext()]
    assert "a&b" in said
    assert all(curve.name in said for curve in many)
    hues = [line.get("class") for line in tree.iter(f"{SVG}polyline")]
    assert len(set(hues)) == HUES
    assert hues[0] == hues[HUES]


def test_a_single_point_and_nothing_but_zeros_can_be_drawn():
    assert len(points(drawn(Curve("a", [(3.0, 0.0)])))) == 1
