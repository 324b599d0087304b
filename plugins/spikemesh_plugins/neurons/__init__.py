"""Neuron models and sources of spikes."""

from __future__ import annotations

from spikemesh.contracts import NeuronModel, hookimpl
from spikemesh_plugins.neurons.adex import AdEx
from spikemesh_plugins.neurons.alif import Alif
from spikemesh_plugins.neurons.dynapse2 import Dynapse2
from spikemesh_plugins.neurons.hodgkin_huxley import HodgkinHuxley
from spikemesh_plugins.neurons.iaf import IntegrateAndFire
from spikemesh_plugins.neurons.izhikevich import Izhikevich
from spikemesh_plugins.neurons.leaky_integrator import LeakyIntegrator
from spikemesh_plugins.neurons.lif_cond_exp import LifCondExp
from spikemesh_plugins.neurons.lif_eprop import LifEprop
from spikemesh_plugins.neurons.lif_homeostatic import LifHomeostatic
from spikemesh_plugins.neurons.lif_psc_alpha import LifPscAlpha
from spikemesh_plugins.neurons.lif_psc_delta import LifPscDelta
from spikemesh_plugins.neurons.lif_psc_exp import LifPscExp
from spikemesh_plugins.neurons.loihi_cuba import LoihiCuba
from spikemesh_plugins.neurons.odin_lif import OdinLif
from spikemesh_plugins.neurons.order_detector import OrderDetector
from spikemesh_plugins.neurons.poisson import PoissonSource
from spikemesh_plugins.neurons.regular import RegularSource
from spikemesh_plugins.neurons.spike_source import SpikeSource
from spikemesh_plugins.neurons.spinnaker_lif import SpinnakerLif
from spikemesh_plugins.neurons.truenorth import TrueNorthNeuron
from spikemesh_plugins.neurons.truenorth_stochastic import TrueNorthStochastic


@hookimpl
def spikemesh_neuron_models() -> list[type[NeuronModel]]:
    """Return the built-in neuron models."""
    return [
        AdEx,
        Alif,
        Dynapse2,
        HodgkinHuxley,
        IntegrateAndFire,
        LeakyIntegrator,
        LifCondExp,
        LifPscAlpha,
        LifPscDelta,
        LifPscExp,
        LifEprop,
        LifHomeostatic,
        Izhikevich,
        LoihiCuba,
        OdinLif,
        OrderDetector,
        SpinnakerLif,
        TrueNorthNeuron,
        TrueNorthStochastic,
        PoissonSource,
        RegularSource,
        SpikeSource,
    ]
