"""Queues whose answers are known (Kleinrock 1975; Karol, Hluchyj & Morgan 1987, IEEE Trans. Commun. 35, 1347)."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.network_sweep import Sweep

SLOT = 1_000_000
"""ps of service."""


def little(counts):
    """Little's law: the area under the number of packets is the sum of their times in the channel."""
    return np.array_equal(counts.area, counts.waiting + counts.busy + counts.blocked)


# M/D/1: mean wait = load * service / (2 (1 - load)).
@pytest.mark.parametrize(
    ("load", "mean", "packets"), [(0.3, 0.2142857, 10**6), (0.5, 0.5, 10**6), (0.8, 2.0, 2 * 10**6)]
)
def test_poisson_packets_wait_as_in_m_d_1(channels, trees, load, mean, packets):
    builder = trees()
    root = builder.tree([0])
    network = builder.network(channels(1, service=SLOT))
    time = np.cumsum(np.random.default_rng(3).exponential(SLOT / load, packets)).astype(np.int64)
    swept = Sweep(network).run(time, np.full(packets, root))
    assert swept.counts.waiting[0] / packets / SLOT == pytest.approx(mean, rel=0.02)
    waits = swept.deliveries.time - swept.deliveries.arrival - SLOT
    assert waits.sum() == swept.counts.waiting[0]
    assert little(swept.counts)
    # Packets that wait, those in service not counted: L = arrivals per time x mean wait.
    span = swept.latest[0]
    in_queue = (swept.counts.area[0] - swept.counts.busy[0]) / span
    assert in_queue == pytest.approx(packets / span * swept.counts.waiting[0] / packets, rel=1e-12)
    few = 20_000
    events = Events(network)
    events.advance(time[:few], np.full(few, root))
    assert np.array_equal(
        np.array(events.counts), np.array(Sweep(network).run(time[:few], np.full(few, root)).counts)
    )


# Slotted output queue: mean wait = (N - 1)/N * load / (2 (1 - load)) slots.
@pytest.mark.parametrize(("inputs", "mean"), [(4, 1.5), (16, 1.875)])
def test_output_queues_of_a_slotted_switch(channels, trees, inputs, mean):
    load, slots = 0.8, 2_000_000 // inputs
    builder = trees()
    roots = np.array([[builder.tree([i, inputs + o]) for o in range(inputs)] for i in range(inputs)])
    service = np.where(np.arange(2 * inputs) < inputs, 1, SLOT)
    network = builder.network(channels(2 * inputs, service=service))
    random = np.random.default_rng(11)
    slot, source = np.nonzero(random.random((slots, inputs)) < load)
    root = roots[source, random.integers(0, inputs, source.size)]
    swept = Sweep(network).run(slot * SLOT, root.astype(np.int32))
    outputs = swept.channel >= inputs
    assert swept.counts.waiting[~outputs].sum() == 0
    waiting = swept.counts.waiting[outputs].sum() / swept.counts.packets[outputs].sum()
    assert waiting / SLOT == pytest.approx(mean, rel=0.02)
    assert little(swept.counts)


def saturation(channels, trees, inputs, slots):
    """Packets per output and slot, every input always having one."""
    builder = trees()
    roots = np.array([[builder.tree([i, inputs + o]) for o in range(inputs)] for i in range(inputs)])
    # A packet is sent to its output while the input gets the next one ready, which takes as long: all keep step.
    made = channels(2 * inputs, service=SLOT, queue=np.where(np.arange(2 * inputs) < inputs, -1, 0))
    network = builder.network(made)
    random = np.random.default_rng(5)
    root = roots[np.repeat(np.arange(inputs), slots), random.integers(0, inputs, inputs * slots)]
    events = Events(network)
    found = events.advance(np.zeros(root.size, dtype=np.int64), root.astype(np.int32), horizon=SLOT * slots)
    balance = events.balance()
    assert balance.delivered == found.deliveries.time.size
    assert balance.sent == balance.delivered + balance.in_flight
    assert events.counts.packets[:inputs].min() == slots
    assert events.counts.longest[inputs:].max() == 0
    return balance.delivered / inputs / slots


