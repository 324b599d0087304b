"""Hardware time of steps: by hand, against a slow reference, and level against level."""

import numpy as np
import pytest

from spikemesh.description.chip import LinkSpec
from spikemesh.description.costs import Cost
from spikemesh.engine.network_chains import Joined
from spikemesh.engine.timing import StepClock
from spikemesh.errors import RunError
from spikemesh.mapping.deadlock import channel_name
from spikemesh.mapping.hardware import hardware_on

from .conftest import COSTS, Mapped, mesh_system, random_mapped, slow_step


def clock_of(mapped, router, level, relay=False, bin_steps=4):
    updated = np.ones(mapped.home.size, dtype=bool)
    hardware = hardware_on(updated, mapped.placement, mapped.fan, router, level, relay)
    return hardware, StepClock(hardware, bin_steps)


def run(clock, steps, until):
    ticks = np.array([t for t, n in steps], dtype=np.int64)
    return clock.advance(until, ticks, np.array([n for t, n in steps], dtype=np.int64))


def test_one_spike_to_the_next_chip_by_hand(router):
    # Two chips of 2 x 2 tiles; core 0 is on tile (0, 0) of chip 0, core 16 on tile (0, 0) of chip 1: one hop
    # east on chip 0, then the link. Neuron 1 is the second of its core and reaches core 16 with 3 synapses.
    mapped = Mapped(mesh_system(chips=(2, 1)), [0, 0, 16], [1], [2], [3])
    sent = 2 * 9_700 + 30_000 + 5_100
    hop, link = 291 + 4_100, 8_696 + 50_000  # service of 1 / 3.44 GHz and 1 / 115 MHz
    taken = 16_000 + 3 * 4_700
    for level, expected in (
        ("none", sent), ("analytic", sent + hop + link + taken), ("packet", sent + hop + link + taken)
    ):  # fmt: skip
        _, clock = clock_of(mapped, router, level)
        figures = run(clock, [(2, 1)], 3)
        # In steps without spikes only neurons are updated; core 0 has two.
        barrier = 100_000 + (1 if level != "none" else 0)  # a core's input takes 1 ps where packets do
        assert figures.series["step_time_ps"].tolist() == [2 * 9_700 + 100_000, expected + barrier, 119_400]
        assert figures.series["step_link"].tolist() == [-1, 0 if level != "none" else -1, -1]
        assert figures.series["step_core"].tolist() == [0, 0 if level == "none" else 16, 0]


def test_cores_that_take_in_after_updating(router):
    costs = COSTS.model_copy(update={"phases": "sequential"})
    mapped = Mapped(mesh_system(chips=(1, 1), costs=costs), [0] + 50 * [1], [0], [1], [2])
    taken = 16_000 + 2 * 4_700
    for level in ("none", "analytic", "packet"):
        _, clock = clock_of(mapped, router, level)
        figures = run(clock, [(1, 0)], 1)
        # The packet arrives long before core 1 has updated its 50 neurons.
        done = 50 * 9_700 + taken + (0 if level == "none" else 1)
        assert figures.series["step_time_ps"].tolist() == [done + 100_000]


@pytest.mark.parametrize("kind", ["unicast", "multicast", "broadcast"])
@pytest.mark.parametrize("network", ["mesh", "router"])
@pytest.mark.parametrize("phases", ["overlapped", "sequential"])
@pytest.mark.parametrize("relay", [False, True])
def test_packet_level_equals_a_slow_reference(router, kind, network, phases, relay):
    costs = COSTS.model_copy(update={"phases": phases})
    mapped = random_mapped(mesh_system(chips=(3, 2), router=kind, network=network, costs=costs), degree=12)
    hardware, clock = clock_of(mapped, router, "packet", relay)
    rng = np.random.default_rng(3)
    steps = [(t, n) for t in range(1, 31) for n in np.flatnonzero(rng.random(60) < 0.03 * (t % 8))]
    found = run(clock, steps, 30).series["step_time_ps"]
    slow = [slow_step(hardware, [n for t, n in steps if t == tick]) + 100_000 for tick in range(1, 31)]
    assert found.tolist() == slow


def test_levels_bound_one_another(router):
    mapped = random_mapped(mesh_system(chips=(3, 2)), degree=12)
    rng = np.random.default_rng(4)
    steps = [(t, n) for t in range(1, 41) for n in np.flatnonzero(rng.random(60) < 0.01 * t)]
    times = {
        level: run(clock_of(mapped, router, level)[1], steps, 40).series["step_time_ps"]
        for level in ("none", "analytic", "packet")
    }
    assert (times["none"] <= times["analytic"]).all()
    assert (times["analytic"] <= times["packet"]).all()
    assert (times["packet"] > times["analytic"]).any()
    # The bound is met where a single packet is under way.
    alone = [
        run(clock_of(mapped, router, k)[1], [(1, 5)], 1).series["step_time_ps"]
        for k in ("analytic", "packet")
    ]
    assert mapped.fan.ptr[6] - mapped.fan.ptr[5] > 1
    assert alone[0] <= alone[1]


