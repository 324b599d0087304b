"""``plugins new``: what it writes passes ``plugins check`` untouched, installed or as a file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from spikemesh.cli.skeleton import KINDS, module_text, package_files
from spikemesh.registry import load_registry
from spikemesh.testing import conformance

ROOT = Path(__file__).parents[2]
FILES = [kind for kind in KINDS if kind != "scenario"]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package that ``plugins new`` wrote, as pip does."""

    def install(folder):
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        name = project["name"].replace("-", "_")
        info = folder / f"{name}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n")
        points = project["entry-points"]["spikemesh"].items()
        (info / "entry_points.txt").write_text("[spikemesh]\n" + "".join(f"{k} = {v}\n" for k, v in points))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")

    return install


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_passes_its_suite(kind, invoke, tmp_path, monkeypatch, installed):
    monkeypatch.chdir(tmp_path)
    name = f"new_{kind}"
    done = invoke("plugins", "new", kind, name)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"try: pip install ./{name} && spikemesh plugins check {name}"
    installed(tmp_path / name)
    checks = [c for c in conformance(name, registry=load_registry()) if c.name != "speed"]
    assert checks
    outcomes = [check.outcome() for check in checks]
    assert [o for o in outcomes if o.status == "failed"] == []
    skipped = {o.check for o in outcomes if o.status == "skipped"}
    assert not skipped, skipped
    sys.modules.pop(name, None)


def test_the_written_test_passes(invoke, tmp_path, monkeypatch, installed):
    monkeypatch.chdir(tmp_path)
    assert invoke("plugins", "new", "decoder", "first_of_all").exit_code == 0
    installed(tmp_path / "first_of_all")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        words, cwd=tmp_path / "first_of_all", capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_a_neuron_is_meant_unless_a_kind_is_given_and_a_file_can_be_had(invoke, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("plugins", "new", "my_cell", "--file")
    assert done.exit_code == 0, done.output
    assert [p.name for p in tmp_path.iterdir()] == ["my_cell.py"]
    assert (tmp_path / "my_cell.py").read_text() == module_text("neuron", "my_cell")
    found = load_registry([tmp_path / "my_cell.py"]).neuron_models.get("my_cell")
    assert found.__name__ == "MyCell"


@pytest.mark.parametrize("kind", FILES)
def test_the_whole_thing_is_forty_lines(kind):
    assert len(module_text(kind, "my_cell").splitlines()) <= 40


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nuron", "my_cell"), 'there is no kind "nuron" (did you mean "neuron"?)'),
        (("neuron", "My-Cell"), '"My-Cell" is no name of a plugin'),
        (("neuron", "class"), "a word of Python"),
        (("neuron", "iaf"), 'there is a neuron model "iaf" already'),
        (("neuron", "json"), "would hide another"),
        (("neuron", "_cell"), "is no name of a plugin"),
        (("neuron", "../cell"), "is no name of a plugin"),
        (("rule",), "NAME: is missing"),
        (("neuron", "a", "b"), "plugins new [KIND] NAME"),
        (("scenario", "mine", "--file"), "a scenario is a folder"),
    ],
)
def test_names_and_kinds_are_checked(words, said, invoke, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("plugins", "new", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [(), ("--file",)])
def test_nothing_is_overwritten(options, invoke, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_cell").mkdir()
    (tmp_path / "my_cell.py").write_text("mine")
    done = invoke("plugins", "new", "my_cell", *options)
    assert done.exit_code == 2
    assert "exists" in done.stderr
    assert (tmp_path / "my_cell.py").read_text() == "mine"
    assert list((tmp_path / "my_cell").iterdir()) == []


def test_a_package_holds_what_it_needs():
    found = package_files("scenario", "mine")
    assert set(found) == {
        "pyproject.toml",
        "README.md",
        "mine/__init__.py",
        "tests/test_mine.py",
        "mine/mine_scenario/scenario.toml",
        "mine/mine_scenario/README.md",
    }
    assert not [name for name, text in found.items() if re.search("@[A-Z_]+@", text)]
