"""SANA-FE's side of a comparison event by event: ``sanafe_peer.py CASES.json RESULTS.json``.

The cases are a chip and networks as in :mod:`sanafe_networks`. For each network the results have, step by step, who
spiked, counts, energies by part in J and times in s by both of its timing models; and potentials of the first neurons.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sanafe_build import loaded

PARTS = ("synapse", "dendrite", "soma", "network", "total")
POTENTIALS = 12
"""Neurons whose potentials are kept."""


def run(chip: dict[str, Any], network: dict[str, Any]) -> dict[str, Any]:
    found = loaded(chip, network).sim(
        network["steps"], timing_model="simple", processing_threads=1, spike_trace=True, potential_trace=True,
        perf_trace=True, message_trace=True,
    )  # fmt: skip
    detailed = loaded(chip, network).sim(
        network["steps"], timing_model="detailed", processing_threads=1, perf_trace=True
    )
    per_step = found["perf_trace"]
    messages = [[m for m in step if not m["placeholder"]] for step in found["message_trace"]]
    return {
        "spikes": [sorted(address.neuron_offset for address in step) for step in found["spike_trace"]],
        "potentials": [step[:POTENTIALS] for step in found["potential_trace"]],
        "updated": per_step["updated"],
        "messages": [len(step) for step in messages],
        "synaptic_events": per_step["spikes"],
        "hops": per_step["hops"],
        "hops_x": [sum(abs(m["src_x"] - m["dest_x"]) for m in step) for step in messages],
        "hops_y": [sum(abs(m["src_y"] - m["dest_y"]) for m in step) for step in messages],
        "sent_by_core": _by_core(messages, "src", chip),
        "received_by_core": _by_core(messages, "dest", chip),
        "energy_j": {part: per_step[f"{part}_energy"] for part in PARTS},
        "simple_s": per_step["sim_time"],
        "detailed_s": detailed["perf_trace"]["sim_time"],
    }


def _by_core(messages: list[list[dict[str, Any]]], end: str, chip: dict[str, Any]) -> list[int]:
    """Return how many messages have each of our cores at this end."""
    width, height = chip["tile"]
    at = Counter(
        (m[f"{end}_y"] * height + m[f"{end}_core_offset"] // width) * chip["cores"][0]
        + m[f"{end}_x"] * width
        + m[f"{end}_core_offset"] % width
        for step in messages
        for m in step
    )
    return [at[core] for core in range(chip["cores"][0] * chip["cores"][1])]


def main() -> None:
    cases = json.loads(Path(sys.argv[1]).read_text())
    results = {name: run(cases["chip"], network) for name, network in cases["networks"].items()}
    Path(sys.argv[2]).write_text(json.dumps({"version": version("sanafe"), "results": results}))


if __name__ == "__main__":
    main()
