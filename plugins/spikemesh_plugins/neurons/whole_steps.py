"""Times that a model counts in steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.ids import FloatArray
from spikemesh.units import whole_steps


def in_steps(time_ms: Any, dt: float, name: str) -> FloatArray:
    """Express a parameter (ms, one value or one per neuron) in steps of ``dt``.

    Parameters
    ----------
    time_ms
        Time in ms, scalar or array.
    dt
        Timestep in ms.
    name
        Parameter, for the error.

    Returns
    -------
    ndarray of float64
        Whole numbers, in the shape of ``time_ms``.

    Raises
    ------
    UnitError
        If a time is not a whole number of steps.
    """
    times = np.asarray(time_ms, dtype=np.float64)
    counts = [whole_steps(float(t), dt, name) for t in np.unique(times)]
    return np.asarray(counts, dtype=np.float64)[np.searchsorted(np.unique(times), times)]
