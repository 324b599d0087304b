"""Check that data is scaled to what a code can carry."""

from __future__ import annotations

import numpy as np

from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray


def check_unit_range(values: FloatArray) -> None:
    """Refuse data that is not scaled to [0, 1].

    Raises
    ------
    DescriptionError
        With the first value outside.
    """
    inside = (values >= 0.0) & (values <= 1.0)
    if not np.all(inside):
        first = int(np.flatnonzero(~inside)[0])
        raise DescriptionError(Problem("data", f"{values[first]:g} at neuron {first}", "values from 0 to 1"))
