"""The synapses of one projection onto some of its targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.description.values import Distribution
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels import connect
from spikemesh.kernels.multinomial import totals_per_target
from spikemesh.kernels.place import delays_in_steps
from spikemesh.kernels.random import draw, stream_key


@dataclass(frozen=True, eq=False)
class Edges:
    """Synapses onto the targets that live in one place, in an order that depends on the rule alone.

    Attributes
    ----------
    source : ndarray of int32
        Source neuron, index within its population.
    position : ndarray of int32
        Position of the target among the targets given.
    identity : ndarray of uint64
        Number of the synapse; the same in every mapping.
    factor : ndarray of float64, optional
        Factor on the weight (entries of a convolution kernel).
    """

    source: AnyArray
    position: AnyArray
    identity: AnyArray
    factor: FloatArray | None = None


LONGEST_DELAY = 1 << 22
"""Longest delay in steps: every worker keeps the places of spikes for twice as many ticks and every origin."""
CHUNK = 1 << 18
"""Synapses generated at a time, about."""


def edges_onto(network: BoundNetwork, projection: BoundProjection, targets: AnyArray) -> Edges:
    """Generate the synapses of a projection onto ``targets`` (sorted indices within the target population)."""
    chunks = list(edge_chunks(network, projection, targets))
    if len(chunks) == 1:
        return chunks[0]
    source, position, identity = (
        np.concatenate([getattr(c, name) for c in chunks]) for name in ("source", "position", "identity")
    )
    return Edges(source, position, identity)


def edge_chunks(network: BoundNetwork, projection: BoundProjection, targets: AnyArray) -> Iterator[Edges]:
    """Generate the synapses of a projection onto ``targets`` in pieces that fit into memory.

    A rule that chooses the sources of each target is cut by targets, one that chooses the targets of each
    source by sources; lists, and pairs drawn without repetition, come in one piece.
    """
    rule, given = projection.rule, projection.arguments
    if rule in ("conv2d", "pool2d", "explicit", "one_to_one"):
        yield _listed(network, projection, targets)
        return
    sources = network.populations[projection.source].size
    if rule == "fixed_outdegree" or (rule == "fixed_total" and not projection.multapses):
        rows = max(1, CHUNK // max(1, int(given["outdegree"]))) if rule == "fixed_outdegree" else sources
        for first in range(0, sources, max(1, rows)):
            last = min(first + rows, sources)
            yield _filled(_generator(network, projection, targets, first, last))
        return
    expected = {
        "fixed_indegree": lambda: int(given["indegree"]),
        "fixed_probability": lambda: int(sources * float(given["p"])),
        "fixed_total": lambda: int(given["total"]) // network.populations[projection.target].size,
    }
    rows = max(1, CHUNK // max(1, expected.get(rule, lambda: sources)()))
    counts = synapses_dealt(network, projection)[targets] if rule == "fixed_total" else targets
    for first in range(0, max(1, targets.size), rows):
        here = slice(first, first + rows)
        edges = _filled(_generator(network, projection, targets[here], 0, sources, counts[here]))
        edges.position[:] += first
        yield edges


def synapses_dealt(network: BoundNetwork, projection: BoundProjection) -> IntArray:
    """Deal the synapses of a ``fixed_total`` projection with multapses to its targets: each target's number."""
    key = stream_key(network.seed, "connect", projection.name)
    total, targets = int(projection.arguments["total"]), network.populations[projection.target].size
    return totals_per_target(key, total, targets)


def _filled(generate: Callable[[AnyArray, AnyArray, AnyArray], int]) -> Edges:
    empty32, empty64 = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint64)
    count = int(generate(empty32, empty32, empty64))
    source, position = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
    identity = np.empty(count, dtype=np.uint64)
    if count:
        generate(source, position, identity)
    return Edges(source, position, identity)


def _generator(
    network: BoundNetwork,
    projection: BoundProjection,
    targets: AnyArray,
    first: int,
    last: int,
    counts: IntArray | None = None,
) -> Callable[[AnyArray, AnyArray, AnyArray], int]:
    given = projection.arguments
    key = np.uint64(stream_key(network.seed, "connect", projection.name))
    source, target = network.populations[projection.source], network.populations[projection.target]
    same, autapses, multapses = source.index == target.index, projection.autapses, projection.multapses
    where = np.full(target.size, -1, dtype=np.int64)
    where[targets] = np.arange(targets.size)
    rule = projection.rule
    if rule == "fixed_indegree":
        return lambda *out: connect.fixed_indegree(
            key, source.size, int(given["indegree"]), targets, same, autapses, multapses, *out
        )
    if rule == "fixed_probability":
        return lambda *out: connect.fixed_probability(
            key, source.size, float(given["p"]), targets, same, autapses, *out
        )
    if rule == "all_to_all":
        return lambda *out: connect.all_to_all(source.size, targets, same, autapses, *out)
    if rule == "distance":
        here, there = (np.ascontiguousarray(p.positions, dtype=np.float64) for p in (source, target))
        return lambda *out: connect.distance(
            key, float(given["p"]), float(given["scale"]), here, there, targets, same, autapses, *out
        )
    if rule == "fixed_total" and multapses:
        return lambda *out: connect.dealt_total(key, source.size, counts, targets, same, autapses, *out)
    by_source = rule == "fixed_outdegree"
    rows, per_row = ((first, last), int(given["outdegree"])) if by_source else ((0, 1), int(given["total"]))
    return lambda *out: connect.drawn_pairs(
        key, *rows, per_row, source.size, target.size, by_source, autapses, multapses, same, where, *out
    )


