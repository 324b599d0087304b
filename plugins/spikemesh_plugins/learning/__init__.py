"""Learning rules."""

from __future__ import annotations

from spikemesh.contracts import LearningRule, hookimpl
from spikemesh_plugins.learning.benna_fusi import BennaFusi
from spikemesh_plugins.learning.cascade import Cascade
from spikemesh_plugins.learning.clipped_hebb import ClippedHebb
from spikemesh_plugins.learning.gbc import GatedBidirectionalChain
from spikemesh_plugins.learning.stdp_pair import StdpPair, StdpPairNearest
from spikemesh_plugins.learning.stdp_triplet import StdpTriplet, StdpTripletNearest
from spikemesh_plugins.learning.tag_and_capture import TagAndCapture


@hookimpl
def spikemesh_learning_rules() -> list[type[LearningRule]]:
    """Return the built-in learning rules."""
    return [
        *(StdpPair, StdpPairNearest, StdpTriplet, StdpTripletNearest),
        *(GatedBidirectionalChain, BennaFusi, Cascade, TagAndCapture, ClippedHebb),
    ]
