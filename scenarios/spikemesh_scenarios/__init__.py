"""Shipped scenarios: each a folder with a question, the expected answer and its source."""

from __future__ import annotations

from pathlib import Path

from spikemesh.contracts import ScenarioFolder, hookimpl

SUMMARIES = {
    "balanced_two_chip": "Balanced random network of 10 million synapses cut over two chips",
    "continual_digits": "Digits learned class after class by synapses of few levels, with and without a hierarchy",
    "digits_inference": "Handwritten digits classified by a converted network on four chips",
    "digits_stdp": "Handwritten digits learned without labels by competing neurons, after Diehl and Cook",
    "dynapse_ring": "Spike going round a ring of DYNAP-SE2 chips, whose latencies add up exactly",
    "hfo_detection": "Fast oscillations in synthetic intracranial EEG, found by 256 neurons of a DYNAP-SE2 chip",
    "knn_pohoiki": "Nearest neighbours among 76,800 patterns on 32 Loihi chips, and what a query costs",
    "loihi_congestion": "Rate-coded traffic over the link between two Loihi chips, and what cures its congestion",
    "memory_capacity": "How long five kinds of synapses remember patterns stored one a step, to an ideal observer",
    "microcircuit": "Cortical microcircuit of 77,169 neurons and 299 million synapses on two chips",
    "mismatch_population": "Neurons of DYNAP-SE2 that differ by 20 %, averaged over populations of up to 256",
    "nofm_memory": "Associative memory of N-of-M codes on spiking neurons, filled until recall fails as predicted",
    "odin_power": "ODIN's crossbar of 256 neurons kept busy at two clocks, and the power it takes",
    "rstdp_bandit": "Bandit with four arms, learned by reward-modulated STDP whose reward is decided by spikes",
    "speck_cnn": "Convolutional network on Speck that tells in which direction a bar moves",
    "spinnaker_microcircuit": "Cortical microcircuit, scaled, on a SpiNN-5 board at fifty times real time",
    "stdp_pairs": "Pairing protocol whose weight changes are known in closed form",
    "synfire_ring": "Spike packet going round a ring of eight chips in a lap time known exactly",
    "truenorth_power": "Recurrent network whose activity and power follow TrueNorth's published sweep",
}
"""Names of the scenarios and one line about each."""


@hookimpl
def spikemesh_scenarios() -> list[ScenarioFolder]:
    """Return the folders beside this file."""
    here = Path(__file__).parent
    return [ScenarioFolder(name, here / name, summary) for name, summary in SUMMARIES.items()]
