"""What a user writes in Python, seen in what the network then does (DESIGN section 7)."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import DescriptionError, InputError, SpikemeshError, UnitError


def traced(net, duration=10.0, **options):
    return sm.run(net, duration=duration, backend="local", workers=1, **options).trace


def test_arrays_give_every_neuron_its_own_value():
    net = sm.Network(timestep="1 ms")
    v = np.array([0.1, 0.2, 0.3])
    net.add_population("n", 3, "iaf", v_th=np.array([1.0, 10.0, 100.0]), i_e=[0.5, 0.25, 1.0], init={"v": v})
    net.probe("n", "v")
    assert traced(net, 1.0).probe("n", "v").values[0].tolist() == (v + np.array([0.5, 0.25, 1.0])).tolist()


def test_an_array_is_copied_when_it_is_given():
    net = sm.Network(timestep="1 ms")
    current = np.full(2, 0.25)
    net.add_population("n", 2, "iaf", i_e=current)
    current[:] = 7.0
    net.probe("n", "v")
    assert traced(net, 1.0).probe("n", "v").values.tolist() == [[0.25, 0.25]]


def test_distributions_draw_per_neuron():
    n = 4000
    net = sm.Network(timestep="1 ms", seed=3)
    net.add_population("uniform", n, "iaf", v_th=1e6, init={"v": sm.uniform(-2.0, 4.0)})
    net.add_population("normal", n, "iaf", v_th=1e6, init={"v": sm.normal(10.0, 2.0)})
    net.add_population("cut", n, "iaf", v_th=1e6, init={"v": sm.normal(0.0, 1.0, low=0.0)})
    for name in ("uniform", "normal", "cut"):
        net.probe(name, "v")
    trace = traced(net, 1.0)
    uniform, normal, cut = (trace.probe(name, "v").values[0] for name in ("uniform", "normal", "cut"))
    # Four standard errors: standard deviations 6 / sqrt(12), 2, and sqrt(1 - 2 / pi) of a half normal.
    assert uniform.mean() == pytest.approx(1.0, abs=4 * 1.7321 / n**0.5)
    assert -2.0 <= uniform.min() < -1.95
    assert 3.95 < uniform.max() < 4.0
    assert normal.mean() == pytest.approx(10.0, abs=4 * 2.0 / n**0.5)
    assert normal.std() == pytest.approx(2.0, rel=4 / (2 * n) ** 0.5)
    # Truncated draws are redrawn, not clipped: the mean of a half normal is sqrt(2 / pi).
    assert cut.min() > 0.0
    assert cut.mean() == pytest.approx((2 / np.pi) ** 0.5, abs=4 * 0.6028 / n**0.5)
    assert np.unique(cut).size == n


def test_quantities_are_converted():
    net = sm.Network(timestep="100 us")
    neuron = net.add_population(
        "n", 1, "lif_psc_exp", tau_m="0.01 s", c_m="0.25 nF", v_th="-0.055 V", i_e="1 nA"
    )
    net.probe(neuron, "spikes")
    # KA-A2d: 1000 pA, first spike after 6.8 ms less the refractory time of 2 ms
    assert traced(net, "0.012 s").spikes("n").times_ms.tolist() == pytest.approx([4.8, 11.6], abs=1e-9)


def test_projections_are_named_after_their_ends():
    net = sm.Network(timestep="1 ms")
    a, b = net.add_population("a", 2, "iaf"), net.add_population("b", 2, "iaf")
    names = [net.connect(a, b, "all_to_all", weight=w).name for w in (1.0, 2.0, 3.0)]
    assert names == ["a->b", "a->b#2", "a->b#3"]
    assert net.connect(b, a, "one_to_one", name="back").name == "back"
    net.probe("a->b#2", "weights")
    trace = traced(net, 1.0)
    assert trace.projections == ("a->b#2",)
    assert trace.weights("a->b#2").weight.tolist() == [2.0] * 4


def test_receptors_go_by_the_sign_of_each_weight():
    # One projection, weights of both signs: positive ones to exc, negative ones to inh, which decays slower here.
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    target = net.add_population("out", 2, "lif_psc_exp", tau_syn_ex=2.0, tau_syn_in=8.0)
    net.connect(source, target, sources=[0, 0], targets=[0, 1], weight=[40.0, -40.0])
    net.probe(target, "i_syn_ex", "i_syn_in")
    trace = traced(net, 2.0)
    assert trace.probe("out", "i_syn_ex").values[-1].tolist() == [40.0, 0.0]
    assert trace.probe("out", "i_syn_in").values[-1].tolist() == [0.0, -40.0]


def test_a_named_receptor_takes_any_sign():
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    target = net.add_population("out", 1, "lif_psc_exp")
    net.connect(source, target, "all_to_all", weight=-40.0, receptor="exc")
    net.probe(target, "i_syn_ex")
    assert traced(net, 2.0).probe("out", "i_syn_ex").values[-1].tolist() == [-40.0]


@pytest.mark.parametrize(
    ("neurons", "columns"),
    [
        (slice(0, 6, 2), [0, 2, 4]),
        (slice(-2, None), [6, 7]),
        ([5, 1], [1, 5]),
        ("2:4", [2, 3]),
        (None, list(range(8))),
    ],
)
@pytest.mark.parametrize(("every", "steps"), [(None, 1), ("1 ms", 2), (2.5, 5)])
def test_probes_pick_neurons_and_times(neurons, columns, every, steps):
    net = sm.Network(timestep="0.5 ms")
    current = np.arange(8) / 64
    net.probe(net.add_population("n", 8, "iaf", v_th=100.0, i_e=current), "v", neurons=neurons, every=every)
    v = traced(net).probe("n", "v")
    taken = np.arange(steps, 21, steps)
    assert v.dims == ("time", "neuron")
    assert v.neuron.values.tolist() == columns
    assert v.time.values.tolist() == (taken * 0.5).tolist()
    assert np.array_equal(v.values, taken[:, None] * current[columns])


def test_a_variable_is_sampled_in_one_way_only():
    net = sm.Network(timestep="1 ms")
    net.add_population("n", 4, "iaf", i_e=np.arange(4) / 8)
    net.probe("n", "v", neurons=[0, 1])
    net.probe("n", "v", neurons=[3], every="5 ms")
    with pytest.raises(DescriptionError, match=r'probe\[1\]: "v" of population "n" is sampled twice'):
        sm.run(net, backend="local")


def test_an_input_makes_its_sources_and_resets_what_it_is_told():
    net = sm.Network(timestep="1 ms")
    # Latency code: the larger the value, the earlier the spike.
    image = net.add_input(
        "pixels", encoder="latency", data=[[1.0, 0.5, 0.0], [0.0, 1.0, 0.5]], present="20 ms"
    )
    sums = net.add_population("sums", 3, "iaf", v_th=100.0)
    net.connect(image, sums, "one_to_one", weight=1.0)
    net.probe(image, "spikes")
    net.probe(sums, "v")
    trace = traced(net, 40.0)
    assert trace.sizes == {"pixels": 3, "sums": 3}
    spikes = trace.spikes("pixels")
    first = [spikes.train(n)[spikes.train(n) <= 20.0] for n in range(3)]
    assert [f.size for f in first] == [1, 1, 0]
    assert first[0][0] < first[1][0]
    assert np.array_equal(spikes.train(1)[1:] - 20.0, first[0])
    assert trace.probe("sums", "v").values[-1].tolist() == [1.0, 2.0, 1.0]


def test_representations_tell_what_things_are():
    net = sm.Network(timestep="0.1 ms", seed=4)
    population = net.add_population("exc", 80, "lif_psc_exp")
    projection = net.connect(population, population, "fixed_indegree", indegree=8)
    assert "exc" in repr(population)
    assert repr(projection) == '<Projection "exc->exc": fixed_indegree>'
    assert "80 neurons" in repr(net)
    assert "1 projections" in repr(net)
    assert repr(sm.poisson(rate=5.0, weight=1.0)).startswith("poisson(rate=5.0")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda n: n.add_population("b", 3, "lif_psc_expo"), 'no neuron model "lif_psc_expo".*"lif_psc_exp"'),
        (lambda n: n.add_population("b", 3, "iaf", v_thr=1.0), '"v_thr".*"v_th"'),
        (lambda n: n.add_population("b", 3, "iaf", init={"w": 1.0}), '"w".*"?v"?'),
        (lambda n: n.add_population("b", 3, "iaf", i_e=[1.0, 2.0]), "i_e.*3"),
        (lambda n: n.add_population("a", 3, "iaf"), '"a"'),
        (lambda n: n.connect("a", "aa", "all_to_all"), 'no population "aa".*"a"'),
        (lambda n: n.connect("a", "a", "all_to_al"), '"all_to_al".*"all_to_all"'),
        (lambda n: n.connect("a", "a", "fixed_indegree", indegre=2), "indegre"),
        (lambda n: n.connect("a", "a", "all_to_all", receptor="exi"), '"?exi"?.*exc'),
        (lambda n: n.connect("a", "a", "all_to_all", delay=0.3), "0.3 ms"),
        (lambda n: n.connect("a", "a", "all_to_all", delay=0.0), "0 ms"),
        (lambda n: n.connect("a", "a", "all_to_all", learning="stdp_pear"), '"stdp_pear".*"stdp_pair"'),
        (lambda n: n.connect("a", "a", "all_to_all", learning=sm.rule("stdp_pair", a_plu=1)), '"a_plu".*"a_plus"'),
        (lambda n: n.probe("a", "vv"), '"vv".*"v"'),
        (lambda n: n.probe("b"), '"b"'),
        (lambda n: n.probe("a", "v", neurons=[3]), "3"),
        (lambda n: n.drive("a", sm.steps([0.0, 0.0], [1.0, 2.0])), "rising|rise"),
        (lambda n: n.drive("a", sm.poisson(rate="5 mV", weight=1.0)), "5 mV"),
        (lambda n: n.add_input("p", encoder="latencies", data=[[1.0]], present=5.0), '"latencies".*"latency"'),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_is_near(mistake, message):
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 3, "iaf")

    def make():
        # Some mistakes show at their own line, those that need a plugin when the network is bound.
        mistake(net)
        sm.Simulation(net, backend="local")

    with pytest.raises(InputError, match=message):
        make()


def test_all_mistakes_are_told_at_once():
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 3, "iaf", v_thr=1.0)
    net.add_population("b", 3, "lif")
    net.connect("a", "a", "all_to_all", learning="stdp")
    with pytest.raises(DescriptionError) as caught:
        sm.run(net, backend="local")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("duration", ["10 mV", "10.5 ms", -1.0, "soon"])
def test_a_duration_is_a_whole_number_of_steps(duration):
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 1, "iaf")
    with sm.Simulation(net, backend="local") as simulation:
        with pytest.raises((UnitError, InputError)):
            simulation.run(duration)
        assert simulation.run("2 ms").tick == 2


def test_a_system_that_does_not_exist():
    with pytest.raises(SpikemeshError, match=r'"loih".*"loihi"'):
        sm.System.preset("loih")


def test_a_network_that_does_not_fit():
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 131073, "iaf")
    with pytest.raises(SpikemeshError, match=r"131,?07[23]"):
        sm.Simulation(net, sm.System.preset("loihi", chips=(1, 1)), backend="local")
