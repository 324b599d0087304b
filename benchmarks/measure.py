"""One measurement of spikemesh in a process of its own.

``measure.py WORKLOAD DURATION_MS [--workers N] [--chips N] [--backend local]`` prints one result, as the
peers' scripts do: ``build_s`` is everything from the imported package to a simulation that is ready to
run, ``sim_s`` the run without closing the trace, memory that of the whole process (all of them on ``ray``).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import networks

import spikemesh as sm


def measure(
    network: sm.Network, system: Any, duration_ms: float, *, backend: str, workers: int, **options: Any
) -> dict[str, Any]:
    """Run a network and return its figures."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        simulation = sm.Simulation(
            network, system, out=Path(folder) / "run.h5", backend=backend, workers=workers, **options
        )
        built, busy = time.perf_counter(), time.process_time()
        simulation.run(duration_ms)
        ended, busy = time.perf_counter(), time.process_time() - busy
        summary = simulation.close().summary
    chosen = ("spikes", "synaptic_events", "drive_events", "packets", "run_s", "finalise_s", "compile_s")
    return {
        **{key: summary[key] for key in (*chosen, "workers", "window_exchange_us", "peak_rss_mb")},
        "build_s": built - begun,
        "sim_s": ended - built,
        "cpu_s": busy,
        "digest": summary["digest"]["function"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", choices=networks.NETWORKS)
    parser.add_argument("duration_ms", type=float)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--chips", type=int, default=1)
    parser.add_argument("--backend", default="local")
    given = parser.parse_args()
    begun = time.perf_counter()
    network = networks.NETWORKS[given.workload]()
    described = time.perf_counter() - begun
    system, mapping = networks.system_of(given.workload, given.chips)
    found = measure(
        network, system, given.duration_ms, backend=given.backend, workers=given.workers, mapping=mapping
    )
    found["build_s"] += described
    neurons = sum(p.size for p in network.describe().populations)
    print("RESULT " + json.dumps({"version": sm.__version__, "neurons": neurons, **found}), flush=True)


if __name__ == "__main__":
    main()
