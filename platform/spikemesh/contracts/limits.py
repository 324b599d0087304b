"""Contract of a limit rule: what a chip limits in a way of its own, beside the plain limits of its cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.description.system import System
from spikemesh.errors import Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray

Place = Literal["core", "chip", "neuron", "population", "projection"]
"""What a limit is a limit of."""


@dataclass(frozen=True, eq=False)
class Synapses:
    """Some synapses of one projection.

    Attributes
    ----------
    source, target : ndarray of int64
        Neurons, numbered over the whole network.
    weight
        In the target model's unit: a number if all are equal, else one each.
    delay
        In steps: a number if all are equal, else one each.
    """

    source: IntArray
    target: IntArray
    weight: float | FloatArray
    delay: int | AnyArray


@dataclass(frozen=True, eq=False)
class Load:
    """A mapped network, as a limit rule sees it.

    Attributes
    ----------
    network, system
        What is mapped onto what.
    core_of : ndarray of int64, shape (neurons,)
        Core of each neuron: ``chip * cores of a chip + core``.
    source, core, synapses : ndarray of int64
        One entry for each pair of a source neuron and a core on which it has synapses, sorted by source: the neuron,
        the core, and how many.
    draw
        Draws the synapses of a projection, given its index, some at a time. That takes as long as building them.
    """

    network: BoundNetwork
    system: System
    core_of: IntArray
    source: IntArray
    core: IntArray
    synapses: IntArray
    draw: Callable[[int], Iterator[Synapses]]

    @property
    def population_of(self) -> IntArray:
        """Population of each neuron."""
        sizes = [p.size for p in self.network.populations]
        return np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)

    @property
    def inside(self) -> AnyArray:
        """Whether each neuron is one of the chip; the others stand for input from outside."""
        return neurons_of_chip(self.network)

    def all_synapses(self) -> Iterator[Synapses]:
        """Draw the synapses of all projections."""
        for projection in self.network.projections:
            yield from self.draw(projection.index)


@dataclass(frozen=True, eq=False)
class Use:
    """How much of something is taken at each place, and how much there is.

    Attributes
    ----------
    key
        Name of the limit, as in ``neurons``.
    what
        What is counted, such as ``router entries``.
    of
        What it is a limit of: ``need`` has one entry for each core of the system, or each chip, neuron, population or
        projection of the network.
    need : ndarray of int64
        How much is taken.
    limit
        How much there is: a number, or one for each place.
    remedy
        What to do; begins with ``more chips`` where a larger system can help.
    """

    key: str
    what: str
    of: Place
    need: IntArray
    limit: int | IntArray
    remedy: str


def neurons_of_chip(network: BoundNetwork) -> AnyArray:
    """Tell which neurons are ones of a chip; the others stand for input from outside."""
    own = [
        bool(p.model.receptors) and not p.model.source and p.model.events is None for p in network.populations
    ]
    return np.repeat(np.array(own, dtype=bool), [p.size for p in network.populations])


class LimitRule(Protocol):
    """Counts what a chip limits in a way of its own. A chip names its rules (:attr:`ChipSpec.rules`)."""

    name: str
    source: str
    """Where its figures come from."""

    def check(self, load: Load) -> Iterable[Use | Problem]:
        """Return what the network takes, and problems that are no counts; a deterministic function of the load."""
        ...
