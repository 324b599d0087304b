"""Gated bidirectional chain: a synapse that remembers on several time scales."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule
from spikemesh_plugins.learning.chain import CHAIN_PARAMETERS, GATE_PARAMETERS, chain_rule


class GatedBidirectionalChain(LearningRule):
    r"""Chain of beakers u1 .. um behind the weight, cut into tiers by gated borders.

    With ``C_k = ratio^(k-1)``, ``g_k = alpha ratio^-k``, ``u_{m+1} = 0``, and all u from the old step::

        J_k = gamma_k g_k (u_k - u_{k+1})             flow to the next beaker
        D_k = drain (1 - gamma_k) g_k u_k             leak of a closed border to the ground
        u_k <- u_k + (J_{k-1} - beta J_k - D_k) / C_k

    ``gamma_k`` is 1 inside a tier and ``third * protein`` at a border if ``|u_k - u_{k+1}| > theta_tag``,
    else 0. The first tier has ``stm`` beakers, the second ``mtm``, the third the rest; ``stm >= beakers``
    leaves no border. The last flow, ``J_m = end_leak g_m u_m``, drains the chain. Without a third factor
    the gates stay shut.

    With ``input = "pairs"`` a pre-synaptic arrival takes ``a_minus y`` from u1, a post-synaptic
    spike adds ``a_plus x``, as in ``stdp_pair``. With ``"pattern"`` a post-synaptic spike adds ``amplitude`` if there
    was an arrival within ``window`` before it, the step of the spike itself not included, else takes it away: one
    memory of +1 and -1 a spike. ``|u1| <= u_limit``, which bounds the whole chain as flows only even it out.
    The weight shows the beaker ``readout``: ``w = w0 + gain w_max u`` within [0, w_max], w0 its initial value. One
    step of the chain lasts ``chain_step``; a shorter dt takes the part dt/chain_step.

    With ``quantise`` every content that changes is put on a level, a multiple of ``level``: the ``nearest``, or one
    of the two around it at random, so that the mean is right (``stochastic``; a random number a beaker).

    With ``protein_from = "activity"`` the protein grows with the spikes of the post-synaptic neuron, by
    ``1/protein_spikes`` each up to its full value, and is lost with ``tau_protein``; all its synapses share it.

    With ``freeze > 0`` all capacities of a synapse are ``1 + freeze Omega`` times as large. Its importance Omega
    is that of synaptic intelligence for inputs that descend a gradient, by which each lowers the loss as its
    square (Zenke, Poole & Ganguli 2017, Proc. Mach. Learn. Res. 70:3987): when the third factor is above 0,
    ``Omega <- Omega + third path / (turned^2 + damping)``, path the sum of squared changes of u1 by inputs since the
    last time, turned its whole change since then.

    With ``clock = "every_tick"`` the whole chain moves in every step. With ``"tiered"`` beakers k and k+1 (k
    odd) are visited, in the order of k, every P_k steps, the largest power of two in ``ratio^(2k-4)
    chain_step/dt`` (P_1 = 1), and take that many steps at once, the flow J_{k-1} from the beaker above
    included: it is counted from both sides at once, so that contents are conserved. Within a visit all u
    are old ones. In a step with a third factor all are visited, once they have made up what they missed.

    Without borders it is the chain of Benna & Fusi 2016, Nat. Neurosci. 19:1697 (ratio 2, alpha 1/4). Tag
    and protein act as in synaptic tagging and capture (Clopath et al. 2008, PLoS Comput. Biol. 4:e1000248).
    """

    name = "gbc"
    parameters = CHAIN_PARAMETERS | GATE_PARAMETERS

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the constants of the chain."""
        return dict(chain_rule("gbc", p).constants(p, dt))

    def specialised(p: Any) -> type[LearningRule]:
        """Make the chain of so many beakers, with its borders and its clock."""
        return chain_rule("gbc", p)
