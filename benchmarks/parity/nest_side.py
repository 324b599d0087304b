"""NEST's side: ``nest_side.py NETWORK.json RESULT.npz`` runs a network of :mod:`explicit` and keeps what it did."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nest
import numpy as np


def main(network: str, result: str) -> None:
    n = json.loads(Path(network).read_text())
    p, h = n["network"], n["timestep"]
    nest.set_verbosity("M_ERROR")
    nest.resolution = h
    cells = nest.Create(p["nest_model"], n["neurons"], params=p["nest_params"])
    cells.V_m = [
        -65.0 if p["model"] == "hodgkin_huxley" else -70.0 + 0.1 * (k % 50) for k in range(n["neurons"])
    ]
    sources = nest.Create("spike_generator", len(n["times"]))
    # A generator reaches a neuron through a parrot, which takes one step; the generator's spikes are that much earlier.
    relays = nest.Create("parrot_neuron", len(n["times"]))
    for source, times in zip(sources, n["times"], strict=True):
        source.set(spike_times=[round(t - h, 6) for t in times])
    nest.Connect(sources, relays, "one_to_one", {"delay": h})
    for group, table in ((relays, n["input"]), (cells, n["recurrent"])):
        ids = np.array(group.tolist())
        targets = np.array(cells.tolist())
        nest.Connect(
            ids[table["source"]], targets[table["target"]], "one_to_one",
            {
                "synapse_model": "static_synapse",
                "weight": np.array(table["weight"]),
                "delay": np.array(table["delay"]) * h,
            },
        )  # fmt: skip
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(cells, recorder)
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": h})
    nest.Connect(meter, cells)
    nest.Simulate(n["duration"])
    events, seen = recorder.events, meter.events
    order = np.lexsort((seen["senders"], np.rint(np.asarray(seen["times"]) / h)))
    np.savez(
        result,
        ticks=np.asarray(events["times"], dtype=np.int64),
        neurons=np.asarray(events["senders"], dtype=np.int64) - int(cells.tolist()[0]),
        v=np.asarray(seen["V_m"])[order].reshape(-1, n["neurons"]),
        version=nest.__version__,
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
