"""A small worker that passes tokens to its peers, in place of the engine's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange
from spikemesh.runtime.exchange_relays import IncomingRelay, OutgoingRelay
from spikemesh.runtime.exchange_shared import SharedInbox, open_inbox
from spikemesh.runtime.exchange_sockets import Listener
from spikemesh.runtime.exchange_threads import ThreadMesh

KINDS = ("threads", "memory", "file", "sockets")


def _fakes():  # noqa: C901  one closure, see below
    # Classes made in a function travel to other processes by value, so actors need not import the tests.
    import os
    import signal
    import time

    import numpy as np

    from spikemesh.engine.report import WorkerReport

    class Program:
        def __init__(self, index, agents, peers_out, peers_in, table, fault="", fault_tick=0):
            self.index, self.agents, self.peers_out, self.peers_in = index, agents, peers_out, peers_in
            self.table, self.fault, self.fault_tick = table, fault, fault_tick
            self.packets_out = (64,) * len(peers_out)
            self.plugin_files = ()

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
            (int(t), int(n)) for chunk in self.chunks for t, n in zip(*chunk.spikes["p"], strict=True)
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


def _shared(rooms, workers, anonymous):
    shared = [
        SharedInbox("test", {s: room for (s, t), room in rooms.items() if t == w}, anonymous=anonymous)
        for w in range(workers)
    ]
    exchanges = [
        MemoryExchange(w, shared[w].inbox, {t: open_inbox(shared[t].offer) for s, t in rooms if s == w})
        for w in range(workers)
    ]
    for inbox in shared:
        inbox.drop_name()
    return exchanges


def _sockets(rooms, workers):
    listeners = [Listener("127.0.0.1", b"secret", w) for w in range(workers)]
    offers = {w: listener.offer for w, listener in enumerate(listeners)}
    with ThreadPoolExecutor(workers) as pool:
        ends = list(
            pool.map(
                lambda w: listeners[w].connect(
                    frozenset(s for s, t in rooms if t == w), {t: offers[t] for s, t in rooms if s == w}, 10.0
                ),
                range(workers),
            )
        )
    return [relayed(w, *end, rooms) for w, end in enumerate(ends)]


def relayed(worker, come, gone, rooms):
    """Make the exchange of a worker all of whose peers are behind connections."""
    inbox = Inbox.private({s: room for (s, t), room in rooms.items() if t == worker})
    out = {t: OutgoingRelay(gone[t], t, worker, rooms[worker, t]) for s, t in rooms if s == worker}
    watches = [(s, IncomingRelay(c, s, worker, inbox)) for s, c in come.items()]
    targets = {t: relay.inbox for t, relay in out.items()}
    return MemoryExchange(worker, inbox, targets, watches=[*watches, *out.items()])


@pytest.fixture(params=KINDS)
def connect(request):
    """Connect workers of this process by every kind of exchange: ``connect(workers, pairs, room)``."""
    made = []

    def make(workers, pairs, room=10_000):
        rooms = dict.fromkeys(pairs, room)
        if request.param == "threads":
            exchanges = ThreadMesh(rooms, workers).exchanges
        elif request.param == "sockets":
            exchanges = _sockets(rooms, workers)
        else:
            exchanges = _shared(rooms, workers, request.param == "memory")
        made.extend(exchanges)

        def abort():
            for exchange in exchanges:
                exchange.abort()

        return exchanges, abort

    yield make
    for exchange in made:
        exchange.close()


@pytest.fixture(scope="session")
def built():
    """Programs of a network in which everyone sends to everyone: ``built(workers, shortest delay in steps)``."""
    import spikemesh as sm
    from spikemesh.description.system import System
    from spikemesh.mapping.build import WorkerPlan, build_programs
    from spikemesh.mapping.placement import placement_on
    from spikemesh.registry import load_registry
    from spikemesh.registry.bind import bind

    registry = load_registry()

    def build(workers, shortest, learning=None):
        net = sm.Network(timestep="0.5 ms", seed=4)
        delay = sm.uniform(0.5 * shortest, 0.5 * shortest + 4.0)
        net.add_population("exc", 96, "lif_psc_exp", i_e=np.linspace(300.0, 700.0, 96), tau_m=10.0, t_ref=1.0)
        net.connect("exc", "exc", "fixed_indegree", indegree=12, weight=25.0, delay=delay, learning=learning)
        net.connect("exc", "exc", "fixed_indegree", indegree=9, weight=-20.0, delay=delay, name="back")
        net.probe("exc", "spikes")
        network = bind(net.describe(), registry)
        placement = placement_on(System(chips=(workers,)), [np.arange(96) * workers // 96])
        plan = WorkerPlan(np.arange(workers), tuple((f"chip {k}",) for k in range(workers)))
        router = registry.routers.get("dimension_order")
        return build_programs(network, placement, router, plan, 10).programs

    return build


@pytest.fixture
def advance():
    """Let workers run to ticks one after another, each in its thread; return all spikes in order, and events."""

    def run(workers, ticks):
        with ThreadPoolExecutor(len(workers)) as pool:
            futures = [pool.submit(lambda w=w: [w.advance(tick) for tick in ticks]) for w in workers]
            reports = [report for future in futures for report in future.result(60)]
        pairs = [zip(*(c.tolist() for c in r.spikes["exc"]), strict=True) for r in reports if r.spikes]
        spikes = sorted(pair for some in pairs for pair in some)
        return spikes, sum(r.synaptic_events for r in reports)

    return run
