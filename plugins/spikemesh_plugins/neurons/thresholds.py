"""Where a neuron fires and where it goes on."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.errors import DescriptionError, Problem


def check_reset(p: Any, threshold: str = "v_th") -> None:
    """See that a neuron is below its threshold after a spike.

    Parameters
    ----------
    p
        Parameters, with ``v_reset`` in mV.
    threshold
        Name of the parameter that is the threshold, in mV.

    Raises
    ------
    DescriptionError
        If the neuron would fire in every step.
    """
    limit = getattr(p, threshold)
    if np.any(np.asarray(p.v_reset) >= limit):
        found = f"v_reset = {np.max(p.v_reset):g} mV is not below {threshold} = {np.min(limit):g} mV"
        raise DescriptionError(Problem("v_reset", found, "the neuron would fire in every step"))
