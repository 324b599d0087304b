"""NEST's side: ``plastic_nest.py NETWORK.json RESULT.npz`` runs a network of :mod:`plastic` and keeps what it did."""

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
    synaptic = {"tau_syn_ex": n["tau_syn"], "tau_syn_in": n["tau_syn"]}
    cells = nest.Create("iaf_psc_exp", n["cells"], params={**synaptic, **p["nest_neuron"]})
    nest.CopyModel(p["nest_model"], "plastic", p["nest_params"])
    for trains, table, model in (("sources", "plastic", "plastic"), ("drives", "fixed", "static_synapse")):
        # A generator reaches a neuron through a parrot, which takes one step; its own spikes are that much earlier.
        generators = nest.Create("spike_generator", len(n[trains]))
        relays = nest.Create("parrot_neuron", len(n[trains]))
        for generator, times in zip(generators, n[trains], strict=True):
            generator.set(spike_times=[round(t - h, 6) for t in times])
        nest.Connect(generators, relays, "one_to_one", {"delay": h})
        ids, targets = np.array(relays.tolist()), np.array(cells.tolist())
        t = n[table]
        nest.Connect(
            ids[t["source"]], targets[t["target"]], "one_to_one",
            {"synapse_model": model, "weight": np.array(t["weight"]), "delay": np.array(t["delay"]) * h},
        )  # fmt: skip
        if table == "plastic":
            first_source = int(ids[0])
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(cells, recorder)
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": h})
    nest.Connect(meter, cells)
    nest.Simulate(n["duration"])
    events, seen = recorder.events, meter.events
    first = int(cells.tolist()[0])
    order = np.lexsort((seen["senders"], np.rint(np.asarray(seen["times"]) / h)))
    found = nest.GetConnections(synapse_model="plastic").get(["source", "target", "weight"])
    np.savez(
        result,
        ticks=np.asarray(events["times"], dtype=np.int64),
        neurons=np.asarray(events["senders"], dtype=np.int64) - first,
        v=np.asarray(seen["V_m"])[order].reshape(-1, n["cells"]),
        source=np.asarray(found["source"]) - first_source,
        target=np.asarray(found["target"]) - first,
        weight=np.asarray(found["weight"]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
