"""Shared-memory exchange between real processes, one of which may be killed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest


@pytest.fixture
def processes(here, nothing_left):
    """Start three connected processes that swap blocks for so many windows."""
    started = []

    def start(windows):
        for index in range(3):
            peers = [p for p in range(3) if p != index]
            command = [
                sys.executable,
                str(here / "peer_process.py"),
                str(index),
                json.dumps(peers),
                str(windows),
            ]
            started.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            )
        table = {str(n): json.loads(p.stdout.readline()) for n, p in enumerate(started)}
        for line in (json.dumps(table), "go"):
            for process in started:
                process.stdin.write(line + "\n")
            for process in started:
                process.stdout.readline()
        return started

    yield start
    for process in started:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()


def test_three_processes_receive_everything(processes):
    windows = 3000
    # Worker n sends 2 * (w % 50) numbers n + w in window w, and everyone receives those of both others.
    sent = [sum(2 * (w % 50) * (n + w) for w in range(windows)) for n in range(3)]
    for n, process in enumerate(processes(windows)):
        assert json.loads(process.stdout.readline()) == {"total": sum(sent) - sent[n]}


def test_killed_process_is_noticed_by_all_and_leaves_nothing(processes):
    first, second, third = processes(1 << 40)
    time.sleep(0.2)
    begun = time.monotonic()
    os.kill(second.pid, signal.SIGKILL)  # not waited for: a process that ended but lingers counts as gone
    said = [json.loads(p.stdout.readline()) for p in (first, third)]
    assert time.monotonic() - begun < 2
    # The one that notices stops too, so the other may miss that one instead.
    assert any(s["lost"] == 1 and s["message"] == "lost worker 1: its process ended" for s in said)
    assert all(s["lost"] is not None for s in said)
