"""Spike-driven synaptic plasticity."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace


class SpikeDrivenPlasticity(LearningRule):
    """Spike-driven synaptic plasticity: an arriving spike looks at the potential and the calcium of the neuron.

    With v the potential before the arrival and Ca the calcium, a trace of the neuron's spikes (``tau_ca``,
    each adds 1)::

        v >= theta_v and theta_1 <= Ca < theta_3:   w <- w + step_up w_max
        v <  theta_v and theta_1 <= Ca < theta_2:   w <- w - step_down w_max

    Between arrivals w drifts towards w_max if it is above ``theta_w`` w_max, else towards 0, by
    ``drift_up`` and ``drift_down`` times w_max per second; 0 switches that off. Whole levels as on ODIN, a weight of
    three bits: w_max = 7, step_up = step_down = 1/7.

    Source: Brader, Senn & Fusi 2007, Neural Comput. 19:2881; Frenkel et al. 2019, IEEE Trans. Biomed. Circuits
    Syst. 13:145 (ODIN).
    """

    name = "sdsp"
    parameters = {
        "step_up": Parameter(1 / 7, ge=0, description="potentiation, fraction of w_max"),
        "step_down": Parameter(1 / 7, ge=0, description="depression, fraction of w_max"),
        "theta_v": Parameter(0.5, description="potential that tells potentiation from depression"),
        "theta_1": Parameter(1.0, ge=0, description="least calcium of any change"),
        "theta_2": Parameter(3.0, ge=0, description="calcium from which on nothing is depressed"),
        "theta_3": Parameter(6.0, ge=0, description="calcium from which on nothing is potentiated"),
        "tau_ca": Parameter(60.0, "ms", gt=0, description="time constant of calcium"),
        "drift_up": Parameter(0.0, ge=0, description="drift to w_max, fraction of w_max per second"),
        "drift_down": Parameter(0.0, ge=0, description="drift to 0, fraction of w_max per second"),
        "theta_w": Parameter(
            0.5, ge=0, le=1, description="weight that divides the drifts, fraction of w_max"
        ),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    post = {"calcium": Trace("tau_ca", "add")}
    state = {"last": State(0.0, "", "step of the last arrival")}
    reads = ("v",)
    timed = True

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return steps and drifts in units of the weight."""
        return {
            "up": p.step_up * p.w_max,
            "down": p.step_down * p.w_max,
            "drift_up": 1e-3 * dt * p.drift_up * p.w_max,
            "drift_down": 1e-3 * dt * p.drift_down * p.w_max,
            "theta_w": p.theta_w * p.w_max,
            "theta_v": p.theta_v,
            "theta_1": p.theta_1,
            "theta_2": p.theta_2,
            "theta_3": p.theta_3,
            "w_max": p.w_max,
        }

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Drift since the last arrival, then jump."""
        passed = c.t - s.last
        w = w + passed * (c.drift_up if w > c.theta_w else -c.drift_down)
        # The drift ends at the bounds, before the jump.
        w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
        high = post.v >= c.theta_v
        rises = high and c.theta_1 <= post.calcium < c.theta_3
        falls = not high and c.theta_1 <= post.calcium < c.theta_2
        w = w + (c.up if rises else (-c.down if falls else 0.0))
        return (0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)), (c.t,)
