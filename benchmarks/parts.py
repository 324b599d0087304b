"""Where the time goes: the 10-million-synapse network with parts of it taken away.

    python benchmarks/parts.py [--runs 5] [--workers 1] [--json FILE] [--markdown FILE]

Neurons that never reach the threshold show the cost of updates, alone and with the Poisson drive; what
spikes add to that is delivery, next to the plain loop over as many synapses, measured in between.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from limit import million_per_s, scatter
from machine import described, machine
from scaling import measured
from table import figure, markdown

DURATION_MS = 500.0
CASES: dict[str, dict[str, Any]] = {
    "all": {},
    "all, not recorded": {"recorded": False},
    "no spikes": {"silent": True},
    "no spikes, no drive": {"silent": True, "poisson": False},
    "no spikes, no drive, plugin": {"silent": True, "poisson": False, "plugin": True},
    "all, with STDP": {"stdp": True},
}


def parts(
    seconds: dict[str, float], events: float, per_s: float, stdp_events: float
) -> list[tuple[str, float, str]]:
    """Return the parts as (name, seconds per model second, remark) from the medians of the cases.

    Parameters
    ----------
    seconds
        Seconds per model second of each case.
    events, stdp_events
        Synaptic events per model second, without and with learning.
    per_s
        Events per second of the plain loop.
    """
    update, drive = seconds["no spikes, no drive"], seconds["no spikes"] - seconds["no spikes, no drive"]
    plugin = seconds["no spikes, no drive, plugin"]
    recording = seconds["all"] - seconds["all, not recorded"]
    delivery = seconds["all, not recorded"] - seconds["no spikes"]
    share = events / per_s / delivery
    learning = seconds["all, with STDP"] - seconds["all"]
    return [
        ("neuron updates", update, f"{update / 1e8 * 1e9:.2f} ns per neuron and step"),
        ("the same by a plugin of one file", plugin, f"{plugin / update:.2f} times the built-in"),
        ("Poisson drive", drive, f"{drive / 8.5e7 * 1e9:.2f} ns per external spike"),
        (
            "delivery of spikes",
            delivery,
            f"{events / delivery / 1e6:,.0f} M events/s, {share:.0%} of the plain loop",
        ),
        ("recording spikes", recording, ""),
        ("all", seconds["all"], f"{events / seconds['all'] / 1e6:,.0f} M events/s"),
        (
            "STDP on 64 % of the synapses, added",
            learning,
            f"{stdp_events / seconds['all, with STDP'] / 1e6:,.0f} M events/s in all",
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    loop, loop_events = scatter()
    limits, times = [], {name: [] for name in CASES}
    events: dict[str, float] = {}
    for run in range(given.runs):
        limits.append(million_per_s(loop, loop_events, 3)[0] * 1e6)
        for name, case in CASES.items():
            found = measured({**case, "workers": given.workers, "chips": given.workers}, DURATION_MS, 1)
            times[name].append(found["sim_s"] / DURATION_MS * 1e3)
            events[name] = found["synaptic_events"] / DURATION_MS * 1e3
        print(f"run {run + 1} of {given.runs}", file=sys.stderr, flush=True)
    seconds = {name: statistics.median(values) for name, values in times.items()}
    per_s = statistics.median(limits)
    rows = parts(seconds, events["all"], per_s, events["all, with STDP"])
    text = (
        f"{described(machine())} Medians of {given.runs} runs, {given.workers} worker(s); "
        f"plain loop {per_s / 1e6:,.0f} M events/s.\n\n"
        + markdown(
            ("part", "s per model s", ""), [(name, figure(value), remark) for name, value, remark in rows]
        )
    )
    print(text)
    document = {"machine": machine(), "plain_loop_per_s": per_s, "seconds": seconds, "events": events}
    if given.json:
        given.json.write_text(json.dumps(document, indent=2) + "\n")
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
