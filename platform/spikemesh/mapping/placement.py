"""Where every neuron is: partition over virtual chips, then place those on physical ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.mapping import PartitionProblem, Placer
from spikemesh.contracts.traffic import chip_packets, expected_packets
from spikemesh.description.system import MappingSettings, System
from spikemesh.errors import MappingError, PluginError
from spikemesh.ids import CORE, AnyArray, FloatArray
from spikemesh.mapping.limits import check_partition, delay_problems, fan_in_problems, neuron_problems
from spikemesh.mapping.problem import partition_problem
from spikemesh.mapping.smallest import curable, smallest_for, with_chips
from spikemesh.mapping.topology import core_names, links_of

if TYPE_CHECKING:
    from spikemesh.registry import Registry


@dataclass(frozen=True, eq=False)
class Placement:
    """Every neuron on a core, and the links between the chips.

    Attributes
    ----------
    system
        The system.
    core_of
        Per population the core of each neuron, int32: ``chip * cores_per_chip + core``.
    links
        (from chip, to chip) of every directed link, in the order of link indices.
    link_names, core_names
        Such as ``chip0->chip1`` and ``chip0.core1``, in the order of indices.
    """

    system: System
    core_of: tuple[AnyArray, ...]
    links: tuple[tuple[int, int], ...]
    link_names: tuple[str, ...]
    core_names: tuple[str, ...]

    @property
    def cores_per_chip(self) -> int:
        """Cores on one chip."""
        return self.system.chip.core_count

    @property
    def core_of_neuron(self) -> AnyArray:
        """Core of every neuron of the network by global index, int32."""
        return np.concatenate([*self.core_of, np.empty(0, dtype=CORE)])

    @property
    def chip_of_neuron(self) -> AnyArray:
        """Chip of every neuron of the network by global index, int32."""
        return self.core_of_neuron // np.int32(self.cores_per_chip)


def placement_on(system: System, core_of: Sequence[AnyArray]) -> Placement:
    """Make a placement from the core of each neuron."""
    links = links_of(system)
    assigned = tuple(np.ascontiguousarray(c, dtype=CORE) for c in core_of)
    return Placement(system, assigned, links.ends, links.names, core_names(system))


def place_network(
    network: BoundNetwork,
    system: System,
    settings: MappingSettings,
    registry: Registry,
    measured: FloatArray | None = None,
) -> Placement:
    """Partition a network and place it.

    Parameters
    ----------
    network
        The network.
    system
        The system.
    settings
        Names of the partitioner and the placer, and pins.
    registry
        Where they are looked up.
    measured : ndarray of float64, shape (neurons,), optional
        Spikes of every neuron in a short run, for ``rates = "measured"``.

    Returns
    -------
    Placement
        Within the limits that can be known before synapses are built; the others are checked by
        :func:`spikemesh.mapping.report.mapping_report`.

    Raises
    ------
    DescriptionError
        If a plugin, a pinned population or a chip of a pin does not exist.
    MappingError
        If the network does not fit; names populations, limits, by how much, and how many chips would do.
    PluginError
        If a partitioner or placer breaks its contract.
    """
    partitioner = registry.partitioners.get(settings.partition_on(system), "mapping.partition")
    placer = registry.placers.get(settings.place, "mapping.place")
    problem = partition_problem(network, system, settings, measured)
    unfit = [*fan_in_problems(problem), *delay_problems(network, system)]
    if unfit:
        raise MappingError(unfit)
    try:
        virtual = partitioner.partition(problem)
    except MappingError as error:
        if not curable(error.problems):
            raise
        raise MappingError(with_chips(error.problems, smallest_for(problem, partitioner))) from None
    check_partition(problem, virtual, partitioner.name)
    crowded = neuron_problems(problem, virtual)
    if crowded:
        raise MappingError(crowded)
    return placement_on(system, _placed(problem, virtual, placer))


def _placed(problem: PartitionProblem, virtual: Sequence[AnyArray], placer: Placer) -> list[AnyArray]:
    """Move virtual chips to physical ones, core by core."""
    chips, cores = problem.system.chip_count, problem.system.chip.core_count
    fixed = sorted({chip for pin in problem.pin.values() for chip in pin})
    chip_of = [c // cores for c in virtual]
    drawn = problem.connections is not None and problem.connections.drawn
    traffic = chip_packets(problem, chip_of) if drawn else expected_packets(problem, chip_of)
    place = np.asarray(placer.place(traffic, problem.system, fixed, problem.seed))
    if not np.array_equal(np.sort(place), np.arange(chips)):
        raise PluginError(f'placer "{placer.name}" did not return every chip once')
    if any(place[chip] != chip for chip in fixed):
        raise PluginError(f'placer "{placer.name}" moved a chip that populations are pinned to')
    return [place[c // cores] * cores + c % cores for c in virtual]
