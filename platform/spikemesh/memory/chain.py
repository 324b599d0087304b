"""Linear theory of a chain of beakers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spikemesh.ids import AnyArray, FloatArray, IntArray


@dataclass(frozen=True)
class Chain:
    """A chain of beakers u1 .. um with ``C_k = ratio^(k-1)`` and ``g_k = alpha ratio^-k``, as rule ``gbc``.

    One step is ``u <- A u`` with ``u_k += (g_{k-1} (u_{k-1} - u_k) - g_k (u_k - u_{k+1})) / C_k`` and
    ``u_{m+1} = 0``; a memory adds +1 or -1 to u1. All answers are exact: S(t) is an element of A^t, and
    the variance of the sum of all earlier memories is the sum of S(t)^2 (Benna & Fusi 2016,
    Nat. Neurosci. 19:1697).

    Attributes
    ----------
    beakers
        m.
    ratio, alpha
        Growth of the capacities, and speed.
    beta
        1: flows move contents, 0: they copy.
    drain, end_leak
        Leak of a closed border and of the last beaker.
    closed
        Numbers of the beakers behind which a border is closed.
    """

    beakers: int
    ratio: float = 2.0
    alpha: float = 0.25
    beta: float = 1.0
    drain: float = 1.0
    end_leak: float = 1.0
    closed: tuple[int, ...] = ()

    @cached_property
    def capacities(self) -> FloatArray:
        """C_1 .. C_m."""
        return self.ratio ** np.arange(self.beakers, dtype=np.float64)

    @cached_property
    def matrix(self) -> FloatArray:
        """A, from the contents of one step to those of the next."""
        m = self.beakers
        flow = np.zeros((m, m))
        for k in range(m):
            g = self.alpha / self.ratio ** (k + 1)
            if k + 1 == m:
                flow[k, k] -= self.beta * self.end_leak * g
            elif k + 1 in self.closed:
                flow[k, k] -= self.drain * g
            else:
                flow[k, [k, k + 1]] += self.beta * g * np.array([-1.0, 1.0])
                flow[k + 1, [k, k + 1]] += g * np.array([1.0, -1.0])
        return np.eye(m) + flow / self.capacities[:, None]

    @cached_property
    def _modes(self) -> tuple[FloatArray, FloatArray]:
        """Eigenvalues, and by beaker how much of each shows in its answer to an impulse into the first."""
        if self.beta == 1.0:
            # Capacities make A symmetric, whose eigenvalues are found to the last digits.
            root = np.sqrt(self.capacities)
            values, vectors = np.linalg.eigh(root[:, None] * self.matrix / root)
            return values, (vectors / root[:, None]) * vectors[0]
        values, vectors = np.linalg.eig(self.matrix)
        first = np.linalg.solve(vectors, np.eye(self.beakers)[0].astype(vectors.dtype))
        return values.real, (vectors * first).real

    def signal(self, ages: IntArray, beaker: int = 1) -> FloatArray:
        """Return S(t) at some ages: the content of a beaker t steps after 1 was added to the first.

        Parameters
        ----------
        ages : ndarray of int64
            In steps.
        beaker
            From 1; the first is the weight.
        """
        values, parts = self._modes
        found: FloatArray = np.power(values, np.asarray(ages)[..., None]) @ parts[beaker - 1]
        return found

    def variance(self, beaker: int = 1) -> float:
        """Return the variance of a beaker's content when one memory a step is stored for ever."""
        values, parts = self._modes
        part = parts[beaker - 1]
        return float(np.sum(np.outer(part, part) / (1.0 - np.outer(values, values))))

    def covariance(self) -> FloatArray:
        """Return the covariance of all beakers in the steady state, just after a memory was stored."""
        values, parts = self._modes
        found: FloatArray = parts @ (1.0 / (1.0 - np.outer(values, values))) @ parts.T
        return found

    def time_constants(self) -> FloatArray:
        """Return ``-1 / ln(eigenvalue)`` in steps, the slowest first; infinite where nothing leaks."""
        values = np.sort(np.clip(self._modes[0], 1e-300, 1.0))[::-1]
        with np.errstate(divide="ignore"):
            found: FloatArray = -1.0 / np.log(values)
        return found

    def after(self, contents: AnyArray, steps: int) -> FloatArray:
        """Return the contents after some idle steps.

        Parameters
        ----------
        contents : ndarray, shape (beakers, ...)
            Contents now.
        steps
            Steps without a memory.
        """
        found: FloatArray = np.linalg.matrix_power(self.matrix, steps) @ np.asarray(contents)
        return found
