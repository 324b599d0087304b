"""Small networks with one plastic projection."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.known_answers import SynapseAnswer
from spikemesh.contracts.learning import LearningRule
from spikemesh.description.builder import Network, rule
from spikemesh.ids import FloatArray
from spikemesh.testing.checks import Skipped
from spikemesh.testing.memory_run import Recorded, bound, run_in_memory
from spikemesh.testing.neuron_network import places_for
from spikemesh.testing.neuron_trial import lively
from spikemesh.testing.subjects import Subject
from spikemesh.testing.values import timestep_for, usual_values

PRE, POST, STEPS = 8, 10, 400
DT = 0.5
PREFERRED = ("lif_psc_exp", "adex", "alif")
"""Models of the post-synaptic neurons, the first that has what the rule reads."""


class Plastic:
    """A network in which a rule is at work: random trains, recurrent with it, and a third factor.

    Parameters
    ----------
    subject
        The rule.
    pre, post, steps
        Neurons on either side, and steps of a run.
    """

    def __init__(self, subject: Subject, pre: int = PRE, post: int = POST, steps: int = STEPS) -> None:
        self.subject, self.pre, self.post, self.steps = subject, pre, post, steps
        self.rule: type[LearningRule] = subject.item
        self.values = usual_values(self.rule, ("w_max",))

    @cached_property
    def model(self) -> tuple[str, float]:
        """Name of the post-synaptic model, and a weight under which it spikes."""
        models = self.subject.registry.neuron_models.items
        needed = {*self.rule.reads, *(t.of for t in self.rule.post.values() if t.of)}
        names = [*(n for n in PREFERRED if n in models), *sorted(models)]
        for name in names:
            model = models[name]
            if needed <= set(model.state) and not model.source and model.arithmetic == "float64":
                values = usual_values(model)
                return name, lively(model, values, timestep_for(model, values))[0]
        raise Skipped(f"no neuron model has the state that the rule reads: {', '.join(sorted(needed))}")

    @property
    def w_max(self) -> float:
        """Largest weight."""
        return self.model[1]

    @cached_property
    def initial(self) -> FloatArray:
        """Initial weights, from source to source."""
        random = np.random.default_rng(2)
        return np.asarray(self.w_max * (0.2 + 0.6 * random.random(self.pre * self.post)))

    @cached_property
    def network(self) -> BoundNetwork:
        """The network."""
        return bound(self._described(), self.subject.registry)

    @cached_property
    def one(self) -> Recorded:
        """What it does on one chip."""
        return run_in_memory(self.network, self.subject.registry, self.steps, weights=["plastic"])

    def _described(self) -> Network:
        random = np.random.default_rng(4)
        net = Network(timestep=DT, seed=9)
        trains = [DT * (1 + np.flatnonzero(random.random(self.steps - 1) < 0.1)) for _ in range(self.pre)]
        source = net.add_population("in", self.pre, "spike_source", times=trains)
        other = [DT * (1 + np.flatnonzero(random.random(self.steps - 1) < 0.1)) for _ in range(self.post)]
        teacher = net.add_population("teacher", self.post, "spike_source", times=other)
        target = net.add_population("out", self.post, self.model[0])
        at = np.arange(self.pre * self.post)
        third = {
            "third_times": DT * np.array([40.0, 60.0, 200.0, 201.0]),
            "third_values": np.array([1.0, 0.0, -0.5, 0.0]),
        }
        given = {
            k: self.values[k] for k, p in self.rule.parameters.items() if p.default is None and k != "w_max"
        }
        given |= self.rule.example
        net.connect(
            source, target, sources=at // self.post, targets=at % self.post, weight=self.initial,
            delay=DT * random.integers(1, 5, at.size), name="plastic",
            learning=rule(self.rule.name, w_max=self.w_max, **given, **third),
        )  # fmt: skip
        net.connect(teacher, target, "one_to_one", weight=20.0 * self.w_max, delay=DT)
        net.probe(source, "spikes")
        net.probe(target, "spikes")
        return net


def check_rule_placement(plastic: Plastic) -> str:
    """Run the network on one chip and on several, and compare all spikes and weights."""
    one, places, registry = plastic.one, places_for(plastic.subject), plastic.subject.registry
    for place in places:
        other = run_in_memory(plastic.network, registry, plastic.steps, weights=["plastic"], **place)
        differs = one.differs(other)
        assert not differs, f"on {place} other than on one chip: {differs}"
    posts = len(one.spikes["out"])
    assert posts, "the post-synaptic neurons never spiked, so that nothing is shown"
    return f"{1 + len(places)} placements, {posts} post-synaptic spikes"


def events_per_s(plastic: Plastic) -> str:
    """Say how many synapses a second are visited by spikes."""
    large = Plastic(plastic.subject, 100, 400, 300)
    events = large.one.synaptic_events + large.pre * len(large.one.spikes["out"])
    rate = 1e-6 * events / max(large.one.seconds, 1e-9)
    return f"{rate:.1f} million events/s ({events:,} synapses visited by spikes)"


def weight_after(subject: Subject, answer: SynapseAnswer) -> float:
    """Return the weight of one synapse after the spikes of a known answer.

    The post-synaptic neuron is one that passes on what arrives, so that its spikes are those given.
    """
    if subject.item.reads:
        raise Skipped("answers of rules that read the neuron's state cannot be asked of a synapse alone")
    net = Network(timestep=answer.dt, seed=1)
    # Sent one step before, over a delay of one step; a spike at tick 1 would have been sent at 0.
    assert min((*answer.pre, *answer.post), default=2) >= 2, "spikes of an answer come at tick 2 or later"
    sent = net.add_population("in", 1, "spike_source", times=[answer.dt * (np.array(answer.pre) - 1.0)])
    forced = net.add_population(
        "teacher", 1, "spike_source", times=[answer.dt * (np.array(answer.post) - 1.0)]
    )
    target = net.add_population("out", 1, "iaf", v_th=1e6, reset="zero")
    given: dict[str, Any] = dict(answer.params)
    if answer.third:
        given["third_times"] = answer.dt * np.array(list(answer.third), dtype=np.float64)
        given["third_values"] = np.array(list(answer.third.values()), dtype=np.float64)
    net.connect(
        sent, target, "one_to_one", weight=answer.weight, delay=answer.dt, name="plastic",
        learning=rule(subject.name, w_max=answer.w_max, **given),
    )  # fmt: skip
    net.connect(forced, target, "one_to_one", weight=2e6, delay=answer.dt)
    net.probe(target, "spikes")
    run = run_in_memory(bound(net, subject.registry), subject.registry, answer.steps, weights=["plastic"])
    assert [int(t) for t in run.spikes["out"][:, 0]] == sorted(answer.post)
    return float(run.weights["plastic"][0, 2])
