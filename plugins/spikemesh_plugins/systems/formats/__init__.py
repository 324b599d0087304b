"""Number formats of the built-in systems: what weights become in each chip's memory."""

from spikemesh.contracts import NumberFormat
from spikemesh_plugins.systems.formats.biases import DYNAPSE
from spikemesh_plugins.systems.formats.grids import BRAINSCALES2, DYNAPSE2, ODIN, SPECK
from spikemesh_plugins.systems.formats.loihi import SharedExponent
from spikemesh_plugins.systems.formats.spinnaker import PowerOfTwo
from spikemesh_plugins.systems.formats.truenorth import AxonTypes

FORMATS: tuple[NumberFormat, ...] = (
    SharedExponent(),
    AxonTypes(),
    PowerOfTwo(),
    DYNAPSE,
    DYNAPSE2,
    SPECK,
    BRAINSCALES2,
    ODIN,
)
