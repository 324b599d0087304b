"""Built-in systems."""

from spikemesh.contracts import LimitRule, SystemPreset, hookimpl
from spikemesh_plugins.systems.brainscales2 import brainscales2
from spikemesh_plugins.systems.dynapse import dynapse
from spikemesh_plugins.systems.dynapse2 import dynapse2
from spikemesh_plugins.systems.ideal import ideal
from spikemesh_plugins.systems.limits import RULES
from spikemesh_plugins.systems.loihi import loihi
from spikemesh_plugins.systems.loihi2 import loihi2
from spikemesh_plugins.systems.odin import odin
from spikemesh_plugins.systems.speck import speck
from spikemesh_plugins.systems.spinnaker import spinnaker
from spikemesh_plugins.systems.spinnaker2 import spinnaker2
from spikemesh_plugins.systems.truenorth import truenorth

PRESETS = (
    SystemPreset("ideal", "no limits, ideal links: 2 x 2 cores a chip, multicast, a grid of chips", ideal),
    SystemPreset("loihi", "Intel Loihi: 128 cores a chip, unicast, a grid of chips", loihi),
    SystemPreset("loihi2", "Intel Loihi 2: 128 cores a chip, unicast, a grid of chips; no energies", loihi2),
    SystemPreset("truenorth", "IBM TrueNorth: 4,096 cores a chip, unicast, ticks of 1 ms", truenorth),
    SystemPreset("spinnaker", "SpiNNaker: 16 cores a chip, multicast, boards of 4 or 48 chips", spinnaker),
    SystemPreset("spinnaker2", "SpiNNaker2: 152 cores a chip, multicast; no energies", spinnaker2),
    SystemPreset("dynapse", "DYNAP-SE: analog, 4 cores a chip, 64 synapses a neuron, 2 x 2 chips", dynapse),
    SystemPreset(
        "dynapse2", "DYNAP-SE2: analog, 4 cores a chip, 64 synapses a neuron; no energies", dynapse2
    ),
    SystemPreset("speck", "Speck: 9 convolutional cores, asynchronous", speck),
    SystemPreset("brainscales2", "BrainScaleS-2: analog, 512 neurons a chip, accelerated", brainscales2),
    SystemPreset("odin", "ODIN: one crossbar of 256 neurons", odin),
)


@hookimpl
def spikemesh_systems() -> list[SystemPreset]:
    """Return the built-in system presets."""
    return list(PRESETS)


@hookimpl
def spikemesh_limit_rules() -> list[LimitRule]:
    """Return the limit rules of the built-in systems."""
    return list(RULES)
