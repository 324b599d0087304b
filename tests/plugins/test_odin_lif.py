"""ODIN's neuron by hand, from its RTL (lif_neuron_state.v): leak, excitation to 255, inhibition to 0, v >= thr."""

import numpy as np
import pytest

from spikemesh_plugins.neurons.odin_lif import OdinLif


def test_leak_excite_inhibit_test_reset(simulate):
    run = simulate(
        OdinLif,
        {"thr": 10, "leak_str": 2},
        1.0,
        8,
        exc={1: 7, 2: 3, 3: 4, 5: 1, 6: 5},
        inh={5: -6, 7: -1},
        record=["v"],
    )
    # 7; 5 + 3; 6 + 4 is a spike; 0; 1 - 6 is 0; 5; 3 - 1; 0
    assert run.values["v"].tolist() == [7, 8, 0, 0, 0, 5, 2, 0]
    assert run.spikes == [3]


def test_saturates_at_255(simulate):
    run = simulate(OdinLif, {"thr": 255}, 1.0, 3, exc={1: 254, 2: 300}, record=["v"])
    assert run.values["v"].tolist() == [254, 0, 0]
    assert run.spikes == [2]
    held = simulate(OdinLif, {"thr": 255}, 1.0, 2, exc={1: 200, 2: 300}, inh={2: -1}, record=["v"])
    assert held.values["v"].tolist() == [200, 254]
    assert held.spikes == []


def test_the_leak_can_be_off(simulate):
    run = simulate(OdinLif, {"leak_str": 5, "leak_en": False}, 1.0, 4, exc={1: 7}, record=["v"])
    assert run.values["v"].tolist() == [7] * 4


@pytest.mark.parametrize("leak", [0, 3])
def test_one_event_a_step_is_the_rtl(simulate, leak):
    # As the RTL in its own words: unsigned numbers of 8 bits that wrap, with its tests for having wrapped
    random = np.random.default_rng(leak)
    signs, weights = random.random(3000) < 0.3, random.integers(0, 8, 3000)
    exc = {k + 1: int(w) for k, w in enumerate(weights) if not signs[k]}
    inh = {k + 1: -int(w) for k, w in enumerate(weights) if signs[k]}
    run = simulate(OdinLif, {"thr": 40, "leak_str": leak}, 1.0, 3000, exc=exc, inh=inh, record=["v"])
    v, spikes = 0, []
    for k, (inhibits, w) in enumerate(zip(signs, weights.tolist(), strict=True)):
        leaked = (v - leak) & 255
        v = leaked if v >= leaked else 0
        after = (v - w if inhibits else v + w) & 255
        v = (after if v >= after else 0) if inhibits else (after if v <= after else 255)
        if v >= 40:
            v = 0
            spikes.append(k + 1)
        assert run.values["v"][k] == v
    assert run.spikes == spikes
    assert leak or len(spikes) > 20
