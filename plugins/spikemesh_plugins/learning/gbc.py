"""Gated bidirectional chain: a synapse that remembers on several time scales."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh.errors import DescriptionError, Problem
from spikemesh_plugins.learning.stdp_pair import PAIR_PARAMETERS

BEAKERS = 12


def _period(beaker: int, ratio: float, steps_per_chain_step: float) -> int:
    """Return the steps between two visits of the pair that begins with a beaker: a power of two.

    Its exchange with the beaker above then moves, as a part of what that beaker holds, as much as flows out
    of the first beaker in one chain step.
    """
    slower = 2 * (beaker - 2) * math.log2(ratio) + math.log2(steps_per_chain_step)
    return 1 << int(min(max(slower + 1e-9, 0.0), 40.0))


def _pair(number: int) -> Callable[..., Any]:
    """Make the visit of beakers ``2 number - 1`` and ``2 number``, with the flow from the one above."""
    k = 2 * number - 1
    up, here, next_, below = f"u{k - 1}", f"u{k}", f"u{k + 1}", f"u{min(k + 2, BEAKERS)}"
    g_up, border_up, per_up = f"g{k - 1}", f"border{k - 1}", f"per_c{k - 1}"
    g_here, border_here, per_here = f"g{k}", f"border{k}", f"per_c{k}"
    g_next, border_next, per_next, last = f"g{k + 1}", f"border{k + 1}", f"per_c{k + 1}", f"last{k + 1}"

    def visit(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG001 - signature of all visits
        opened = third * c.protein

        def gate(u: Any, v: Any, border: Any) -> Any:
            tagged = u - v > c.theta_tag or v - u > c.theta_tag
            return 1.0 if border == 0.0 else (opened if tagged else 0.0)

        a, u, v, b = getattr(s, up), getattr(s, here), getattr(s, next_), getattr(s, below)
        came = steps * gate(a, u, getattr(c, border_up)) * getattr(c, g_up) * (a - u)
        inside = gate(u, v, getattr(c, border_here))
        flow = steps * inside * getattr(c, g_here) * (u - v)
        leak = steps * c.drain * (1.0 - inside) * getattr(c, g_here) * u
        end = getattr(c, last) * c.beta + c.drain * (1.0 - gate(v, b, getattr(c, border_next)))
        return w, (
            a - c.beta * came * getattr(c, per_up),
            u + (came - c.beta * flow - leak) * getattr(c, per_here),
            v + (flow - steps * end * getattr(c, g_next) * v) * getattr(c, per_next),
        )

    return visit


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

    Pairs of spikes are the input: a pre-synaptic arrival takes ``a_minus y`` from u1, a post-synaptic
    spike adds ``a_plus x``, as in ``stdp_pair``; ``|u1| <= u_limit``, which bounds the whole chain as flows
    only even it out. The weight is the first beaker: ``w = w0 + gain w_max u1`` within [0, w_max], w0 its
    initial value. One step of the chain lasts ``chain_step``; a shorter dt takes the part dt/chain_step.

    With ``clock = "every_tick"`` the whole chain moves in every step. With ``"tiered"`` beakers k and k+1 (k
    odd) are visited, in the order of k, every P_k steps, the largest power of two in ``ratio^(2k-4)
    chain_step/dt`` (P_1 = 1), and take that many steps at once, the flow J_{k-1} from the beaker above
    included: it is counted from both sides at once, so that contents are conserved. Within a visit all u
    are old ones. In a step with a third factor all are visited, once they have made up what they missed.

    Without borders it is the chain of Benna & Fusi 2016, Nat. Neurosci. 19:1697 (ratio 2, alpha 1/4). Tag
    and protein act as in synaptic tagging and capture (Clopath et al. 2008, PLoS Comput. Biol. 4:e1000248).
    """

    name = "gbc"
    parameters = {
        **PAIR_PARAMETERS,
        "beakers": Parameter(6, ge=1, le=BEAKERS, integer=True, description="length m of the chain"),
        "stm": Parameter(2, ge=1, integer=True, description="beakers of the first tier"),
        "mtm": Parameter(2, ge=1, integer=True, description="beakers of the second tier"),
        "ratio": Parameter(2.0, ge=1, description="capacity of a beaker by that of the one before"),
        "alpha": Parameter(0.25, gt=0, le=0.5, description="speed of the flows per chain_step"),
        "beta": Parameter(1.0, ge=0, le=1, description="1: flows move contents, 0: flows copy them"),
        "drain": Parameter(1.0, ge=0, description="leak of a closed border, 0 seals it"),
        "end_leak": Parameter(1.0, ge=0, le=1, description="leak of the last beaker, 0 seals it"),
        "theta_tag": Parameter(0.0, ge=0, description="difference across a border that tags it"),
        "protein": Parameter(1.0, ge=0, le=1, description="share of a gate's flow that can be consolidated"),
        "gain": Parameter(1.0, ge=0, description="weight per content of the first beaker, in w_max"),
        "u_limit": Parameter(1.0, gt=0, description="bound of the first beaker"),
        "chain_step": Parameter(1.0, "ms", gt=0, description="duration of one step of the chain"),
        "clock": Parameter(
            "every_tick", choices=("every_tick", "tiered"), description="when beakers are visited"
        ),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    visits = {
        "on_step": Visit("every_step"),
        "first_pair": Visit("every1", ("u1", "u2")),
        **{
            f"pair{n}": Visit(f"every{n}", tuple(f"u{k}" for k in range(2 * n - 2, 2 * n + 1)), on_third=True)
            for n in range(2, BEAKERS // 2 + 1)
        },
    }
    state = {"w0": State("weight"), **{f"u{k}": State(0.0) for k in range(1, BEAKERS + 1)}}
    pre = {"x": Trace("tau_plus", "add")}
    post = {"y": Trace("tau_minus", "add")}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return conductances, borders and inverse capacities per beaker; those beyond m do nothing."""
        if dt > p.chain_step * (1 + 1e-9):
            found = f"{p.chain_step:g} ms is shorter than the timestep of {dt:g} ms"
            raise DescriptionError(Problem("chain_step", found, "at least one timestep"))
        c = {
            name: getattr(p, name) for name in ("a_plus", "a_minus", "beta", "drain", "theta_tag", "protein")
        }
        c |= {"w_max": p.w_max, "gain": p.gain * p.w_max, "u_limit": p.u_limit}
        for k in range(1, BEAKERS + 1):
            end = p.end_leak if k == p.beakers else float(k < p.beakers)
            c[f"g{k}"] = end * (p.alpha * dt / p.chain_step) / p.ratio**k
            c[f"border{k}"] = float(k in (p.stm, p.stm + p.mtm) and k < p.beakers)
            c[f"per_c{k}"] = 1.0 / p.ratio ** (k - 1) if k <= p.beakers else 0.0
        tiered = p.clock == "tiered"
        c["every_step"] = float(not tiered)
        for n in range(1, BEAKERS // 2 + 1):
            c[f"last{2 * n}"] = float(p.beakers <= 2 * n)
            period = 1 if n == 1 else _period(2 * n - 1, p.ratio, p.chain_step / dt)
            c[f"every{n}"] = float(period if tiered and 2 * n - 1 <= p.beakers else 0)
        return c

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Take from the first beaker."""
        u1 = s.u1 - c.a_minus * post.y
        u1 = u1 if u1 > -c.u_limit else -c.u_limit
        w = s.w0 + c.gain * u1
        w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
        return w, (s.w0, u1, s.u2, s.u3, s.u4, s.u5, s.u6, s.u7, s.u8, s.u9, s.u10, s.u11, s.u12)

    def on_post(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Add to the first beaker."""
        u1 = s.u1 + c.a_plus * pre.x
        u1 = u1 if u1 < c.u_limit else c.u_limit
        w = s.w0 + c.gain * u1
        w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
        return w, (s.w0, u1, s.u2, s.u3, s.u4, s.u5, s.u6, s.u7, s.u8, s.u9, s.u10, s.u11, s.u12)

    def on_step(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Move contents along the chain."""
        opened = third * c.protein

        def gate(u: Any, below: Any, border: Any) -> Any:
            tagged = u - below > c.theta_tag or below - u > c.theta_tag
            return 1.0 if border == 0.0 else (opened if tagged else 0.0)

        def moved(
            above: Any, g_above: Any, border_above: Any, u: Any, g: Any, border: Any, below: Any
        ) -> Any:
            came = gate(above, u, border_above) * g_above * (above - u)
            gamma = gate(u, below, border)
            return came - c.beta * (gamma * g * (u - below)) - c.drain * (1.0 - gamma) * g * u

        u1 = s.u1 + moved(0.0, 0.0, 0.0, s.u1, c.g1, c.border1, s.u2) * c.per_c1
        u2 = s.u2 + moved(s.u1, c.g1, c.border1, s.u2, c.g2, c.border2, s.u3) * c.per_c2
        u3 = s.u3 + moved(s.u2, c.g2, c.border2, s.u3, c.g3, c.border3, s.u4) * c.per_c3
        u4 = s.u4 + moved(s.u3, c.g3, c.border3, s.u4, c.g4, c.border4, s.u5) * c.per_c4
        u5 = s.u5 + moved(s.u4, c.g4, c.border4, s.u5, c.g5, c.border5, s.u6) * c.per_c5
        u6 = s.u6 + moved(s.u5, c.g5, c.border5, s.u6, c.g6, c.border6, s.u7) * c.per_c6
        u7 = s.u7 + moved(s.u6, c.g6, c.border6, s.u7, c.g7, c.border7, s.u8) * c.per_c7
        u8 = s.u8 + moved(s.u7, c.g7, c.border7, s.u8, c.g8, c.border8, s.u9) * c.per_c8
        u9 = s.u9 + moved(s.u8, c.g8, c.border8, s.u9, c.g9, c.border9, s.u10) * c.per_c9
        u10 = s.u10 + moved(s.u9, c.g9, c.border9, s.u10, c.g10, c.border10, s.u11) * c.per_c10
        u11 = s.u11 + moved(s.u10, c.g10, c.border10, s.u11, c.g11, c.border11, s.u12) * c.per_c11
        u12 = s.u12 + moved(s.u11, c.g11, c.border11, s.u12, c.g12, c.border12, 0.0) * c.per_c12
        w = s.w0 + c.gain * u1
        w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
        return w, (s.w0, u1, u2, u3, u4, u5, u6, u7, u8, u9, u10, u11, u12)

    def first_pair(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG002 - signature of all visits
        """Move contents of the first two beakers, those that flow on to the third apart."""
        opened = third * c.protein

        def gate(u: Any, v: Any, border: Any) -> Any:
            tagged = u - v > c.theta_tag or v - u > c.theta_tag
            return 1.0 if border == 0.0 else (opened if tagged else 0.0)

        inside = gate(s.u1, s.u2, c.border1)
        flow = steps * inside * c.g1 * (s.u1 - s.u2)
        end = c.last2 * c.beta + c.drain * (1.0 - gate(s.u2, s.u3, c.border2))
        u1 = s.u1 - (c.beta * flow + steps * c.drain * (1.0 - inside) * c.g1 * s.u1) * c.per_c1
        w = s.w0 + c.gain * u1
        w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
        return w, (u1, s.u2 + (flow - steps * end * c.g2 * s.u2) * c.per_c2)

    pair2, pair3, pair4, pair5, pair6 = (_pair(n) for n in range(2, BEAKERS // 2 + 1))
