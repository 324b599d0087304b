"""What the hardware's account costs, and what timing a recorded run again saves.

Run: ``python benchmarks/retime.py [--only brunel_s ...] [--runs 5] [--json FILE]``.

- ``levels``: the balanced network S on eight Loihi chips, one worker: links that take no time, as a bound, packet by
  packet. Wanted: packet by packet at most twice as long as without links.
- ``retime``: networks run on one ideal chip with all spikes and activity recorded, then timed on Loihi, against
  running them on Loihi. Times are those of the run itself, after everything is built, and whole, from description to
  closed trace. The two traces hold the same ``/hardware``, which is checked. Wanted: at least 5 times as fast at the
  level ``analytic``, 1.8 times at ``packet``.

Medians of alternating runs; everything is compiled before.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networks
from definitions import BRUNEL
from machine import described, machine
from table import figure, markdown

import spikemesh as sm

CHIPS = (4, 2)
DURATIONS_MS = {"brunel_s": 1000.0, "brunel_s_stdp": 1000.0, "coba": 1000.0, "layers": 500.0}
"""Model time by network."""
LEVELS = ("none", "analytic", "packet")


def timed(go: Callable[[], sm.RunResult]) -> tuple[sm.RunResult, float, float]:
    """Return the result, the seconds of the run itself and those of everything."""
    started = time.perf_counter()
    result = go()
    return result, result.summary["run_s"], time.perf_counter() - started


def network_named(name: str) -> sm.Network:
    """Return one of the benchmarks' networks."""
    return networks.brunel(BRUNEL["s"], stdp=True) if name == "brunel_s_stdp" else networks.NETWORKS[name]()


def levels(runs: int) -> list[tuple[object, ...]]:
    """Measure the balanced network S at every level."""
    network, system = network_named("brunel_s"), sm.System.preset("loihi", chips=CHIPS)
    found: dict[str, list[float]] = {level: [] for level in ("ideal chips", *LEVELS)}
    for _ in range(runs + 1):
        for level in found:
            ideal = level == "ideal chips"
            target = sm.System.preset("ideal", chips=CHIPS) if ideal else system
            settings = sm.RunSettings(links=None if ideal else level, backend="local", workers=1)
            duration = f"{DURATIONS_MS['brunel_s']} ms"
            _, seconds, _ = timed(
                lambda t=target, s=settings, d=duration: sm.run(network, t, duration=d, settings=s)
            )
            found[level].append(seconds)
    medians = {level: statistics.median(seconds[1:]) for level, seconds in found.items()}
    return [(level, figure(s), f"{s / medians['none']:.2f}") for level, s in medians.items()]


def retimed(name: str, runs: int) -> list[dict[str, Any]]:
    """Measure one network, run on Loihi and timed on it."""
    network, system = network_named(name), sm.System.preset("loihi", chips=CHIPS)
    _, mapping = networks.system_of(name, 8)
    duration = f"{DURATIONS_MS[name]} ms"
    result = []
    with tempfile.TemporaryDirectory() as folder:
        recorded, direct, again = (Path(folder) / f"{k}.h5" for k in "abc")
        settings = sm.RunSettings(backend="local", workers=1, activity=True, spikes="all")
        sm.run(network, sm.System.preset("ideal"), duration=duration, out=recorded, settings=settings)
        for level in LEVELS[1:]:
            options = sm.RunSettings(links=level, backend="local", workers=1)
            times: list[tuple[float, ...]] = []
            for _ in range(runs + 1):
                ours, run_s, whole_s = timed(
                    lambda o=options: sm.run(
                        network,
                        system,
                        mapping=mapping,
                        duration=duration,
                        out=direct,
                        settings=o,
                        overwrite=True,
                    )
                )
                theirs, timing_s, all_s = timed(
                    lambda o=options: sm.retime(
                        recorded,
                        system,
                        network=network,
                        mapping=mapping,
                        settings=o,
                        out=again,
                        overwrite=True,
                    )
                )
                if ours.summary["digest"]["hardware"] != theirs.summary["digest"]["hardware"]:
                    raise SystemExit(f"{name} at {level}: /hardware differs")
                times.append((run_s, timing_s, whole_s, all_s))
            medians = [statistics.median(row[k] for row in times[1:]) for k in range(4)]
            result.append({"network": name, "level": level, "seconds": medians})
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", choices=("levels", *DURATIONS_MS), default=("levels", *DURATIONS_MS)
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found: dict[str, Any] = {"machine": machine(), "levels": [], "retime": []}
    print(described(found["machine"]) + f" Medians of {given.runs} alternating runs, 1 worker.\n")
    if "levels" in given.only:
        found["levels"] = levels(given.runs)
        print(markdown(("balanced network S, 1 s", "run s", "to none"), found["levels"]))
    found["retime"] = [
        row for name in DURATIONS_MS if name in given.only for row in retimed(name, given.runs)
    ]
    rows = []
    for row in found["retime"]:
        run_s, timing_s, whole_s, all_s = row["seconds"]
        ratios = (f"{run_s / timing_s:.1f}x", f"{whole_s / all_s:.1f}x")
        rows.append((row["network"], row["level"], *(figure(s) for s in row["seconds"]), *ratios))
    header = (
        "network",
        "level",
        "run s",
        "timing s",
        "run, whole s",
        "retime, whole s",
        "faster",
        "whole faster",
    )
    print(markdown(header, rows))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
