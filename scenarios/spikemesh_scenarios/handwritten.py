"""Handwritten digits of scikit-learn, and answers to them that are counted by presentation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.errors import InputError
from spikemesh_scenarios.settings import milliseconds, named, scenario_of

Array = NDArray[Any]

CLASSES = 10
PIXELS = 64
LARGEST = 16.0
"""Grey value of a black pixel."""


def load(scenario: str) -> tuple[Array, Array]:
    """Return the digits of 8 x 8 pixels and their classes.

    Parameters
    ----------
    scenario
        Name of the scenario that asks, for the message.

    Returns
    -------
    images : ndarray of float64, shape (1797, 64)
        Grey values from 0 to 16.
    labels : ndarray of int64, shape (1797,)
        Classes from 0 to 9.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise InputError(
            f"{scenario} takes its digits from scikit-learn, which is not installed: pip install spikemesh[examples]"
        ) from None
    images, labels = load_digits(return_X_y=True)
    return images, labels.astype(np.int64)


def period(trace: Any) -> int:
    """Return the steps from one presentation of an image to the next."""
    shown = named(scenario_of(trace), "input", "pixels")
    period_ms = milliseconds(shown["present"]) + milliseconds(shown["blank"])
    return round(period_ms / float(trace.timestep_ms))