def _listed(network: BoundNetwork, projection: BoundProjection, targets: AnyArray) -> Edges:
    target = network.populations[projection.target]
    where = np.full(target.size, -1, dtype=np.int64)
    where[targets] = np.arange(targets.size)
    factor = None
    if projection.rule == "one_to_one":
        sources = reached = np.asarray(targets, dtype=np.int64)
    elif projection.rule == "explicit":
        sources, reached = (
            np.asarray(projection.arguments[k], dtype=np.int64) for k in ("sources", "targets")
        )
    else:
        sources, reached, factor = _grid(projection)
    keep = np.flatnonzero(where[reached] >= 0)
    identity = (
        reached.astype(np.uint64)
        if projection.rule == "one_to_one"
        else np.arange(sources.size, dtype=np.uint64)
    )
    if not projection.autapses and projection.source == projection.target:
        keep = keep[sources[keep] != reached[keep]]
    # By target, so that neighbouring targets of a source follow one another in its table.
    if np.any(np.diff(reached[keep]) < 0):
        keep = keep[np.argsort(reached[keep], kind="stable")]
    return Edges(
        sources[keep].astype(np.int32),
        where[reached[keep]].astype(np.int32),
        identity[keep],
        None if factor is None else factor[keep],
    )


def _grid(projection: BoundProjection) -> tuple[IntArray, IntArray, FloatArray]:
    """Synapses of a convolution or pooling, in order of output channel, input channel and place in the window."""
    given = projection.arguments
    channels, height, width = given["input_shape"]
    _, out_height, out_width = given["output_shape"]
    if projection.rule == "conv2d":
        kernel, padding = np.asarray(given["kernel"], dtype=np.float64), given["padding"]
    else:
        size = given["size"]
        kernel, padding = np.zeros((channels, channels, *size)), (0, 0)
        kernel[np.arange(channels), np.arange(channels)] = 1.0
    stride = given["stride"]
    o, i, row, column = np.nonzero(kernel)
    y, x = np.meshgrid(np.arange(out_height), np.arange(out_width), indexing="ij")
    in_y = (y.ravel() * stride[0] - padding[0])[None, :] + row[:, None]
    in_x = (x.ravel() * stride[1] - padding[1])[None, :] + column[:, None]
    inside = (in_y >= 0) & (in_y < height) & (in_x >= 0) & (in_x < width)
    sources = (i[:, None] * height + in_y) * width + in_x
    reached = o[:, None] * out_height * out_width + (y.ravel() * out_width + x.ravel())[None, :]
    factor = np.broadcast_to(kernel[o, i, row, column][:, None], sources.shape)
    return sources[inside], np.broadcast_to(reached, sources.shape)[inside], factor[inside]


def edge_weights(network: BoundNetwork, projection: BoundProjection, edges: Edges) -> float | FloatArray:
    """Weights of synapses in the target model's unit: a number if all are equal, else one each."""
    weight = projection.weight
    if isinstance(weight, Distribution):
        weight = _drawn(weight, stream_key(network.seed, "weight", projection.name), edges)
    elif isinstance(weight, np.ndarray):
        weight = weight[edges.identity.astype(np.int64)].astype(np.float64)
    else:
        weight = float(weight)
    return weight if edges.factor is None else weight * edges.factor


def edge_delays(network: BoundNetwork, projection: BoundProjection, edges: Edges) -> int | AnyArray:
    """Delays of synapses in steps: a number if all are equal, else one each."""
    delay = projection.delay
    if isinstance(delay, Distribution):
        drawn = _drawn(delay, stream_key(network.seed, "delay", projection.name), edges)
        longest = float(drawn.max(initial=0.0)) / network.timestep_ms
        if longest > LONGEST_DELAY:
            raise too_long(projection, longest)
        steps = np.empty(drawn.size, dtype=np.int32)
        delays_in_steps(drawn, network.timestep_ms, steps)
        return steps
    longest = int(np.max(delay, initial=0))
    if longest > LONGEST_DELAY:
        raise too_long(projection, longest)
    if isinstance(delay, np.ndarray):
        return delay[edges.identity.astype(np.int64)].astype(np.int64)
    return int(delay)


def too_long(projection: BoundProjection, steps: float) -> MappingError:
    """Say that a delay is beyond what a worker keeps spikes for."""
    found = f"a delay of {steps:,.0f} steps"
    where = f'projection "{projection.name}".delay'
    return MappingError(Problem(where, found, f"at most {LONGEST_DELAY:,} steps"))


def _drawn(given: Distribution, key: int, edges: Edges) -> FloatArray:
    low = -np.inf if given.low is None else float(given.low)
    high = np.inf if given.high is None else float(given.high)
    return draw(given.kind, float(given.a), float(given.b), low, high, key, edges.identity)
