"""Contracts of the three steps of mapping: partition, place, route.

All three are deterministic functions of what they are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.connections import Connections
from spikemesh.description.system import System
from spikemesh.ids import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PartitionProblem:
    """What a partitioner sees of a network.

    Attributes
    ----------
    names, sizes
        Populations in order.
    fan_in : ndarray of float64, shape (populations,)
        Mean synapses onto one neuron of each population.
    synapses : ndarray of float64, shape (populations, populations)
        Expected synapses from (row) to (column).
    local : ndarray of bool, shape (populations, populations)
        Whether the projection joins neurons of like relative index (one_to_one, conv2d, distance ...).
    axons_in : ndarray of float64, shape (populations,)
        Expected distinct sources that reach a group of a population's neurons, at most.
    rates : ndarray of float64, shape (neurons,), optional
        Spikes of every neuron of the network in any unit; None: all spike alike.
    connections
        The synapses neuron by neuron; None where they are too many to be looked at, or only sizes count.
    exchangeable
        Whether all synapses are drawn at random, so that neurons of one population differ by chance alone.
    cores
        Cores of a chip that are to be used: as few as its limits allow, or all.
    network
        The network itself, for what a chip of its kind alone looks at.
    seed
        Of what is tried at random.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    network: BoundNetwork
    fan_in: FloatArray
    synapses: FloatArray
    local: IntArray
    axons_in: FloatArray
    system: System
    pin: dict[str, tuple[int, ...]]
    rates: FloatArray | None = None
    connections: Connections | None = None
    exchangeable: bool = True
    cores: Literal["fewest", "all"] = "all"
    seed: int = 0


class Partitioner(Protocol):
    """Splits populations over virtual chips and cores."""

    name: str

    def partition(self, problem: PartitionProblem) -> list[IntArray]:
        """Return per population the global virtual core (``chip * cores_per_chip + core``) of each neuron.

        Raises
        ------
        MappingError
            If the network cannot fit; names the population, the limit and by how much.
        """
        ...


class Placer(Protocol):
    """Puts virtual chips onto physical ones."""

    name: str

    def place(self, traffic: FloatArray, system: System, fixed: Sequence[int], seed: int) -> IntArray:
        """Return the physical chip of each virtual chip.

        Parameters
        ----------
        traffic : ndarray of float64, shape (chips, chips)
            Expected packets from virtual chip (row) to virtual chip (column).
        system
            The system.
        fixed
            Virtual chips that must keep their number because populations are pinned to them.
        seed
            Of what is tried at random.
        """
        ...


class Router(Protocol):
    """Finds the links a packet takes from chip to chip.

    Where packets branch (``router = "multicast"`` or ``"broadcast"``), the paths from a chip must be a tree: none comes
    to a chip by another link than the others. Where they carry their target alone (``"unicast"``), the link that leaves
    a chip on the way to a target must be the same wherever a path starts.
    """

    name: str

    def path(self, source: int, target: int, system: System, links: dict[tuple[int, int], int]) -> list[int]:
        """Return link indices from chip ``source`` to chip ``target``, in order (empty if the same).

        Parameters
        ----------
        source, target
            Chips.
        system
            The system.
        links
            Link index by (from chip, to chip).
        """
        ...
