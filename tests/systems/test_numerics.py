"""Weights in each chip's published format, with their error, and what is refused (hardware.md gives the formats)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import spikemesh as sm
from spikemesh.cli import main
from spikemesh.contracts import Weights
from spikemesh.errors import MappingError
from spikemesh_plugins.systems import PRESETS
from spikemesh_plugins.systems.formats import FORMATS
from spikemesh_plugins.systems.formats.levels import best_levels, nearest_of

FORMAT = {form.name: form for form in FORMATS}
CHIP = {"numerics": "chip"}


def rounded(name, *values, unit="mV", whole=False, synapses=None):
    given = [np.atleast_1d(np.array(v, dtype=float)) for v in values]
    counts = synapses or [v.size for v in given]
    onto = [Weights(v, n, unit, whole) for v, n in zip(given, counts, strict=True)]
    return [new.tolist() for new in FORMAT[name].rounded(onto)]


# hardware.md 1.5: 0 to 255, -255 to 0, or even from -256 to 254 where both signs are allowed; times 2^exponent.


def test_mantissas_of_loihi_have_8_bits():
    assert rounded("loihi", [255.0, 100.4, 0.6]) == [[255.0, 100.0, 1.0]]
    assert rounded("loihi", [-255.0, -100.4, -0.6]) == [[-255.0, -100.0, -1.0]]
    assert rounded("loihi", [254.0, -100.6, 1.1, 0.9]) == [[254.0, -100.0, 2.0, 0.0]]


def test_exponents_of_loihi_are_shared_by_a_projection():
    # The greatest weight, 1,020 = 255 x 4, sets the greatest of 16 exponents: the least is 2^(2 - 15).
    large, small, tiny = rounded("loihi", [1020.0, 101.0], [1.3], [2.0**-13 * 1.4])
    assert large == [1020.0, 100.0]  # multiples of 4
    assert small == [np.rint(1.3 * 2**7) / 2**7]  # 166 x 2^-7: mantissas from 128 to 255
    assert tiny == [2.0**-13]


def test_loihis_own_model_tells_the_error_of_its_own_format(mapped):
    net = sm.Network(timestep="1 ms")
    net.add_population("in", 4, "spike_source", times=[1.0])
    net.add_population("n", 4, "loihi_cuba")
    given = np.array([3.0, 100.0, -7.0, 254.0])
    net.connect("in", "n", sources=range(4), targets=range(4), weight=given, num_weight_bits=7, weight_exp=-1)
    report = mapped(net, "loihi", **CHIP)
    assert report.problems() == []
    (found,) = report.numerics.roundings
    # Both signs, 7 bits: mantissas truncated to multiples of 4, then halved (rounding down): 0, 50, -2, 126.
    errors = np.abs(np.array([0, 50, -2, 126]) - given / 2)
    assert (found.mean_error, found.max_error, found.largest) == (errors.mean(), errors.max(), 127.0)


# hardware.md 3.1: 9-bit signed, four axon types.


def test_weights_of_truenorth_have_four_values_of_9_bits():
    # 255 is the greatest of 9 bits: here of 1/4.
    assert rounded("truenorth", [63.75, -0.3, 5.0, 0.0]) == [[63.75, -0.25, 5.0, 0.0]]
    values = [10.0, 11.0, 50.0, 100.0, 255.0]
    assert rounded("truenorth", values, whole=True, synapses=[5]) == [[10.0, 10.0, 50.0, 100.0, 255.0]]
    assert rounded("truenorth", [3.4, 300.0, -300.0], whole=True) == [[3.0, 255.0, -256.0]]
    # Signs are kept, so that inhibition stays what it is.
    mixed = [-1.0, 3.0, 7.0, 13.0, 18.0]
    assert rounded("truenorth", mixed, whole=True) == [[-1.0, 5.0, 5.0, 13.0, 18.0]]
    # Twenty synapses of 11 count more than one of 10.
    by_count = rounded("truenorth", [10.0], [11.0], [50.0, 100.0, 255.0], whole=True, synapses=[1, 20, 3])
    assert by_count == [[11.0], [11.0], [50.0, 100.0, 255.0]]


@given(
    values=st.lists(st.integers(-40, 40), min_size=1, max_size=8, unique=True),
    counts=st.lists(st.integers(1, 9), min_size=8, max_size=8),
    most=st.integers(1, 4),
)
def test_best_levels_are_the_best_of_all_ways_to_cut(values, counts, most):
    sorted_values = np.array(sorted(values), dtype=float)
    count = np.array(counts[: sorted_values.size], dtype=float)

    def error(levels):
        return float((count * (sorted_values - nearest_of(sorted_values, levels)) ** 2).sum())

    def means(cuts):
        edges = [0, *cuts, sorted_values.size]
        return [
            np.average(sorted_values[a:b], weights=count[a:b]) for a, b in itertools.pairwise(edges) if b > a
        ]

    found = best_levels(sorted_values, count, most, whole=False)
    assert found.size <= most
    inner = range(1, sorted_values.size)
    ways = itertools.combinations(inner, min(most, sorted_values.size) - 1)
    least = min(error(np.array(means(cuts))) for cuts in ways)
    assert error(found) == pytest.approx(least, rel=1e-9, abs=1e-9)


# hardware.md 12: 3 bits, sign of the source; 9: 6 bits, sign of the row; 8: 8 bits, one scale; 7: 4 select bits.


@pytest.mark.parametrize(
    ("name", "most"), [("odin", 7), ("brainscales2", 63), ("speck", 127), ("dynapse2", 15)]
)
def test_formats_of_whole_multiples_of_one_unit(name, most):
    unit = 0.125
    values = np.array([most, -most, 1.4, -1.6, 0.2]) * unit
    assert rounded(name, values) == [[most * unit, -most * unit, unit, -2 * unit, 0.0]]
    # All projections onto a population share the unit; models in whole numbers have it as it is.
    assert rounded(name, [most * 1.0], [0.6]) == [[most], [1.0]]
    assert rounded(name, [most + 3.0, 2.4], whole=True) == [[most, 2.0]]


# hardware.md 4.3: weights of 16 bits times a power of two for each receptor, in s16.15.


def test_weights_of_spinnaker_are_of_16_bits_in_s16_15():
    last = 2.0**-15
    assert rounded("spinnaker", [1.0, 0.1]) == [[1.0, round(0.1 / last) * last]]
    # 3 needs more than 16 bits of 2^-15: 2^-14. Inhibition has a power of its own.
    (found,) = rounded("spinnaker", [3.0, 0.1, -1.5, -0.1])
    assert found == [3.0, round(0.1 / (2 * last)) * 2 * last, -1.5, -round(0.1 / last) * last]
    # The last bit is one of nA: 1000 / 2^15 pA.
    assert rounded("spinnaker", [0.02, 0.04], unit="pA") == [[1000 * last, 1000 * last]]
    assert rounded("spinnaker", [0.01], unit="pA") == [[0.0]]


# hardware.md 6: one analog weight for each of four types: fast and slow, excitatory and inhibitory.


def test_weights_of_dynapse_are_two_of_each_sign():
    values = [1.0, 1.25, 7.0, -3.0, -4.0, 0.0]
    assert rounded("dynapse", values) == [[1.125, 1.125, 7.0, -3.0, -4.0, 0.0]]


@given(
    values=st.lists(st.floats(-1e3, 1e3).filter(lambda w: w == 0 or abs(w) > 1e-6), min_size=1, max_size=30),
    name=st.sampled_from(sorted(FORMAT)),
)
def test_rounding_twice_changes_nothing_more(values, name):
    # TrueNorth's unit follows from the largest weight, which need not be one of the four; whole numbers have none.
    whole = name == "truenorth"
    once = FORMAT[name].rounded([Weights(np.array(values), len(values), "mV", whole)])
    twice = FORMAT[name].rounded([Weights(once[0], len(values), "mV", whole)])
    assert np.allclose(once, twice, rtol=1e-12, atol=0)
    assert np.abs(once[0]).max() <= np.abs(values).max() * 1.01 + 1e-9
    assert (np.sign(once[0]) * np.sign(values) >= 0).all()


# In a run.


def network(model="truenorth", weight=(3.4, 7.0, -2.6), **options):
    net = sm.Network(timestep="1 ms")
    net.add_population("in", 3, "spike_source", times=[np.arange(1.0, 20.0)] * 3)
    net.add_population("n", 3, model)
    weights = np.array(weight, dtype=float)
    net.connect("in", "n", sources=range(3), targets=range(3), weight=weights, **options)
    net.probe("n", "spikes", "v")
    return net


def test_a_run_has_the_rounded_weights_and_tells_their_error(tmp_path):
    # The same network with the weights rounded by hand, as described.
    system = sm.System.preset("truenorth", chips=(1, 1), chip={"cores": [1, 1]})
    by_hand = sm.run(network(weight=(3.0, 7.0, -3.0)), system, "10 ms", backend="local")
    on_chip = sm.System.preset("truenorth", chips=(1, 1), chip={"cores": [1, 1]}, **CHIP)
    run = sm.run(network(), on_chip, "10 ms", backend="local", out=tmp_path / "run.h5")
    assert run.trace.digest()["function"] == by_hand.trace.digest()["function"]
    with run.trace as trace:
        found = trace.provenance["mapping"]["report"]["numerics"]
        analysed = trace.analyse()["numerics"]
    (projection,) = found["projections"]
    assert found["format"] == "truenorth"
    assert projection["projection"] == "in->n"
    errors = [0.4, 0.0, 0.4]
    assert projection["mean_error"] == pytest.approx(np.mean(errors))
    assert projection["max_error"] == pytest.approx(0.4)
    assert analysed == found
    printed = CliRunner().invoke(main, ["analyze", str(run.path)], env={"COLUMNS": "300"}).stdout
    (row,) = (line.split() for line in printed.splitlines() if line.split()[:1] == ["in->n"])
    assert [float(figure) for figure in row[1:4]] == pytest.approx([7.0, 0.8 / 3, 0.4], rel=1e-3)
    page = tmp_path / "run.html"
    assert CliRunner().invoke(main, ["report", str(run.path), "-o", str(page)]).exit_code == 0
    assert "Weights in the chip's numbers" in page.read_text()
    # Akopyan et al. 2015, p. 1551.
    assert "0.70 V, 0 Hz, no synapses" in page.read_text()
    assert "0.70 V, 0 Hz, no synapses" in printed


def test_kernels_are_rounded_entry_by_entry(mapped):
    net = sm.Network(timestep="1 ms")
    net.add_population("in", 4, "spike_source", times=[1.0])
    net.add_population("n", 1, "iaf")
    kernel = [[[[1.0, 0.0], [0.4, -0.6]]]]
    net.connect("in", "n", "conv2d", input_shape=[1, 2, 2], kernel=kernel, weight=2.0)
    report = mapped(net, "speck", chip={"models": ["iaf"]}, **CHIP)
    assert report.problems() == []
    (found,) = report.numerics.roundings
    unit = 2.0 / 127
    new = np.rint(np.array([2.0, 0.8, -1.2]) / unit) * unit
    assert found.max_error == pytest.approx(np.abs(new - [2.0, 0.8, -1.2]).max())


def test_map_prints_the_errors(mapped):
    text = mapped(network(), "truenorth", **CHIP).table()
    lines = text.splitlines()
    assert "weights in the chip's numbers, format truenorth; delays are whole steps:" in lines
    row = next(line.split() for line in lines if line.startswith("in->n"))
    assert row == ["in->n", "7", "0.2667", "0.4"]
    assert "chip's numbers" not in mapped(network(weight=(3.0, 7.0, -3.0)), "truenorth").table()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_models_that_a_chip_does_not_host_are_refused_by_name(preset, exceeded):
    hosted = preset.make(None).chip.models
    found = [text for text in exceeded(network("lif_psc_exp"), preset.name, **CHIP) if text.startswith("pop")]
    assert len(found) == 1
    assert found[0].startswith('population "n": ')
    if hosted:
        assert f'{preset.name} does not host the model "lif_psc_exp" in its own numbers' in found[0]
        assert f'(allowed: {", ".join(hosted)}; or numerics = "as_described")' in found[0]
    else:
        assert f'how {preset.name} computes the state of "lif_psc_exp" is not modelled' in found[0]


@pytest.mark.parametrize("name", ["spinnaker2", "ideal"])
def test_a_format_that_is_not_published_is_refused(name, exceeded):
    found = exceeded(network("iaf"), name, **CHIP)
    assert f"system.numerics: the number format of {name} is not published" in found[0]


@pytest.mark.parametrize("name", ["odin", "dynapse", "dynapse2", "speck", "brainscales2"])
def test_delays_that_are_not_published_are_refused(name, exceeded):
    taken = {"chip": {"models": ["iaf"], "rules": []}, **CHIP}
    assert exceeded(network("iaf", delay=1.0), name, **taken) == []
    (found,) = exceeded(network("iaf", delay=2.0), name, **taken)
    assert f"how {name} holds delays is not published (delays of one step)" in found


def test_a_run_that_is_refused_says_all_of_it():
    system = sm.System.preset("truenorth", chips=(1, 1), **CHIP)
    net = network("lif_psc_exp")
    net.connect("in", "n", "one_to_one", weight=sm.normal(3.0, 1.0), name="drawn")
    with pytest.raises(MappingError) as caught:
        sm.run(net, system, "10 ms", backend="local")
    assert {p.where for p in caught.value.problems} == {'projection "drawn".weight', 'population "n"'}


def test_as_described_changes_nothing(mapped):
    report = mapped(network(weight=(3.0, 7.0, -3.0)), "truenorth")
    assert report.numerics is None
    assert report.to_dict()["numerics"] is None
