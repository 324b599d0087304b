"""Timing of packets over the links between the chips of a system."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.mapping import Router
from spikemesh.description.chip import ChipSpec, LinkSpec
from spikemesh.description.system import System
from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.network import Channels, Forest, forest_dependencies
from spikemesh.ids import IntArray
from spikemesh.mapping.detours import with_emergency_routing
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut

PS_PER_MS, PS_PER_NS = 10**9, 10**3


def link_timing(placement: Placement, router: Router, fan: FanOut, timestep_ms: float) -> LinkTiming | None:
    """Describe how packets travel between chips, in the regimes in which the time of arrival matters.

    Parameters
    ----------
    placement
        The system, and where the neurons are.
    router
        Finds paths from chip to chip.
    fan
        Target cores of every neuron.
    timestep_ms
        Model time of a step: its hardware time too, unless the system has its own ``tick``.

    Returns
    -------
    LinkTiming or None
        None in regime ``barrier``, and if all links are ideal.
    """
    system = placement.system
    if system.regime == "barrier" or all(_ideal(link) for link in system.links.values()):
        return None
    made = Branches(placement, router)
    chip = placement.cores_per_chip
    core = placement.core_of_neuron.astype(np.int64)
    roots: list[list[int]] = []
    for neuron in range(fan.ptr.size - 1):
        targets = fan.core[fan.ptr[neuron] : fan.ptr[neuron + 1]]
        away = targets[targets // chip != core[neuron] // chip]
        roots.append(made.roots(int(core[neuron]) // chip, tuple(away.tolist())))
    forest = made.forest()
    timing = LinkTiming(
        regime="tick" if system.regime == "tick" else "async",
        tick_ps=tick_ps(system, timestep_ms),
        channels=_channels(placement, forest),
        forest=forest,
        root_ptr=_ptr(roots),
        roots=np.array([root for found in roots for root in found], dtype=np.int64),
        core=core,
        ready_ps=np.zeros(core.size, dtype=np.int64),
        send_ps=np.zeros(len(placement.core_names), dtype=np.int64),
        target_ptr=_ptr(made.targets),
        targets=np.array([core for found in made.targets for core in found], dtype=np.int64),
        link=np.arange(len(placement.links), dtype=np.int64),
        age_ticks=system.packet_age,
    )
    return with_emergency_routing(timing, system)


def tick_ps(system: System, timestep_ms: float) -> int:
    """Return the hardware time of a step in the regimes ``tick`` and ``async``."""
    return round(timestep_ms * PS_PER_MS) if system.tick is None else round(system.tick * PS_PER_NS)


def _ideal(link: LinkSpec) -> bool:
    return not link.latency and link.bandwidth is None and link.queue is None


def _ptr(rows: list[list[int]]) -> IntArray:
    return np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)


def service_ps(link: LinkSpec, chip: ChipSpec) -> int:
    """Time for which a packet occupies a link: at least 1 ps."""
    if link.bandwidth is None:
        return 1
    units = 1 if link.bandwidth_of == "packet" else chip.packet_bits + link.frame_bits
    return max(1, round(1e12 * units / link.bandwidth))


def _channels(placement: Placement, forest: Forest) -> Channels:
    """One channel for each link, in the order of links."""
    kinds = [placement.system.link_kind(ends) for ends in placement.links]

    def column(values: list[int]) -> IntArray:
        return np.array(values, dtype=np.int64)

    return Channels(
        service=column([service_ps(k, placement.system.chip) for k in kinds]),
        latency=column([round(PS_PER_NS * (k.latency or 0.0)) for k in kinds]),
        queue=column([-1 if k.queue is None else k.queue for k in kinds]),
        drops=column([k.when_full == "drop" for k in kinds]).astype(np.uint8),
        wait=column([round(PS_PER_NS * k.wait) for k in kinds]),
        period=column([0 if k.clock_mhz is None else round(1e6 / k.clock_mhz) for k in kinds]),
        order=channel_order(*forest_dependencies(forest), len(kinds)),
    )


class Branches:
    """Makes the trees of packets; neurons of one chip with the same targets share theirs."""

    def __init__(self, placement: Placement, router: Router) -> None:
        self._placement, self._router = placement, router
        self._index = {ends: k for k, ends in enumerate(placement.links)}
        self._known: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        self._paths: dict[tuple[int, int], list[int]] = {}
        self._channel: list[int] = []
        self._children: list[list[int]] = []
        self.targets: list[list[int]] = []

    def roots(self, chip: int, cores: tuple[int, ...]) -> list[int]:
        """Return the roots of the packets from a chip to cores on others."""
        if (chip, cores) not in self._known:
            one_each = self._placement.system.chip.router == "unicast"
            groups = [(core,) for core in cores] if one_each else [cores]
            self._known[chip, cores] = [root for group in groups for root in self._tree(chip, group)]
        return self._known[chip, cores]

    def _tree(self, chip: int, cores: tuple[int, ...]) -> list[int]:
        nodes: dict[int, int] = {}
        roots: list[int] = []
        for core in cores:
            before = -1
            target = core // self._placement.cores_per_chip
            for link in self._path(chip, target):
                if link not in nodes:
                    nodes[link] = self._node(link)
                    (roots if before < 0 else self._children[before]).append(nodes[link])
                before = nodes[link]
            self.targets[before].append(core)
        return roots

    def _path(self, chip: int, target: int) -> list[int]:
        if (chip, target) not in self._paths:
            system = self._placement.system
            self._paths[chip, target] = self._router.path(chip, target, system, self._index)
        return self._paths[chip, target]

    def _node(self, link: int) -> int:
        self._channel.append(link)
        self._children.append([])
        self.targets.append([])
        return len(self._channel) - 1

    def forest(self) -> Forest:
        """Return all trees made so far."""
        return Forest(
            channel=np.array(self._channel, dtype=np.int32),
            work=np.zeros(len(self._channel), dtype=np.int64),
            child_ptr=_ptr(self._children),
            child=np.array([c for found in self._children for c in found], dtype=np.int32),
            report=np.array([len(found) > 0 for found in self.targets], dtype=np.uint8),
        )
