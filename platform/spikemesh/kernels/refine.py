"""Moving neurons between parts so that fewer packets go from part to part.

The nets are those of :mod:`spikemesh.kernels.hypergraph`: neuron n's net is n and its targets, and costs its
weight for every part that it reaches beyond the first (Fiduccia & Mattheyses 1982, with the connectivity
metric of Catalyurek & Aykanat 1999, IEEE TPDS 10, 673).

Legend: N neurons, K parts; ``pins[n, k]`` counts neurons of net n in part k.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import inlined, kernel


@kernel
def count_pins(ptr: Any, target: Any, part: Any, pins: Any) -> None:
    """Count the neurons of every net in every part."""
    for n in range(ptr.size - 1):
        own = True
        for k in range(ptr[n], ptr[n + 1]):
            pins[n, part[target[k]]] += 1
            own = own and target[k] != n
        if own:
            pins[n, part[n]] += 1


@inlined
def _shift(
    v: Any, b: Any, in_ptr: Any, in_source: Any, part: Any, pins: Any, held: Any, held_bits: Any, bits: Any
) -> Any:
    """Move neuron v to part b."""  # fmt: skip
    a = part[v]
    own = True
    for k in range(in_ptr[v], in_ptr[v + 1]):
        pins[in_source[k], a] -= 1
        pins[in_source[k], b] += 1
        own = own and in_source[k] != v
    if own:
        pins[v, a] -= 1
        pins[v, b] += 1
    part[v] = b
    held[a] -= 1
    held[b] += 1
    held_bits[a] -= bits[v]
    held_bits[b] += bits[v]


@inlined
def _gains(v: Any, in_ptr: Any, in_source: Any, weight: Any, part: Any, pins: Any, gain: Any) -> Any:
    """Write by how much packets fall if neuron v moves to each part."""
    a = part[v]
    gain[:] = 0.0
    won = 0.0
    own = True
    for k in range(in_ptr[v], in_ptr[v + 1] + 1):
        last = k == in_ptr[v + 1]
        if last and not own:
            break
        net = v if last else in_source[k]
        own = own and net != v
        w = weight[net]
        if pins[net, a] == 1:
            won += w
        for b in range(gain.size):
            gain[b] -= w if pins[net, b] == 0 else 0.0
    for b in range(gain.size):
        gain[b] += won
    gain[a] = 0.0


@inlined
def _best_move(
    v: Any, gain: Any, bits: Any, low: Any, high: Any, most_bits: Any, part: Any, held: Any, held_bits: Any
) -> Any:
    """Find the part with room to which neuron v should move; -1: none. A move that saves nothing must even out."""
    a = part[v]
    best, best_gain = -1, 0.0
    if held[a] <= low[a]:
        return best
    for b in range(gain.size):
        if b == a or held[b] >= high[b] or held_bits[b] + bits[v] > most_bits[b]:
            continue
        evens = gain[b] == 0.0 and best < 0 and held[a] > held[b] + 1
        if gain[b] > best_gain or evens:
            best, best_gain = b, gain[b]
    return best


@inlined
def _best_swap(a: Any, gain: Any, waiting: Any, hope: Any, part: Any) -> Any:
    """Find the part whose waiting neuron would best change places with one of part a; -1: none."""
    best, most = -1, 0.0
    for b in range(gain.size):
        u = waiting[b, a]
        if b != a and u >= 0 and part[u] == b and gain[b] + hope[b, a] > most:
            best, most = b, gain[b] + hope[b, a]
    return best


@inlined
def _wait(v: Any, a: Any, gain: Any, waiting: Any, hope: Any, part: Any) -> Any:
    """Let neuron v of part a wait for those parts for which nobody of its part hopes for more."""
    for b in range(gain.size):
        if b != a and (waiting[a, b] < 0 or part[waiting[a, b]] != a or gain[b] > hope[a, b]):
            waiting[a, b] = v
            hope[a, b] = gain[b]


@kernel
def move_neurons(
    order: Any, in_ptr: Any, in_source: Any, weight: Any, bits: Any, low: Any, high: Any, most_bits: Any,
    part: Any, pins: Any, held: Any, held_bits: Any,
) -> Any:  # fmt: skip
    """Look at every neuron once, and move it where that saves most; returns what was saved.

    Parameters
    ----------
    order : ndarray of int64
        Neurons that may move, in the order in which they are looked at.
    in_ptr, in_source
        Distinct sources of every neuron.
    weight : ndarray of float64, shape (N,)
        Cost of a net for every further part.
    bits : ndarray of int64, shape (N,)
        Memory that each neuron takes.
    low, high : ndarray of int64, shape (K,)
        Fewest and most neurons of each part.
    most_bits : ndarray of int64, shape (K,)
        Most memory of each part.
    part, pins, held, held_bits
        Part of each neuron, pins of its net, neurons and memory of each part; kept up to date.

    Notes
    -----
    A neuron that would gain by a move into a full part waits; one that comes the other way later takes its place.
    """
    parts = low.size
    gain, back = np.zeros(parts), np.zeros(parts)
    waiting = np.full((parts, parts), -1, dtype=np.int64)
    hope = np.zeros((parts, parts))
    saved = 0.0
    for at in range(order.size):
        v = order[at]
        a = part[v]
        _gains(v, in_ptr, in_source, weight, part, pins, gain)
        best = _best_move(v, gain, bits, low, high, most_bits, part, held, held_bits)
        if best >= 0:
            _shift(v, best, in_ptr, in_source, part, pins, held, held_bits, bits)
            saved += gain[best]
            continue
        b = _best_swap(a, gain, waiting, hope, part)
        if b >= 0:
            u = waiting[b, a]
            waiting[b, a] = -1
            fits_a = held_bits[a] - bits[v] + bits[u] <= most_bits[a]
            if fits_a and held_bits[b] - bits[u] + bits[v] <= most_bits[b]:
                _shift(v, b, in_ptr, in_source, part, pins, held, held_bits, bits)
                # What the other one hoped for was counted before this one moved.
                _gains(u, in_ptr, in_source, weight, part, pins, back)
                if gain[b] + back[a] > 0.0:
                    _shift(u, a, in_ptr, in_source, part, pins, held, held_bits, bits)
                    saved += gain[b] + back[a]
                    continue
                _shift(v, a, in_ptr, in_source, part, pins, held, held_bits, bits)
        _wait(v, a, gain, waiting, hope, part)
    return saved


@kernel
def relieve(
    order: Any, in_ptr: Any, in_source: Any, weight: Any, bits: Any, low: Any, high: Any, most_bits: Any,
    part: Any, pins: Any, held: Any, held_bits: Any,
) -> Any:  # fmt: skip
    """Move neurons out of parts that hold too much, each where that costs least; arguments as above.

    Returns how many parts still hold too many neurons or bits, or too few neurons.
    """
    parts = low.size
    gain = np.zeros(parts)
    for at in range(order.size):
        v = order[at]
        a = part[v]
        over = held[a] > high[a] or held_bits[a] > most_bits[a]
        short = False
        for b in range(parts):
            short = short or held[b] < low[b]
        if not over and not (short and held[a] > low[a]):
            continue
        _gains(v, in_ptr, in_source, weight, part, pins, gain)
        best = -1
        for b in range(parts):
            fits = b != a and held[b] < high[b] and held_bits[b] + bits[v] <= most_bits[b]
            if fits and (over or held[b] < low[b]) and (best < 0 or gain[b] > gain[best]):
                best = b
        if best >= 0:
            _shift(v, best, in_ptr, in_source, part, pins, held, held_bits, bits)
    wrong = 0
    for b in range(parts):
        if held[b] > high[b] or held_bits[b] > most_bits[b] or held[b] < low[b]:
            wrong += 1
    return wrong
