"""Limit rules of the built-in systems: what each chip counts in a way of its own."""

from spikemesh.contracts import LimitRule
from spikemesh_plugins.systems.limits.brainscales2 import SignedRows
from spikemesh_plugins.systems.limits.dynapse import DYNAPSE, DYNAPSE2
from spikemesh_plugins.systems.limits.odin import OneCrossbar
from spikemesh_plugins.systems.limits.speck import Layers
from spikemesh_plugins.systems.limits.spinnaker import Memories
from spikemesh_plugins.systems.limits.truenorth import Crossbars

RULES: tuple[LimitRule, ...] = (
    Crossbars(),
    Memories(),
    DYNAPSE,
    DYNAPSE2,
    Layers(),
    SignedRows(),
    OneCrossbar(),
)
