"""Delta modulation: a spike whenever a signal has moved by a threshold, and the way back to the signal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Parameter, Signal, StreamEncoder, StreamState
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.band import BAND, check_band, read_band, start_band
from spikemesh_plugins.coding.noise_threshold import CALIBRATION, calibrated

_TIE = 1e-9
"""Of a threshold: what a sum of floats may miss it by."""


class DeltaEncoder(StreamEncoder):
    """Asynchronous delta modulator (ADM): neuron c spikes UP for channel c, neuron ``channels + c`` DOWN.

    * ``variant = "step"``: UP when ``x - r >= threshold``, then ``r += threshold``; DOWN likewise. As many
      spikes at once as the signal has moved thresholds; with a ``refractory`` time one, then none for that long.
    * ``variant = "jump"``: UP when ``x - r > threshold``, then ``r = x``; the points within ``refractory``
      are skipped, at least to the next one.

    The signal is first filtered to the band ``low`` to ``high``, and looked at ``resample`` times a second,
    between samples by linear interpolation. ``threshold = 0`` takes it from the noise of the start; see
    :func:`~spikemesh_plugins.coding.noise_threshold.noise_threshold`.

    Source: F. Corradi and G. Indiveri, IEEE Transactions on Biomedical Circuits and Systems 9:699, 2015,
    doi:10.1109/TBCAS.2015.2479256 (circuit); M. Sharifshazileh, K. Burelo et al., Nature Communications
    12:3095, 2021, doi:10.1038/s41467-021-23342-2 (``jump``, calibration).
    """

    name = "delta"
    parameters = {
        "sample_rate": Parameter(0.0, "Hz", ge=0, description="samples a second; 0: as the file says"),
        "threshold": Parameter(0.0, ge=0, description="in the unit of the signal; 0: calibrated"),
        "variant": Parameter("step", choices=("step", "jump")),
        "refractory": Parameter(0.0, "ms", ge=0),
        "reference": Parameter(0.0, description="r before the first sample"),
        "resample": Parameter(0.0, "Hz", ge=0, description="looks a second; 0: at the samples"),
        **BAND,
        **CALIBRATION,
    }

    @staticmethod
    def size(stream: Signal, p: Any) -> int:  # noqa: ARG004 - parameters have no say
        """Return two neurons a channel."""
        return 2 * stream.shape[0]

    @staticmethod
    def check(stream: Signal, dt: float, p: Any) -> None:  # noqa: ARG004 - dt has no say
        """Refuse a signal of more dimensions, a band out of range, or more points than samples bear out.

        Raises
        ------
        DescriptionError
            With the first of them.
        """
        if len(stream.shape) != 1:
            found = f"of shape {(stream.samples, *stream.shape)}"
            raise DescriptionError(Problem("stream", found, "shape (samples, channels)"))
        check_band(stream, p)
        if p.resample and p.resample < stream.rate:
            found = f"{p.resample:g} Hz is below the sample rate"
            raise DescriptionError(Problem("resample", found, f"at least {stream.rate:g} Hz"))

    @staticmethod
    def start(stream: Signal, dt: float, p: Any) -> StreamState:  # noqa: ARG004
        """Return the reference, and the threshold of each channel."""
        channels = stream.shape[0]
        threshold = np.full(channels, p.threshold) if p.threshold else calibrated(stream, p)
        jump = p.variant == "jump"
        return start_band(stream, p) | {
            "kept": np.zeros((0, channels)),
            "threshold": threshold,
            # In steps of the threshold from the first reference, where it moves in such steps.
            "reference": np.full(channels, p.reference if jump else 0.0),
            "ready": np.zeros(channels, dtype=np.int64),
        }

    @staticmethod
    def encode(
        stream: Signal,
        state: StreamState,
        first_step: int,
        steps: int,
        dt: float,
        p: Any,
        random: CounterRandom,  # noqa: ARG004 - nothing is drawn
    ) -> tuple[IntArray, IntArray]:
        """Return the spikes of a stretch, sorted by time, then neuron."""
        rate = p.resample or stream.rate
        first = stream.taken(first_step, dt, rate)
        offsets = stream.offsets(first_step, steps, dt, rate)
        points = _points(stream, state, first, len(offsets), rate, p)
        skip = max(1, int(p.refractory * 1e-3 * rate + _TIE))
        channels = stream.shape[0]
        spikes: list[tuple[int, int]] = []
        for c in range(channels):
            found = _jumps if p.variant == "jump" else _steps
            x = points[:, c] if p.variant == "jump" else (points[:, c] - p.reference) / state["threshold"][c]
            signed = found(x, state, c, first, skip, bool(p.refractory))
            spikes += [(int(offsets[at]), c if up else channels + c) for at, up in signed]
        spikes.sort()
        table = np.array(spikes, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]


def _points(stream: Signal, state: StreamState, first: int, count: int, rate: float, p: Any) -> FloatArray:
    """Return the filtered signal at the points ``first`` to ``first + count - 1`` of the grid of ``rate``."""
    at = np.arange(first, first + count) * stream.rate / rate
    if count:
        fresh = read_band(stream, state, min(math.ceil(at[-1]) + 1, stream.samples), p)
        state["kept"] = np.concatenate([state["kept"], fresh])
    samples, begin = state["kept"], int(state["filtered"][0]) - len(state["kept"])
    # The next point may lie just behind this one, between the last two samples.
    state["kept"] = samples[-2:]
    if rate == stream.rate:
        return samples[first - begin : first - begin + count]
    low = np.floor(at).astype(np.int64)
    before, after = (samples[np.minimum(k - begin, len(samples) - 1)] for k in (low, low + 1))
    points: FloatArray = before + (after - before) * (at - low)[:, None]
    return points


def _next(outside: Any, begin: int, end: int) -> int:
    """Return the first index at which ``outside`` of a stretch is true; looks further and further."""
    reach = 32
    while begin < end:
        found = outside(begin, min(begin + reach, end))
        at = int(found.argmax())
        if found[at]:
            return begin + at
        begin, reach = begin + reach, min(4 * reach, 8192)
    return end


def _jumps(
    x: FloatArray, state: StreamState, c: int, first: int, skip: int, rests: bool
) -> list[tuple[int, bool]]:
    del rests
    reference, threshold = float(state["reference"][c]), float(state["threshold"][c])
    at, spikes = max(0, int(state["ready"][c]) - first), []
    while (at := _next(lambda a, b: np.abs(x[a:b] - reference) > threshold, at, len(x))) < len(x):  # noqa: B023 - called at once
        spikes.append((at, bool(x[at] > reference)))
        reference, at = float(x[at]), at + skip
        state["ready"][c] = first + at
    state["reference"][c] = reference
    return spikes


def _steps(
    x: FloatArray, state: StreamState, c: int, first: int, skip: int, rests: bool
) -> list[tuple[int, bool]]:
    level = float(state["reference"][c])
    at, spikes = max(0, int(state["ready"][c]) - first), []
    while (at := _next(lambda a, b: np.abs(x[a:b] - level) >= 1.0 - _TIE, at, len(x))) < len(x):  # noqa: B023 - called at once
        moved = float(x[at]) - level
        count = 1 if rests else math.floor(abs(moved) + _TIE)
        spikes += [(at, moved > 0)] * count
        level, at = level + math.copysign(count, moved), at + skip
        state["ready"][c] = first + at
    state["reference"][c] = level
    return spikes


class DeltaDecoder(Decoder):
    """Signal at the end of each presentation: ``reference + threshold (UP spikes - DOWN spikes so far)``.

    Of a signal encoded with ``variant = "step"`` the error is below the threshold, as long as no two of a
    neuron's spikes fell into one step. Half as many values as neurons.
    """

    name = "delta"
    parameters = {
        "threshold": Parameter(None, gt=0, description="of the encoder"),
        "reference": Parameter(0.0, description="of the encoder"),
    }

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Add up the spikes with ``tick <= edges[k, 1]``."""
        channels = size // 2
        moved = np.zeros((len(edges), channels))
        for c in range(channels):
            for neuron, sign in ((c, 1.0), (channels + c, -1.0)):
                moved[:, c] += sign * np.searchsorted(ticks[neurons == neuron], edges[:, 1], side="right")
        decoded: FloatArray = p.reference + p.threshold * moved
        return decoded
