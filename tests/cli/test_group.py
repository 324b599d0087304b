"""The group of commands: names, plugins' commands, start-up."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from spikemesh.cli.group import COMMANDS
from spikemesh.registry import discovery

HEAVY = ("ray", "numba", "h5py", "pandas", "xarray", "pint", "scipy", "rich")


def imported_by(*arguments: str) -> set[str]:
    code = (
        "import sys; from spikemesh.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("scenarios",), ("plugins", "list")])
def test_what_needs_no_simulation_imports_nothing_heavy(arguments):
    assert imported_by(*arguments) & set(HEAVY) == set()


def test_help_of_an_own_command_loads_no_plugin():
    assert "spikemesh_plugins" not in imported_by("run", "--help")


def test_python_m_spikemesh_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "spikemesh", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("spikemesh ")


def test_help_lists_every_own_command(invoke):
    listed = invoke("--help").stdout
    assert all(f"\n  {name} " in listed for name in COMMANDS)


def test_an_unknown_command_names_the_nearest(invoke):
    result = invoke("runn", "ring")
    assert result.exit_code == 2
    assert 'there is no command "runn"; did you mean "run"?' in result.stderr


@pytest.fixture
def entry_point(monkeypatch, tmp_path):
    def install(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(discovery, "entry_points", lambda group: [EntryPoint(name, name, group)])

    yield install
    for name in [m for m in sys.modules if m.startswith("cli_test_")]:
        del sys.modules[name]


COMMAND_PLUGIN = """
import click
from spikemesh.contracts import hookimpl
from spikemesh.errors import TraceError

@click.command("shout", help="Say it loudly.")
@click.argument("word")
def shout(word):
    if word == "missing.h5":
        raise TraceError("missing.h5 does not exist")
    click.echo(word.upper())

@hookimpl
def spikemesh_commands():
    return [shout]
"""


def test_a_plugin_adds_a_command(invoke, entry_point):
    entry_point("cli_test_shout", COMMAND_PLUGIN)
    assert "Say it loudly." in invoke("--help").stdout
    assert invoke("shout", "hello").stdout == "HELLO\n"


def test_a_plugins_command_follows_the_exit_codes(invoke, entry_point):
    entry_point("cli_test_shout", COMMAND_PLUGIN)
    result = invoke("shout", "missing.h5")
    assert (result.exit_code, result.stderr) == (2, "error: missing.h5 does not exist\n")


def test_a_broken_plugin_is_named_and_stops_nothing(invoke, entry_point):
    entry_point("cli_test_broken", "raise SystemExit(3)")
    result = invoke("--help")
    assert result.exit_code == 0
    assert "plugin cli_test_broken" in result.stderr
    listed = invoke("plugins", "list")
    assert "broken: cli_test_broken" in listed.stdout
    assert "SystemExit: 3" in listed.stdout
