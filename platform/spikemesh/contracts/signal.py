"""Signals: values sampled at a fixed rate, held or mapped, and read piece by piece."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray

SIGNAL_FILES = (".npy", ".wav")
_FULL_SCALE = {"uint8": (128.0, 128.0), "int16": (0.0, 32768.0), "int32": (0.0, 2147483648.0)}
"""Offset and full scale of whole-number samples of sound files."""


class Signal:
    """Samples in rows: sample k is taken at ``k / rate``.

    Parameters
    ----------
    values : ndarray, shape (samples, ...)
        Numbers, in memory or mapped from a file; never copied as a whole.
    rate
        Samples a second.
    scale
        ``(offset, full scale)`` of whole numbers, read as ``(value - offset) / full scale``.
    """

    def __init__(self, values: AnyArray, rate: float, scale: tuple[float, float] = (0.0, 1.0)) -> None:
        self._values = values
        self._offset, self._full = scale
        self.rate = rate
        self.samples = len(values)
        self.shape: tuple[int, ...] = values.shape[1:]

    def read(self, first: int, until: int) -> FloatArray:
        """Return the samples ``first`` to ``until - 1`` as float64, shape (n, ...).

        Raises
        ------
        DescriptionError
            If one is NaN or infinite; names the first.
        """
        block: FloatArray = np.array(self._values[first:until], dtype=np.float64)
        if (self._offset, self._full) != (0.0, 1.0):
            block = (block - self._offset) / self._full
        finite = np.isfinite(block)
        if not finite.all():
            sample, *place = (int(k) for k in np.argwhere(~finite)[0])
            at = f" of channel {place[0]}" if len(place) == 1 else f" at {tuple(place)}" if place else ""
            time = f"{(first + sample) / self.rate:.9g} s"
            found = f"sample {first + sample}{at} ({time}) is {block[(sample, *place)]:g}"
            raise DescriptionError(Problem("stream", found, "finite numbers"))
        return block

    def taken(self, step: int, dt: float, rate: float | None = None) -> int:
        """Return how many samples are taken by the end of a step; the first one belongs to step 1.

        ``rate`` counts points at another rate within the duration of the signal.
        """
        if step <= 0:
            return 0
        last = self.samples - 1
        if rate is not None:
            last = math.floor(last * rate / self.rate + 1e-9)
        exact = step * dt * 1e-3 * (rate or self.rate)
        # 3 x 0.1 ms are 3 samples of 10 kHz, although floats give 3.0000000000000004.
        return max(0, min(math.floor(exact * (1.0 + 1e-15) + 1e-9), last) + 1)

    def offsets(self, first_step: int, steps: int, dt: float, rate: float | None = None) -> IntArray:
        """Return for each sample taken in a stretch of steps the step of the stretch, from 1.

        Samples taken at t belong to the step in which t falls; those on a boundary to the earlier one.
        """
        counts = [self.taken(k, dt, rate) for k in range(first_step, first_step + steps + 1)]
        return np.repeat(np.arange(1, steps + 1, dtype=np.int64), np.diff(counts))


def open_signal(source: Path | AnyArray, p: Any) -> Signal:
    """Open an array, a ``.npy`` file (mapped, not read) or a ``.wav`` file.

    Parameters
    ----------
    source
        Numbers of shape (samples,) or (samples, channels), or a file with them.
    p
        Parameters of an encoder with ``sample_rate`` in Hz; 0: the rate that the file tells.

    Returns
    -------
    Signal
        With one-dimensional data as one channel.

    Raises
    ------
    DescriptionError
        If the file cannot be read, holds no numbers, or its rate is not known.
    """
    values, told, scale = _opened(source) if isinstance(source, Path) else (source, 0.0, (0.0, 1.0))
    if values.dtype.kind not in "iuf" or values.ndim < 1 or not values.size:
        found = f"holds an array of type {values.dtype} and shape {values.shape}"
        raise DescriptionError(Problem("stream", found, "numbers, shape (samples, channels)"))
    rate = float(p.sample_rate) or told
    if not rate:
        raise DescriptionError(Problem("sample_rate", "is not known", 'a rate such as "2 kHz"'))
    if told and rate != told:
        raise DescriptionError(
            Problem("sample_rate", f"{rate:g} Hz, but the file says {told:g} Hz", "neither")
        )
    return Signal(values[:, None] if values.ndim == 1 else values, rate, scale)


def _opened(path: Path) -> tuple[AnyArray, float, tuple[float, float]]:
    if path.suffix not in SIGNAL_FILES:
        found, allowed = f"{path.name} is no signal that can be read", " or ".join(SIGNAL_FILES)
        raise DescriptionError(Problem("stream", found, f"an array, or a file {allowed}"))
    try:
        if path.suffix == ".npy":
            mapped: AnyArray = np.load(path, mmap_mode="r", allow_pickle=False)
            return mapped, 0.0, (0.0, 1.0)
        from scipy.io import wavfile

        rate, samples = wavfile.read(path, mmap=True)
        return samples, float(rate), _FULL_SCALE.get(samples.dtype.name, (0.0, 1.0))
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        allowed = "numbers" if path.suffix == ".npy" else "samples of 8, 16, 32 or 64 bits"
        raise DescriptionError(Problem("stream", f"{path.name} cannot be read: {error}", allowed)) from None
