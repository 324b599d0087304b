"""Compare ``loihi_cuba`` with Lava's bit-accurate neuron, bit by bit: part of ``make parity``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from lava_networks import CELLS, LAVA, SOURCES, STEPS, lava_arrays
from peer_run import compared, peer_arrays

import spikemesh as sm


def ours(name: str) -> dict[str, Any]:
    """Run a network here; return spikes by cell and step, and the last current and voltage."""
    n, p = lava_arrays(name), LAVA[name]
    net = sm.Network(timestep=1.0)
    trains = [(np.flatnonzero(row) + 1.0).tolist() for row in n["spikes"]]
    source = net.add_population("source", SOURCES, "spike_source", times=trains)
    cells = net.add_population(
        "cells", CELLS, "loihi_cuba", du=p.du, dv=p.dv, vth=p.vth, bias_mant=n["bias"], bias_exp=p.bias_exp,
        lava_compat=True,
    )  # fmt: skip
    for group, table in ((source, "input"), (cells, "recurrent")):
        weight = np.array(n[table])
        target, origin = np.nonzero(weight)
        arguments = {name: getattr(p, name) for name in ("weight_exp", "num_weight_bits", "sign_mode")}
        net.connect(
            group, cells, sources=origin, targets=target, weight=weight[target, origin],
            delay=np.array(n[f"{table}_delay"])[target, origin].astype(float), **arguments,
        )  # fmt: skip
    net.probe(cells, "spikes", "u", "v")
    with sm.Simulation(net, backend="local", workers=1) as simulation:
        simulation.run(float(STEPS))
        trace = simulation.close().trace
    found = trace.spikes("cells")
    spikes = np.zeros((CELLS, STEPS), dtype=bool)
    spikes[found.neurons, found.ticks - 1] = True
    return {"spikes": spikes, **{state: trace.probe("cells", state).values[-1] for state in ("u", "v")}}


def compare(name: str, python: Path, folder: Path) -> tuple[str, bool]:
    """Run a network on both sides; return a line of the table and whether they agree to the bit."""
    here, there = ours(name), peer_arrays(python, "lava_side.py", json.dumps(lava_arrays(name)), folder)
    differ = {key: int(np.count_nonzero(here[key] != there[key].reshape(here[key].shape))) for key in here}
    counts = int(here["spikes"].sum()), int(np.count_nonzero(there["spikes"]))
    good = not any(differ.values()) and counts[0] > 100
    words = ", ".join(f"{number} {key}" for key, number in differ.items())
    return f"| {name} | {counts[0]} | {counts[1]} | {words} | {'agrees' if good else 'DIFFERS'} |", good


def main() -> int:
    return compared("lava", "| network | spikes here | there | values that differ | |", LAVA, compare)


if __name__ == "__main__":
    raise SystemExit(main())
