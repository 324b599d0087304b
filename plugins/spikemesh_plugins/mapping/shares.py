"""How many neurons each chip gets: equal shares, under limits and pins.

Everything here is exact in whole neurons and deterministic; ties go to the lower index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.contracts import PartitionProblem
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import FloatArray, IntArray

UNLIMITED = 2**30


def hand_out(units: int, want: FloatArray, room: IntArray) -> IntArray:
    """Give units one by one to whoever wants most and has room; every unit lowers the want by one.

    Parameters
    ----------
    units
        How many; at most the sum of ``room``.
    want : ndarray of float64, shape (n,)
        Initial wants, of any sign.
    room : ndarray of int64, shape (n,)
        Most units each can take.

    Returns
    -------
    ndarray of int64, shape (n,)
        Units given.
    """

    def taken(level: float) -> IntArray:
        wanted: IntArray = np.maximum(np.ceil(want - level), 0.0).astype(np.int64)
        return np.minimum(wanted, room)

    if units == 0:
        return np.zeros(want.size, dtype=np.int64)
    # taken(low) is too much or just enough, taken(high) is not too much.
    low, high = float(want.min()) - units - 1.0, float(want.max())
    for _ in range(64):
        middle = 0.5 * (low + high)
        total = taken(middle).sum()
        low, high = (middle, high) if total > units else (low, middle)
        if total == units:
            break
    given = taken(high)
    # Equal wants step together at one level; the rest goes to the lowest indices.
    for _ in range(int(units - given.sum())):
        still = np.where(given < room, np.round(want - given, 9), -np.inf)
        given[np.argmax(still)] += 1
    return given


@dataclass(frozen=True, eq=False)
class Shares:
    """Neurons by population and chip as far as pins fix them, and the room left for the others.

    Attributes
    ----------
    pinned : ndarray of int64, shape (populations, chips)
        Neurons of pinned populations.
    room : ndarray of int64, shape (chips,)
        Neurons of all other populations together that each chip takes; its sum is their number.
    free : ndarray of bool, shape (populations,)
        Populations without a pin.
    """

    pinned: IntArray
    room: IntArray
    free: IntArray


def shares_of(problem: PartitionProblem) -> Shares:
    """Level the chips: first pinned populations, then the others.

    A pinned population is spread evenly over its chips. Where that overfills a chip or puts it over its
    share, and pins overlap, the lowest possible load of the fullest chip is found as a maximum flow from
    populations to chips.

    Raises
    ------
    MappingError
        If neurons do not fit under the limit of neurons per core; names every population that does
        not fit, the limit and by how much.
    """
    free = np.array([name not in problem.pin for name in problem.names])
    left = np.full(problem.system.chip_count, chip_room(problem), dtype=np.int64)
    pinned, problems = _pinned_evenly(problem)
    share = sum(problem.sizes) / left.size
    fullest = pinned.sum(axis=0).max()
    if problems or fullest > np.ceil(share):
        flow = _pinned_by_flow(problem, share)
        if flow is not None and (problems or flow.sum(axis=0).max() < fullest):
            pinned, problems = flow, []
    load = pinned.sum(axis=0)
    left -= load
    total = 0
    for p in np.flatnonzero(free):
        problems += _too_many(problem, int(p), int(left.sum()) - total)
        total = min(total + problem.sizes[p], int(left.sum()))
    if problems:
        raise MappingError(problems)
    return Shares(pinned, hand_out(total, -load.astype(np.float64), left), free)


def chip_room(problem: PartitionProblem) -> int:
    """Neurons that a chip can take."""
    limit = problem.system.chip.core.neurons
    return problem.system.chip.core_count * limit if limit else UNLIMITED


def _pinned(problem: PartitionProblem) -> list[int]:
    """Pinned populations, those with the fewest chips first."""
    pinned = [p for p, name in enumerate(problem.names) if name in problem.pin]
    return sorted(pinned, key=lambda p: (len(set(problem.pin[problem.names[p]])), p))


def _pinned_evenly(problem: PartitionProblem) -> tuple[IntArray, list[Problem]]:
    chips = problem.system.chip_count
    pinned = np.zeros((len(problem.names), chips), dtype=np.int64)
    problems: list[Problem] = []
    for p in _pinned(problem):
        load = pinned.sum(axis=0)
        room = np.zeros(chips, dtype=np.int64)
        allowed = list(problem.pin[problem.names[p]])
        room[allowed] = chip_room(problem) - load[allowed]
        problems += _too_many(problem, p, int(room.sum()))
        pinned[p] = hand_out(min(problem.sizes[p], int(room.sum())), -load.astype(np.float64), room)
    return pinned, problems


def _pinned_by_flow(problem: PartitionProblem, share: float) -> IntArray | None:
    """Find the pinned populations' neurons by chip with the lowest load of the fullest chip, if any fit."""
    needed = sum(problem.sizes[p] for p in _pinned(problem))
    low, high = min(int(np.ceil(share)), chip_room(problem)), min(chip_room(problem), needed)
    best = _flow(problem, high)
    if best.sum() < needed:
        return None
    while low < high:
        middle = (low + high) // 2
        found = _flow(problem, middle)
        if found.sum() < needed:
            low = middle + 1
        else:
            best, high = found, middle
    return best


def _flow(problem: PartitionProblem, room: int) -> IntArray:
    """Maximum flow from the source over pinned populations and their chips, each of the same room."""
    count, chips = len(problem.names), problem.system.chip_count
    source, sink = count + chips, count + chips + 1
    edges = [(count + chip, sink, room) for chip in range(chips)]
    for p in _pinned(problem):
        edges.append((source, p, problem.sizes[p]))
        edges += [(p, count + chip, problem.sizes[p]) for chip in set(problem.pin[problem.names[p]])]
    starts, ends, capacity = np.asarray(edges, dtype=np.int32).T
    # Imported late: commands that map nothing start without it.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    graph = csr_array((capacity, (starts, ends)), shape=(sink + 1, sink + 1))
    flow = maximum_flow(graph, source, sink).flow[:count, count : count + chips].toarray()
    return np.maximum(flow, 0).astype(np.int64)


def _too_many(problem: PartitionProblem, p: int, room: int) -> list[Problem]:
    limit, size = problem.system.chip.core.neurons, problem.sizes[p]
    if limit is None or size <= room:
        return []
    name = problem.names[p]
    left = f"{room // limit} are left" if room % limit == 0 else f"room for {room} neurons is left"
    on = f" on {_chips(problem.pin[name])}, to which it is pinned" if name in problem.pin else ""
    need = f"{size} neurons need {-(-size // limit)} cores of {limit} neurons"
    found = f"{need}; {left}{on}: {size - room} neurons too many"
    remedy = "pin it to more chips" if on else "more chips, or fewer neurons"
    return [Problem(f'population "{name}"', found, remedy)]


def _chips(pin: tuple[int, ...]) -> str:
    return f"chip{'s' if len(pin) > 1 else ''} {', '.join(map(str, pin))}"
