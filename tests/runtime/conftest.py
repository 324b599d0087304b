"""A small worker that passes tokens to its peers, in place of the engine's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest


def _fakes():
    # Classes made in a function travel to other processes by value, so actors need not import the tests.
    import os
    import signal
    import time
    from dataclasses import dataclass

    import numpy as np

    from spikemesh.engine.report import WorkerReport

    @dataclass(frozen=True, eq=False)
    class Program:
        index: int
        agents: tuple
        peers_out: tuple
        peers_in: tuple
        table: np.ndarray
        fault: str = ""
        fault_tick: int = 0
        plugin_files: tuple = ()

    class Worker:
        """One window a tick: sends tokens made of its state, folds what comes into its state."""

        def __init__(self, program, exchange):
            self.program, self.exchange, self.tick = program, exchange, 0
            self.state = program.table
            self.state += 0  # the table has to be writable here

        def advance(self, until):
            first, history = self.tick, []
            exchange_us = []
            while self.tick < until:
                if self.program.fault and self.tick == self.program.fault_tick:
                    self.fail(self.program.fault)
                begun = time.perf_counter()
                for peer in self.program.peers_out:
                    count = int(self.state[0] % np.uint64(64))
                    tokens = (self.state[0] + np.arange(2 * count, dtype=np.uint64)) % np.uint64(1 << 32)
                    self.exchange.send(peer, self.tick, tokens.astype(np.uint32).reshape(-1, 2))
                for peer in self.program.peers_in:
                    block = self.exchange.receive(peer, self.tick)
                    self.state *= np.uint64(6364136223846793005)  # in place, so that it wraps
                    self.state += np.array([block.sum(dtype=np.uint64) + np.uint64(peer + 1)])
                exchange_us.append(1e6 * (time.perf_counter() - begun))
                self.tick += 1
                history.append(int(self.state[0] >> np.uint64(2)))
            return WorkerReport(
                first,
                until,
                spikes={"p": (np.arange(first + 1, until + 1), np.array(history, dtype=np.int64))},
                first_bin=first // 10,
                counters={"link_packets": np.ones(((until - 1) // 10 - first // 10 + 1, 2), dtype=np.int64)},
                spike_count=until - first,
                synaptic_events=2 * (until - first),
                exchange_us=exchange_us,
            )

        def weights(self, projection):
            n = self.program.index
            return np.array([n]), np.array([n]), np.array([float(self.state[0] % np.uint64(1000))])

        def fail(self, how):
            if how == "raise":
                raise ValueError("the membrane potential is not a number")
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if how == "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            while how == "sleep":
                time.sleep(0.1)
            while how == "busy":
                pass

    def ring(workers, fault="", at=0, who=0):
        return [
            Program(
                n,
                (f"chip {n}",),
                ((n + 1) % workers,) if workers > 1 else (),
                ((n - 1) % workers,) if workers > 1 else (),
                np.array([12345 + n], dtype=np.uint64),
                fault if n == who else "",
                at,
            )
            for n in range(workers)
        ]

    def mesh(workers):
        others = [tuple(k for k in range(workers) if k != n) for n in range(workers)]
        return [
            Program(n, (f"chip {n}",), others[n], others[n], np.array([7 + n], dtype=np.uint64))
            for n in range(workers)
        ]

    return SimpleNamespace(Worker=Worker, Program=Program, ring=ring, mesh=mesh)


class Recorder:
    """A trace writer that keeps everything in memory."""

    def __init__(self):
        self.chunks, self.abandoned = [], 0

    def append(self, chunk):
        self.chunks.append(chunk)

    def abandon(self):
        self.abandoned += 1

    @property
    def spikes(self):
        """All spikes in canonical order."""
        return sorted(
            (int(t), int(n))
            for chunk in self.chunks
            for t, n in zip(*chunk.spikes["p"], strict=True)
        )


@pytest.fixture(scope="session")
def fake():
    return _fakes()


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def new_recorder():
    return Recorder


@pytest.fixture
def here():
    return Path(__file__).parent


@pytest.fixture
def nothing_left():
    """Check after the test that no file of spikemesh is left in shared memory."""
    yield
    assert not list(Path("/dev/shm").glob("*spikemesh*"))
