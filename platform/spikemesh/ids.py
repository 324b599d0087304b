"""Integer types that carry identities and time in arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

NEURON = np.uint32
"""Neuron index, global over the network (populations laid out one after another)."""
TICK = np.int64
"""Time in whole steps: tick k is the time ``k * timestep``."""
CORE = np.int32
"""Core index, global over the system: ``chip * cores_per_chip + core``."""
LINK = np.int32
"""Directed link index."""

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
AnyArray: TypeAlias = NDArray[Any]
