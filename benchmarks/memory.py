"""Speed and memory of synapses with a chain of beakers: one core, a million synapses, no spikes but the chain's steps.

Run: ``python benchmarks/memory.py [--side 1000] [--steps 100]``. The bytes of a synapse are those of its settings: a
weight and a double a state variable, and the synapse itself. About 13 more are allocated, whatever the settings.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tracemalloc

import spikemesh as sm

CASES = {
    "gbc, 8 beakers, every tick": ("gbc", {"beakers": 8, "stm": 3, "mtm": 3}),
    "gbc, 8 beakers, tiered": ("gbc", {"beakers": 8, "stm": 3, "mtm": 3, "clock": "tiered"}),
    "gbc, 4 beakers, every tick": ("gbc", {"beakers": 4}),
    "benna_fusi, 8 beakers of a byte": (
        "benna_fusi", {"beakers": 8, "quantise": "stochastic", "level": 1 / 127, "u_limit": 1.0},
    ),
}  # fmt: skip
TARGET, BY_TARGET = 2, 4
"""Bytes of a synapse's target among at most 65,536, and of its place in the list by target."""
LEAST = 5e6
"""Synapse updates a second that are wanted of the first case."""


def bytes_of_settings(beakers):
    """Return the bytes of a synapse: weight, initial weight and beakers as doubles, target, place by target."""
    return 8 * (2 + beakers) + TARGET + BY_TARGET


def measured(rule, params, side, steps):
    if side > 10:
        # What is compiled and imported belongs to no synapse.
        measured(rule, params, 10, 1)
    tracemalloc.start()
    net = sm.Network(timestep=1.0)
    pre = net.add_population("pre", side, "spike_source", times=[])
    post = net.add_population("post", side, "iaf", v_th=1e9)
    net.connect(pre, post, "all_to_all", weight=0.5, learning=sm.rule(rule, w_max=1.0, **params), name="m")
    with sm.Simulation(net, backend="local", workers=1) as simulation:
        simulation.run(1.0)
        allocated, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        begun = time.perf_counter()
        simulation.run(float(steps))
        taken = time.perf_counter() - begun
    synapses = side * side
    return {
        "updates_per_s": synapses * steps / taken,
        "bytes_per_synapse": allocated / synapses,
        "bytes_of_settings": bytes_of_settings(params["beakers"]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {name: measured(*case, arguments.side, arguments.steps) for name, case in CASES.items()}
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        for name, row in found.items():
            print(
                f"{name:34} {row['updates_per_s'] / 1e6:8.1f} million updates/s  "
                f"{row['bytes_per_synapse']:6.1f} bytes/synapse ({row['bytes_of_settings']} by settings)"
            )
    first = next(iter(found.values()))
    return 0 if first["updates_per_s"] >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
