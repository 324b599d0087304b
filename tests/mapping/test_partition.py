import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.description.system import ChipSpec, CoreSpec, MappingSettings, System
from spikemesh.errors import DescriptionError, MappingError, PluginError
from spikemesh.mapping.placement import place_network

PARTITIONERS = ("traffic", "linear", "round_robin")


def system(chips, cores=(2, 2), topology="mesh", **core):
    return System(chips=(chips,), topology=topology, chip=ChipSpec(cores=cores, core=CoreSpec(**core)))


def neurons_per_chip(placement):
    return np.bincount(placement.chip_of_neuron, minlength=placement.system.chip_count)


def crossing(placement, net):
    """Share of synapses that cross chips, counted neuron by neuron for all_to_all projections."""
    cores, cross, total = placement.cores_per_chip, 0, 0
    for p in net.projections:
        a = np.bincount(placement.core_of[p.source] // cores, minlength=placement.system.chip_count)
        b = np.bincount(placement.core_of[p.target] // cores, minlength=placement.system.chip_count)
        total += a.sum() * b.sum()
        cross += a.sum() * b.sum() - (a * b).sum()
    return cross / total


sizes = st.lists(st.integers(1, 400), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(sizes=sizes, chips=st.integers(1, 9), data=st.data(), partition=st.sampled_from(PARTITIONERS))
def test_every_chip_is_within_20_percent_of_its_share(network, registry, sizes, chips, data, partition):
    names = [f"p{k}" for k in range(len(sizes))]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=8))
    by_name = dict(zip(names, sizes, strict=True))
    rules = [
        ("all_to_all", "fixed_probability", *(("one_to_one",) if by_name[a] == by_name[b] else ()))
        for a, b in pairs
    ]
    net = network(
        by_name,
        [
            (a, b, data.draw(st.sampled_from(allowed)), data.draw(st.integers(0, 9999)))
            for (a, b), allowed in zip(pairs, rules, strict=True)
        ],
    )
    placement = place_network(net, system(chips), MappingSettings(partition=partition), registry)
    held, total = neurons_per_chip(placement), sum(sizes)
    share = total / chips
    assert held.sum() == total
    # Whole neurons: a share below five neurons cannot be met to 20 %.
    assert np.all(np.abs(held - share) <= max(0.2 * share, 1.0) + 1e-9)
    assert np.count_nonzero(held) == min(chips, total)
    per_core = np.bincount(placement.core_of_neuron, minlength=4 * chips).reshape(chips, 4)
    assert np.all(per_core.max(axis=1) - per_core.min(axis=1) <= 1)
    assert np.all(np.count_nonzero(per_core, axis=1) == np.minimum(held, 4))


@pytest.mark.parametrize("partition", PARTITIONERS)
def test_the_same_network_is_always_mapped_alike(network, registry, partition):
    net = network(
        {"a": 97, "b": 31}, [("a", "b", "fixed_probability", 300), ("b", "a", "all_to_all", 97 * 31)]
    )
    first, second = (
        place_network(net, system(3), MappingSettings(partition=partition), registry).core_of
        for _ in range(2)
    )
    assert all(np.array_equal(a, b) and a.dtype == np.int32 for a, b in zip(first, second, strict=True))


def chain(network, groups, size, order):
    names = {f"g{k}": size for k in order}
    links = [(f"g{k}", f"g{k + 1}", "all_to_all", size * size) for k in range(groups - 1)]
    return network(names, links)


def test_a_chain_puts_consecutive_groups_on_one_chip(network, registry):
    # 8 groups on 4 chips: of 7 projections only the 3 at chip borders cross.
    net = chain(network, 8, 60, range(8))
    placement = place_network(net, system(4), MappingSettings(), registry)
    assert crossing(placement, net) == pytest.approx(3 / 7)
    assert (
        crossing(place_network(net, system(4), MappingSettings(partition="round_robin"), registry), net)
        > 0.74
    )


def test_a_chain_described_in_another_order_is_found(network, registry):
    net = chain(network, 8, 60, [3, 0, 6, 1, 7, 4, 2, 5])
    assert crossing(place_network(net, system(4), MappingSettings(), registry), net) == pytest.approx(3 / 7)


def test_cuts_move_to_borders_between_populations(network, registry):
    # Shares are 50; a cut at exactly 50 would split the first population of 52.
    net = network({"a": 52, "b": 48}, [("a", "a", "all_to_all", 52 * 52), ("b", "b", "all_to_all", 48 * 48)])
    placement = place_network(net, system(2), MappingSettings(), registry)
    assert neurons_per_chip(placement).tolist() == [52, 48]
    assert crossing(placement, net) == 0.0
    linear = place_network(net, system(2), MappingSettings(partition="linear"), registry)
    assert neurons_per_chip(linear).tolist() == [50, 50]


def test_a_random_network_is_split_in_proportion(network, registry):
    pairs = [(a, b, "fixed_indegree", 100 * n) for a in ("e", "i") for b, n in (("e", 800), ("i", 200))]
    net = network({"e": 800, "i": 200}, pairs)
    placement = place_network(net, system(4), MappingSettings(), registry)
    for population, each in ((0, 200), (1, 50)):
        assert np.bincount(placement.core_of[population] // 4).tolist() == [each] * 4


@pytest.mark.parametrize("rule", ["one_to_one", "distance"])
def test_local_projections_keep_like_indices_together(network, registry, rule):
    pairs = [("a", "b", rule, 120), ("b", "a", rule, 120)]
    placement = place_network(network({"a": 120, "b": 120}, pairs), system(4), MappingSettings(), registry)
    a, b = (c // 4 for c in placement.core_of)
    assert np.array_equal(a, b)


def test_a_list_of_neighbours_is_cut_where_few_of_them_are(network, registry):
    # a[k] -> b[k + 1] -> a[k + 2]: two chains, which can be cut in two each; like indices together cut 6 synapses.
    near = np.arange(119)
    pairs = [(s, t, "explicit", 119, 1, {"sources": near, "targets": near + 1}) for s, t in ("ab", "ba")]
    placement = place_network(network({"a": 120, "b": 120}, pairs), system(4), MappingSettings(), registry)
    a, b = (c // 4 for c in placement.core_of)
    assert np.count_nonzero(a[:-1] != b[1:]) + np.count_nonzero(b[:-1] != a[1:]) == 2


@pytest.mark.parametrize("partition", PARTITIONERS)
def test_pins_are_honoured_and_the_rest_levels_the_chips(network, registry, partition):
    net = network(
        {"a": 90, "b": 40, "c": 170}, [("a", "b", "all_to_all", 3600), ("b", "c", "all_to_all", 6800)]
    )
    settings = MappingSettings(partition=partition, pin={"a": (2,), "b": (0, 2)})
    placement = place_network(net, system(3), settings, registry)
    a, b, _ = (np.unique(c // 4).tolist() for c in placement.core_of)
    assert a == [2]
    assert set(b) <= {0, 2}
    held = neurons_per_chip(placement)
    assert held.max() <= 120
    assert held.min() >= 80


def test_pins_decide_over_shares(network, registry):
    net = network({"a": 90, "b": 10}, [])
    placement = place_network(net, system(2), MappingSettings(pin={"a": (1,)}), registry)
    assert neurons_per_chip(placement).tolist() == [10, 90]


@pytest.mark.parametrize("limit", [None, 5])
def test_overlapping_pins_share_their_chips_out(network, registry, limit):
    # Spread evenly, a would take 15 of the 20 places of chip 0, and leave too few for b on chips 1 and 2.
    net = network({"a": 30, "b": 30}, [])
    settings = MappingSettings(pin={"a": (0, 1), "b": (1, 2)})
    placement = place_network(net, system(3, neurons=limit), settings, registry)
    assert neurons_per_chip(placement).tolist() == [20, 20, 20]


def test_pins_that_name_nothing_are_all_reported(network, registry):
    settings = MappingSettings(pin={"exd": (0,), "exc": (7,), "inh": ()})
    with pytest.raises(DescriptionError) as caught:
        place_network(network({"exc": 5, "inh": 5}, []), system(2), settings, registry)
    text = str(caught.value)
    assert 'mapping.pin.exd: there is no population "exd" (did you mean "exc"?)' in text
    assert "mapping.pin.exc: there is no chip 7 (chips are 0 to 1)" in text
    assert "mapping.pin.inh: names no chips" in text


def test_unknown_plugins_name_the_nearest(network, registry):
    with pytest.raises(DescriptionError, match=r'mapping.partition: .*did you mean "traffic"'):
        place_network(network({"a": 1}, []), system(1), MappingSettings(partition="trafic"), registry)


@pytest.mark.parametrize("partition", PARTITIONERS)
def test_too_many_neurons_name_population_limit_and_excess(network, registry, partition):
    with pytest.raises(MappingError) as caught:
        place_network(
            network({"exc": 9000}, []),
            system(2, neurons=1024),
            MappingSettings(partition=partition),
            registry,
        )
    assert str(caught.value).startswith(
        'population "exc": 9000 neurons need 9 cores of 1024 neurons; 8 are left: 808 neurons too many'
    )


@settings(max_examples=40, deadline=None)
@given(
    sizes=sizes, chips=st.integers(1, 4), limit=st.integers(1, 60), partition=st.sampled_from(PARTITIONERS)
)
def test_a_network_is_refused_only_if_it_does_not_fit(network, registry, sizes, chips, limit, partition):
    net = network({f"p{k}": n for k, n in enumerate(sizes)}, [("p0", "p0", "all_to_all", 1)])
    excess = sum(sizes) - 4 * chips * limit
    where = system(chips, neurons=limit)
    if excess > 0:
        with pytest.raises(MappingError) as caught:
            place_network(net, where, MappingSettings(partition=partition), registry)
        numbers = [int(p.found.split(": ")[-1].split()[0]) for p in caught.value.problems]
        assert sum(numbers) == excess
    else:
        placement = place_network(net, where, MappingSettings(partition=partition), registry)
        assert np.bincount(placement.core_of_neuron).max() <= limit


def test_every_population_that_does_not_fit_is_named(network, registry):
    with pytest.raises(MappingError) as caught:
        place_network(
            network({"a": 30, "b": 20, "c": 5}, []), system(1, neurons=10), MappingSettings(), registry
        )
    first, second = caught.value.problems
    assert first.where == 'population "b"'
    assert "20 neurons need 2 cores of 10 neurons; 1 are left: 10 neurons too many" in first.found
    assert second.where == 'population "c"'
    assert "0 are left: 5 neurons too many" in second.found


def test_a_pinned_population_must_fit_its_chips(network, registry):
    settings = MappingSettings(pin={"a": (1,)})
    with pytest.raises(MappingError, match=r"on chip 1, to which it is pinned: 10 neurons too many"):
        place_network(network({"a": 50}, []), system(3, neurons=10), settings, registry)


def test_limits_leave_no_core_over_them(network, registry):
    net = network({"a": 75, "b": 5}, [("a", "a", "all_to_all", 5625)])
    for partition in PARTITIONERS:
        placement = place_network(net, system(2, neurons=10), MappingSettings(partition=partition), registry)
        assert np.bincount(placement.core_of_neuron).tolist() == [10] * 8


def test_mean_fan_in_over_the_limit(network, registry):
    net = network({"a": 100, "b": 10}, [("a", "b", "all_to_all", 1000)])
    with pytest.raises(
        MappingError, match=r'population "b": 100 synapses.*limit is 64 \(fan_in\): 36 too many'
    ):
        place_network(net, system(2, fan_in=64), MappingSettings(), registry)


def test_delay_over_the_limit(network, registry):
    net = network({"a": 2, "b": 2}, [("a", "b", "explicit", 2, np.array([3, 70]))])
    with pytest.raises(
        MappingError, match=r'projection "a->b": a delay of 70 steps.*62 \(delay_steps\): 8 too'
    ):
        place_network(net, system(1, delay_steps=62), MappingSettings(), registry)


def test_expected_synapses_over_all_memory(network, registry):
    # 40 neurons of 100 synapses on 4 cores: 1000 synapses of 64 bits a core.
    net = network({"a": 100, "b": 40}, [("a", "b", "all_to_all", 4000)])
    with pytest.raises(
        MappingError, match=r'population "b": 4000 .* needs 64000 bits of 60000 .*4000 bits too many'
    ):
        place_network(net, system(1, synapse_memory_bits=60000), MappingSettings(), registry)


def test_memory_that_forbids_dense_cores_mixes_populations(network, registry):
    net = network({"a": 100, "b": 100}, [("a", "b", "all_to_all", 10000)])
    placement = place_network(net, system(1, synapse_memory_bits=64 * 2500), MappingSettings(), registry)
    assert np.bincount(placement.core_of[1]).tolist() == [25] * 4
    roomy = place_network(net, system(1), MappingSettings(), registry)
    assert np.bincount(roomy.core_of[1], minlength=4).tolist() == [0, 0, 50, 50]


class Faulty:
    name = "faulty"

    def __init__(self, result):
        self.result = result

    def partition(self, problem):
        return self.result


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([], "0 populations for 1"),
        ([np.zeros(2, int)], "shape"),
        ([np.array([0, 0, 4])], "outside 0 to 3"),
    ],
)
def test_a_partitioner_that_breaks_its_contract_is_named(network, registry, monkeypatch, result, message):
    monkeypatch.setitem(registry.partitioners.items, "faulty", Faulty(result))
    with pytest.raises(PluginError, match=rf'partitioner "faulty".*{message}'):
        place_network(network({"a": 3}, []), system(1), MappingSettings(partition="faulty"), registry)


def test_a_partitioner_that_crowds_a_core_is_refused(network, registry, monkeypatch):
    monkeypatch.setitem(registry.partitioners.items, "faulty", Faulty([np.zeros(3, int)]))
    with pytest.raises(
        MappingError, match=r'chip0.core0: 3 neurons of "a"; the limit is 2 \(neurons\): 1 too many'
    ):
        place_network(
            network({"a": 3}, []), system(1, neurons=2), MappingSettings(partition="faulty"), registry
        )


def test_cores_are_filled_within_their_output_axons(network, registry):
    # 64 neurons that each reach all 32 targets; these fill cores of 8 neurons, 4 of them. A core of sources has
    # 4 output axons a neuron then: 32 axons are 8 neurons, on 8 cores.
    net = network({"a": 64, "b": 32}, [("a", "b", "all_to_all", 0)])
    limits = {"neurons": 64, "synapse_memory_bits": 8 * 64 * 64, "axons_out": 32}
    target = system(1, cores=(8, 8), **limits)
    placement = place_network(net, target, MappingSettings(), registry)
    reached = np.unique(placement.core_of[1]).size
    axons = reached * np.bincount(placement.core_of[0], minlength=64)
    assert axons.max() <= 32
    assert np.unique(placement.core_of[0]).size == -(-64 * reached // 32)
