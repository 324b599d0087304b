"""How a chain of beakers forgets, where that is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.ids import FloatArray, IntArray
from spikemesh.memory import Chain, Forgetting
from spikemesh_plugins.learning.chain_source import ChainForm


def chain_theory(form: ChainForm, p: Any, dt: float) -> Forgetting | None:
    """Return the linear theory of a chain without a third factor; None where it does not hold.

    It holds for one pattern a step, contents that are not rounded, the clock of every tick, and a leak somewhere.

    Parameters
    ----------
    form
        What the chain's functions look like.
    p
        Parameters by name.
    dt
        Timestep in ms.
    """
    if not form.pattern or form.tiered or form.frozen or form.rounding != "none":
        return None
    chain = Chain(
        form.beakers, p.ratio, p.alpha * dt / p.chain_step, p.beta, p.drain, p.end_leak, closed=form.borders
    )
    if not np.all(np.isfinite(chain.time_constants())):
        return None
    scale, beaker = p.gain * p.w_max * p.amplitude, form.readout

    def signal(ages: IntArray) -> FloatArray:
        found: FloatArray = scale * chain.signal(ages, beaker)
        return found

    def start(synapses: int, random: np.random.Generator) -> Mapping[str, FloatArray]:
        drawn = random.multivariate_normal(
            np.zeros(form.beakers), chain.covariance(), synapses, method="eigh"
        )
        contents = dict(zip(form.contents, p.amplitude * drawn.T, strict=True))
        contents["u1"] = np.clip(contents["u1"], -p.u_limit, p.u_limit)
        shown = 0.5 * p.w_max + p.gain * p.w_max * contents[f"u{beaker}"]
        return {"w": np.clip(shown, 0.0, p.w_max), "w0": np.full(synapses, 0.5 * p.w_max), **contents}

    return Forgetting(signal, scale**2 * chain.variance(beaker), start)
