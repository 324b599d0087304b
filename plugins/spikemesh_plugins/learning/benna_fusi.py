"""Chain of beakers without borders: a synapse whose memories fade with the inverse root of time."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule
from spikemesh_plugins.learning.chain import CHAIN_PARAMETERS, chain_rule


class BennaFusi(LearningRule):
    r"""Bidirectional chain of Benna & Fusi 2016, Nat. Neurosci. 19:1697: rule ``gbc`` without borders.

    With ``C_k = ratio^(k-1)``, ``g_k = alpha ratio^-k`` and ``u_{m+1} = 0``, all u from the old step::

        u_k <- u_k + (g_{k-1} (u_{k-1} - u_k) - end_leak_k g_k (u_k - u_{k+1})) / C_k

    With ratio 2 and alpha 1/4 these are shifts by 2k and 2k + 1 bits. A memory falls as ``1.34 / sqrt t`` up to
    about 4^m steps; N synapses remember almost N memories. Inputs, levels, read-out and clocks are those of ``gbc``.
    """

    name = "benna_fusi"
    parameters = CHAIN_PARAMETERS

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the constants of the chain."""
        return dict(BennaFusi.specialised(p).constants(p, dt))

    def specialised(p: Any) -> type[LearningRule]:
        """Make the chain of so many beakers."""
        return chain_rule("benna_fusi", p)
