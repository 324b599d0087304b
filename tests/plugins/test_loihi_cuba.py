"""Loihi's neuron and weights to the bit (hardware.md 1.5, models.md A8)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.neurons.loihi_cuba import LoihiCuba

H = 2**23


def check(run, u, v, spikes):
    """Compare with a table that gives v before the reset."""
    assert run.values["u"].tolist() == u
    assert run.spikes == spikes
    assert run.values["v"].tolist() == [0 if tick in spikes else x for tick, x in enumerate(v, 1)]


@pytest.mark.parametrize("lava_compat", [False, True])
def test_golden_trace_of_lava(simulate, lava_compat):
    # hardware.md 1.5: produced by Lava's PyLifModelBitAcc
    params = {"du": 409, "dv": 128, "vth": 300, "bias_mant": 100, "bias_exp": 2, "lava_compat": lava_compat}
    run = simulate(
        LoihiCuba, params, 1.0, 12, exc={1: 100, 5: 200}, inh={4: -50, 10: -300}, record=["u", "v"]
    )
    u = [6400, 5759, 5182, 1463, 14116, 12703, 11431, 10286, 9256, -10871, -9782, -8802]
    v = [6800, 12746, 17929, 19231, 14516, 27165, 11831, 22147, 9656, -1117, -10464, -18539]
    check(run, u, v, [4, 6, 8])


def test_impulse(simulate):
    # KA-A8a
    run = simulate(LoihiCuba, {"du": 2047, "dv": 128, "vth": 100}, 1.0, 12, exc={1: 100}, record=["u", "v"])
    u = [6400, 3200, 1600, 800, 400, 200, 100, 50, 25, 12, 6, 3]
    check(run, u, [6400, 9400, 1600, 2350, 2676, 2792, 2804, 2766, 2704, 2631, 2554, 2477], [2])


def test_inputs_of_both_signs(simulate):
    # KA-A8b
    params = {"du": 1023, "dv": 256, "vth": 200}
    run = simulate(LoihiCuba, params, 1.0, 14, exc={1: 100, 4: 50}, inh={6: -30}, record=["u", "v"])
    u = [6400, 4800, 3600, 5900, 4425, 1398, 1048, 786, 589, 441, 330, 247, 185, 138]
    v = [6400, 10800, 13725, 5900, 9956, 10731, 11108, 11199, 11088, 10836, 10488, 10079, 9634, 9169]
    check(run, u, v, [3])


@pytest.mark.parametrize(("bias", "interval"), [(100, 7), (64, 11)])
def test_bias_alone(simulate, bias, interval):
    # KA-A8c: floor(64 vth / bias) + 1, because the threshold is strict
    run = simulate(LoihiCuba, {"vth": 10, "bias_mant": bias}, 1.0, 5 * interval)
    assert run.spikes == [interval * k for k in range(1, 6)]


def test_bias_exponent(simulate, constants_of):
    run = simulate(LoihiCuba, {"vth": 10, "bias_mant": 25, "bias_exp": 2}, 1.0, 14)
    assert run.spikes == [7, 14]
    shifted = constants_of(LoihiCuba, 1.0, bias_mant=np.array([-5, 5, 3]), bias_exp=np.array([-1, -1, 2]))
    assert shifted["bias"].tolist() == [-3, 2, 12]


def test_current_of_a_drive_joins_the_bias(simulate):
    assert simulate(LoihiCuba, {"vth": 10}, 1.0, 14, current=100).spikes == [7, 14]


@pytest.mark.parametrize(
    ("du", "steps"), [(0, 6112), (10, 1370), (100, 235), (409, 69), (1023, 29), (2047, 13)]
)
@pytest.mark.parametrize("weight", [127, -127])
def test_truncation_makes_the_decay_finite(simulate, du, steps, weight):
    # KA-A8d: w = 127 is gone after so many steps; the same for negative values, which a shift would never end
    run = simulate(LoihiCuba, {"du": du, "vth": 131071}, 1.0, steps + 1, exc={1: weight}, record=["u"])
    assert run.values["u"][steps - 1] != 0
    assert run.values["u"][steps] == 0


def test_charge_of_an_impulse(simulate):
    # KA-A8d: 501, not 639.4
    run = simulate(LoihiCuba, {"du": 409, "vth": 131071}, 1.0, 100, exc={1: 1}, record=["u"])
    assert int(run.values["u"].sum()) == 501


def test_full_decay_is_a_delta_synapse(simulate):
    run = simulate(LoihiCuba, {"du": 4095, "vth": 131071}, 1.0, 3, exc={1: 100}, record=["u"])
    assert run.values["u"].tolist() == [6400, 0, 0]


@pytest.mark.parametrize(
    ("a", "chip", "lava"),
    [
        (H // 64, -H, H),  # +2^23: two's complement wraps, Lava does not
        (-H // 64, -H, H),  # -2^23: two's complement holds it, Lava wraps it
        (H // 64 - 1, H - 64, H - 64),
        (H // 64 + 1, 64 - H, 64 - H),
        (-H // 64 - 1, H - 64, H - 64),
    ],
)
def test_current_wraps(simulate, a, chip, lava):
    for lava_compat, want in ((False, chip), (True, lava)):
        run = simulate(LoihiCuba, {"lava_compat": lava_compat}, 1.0, 1, exc={1: a}, record=["u"])
        assert run.values["u"].tolist() == [want]


def test_voltage_saturates(simulate):
    # clip at -2^23 + 1; at the other end every threshold of 17 bits is passed first, so v is reset
    params = {"du": 4095, "vth": 131071}
    low = simulate(LoihiCuba, params, 1.0, 3, inh=dict.fromkeys((1, 2, 3), -H // 80), record=["v"])
    assert low.values["v"].tolist()[1:] == [1 - H, 1 - H]
    high = simulate(LoihiCuba, params, 1.0, 1, exc={1: H // 64 - 1}, current=H, record=["v"])
    assert high.spikes == [1]


@pytest.mark.parametrize(
    ("w", "arguments", "want"),
    [
        ([3, -3, 254, -256, 1], {}, [2, -2, 254, -256, 0]),  # mixed: the sign costs one bit
        ([3, 255, 0], {"sign_mode": "excitatory"}, [3, 255, 0]),
        ([-3, -255], {"sign_mode": "inhibitory"}, [-3, -255]),
        ([100, 255, 15], {"sign_mode": "excitatory", "num_weight_bits": 4}, [96, 240, 0]),
        ([100, -100], {"num_weight_bits": 4}, [96, -96]),
        ([100, -100], {"weight_exp": 3}, [800, -800]),
        ([100, -6, -2], {"weight_exp": -2}, [25, -2, -1]),  # each weight is rounded down
        ([254, -256], {"weight_exp": 7}, [32512, -32767]),  # 2^21 - 2^6 at most, times 2^-6
    ],
)
def test_weight_format(w, arguments, want):
    # hardware.md 1.5: precision 2^(8 - (bits - mixed)), floor(w 2^exp), clipped at (2^21 - 2^6) / 2^6
    got = LoihiCuba.weights(np.array(w, dtype=float), arguments)
    assert got.dtype == np.int64
    assert got.tolist() == want


@pytest.mark.parametrize(
    ("w", "arguments", "message"),
    [
        ([10, 256], {}, "weight: 256 is out of range .mixed: -256 to 254"),
        ([-1], {"sign_mode": "excitatory"}, "excitatory: 0 to 255"),
        ([math.nan], {}, "nan is out of range"),
        ([2], {"weight_exp": 8}, "weight_exp: 8 is out of range .a whole number from -8 to 7"),
        ([2], {"num_weight_bits": 2.5}, "num_weight_bits: 2.5 is out of range"),
        (
            [2],
            {"sign_mode": "excitatoy"},
            'sign_mode: there is no sign mode "excitatoy" .did you mean "excitatory"',
        ),
        ([0.5, 0.25], {}, "all weights, at most 0.5, become 0"),
    ],
)
def test_weights_that_the_chip_cannot_hold(w, arguments, message):
    with pytest.raises(DescriptionError, match=message):
        LoihiCuba.weights(np.array(w, dtype=float), arguments)
