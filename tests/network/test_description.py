"""What a network of channels may be, and what its simulators take and give."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.engine.network import Forest
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.network_sweep import Sweep
from spikemesh.engine.packet_network import PacketNetwork


def chain(**changed):
    """Two channels, one node in each."""
    values = {"channel": [0, 1], "work": [0, 0], "child_ptr": [0, 1, 1], "child": [1]} | changed
    kinds = {"channel": np.int32, "child": np.int32, "report": np.uint8}
    return Forest(**{name: np.array(v, dtype=kinds.get(name, np.int64)) for name, v in values.items()})


@pytest.mark.parametrize(
    ("given", "changed", "message"),
    [
        ({"service": -1}, {}, r"service\[0\] is -1: it must lie in 0 to"),
        ({"queue": [0, -2]}, {}, r"queue\[1\] is -2: it must lie in -1 to"),
        ({"drops": 2}, {}, r"drops\[0\] is 2: it must lie in 0 to 1"),
        ({"order": [0, 0]}, {}, "order does not hold each of 2 channels once"),
        ({"order": [1, 0]}, {}, "packets go from channel 0 to 1, which comes no later in order"),
        ({"order": [0]}, {}, "order has 1 entries for 2 channels"),
        ({}, {"channel": [0, 2]}, r"channel\[1\] is 2: it must lie in 0 to 1"),
        ({}, {"work": [0]}, "work has 1 entries for 2 nodes"),
        ({}, {"report": [0, 1, 1]}, "report has 3 entries for 2 nodes"),
        ({}, {"child": [2]}, r"child\[0\] is 2: it must lie in 0 to 1"),
        ({}, {"child_ptr": [0, 2, 1]}, "child_ptr must rise from 0 to 1"),
        ({}, {"child": [0]}, "node 0 is below itself"),
        ({"service": [0, 1]}, {}, "node 0: service in channel 0 and work take no time"),
        ({"queue": 0}, {"child_ptr": [0, 2, 2], "child": [1, 1]}, "2 children in channel 1, which has 1 places"),
    ],
)  # fmt: skip
def test_what_is_no_network(channels, given, changed, message):
    with pytest.raises(ValueError, match=message):
        PacketNetwork(channels(2, **given), chain(**changed))


def test_work_alone_is_service_enough(channels):
    network = PacketNetwork(channels(2, order=[0, 1], service=0), chain(work=[3, 4]))
    assert Sweep(network).run(np.array([5]), np.array([0])).deliveries.time.tolist() == [12]


@pytest.mark.parametrize(
    ("time", "root", "message"),
    [
        ([0, 1], [0], "two lists of one length"),
        ([-1], [0], r"time\[0\] is -1"),
        ([0], [2], r"root\[0\] is 2: it must lie in 0 to 1"),
        ([1, 0], [0, 0], r"time\[1\] is 0, less than 1 before it|times must rise"),
    ],
)
def test_what_cannot_be_sent(channels, time, root, message):
    network = PacketNetwork(channels(2, order=[0, 1]), chain())
    for simulate in (Sweep(network).run, Events(network).advance, StepSimulator(network).simulate_step):
        with pytest.raises(ValueError, match=message):
            simulate(np.array(time), np.array(root))


def test_steps_must_follow_one_another(channels):
    network = PacketNetwork(channels(2, order=[0, 1]), chain())
    time, root = np.array([3, 1]), np.zeros(2, dtype=np.int32)
    with pytest.raises(ValueError, match="step_ptr must rise from 0 to 2"):
        Sweep(network).run(time, root, np.array([0, 1]))
    # Times may fall from one step to the next.
    steps = Sweep(network).run(time, root, np.array([0, 1, 1, 2]))
    assert steps.deliveries.time.tolist() == [23, 21]
    assert steps.deliveries.packet.tolist() == [0, 1]
    assert steps.latest.tolist() == [23, 0, 21]


def test_the_past_cannot_be_changed(channels):
    events = Events(PacketNetwork(channels(2, order=[0, 1]), chain()))
    nothing = np.zeros(0, dtype=np.int64)
    events.advance(nothing, nothing, horizon=10)
    with pytest.raises(ValueError, match="times must rise and lie after 10"):
        events.advance(np.array([10]), np.array([0]), horizon=20)
    with pytest.raises(ValueError, match="horizon 9 must lie in 10 to"):
        events.advance(nothing, nothing, horizon=9)
    assert events.advance(np.array([11]), np.array([0]), horizon=31).deliveries.time.tolist() == [31]


def test_sweep_refuses_what_it_cannot_do(channels):
    with pytest.raises(ValueError, match="channels have no order"):
        Sweep(PacketNetwork(channels(2), chain()))
    network = PacketNetwork(channels(2, order=[0, 1], service=[1, 9], queue=[-1, 0]), chain())
    with pytest.raises(ValueError, match="step 0: a packet had to stall"):
        Sweep(network).run(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int32))
    outcome = StepSimulator(network).simulate_step(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int32))
    assert outcome.by_events.tolist() == [True]
    assert outcome.steps.deliveries.time.tolist() == [10, 19]


@pytest.mark.parametrize("report", [[1, 0], [1, 1], [0, 0]])
def test_only_nodes_that_report_are_reported(channels, report):
    network = PacketNetwork(channels(2, order=[0, 1], latency=[2, 5]), chain(report=report))
    sent = np.array([0]), np.array([0])
    events = Events(network)
    found, swept = events.advance(*sent).deliveries, Sweep(network).run(*sent).deliveries
    times = [time for time, shown in zip((12, 27), report, strict=True) if shown]
    arrivals = [time for time, shown in zip((0, 12), report, strict=True) if shown]
    for deliveries in (found, swept):
        assert deliveries.time.tolist() == times
        assert deliveries.arrival.tolist() == arrivals
    assert events.balance() == (1, 1, 0, 0)


def test_a_network_without_packets(channels):
    network = PacketNetwork(channels(2, order=[0, 1]), chain())
    nothing = np.zeros(0, dtype=np.int64)
    steps = StepSimulator(network).simulate_step(nothing, nothing).steps
    assert steps.latest.tolist() == [0]
    assert steps.deliveries.time.size == steps.channel.size == 0
    assert Events(network).balance() == (0, 0, 0, 0)


def test_what_is_in_flight_is_counted_by_branches(channels):
    # One packet to three leaves: one of them near, two far.
    trees = Forest(
        channel=np.array([0, 1, 2, 3, 3], dtype=np.int32),
        work=np.zeros(5, dtype=np.int64),
        child_ptr=np.array([0, 2, 2, 4, 4, 4]),
        child=np.array([1, 2, 3, 4], dtype=np.int32),
    )
    events = Events(PacketNetwork(channels(4, order=np.arange(4)), trees))
    nothing = np.zeros(0, dtype=np.int64)
    events.advance(np.array([0]), np.array([0]), horizon=0)
    states = [events.balance()]
    for horizon in (19, 20, 30, 40):
        events.advance(nothing, nothing, horizon)
        states.append(events.balance())
    assert states == [(3, 0, 0, 3), (3, 0, 0, 3), (3, 1, 0, 2), (3, 2, 0, 1), (3, 3, 0, 0)]
