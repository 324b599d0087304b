"""Time of an exchange of one block each way between two processes of one machine.

Each of two processes sends a block to the other and then takes the other's, as workers do after every
window. Run: ``python benchmarks/exchange.py [--packets 100] [--windows 20000] [--sockets]``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from multiprocessing import get_context

import numpy as np
from spikemesh.runtime.exchange_streams import StreamExchange

from spikemesh.runtime.exchange_shared import SharedInlet, SharedOutlet
from spikemesh.runtime.exchange_sockets import Listener

WARM_UP = 500


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
    exchange = connect(index, pipe, sockets, spin_us * 1e-6)
    block = np.arange(2 * packets, dtype=np.uint32).reshape(-1, 2)
    peer, times = 1 - index, []
    for window in range(windows + WARM_UP):
        begun = time.perf_counter()
        exchange.send(peer, window, block)
        exchange.receive(peer, window)
        times.append(1e6 * (time.perf_counter() - begun))
    exchange.close()
    if index == 0:
        report(times[WARM_UP:], packets, sockets)


def connect(index: int, pipe: object, sockets: bool, spin_s: float) -> StreamExchange:
    peer = 1 - index
    if sockets:
        listener = Listener("127.0.0.1", b"benchmark", index)
        pipe.send(listener.offer)
        return StreamExchange(*listener.connect(frozenset({peer}), {peer: pipe.recv()}, 10.0), spin_s=spin_s)
    inlet = SharedInlet("benchmark", 1 << 20)
    pipe.send((inlet.offer, os.getpid()))
    offer, pid = pipe.recv()
    inlet.watch(pid)
    outlet = SharedOutlet(offer)
    pipe.send("opened")
    pipe.recv()
    inlet.drop_name()
    return StreamExchange({peer: inlet}, {peer: outlet}, spin_s=spin_s)


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
