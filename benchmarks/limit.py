"""How fast delivery could be on this machine at most: plain stream-and-scatter loops.

    python benchmarks/limit.py [--runs 7] [--json FILE] [--markdown FILE]

The shape of the 10-million-synapse network: 10,000 sources with 1,000 sorted 16-bit targets each, 20,000
spikes. Shared weight or one per synapse, several number formats, one thread and two threads that own
half of the targets each; the same loop in C if there is a compiler; and rows without a list of targets,
as dense projections could use.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import described, machine
from table import markdown

from spikemesh.kernels.limit import add_rows, scatter_each, scatter_shared

NEURONS, TARGETS, SPIKES = 10_000, 1000, 20_000
C_SOURCE = """
#include <stdint.h>
void scatter_shared(const uint16_t *targets, const int64_t *order, long spikes, long synapses,
                    int64_t *row, int64_t weight) {
    for (long s = 0; s < spikes; s++) {
        const uint16_t *found = targets + order[s] * synapses;
        for (long k = 0; k < synapses; k++) row[found[k]] += weight;
    }
}
"""


def million_per_s(function: Callable[[], None], events: int, runs: int) -> tuple[float, float]:
    """Return the median over runs, after one to warm up, and the best."""
    function()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return events / statistics.median(times) / 1e6, events / min(times) / 1e6


def both(first: Callable[[], None], second: Callable[[], None]) -> None:
    threads = [threading.Thread(target=function) for function in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def plain_c(targets: np.ndarray, order: np.ndarray) -> Callable[[], None] | None:
    """Return the shared-weight loop compiled by this machine's C compiler, or None if there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "scatter.c", Path(folder) / "scatter.so"
        source.write_text(C_SOURCE)
        arguments = ["-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(source)]
        subprocess.run([compiler, *arguments], check=True, capture_output=True)
        function = ctypes.CDLL(str(library)).scatter_shared
    pointer, number = ctypes.c_void_p, ctypes.c_long
    function.argtypes = [pointer, pointer, number, number, pointer, ctypes.c_int64]
    row = np.zeros(NEURONS, np.int64)

    def run() -> None:
        function(targets.ctypes.data, order.ctypes.data, order.size, TARGETS, row.ctypes.data, 3)

    return run


def scatter() -> tuple[Callable[[], None], int]:
    """Return the plain loop with a shared weight into 64-bit integers, and its events."""
    random = np.random.default_rng(1)
    targets = np.sort(random.integers(0, NEURONS, (NEURONS, TARGETS)), axis=1).astype(np.uint16)
    order, row = random.integers(0, NEURONS, SPIKES), np.zeros(NEURONS, np.int64)
    return lambda: scatter_shared(targets, order, row, np.int64(3)), SPIKES * TARGETS


def measurements(runs: int) -> dict[str, tuple[float, float]]:
    """Million synaptic events per second by name, median and best."""
    random = np.random.default_rng(1)
    targets = np.sort(random.integers(0, NEURONS, (NEURONS, TARGETS)), axis=1).astype(np.uint16)
    order = random.integers(0, NEURONS, SPIKES)
    weights = random.integers(0, 1 << 29, (NEURONS, TARGETS)).astype(np.int32)
    halves = [
        np.sort(random.integers(0, NEURONS // 2, (NEURONS, TARGETS // 2)), axis=1).astype(np.uint16)
        for _ in range(2)
    ]
    half_weights = [w.copy() for w in (weights[:, : TARGETS // 2], weights[:, TARGETS // 2 :])]
    events = SPIKES * TARGETS
    found: dict[str, tuple[float, float]] = {}

    def measure(name: str, function: Callable[[], None]) -> None:
        found[name] = million_per_s(function, events, runs)

    check = np.zeros(NEURONS, np.int64)
    scatter_shared(targets, order, check, np.int64(3))
    assert check.sum() == 3 * events
    for kind in (np.int64, np.int32, np.float32, np.uint16):
        row, rows = np.zeros(NEURONS, kind), [np.zeros(NEURONS // 2, kind) for _ in range(2)]
        name = f"shared weight into {np.dtype(kind).name}"
        measure(name, lambda row=row, kind=kind: scatter_shared(targets, order, row, kind(3)))
        jobs = [
            lambda h=h, r=r, kind=kind: scatter_shared(h, order, r, kind(3))
            for h, r in zip(halves, rows, strict=True)
        ]
        measure(f"{name}, two threads", lambda jobs=jobs: both(*jobs))
        if kind is np.int64:
            found[f"{name}, half of the targets"] = million_per_s(jobs[0], events // 2, runs)
    for kind, stored in (
        (np.int64, np.int32),
        (np.int64, np.int16),
        (np.int32, np.int16),
        (np.float32, np.float32),
    ):
        row, own = np.zeros(NEURONS, kind), weights.astype(stored)
        name = f"weight per synapse, {np.dtype(stored).name} into {np.dtype(kind).name}"
        measure(name, lambda row=row, own=own: scatter_each(targets, own, order, row))
    rows = [np.zeros(NEURONS // 2, np.int64) for _ in range(2)]
    jobs = [
        lambda h=h, w=w, r=r: scatter_each(h, w, order, r)
        for h, w, r in zip(halves, half_weights, rows, strict=True)
    ]
    measure("weight per synapse, int32 into int64, two threads", lambda: both(*jobs))
    for stored, kind in ((np.int16, np.int64), (np.int16, np.int32), (np.int8, np.int32)):
        row, own = np.zeros(TARGETS, kind), weights.astype(stored)
        name = f"dense rows, {np.dtype(stored).name} into {np.dtype(kind).name}"
        measure(name, lambda row=row, own=own: add_rows(own, order, row))
    in_c = plain_c(targets, order)
    if in_c is not None:
        measure("shared weight into int64, plain C", in_c)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    found = measurements(given.runs)
    text = f"{described(machine())} {given.runs} runs.\n\n" + markdown(
        ("loop", "million synaptic events per s, median", "best"),
        [(name, f"{median:,.0f}", f"{best:,.0f}") for name, (median, best) in found.items()],
    )
    print(text)
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "million_per_s": found}, indent=2) + "\n")
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
