"""What README and docs tell the reader to type exists, and their example runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from spikemesh.cli import main
from spikemesh.registry import load_registry

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("[!.]*/README.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def command_lines(page: Path) -> list[list[str]]:
    joined = [line for text in blocks(page, "bash") for line in text.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line, comments=True) for line in joined]
    return [line[1:] for line in words if line and Path(line[0]).name == "spikemesh"]


def missing(words: list[str]) -> list[str]:
    """Words of a command line that name no command or option."""
    context = click.Context(main)
    command: click.Command | None = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(context, words[0])
        if command is None:
            return words[:1]
        words = words[1:]
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return [word for word in words if word.startswith("-") and word.split("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_options_in_the_docs_exist(page):
    assert [(line, missing(line)) for line in command_lines(page) if missing(line)] == []


def test_the_readme_shows_the_three_things_users_do():
    assert {line[0] for line in command_lines(ROOT / "README.md")} >= {"run", "analyze", "plugins"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [
        t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t and t[0] != "#"
    ]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_neuron_plugin_of_the_docs_loads_and_is_short(tmp_path):
    page = ROOT / "docs" / "plugins" / "neurons.md"
    (source,) = [text for text in blocks(page, "python") if "class MyCell" in text]
    file = tmp_path / "my_cell.py"
    file.write_text(source)
    assert len(source.splitlines()) <= 40
    model = load_registry([file]).neuron_models.get("my_cell")
    assert set(model.state) == {"v"}


def test_the_limit_rule_of_the_docs_limits(tmp_path):
    page = ROOT / "docs" / "plugins" / "limit-rules.md"
    (source,) = [text for text in blocks(page, "python") if "class OnePopulation" in text]
    file = tmp_path / "one.py"
    file.write_text(source)
    scenario = tmp_path / "scenario.toml"
    population = '[[population]]\nname = "{}"\nsize = 1\nmodel = "iaf"\n'
    chip = '[system]\npreset = "ideal"\n[system.chip]\ncores = [1, 1]\nrules = ["one_population"]\n'
    scenario.write_text('duration = "1 ms"\n' + chip + population.format("a") + population.format("b"))
    result = CliRunner().invoke(main, ["map", str(scenario), "--plugin", str(file)])
    assert result.exit_code != 0
    message = (
        'populations "a", "b" on chip0.core0: 2 populations on a core; the limit of a core is 1 (populations)'
    )
    assert message in result.stdout
    assert "more chips: 2 would do" in result.stdout
