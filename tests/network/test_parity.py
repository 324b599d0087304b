"""All simulators agree bit for bit: sweep, events, whatever the horizons, and the slow reference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikemesh.engine.network import Forest
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.network_sweep import Sweep
from spikemesh.engine.packet_network import PacketNetwork

COLUMNS = ("packets", "busy", "waiting", "blocked", "longest", "dropped", "area", "outside")
# Function-scoped checks do not apply: all fixtures here are classes and functions.
LAWS = settings(
    deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
UNLIMITED, AT_ONCE, STALLS, GIVES_UP = range(4)


@st.composite
def instances(draw, channels, *, acyclic, rules, packets=14, detours=False):
    """Return channels, forest, times and roots; times are close together, so that much happens at one picosecond."""
    count = draw(st.integers(1, 5))
    each = st.lists(st.integers(0, 4), min_size=count, max_size=count)
    rule = np.array(draw(st.lists(st.sampled_from(rules), min_size=count, max_size=count)))
    wait = 1 + np.array(draw(each))
    made = channels(
        count,
        np.arange(count) if acyclic else (),
        service=1 + np.array(draw(each)) // 2,
        latency=draw(st.sampled_from([1, 6])) * np.array(draw(each)),
        queue=np.where(rule == UNLIMITED, -1, np.array(draw(each)) // 2),
        drops=(rule == AT_ONCE) | (rule == GIVES_UP),
        wait=np.where(rule == GIVES_UP, wait, 0),
        period=draw(each),
    )
    trees = draw(forests(count, acyclic=acyclic))
    if detours:
        trees = draw(gone_round(trees, made))
    copies = [
        np.bincount(trees.channel[trees.child[a:b]]).max(initial=0)
        for a, b in itertools.pairwise(trees.child_ptr)
    ]
    made.queue[rule == STALLS] = np.maximum(made.queue[rule == STALLS], max(copies) - 1)
    least = packets // 2 if detours else 0
    times = np.array(
        sorted(draw(st.lists(st.integers(0, 12), min_size=least, max_size=packets))), dtype=np.int64
    )
    begins = st.sampled_from(np.arange(trees.channel.size)[trees.instead < 0 if detours else slice(None)])
    roots = np.array(draw(st.lists(begins, min_size=times.size, max_size=times.size)), dtype=np.int32)
    return made, trees, times, roots


@st.composite
def anything(draw, channels):
    """Return channels and forests of all kinds, half of them with detours, which are for channels that drop."""
    acyclic, detours = draw(st.booleans()), draw(st.booleans())
    rules = [UNLIMITED, AT_ONCE, STALLS, *([AT_ONCE, GIVES_UP, GIVES_UP] if detours else [STALLS, GIVES_UP])]
    return draw(instances(channels, acyclic=acyclic, rules=rules, detours=detours))


@st.composite
def forests(draw, channels, *, acyclic):
    """Return trees of up to 12 nodes; in an acyclic one the channel of a child has a higher number."""
    channel, below = [draw(st.integers(0, channels - 1))], [[]]
    for node in range(1, draw(st.integers(1, 12))):
        parent = draw(st.integers(-1, node - 1))
        if parent >= 0 and acyclic and channel[parent] == channels - 1:
            parent = -1
        low = channel[parent] + 1 if parent >= 0 and acyclic else 0
        channel.append(draw(st.integers(low, channels - 1)))
        below.append([])
        if parent >= 0:
            below[parent].append(node)
    # Other numbers for nodes, so that children come before parents too.
    number = draw(st.permutations(range(len(channel))))
    by_number = np.argsort(number)
    lists = [[number[c] for c in below[k]] for k in by_number]
    work = draw(st.lists(st.integers(0, 3), min_size=len(channel), max_size=len(channel)))
    return Forest(
        channel=np.array(channel, dtype=np.int32)[by_number],
        work=np.array(work, dtype=np.int64),
        child_ptr=np.concatenate(([0], np.cumsum([len(x) for x in lists]))).astype(np.int64),
        child=np.array([c for x in lists for c in x], dtype=np.int32),
    )


@st.composite
def gone_round(draw, trees, channels):
    """Give some nodes of channels that drop a detour of one to three nodes, by channels that do not stall."""
    drops = (channels.queue >= 0) & (channels.drops > 0)
    way = st.lists(st.sampled_from(np.flatnonzero(drops | (channels.queue < 0))), min_size=1, max_size=3)
    given = {
        node: draw(way)
        for node in np.flatnonzero(drops[trees.channel]).tolist()
        if draw(st.sampled_from([True, True, False]))
    }
    first, below = (
        trees.channel.size,
        [trees.child[a:b].tolist() for a, b in itertools.pairwise(trees.child_ptr)],
    )
    channel, instead, detour = trees.channel.tolist(), [-1] * first, {}
    for node, legs in given.items():
        detour[node] = len(channel)
        channel += legs
        instead += [node] * len(legs)
        below += [*([k] for k in range(detour[node] + 1, len(channel))), below[node]]
    total = len(channel)
    # Other numbers for nodes, so that those of detours come before others too.
    number = draw(st.permutations(range(total)))
    by_number = np.argsort(number)
    lists = [[number[c] for c in below[k]] for k in by_number]
    work = np.concatenate(
        [trees.work, draw(st.lists(st.integers(0, 3), min_size=total - first, max_size=total - first))]
    )
    return Forest(
        channel=np.array(channel, dtype=np.int32)[by_number],
        work=work.astype(np.int64)[by_number],
        child_ptr=np.concatenate(([0], np.cumsum([len(x) for x in lists]))).astype(np.int64),
        child=np.array([c for x in lists for c in x], dtype=np.int32),
        detour=np.array([number[detour[k]] if k in detour else -1 for k in by_number], dtype=np.int32),
        instead=np.array([number[instead[k]] if instead[k] >= 0 else -1 for k in by_number], dtype=np.int32),
    )


def rows(columns):
    return list(zip(*(c.tolist() for c in columns), strict=True))


def table(steps, channels):
    """Counts of all channels from those of the channels that packets reached."""
    made = np.zeros((len(COLUMNS), channels), dtype=np.int64)
    for row, name in zip(made, COLUMNS, strict=True):
        row[steps.channel] = getattr(steps.counts, name)
    return made


def assert_same_as_reference(slow, deliveries, drops, counts, *, complete):
    assert rows((deliveries.time, deliveries.arrival, deliveries.packet, deliveries.node)) == slow.deliveries
    assert rows(drops) == slow.drops
    for name in COLUMNS:
        if complete or name not in ("area",):
            expected = slow.area() if name == "area" else slow.column(name)
            assert list(counts[COLUMNS.index(name)]) == expected, name


def conserved(network, events):
    balance = events.balance()
    assert balance.sent == balance.delivered + balance.dropped + balance.in_flight
    return balance


@LAWS
@given(data=st.data())
def test_sweep_events_and_reference_agree_where_nothing_stalls(channels, reference, data):
    made, trees, time, root = data.draw(instances(channels, acyclic=True, rules=[UNLIMITED, AT_ONCE]))
    slow = reference(made, trees, time, root).run()
    network = PacketNetwork(made, trees)
    swept = Sweep(network).run(time, root)
    counts = table(swept, made.service.size)
    assert_same_as_reference(slow, swept.deliveries, swept.drops, counts, complete=True)
    assert np.array_equal(swept.counts.area, swept.counts.waiting + swept.counts.busy)
    events = Events(network)
    found = events.advance(time, root)
    assert rows(found.deliveries) == rows(swept.deliveries)
    assert rows(found.drops) == rows(swept.drops)
    assert np.array_equal(np.array(events.counts), counts)
    balance = conserved(network, events)
    assert balance.in_flight == 0
    assert balance.sent == network.fabric.leaves[root].sum()


@LAWS
@given(data=st.data())
def test_events_and_reference_agree_on_everything(channels, reference, data):
    made, trees, time, root = data.draw(anything(channels))
    slow = reference(made, trees, time, root).run()
    network = PacketNetwork(made, trees)
    events = Events(network)
    found = events.advance(time, root)
    stuck = bool(slow.asking)
    assert (events.pending > 0) == stuck
    assert (events.deadlock().size > 0) == stuck
    assert events.idle
    counts = np.array(events.counts)
    assert_same_as_reference(slow, found.deliveries, found.drops, counts, complete=not stuck)
    assert (conserved(network, events).in_flight > 0) == stuck
    assert events.rerouted == slow.rerouted
    if not stuck:
        assert np.array_equal(
            events.counts.area, sum(counts[COLUMNS.index(n)] for n in ("busy", "waiting", "blocked"))
        )


@LAWS
@given(data=st.data())
def test_horizons_change_nothing(channels, data):
    made, trees, time, root = data.draw(anything(channels))
    network = PacketNetwork(made, trees)
    whole = Events(network)
    expected = whole.advance(time, root)
    cuts = sorted(data.draw(st.lists(st.integers(0, 60), max_size=6)))
    parts = Events(network)
    found, first = [], 0
    for cut in [*cuts, parts_end := 1 << 40]:
        early = data.draw(st.booleans())
        last = time.size if early and first < time.size else int(np.searchsorted(time, cut, side="right"))
        last = max(first, last)
        found.append(parts.advance(time[first:last], root[first:last], cut))
        first = last
        for rows_of in (found[-1].deliveries, found[-1].drops):
            assert np.all(rows_of.time <= cut)
        conserved(network, parts)
    assert parts_end == parts.horizon
    for name in ("deliveries", "drops"):
        joined = [row for part in found for row in rows(getattr(part, name))]
        assert joined == rows(getattr(expected, name))
    assert np.array_equal(np.array(parts.counts), np.array(whole.counts))
    assert parts.balance() == whole.balance()
    assert parts.rerouted == whole.rerouted
    assert parts.deadlock().tolist() == whole.deadlock().tolist()


@LAWS
@given(data=st.data())
def test_steps_are_exact_whether_packets_stall_or_not(channels, data):
    rules = [UNLIMITED, UNLIMITED, AT_ONCE, STALLS, GIVES_UP]
    detours = data.draw(st.booleans())
    rules = [UNLIMITED, AT_ONCE, GIVES_UP] if detours else rules
    drawn = instances(channels, acyclic=True, rules=rules, packets=10, detours=detours)
    made, trees, time, root = data.draw(drawn)
    network = PacketNetwork(made, trees)
    cut = data.draw(st.integers(0, time.size))
    ptr = np.array([0, cut, cut, time.size])
    outcome = StepSimulator(network).simulate_steps(time, root, ptr)
    assert outcome.deadlock.size == 0
    steps = outcome.steps
    for step in range(3):
        events = Events(network)
        found = events.advance(time[ptr[step] : ptr[step + 1]], root[ptr[step] : ptr[step + 1]])
        for name, pointer in (("deliveries", steps.delivery_ptr), ("drops", steps.drop_ptr)):
            here = slice(pointer[step], pointer[step + 1])
            expected = getattr(found, name)
            moved = expected._replace(packet=expected.packet + ptr[step])
            assert rows(c[here] for c in getattr(steps, name)) == rows(moved)
        here = slice(steps.channel_ptr[step], steps.channel_ptr[step + 1])
        reached = steps.channel[here]
        counts = np.array(events.counts)
        assert np.array_equal(np.array(steps.counts)[:, here], counts[:, reached])
        assert counts.sum() == counts[:, reached].sum()
        assert steps.latest[step] == max(steps.last[here], default=0)
        if reached.size:
            assert steps.where[step] == reached[np.argmax(steps.last[here])]
        # The step is left to events only if packets had to stall, or might have.
        if counts[COLUMNS.index("blocked")].any() or counts[COLUMNS.index("outside")].any():
            assert outcome.by_events[step]
        assert outcome.by_events[step] or events.rerouted == 0


@LAWS
@given(data=st.data())
def test_detours_that_no_packet_needs_change_nothing(channels, data):
    rules = [UNLIMITED, GIVES_UP]
    made, trees, time, root = data.draw(instances(channels, acyclic=True, rules=rules, detours=True))
    roomy = made._replace(queue=np.where(made.queue < 0, -1, 14 * trees.channel.size))
    swept = Sweep(PacketNetwork(roomy, trees)).run(time, root)
    straight = np.flatnonzero(trees.instead < 0)
    number = np.full(trees.channel.size, -1)
    number[straight] = np.arange(straight.size)
    lists = [number[trees.child[trees.child_ptr[k] : trees.child_ptr[k + 1]]] for k in straight]
    without = Forest(
        channel=trees.channel[straight],
        work=trees.work[straight],
        child_ptr=np.concatenate(([0], np.cumsum([len(x) for x in lists]))).astype(np.int64),
        child=np.concatenate(lists).astype(np.int32),
    )
    plain = Sweep(PacketNetwork(roomy, without)).run(time, number[root].astype(np.int32))
    nodes = straight[plain.deliveries.node]
    assert rows(swept.deliveries._replace(node=nodes)) == rows(plain.deliveries._replace(node=nodes))
    assert swept.deliveries.node.tolist() == nodes.tolist()
    assert np.array_equal(np.array(swept.totals), np.array(plain.totals))
    assert swept.drops.time.size == 0
    events = Events(PacketNetwork(roomy, trees))
    assert rows(events.advance(time, root).deliveries) == rows(swept.deliveries)
    assert events.rerouted == 0


@LAWS
@given(data=st.data())
def test_totals_are_those_of_all_steps(channels, data):
    made, trees, time, root = data.draw(instances(channels, acyclic=True, rules=[UNLIMITED, AT_ONCE, STALLS]))
    simulator = StepSimulator(PacketNetwork(made, trees))
    ptr = np.array([0, time.size // 2, time.size])
    detailed = simulator.simulate_steps(time, root, ptr).steps
    brief = simulator.simulate_steps(time, root, ptr, detail=False).steps
    assert brief.channel.size == 0
    totals = np.zeros((len(COLUMNS), made.service.size), dtype=np.int64)
    for row, name in zip(totals, COLUMNS, strict=True):
        add = np.maximum if name == "longest" else np.add
        add.at(row, detailed.channel, getattr(detailed.counts, name))
    for steps in (detailed, brief):
        assert np.array_equal(np.array(steps.totals), totals)
        assert rows(steps.deliveries) == rows(detailed.deliveries)
        assert rows(steps.drops) == rows(detailed.drops)
        assert steps.latest.tolist() == detailed.latest.tolist()
        assert steps.where.tolist() == detailed.where.tolist()


@pytest.mark.parametrize("packets", [1, 13, 500, 3000])
def test_large_lists_are_sorted_as_small_ones_are(channels, trees, packets):
    # Many runs a channel, many equal times: 40 sources with different latencies into one channel.
    builder = trees()
    roots = np.array([builder.tree([k, 40]) for k in range(40)])
    made = channels(41, service=1, latency=np.arange(41) % 7)
    network = builder.network(made)
    random = np.random.default_rng(packets)
    time = np.sort(random.integers(0, packets // 2 + 1, packets))
    root = roots[random.integers(0, 40, packets)].astype(np.int32)
    swept, events = Sweep(network).run(time, root), Events(network)
    assert rows(events.advance(time, root).deliveries) == rows(swept.deliveries)
    assert np.array_equal(np.array(events.counts), table(swept, 41))
