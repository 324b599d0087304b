"""How many neurons each chip gets: equal shares, under limits and pins.

Everything here is exact in whole neurons and deterministic; ties go to the lower index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.contracts import PartitionProblem
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import FloatArray, IntArray

UNLIMITED = 2**40


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
    """Level the chips: first pinned populations (those with the fewest chips first), then the others.

    Raises
    ------
    MappingError
        If neurons do not fit under the limit of neurons per core; names every population that does
        not fit, the limit and by how much.
    """
    chip, chips = problem.system.chip, problem.system.chip_count
    limit = chip.core.neurons
    load = np.zeros(chips, dtype=np.int64)
    left = np.full(chips, chip.core_count * limit if limit else UNLIMITED, dtype=np.int64)
    pinned = np.zeros((len(problem.names), chips), dtype=np.int64)
    free = np.array([name not in problem.pin for name in problem.names])
    problems: list[Problem] = []
    order = sorted(np.flatnonzero(~free), key=lambda p: (len(problem.pin[problem.names[p]]), p))
    for p in order:
        allowed = np.zeros(chips, dtype=bool)
        allowed[list(problem.pin[problem.names[p]])] = True
        room = np.where(allowed, left, 0)
        units = min(problem.sizes[p], int(room.sum()))
        problems += _too_many(problem, int(p), int(room.sum()))
        pinned[p] = hand_out(units, -load.astype(np.float64), room)
        load, left = load + pinned[p], left - pinned[p]
    total = 0
    for p in np.flatnonzero(free):
        problems += _too_many(problem, int(p), int(left.sum()) - total)
        total = min(total + problem.sizes[p], int(left.sum()))
    if problems:
        raise MappingError(problems)
    return Shares(pinned, hand_out(total, -load.astype(np.float64), left), free)


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
