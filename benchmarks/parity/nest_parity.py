"""Compare spikes and potentials with NEST, network by network: ``make parity``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from explicit import NETWORKS, arrays
from peer_run import compared, peer_arrays

import spikemesh as sm


def ours(name: str, folder: Path) -> tuple[Any, Any, Any]:
    """Run a network here; return ticks and neurons of spikes, and potentials by step and neuron."""
    n = arrays(name)
    p = NETWORKS[name]
    net = sm.Network(timestep=n["timestep"])
    times = [np.array(row) for row in n["times"]]
    sources = net.add_population("sources", len(times), "spike_source", times=times)
    start = -65.0 if name == "hodgkin_huxley" else -70.0 + 0.1 * (np.arange(n["neurons"]) % 50)
    cells = net.add_population("cells", n["neurons"], p.model, init={"v": start}, **p.params)
    for group, table in ((sources, n["input"]), (cells, n["recurrent"])):
        net.connect(
            group, cells, sources=table["source"], targets=table["target"], weight=table["weight"],
            delay=np.array(table["delay"]) * n["timestep"],
        )  # fmt: skip
    net.probe(cells, "spikes", "v")
    out = folder / f"{name}.h5"
    sm.run(net, sm.System.preset("ideal", chips=1), n["duration"], out=out, backend="local", workers=1)
    trace = sm.open_trace(out)
    spikes = trace.spikes("cells")
    return spikes.ticks.astype(np.int64), spikes.neurons.astype(np.int64), trace.probe("cells", "v").values


def alone(mine: Any, theirs: Any, neurons: int, steps: int) -> tuple[int, int | None]:
    """Return how many spikes of either side have no partner within ``steps``, and the first tick of one."""
    without: list[int] = []
    for neuron in range(neurons):
        a, b = (np.sort(ticks[who == neuron]) for ticks, who in (mine, theirs))
        for these, those in ((a, b), (b, a)):
            padded = np.concatenate([[-(2**40)], those, [2**40]])
            at = np.searchsorted(padded, these)
            gap = np.minimum(padded[at] - these, these - padded[at - 1])
            without += these[gap > steps].tolist()
    return len(without), min(without, default=None)


def compare(name: str, python: Path, folder: Path) -> tuple[str, bool]:
    """Run a network on both sides; return a line of the table and whether they agree."""
    p = NETWORKS[name]
    theirs = peer_arrays(python, "nest_side.py", json.dumps(arrays(name)), folder)
    ticks, neurons, v = ours(name, folder)
    pair = (ticks, neurons), (theirs["ticks"], theirs["neurons"])
    single, _ = alone(*pair, v.shape[1], p.steps)
    # Where spikes may differ by a step, potentials say something up to the first that does.
    _, first = alone(*pair, v.shape[1], 0)
    rows = min(v.shape[0], theirs["v"].shape[0], v.shape[0] if first is None else first - 1)
    here, there = v[:rows], theirs["v"][:rows]
    seen = float(np.abs(here - there)[np.maximum(here, there) < p.below].max(initial=0.0))
    both = ticks.size + theirs["ticks"].size
    good = single <= p.alone * both and seen <= p.voltage and theirs["ticks"].size > 100
    where = "none" if first is None else f"{first * p.timestep:.2f} ms"
    line = f"| {name} | {p.nest_model} | {ticks.size} | {theirs['ticks'].size} | {where} "
    line += f"| {single} of {both} beyond {p.steps} steps (<= {p.alone:.0%}) | {seen:.2g} (<= {p.voltage:g}) "
    return line + f"| {'agrees' if good else 'DIFFERS'} | {p.why} |", good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    header = (
        "| model | NEST | spikes here | there | first difference | spikes apart | potential, mV | | why |"
    )
    return compared("nest", header, parser.parse_args().only, compare)


if __name__ == "__main__":
    raise SystemExit(main())
