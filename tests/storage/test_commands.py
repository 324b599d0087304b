"""``info``, ``analyze`` and ``recover`` on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from spikemesh_storage import spikemesh_commands


@pytest.fixture
def call():
    commands = {command.name: command for command in spikemesh_commands()}

    def call(name, *arguments):
        return CliRunner().invoke(commands[name], [str(a) for a in arguments], env={"COLUMNS": "200"})

    return call


def test_info_prints_tables_and_digests(call, finished, store):
    with store.open(finished) as trace:
        digests = trace.digest()
    done = call("info", finished, "--digest")
    assert done.exit_code == 0
    assert f"function  {digests['function']}" in done.stdout
    assert f"hardware  {digests['hardware']}" in done.stdout
    assert "complete" in done.stdout
    assert "not recorded" not in done.stdout


def test_info_json_is_one_object(call, finished, store):
    done = call("info", finished, "--digest", "--json")
    found = json.loads(done.stdout)
    with store.open(finished) as trace:
        assert found == {**trace.summary(), "digest": trace.digest()}


def test_analyze(call, finished, store):
    found = json.loads(call("analyze", finished, "--json").stdout)
    with store.open(finished) as trace:
        assert found == trace.analyse()
    done = call("analyze", finished)
    assert done.exit_code == 0
    for word in (
        "populations",
        "chip0->chip1",
        "chip0.core2",
        "synapses_bytes".replace("_", " "),
        "accuracy",
    ):
        assert word in done.stdout


def test_recover(call, run, store, tmp_path):
    path = tmp_path / "run.h5"
    writer = store.create(path, run.plan)
    run.write(writer, [])
    done = call("recover", path)
    assert done.exit_code == 2
    assert "being written by process" in done.stderr
    writer.abandon()
    assert "unfinished" in call("info", path).stdout
    found = json.loads(call("recover", path, "--json").stdout)
    assert found == {"trace": str(path), "status": "interrupted", "until_tick": 100, "duration_ms": 10.0}
    done = call("recover", path)
    assert (done.exit_code, "finished already" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", ["info", "analyze", "recover"])
def test_wrong_input_exits_with_2_and_one_message(call, tmp_path, command):
    (tmp_path / "text.h5").write_text("hello")
    for name in ("missing.h5", "text.h5"):
        done = call(command, tmp_path / name)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert name in done.stderr
        assert "Traceback" not in done.stderr
