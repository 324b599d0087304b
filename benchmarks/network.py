"""What a packet's hop costs in the simulators of the packet-level network, beside a loop that only follows packets.

    python benchmarks/network.py [--runs 20] [--json FILE]

Unicast packets between random routers of a mesh, links of 4 ns service and 1 ns latency. All figures are the
best of the runs, of one core, results in order of time included. The answers are checked.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from machine import described, machine
from table import markdown

from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.network import Channels, Forest, forest_dependencies
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.network_sweep import Sweep
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.kernels.limit import follow_packets

SERVICE, LATENCY = 4_000, 1_000


class Mesh(NamedTuple):
    """Routers in a rectangle: a channel into each, one out of each, and the links between neighbours."""

    network: PacketNetwork
    roots: np.ndarray
    next_node: np.ndarray


def paths(width: int, height: int) -> tuple[list[list[int]], int]:
    """Return the channels of the way from every router to every other, first along x, and how many there are."""
    routers = width * height
    links: dict[tuple[int, int], int] = {}
    found = []
    for source in range(routers):
        for target in range(routers):
            here, path = source, [source]
            while here != target:
                along_x = here % width != target % width
                ahead = target % width > here % width if along_x else target > here
                there = here + (1 if along_x else width) * (1 if ahead else -1)
                path.append(links.setdefault((here, there), 2 * routers + len(links)))
                here = there
            found.append([*path, routers + target])
    return found, 2 * routers + len(links)


def mesh(width: int, height: int, queue: int = -1) -> Mesh:
    """Make a mesh with a path for every pair."""
    ways, count = paths(width, height)
    ends = np.cumsum([len(way) for way in ways])
    nodes = int(ends[-1])
    is_last = np.zeros(nodes, dtype=bool)
    is_last[ends - 1] = True
    trees = Forest(
        channel=np.concatenate(ways).astype(np.int32),
        work=np.zeros(nodes, dtype=np.int64),
        child_ptr=np.concatenate(([0], np.cumsum(~is_last))),
        child=np.arange(1, nodes + 1, dtype=np.int32)[~is_last],
    )
    one = np.ones(count, dtype=np.int64)
    order = channel_order(*forest_dependencies(trees), count)
    channels = Channels(
        SERVICE * one, LATENCY * one, queue * one, np.zeros(count, np.uint8), 0 * one, one, order
    )
    roots = np.concatenate(([0], ends[:-1])).reshape(width * height, -1)
    following = np.where(is_last, -1, np.arange(1, nodes + 1)).astype(np.int32)
    return Mesh(PacketNetwork(channels, trees), roots, following)


def best(function: Callable[[], object], runs: int) -> float:
    """Return the seconds of the fastest run after one to warm up."""
    function()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return min(times)


def sent(grid: Mesh, steps: int, packets: int, span: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, roots and first packets of random steps; all packets of a step are sent within ``span`` ps."""
    random = np.random.default_rng(1)
    routers = grid.roots.shape[0]
    times = np.sort(random.integers(0, span, (steps, packets)), axis=1).ravel()
    pairs = random.integers(0, routers, (2, steps * packets))
    return times, grid.roots[pairs[0], pairs[1]].astype(np.int32), np.arange(steps + 1) * packets


def follower(grid: Mesh, times: np.ndarray, roots: np.ndarray, ptr: np.ndarray) -> Callable[[], np.ndarray]:
    """Return the bare loop over the same steps; its result is when packets are through."""
    channels, channel = grid.network.channels, grid.network.trees.channel
    ps = np.column_stack([channels.service, channels.latency])
    free, through = np.zeros(channels.service.size, dtype=np.int64), np.zeros(times.size, dtype=np.int64)

    def run() -> np.ndarray:
        for first, last in itertools.pairwise(ptr):
            free[:] = 0
            part = slice(first, last)
            follow_packets(times[part], roots[part], grid.next_node, channel, ps, free, through[part])
        return through

    return run


def check(grid: Mesh) -> None:
    """Assert that all give the same answer where the bare loop is exact: packets far apart."""
    routers = grid.roots.shape[0]
    pairs = np.random.default_rng(2).integers(0, routers, (2, 500))
    roots, times = grid.roots[pairs[0], pairs[1]].astype(np.int32), np.arange(500) * 10**9
    through = follower(grid, times, roots, np.array([0, 500]))()
    for found in (Sweep(grid.network).run(times, roots), Events(grid.network).advance(times, roots)):
        assert np.array_equal(found.deliveries.time, through)
        assert np.array_equal(found.deliveries.packet, np.arange(500))


def measured(grid: Mesh, steps: int, packets: int, span: int, runs: int) -> dict[str, float]:
    """Nanoseconds a hop of each way to simulate the same steps."""
    times, roots, ptr = sent(grid, steps, packets, span)
    sweep = Sweep(grid.network)
    swept = sweep.run(times, roots, ptr)
    hops = int(swept.counts.packets.sum())
    one = slice(0, packets)
    events = Events(grid.network)
    found = events.advance(times[one], roots[one])
    assert np.array_equal(found.deliveries.time, swept.deliveries.time[: swept.delivery_ptr[1]])
    first_hops = int(events.counts.packets.sum())

    def by_events() -> None:
        events.restart()
        events.advance(times[one], roots[one])

    return {
        "steps": steps,
        "packets a step": packets,
        "hops a step": hops / steps,
        "channels": grid.network.number.size,
        "bare loop, ns a hop": best(follower(grid, times, roots, ptr), runs) / hops * 1e9,
        "sweep, ns a hop": best(lambda: sweep.run(times, roots, ptr, detail=False), runs) / hops * 1e9,
        "events, ns a hop": best(by_events, runs) / first_hops * 1e9,
    }


def stalled(runs: int) -> dict[str, float]:
    """Nanoseconds a hop of steps in which packets stall."""
    grid = mesh(8, 4, queue=1)
    times, roots, _ = sent(grid, 1, 12_000, 12_000_000)
    simulator = StepSimulator(grid.network)
    outcome = simulator.simulate_step(times, roots)
    assert outcome.by_events.all()
    assert outcome.steps.counts.longest.max() == 1
    assert outcome.steps.deliveries.time.size == 12_000
    hops = int(outcome.steps.counts.packets.sum())
    seconds = best(lambda: simulator.simulate_step(times, roots), runs)
    return {"hops a step": hops, "sweep, then events, ns a hop": seconds / hops * 1e9}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    large, wide = mesh(8, 4), mesh(16, 10)
    check(large)
    found = {
        "8 x 4 mesh, 12,000 packets, busiest link always busy": measured(
            large, 1, 12_000, 12_000_000, given.runs
        ),
        "8 x 4 mesh, 12,000 packets, light load": measured(large, 1, 12_000, 240_000_000, given.runs),
        "16 x 10 mesh, 50 packets a step": measured(wide, 1000, 50, 100_000, given.runs),
        "8 x 4 mesh, 12,000 packets, room for one to wait": stalled(given.runs),
    }
    print(described(machine()) + f" Best of {given.runs} runs.\n")
    for name, figures in found.items():
        print(name)
        print(
            markdown(
                tuple(figures), [tuple(f"{value:,.1f}".removesuffix(".0") for value in figures.values())]
            )
        )
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "network": found}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
