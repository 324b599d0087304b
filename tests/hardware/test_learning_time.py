"""Time that updates of plastic synapses take, after all else that a core does in a step."""

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.description.costs import Cost
from spikemesh.engine.learning_updates import LearningTables, ThirdFactor, Visits
from spikemesh.engine.timing import StepClock
from spikemesh.mapping.hardware import hardware_on, work_is_known

from .conftest import COSTS, Mapped, mesh_system

UPDATES, SPIKE, SEND, TAKE, EVENT, BARRIER = 3 * 9_700, 30_000, 5_100, 16_000, 4_700, 100_000  # ps, of COSTS
LEARN = 6_100  # ps: pairwise STDP of a synapse, Davies et al. 2018, Table 2
NOBODY = np.zeros(0, dtype=np.int64)
LEARNING = COSTS.model_copy(update={"learning_update": Cost(latency_ns=6.1)})


def tables(mapped, visits=()):
    """Neurons 0 and 1 of core 0 have 5 and 6 plastic synapses on core 1, all of them on neuron 3."""
    ptr, updates = np.array([0, 1, 2, 2, 3, 3, 3]), np.array([5, 6, 11])
    return LearningTables(
        mapped.placement.core_of_neuron, ptr, np.array([1, 1, 1]), updates, 16, tuple(visits)
    )


def clock(level, router, visits=(), costs=LEARNING, tick_ps=0, learns=True, phases="overlapped"):
    costs = costs.model_copy(update={"phases": phases})
    mapped = Mapped(mesh_system(chips=(1, 1), costs=costs), [0, 0, 0, 1, 1, 1], [0, 1], [3, 3], [50, 60])
    learning = tables(mapped, visits) if learns else None
    hardware = hardware_on(
        np.ones(6, dtype=bool),
        mapped.placement,
        mapped.fan,
        router,
        level,
        tick_ps=tick_ps,
        learning=learning,
    )
    return StepClock(hardware, 4, visits=visits if learns else ())


@pytest.mark.parametrize("phases", ["overlapped", "sequential"])
@pytest.mark.parametrize("level", ["none", "analytic", "packet"])
def test_steps_are_longer_by_the_updates_of_the_last_core(level, phases, router):
    # Step 1: nobody; 2: neuron 0; 3: neurons 0 and 1; 4: neuron 3, which sends nothing.
    ticks, neurons = np.array([2, 3, 3, 4]), np.array([0, 0, 1, 3])
    plain = clock(level, router, learns=False, phases=phases).advance(4, ticks, neurons)
    found = clock(level, router, phases=phases).advance(4, ticks, neurons)
    more = found.series["step_time_ps"] - plain.series["step_time_ps"]
    # Core 1 is the last in steps 2 to 4, and its updates come last.
    assert more.tolist() == [0, 5 * LEARN, 11 * LEARN, 11 * LEARN]
    assert found.series["step_core"].tolist() == [0, 1, 1, 1]
    busy = found.counters["core_busy_ps"] - plain.counters["core_busy_ps"]
    assert busy[0, :3].tolist() == [0, (5 + 11 + 11) * LEARN, 0]


@pytest.mark.parametrize("cuts", [[4], [1, 2, 4]])
def test_known_times_without_links(cuts, router):
    third = ThirdFactor(NOBODY, np.zeros(0))
    visits = [Visits(2, False, third, np.array([0, 11] + [0] * 14))]
    ticks, neurons = np.array([2, 3]), np.array([0, 1])
    times, timer, first = [], clock("none", router, visits), 0
    for until in cuts:
        here = (ticks > first) & (ticks <= until)
        times += timer.advance(until, ticks[here], neurons[here]).series["step_time_ps"].tolist()
        first = until
    taking = [TAKE + n * EVENT for n in (50, 60)]
    assert times == [
        BARRIER + UPDATES,
        BARRIER + max(UPDATES, taking[0]) + (5 + 11) * LEARN,
        BARRIER + max(UPDATES, taking[1]) + 6 * LEARN,
        BARRIER + UPDATES + 11 * LEARN,
    ]


@pytest.mark.parametrize(("short", "expected"), [(0, [0, 0]), (1, [0, 1])])
def test_overruns_count_learning(short, expected, router):
    tick = UPDATES + TAKE + 60 * EVENT + 6 * LEARN - short
    figures = clock("none", router, tick_ps=tick).advance(2, np.array([2]), np.array([1]))
    assert figures.counters["core_overruns"].sum(axis=0)[:2].tolist() == expected


def test_without_a_published_time_learning_takes_none_and_work_is_not_known(router):
    ticks, neurons = np.array([2, 3, 3]), np.array([0, 0, 1])
    plain = clock("packet", router, learns=False).advance(4, ticks, neurons)
    found = clock("packet", router, costs=COSTS).advance(4, ticks, neurons)
    assert np.array_equal(found.series["step_time_ps"], plain.series["step_time_ps"])
    assert not work_is_known(mesh_system(costs=COSTS), learns=True)
    assert work_is_known(mesh_system(costs=LEARNING), learns=True)


@pytest.mark.parametrize(("costs", "misses"), [("davies2018", False), ("sanafe2025", True)])
def test_a_run_says_whether_the_time_of_learning_is_published(costs, misses):
    from spikemesh.api.run_figures import run_figures

    net = sm.Network(timestep="1 ms", seed=1)
    net.add_population("in", 20, "spike_source", times=[[2.0, 5.0]] * 20)
    net.add_population("out", 5, "iaf", v_th=1e9)
    net.connect("in", "out", "all_to_all", weight=1.0, learning=sm.rule("stdp_pair"))
    net.probe("out", "spikes")
    system = sm.System.preset("loihi", chips=(1, 1)).model_copy(update={"costs": costs})
    result = sm.run(net, system, "10 ms", backend="local")
    figures = run_figures(result.trace)
    assert ("learning_update" in figures.values["time_misses"]) == misses