@pytest.mark.parametrize("level", ["none", "analytic", "packet"])
def test_pieces_of_any_length_give_the_same(router, level):
    mapped = random_mapped(mesh_system(chips=(2, 2)))
    rng = np.random.default_rng(5)
    steps = [(t, n) for t in range(1, 31) for n in np.flatnonzero(rng.random(60) < 0.1)]
    whole = run(clock_of(mapped, router, level)[1], steps, 30)
    _, clock = clock_of(mapped, router, level)
    sums = {}
    times = []
    for first, until in ((0, 1), (1, 7), (7, 8), (8, 8), (8, 30)):
        part = run(clock, [s for s in steps if first < s[0] <= until], until)
        times += part.series["step_time_ps"].tolist()
        for name, values in part.counters.items():
            total = sums.setdefault(name, np.zeros_like(whole.counters[name]))
            if name.startswith("latency"):
                total += values
            elif name == "link_queue_max":
                rows = slice(part.first_bin, part.first_bin + len(values))
                total[rows] = np.maximum(total[rows], values)
            else:
                total[part.first_bin : part.first_bin + len(values)] += values
    assert times == whole.series["step_time_ps"].tolist()
    for name, values in whole.counters.items():
        assert np.array_equal(sums[name], values), name


def test_stalling_queues_are_simulated_event_by_event(router):
    free = mesh_system(chips=(2, 1))
    short = mesh_system(
        chips=(2, 1), links={"between_chips": LinkSpec(bandwidth=115e6, latency=50.0, queue=1)}
    )
    times = {}
    for name, system in (("free", free), ("short", short)):
        mapped = random_mapped(system, degree=12)
        _, clock = clock_of(mapped, router, "packet")
        steps = [(1, n) for n in range(60)]
        times[name] = int(run(clock, steps, 1).series["step_time_ps"][0])
        assert (clock.stalled_steps > 0) == (name == "short")
    assert times["short"] >= times["free"]


def test_every_packet_is_counted_where_it_passes(router):
    mapped = random_mapped(mesh_system(chips=(3, 2)))
    steps = [(t, n) for t in range(1, 9) for n in range(t, 60, 7)]
    for level in ("analytic", "packet"):
        figures = run(clock_of(mapped, router, level)[1], steps, 8)
        spikes = np.bincount([n for _, n in steps], minlength=60)
        entries = np.diff(mapped.fan.ptr)
        assert figures.counters["core_packets_in"].sum() == (spikes * entries).sum()
        assert figures.counters["core_packets_out"].sum() == (spikes * entries).sum()
        latencies = sum(v.sum() for k, v in figures.counters.items() if k.startswith("latency"))
        assert latencies == (spikes * entries).sum()


def test_idle_neurons_take_their_own_time(router):
    costs = COSTS.model_copy(
        update={"neuron_idle": COSTS.neuron_update.model_copy(update={"latency_ns": 6.0})}
    )
    mapped = Mapped(mesh_system(chips=(1, 1), costs=costs), [0, 0, 0, 1], [2], [3])
    active = np.packbits(np.array([[1, 0, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]], dtype=np.uint8), axis=1)
    for level in ("none", "analytic", "packet"):
        _, clock = clock_of(mapped, router, level)
        figures = clock.advance(3, np.array([2]), np.array([2]), active)
        sent = 6_000 + 2 * 9_700 + 30_000 + 5_100
        # Over the tile's own port to core 1, which takes one packet in with one synapse.
        after = 0 if level == "none" else 1 + 2_100 + 1 + 16_000 + 4_700
        assert figures.series["step_time_ps"].tolist() == [121_700, sent + after + 100_000, 129_100]
        assert figures.counters["core_updates"].sum(axis=0)[:2].tolist() == [6, 2]
        assert figures.counters["core_idle_updates"].sum(axis=0)[:2].tolist() == [3, 1]


@pytest.mark.parametrize("kind", ["unicast", "multicast"])
@pytest.mark.parametrize("level", ["analytic", "packet"])
def test_joined_channels_change_nothing(router, monkeypatch, kind, level):
    # Packets cross a chip whose cores are not in use: their hops there are joined.
    mapped = random_mapped(mesh_system(chips=(4, 1), router=kind, cores=(8, 4)), neurons=40, degree=6)
    cores = np.where(mapped.home < 32, mapped.home % 4, 96 + mapped.home % 4)
    mapped = Mapped(mapped.placement.system, cores, mapped.fan.source, np.arange(mapped.fan.source.size) % 40)
    rng = np.random.default_rng(6)
    steps = [(t, n) for t in range(1, 31) for n in np.flatnonzero(rng.random(40) < 0.05 * (t % 5))]
    hardware, clock = clock_of(mapped, router, level)
    assert hardware.follower.size > 10
    joined = run(clock, steps, 30)
    nothing = Joined(
        hardware.channels,
        hardware.forest,
        np.zeros(hardware.channels.service.size + 1, np.int64),
        np.zeros(0, np.int64),
    )
    monkeypatch.setattr(
        "spikemesh.mapping.hardware.join_chains",
        lambda channels, forest, *_: nothing._replace(channels=channels, forest=forest),
    )
    whole = run(clock_of(mapped, router, level)[1], steps, 30)
    for name in whole.series:
        assert np.array_equal(joined.series[name], whole.series[name]), name
    for name in whole.counters:
        assert np.array_equal(joined.counters[name], whole.counters[name]), name


