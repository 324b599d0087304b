"""Synaptic events per second of the balanced network, next to the plain scatter loop of this machine.

    python benchmarks/balanced_network.py [--runs 5] [--json out.json]

Alternates between the scenario ``balanced_two_chip`` (1 s of model time, 10 million synapses, one worker
and two, ``local``) and a bare loop that adds one shared integer weight to sorted 16-bit targets, which no
delivery of spikes one by one can beat. Prints medians and their ratio, and asserts the spike count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np

from spikemesh import api

SPIKES = 153_326
"""Spikes of the scenario with its seed; every backend and mapping gives the same."""
NEURONS, TARGETS, SOURCES = 10_000, 1000, 10_000


@numba.njit(nogil=True)
def scatter(targets, order, row, weight):
    for source in order:
        for k in range(TARGETS):
            row[targets[source, k]] += weight


def limit(targets, order):
    row = np.zeros(NEURONS, dtype=np.int64)
    started = time.perf_counter()
    scatter(targets, order, row, 3)
    seconds = time.perf_counter() - started
    assert row.sum() == 3 * order.size * TARGETS
    return order.size * TARGETS / seconds


def simulated(workers):
    with tempfile.TemporaryDirectory() as folder:
        loaded = api.open_scenario("balanced_two_chip")
        result = api.run_scenario(loaded, out=Path(folder) / "run.h5", backend="local", workers=workers)
    assert result.summary["spikes"] == SPIKES, result.summary["spikes"]
    return result.summary


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    random = np.random.default_rng(1)
    targets = np.sort(random.integers(0, NEURONS, (SOURCES, TARGETS)), axis=1).astype(np.uint16)
    order = random.integers(0, SOURCES, 20_000)
    limit(targets, order[:10])
    simulated(1)
    rows = {"1 worker": [], "2 workers": [], "scatter loop": [], "build_s": []}
    for _ in range(options.runs):
        one = simulated(1)
        rows["1 worker"].append(one["synaptic_events_per_s"])
        rows["build_s"].append(one["build_s"])
        rows["2 workers"].append(simulated(2)["synaptic_events_per_s"])
        rows["scatter loop"].append(limit(targets, order))
    median = {name: statistics.median(values) for name, values in rows.items()}
    median["1 worker / scatter loop"] = median["1 worker"] / median["scatter loop"]
    median["2 workers / 1 worker"] = median["2 workers"] / median["1 worker"]
    for name, value in median.items():
        print(f"{name:<26} {value / 1e6:10,.0f} M/s" if value > 1e6 else f"{name:<26} {value:10.3f}")
    if options.json:
        options.json.write_text(json.dumps({"median": median, "all": rows}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
