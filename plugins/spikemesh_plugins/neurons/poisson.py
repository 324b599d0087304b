"""Source of random spikes."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter
from spikemesh.errors import DescriptionError, Problem


class PoissonSource(NeuronModel):
    """Spikes at random: in every step with probability ``rate dt``, independently.

    The grid form of a Poisson process: counts over T have mean ``rate T`` and Fano factor ``1 - rate dt``.
    """

    name = "poisson"
    parameters = {"rate": Parameter(0.0, "Hz", ge=0, description="mean rate")}
    receptors = ()
    draws = ("u",)
    source = True

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the probability of a spike in a step."""
        probability = np.asarray(p.rate, dtype=np.float64) * (dt / 1000.0)
        if np.any(probability > 1.0):
            found = f"{np.max(p.rate):g} Hz is more than one spike per step of {dt:g} ms"
            raise DescriptionError(Problem("rate", found, f"at most {1000.0 / dt:g} Hz"))
        return {"probability": probability}

    def step(s: Any, c: Any, x: Any) -> Any:
        """Compare one draw with the probability."""
        return (), x.u < c.probability
