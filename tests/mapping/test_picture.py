"""Pictures of placements: everything is there, inside the frame, and apart."""

import re
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

from spikemesh.description.system import ChipSpec, CoreSpec, System
from spikemesh.errors import InputError
from spikemesh.mapping.picture import HUES, MOST_LABELS, placement_svg
from spikemesh.mapping.picture_page import placement_page, write_picture
from spikemesh.mapping.picture_places import places_of
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.report import mapping_report
from spikemesh.mapping.routes import fan_out_from, packet_routes
from spikemesh_plugins.mapping.dimension_order import DimensionOrder
from spikemesh_plugins.systems.spinnaker import spinnaker

SVG = "{http://www.w3.org/2000/svg}"
FLAT = ("mesh", "torus", "triangular", "triangular_torus")
SYSTEMS = [
    *(System(topology=t, chips=c) for t in FLAT for c in ((1, 1), (2, 1), (4, 3))),
    *(System(topology=t, chips=(n,)) for t in ("ring", "tree", "star", "full") for n in (1, 2, 3, 7)),
    System(topology="edges", chips=(4,), edges=((0, 1), (1, 2), (2, 3))),
    System(topology="mesh", chips=(2, 2, 3)),
    spinnaker((48,)),
]  # fmt: skip


def names_of(system):
    return f"{system.topology} {'x'.join(map(str, system.chips))}"


def report_on(network, system, sizes=None, degree=6):
    """Two neurons of each population on every chip."""
    sizes = sizes or {"a": 2 * system.chip_count, "b": 2 * system.chip_count}
    random = np.random.default_rng(1)
    core_of = [np.sort(random.integers(0, system.core_count, n)) for n in sizes.values()]
    placement = placement_on(system, core_of)
    total = sum(sizes.values())
    source = np.repeat(np.arange(total), degree)
    fan = fan_out_from(total, source, placement.core_of_neuron[random.integers(0, total, source.size)])
    return mapping_report(network(sizes, []), placement, fan, packet_routes(fan, placement, DimensionOrder()))


def boxes_of(root):
    return [
        tuple(float(r.get(k)) for k in ("x", "y", "width", "height"))
        for r in root.iter(f"{SVG}rect")
        if r.get("class") == "chip"
    ]


@pytest.mark.parametrize("system", SYSTEMS, ids=names_of)
def test_chips_are_apart_and_everything_is_inside(network, system):
    root = ElementTree.fromstring(placement_svg(report_on(network, system)))
    wide, high = (float(root.get(k)) for k in ("width", "height"))
    boxes = boxes_of(root)
    assert len(boxes) == system.chip_count
    for (x, y, w, h), (x2, y2, _, _) in combinations(boxes, 2):
        assert abs(x - x2) > w or abs(y - y2) > h
    for x, y, w, h in boxes:
        assert x >= 0
        assert y >= 0
        assert x + w <= wide
        assert y + h <= high
    for line in root.iter(f"{SVG}line"):
        assert all(0 <= float(line.get(k)) <= wide for k in ("x1", "x2"))
        assert all(0 <= float(line.get(k)) <= high for k in ("y1", "y2"))
    arrows = len(list(root.iter(f"{SVG}polygon")))
    assert arrows == len(system.directed_links)


@pytest.mark.parametrize("system", SYSTEMS, ids=names_of)
def test_no_link_to_a_neighbour_crosses_a_third_chip(network, system):
    if system.topology in ("full", "edges", "star", "tree") or len(system.chips) > 2:
        assert len(set(places_of(system))) == system.chip_count
        return
    root = ElementTree.fromstring(placement_svg(report_on(network, system)))
    for line in root.iter(f"{SVG}line"):
        (x1, y1), (x2, y2) = ((float(line.get(f"x{k}")), float(line.get(f"y{k}"))) for k in "12")
        for t in np.linspace(0.1, 0.9, 9):
            x, y = x1 + t * (x2 - x1), y1 + t * (y2 - y1)
            assert not any(a < x < a + w and b < y < b + h for a, b, w, h in boxes_of(root))


def test_links_that_go_round_the_back_are_drawn_in_two_parts(network):
    flat, torus = (
        ElementTree.fromstring(placement_svg(report_on(network, System(topology=t, chips=(4, 3)))))
        for t in ("mesh", "torus")
    )
    # 3 rows and 4 columns close, each with a link each way.
    lines = [len(list(root.iter(f"{SVG}line"))) for root in (flat, torus)]
    assert lines[1] - lines[0] == 2 * 2 * (3 + 4)


def titles(root):
    return [t.text for t in root.iter(f"{SVG}title")]


def test_chips_and_links_say_what_they_hold(network):
    system = System(chips=(2,), chip=ChipSpec(cores=(1, 1), core=CoreSpec(neurons=4), table_entries=9))
    placement = placement_on(system, [np.array([0, 0, 1]), np.array([1])])
    fan = fan_out_from(4, [0, 1, 3], [1, 1, 1], [5, 6, 7])
    routes = packet_routes(fan, placement, DimensionOrder())
    root = ElementTree.fromstring(
        placement_svg(mapping_report(network({"a<b": 3, "c": 1}, []), placement, fan, routes))
    )
    found = titles(root)
    assert "chip 0: 2 neurons\na<b: 2\n0 synapses\n1 entries of the router's table" in found
    assert "chip 1: 2 neurons\na<b: 1\nc: 1\n18 synapses\n1 entries of the router's table" in found
    assert "chip0->chip1: 2 packets if each neuron spikes once" in found
    assert "chip1->chip0: 0 packets if each neuron spikes once" in found
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert "50%" in texts
    assert "a<b" in texts


def test_many_populations_and_links_stay_readable(network):
    system = System(chips=(7, 7), topology="torus")
    sizes = {f"p{k}": 60 + k for k in range(12)}
    root = ElementTree.fromstring(placement_svg(report_on(network, system, sizes)))
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert [t for t in texts if re.fullmatch(r"p\d+", t)] == [f"p{k}" for k in range(12 - len(HUES), 12)]
    assert "others" in texts
    assert len([t for t in root.iter(f"{SVG}text") if t.get("class") == "load"]) == MOST_LABELS


def test_a_page_needs_nothing_else(network, tmp_path):
    report = report_on(network, System(chips=(3, 2)))
    write_picture(report, tmp_path / "map.html", "my <net>")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert page == placement_page(report, "my <net>")
    assert "<h1>my &lt;net&gt;</h1>" in page
    assert "busiest links" in page
    outside = re.findall(r"(?:src|href)=|url\(|@import|<script", page)
    assert outside == []
    write_picture(report, tmp_path / "map.svg", "")
    assert ElementTree.parse(tmp_path / "map.svg").getroot().tag == f"{SVG}svg"


@pytest.mark.parametrize(
    ("name", "message"), [("map.png", "ends in .svg or .html"), ("no/map.svg", "there is no folder")]
)
def test_what_cannot_be_drawn_is_refused(network, tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        write_picture(report_on(network, System()), tmp_path / name, "")