# Input FIFOs: throughput at which the first in line keep the others waiting.
@pytest.mark.parametrize(("inputs", "throughput"), [(2, 0.75), (4, 0.6553), (8, 0.6184), (16, 0.6013)])
def test_head_of_line_saturation(channels, trees, inputs, throughput):
    assert saturation(channels, trees, inputs, 100_000 // inputs) == pytest.approx(throughput, rel=0.02)


def test_head_of_line_saturation_of_many_inputs(channels, trees):
    # 2 - sqrt(2), approached from above: about 0.59 for 64 inputs.
    assert 2 - np.sqrt(2) < saturation(channels, trees, 64, 2000) < 1.02 * (2 - np.sqrt(2))


def test_a_full_channel_drops_what_erlang_says(channels, trees):
    # M/D/1/1 without a queue (Erlang's loss formula holds for any service): loss = load / (1 + load).
    builder = trees()
    root = builder.tree([0])
    network = builder.network(channels(1, service=SLOT, queue=0, drops=1))
    packets, load = 400_000, 0.7
    time = np.cumsum(np.random.default_rng(8).exponential(SLOT / load, packets)).astype(np.int64)
    swept = Sweep(network).run(time, np.full(packets, root))
    assert swept.counts.dropped[0] / packets == pytest.approx(load / (1 + load), rel=0.01)
    assert swept.counts.dropped[0] + swept.counts.packets[0] == packets
    assert swept.drops.time.size == swept.counts.dropped[0]
    assert little(swept.counts)


def test_room_behind_a_full_channel_runs_out_backwards(channels, trees):
    # Three channels in a row, the last one slow, two places each: packet k leaves when the last has served k + 1.
    builder = trees()
    root = builder.tree([0, 1, 2])
    network = builder.network(channels(3, service=[1, 1, 100], queue=1))
    events = Events(network)
    found = events.advance(np.zeros(8, dtype=np.int64), np.full(8, root))
    assert found.deliveries.time.tolist() == [102 + 100 * k for k in range(8)]
    counts = events.counts
    assert counts.longest.tolist() == [1, 1, 1]
    # Packets 0 to 5 have found places by 4 ps; 6 and 7 wait outside until 0 and 1 are through.
    assert counts.outside[0] == sum([0, 0, 1, 2, 3, 4, 102, 202])
    assert little(counts)


def test_a_place_is_taken_on_the_way_to_it(channels, trees):
    # One place after a way of 100 ps: a packet can set out only when the one before has been served there.
    builder = trees()
    root = builder.tree([0, 1])
    network = builder.network(channels(2, service=1, latency=[100, 0], queue=[-1, 0]))
    outcome = StepSimulator(network).simulate_step(np.zeros(3, dtype=np.int64), np.full(3, root))
    assert outcome.steps.deliveries.time.tolist() == [102, 203, 304]
    assert outcome.by_events.tolist() == [True]
    assert outcome.steps.totals.blocked.tolist() == [100 + 100, 0]
    assert little(outcome.steps.totals)


def test_a_packet_that_may_wait_is_dropped_when_its_time_is_over(channels, trees):
    builder = trees()
    root = builder.tree([0, 1])
    network = builder.network(channels(2, service=[1, 100], queue=[-1, 0], drops=[0, 1], wait=[0, 30]))
    events = Events(network)
    found = events.advance(np.array([0, 0, 60, 75]), np.full(4, root))
    # Packet 0 holds the channel from 1 to 101. Packet 1 asks from 2 on and is dropped at 32, packet 2 from 61 to 91;
    # packet 3 asks at 92 (it was behind packet 2) and gets in at 101.
    assert list(zip(*(c.tolist() for c in found.drops), strict=True)) == [
        (32, 1, root + 1),
        (91, 2, root + 1),
    ]
    assert found.deliveries.time.tolist() == [101, 201]
    assert events.counts.blocked.tolist() == [30 + 30 + 9, 0]
    assert little(events.counts)
