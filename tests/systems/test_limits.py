"""Networks exactly at each published limit of a chip, and just over it (hardware.md gives the figures)."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm

ONE_CORE = {"cores": [1, 1], "tile": [1, 1]}


def network(timestep="1 ms", **sizes):
    net = sm.Network(timestep=timestep)
    for name, size in sizes.items():
        net.add_population(name, size, "iaf")
    return net


def join(net, source, target, pairs, **options):
    sources, targets = (np.array(side) for side in zip(*pairs, strict=True))
    net.connect(source, target, sources=sources, targets=targets, **{"weight": 1.0, **options})


# Loihi, hardware.md 1.1: 1,024 neurons, 4,096 input and output axons, 16,384 words of 64 bits a core, up to 62 steps.


@pytest.mark.parametrize(("neurons", "problems"), [(131_072, 0), (131_073, 1)])
def test_neurons_of_loihi(exceeded, neurons, problems):
    found = exceeded(network(n=neurons), "loihi")
    assert len(found) == problems
    if found:
        expected = "131073 neurons need 129 cores of 1024 neurons; 128 are left: 1 neurons too many"
        assert expected in found[0]
        assert "more chips: 2 would do" in found[0]


def on_one_core_of_loihi(synapses, extra=()):
    """4,096 sources, 1,024 on each of 4 chips of one core, and ``synapses`` on a fifth from each."""
    net = network(**{f"s{k}": 1024 for k in range(4)}, x=1, n=1024)
    for k in range(4):
        join(net, f"s{k}", "n", [(i, (i + j) % 1024) for i in range(1024) for j in range(synapses)])
    if extra:
        join(net, "x", "n", extra)
    return net


LOIHI_PIN = {"s0": (0,), "s1": (1,), "s2": (2,), "s3": (3,), "n": (4,), "x": (5,)}


def test_input_axons_of_loihi(exceeded):
    where = {"chips": (6, 1), "pin": LOIHI_PIN, "chip": ONE_CORE}
    assert exceeded(on_one_core_of_loihi(1), "loihi", **where) == []
    (found,) = exceeded(on_one_core_of_loihi(1, [(0, 0)]), "loihi", **where)
    message = (
        'population "n" on chip4.core0: 4097 input axons; the limit of a core is 4096 (axons_in): 1 too many'
    )
    assert found.startswith(message)


def test_synapse_memory_of_loihi(exceeded, mapped):
    # An axon of 10 synapses takes 10 x 24 + 10 = 250 bits, 4 words of 64; 4,096 of them take all 16,384 words. An
    # eleventh synapse makes 274 bits, 5 words.
    where = {"chips": (6, 1), "pin": LOIHI_PIN, "chip": ONE_CORE}
    full = on_one_core_of_loihi(10)
    assert mapped(full, "loihi", **where).use["synapse_memory_bits"].max() == 16_384 * 64
    assert exceeded(full, "loihi", **where) == []
    join(full, "s0", "n", [(0, 500)])
    (found,) = exceeded(full, "loihi", **where)
    assert "1048640 bits of synapse memory; the limit of a core is 1048576" in found


def test_output_axons_of_loihi(exceeded):
    net = network(s=65, n=64)
    pairs = [(i, j) for i in range(64) for j in range(64)]
    join(net, "s", "n", pairs)
    where = {"chips": (65, 1), "pin": {"s": (0,), "n": tuple(range(1, 65))}, "chip": ONE_CORE}
    assert exceeded(net, "loihi", **where) == []
    join(net, "s", "n", [(64, 0)])
    (found,) = exceeded(net, "loihi", **where)
    assert "on chip0.core0: 4097 output axons; the limit of a core is 4096 (axons_out): 1 too many" in found


@pytest.mark.parametrize(("steps", "problems"), [(62, 0), (63, 1)])
def test_delays_of_loihi(exceeded, steps, problems):
    net = network(n=2)
    net.connect("n", "n", "one_to_one", weight=1.0, delay=float(steps))
    assert len(exceeded(net, "loihi")) == problems


# TrueNorth, hardware.md 3.1: 256 axons x 256 neurons, 4 axon types, one target axon a neuron, delays of 1 to 15 ticks.


def test_crossbar_of_truenorth(exceeded):
    full = network(n=256)
    full.connect("n", "n", "one_to_one", weight=1.0)
    one = {"chip": {"cores": [1, 1]}}
    assert exceeded(full, "truenorth", **one) == []
    (found,) = exceeded(network(n=257), "truenorth", **one)
    assert "257 neurons need 2 cores of 256 neurons" in found
    assert "more chips: 2 would do" in found
    fuller = network(n=256, outside=1)
    fuller.connect("n", "n", "one_to_one", weight=1.0)
    fuller.connect("outside", "n", "all_to_all", weight=1.0)
    two = {"chips": (2, 1), "pin": {"n": (0,), "outside": (1,)}, **one}
    memory, axons = exceeded(fuller, "truenorth", **two)
    assert (
        "65792 bits of synapse memory; the limit of a core is 65536" in memory
    )  # a row more of 256 crossings
    assert 'population "n" on chip0.core0: 257 input axons; the limit of a core is 256 (axons_in)' in axons


@pytest.mark.parametrize(("weights", "problems"), [(4, 0), (5, 1)])
def test_axon_types_of_truenorth(exceeded, weights, problems):
    net = network(s=5, n=2)
    join(net, "s", "n", [(k, 1) for k in range(5)], weight=np.arange(5.0) % weights + 1)
    found = exceeded(net, "truenorth", chip={"cores": [1, 1]})
    assert len(found) == problems
    if found:
        assert found[0].startswith(
            'population "n", neuron 1 on chip0.core0: 5 different weights onto a neuron; the limit of a neuron is 4'
        )


def split(neurons, delay=2.0):
    """One neuron that reaches all others, which are too many for one core."""
    net = network(s=1, n=neurons - 1)
    net.connect("s", "n", "all_to_all", weight=1.0, delay=delay)
    return net


def test_splitters_of_truenorth(exceeded, mapped):
    two = {"chip": {"cores": [2, 1]}}
    assert exceeded(split(510), "truenorth", **two) == []
    report = mapped(split(510), "truenorth", **two)
    (places,) = [r for r in report.to_dict()["rules"] if r["key"] == "neurons_and_splitters"]
    assert (places["need"], places["limit"]) == (512, 512)
    (found,) = exceeded(split(511), "truenorth", **two)
    assert "513 neurons and splitters (2 splitters in all); the limit of a chip is 512" in found
    assert "more chips: 2 would do" in found
    (found,) = exceeded(split(510, delay=1.0), "truenorth", **two)
    assert "2 ticks through splitters to the target; the limit of a projection is 1" in found


def test_delays_and_multapses_take_axons_and_splitters(mapped):
    net = network(s=1, n=2)
    for delay in (2.0, 3.0):
        net.connect("s", "n", sources=[0, 0, 0], targets=[0, 0, 1], weight=1.0, delay=delay)
    figures = {r["key"]: r for r in mapped(net, "truenorth", chip={"cores": [1, 1]}).to_dict()["rules"]}
    # Two delays, at each two synapses on neuron 0.
    assert figures["axons"]["need"] == 4
    assert figures["neurons_and_splitters"]["need"] == 3 + 4


def test_splitters_follow_one_another():
    from spikemesh.contracts import splitters_for

    splitters, levels = splitters_for(np.array([0, 1, 2, 256, 257, 65_536, 65_537]), 256)
    # 257 axons: 257 splitters on two cores, which two more reach; 65,537: 257 cores, so 257 and 2 more.
    assert splitters.tolist() == [0, 0, 2, 256, 259, 65_792, 65_537 + 257 + 2]
    assert levels.tolist() == [0, 0, 1, 1, 2, 2, 3]


# SpiNNaker, hardware.md 4.1: 64 KB of DTCM a core, 123,469,792 B of SDRAM a chip, 1,023 router entries; 4.3: entries of
# 16 bits by delay (16), receptor and neuron, synaptic words of 32 bits.


@pytest.mark.parametrize(("neurons", "problems"), [(16 * 1024, 0), (16 * 1024 + 1, 1)])
def test_dtcm_of_spinnaker(exceeded, neurons, problems):
    # 16 delays x 2 receptors x 2 B: 64 B a neuron, 1,024 neurons a core.
    found = exceeded(network(n=neurons), "spinnaker")
    assert len(found) == problems
    if found:
        assert (
            "65600 bytes of DTCM for arriving weights alone; the limit of a core is 65536 (dtcm)" in found[0]
        )
        assert "more chips: 2 would do" in found[0]


@pytest.mark.parametrize(("synapses", "fits"), [(30_867_448, True), (30_867_449, False)])
def test_sdram_of_spinnaker(synapses, fits):
    from spikemesh.contracts import Load
    from spikemesh.registry.bind import bind
    from spikemesh.registry.shared import shared_registry
    from spikemesh_plugins.systems.limits.spinnaker import Memories

    zero = np.zeros(1, np.int64)
    bound = bind(network(n=1).describe(), shared_registry())
    system = sm.System.preset("spinnaker", chips=(1, 1))
    load = Load(bound, system, zero, zero, zero, np.array([synapses]), lambda _: iter(()))
    sdram = next(use for use in Memories().check(load) if use.key == "sdram")
    assert (sdram.need[0] <= sdram.limit) == fits
    assert sdram.need[0] == 4 * synapses


@pytest.mark.parametrize(("groups", "problems"), [(1023, 0), (1024, 1)])
def test_router_entries_of_spinnaker(exceeded, groups, problems):
    # Each source reaches the cores whose bits its number has, so that no two entries of chip 1 have one route.
    net = network(**{f"s{k}": 1 for k in range(1, groups + 1)}, n=16)
    for k in range(1, groups + 1):
        join(net, f"s{k}", "n", [(0, bit) for bit in range(11) if k >> bit & 1])
    pin = {**{f"s{k}": (0,) for k in range(1, groups + 1)}, "n": (1,)}
    found = exceeded(net, "spinnaker", (2, 2), pin)
    assert len(found) == problems
    if found:
        assert 'population "n" on chip1: 1024 entries of the router\'s table' in found[0]
        assert "the limit of a chip is 1023 (table_entries): 1 too many" in found[0]


def test_neurons_share_a_key_and_packets_go_straight_on_without_one(mapped):
    net = network(s=40, n=1)
    net.connect("s", "n", "all_to_all", weight=1.0)
    line = {"topology": "edges", "edges": [[0, 1], [1, 2]], "positions": [[0, 0], [1, 0], [2, 0]]}
    bent = {**line, "positions": [[0, 0], [1, 0], [1, 1]]}
    chip = {"cores": [4, 4], "table_entries": 1023}
    for shape, entries in ((line, [1, 0, 1]), (bent, [1, 1, 1])):
        report = mapped(net, "ideal", (3,), {"s": (0,), "n": (2,)}, chip=chip, **shape)
        # The keys of 16 cores go one way, so that one entry stands for all.
        assert report.table_entries.tolist() == entries


# DYNAP-SE and DYNAP-SE2, hardware.md 6 and 7: 64 synapses and 4 destinations a neuron; tags of 10 and 11 bits; -3 to 3
# and -7 to 7 chips.


@pytest.mark.parametrize("preset", ["dynapse", "dynapse2"])
@pytest.mark.parametrize(("synapses", "problems"), [(64, 0), (65, 1)])
def test_synapses_of_dynapse(exceeded, preset, synapses, problems):
    net = network(n=65)
    join(net, "n", "n", [(k, 0) for k in range(synapses)])
    found = exceeded(net, preset)
    assert len(found) == problems
    if found:
        assert "65 synapses onto one neuron; the limit of a core is 64 (fan_in): 1 too many" in found[0]


@pytest.mark.parametrize("preset", ["dynapse", "dynapse2"])
@pytest.mark.parametrize(("targets", "problems"), [(4, 0), (5, 1)])
def test_destinations_of_dynapse(exceeded, preset, targets, problems):
    names = [f"n{k}" for k in range(targets)]
    net = network(s=1, **dict.fromkeys(names, 1))
    for name in names:
        net.connect("s", name, "all_to_all", weight=1.0)
    pin = {"s": (0,), **{name: (k,) for k, name in enumerate(names)}}
    found = exceeded(net, preset, (3, 2), pin)
    assert len(found) == problems
    if found:
        assert 'population "s", neuron 0 on chip0.core0: 5 target chips' in found[0]
        assert "the limit of a neuron is 4 (destinations): 1 too many" in found[0]


@pytest.mark.parametrize(("preset", "tags"), [("dynapse", 1024), ("dynapse2", 2048)])
@pytest.mark.parametrize("more", [0, 1])
def test_tags_of_dynapse(exceeded, preset, tags, more):
    net = network(s=tags + more, n=256)
    join(net, "s", "n", [(k, k % 256) for k in range(tags + more)])
    found = exceeded(net, preset, (4, 1), {"s": (0, 1, 2), "n": (3,)})
    assert len(found) == more
    if more:
        message = f"{tags + 1} tags of source neurons; the limit of a core is {tags} (tags): 1 too many"
        assert message in found[0]


@pytest.mark.parametrize(("preset", "reach"), [("dynapse", 3), ("dynapse2", 7)])
@pytest.mark.parametrize("more", [0, 1])
def test_reach_of_dynapse(exceeded, preset, reach, more):
    net = network(s=1, n=1)
    net.connect("s", "n", "all_to_all", weight=1.0)
    found = exceeded(net, preset, (reach + more + 1, 1), {"s": (0,), "n": (reach + more,)})
    assert len(found) == more
    if more:
        assert (
            f"on chip0: {reach + 1} chips along x or y to a target; the limit of a chip is {reach}"
            in found[0]
        )


# Speck, hardware.md 8: kernel = c 2^(ceil log2(kx ky) + ceil log2 f), neuron = f 2^(ceil log2 fx + ceil log2 fy) words;
# cores of 16,16,16,32,32,64,64,16,16 Ki and 64,64,64,32,32,16,16,16,16 Ki; two targets; output to 64 x 64; strides.


def layer(channels, side, kernel, features, net=None, source="camera", target="layer", **options):
    """A convolution of ``channels`` of side x side pixels with kernel x kernel windows to ``features``."""
    net = net or sm.Network(timestep="1 ms")
    stride, padding = options.get("stride", 1), options.get("padding", 0)
    out = (side + 2 * padding - kernel) // stride + 1
    if source == "camera":
        net.add_population("camera", channels * side * side, "spike_source", times=[])
    net.add_population(target, features * out * out, "iaf")
    weights = np.ones((features, channels, kernel, kernel))
    shape = [channels, side, side]
    net.connect(source, target, "conv2d", input_shape=shape, kernel=weights, weight=1.0, **options)
    return net


@pytest.mark.parametrize(("channels", "problems"), [(64, 0), (65, 1)])
def test_kernels_of_speck(exceeded, channels, problems):
    # 64 x 2^(8 + 2) = 65,536 words.
    found = exceeded(layer(channels, 16, 16, 4), "speck")
    assert len(found) == problems
    if found:
        assert 'population "layer" on chip0' in found[0]
        assert "66560 words of kernels; the limit of a population is 65536 (kernel_words)" in found[0]


@pytest.mark.parametrize(("features", "problems"), [(16, 0), (17, 1)])
def test_neurons_of_speck(exceeded, features, problems):
    # 16 x 2^(6 + 6) = 65,536 words; 33 x 33 pixels take those of 64 x 64.
    found = exceeded(layer(1, 33, 1, features), "speck")
    assert len(found) == problems
    if found:
        assert "69632 words of neurons; the limit of a population is 65536 (neuron_words)" in found[0]


@pytest.mark.parametrize(
    ("side", "kernel", "options", "message"),
    [
        (64, 1, {}, ""),
        (65, 1, {}, "65 pixels of output along a side; the limit of a projection is 64 (output_size)"),
        (128, 2, {"stride": 2}, ""),
        (
            129,
            3,
            {"stride": 2},
            "129 pixels of input along a side; the limit of a projection is 128 (input_size)",
        ),
        (16, 16, {}, ""),
        (17, 17, {}, "17 pixels of a kernel along a side; the limit of a projection is 16 (kernel_size)"),
        (16, 16, {"padding": 7}, ""),
        (17, 16, {"padding": 8}, "8 pixels of padding; the limit of a projection is 7 (padding)"),
        (24, 3, {"stride": 8}, ""),
        (24, 3, {"stride": 3}, "stride [3, 3] (allowed: 1, 2, 4, 8)"),
    ],
)
def test_sizes_of_speck(exceeded, side, kernel, options, message):
    found = exceeded(layer(1, side, kernel, 1, **options), "speck")
    assert [text for text in found if message not in text] == []
    assert len(found) == bool(message)


def in_a_row(layers, channels, kernel):
    """Layers of one pixel, each of so many channels."""
    net = layer(channels, kernel, kernel, channels, target="layer0")
    for k in range(1, layers):
        layer(channels, 1, 1, channels, net, f"layer{k - 1}", f"layer{k}")
    return net


@pytest.mark.parametrize(("layers", "problems"), [(9, 0), (10, 1)])
def test_cores_of_speck(exceeded, layers, problems):
    found = exceeded(in_a_row(layers, 4, 1), "speck")
    assert len(found) == problems
    if found:
        assert "10 layers for 9 cores" in found[0]
        assert "more chips: 2 would do" in found[0]


@pytest.mark.parametrize(("layers", "problems"), [(2, 0), (3, 1)])
def test_large_kernels_find_no_third_core_of_speck(exceeded, layers, problems):
    # 256 x 2^8 = 65,536 words of kernels: cores 5 and 6 alone hold them.
    found = exceeded(in_a_row(layers, 256, 1), "speck")
    assert len(found) == problems
    if found:
        assert "none with room for 65536 words of kernels and 256 of neurons is left: 1 too many" in found[0]


@pytest.mark.parametrize(("targets", "problems"), [(2, 0), (3, 1)])
def test_targets_of_speck(exceeded, targets, problems):
    net = layer(1, 4, 1, 1, target="hub")
    for k in range(targets):
        layer(1, 4, 1, 1, net, "hub", f"n{k}")
    found = exceeded(net, "speck")
    assert len(found) == problems
    if found:
        assert "3 layers that it sends to; the limit of a population is 2 (targets): 1 too many" in found[0]


def cores_by_population(report):
    return {
        name: np.flatnonzero(held).tolist()
        for name, held in zip(report.populations, report.held, strict=True)
    }


def test_each_layer_has_a_core_of_speck_that_holds_it(mapped):
    # 256 x 2^8 = 65,536 words of kernels go to cores 5 and 6 alone; 16 x 2^12 words of neurons to cores 0, 1 and 2.
    net = layer(256, 1, 1, 256, target="deep")
    layer(256, 1, 1, 1, net, "deep", "small")
    layer(1, 1, 1, 16, net, "small", "middle")
    net.add_population("scene", 33 * 33, "spike_source", times=[])
    layer(1, 33, 1, 16, net, "scene", "wide")
    report = mapped(net, "speck")
    assert report.problems() == []
    cores = cores_by_population(report)
    assert cores["deep"] == [5]
    assert cores["wide"] == [0]
    # The others take the smallest that are left, in order; inputs are beside what they reach.
    assert (cores["small"], cores["middle"]) == ([7], [8])
    assert (cores["camera"], cores["scene"]) == (cores["deep"], cores["wide"])
    assert report.to_dict()["mapping"]["partition"] == "speck_layers"


def test_layers_are_dealt_to_the_chips_and_stay_where_they_are_pinned(mapped):
    report = mapped(in_a_row(10, 4, 1), "speck", (2, 1))
    chips = {name: [core // 9 for core in cores] for name, cores in cores_by_population(report).items()}
    assert [chips[f"layer{k}"] for k in range(10)] == [[0]] * 5 + [[1]] * 5
    assert len({*np.concatenate([*cores_by_population(report).values()])}) == 10
    pinned = mapped(in_a_row(10, 4, 1), "speck", (2, 1), {"layer0": (1,), "layer9": (0,)})
    cores = cores_by_population(pinned)
    assert pinned.problems() == []
    assert (cores["layer0"][0] // 9, cores["layer9"][0] // 9) == (1, 0)


def test_layers_that_share_a_core_of_speck_are_refused():
    from spikemesh.api.simulation import Mapped
    from spikemesh.description.run import RunSettings
    from spikemesh.description.system import MappingSettings
    from spikemesh.registry.bind import bind
    from spikemesh.registry.shared import shared_registry

    registry = shared_registry()
    network = bind(in_a_row(3, 4, 1).describe(), registry)
    settings = MappingSettings(partition="linear")
    report = Mapped(
        network, sm.System.preset("speck"), settings, RunSettings(), registry, simulated=False
    ).report
    (found,) = [str(p) for p in report.problems()]
    assert (
        '3 layers; the limit of a core is 1 (layers): 2 too many (mapping.partition = "speck_layers")'
        in found
    )


def test_what_is_no_layer_is_refused_by_speck(exceeded):
    net = network(a=4, b=4)
    net.connect("a", "b", "fixed_indegree", indegree=2, weight=1.0)
    (found,) = exceeded(net, "speck")
    assert 'projection "a->b": rule "fixed_indegree" makes no layer' in found


# BrainScaleS-2, hardware.md 9: 512 neurons, 2 halves of 256 rows x 256 columns, sign per row.


@pytest.mark.parametrize(("neurons", "problems"), [(512, 0), (513, 1)])
def test_neurons_of_brainscales2(exceeded, neurons, problems):
    assert len(exceeded(network(n=neurons), "brainscales2")) == problems


@pytest.mark.parametrize(("inhibitory", "problems"), [(56, 0), (57, 1)])
def test_rows_of_brainscales2(exceeded, inhibitory, problems):
    # Neuron 0 is excited by 200 and neuron 1 inhibited by so many: rows of one sign do not serve for the other.
    net = network(s=200, n=2)
    join(net, "s", "n", [(k, 0) for k in range(200)])
    join(net, "s", "n", [(k, 1) for k in range(inhibitory)], weight=-1.0)
    found = exceeded(net, "brainscales2")
    assert len(found) == problems
    if found:
        assert "257 rows of synapses" in found[0]
        assert "the limit of a core is 256 (rows): 1 too many" in found[0]


# ODIN, hardware.md 12: a crossbar of 256 neurons, 65,536 synapses, sign per source neuron.


def test_crossbar_of_odin(exceeded):
    full = network(n=256)
    full.connect("n", "n", "all_to_all", weight=1.0)
    assert exceeded(full, "odin") == []
    (found,) = exceeded(network(n=257), "odin")
    assert "257 neurons need 2 cores of 256 neurons" in found


def test_crossings_and_signs_of_odin(exceeded):
    net = network(n=4)
    join(net, "n", "n", [(0, 1), (0, 2), (1, 1)], weight=np.array([1.0, 1.0, -1.0]))
    assert exceeded(net, "odin") == []
    join(net, "n", "n", [(0, 1)], weight=2.0)
    (found,) = exceeded(net, "odin")
    assert 'population "n", neuron 0 on chip0.core0: 2 synapses of a pair of neurons' in found
    signs = network(n=4)
    join(signs, "n", "n", [(3, 1), (3, 2)], weight=np.array([1.0, -1.0]))
    (found,) = exceeded(signs, "odin")
    assert 'population "n", neuron 3 on chip0.core0: 2 signs of a source' in found
