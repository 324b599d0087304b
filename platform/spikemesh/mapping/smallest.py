"""How many chips a network that does not fit would need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from spikemesh.contracts.mapping import Partitioner, PartitionProblem
from spikemesh.description.system import System
from spikemesh.description.topology import GRIDS, grid_shape
from spikemesh.errors import MappingError, Problem
from spikemesh.mapping.limits import neuron_problems

CHIPS_MAX = 1 << 16
"""Systems are not tried beyond this number of chips."""
MORE = "more chips"
"""How remedies begin that a larger system can be."""


def enlarged(system: System, chips: int) -> System:
    """Return the same kind of system with another number of chips, of whatever shape."""
    if system.topology in GRIDS:
        return system.model_copy(update={"chips": grid_shape(chips)})
    other = {"topology": "ring", "edges": (), "positions": ()} if system.topology == "edges" else {}
    return system.model_copy(update={"chips": (chips,), **other})


def fewest(fits: Callable[[int], bool], chips: int, most: int = CHIPS_MAX) -> int | None:
    """Find the smallest number of chips that does, by doubling and then halving the interval.

    Parameters
    ----------
    fits
        Whether so many chips do; it should not fall with their number.
    chips
        A number that does not do.
    most
        Beyond this, nothing is tried.

    Returns
    -------
    int or None
        None if no number up to ``most`` does.
    """
    low, high = chips, min(2 * chips, most)
    while low < high and not fits(high):
        low, high = high, min(2 * high, most)
    if low >= high:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def smallest_for(problem: PartitionProblem, partitioner: Partitioner) -> int | None:
    """Find the smallest number of chips on which a partitioner finds room for a network.

    Only expected synapses are looked at, which is quick: the number is the least that can do.

    Parameters
    ----------
    problem
        What did not fit.
    partitioner
        Its arithmetic of limits decides.

    Returns
    -------
    int or None
        None if more chips are no cure.
    """

    def fits(chips: int) -> bool:
        larger = replace(problem, system=enlarged(problem.system, chips), connections=None)
        try:
            return not neuron_problems(larger, partitioner.partition(larger))
        except MappingError:
            return False

    # A chip for each neuron is as far as neurons can be apart.
    return fewest(fits, problem.system.chip_count, min(CHIPS_MAX, max(1, sum(problem.sizes))))


def with_chips(problems: Iterable[Problem], chips: int | None) -> list[Problem]:
    """Say in the remedies how many chips would do, where more chips are one."""
    number = f"{MORE}: {chips} would do" if chips is not None else ""
    return [
        replace(p, remedy=p.remedy.replace(MORE, number, 1)) if number and p.remedy.startswith(MORE) else p
        for p in problems
    ]


def curable(problems: Iterable[Problem]) -> bool:
    """Tell whether more chips could be a remedy for every problem."""
    return all(p.remedy.startswith(MORE) for p in problems)
