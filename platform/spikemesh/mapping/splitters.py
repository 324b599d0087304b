"""Splitters: neurons that repeat the spikes of one whose chip lets it reach a single axon.

A network is mapped as it is described. Then each neuron that has to reach several axons sends to splitters, one for
each of them, which send on a tick later; synapses keep the time between a spike and its arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikemesh.contracts.axons import Axons, axons_of, splitters_for
from spikemesh.contracts.bound import BoundNetwork, BoundPopulation, BoundProjection
from spikemesh.contracts.limits import Load, neurons_of_chip
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.errors import Problem
from spikemesh.ids import CORE, AnyArray, FloatArray, IntArray
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import fan_out_from
from spikemesh.mapping.rules import drawn_synapses, load_of
from spikemesh.mapping.splitter_places import places_for

NAME = "splitters"


class Splitter(NeuronModel):
    """Spikes in the step in which a spike arrives."""

    name = "splitter"
    receptors = ("exc",)
    arithmetic = "int64"

    @staticmethod
    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG004 - there are none
        """Return nothing."""
        return {}

    @staticmethod
    def step(s: Any, c: Any, x: Any) -> Any:  # noqa: ARG004 - nothing is kept
        """Repeat."""
        return (), x.exc > 0


@dataclass(frozen=True, eq=False)
class Splitters:
    """Splitters of a mapped network.

    Attributes
    ----------
    origin : ndarray of int64, shape (splitters,)
        Neuron whose spikes each repeats.
    core : ndarray of int32, shape (splitters,)
        Core of each.
    levels
        How many follow one another at most.
    via
        By index of a projection through splitters, the projection whose synapses they are.
    problems
        Why there are none, although some are needed.
    load
        The network as described, without them; None if there are none.
    """

    origin: IntArray
    core: AnyArray
    levels: int = 0
    via: tuple[tuple[int, int], ...] = ()
    problems: tuple[Problem, ...] = ()
    load: Load | None = None

    def rates(self, described: FloatArray | None) -> FloatArray | None:
        """Return rates of all neurons from those of the network as described."""
        return None if described is None else np.append(described, described[self.origin])

    def to_dict(self, core_names: tuple[str, ...]) -> dict[str, Any]:
        """Return how many there are, of how many neurons, and where, as plain values for JSON."""
        cores, count = np.unique(self.core, return_counts=True)
        return {
            "splitters": int(self.origin.size),
            "neurons": int(np.unique(self.origin).size),
            "levels": self.levels,
            "per_core": {core_names[core]: int(n) for core, n in zip(cores, count, strict=True)},
        }


NONE = Splitters(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=CORE))


@dataclass(frozen=True, eq=False)
class _Synapses:
    """Synapses of all projections, one after the other; ``place`` is where each lies in its own."""

    source: IntArray
    target: IntArray
    weight: FloatArray
    delay: IntArray
    projection: IntArray


def with_splitters(network: BoundNetwork, placement: Placement) -> tuple[BoundNetwork, Placement, Splitters]:
    """Insert the splitters that a mapped network needs.

    Parameters
    ----------
    network, placement
        The network as described, and where its neurons are.

    Returns
    -------
    BoundNetwork
        The same network if no neuron needs splitters, or there is no time or room for them. Else with one population
        more, which is the last, and with projections to and from it; populations and projections that were there keep
        their numbers, and neurons theirs.
    Placement
        Of this network.
    Splitters
        What was inserted.
    """
    if not placement.system.chip.core.splitters:
        return network, placement, NONE
    synapses = _drawn(network)
    home = placement.core_of_neuron.astype(np.int64)
    axons = axons_of(synapses.source, home[synapses.target], synapses.target, synapses.delay, synapses.weight)
    needed = np.where(neurons_of_chip(network), np.bincount(axons.source, minlength=network.size), 0)
    per_core = placement.system.chip.core.neurons or max(2, int(needed.max(initial=0)))
    _, levels = splitters_for(needed, per_core)
    if not levels.any():
        return network, placement, NONE
    late = levels[synapses.source] >= synapses.delay
    learns = _learning(network, levels, synapses)
    if learns or late.any():
        # Of those that come late, the chip's rule of limits says more.
        return network, placement, replace(NONE, problems=learns)
    tree = tree_of(axons, levels, per_core)
    core = places_for(tree.group_source, tree.group_size, home, placement, _held(placement, axons, home))
    if np.any(core < 0):
        return network, placement, replace(NONE, problems=(_no_room(tree, core, home, placement),))
    fan = fan_out_from(network.size, synapses.source, home[synapses.target])
    load = load_of(network, placement, fan)
    splitters = Splitters(tree.source, core[tree.group].astype(CORE), int(levels.max()), load=load)
    return _inserted(network, placement, synapses, axons, tree, splitters)


def _drawn(network: BoundNetwork) -> _Synapses:
    none = np.zeros(0, dtype=np.int64)
    columns: list[tuple[AnyArray, ...]] = [(none, none, np.zeros(0), none, none)]
    for projection in network.projections:
        for some in drawn_synapses(network, projection.index):
            shape = some.source.shape
            weight = np.broadcast_to(np.asarray(some.weight, dtype=np.float64), shape)
            delay = np.broadcast_to(np.asarray(some.delay, dtype=np.int64), shape)
            columns.append((some.source, some.target, weight, delay, np.full(shape, projection.index)))
    return _Synapses(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _learning(network: BoundNetwork, levels: IntArray, synapses: _Synapses) -> tuple[Problem, ...]:
    """Find projections that learn and whose spikes would come from splitters."""
    split = np.bincount(synapses.projection[levels[synapses.source] > 0], minlength=len(network.projections))
    return tuple(
        Problem(
            f'projection "{p.name}".learning',
            f"{split[p.index]:,} synapses that learn would get their spikes from splitters",
            "targets of each neuron on one core",
        )
        for p in network.projections
        if p.learning is not None and split[p.index]
    )


@dataclass(frozen=True, eq=False)
class Tree:
    """Splitters in groups: those of a group are on one core, where one axon drives them all.

    Attributes
    ----------
    source : ndarray of int64, shape (splitters,)
        Neuron whose spikes each repeats.
    group : ndarray of int64, shape (splitters,)
        Group of each.
    group_source, group_size : ndarray of int64, shape (groups,)
        The neuron whose spikes a group repeats, and how many splitters it has.
    parent : ndarray of int64, shape (groups,)
        Splitter that drives each group; -1: the neuron itself.
    of_axon : ndarray of int64, shape (axons,)
        Splitter that sends to each axon; -1: the neuron itself.
    """

    source: IntArray
    group: IntArray
    group_source: IntArray
    group_size: IntArray
    parent: IntArray
    of_axon: IntArray


def tree_of(axons: Axons, levels: IntArray, per_core: int) -> Tree:
    """Make the splitters of all neurons: level by level from the axons up, in groups as even as can be."""
    of_axon = np.full(axons.source.size, -1, dtype=np.int64)
    served = np.flatnonzero((levels > 0)[axons.source])
    source: list[IntArray] = []
    group: list[IntArray] = []
    sizes: list[IntArray] = []
    owner: list[IntArray] = []
    parent: list[IntArray] = []
    first_splitter = first_group = 0
    # What the splitters of a level serve: axons at first, then the groups of the level before.
    neuron = axons.source[served]
    while neuron.size:
        count = np.bincount(neuron)
        groups = -(-count // per_core)
        within = np.arange(neuron.size) - np.repeat(np.cumsum(count) - count, count)
        part = within * groups[neuron] // count[neuron]
        new, number, size = np.unique(
            neuron * (int(groups.max()) + 1) + part, return_inverse=True, return_counts=True
        )
        splitter = first_splitter + np.arange(neuron.size)
        if not parent:
            of_axon[served] = splitter
        else:
            parent[-1][served] = splitter
        source.append(neuron)
        group.append(first_group + number)
        sizes.append(size)
        owner.append(new // (int(groups.max()) + 1))
        parent.append(np.full(new.size, -1, dtype=np.int64))
        first_splitter, first_group = first_splitter + neuron.size, first_group + new.size
        served = np.flatnonzero(groups[owner[-1]] > 1)
        neuron = owner[-1][served]
    return Tree(
        source=np.concatenate(source),
        group=np.concatenate(group),
        group_source=np.concatenate(owner),
        group_size=np.concatenate(sizes),
        parent=np.concatenate(parent),
        of_axon=of_axon,
    )


def _held(placement: Placement, axons: Axons, home: IntArray) -> tuple[IntArray, IntArray]:
    """Count the neurons and axons that cores hold without splitters."""
    cores = placement.system.core_count
    return np.bincount(home, minlength=cores), np.bincount(axons.core, minlength=cores)


def _no_room(tree: Tree, core: IntArray, home: IntArray, placement: Placement) -> Problem:
    left = np.flatnonzero(core < 0)
    chip = int(home[tree.group_source[left[0]]]) // placement.cores_per_chip
    found = (
        f"{int(tree.group_size[left].sum()):,} of {tree.source.size:,} splitters find no core with room for those "
        "of one neuron and an axon"
    )
    return Problem(f"neurons on chip{chip}", found, "more chips, or targets of each neuron on fewer cores")


def _inserted(
    network: BoundNetwork,
    placement: Placement,
    synapses: _Synapses,
    axons: Axons,
    tree: Tree,
    splitters: Splitters,
) -> tuple[BoundNetwork, Placement, Splitters]:
    population = _population(network, tree.source.size)
    sender = tree.of_axon[axons.of]
    # A splitter sends as many ticks later as it comes after the neuron.
    depth = _depth(tree)
    projections = list(network.projections)
    via = []
    for old in network.projections:
        mine = np.flatnonzero(synapses.projection == old.index)
        through = sender[mine] >= 0
        if not through.any():
            continue
        kept, moved = mine[~through], mine[through]
        offset, to = (network.populations[k].offset for k in (old.source, old.target))
        projections[old.index] = _part(
            old, old.index, old.name, old.source,
            (synapses.source[kept] - offset, synapses.target[kept] - to),
            synapses.weight[kept], synapses.delay[kept],
        )  # fmt: skip
        via.append((len(projections), old.index))
        projections.append(
            _part(
                old, len(projections), _free_name(f"{old.name} ({population.name})", projections),
                population.index, (sender[moved], synapses.target[moved] - to),
                synapses.weight[moved], synapses.delay[moved] - depth[sender[moved]],
            )
        )  # fmt: skip
    projections += _between(network, tree, population, projections)
    stored = (*network.stored_weights, *(new for new, old in via if old in network.stored_weights))
    inserted = replace(
        network,
        populations=(*network.populations, population),
        projections=tuple(projections),
        stored_weights=stored,
    )
    placed = replace(placement, core_of=(*placement.core_of, splitters.core))
    return inserted, placed, replace(splitters, via=tuple(via))


def _depth(tree: Tree) -> IntArray:
    """How many splitters a spike has come through when each sends it on."""
    depth = np.ones(tree.source.size, dtype=np.int64)
    parent = tree.parent[tree.group]
    while True:
        deeper = np.where(parent >= 0, depth[parent] + 1, 1)
        if np.array_equal(deeper, depth):
            return depth
        depth = deeper


def _population(network: BoundNetwork, size: int) -> BoundPopulation:
    name = _free_name(NAME, network.populations)
    return BoundPopulation(len(network.populations), name, size, network.size, Splitter, {}, {}, {})


def _free_name(name: str, taken: Any) -> str:
    names = {part.name for part in taken}
    number = 2
    free = name
    while free in names:
        free, number = f"{name}#{number}", number + 1
    return free


def _part(
    old: BoundProjection,
    index: int,
    name: str,
    source: int,
    pairs: tuple[IntArray, IntArray],
    weight: FloatArray,
    delay: IntArray,
) -> BoundProjection:
    """Make a list of some synapses of a projection; weights that all share stay one number."""
    shared = isinstance(old.weight, float | int) and old.rule not in ("conv2d", "pool2d")
    return replace(
        old,
        index=index,
        name=name,
        source=source,
        rule="explicit",
        arguments={"sources": pairs[0], "targets": pairs[1]},
        weight=old.weight if shared else weight,
        delay=delay,
        autapses=True,
        multapses=True,
        expected=float(weight.size),
        exact=None,
        part_of=old.part_of or old,
    )


def _between(
    network: BoundNetwork, tree: Tree, population: BoundPopulation, taken: list[BoundProjection]
) -> list[BoundProjection]:
    """Make the projections to splitters, from neurons and from other splitters."""
    first = np.array([p.offset for p in (*network.populations, population)])
    driven = tree.parent[tree.group]
    source = np.where(driven >= 0, population.offset + driven, tree.source)
    of = np.searchsorted(first, source, side="right") - 1
    # Populations without neurons share their offset with the next.
    made: list[BoundProjection] = []
    for p in np.unique(of):
        mine = np.flatnonzero(of == p)
        name = (*network.populations, population)[p].name
        made.append(
            BoundProjection(
                index=len(taken) + len(made),
                name=_free_name(f"{name}->{population.name}", [*taken, *made]),
                source=int(p),
                target=population.index,
                rule="explicit",
                arguments={"sources": source[mine] - first[p], "targets": mine},
                weight=1.0,
                delay=1,
                receptor="exc",
                autapses=True,
                multapses=True,
                expected=float(mine.size),
            )
        )
    return made
