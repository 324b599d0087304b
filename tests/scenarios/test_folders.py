"""Every shipped scenario is registered and explains itself."""

from __future__ import annotations

import re
import tomllib

import pytest

from spikemesh.contracts import ScenarioFolder
from spikemesh.registry import load_registry
from spikemesh_scenarios import SUMMARIES, spikemesh_scenarios

NAMES = sorted(SUMMARIES)
HEADINGS = ["Question", "Expected answer", "Source", "How to run"]


def folder(name: str) -> ScenarioFolder:
    return next(f for f in spikemesh_scenarios() if f.name == name)


def test_all_are_found_through_the_entry_point():
    names = {"balanced_two_chip", "digits_inference", "microcircuit", "stdp_pairs", "synfire_ring"}
    assert names <= set(load_registry().scenarios.items)


def test_every_folder_is_registered():
    beside = {p.parent.name for p in folder(NAMES[0]).path.parent.glob("*/scenario.toml")}
    assert beside == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_has_question_answer_and_source(name):
    text = (folder(name).path / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == HEADINGS
    assert "doi:10." in text.split("## Source")[1]
    assert f"spikemesh run {name}" in text.split("## How to run")[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_description_is_the_registered_summary(name):
    scenario = tomllib.loads((folder(name).path / "scenario.toml").read_text(encoding="utf-8"))
    assert scenario["name"] == name.replace("_", "-")
    assert scenario["description"] == folder(name).summary
