"""A slow, readable simulator of whole networks, and a way to run the engine in this process."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.description.system import System
from spikemesh.engine.worker import Worker
from spikemesh.kernels import random as draws
from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.random import stream_key
from spikemesh.mapping.build import WorkerPlan, build_programs
from spikemesh.mapping.edges import edge_delays, edge_weights, edges_onto
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.scales import input_scales, stored_shift
from spikemesh.mapping.weights import signed_receptor
from spikemesh.registry import load_registry
from spikemesh.registry.bind import bind
from spikemesh.runtime.backend import rooms
from spikemesh.runtime.exchange_threads import ThreadMesh

philox = kernel(draws.philox.py_func)


@pytest.fixture(scope="session")
def registry():
    return load_registry()


class Naive:
    """Follows DESIGN's order of a step neuron by neuron and synapse by synapse, in Python objects."""

    def __init__(self, visit_clock, network, core_of=None, fate=None):
        self.network = network
        # (global neuron, tick, target core) -> steps that its packet is late, None if it is lost.
        self.core_of, self.fate = core_of, fate
        self.events = []  # (tick in which its packet arrives, target core) of static synapses that spikes reached
        self.clocks = [
            (p, visit_clock(p.learning.rule, p.learning.constants))
            for p in network.projections
            if p.learning is not None
        ]
        self.third = {}  # projection -> present value of the third factor
        self.third_given, self.third_level = defaultdict(float), defaultdict(float)
        self.rewards = defaultdict(int)  # (projection, tick) -> spikes that arrive to add to its third factor
        self.scales = input_scales(network)
        self.units = self.scales.units
        self.pending = defaultdict(lambda: defaultdict(int))  # tick -> (population, receptor, neuron) -> sum
        self.static = defaultdict(list)  # (population, neuron) -> [(delay, key, integer)]
        self.plastic = defaultdict(list)  # (population, neuron) -> [synapse]
        self.by_post = defaultdict(list)
        self.dendritic = defaultdict(list)  # tick -> synapses at which a post-synaptic spike acts
        self.arriving = defaultdict(list)
        self.spikes = defaultdict(list)
        self.state = [
            {k: np.broadcast_to(np.asarray(v), (p.size,)).copy() for k, v in p.initial.items()}
            for p in network.populations
        ]
        self.current = [np.zeros(p.size) for p in network.populations]
        self.synapses = []
        for projection in network.projections:
            self._connect(projection)
        for population in network.populations:
            if population.event_ticks is not None:
                unit = (
                    1
                    if population.model.arithmetic == "int64"
                    else round(1 / self.units[population.index][0])
                )
                for tick, neuron in zip(population.event_ticks, population.event_neurons, strict=True):
                    self.pending[int(tick)][population.index, 0, int(neuron)] += unit

    def _connect(self, projection):
        network = self.network
        target = network.populations[projection.target]
        edges = edges_onto(network, projection, np.arange(target.size, dtype=np.uint32))
        weights = np.broadcast_to(edge_weights(network, projection, edges), edges.source.shape)
        delays = np.broadcast_to(edge_delays(network, projection, edges), edges.source.shape)
        shared = np.ndim(edge_weights(network, projection, edges)) == 0
        receptors = np.broadcast_to(
            signed_receptor(projection, target.model.receptors, weights), edges.source.shape
        )
        for s, t, w, d, r in zip(edges.source, edges.position, weights, delays, receptors, strict=True):
            unit = self.units[target.index][r]
            stored = 2 ** stored_shift(self.scales.bounds[projection.index], unit)
            key = (target.index, int(r), int(t))
            if projection.learning is None:
                integer = (
                    round(w / unit)
                    if shared or target.model.arithmetic == "int64"
                    else round(w / unit / stored) * stored
                )
                self.static[projection.source, int(s)].append((int(d), key, integer))
                continue
            learning = projection.learning
            rule = learning.rule
            w0 = self._rounded(learning, abs(float(w)), None, None)
            synapse = SimpleNamespace(
                w=w0, sign=-1 if w < 0 else 1, unit=unit, key=key, delay=int(d), rule=rule,
                name=projection.name, projection=projection, source=int(s), target=int(t),
                c=SimpleNamespace(**learning.constants),
                s=self._initial(rule, learning, w0), rank=0,
                pre=dict.fromkeys(rule.pre, 0.0),
                post={
                    k: 0.0 if trace.of is None else float(self.state[target.index][trace.of][int(t)])
                    for k, trace in rule.post.items()
                },
                decay={
                    k: math.exp(-network.timestep_ms / learning.parameters[t.tau])
                    for k, t in {**rule.pre, **rule.post}.items()
                },
            )  # fmt: skip
            self.synapses.append(synapse)
            self.plastic[projection.source, int(s)].append(synapse)
            self.by_post[target.index, int(t)].append(synapse)
        pairs = defaultdict(int)
        for synapse in sorted(
            (s for s in self.synapses if s.projection is projection), key=lambda s: s.delay
        ):
            synapse.rank = pairs[synapse.source, synapse.target]
            pairs[synapse.source, synapse.target] += 1

    @staticmethod
    def _initial(rule, learning, weight):
        given = {k: v.initial for k, v in rule.state.items()}
        return {
            k: weight if v == "weight" else float(learning.parameters.get(v, v)) for k, v in given.items()
        }

    @staticmethod
    def _rounded(learning, w, old, u):
        """Weight on the grid of its bits: the nearest, or by chance the one above (u given)."""
        if not learning.weight_bits or w == old:
            return w
        top, w_max = 2**learning.weight_bits - 1, learning.parameters["w_max"]
        place = min(max(w * (top / w_max), 0.0), float(top))
        level = math.floor(place + 0.5) if u is None else math.floor(place) + (u < place - math.floor(place))
        return min(level * (w_max / top), w_max)

    def _drawn(self, synapse, function, tick):
        """Random numbers of one call: those of the rule by name, and that of the rounding."""
        names = [*synapse.rule.draws, "rounding"]
        key = stream_key(self.network.seed, "learning", synapse.name, function)
        numbers = []
        for block in range(-(-len(names) // 4)):
            words = (
                synapse.source,
                synapse.target,
                tick,
                synapse.rank << 4 | block,
                key & 0xFFFFFFFF,
                key >> 32,
            )
            numbers += [int(x) / 2**32 for x in philox(*(np.uint64(word) for word in words))]
        return dict(zip(names, numbers, strict=False))

    def _apply(self, synapse, name, tick, third=None, steps=(), changed=None):
        function, learning = getattr(synapse.rule, name), synapse.projection.learning
        if function is None:
            return
        third = self.third.get(synapse.name, 0.0) if third is None else third
        drawn = (
            self._drawn(synapse, name, tick)
            if synapse.rule.draws or learning.rounding == "stochastic"
            else {}
        )
        chance = drawn.pop("rounding", None) if learning.rounding == "stochastic" else None
        more = [SimpleNamespace(**drawn)] if synapse.rule.draws else []
        if synapse.rule.timed:
            synapse.c.t = float(tick)
        w, new = function(synapse.w, *self._seen(synapse), third, *steps, *more)
        synapse.w = self._rounded(learning, w, synapse.w, chance)
        synapse.s |= zip(synapse.s if changed is None else changed, new, strict=True)

    def _seen(self, synapse):
        """State, constants and traces of a synapse, and what it reads of its neuron."""
        space = SimpleNamespace
        read = {k: float(self._of_target(synapse, k)) for k in synapse.rule.reads}
        return space(**synapse.s), synapse.c, space(**synapse.pre), space(**synapse.post, **read)

    def _of_target(self, synapse, variable):
        return self.state[synapse.projection.target][variable][synapse.target]

    def _transmitted(self, synapse, tick):
        rule = synapse.rule
        if rule.transmit is None:
            return synapse.w
        more = [SimpleNamespace(**self._drawn(synapse, "on_pre", tick))] if rule.draws else []
        return rule.transmit(synapse.w, *self._seen(synapse), self.third.get(synapse.name, 0.0), *more)

    def _set_third(self, tick):
        for projection, _ in self.clocks:
            given = projection.learning
            if given.third_ticks is not None and tick - 1 in given.third_ticks:
                self.third_given[projection.name] = given.third_values[
                    list(given.third_ticks).index(tick - 1)
                ]
            spikes, level = given.third_spikes, 0.0
            if spikes is not None:
                came = self.rewards[projection.name, tick]
                level = self.third_level[projection.name] * spikes.decay + came * spikes.gain
                level = level if abs(level) >= abs(spikes.gain) * 2.0**-52 else 0.0
                self.third_level[projection.name] = level
            self.third[projection.name] = self.third_given[projection.name] + level

    def _visit(self, tick):
        for projection, clock in self.clocks:
            rule = projection.learning.rule
            for name, third, steps in clock.due(tick, self.third.get(projection.name, 0.0)):
                until = clock.last[name] + steps
                changed = rule.visits[name].state if name in rule.visits else None
                for synapse in self.synapses:
                    if synapse.projection is projection:
                        more = () if name == "on_step" else (steps,)
                        self._apply(synapse, name, until, third, more, changed)

    def _decay(self):
        for synapse in self.synapses:
            for side, declared in ((synapse.pre, synapse.rule.pre), (synapse.post, synapse.rule.post)):
                for name in side:
                    if declared[name].of is None:
                        side[name] *= synapse.decay[name]

    def step(self, tick):
        self._set_third(tick)
        self._decay()
        # Post-synaptic spikes that have come down a dendrite act before what arrives.
        came = self.dendritic.pop(tick, [])
        for synapse in came:
            self._apply(synapse, "on_post", tick)
        arrived = self.arriving.pop(tick, [])
        for synapse in arrived:
            self._apply(synapse, "on_pre", tick)
            amount = self._transmitted(synapse, tick)
            self.pending[tick][synapse.key] += math.floor(amount * (synapse.sign / synapse.unit) + 0.5)
        inputs = self.pending.pop(tick, {})
        fired = []
        for population in self.network.populations:
            fired += self._update(population, inputs)
        for index, neuron in fired:
            self._send(tick, index, neuron)
        for synapse in (s for of in fired for s in self.by_post[of]):
            if synapse.projection.learning.dendritic:
                self.dendritic[tick + 2 * synapse.delay].append(synapse)
            else:
                self._apply(synapse, "on_post", tick)
                came.append(synapse)
        self._visit(tick)
        self._take_in(arrived, came)

    def _take_in(self, arrived, came):
        """Let traces take in this step."""
        for synapse in came:
            self._mark(synapse.post, synapse.rule.post)
        for synapse in arrived:
            self._mark(synapse.pre, synapse.rule.pre)
        for synapse in self.synapses:
            for name, trace in synapse.rule.post.items():
                if trace.of is not None:
                    z, y = self._of_target(synapse, trace.of), synapse.post[name]
                    synapse.post[name] = y + (z - y) * (1.0 - synapse.decay[name])

    def _send(self, tick, index, neuron):
        self.spikes[self.network.populations[index].name].append((tick, neuron))
        gid = self.network.populations[index].offset + neuron
        for delay, key, integer in self.static[index, neuron]:
            core = 0 if self.core_of is None else int(self.core_of[key[0]][key[2]])
            late = 0 if self.fate is None else self.fate(gid, tick, core)
            if late is not None:
                self.pending[tick + delay + late][key] += integer
                self.events.append((tick + late, core))
        for projection, _ in self.clocks:
            spikes = projection.learning.third_spikes
            if spikes is not None and spikes.population == index:
                self.rewards[projection.name, tick + spikes.delay] += 1
        for synapse in self.plastic[index, neuron]:
            self.arriving[tick + synapse.delay].append(synapse)

    @staticmethod
    def _mark(values, declared):
        for name, trace in declared.items():
            if trace.of is None:
                values[name] = 1.0 if trace.on_spike == "set" else values[name] + 1.0

    def _update(self, population, inputs):
        model, index, fired = population.model, population.index, []
        for neuron in range(population.size):
            state = {k: v[neuron].item() for k, v in self.state[index].items()}
            constants = {
                k: np.broadcast_to(np.asarray(v), (population.size,))[neuron].item()
                for k, v in population.constants.items()
            }
            given = {"current": float(self.current[index][neuron])}
            for r, name in enumerate(model.receptors):
                integer = inputs.get((index, r, neuron), 0)
                given[name] = integer if model.arithmetic == "int64" else integer * self.units[index][r]
            if model.arithmetic == "int64":
                given["current"] = int(given["current"])
            new, spiked = model.step(
                SimpleNamespace(**state), SimpleNamespace(**constants), SimpleNamespace(**given)
            )
            for name, value in zip(model.state, new, strict=True):
                self.state[index][name][neuron] = value
            if spiked:
                fired.append((index, neuron))
        return fired

    def run(self, steps):
        for tick in range(1, steps + 1):
            self.step(tick)
        return self


@pytest.fixture
def naive(visit_clock):
    return partial(Naive, visit_clock)


class Run:
    """Spikes, probes and counters of all workers, merged."""

    def __init__(self, reports, workers):
        self.reports, self.workers = reports, workers

    def spikes(self, name):
        pairs = [r.spikes[name] for per in self.reports for r in per if name in r.spikes]
        ticks = np.concatenate([p[0] for p in pairs])
        neurons = np.concatenate([p[1] for p in pairs])
        order = np.lexsort((neurons, ticks))
        return list(zip(ticks[order].tolist(), neurons[order].tolist(), strict=True))

    def probe(self, index, columns):
        parts = [[r.probes[index] for r in per if index in r.probes] for per in self.reports]
        rows = [np.concatenate([p[2] for p in part]) if part else None for part in parts]
        out = np.zeros((max(len(r) for r in rows if r is not None), columns))
        for part, values in zip(parts, rows, strict=True):
            if values is not None:
                out[:, part[0][1]] = values
        return out

    def total(self, counter):
        return sum(r.counters[counter].sum() for per in self.reports for r in per if counter in r.counters)

    def bins(self, counter, steps):
        """Counter by bin of ten steps and column, of all workers and pieces."""
        found = 0
        for report in (r for per in self.reports for r in per if counter in r.counters):
            counted = report.counters[counter]
            rows = np.zeros((-(-steps // 10), counted.shape[1]), dtype=np.int64)
            rows[report.first_bin : report.first_bin + len(counted)] = counted
            found = found + rows
        return found

    def weights(self, name):
        parts = [w.weights(name) for w in self.workers]
        rows = np.concatenate([np.column_stack(p) for p in parts])
        return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


@pytest.fixture
def engine(registry):
    """Run a network on ``chips`` ideal chips by ``workers`` threads.

    Neurons are dealt out by ``deal``: in blocks, at random, the first population apart, or the core of each.
    """

    def run(net, steps, chips=1, workers=1, pieces=None, deal="blocks", cores=4, timed=None, **described):
        network = bind(net.describe(), registry) if isinstance(net, Network) else net
        system = System(**{"chips": (chips,), "chip": {"cores": (cores, 1)}, **described})
        random = np.random.default_rng(chips)
        core_of = []
        for population in network.populations:
            if deal == "apart":
                # The first population on the first chip, all others on the last one.
                core_of.append(
                    np.arange(population.size) % cores + (cores * (chips - 1) if population.index else 0)
                )
                continue
            place = np.arange(population.size) * chips * cores // max(1, population.size)
            given = deal[population.index] if isinstance(deal, list) else place
            core_of.append(random.permutation(place) if deal == "random" else given)
        placement = placement_on(system, core_of)
        worker_of_core = np.repeat(np.arange(chips) * workers // chips, cores)
        if deal == "apart":
            # Chips between them are empty, and so would be their workers.
            worker_of_core = np.repeat(np.where(np.arange(chips) == chips - 1, workers - 1, 0), cores)
        plan = WorkerPlan(worker_of_core, tuple((f"worker {k}",) for k in range(workers)))
        router = registry.routers.get("dimension_order")
        made = None if timed is None else partial(timed, network, placement, router)
        build = build_programs(network, placement, router, plan, 10, timed=made)
        mesh = ThreadMesh(rooms(build.programs), workers)
        made = [Worker(p, e) for p, e in zip(build.programs, mesh.exchanges, strict=True)]
        reports = [[] for _ in made]
        failures = []

        def work(k):
            try:
                for until in [*(pieces or []), steps]:
                    reports[k].append(made[k].advance(until))
            except BaseException as error:
                failures.append(error)
                mesh.abort()

        threads = [threading.Thread(target=work, args=(k,)) for k in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        result = Run(reports, made)
        result.build, result.placement = build, placement
        return result

    return run