@pytest.mark.parametrize("spread", [1, 7, 97, 400])
def test_updates_of_rows_of_neurons(router, spread):
    # Rows of consecutive neurons, of any length and beginning anywhere in a byte; the last neurons are never updated.
    costs = COSTS.model_copy(update={"neuron_idle": Cost(latency_ns=2.5)})
    rng, size, steps = np.random.default_rng(spread), 400, 12
    home = np.arange(size) // spread % 5
    mapped = Mapped(mesh_system(chips=(1, 1), costs=costs), home, [0], [1])
    updated = np.arange(size) < size - 30
    hardware = hardware_on(updated, mapped.placement, mapped.fan, router, "none", False)
    clock = StepClock(hardware, steps)
    active = rng.random((steps, size)) < rng.random((steps, 1))
    spikes = [(t + 1, n) for t in range(steps) for n in np.flatnonzero(active[t] & (rng.random(size) < 0.05))]
    bits = np.packbits(active, axis=1)
    ticks, neurons = (np.array(a, dtype=np.int64) for a in zip(*spikes, strict=True))
    figures = clock.advance(steps, ticks, neurons, bits)
    took = np.where(active, 9_700, 2_500) * updated
    longest = []
    for t in range(steps):
        done = np.bincount(home, weights=took[t], minlength=16).astype(np.int64)
        sent = np.zeros(16, dtype=np.int64)
        for n in [n for tick, n in spikes if tick == t + 1]:
            sent[home[n]] += 30_000 + 5_100 * int(n == 0)
        taken = np.zeros(16, dtype=np.int64)
        taken[home[1]] = (16_000 + 4_700) * ((t + 1, 0) in spikes)
        longest.append(int(np.maximum(done + sent, taken).max()) + 100_000)
    assert figures.series["step_time_ps"].tolist() == longest
    by_core = [
        np.bincount(home[updated], weights=(active[:, updated] == k).sum(axis=0), minlength=16)
        for k in (1, 0)
    ]
    assert figures.counters["core_updates"].sum(axis=0).tolist() == by_core[0].tolist()
    assert figures.counters["core_idle_updates"].sum(axis=0).tolist() == by_core[1].tolist()


@pytest.mark.parametrize("kind", ["unicast", "multicast", "broadcast"])
@pytest.mark.parametrize("phases", ["overlapped", "sequential"])
@pytest.mark.parametrize("relay", [False, True])
def test_what_spikes_do_to_channels_is_what_their_packets_do(router, monkeypatch, kind, phases, relay):
    costs = COSTS.model_copy(update={"phases": phases})
    mapped = random_mapped(mesh_system(chips=(3, 2), router=kind, costs=costs), degree=12)
    rng = np.random.default_rng(7)
    steps = [(t, n) for t in range(1, 31) for n in np.flatnonzero(rng.random(60) < 0.03 * (t % 8))]
    hardware, clock = clock_of(mapped, router, "analytic", relay)
    assert hardware.spread.size > 4 * 60
    listed = run(clock, steps, 30)
    monkeypatch.setattr("spikemesh.mapping.hardware.SPREAD_MAX", 0)
    hardware, clock = clock_of(mapped, router, "analytic", relay)
    assert hardware.spread.size == 0
    followed = run(clock, steps, 30)
    for name in listed.series:
        assert np.array_equal(listed.series[name], followed.series[name]), name
    for name in listed.counters:
        assert np.array_equal(listed.counters[name], followed.counters[name]), name


def test_a_deadlock_names_its_channels(router):
    # A ring with little room: every chip sends six packets to the one opposite, over two links each.
    links = {"between_chips": LinkSpec(bandwidth=1e6, queue=1), "on_chip": LinkSpec(queue=1)}
    system = mesh_system(chips=(4,), network="router", topology="ring", links=links)
    mapped = Mapped(system, [0, 16, 32, 48] * 6, np.arange(24), (np.arange(24) + 2) % 4)
    hardware, _ = clock_of(mapped, router, "packet")
    names = mapped.placement.link_names
    clock = StepClock(hardware, 4, lambda channel: channel_name(channel, system, names))
    with pytest.raises(RunError, match="packets wait for one another for ever") as caught:
        run(clock, [(1, n) for n in range(24)], 1)
    circle = str(caught.value).split(": ")[1].split(" (")[0].split(" -> ")
    assert circle[0] == circle[-1]
    # The links all the way round, and the routers between them.
    assert {c for c in circle if "->" in c} == {f"chip{k}->chip{(k + 1) % 4}" for k in range(4)}
    assert {c for c in circle if "->" not in c} == {f"chip{k}.fabric0.tile0.tile" for k in range(4)}
