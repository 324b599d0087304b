"""spikemesh against SANA-FE, event by event: the same networks with the same constants on the same cores.

``sanafe.json`` holds what SANA-FE 2.2.9 found (``benchmarks/sanafe_record.py`` writes it). The comparison is explained
in ``docs/sanafe.md``.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.description.chip import ChipSpec, CoreSpec
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.system import System

FOLDER = Path(__file__).parent
RECORD = json.loads((FOLDER / "sanafe.json").read_text())
NETWORKS = list(RECORD["networks"])
PARTS = {
    "synapse": ("synaptic_event",),
    "soma": ("neuron_update", "neuron_idle", "spike"),
    "network": ("hop_x", "hop_y", "axon_in", "axon_out"),
}
"""SANA-FE's parts of the energy, and our terms."""


def system_for(network):
    chip = RECORD["chip"]
    costs = {
        kind: Cost(energy_pj=chip["energy_pj"][kind], latency_ns=ns, source="as in sanafe.json")
        for kind, ns in chip["latency_ns"].items()
    }
    table = tuple((tiles, ns) for tiles, ns in chip["barrier_tiles"])
    spec = ChipSpec(
        cores=chip["cores"],
        tile=chip["tile"],
        network="mesh",
        router="unicast",
        core=CoreSpec(neurons=network.get("neurons_per_core")),
        costs={
            "given": CostSet(**costs, barrier=Cost(energy_pj=0.0), barrier_tiles=table, phases="overlapped")
        },
    )
    return System(name="as in sanafe.json", chip=spec, chips=(1,), costs="given", regime="barrier")


def network_of(network):
    net = sm.Network(timestep=1.0, seed=1)
    parameters = {key: network[key] for key in ("threshold", "leak_decay", "reset")}
    size = len(network["bias"])
    neurons = net.add_population("neurons", size, "sanafe_lif", bias=np.array(network["bias"]), **parameters)
    source, target, weight = (np.array(column) for column in zip(*network["connections"], strict=True))
    net.connect(neurons, neurons, sources=source, targets=target, weight=weight, delay=1.0)
    net.probe(neurons, "spikes")
    net.probe(neurons, "v")
    return net


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """``runs(name, links)``: the trace of a network at a level of links."""
    sm.load_plugin(FOLDER / "sanafe_lif.py")
    folder, made = tmp_path_factory.mktemp("sanafe"), {}

    def run(name, links):
        if (name, links) not in made:
            network = RECORD["networks"][name]
            cores = "fewest" if "neurons_per_core" in network else "all"
            made[name, links] = sm.run(
                network_of(network), system_for(network), float(network["steps"]), backend="local", links=links,
                out=folder / f"{name}-{links}.h5", settings=sm.RunSettings(bin_steps=1),
                mapping=sm.MappingSettings(partition="linear", cores=cores),
            ).trace  # fmt: skip
        return made[name, links]

    yield run
    for trace in made.values():
        trace.close()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_neurons_are_on_the_same_cores_and_spike_in_the_same_steps(runs, name):
    network, result, trace = RECORD["networks"][name], RECORD["results"][name], runs(name, "none")
    assert trace.placement("neurons").tolist() == network["core"]
    spikes = trace.spikes("neurons")
    found = [[] for _ in range(network["steps"])]
    for time, neuron in zip(spikes.times_ms, spikes.neurons, strict=True):
        found[round(time) - 1].append(int(neuron))
    assert sum(map(len, found)) > network["steps"]
    assert [sorted(step) for step in found] == result["spikes"]
    potentials = trace.probe("neurons", "v").values[:, : len(result["potentials"][0])]
    assert potentials.tolist() == result["potentials"]


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_of_events_are_identical_step_by_step(runs, name):
    # Where links take no time, nobody counts hops.
    result, trace = RECORD["results"][name], runs(name, "packet")
    counters = {
        "updated": "core_updates", "messages": "core_packets_out", "synaptic_events": "core_synaptic_events",
        "hops_x": "chip_hops_x", "hops_y": "chip_hops_y",
    }  # fmt: skip
    for theirs, ours in counters.items():
        assert np.sum(trace.counts(ours), axis=1).tolist() == result[theirs], ours
    assert np.sum(trace.counts("core_packets_in"), axis=1).tolist() == result["messages"]
    assert np.sum(trace.counts("core_packets_out"), axis=0).tolist() == result["sent_by_core"]
    assert np.sum(trace.counts("core_packets_in"), axis=0).tolist() == result["received_by_core"]


@pytest.mark.parametrize("name", NETWORKS)
def test_energy_is_the_same_part_by_part(runs, name):
    result, trace = RECORD["results"][name], runs(name, "packet")
    energy = trace.energy()["energy_pj"]
    for part, kinds in PARTS.items():
        expected = 1e12 * sum(result["energy_j"][part])
        assert expected > 0
        assert sum(energy[kind] for kind in kinds) == pytest.approx(expected, rel=1e-9), part
    dynamic = sum(energy[kind] for kinds in PARTS.values() for kind in kinds)
    assert dynamic == pytest.approx(1e12 * sum(result["energy_j"]["total"]), rel=1e-9)
    assert sum(result["energy_j"]["dendrite"]) == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_step_times_are_those_of_simple_timing_without_links(runs, name):
    steps = runs(name, "none").per_step("step_time_ps").tolist()
    assert steps == [round(1e12 * s) for s in RECORD["results"][name]["simple_s"]]
    assert 1e12 * np.array(RECORD["results"][name]["simple_s"]) == pytest.approx(steps, rel=1e-9)
    assert len(set(steps)) > 1


def test_packets_that_never_meet_take_the_time_of_detailed_timing(runs):
    """In a chain each core sends one packet a step; ours is slower by 1 ps for each channel of unknown service."""
    steps = runs("chain", "packet").per_step("step_time_ps")
    apart = steps - np.rint(1e12 * np.array(RECORD["results"]["chain"]["detailed_s"])).astype(np.int64)
    assert (apart >= 0).all()
    assert (apart <= 6).all()
    assert apart.any()


@pytest.mark.parametrize("name", NETWORKS)
def test_where_packets_meet_the_models_of_packets_stay_close(runs, name):
    """Within 2 % over a run; ``docs/sanafe.md`` says what the difference is made of."""
    ours = int(runs(name, "packet").per_step("step_time_ps").sum())
    assert ours == pytest.approx(1e12 * sum(RECORD["results"][name]["detailed_s"]), rel=0.02)
