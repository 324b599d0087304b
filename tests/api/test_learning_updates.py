"""Updates of plastic synapses by core, against a rule that counts its own in the weight."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.contracts import LearningRule, Parameter, Visit
from spikemesh.engine.learning_updates import ThirdFactor, Visits
from spikemesh.registry import load_registry
from spikemesh.registry.bind import bind

STEPS, SOURCES, TARGETS, START = 90, 12, 20, 1.0


class OnSpikes(LearningRule):
    """Adds 1 to the weight at every spike of either side."""

    name = "counts_spikes"
    parameters = {"w_max": Parameter(1e4)}

    def constants(p, dt):
        return {}

    def on_pre(w, s, c, pre, post, third):
        return w + 1.0, ()

    def on_post(w, s, c, pre, post, third):
        return w + 1.0, ()


class OnVisits(LearningRule):
    """Adds 1 after every spike of the neuron, in every step, and at two slower clocks."""

    name = "counts_visits"
    parameters = {"w_max": Parameter(1e4)}
    visits = {"slow": Visit("seven", (), on_third=True), "slower": Visit("nine", ()), "never": Visit("none")}

    def constants(p, dt):
        return {"seven": 7.0, "nine": 9.0, "none": 0.0}

    def on_post(w, s, c, pre, post, third):
        return w + 1.0, ()

    def on_step(w, s, c, pre, post, third):
        return w + 1.0, ()

    def slow(w, s, c, pre, post, third, steps):
        return w + 1.0, ()

    def slower(w, s, c, pre, post, third, steps):
        return w + 1.0, ()

    def never(w, s, c, pre, post, third, steps):
        return w + 1.0, ()


REWARDS = {"third_population": "force", "third_delay": 3.0, "third_gain": -1.0}


def network(*rules, **third):
    """Sources onto neurons that are made to fire; their spikes end in time to arrive before the run does."""
    net = sm.Network(timestep="1 ms", seed=4)
    early = [np.arange(k + 1.0, STEPS - 15, 5 + k) for k in range(SOURCES)]
    source = net.add_population("in", SOURCES, "spike_source", times=early)
    times = [np.arange(3.0 + k, STEPS - 15, 6 + k % 5) for k in range(TARGETS)]
    force = net.add_population("force", TARGETS, "spike_source", times=times)
    out = net.add_population("out", TARGETS, "iaf", v_th=1e6)
    net.connect(force, out, "one_to_one", weight=1e6)
    for k, _ in enumerate(rules):
        learning = sm.rule(
            "stdp_pair", third_times=[20.0, 24.0, 40.0, 41.0], third_values=[0.5, 0.0, 1.0, 0.0], **third
        )
        net.connect(
            source, out, "fixed_probability", p=0.4, weight=START, delay=sm.uniform(1.0, 6.0),
            learning=learning, name=f"plastic{k}",
        )  # fmt: skip
        net.probe(f"plastic{k}", "weights")
    for population in (source, force, out):
        net.probe(population, "spikes")
    bound = bind(net.describe(), load_registry())
    projections = list(bound.projections)
    for k, rule in enumerate(rules):
        old = projections[1 + k]
        constants = rule.constants(None, 1.0)
        learning = replace(old.learning, rule=rule, parameters={"w_max": 1e4}, constants=constants)
        projections[1 + k] = replace(old, learning=learning)
    return replace(bound, projections=tuple(projections))


def loihi(chips):
    system = sm.System.preset("loihi", chips=chips)
    return system.model_copy(
        update={"chip": system.chip.model_copy(update={"cores": (4, 1), "tile": (1, 1)})}
    )


def run(net, path, system=None, **settings):
    settings = sm.RunSettings(**{"backend": "local", "workers": 1, "bin_steps": 10, **settings})
    mapping = sm.MappingSettings(cores="all")
    sm.run(net, system or loihi((2, 1)), STEPS, out=path, settings=settings, mapping=mapping)
    return sm.open_trace(path)


@pytest.mark.parametrize(
    ("rules", "third"),
    [
        ((OnSpikes,), {}),
        ((OnVisits,), {}),
        ((OnSpikes, OnVisits), {}),
        ((OnVisits,), REWARDS),
        ((OnVisits, OnVisits), {**REWARDS, "third_tau": 0.1}),
    ],
)
def test_the_counter_is_what_the_weights_counted(rules, third, tmp_path):
    with run(network(*rules, **third), tmp_path / "run.h5") as trace:
        counted = trace.counts("core_learning_updates")
        home = trace.placement("out")
        expected = np.zeros(len(trace.core_names))
        for k in range(len(rules)):
            weights = trace.weights(f"plastic{k}")
            np.add.at(expected, home[weights.target], weights.weight - START)
        energy = trace.energy().loc["learning_update"]
    assert counted.sum(axis=0).tolist() == expected.tolist()
    assert np.count_nonzero(expected) >= 4
    # 120 pJ a synapse (Davies et al. 2018, Table 2: synaptic update, pairwise STDP).
    assert energy["count"] == expected.sum()
    assert energy["energy_pj"] == pytest.approx(120.0 * expected.sum())


def test_updates_are_counted_in_the_bin_of_the_spike_that_causes_them(tmp_path):
    with run(network(OnSpikes), tmp_path / "run.h5") as trace:
        counted, home, weights = (
            trace.counts("core_learning_updates"),
            trace.placement("out"),
            trace.weights("plastic0"),
        )
        expected = np.zeros_like(counted)
        for side, population in ((weights.source, "in"), (weights.target, "out")):
            spikes = trace.spikes(population)
            for tick, neuron in zip(spikes.ticks.astype(int), spikes.neurons.astype(int), strict=True):
                mine = weights.target[side == neuron]
                np.add.at(expected[(tick - 1) // 10], home[mine], 1)
    assert np.array_equal(counted, expected)


def test_counts_are_the_same_for_all_workers_and_for_a_recorded_run(tmp_path):
    net, digests = network(OnSpikes, OnVisits, **REWARDS), set()
    for workers in (1, 2, 4):
        with run(net, tmp_path / f"{workers}.h5", workers=workers, actors="core") as trace:
            digests.add(trace.digest()["hardware"])
    recorded = tmp_path / "ideal.h5"
    run(net, recorded, sm.System.preset("ideal", chips=3), activity=True).close()
    settings, mapping = sm.RunSettings(bin_steps=10), sm.MappingSettings(cores="all")
    result = sm.retime(
        recorded, loihi((2, 1)), network=net, settings=settings, mapping=mapping, out=tmp_path / "retimed.h5"
    )
    digests.add(result.summary["digest"]["hardware"])
    assert len(digests) == 1


def test_a_network_that_does_not_learn_has_no_such_counter(tmp_path):
    with run(network(), tmp_path / "run.h5") as trace:
        assert "core_learning_updates" not in trace.counters
        assert trace.energy().loc["learning_update", "energy_pj"] == 0.0


def naive_runs(visits, until):
    """Run step by step, as the compiled loop does."""
    found, last = [], 0
    changes = {1: 1.0, 4: 0.0, 10: 0.5, 14: 2.0, 15: 0.0, 21: 1.0}
    third = 0.0
    for tick in range(1, until + 1):
        third = changes.get(tick, third)
        runs = 0
        if visits.on_third and third != 0.0 and tick - 1 - last > 0:
            runs, last = 1, tick - 1
        if tick % visits.every == 0 or (visits.on_third and third != 0.0):
            runs, last = runs + 1, tick
        found.append(runs)
    return found


@pytest.mark.parametrize("on_third", [False, True])
@pytest.mark.parametrize("every", [1, 2, 7, 1000])
def test_runs_in_pieces_of_any_length(on_third, every):
    ticks, values = np.array([0, 3, 9, 13, 14, 20]), np.array([1.0, 0.0, 0.5, 2.0, 0.0, 1.0])
    third, nobody = ThirdFactor(ticks, values), np.zeros(0, dtype=np.int64)
    visits = Visits(every, on_third, third, np.zeros(1, dtype=np.int64))
    expected = naive_runs(visits, 60)

    def runs(first, until):
        return visits.runs(first, until, third.between(first, until, nobody, nobody)).tolist()

    assert runs(0, 60) == expected
    edges = [0, 1, 4, 9, 10, 14, 15, 21, 44, 60]
    pieces = [runs(a, b) for a, b in pairwise(edges)]
    assert list(chain(*pieces)) == expected
