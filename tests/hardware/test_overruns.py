"""Ticks that are too short for the work of a core."""

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.description.costs import Cost, CostSet
from spikemesh.engine.timing import StepClock
from spikemesh.mapping.hardware import hardware_on, work_is_known
from spikemesh.registry.shared import shared_registry

from .conftest import COSTS, Mapped, mesh_system

UPDATES, SPIKE, SEND, TAKE, EVENT = 3 * 9_700, 30_000, 5_100, 16_000, 4_700  # ps, of COSTS


@pytest.mark.parametrize(
    ("tick", "expected"),
    [
        (UPDATES + SPIKE + SEND - 1, [2, 2]),
        # What takes as long as a tick is done in time.
        (UPDATES + SPIKE + SEND, [0, 2]),
        (UPDATES + TAKE + 5 * EVENT, [0, 1]),
        (UPDATES + TAKE + 6 * EVENT, [0, 0]),
        (UPDATES - 1, [4, 4]),
    ],
)
@pytest.mark.parametrize("level", ["none", "analytic"])
def test_updates_sends_and_synaptic_events(tick, expected, level, router):
    """In ticks 2 and 3 of 4, core 0 sends a packet, and core 1 takes it in with its 5 or 6 synapses."""
    mapped = Mapped(mesh_system(chips=(1, 1)), [0, 0, 0, 1, 1, 1], [0, 1], [3, 3], [5, 6])
    updated = np.ones(6, dtype=bool)
    hardware = hardware_on(updated, mapped.placement, mapped.fan, router, level, tick_ps=tick)
    ticks, neurons = np.array([2, 3]), np.array([0, 1])
    for cuts in ([4], [1, 2, 4]):
        clock, found, first = StepClock(hardware, 4), np.zeros(16, dtype=np.int64), 0
        for until in cuts:
            here = (ticks > first) & (ticks <= until)
            figures = clock.advance(until, ticks[here], neurons[here])
            found += figures.counters["core_overruns"].sum(axis=0)
            first = until
        assert found[:2].tolist() == expected


def test_work_is_known_if_every_cost_is_or_is_included_in_another():
    def system(**costs):
        return mesh_system(costs=CostSet(**costs))

    some = Cost(latency_ns=1.0)
    assert work_is_known(mesh_system())
    assert not work_is_known(system())
    assert not work_is_known(system(neuron_update=some, axon_out=some))
    assert not work_is_known(system(synaptic_event=some))
    assert work_is_known(system(synaptic_event=some, excluded=("neuron_update", "axon_out")))
    assert not work_is_known(system(excluded=("neuron_update", "axon_out", "synaptic_event")))
    assert not work_is_known(mesh_system(costs=COSTS.model_copy(update={"axon_out": Cost(energy_pj=1.0)})))


def test_spinnaker_publishes_the_work_of_its_cores_in_one_account():
    # Stromatias et al. 2013: 48 chips, 1.8 x 10^9 events a second; 16 cores of a chip are for applications.
    system = shared_registry().systems.get("spinnaker", "system").make((48,))
    known = {n: work_is_known(system.model_copy(update={"costs": n})) for n in system.chip.costs}
    assert known == {"spinnmachine": False, "sharp2012": False, "stromatias2013": True}
    event = system.chip.costs["stromatias2013"].synaptic_event
    assert event.latency_ns == pytest.approx(426.7, abs=0.05)


@pytest.mark.parametrize(("costs", "expected"), [("stromatias2013", 3), ("spinnmachine", "not published")])
def test_overruns_of_a_run(costs, expected):
    """Three volleys of 300 spikes onto 1 neuron: 300 x 426.7 ns are more than a tick of 0.1 ms, 200 are less."""
    net = sm.Network(timestep="0.1 ms", seed=1)
    source = net.add_population(
        "in", 300, "spike_source", times=[[1.0, 2.0, 3.0]] * 200 + [[1.0, 2.0, 3.0, 4.0]] * 100
    )
    target = net.add_population("out", 1, "iaf", v_th=1e9)
    net.connect(source, target, "all_to_all", weight=1.0, delay="1 ms")
    net.probe(target, "spikes")
    system = sm.System.preset("spinnaker", chips=(1,)).model_copy(update={"costs": costs})
    for links in ("packet", "none"):
        summary = sm.run(net, system, "6 ms", backend="local", links=links).summary
        assert summary["core_overruns"] == expected
