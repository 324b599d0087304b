"""What the built-in plugins supply, and that it compiles to the same bits."""

import numpy as np
import pytest

import spikemesh_plugins.coding
import spikemesh_plugins.learning
import spikemesh_plugins.neurons
from spikemesh_plugins.neurons.adex import AdEx
from spikemesh_plugins.neurons.alif import Alif
from spikemesh_plugins.neurons.iaf import IntegrateAndFire
from spikemesh_plugins.neurons.izhikevich import Izhikevich
from spikemesh_plugins.neurons.lif_psc_alpha import LifPscAlpha
from spikemesh_plugins.neurons.lif_psc_delta import LifPscDelta
from spikemesh_plugins.neurons.lif_psc_exp import LifPscExp
from spikemesh_plugins.neurons.loihi_cuba import LoihiCuba


def test_names():
    names = {m.name for m in spikemesh_plugins.neurons.spikemesh_neuron_models()}
    assert names >= {
        "adex",
        "alif",
        "dynapse2",
        "hodgkin_huxley",
        "iaf",
        "leaky_integrator",
        "order_detector",
        "lif_cond_exp",
        "lif_psc_alpha",
        "lif_psc_delta",
        "lif_psc_exp",
        "izhikevich",
        "loihi_cuba",
        "poisson",
        "regular",
        "spike_source",
    }
    assert {r.name for r in spikemesh_plugins.learning.spikemesh_learning_rules()} >= {
        "stdp_pair", "stdp_pair_nearest", "stdp_triplet", "stdp_triplet_nearest", "gbc",
        "benna_fusi", "cascade", "tag_and_capture", "clipped_hebb",
    }  # fmt: skip
    encoders = {e.name for e in spikemesh_plugins.coding.spikemesh_encoders()}
    assert encoders >= {"poisson", "latency", "constant_current"}
    assert {d.name for d in spikemesh_plugins.coding.spikemesh_decoders()} >= {"spike_count"}


def test_sources_take_no_synapses():
    sources = {m.name for m in spikemesh_plugins.neurons.spikemesh_neuron_models() if m.source}
    assert sources == {"poisson", "regular", "spike_source"}


NOISY = {
    AdEx: (20.0, 60.0, {}),
    Alif: (0.1, 0.3, {"adapt_beta": 0.1}),
    IntegrateAndFire: (0.0, 1.0, {"floor": "v_min"}),
    LifPscAlpha: (100.0, 300.0, {}),
    LifPscDelta: (1.0, 6.0, {"refractory_input": True}),
    LifPscExp: (300.0, 900.0, {}),
    Izhikevich: (5.0, 10.0, {"a": 0.1, "d": 2.0}),
    LoihiCuba: (20.0, 90.0, {"du": 700, "dv": 300}),
}


@pytest.mark.parametrize("model", NOISY)
def test_compiled_steps_give_the_same_bits(simulate_both, model):
    mean, spread, params = NOISY[model]
    exc, inh = (np.abs(np.random.default_rng(k).normal(mean, spread, 3001)) for k in (1, 2))
    if model.arithmetic == "int64":
        exc, inh = exc.astype(np.int64), inh.astype(np.int64)
    inputs = {"exc": exc.tolist(), "inh": (-0.8 * inh).astype(inh.dtype).tolist()}
    plain, compiled = simulate_both(model, params, 0.5, 3000, **inputs, record=model.state)
    assert len(plain.spikes) > 20
    assert plain.spikes == compiled.spikes
    for name in model.state:
        assert plain.values[name].tobytes() == compiled.values[name].tobytes()
