"""The page of a run: whole, by itself, and with what the trace says."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from spikemesh.drawing import svg as drawing
from spikemesh.errors import InputError
from spikemesh_storage import spikemesh_commands
from spikemesh_storage.report import report, write_report


def parsed(text):
    """The page as a tree: it is written so that it is XML too."""
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def words(tree):
    return [" ".join(text.split()) for text in tree.itertext()]


def test_a_report_shows_hardware_and_names_what_is_not_published(looked_at, store):
    with store.open(looked_at) as trace:
        text, found = report(trace), trace.analyse()
    tree = parsed(text)
    shown = words(tree)
    assert [node.text for node in tree.iter("h2")] == [
        *(
            "Time of a step",
            "Links",
            "Latency of packets",
            "Energy",
            "Populations",
            "Results of the scenario",
        ),
    ]
    assert "pair, costs table" in shown
    assert "Incomplete: misses spike." in shown
    assert "not published" in shown
    assert "included elsewhere" in shown
    hottest = max(found["links"], key=lambda row: row["utilisation"])
    assert f"{100 * hottest['utilisation']:.3g} %, {hottest['packets']:,} packets" in shown
    assert hottest["link"] in shown
    (total,) = (s for s in shown if s.startswith("What is done: "))
    assert total.startswith(
        f"What is done: {found['hardware']['energy']['dynamic_pj']['value'] / 1000:.4g} nJ"
    )


def test_a_report_needs_nothing_else(looked_at, store):
    with store.open(looked_at) as trace:
        text = report(trace)
    assert "<script" not in text
    assert not re.findall(r"\b(?:src|href|url|@import)\b", text)
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}


def test_a_report_of_a_trace_without_hardware(finished, store):
    with store.open(finished) as trace:
        tree = parsed(report(trace))
    assert [node.text for node in tree.iter("h2")] == ["Populations", "Results of the scenario"]
    assert list(tree.iter("{http://www.w3.org/2000/svg}svg")) == []


def test_names_cannot_break_a_page(hardware_run, store, tmp_path):
    names = ("<script>alert(1)</script>", 'b"&')
    plan = replace(hardware_run.plan, link_names=names, provenance={"scenario": {"name": "<b>&"}})
    writer = store.create(tmp_path / "run.h5", plan)
    replace(hardware_run, plan=plan).write(writer, [])
    with store.open(tmp_path / "run.h5") as trace:  # while it is live
        tree = parsed(report(trace))
    writer.abandon()
    assert next(tree.iter("h1")).text == "<b>&"
    assert set(names) <= set(words(tree))
    assert not list(tree.iter("script"))


def test_the_command(looked_at, tmp_path, store):
    commands = {command.name: command for command in spikemesh_commands()}
    done = CliRunner().invoke(commands["report"], [str(looked_at), "-o", str(tmp_path / "page.html")])
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'page.html'}\n")
    with store.open(looked_at) as trace:
        assert (tmp_path / "page.html").read_text() == report(trace)
        with pytest.raises(InputError, match="cannot be written"):
            write_report(trace, tmp_path / "missing" / "page.html")
    done = CliRunner().invoke(commands["report"], [str(looked_at)])
    assert looked_at.with_suffix(".html").is_file()
    done = CliRunner().invoke(commands["report"], [str(tmp_path / "missing.h5")])
    assert done.exit_code == 2
    done = CliRunner().invoke(commands["report"], [str(looked_at), "-o", str(tmp_path / "no" / "page.html")])
    assert (done.exit_code, "Traceback" in done.stderr) == (2, False)


def test_round_ticks():
    assert drawing.ticks(0.0, 10.0) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert drawing.ticks(0.0, 0.37) == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert drawing.ticks(3.0, 3.0) == [3.0]


@given(st.floats(1e-6, 1e9), st.integers(3, 10))
def test_ticks_are_few_and_lie_within(top, about):
    found = drawing.ticks(0.0, top, about)
    assert about / 2 - 1 <= len(found) <= 2.5 * about
    assert found[0] == 0.0
    assert found[-1] <= top * (1 + 1e-9)
    np.testing.assert_allclose(np.diff(found), found[1] - found[0])


def test_columns_keep_the_extremes_and_the_mean():
    values = np.array([1.0, 3.0, 2.0, 8.0, 5.0])
    position, least, mean, greatest = drawing.columns_of(values, 2)
    np.testing.assert_array_equal(position, [1.0, 3.5])
    np.testing.assert_array_equal(least, [1.0, 2.0])
    np.testing.assert_array_equal(mean, [2.0, 5.0])
    np.testing.assert_array_equal(greatest, [3.0, 8.0])
    for column in drawing.columns_of(values)[1:]:
        np.testing.assert_array_equal(column, values)


def test_bars_are_to_scale_and_what_is_unknown_has_none():
    rows = [
        drawing.Bar("a", 2.0, "two"),
        drawing.Bar("b", None, "not published"),
        drawing.Bar("c", 1.0, "", 0.5, 4.0),
    ]
    tree = ElementTree.fromstring(drawing.bars(rows, "energies"))
    name = "{http://www.w3.org/2000/svg}"
    first, second = (float(node.get("width")) for node in tree.iter(f"{name}rect"))
    assert first == pytest.approx(2 * second, abs=0.2)
    (whisker,) = tree.iter(f"{name}line")
    assert float(whisker.get("x2")) - float(whisker.get("x1")) == pytest.approx(3.5 * second, abs=0.5)
    assert [node.text for node in tree.iter(f"{name}text") if node.get("class") == "missing"] == [
        "not published"
    ]
