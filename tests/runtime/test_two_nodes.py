"""A run over two nodes of a Ray cluster: between the nodes, packets go through sockets.

The nodes are network namespaces joined by a cable where the machine allows it (root, ``ip netns``), so
that each has an address of its own; otherwise two nodes of one machine.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from spikemesh.runtime.local import LocalBackend
from spikemesh.runtime.session import Session

pytestmark = pytest.mark.ray

HOSTS = ("10.213.7.1", "10.213.7.2")
STEPS = 300


def shell(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **options)


def namespaces_work():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"sm{os.getpid()}t"
    try:
        shell("ip", "netns", "add", name)
        shell("ip", "netns", "del", name)
    except subprocess.CalledProcessError:
        return False
    return True


@contextlib.contextmanager
def cable():
    """Two network namespaces joined by a cable; everything that runs in them ends with the block."""
    names = [f"sm{os.getpid()}{side}" for side in "ab"]
    for name in names:
        shell("ip", "netns", "add", name)
    try:
        shell("ip", "link", "add", names[0], "type", "veth", "peer", "name", names[1])
        for name, host in zip(names, HOSTS, strict=True):
            shell("ip", "link", "set", name, "netns", name)
            inside = ("ip", "-n", name)
            shell(*inside, "addr", "add", f"{host}/30", "dev", name)
            shell(*inside, "link", "set", "lo", "up")
            shell(*inside, "link", "set", name, "up")
        yield names
    finally:
        for name in names:
            for pid in shell("ip", "netns", "pids", name).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            shell("ip", "netns", "del", name)


@contextlib.contextmanager
def two_machines(environment):
    """Two Ray nodes in namespaces of their own: address, and the command that runs things beside the first."""
    folder = tempfile.mkdtemp(prefix="sm-nodes-")
    ray = str(Path(sys.executable).with_name("ray"))
    options = ("--num-cpus", "2", "--object-store-memory", "100000000", "--disable-usage-stats")
    try:
        with cable() as names:
            first, second = (("ip", "netns", "exec", name) for name in names)
            head = ("--head", "--port", "6379", "--include-dashboard", "false", "--temp-dir", folder)
            address = f"{HOSTS[0]}:6379"
            shell(*first, ray, "start", *head, "--node-ip-address", HOSTS[0], *options, env=environment)
            shell(
                *second,
                ray,
                "start",
                "--address",
                address,
                "--node-ip-address",
                HOSTS[1],
                *options,
                env=environment,
            )
            yield address, first
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def one_machine(environment):
    """Two Ray nodes of one machine."""
    folder = tempfile.mkdtemp(prefix="sm-nodes-")
    ray = str(Path(sys.executable).with_name("ray"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = (
        "--block",
        "--num-cpus",
        "2",
        "--node-ip-address",
        "127.0.0.1",
        "--object-store-memory",
        "100000000",
    )
    head = ("--head", "--port", str(port), "--include-dashboard", "false", "--temp-dir", folder)
    started = []
    try:
        for place in (head, ("--address", address)):
            process = subprocess.Popen(
                (ray, "start", *place, *options),
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            started.append(process)
            wait_for_port(port)
        yield address, ()
    finally:
        # Asked to end, each takes its node with it.
        for process in reversed(started):
            process.terminate()
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_port(port):
    until = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.fixture(scope="module")
def nodes():
    """Address of a cluster of two nodes, command prefix and environment for a driver on the first."""
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with (two_machines if namespaces_work() else one_machine)(environment) as (address, prefix):
        yield address, prefix, environment


@pytest.fixture
def driver(nodes, here):
    """Start a driver with four workers on the first node."""
    address, prefix, environment = nodes
    started = []

    def start(steps):
        command = (*prefix, sys.executable, str(here / "ray_driver.py"), str(steps), "4", address)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.stdout.close()
        process.wait()


def test_workers_on_two_nodes_give_the_same_results(driver, fake, recorder, nothing_left):
    process, said = driver(STEPS)
    assert sorted(said["nodes"].count(node) for node in set(said["nodes"])) == [2, 2]
    out, _ = process.communicate(timeout=60)
    backend = LocalBackend(fake.Worker)
    backend.start(fake.ring(4))
    Session(backend, recorder).run(STEPS)
    backend.close()
    assert json.loads(out.splitlines()[0]) == {
        "done": True,
        "tick": STEPS,
        "spikes": 4 * STEPS,
        "sum": sum(n for _, n in recorder.spikes),
    }


def test_killed_worker_of_the_other_node_is_named(driver):
    process, said = driver(1 << 40)
    other = next(n for n, node in enumerate(said["nodes"]) if node != said["nodes"][0])
    time.sleep(0.3)
    os.kill(said["pids"][other], signal.SIGKILL)
    begun = time.monotonic()
    out, _ = process.communicate(timeout=60)
    assert time.monotonic() - begun < 6
    first, last = map(json.loads, out.splitlines())
    assert first["error"].startswith(f"chip {other}: its process died")
    assert last == {"closed": True}
