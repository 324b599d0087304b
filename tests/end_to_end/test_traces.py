"""``info``, ``analyze`` and ``recover`` on traces that grow and that are finished."""

import json
import signal


def test_a_trace_is_looked_at_while_it_grows(long_run, command):
    run = long_run("local")
    run.computed(1000)
    found = [json.loads(command("info", "run.h5", "--json", "--digest").stdout) for _ in range(2)]
    assert [f["status"] for f in found] == ["running", "running"]
    assert 100 <= found[0]["duration_ms"] < found[1]["duration_ms"]
    assert found[0]["digest"]["function"] != found[1]["digest"]["function"]
    analysed = json.loads(command("analyze", "run.h5", "--json").stdout)
    assert analysed["populations"]["exc"]["spikes"] >= found[1]["spikes"] > found[0]["spikes"] > 0
    for arguments in (("info", "run.h5"), ("analyze", "run.h5")):
        shown = command(*arguments)
        assert (shown.code, shown.stderr) == (0, "")
        assert "exc" in shown.stdout
    refused = command("recover", "run.h5")
    assert refused.code == 2
    assert f"process {run.process.pid}" in refused.stderr
    assert "stop the run first" in refused.stderr
    refused = command("run", "two_chips.toml", "--backend", "local", "--out", "run.h5", "--overwrite")
    assert refused.code == 2
    assert f"process {run.process.pid}" in refused.stderr
    assert run.process.poll() is None
    run.signal(signal.SIGKILL)
    run.process.wait()
    assert json.loads(command("info", "run.h5", "--json").stdout)["status"] == "unfinished"
    assert command("recover", "run.h5").code == 0


def test_a_finished_trace_says_what_the_run_said(command, scenario):
    said = json.loads(command("run", scenario, "--backend", "local", "--out", "run.h5", "--json").stdout)
    found = json.loads(command("info", "run.h5", "--json", "--digest").stdout)
    assert (found["status"], found["recovered"], found["duration_ms"]) == ("complete", False, 100)
    assert (found["digest"], found["spikes"]) == (said["digest"], said["spikes"])
    assert found["synaptic_events"] == said["synaptic_events"] > 0
    shown = command("info", "run.h5", "--digest").stdout
    assert all(value in shown for value in said["digest"].values())
    analysed = json.loads(command("analyze", "run.h5", "--json").stdout)
    exc = analysed["populations"]["exc"]
    assert (exc["neurons"], exc["spikes"]) == (80, said["spikes"])
    assert abs(exc["rate_mean_hz"] - said["spikes"] / 80 / 0.1) < 1e-6
    assert {link["packets"] for link in analysed["links"]} != {0}
    assert sum(link["packets"] for link in analysed["links"]) == said["packets"]
