"""Time of an exchange of one block each way between two processes of one machine.

Each of two processes hands a block to the other and then takes the other's, as workers do after every
window, in compiled code. Run: ``python benchmarks/exchange.py [--packets 100] [--windows 20000] [--sockets]``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from multiprocessing import get_context

import numpy as np

from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.atomics import clock_ns
from spikemesh.kernels.mailbox import await_blocks, await_room, head_of, put, take
from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange
from spikemesh.runtime.exchange_relays import IncomingRelay, OutgoingRelay
from spikemesh.runtime.exchange_shared import ProcessPeer, SharedInbox, open_inbox
from spikemesh.runtime.exchange_sockets import Listener

WARM_UP = 500
PATIENCE_NS = 1_000_000_000


@kernel
def swap(m, packets, into, times, spin_ns):
    scratch = np.zeros(2, dtype=np.int64)
    for window in range(times.size):
        begun = clock_ns(m.calls, scratch)
        while not await_room(m, 0, window, PATIENCE_NS, scratch):
            pass
        put(m, 0, window, 0, 0, packets)
        while head_of(m, 0)[0] < 0:
            await_blocks(m, window + 1, spin_ns, PATIENCE_NS, scratch)
        take(m, 0, into)
        times[window] = clock_ns(m.calls, scratch) - begun


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--packets", type=int, default=100, help="packets in a block (8 bytes each)")
    arguments.add_argument("--windows", type=int, default=20_000)
    arguments.add_argument(
        "--sockets", action="store_true", help="TCP over the loopback in place of shared memory"
    )
    arguments.add_argument("--spin-us", type=float, default=100.0)
    options = arguments.parse_args()
    context = get_context("spawn")
    ends = context.Pipe()
    processes = [
        context.Process(
            target=run, args=(n, ends[n], options.packets, options.windows, options.sockets, options.spin_us)
        )
        for n in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.exit(any(p.exitcode for p in processes))


def run(index: int, pipe: object, packets: int, windows: int, sockets: bool, spin_us: float) -> None:
    exchange = connect(index, pipe, packets, sockets)
    block = np.arange(2 * packets, dtype=np.uint32).reshape(-1, 2)
    into = np.zeros_like(block)
    times = np.zeros(windows + WARM_UP, dtype=np.int64)
    swap(exchange.post, block, into, times, int(1e3 * spin_us))
    assert np.array_equal(block, into)
    if index == 0:
        report((1e-3 * times[WARM_UP:]).tolist(), packets, sockets)
    pipe.send("done")
    pipe.recv()
    exchange.close()


def connect(index: int, pipe: object, packets: int, sockets: bool) -> MemoryExchange:
    peer = 1 - index
    if sockets:
        listener = Listener("127.0.0.1", b"benchmark", index)
        pipe.send(listener.offer)
        come, gone = listener.connect(frozenset({peer}), {peer: pipe.recv()}, 10.0)
        inbox = Inbox.private({peer: packets})
        incoming = IncomingRelay(come[peer], peer, index, inbox)
        outgoing = OutgoingRelay(gone[peer], peer, index, packets)
        return MemoryExchange(
            index, inbox, {peer: outgoing.inbox}, watches=[(peer, incoming), (peer, outgoing)]
        )
    shared = SharedInbox("benchmark", {peer: packets})
    pipe.send((shared.offer, os.getpid()))
    offer, pid = pipe.recv()
    target = open_inbox(offer)
    pipe.send("opened")
    pipe.recv()
    shared.drop_name()
    return MemoryExchange(index, shared.inbox, {peer: target}, watches=[(peer, ProcessPeer(pid))])


def report(times: list[float], packets: int, sockets: bool) -> None:
    cuts = statistics.quantiles(times, n=100)
    found = {
        "carrier": "sockets" if sockets else "shared memory",
        "packets": packets,
        "exchanges": len(times),
        "median_us": round(cuts[49], 2),
        "p90_us": round(cuts[89], 2),
        "p99_us": round(cuts[98], 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
