"""Learning rules."""

from __future__ import annotations

from spikemesh.contracts import LearningRule, hookimpl
from spikemesh_plugins.learning.benna_fusi import BennaFusi
from spikemesh_plugins.learning.calcium import CalciumPlasticity
from spikemesh_plugins.learning.cascade import Cascade
from spikemesh_plugins.learning.clipped_hebb import ClippedHebb
from spikemesh_plugins.learning.clopath import Clopath
from spikemesh_plugins.learning.eprop import EligibilityPropagation
from spikemesh_plugins.learning.gbc import GatedBidirectionalChain
from spikemesh_plugins.learning.homeostatic_scaling import HomeostaticScaling
from spikemesh_plugins.learning.loihi_sum_of_products import LoihiSumOfProducts
from spikemesh_plugins.learning.memristive_pair import MemristivePair
from spikemesh_plugins.learning.pcm import PcmDrift, PcmTrace
from spikemesh_plugins.learning.pes import PrescribedErrorSensitivity
from spikemesh_plugins.learning.rstdp import RewardModulatedStdp
from spikemesh_plugins.learning.sdsp import SpikeDrivenPlasticity
from spikemesh_plugins.learning.stdp_competitive import CompetitiveStdp
from spikemesh_plugins.learning.stdp_pair import StdpPair, StdpPairNearest
from spikemesh_plugins.learning.stdp_triplet import StdpTriplet, StdpTripletNearest
from spikemesh_plugins.learning.stochastic_release import StochasticRelease
from spikemesh_plugins.learning.tag_and_capture import TagAndCapture
from spikemesh_plugins.learning.tsodyks_markram import StochasticTsodyksMarkram, TsodyksMarkram


@hookimpl
def spikemesh_learning_rules() -> list[type[LearningRule]]:
    """Return the built-in learning rules."""
    return [
        *(GatedBidirectionalChain, BennaFusi, Cascade, TagAndCapture, ClippedHebb),
        StdpPair,
        StdpPairNearest,
        StdpTriplet,
        StdpTripletNearest,
        CompetitiveStdp,
        Clopath,
        CalciumPlasticity,
        RewardModulatedStdp,
        EligibilityPropagation,
        PrescribedErrorSensitivity,
        SpikeDrivenPlasticity,
        LoihiSumOfProducts,
        HomeostaticScaling,
        PcmTrace,
        PcmDrift,
        MemristivePair,
        TsodyksMarkram,
        StochasticTsodyksMarkram,
        StochasticRelease,
    ]
