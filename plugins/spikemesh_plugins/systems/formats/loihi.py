"""Loihi: mantissas of 8 bits and an exponent that a projection shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Weights
from spikemesh.ids import FloatArray
from spikemesh_plugins.systems.formats.grids import largest

ONE_SIGN, EVEN = 255, 254
"""Greatest mantissa where all weights have one sign; else one bit is the sign and mantissas are even."""
EXPONENTS = 16
"""Exponents from -8 to 7."""


class SharedExponent:
    """A mantissa of 8 bits for each weight, times a power of two for each projection.

    A projection takes the least of the 16 exponents with which its largest weight is had, the population's largest
    weight being at the greatest. Weights of a model in Loihi's own integers (``loihi_cuba``) have their format already.
    """

    name = "loihi"
    source = (
        "brian2-loihi and nengo-loihi: 8 bits of weight, even where both signs are allowed (-256 to 254, 0 to 255, "
        "-255 to 0); exponents -8 to 7 of a projection"
    )

    def rounded(self, onto: Sequence[Weights]) -> list[FloatArray]:
        """Return the nearest mantissas times the power of two of each projection."""
        if any(w.whole for w in onto):
            return [w.values for w in onto]
        top = largest(onto)
        if top == 0.0:
            return [w.values for w in onto]
        least = _exponent(top, ONE_SIGN) - (EXPONENTS - 1)
        return [_projection(w.values, least) for w in onto]


def _exponent(weight: float, most: int) -> int:
    """Least exponent with which a mantissa up to ``most`` reaches a weight."""
    return int(np.ceil(np.log2(weight / most)))


def _projection(values: FloatArray, least: int) -> FloatArray:
    mixed = bool((values > 0).any() and (values < 0).any())
    most, step = (EVEN, 2) if mixed else (ONE_SIGN, 1)
    top = float(np.abs(values).max(initial=0.0))
    if top == 0.0:
        return values
    unit = np.ldexp(1.0, max(_exponent(top, most), least))
    mantissa = np.rint(values / (unit * step)) * step
    return np.asarray(np.clip(mantissa, -most, most) * unit)
