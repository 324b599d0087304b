"""A scenario's own code adapts its tables to its settings."""

from __future__ import annotations

import tomllib

import pytest

from spikemesh.errors import DescriptionError, PluginError
from spikemesh.registry.scenarios import open_scenario

TEXT = """\
duration = 10
[settings]
times = 1
[[population]]
name = "a"
size = 5
model = "iaf"
"""
CODE = """\
from spikemesh.errors import InputError, Problem
def adapt(tables):
    times = tables["settings"]["times"]
    if times < 1:
        raise InputError(Problem("settings.times", f"{times} is too few", "at least 1"))
    for population in tables["population"]:
        population["size"] *= times
    return tables
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scenario.toml").write_text(TEXT)
    (tmp_path / "scenario.py").write_text(CODE)
    return tmp_path


def test_tables_are_adapted_after_overrides(folder, registry):
    loaded = open_scenario(folder, registry, ["settings.times=3", "population.a.size=7"])
    assert loaded.network.size == 21
    kept = tomllib.loads(loaded.scenario.text)
    assert kept["population"][0]["size"] == 21
    assert kept["settings"] == {"times": 3, "applied": True}


def test_the_text_stays_as_it_is_if_nothing_changes(folder, registry):
    assert open_scenario(folder, registry).scenario.text == TEXT


def test_adapted_tables_are_not_adapted_again(folder, registry):
    text = open_scenario(folder, registry, ["settings.times=3"]).scenario.text
    (folder / "scenario.toml").write_text(text)
    again = open_scenario(folder, registry)
    assert again.network.size == 15
    assert again.scenario.text == text


def test_a_wrong_setting_is_reported_with_its_line(folder, registry):
    (folder / "scenario.toml").write_text(TEXT.replace("times = 1", "times = 0"))
    with pytest.raises(DescriptionError, match=r"settings\.times") as caught:
        open_scenario(folder, registry)
    assert [(p.found, p.line) for p in caught.value.problems] == [("0 is too few", 3)]


def test_only_what_is_right_is_adapted(folder, registry):
    with pytest.raises(DescriptionError) as caught:
        open_scenario(folder, registry, ["population.a.size=many"])
    assert [p.where for p in caught.value.problems] == ['population "a".size']


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("return None", r"adapt\(\) returned NoneType, not a dict"),
        ("return tables['x']", "adapt.. raised KeyError"),
    ],
)
def test_faults_of_the_code_name_it(folder, registry, code, message):
    (folder / "scenario.py").write_text(f"def adapt(tables):\n    {code}\n")
    with pytest.raises(PluginError, match=message):
        open_scenario(folder, registry)
