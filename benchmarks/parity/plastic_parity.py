"""Compare plastic synapses with NEST's, spike by spike and weight by weight: part of ``make parity``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from peer_run import compared, peer_arrays
from plastic import PLASTIC, TAU_SYN, W_MAX, plastic_arrays

import spikemesh as sm

WEIGHT, VOLTAGE = 1e-9, 1e-6
"""Allowed differences, of w_max and in mV: sums of weights here are whole units of 2^-k, there double precision."""


def ours(name: str) -> dict[str, Any]:
    """Run a network here; return spikes, potentials by step and cell, and weights by source and cell."""
    n, p = plastic_arrays(name), PLASTIC[name]
    net = sm.Network(timestep=n["timestep"])
    synaptic = {"tau_syn_ex": TAU_SYN, "tau_syn_in": TAU_SYN}
    cells = net.add_population("cells", n["cells"], "lif_psc_exp", **synaptic)
    for trains, table in (("sources", "plastic"), ("drives", "fixed")):
        times = [np.array(row) for row in n[trains]]
        group = net.add_population(trains, len(times), "spike_source", times=times)
        t = n[table]
        net.connect(
            group, cells, sources=t["source"], targets=t["target"], weight=t["weight"],
            delay=np.array(t["delay"]) * n["timestep"], name=table,
            learning=sm.rule(p.rule, **p.params) if table == "plastic" else None,
        )  # fmt: skip
    net.probe(cells, "spikes", "v")
    with sm.Simulation(net, backend="local", workers=1) as simulation:
        simulation.run(n["duration"])
        source, target, weight = simulation.weights("plastic")
        trace = simulation.close().trace
    spikes = trace.spikes("cells")
    return {
        "ticks": spikes.ticks.astype(np.int64), "neurons": spikes.neurons.astype(np.int64),
        "v": trace.probe("cells", "v").values, "source": source, "target": target, "weight": weight,
    }  # fmt: skip


def compare(name: str, python: Path, folder: Path) -> tuple[str, bool]:
    """Run a network on both sides; return a line of the table and whether they agree."""
    p = PLASTIC[name]
    here, there = ours(name), peer_arrays(python, "plastic_nest.py", json.dumps(plastic_arrays(name)), folder)
    trains = [
        sorted(zip(side["ticks"].tolist(), side["neurons"].tolist(), strict=True)) for side in (here, there)
    ]
    same = trains[0] == trains[1]
    rows = min(here["v"].shape[0], there["v"].shape[0])
    voltage = float(np.abs(here["v"][:rows] - there["v"][:rows]).max())
    ordered = [side["weight"][np.lexsort((side["source"], side["target"]))] for side in (here, there)]
    weight = float(np.abs(ordered[0] - ordered[1]).max()) / W_MAX
    n = plastic_arrays(name)["plastic"]
    begun = np.array(n["weight"])[np.lexsort((n["source"], n["target"]))]
    moved = float(np.abs(ordered[0] - begun).mean()) / W_MAX
    good = same and voltage <= VOLTAGE and len(trains[0]) > 100
    good = good and (weight <= WEIGHT and moved > 0.05 if p.changes else True)
    seen = (
        f"{weight:.1g} of w_max (<= {WEIGHT:g}), moved by {moved:.2f} on average"
        if p.changes
        else "do not change"
    )
    line = f"| {name} | {p.nest_model} | {len(trains[0])} | {len(trains[1])} | {'all' if same else 'NOT ALL'} | {seen} "
    return line + f"| {voltage:.1g} (<= {VOLTAGE:g}) | {'agrees' if good else 'DIFFERS'} | {p.why} |", good


def main() -> int:
    header = "| rule | NEST | spikes here | there | alike | weights | potential, mV | | why |"
    return compared("nest", header, PLASTIC, compare)


if __name__ == "__main__":
    raise SystemExit(main())
