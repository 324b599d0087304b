"""How many chips a network needs whose synapses exceed a limit once they are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.mapping import PartitionProblem
from spikemesh.description.system import MappingSettings
from spikemesh.errors import MappingError
from spikemesh.ids import CORE, LINK, AnyArray, FloatArray
from spikemesh.mapping.netlists import fan_out
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.problem import partition_problem
from spikemesh.mapping.report import MappingReport, mapping_report
from spikemesh.mapping.routes import FanOut, Routes, packet_routes
from spikemesh.mapping.rules import rules_of
from spikemesh.mapping.smallest import curable, enlarged, fewest

if TYPE_CHECKING:
    from spikemesh.registry import Registry

TIMES_MAX = 64
"""Systems of more than so many times the chips are not tried."""
ROUTED_MAX = 512
"""Chips of systems that are tried where routing tables have a limit: ways are found for all pairs of chips."""
SINGLE = 2_000_000
"""Of networks with more synapses, the partitions that are tried look at populations alone."""


def with_need(
    report: MappingReport,
    network: BoundNetwork,
    settings: MappingSettings,
    registry: Registry,
    indegree: AnyArray,
    measured: FloatArray | None = None,
) -> MappingReport:
    """Add to a report the smallest number of chips that would do, if limits are exceeded and more chips can help.

    Systems of 2, 4, 8 ... times the chips are mapped with the same settings until one fits, then numbers between.

    Parameters
    ----------
    report
        Gives the system.
    network, settings, registry
        What was mapped, how, and the plugins.
    indegree : ndarray of int, shape (neurons,)
        Synapses onto each neuron.
    measured : ndarray of float64, shape (neurons,), optional
        Spikes of every neuron in a short run.
    """
    problems = report.problems()
    if not problems or not curable(problems):
        return report
    tables = report.system.chip.table_entries is not None
    if tables and report.system.topology == "edges":
        # A larger system would have ways of its own, and tables that follow from them.
        return report
    problem = partition_problem(network, report.system, settings, measured)
    if problem.connections is None or _hopeless(problem):
        return report
    router = registry.routers.get(settings.route, "mapping.route")
    partitioner = registry.partitioners.get(settings.partition_on(report.system), "mapping.partition")
    graph = problem.connections.hypergraph()
    coarse = graph.target.size > SINGLE
    rules = rules_of(report.system, registry)

    def fits(chips: int) -> bool:
        larger = replace(problem, system=enlarged(report.system, chips))
        try:
            core_of = partitioner.partition(replace(larger, connections=None) if coarse else larger)
        except MappingError:
            return False
        placement = placement_on(larger.system, core_of)
        ptr, core, synapses = fan_out(graph, placement.core_of_neuron)
        fan = FanOut(ptr, core.astype(CORE), synapses)
        routes = packet_routes(fan, placement, router, settings.relay) if tables else _no_routes(fan)
        return not mapping_report(network, placement, fan, routes, indegree, rules).problems()

    chips = report.system.chip_count
    most = min(chips * TIMES_MAX, max(2 * chips, ROUTED_MAX)) if tables else chips * TIMES_MAX
    return replace(report, chips_needed=fewest(fits, chips, most))


def _no_routes(fan: FanOut) -> Routes:
    """Say nothing of links, where no limit depends on them."""
    none = np.zeros(0, dtype=np.int64)
    return Routes(np.zeros(fan.ptr.size, np.int64), np.zeros(0, LINK), none, none, none, branching=False)


def _hopeless(problem: PartitionProblem) -> bool:
    """Tell whether a single neuron is too much for a core."""
    core = problem.system.chip.core
    assert problem.connections is not None  # noqa: S101  the caller checked
    graph = problem.connections.hypergraph()
    return core.axons_in is not None and int(np.diff(graph.in_ptr).max(initial=0)) > core.axons_in
