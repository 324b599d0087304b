"""The suites of partitioners, placers and routers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.description.builder import Network
from spikemesh.description.system import ChipSpec, CoreSpec, MappingSettings, System
from spikemesh.mapping.placement import place_network
from spikemesh.mapping.topology import links_of
from spikemesh.testing.checks import Check
from spikemesh.testing.documented import check_docstring
from spikemesh.testing.memory_run import bound
from spikemesh.testing.subjects import Subject

TOPOLOGIES = ("mesh", "torus", "triangular", "triangular_torus", "ring", "tree", "star", "full")


def mapper_checks(subject: Subject) -> list[Check]:
    """List the checks of a partitioner, a placer or a router."""
    suites: dict[str, list[tuple[str, Any]]] = {
        "partitioner": [("every neuron on a core, within limits", _partitions), ("pins are kept", _pinned)],
        "placer": [("every chip once, pinned ones kept", _places)],
        "router": [("paths lead from chip to chip", _routes), ("paths from a chip are a tree", _tree)],
    }
    bodies = suites[subject.kind]
    documented = Check(
        subject.kind,
        subject.name,
        "documented",
        lambda: check_docstring(type(subject.item), equation=False, source=False),
    )
    return [documented, *(Check(subject.kind, subject.name, n, _bound_to(b, subject)) for n, b in bodies)]


def _bound_to(body: Any, subject: Subject) -> Any:
    return lambda: body(subject)


def _network(subject: Subject) -> BoundNetwork:
    net = Network(timestep=1.0, seed=1)
    first = net.add_population("first", 60, "iaf")
    second = net.add_population("second", 41, "iaf")
    third = net.add_population("third", 1, "iaf")
    net.connect(first, second, "fixed_probability", p=0.2, weight=1.0, delay=1.0)
    net.connect(second, first, "fixed_indegree", indegree=5, weight=1.0, delay=1.0)
    net.connect(first, third, "all_to_all", weight=1.0, delay=1.0)
    return bound(net, subject.registry)


def _settings(subject: Subject, **more: Any) -> MappingSettings:
    step = {"partitioner": "partition", "placer": "place", "router": "route"}[subject.kind]
    return MappingSettings(**{step: subject.name, **more})


def _partitions(subject: Subject) -> str:
    network = _network(subject)
    for chips in ((1,), (3,), (2, 2)):
        # 102 neurons on cores of 10 each: with 12 cores a chip, all fit on one.
        system = System(chips=chips, chip=ChipSpec(cores=(4, 3), core=CoreSpec(neurons=10)))
        one, two = (place_network(network, system, _settings(subject), subject.registry) for _ in range(2))
        held = np.bincount(one.core_of_neuron, minlength=system.core_count)
        assert held.size == system.core_count, f"cores to {held.size - 1}; there are {system.core_count}"
        assert held.max() <= 10, f"{held.max()} neurons on a core that holds 10"
        assert np.array_equal(one.core_of_neuron, two.core_of_neuron), "another partition the second time"
    return "102 neurons on 1, 3 and 4 chips"


def _pinned(subject: Subject) -> str:
    system = System(chips=(3,), chip=ChipSpec(cores=(4, 3)))
    settings = _settings(subject, pin={"second": (2,)})
    placement = place_network(_network(subject), system, settings, subject.registry)
    chips = set((placement.core_of[1] // placement.cores_per_chip).tolist())
    assert chips == {2}, f"a population pinned to chip 2 is on chips {sorted(chips)}"
    return "a population on its chip"


def _places(subject: Subject) -> str:
    random = np.random.default_rng(1)
    system = System(chips=(3, 2), chip=ChipSpec(cores=(1, 1)))
    traffic = random.random((6, 6)) * (1.0 - np.eye(6))
    kept = traffic.copy()
    for fixed in ([], [1, 4]):
        one, two = (np.asarray(subject.item.place(traffic, system, fixed, 7)) for _ in range(2))
        assert np.array_equal(np.sort(one), np.arange(6)), f"chips {one.tolist()}: not every one once"
        assert all(one[chip] == chip for chip in fixed), f"pinned chips {fixed} were moved to {one.tolist()}"
        assert np.array_equal(one, two), "other places the second time"
    assert np.array_equal(traffic, kept), "place changes the traffic that it is given"
    return "6 chips"


def _walk(subject: Subject, system: System, source: int, target: int) -> list[int]:
    links = links_of(system)
    path = list(subject.item.path(source, target, system, links.index))
    where = f"from chip {source} to {target} on a {system.topology} of {system.chip_count}"
    assert path == list(subject.item.path(source, target, system, links.index)), (
        f"{where}: another path later"
    )
    assert all(0 <= k < len(links.ends) for k in path), f"{where}: links {path}; there are {len(links.ends)}"
    chips = [source, *(links.ends[k][1] for k in path)]
    starts = [links.ends[k][0] for k in path]
    assert starts == chips[:-1], f"{where}: the links {path} do not join"
    assert chips[-1] == target, f"{where}: the path ends at chip {chips[-1]}"
    assert len(set(chips)) == len(chips), f"{where}: the path crosses itself: {chips}"
    return chips


def _systems() -> list[System]:
    return [System(topology=t, chips=(3, 2), chip=ChipSpec(cores=(1, 1))) for t in TOPOLOGIES]


def _routes(subject: Subject) -> str:
    paths = 0
    for system in _systems():
        for source in range(system.chip_count):
            for target in range(system.chip_count):
                _walk(subject, system, source, target)
                paths += 1
    return f"{paths} paths on {len(TOPOLOGIES)} topologies"


def _tree(subject: Subject) -> None:
    for system in _systems():
        for source in range(system.chip_count):
            before: dict[int, int] = {}
            for target in range(system.chip_count):
                for here, there in pairwise(_walk(subject, system, source, target)):
                    assert before.setdefault(there, here) == here, (
                        f"on a {system.topology} paths from chip {source} come to chip {there} from {here} and "
                        f"{before[there]}: packets could not branch"
                    )
