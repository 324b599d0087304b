"""Sound to the spikes of a cochlea: a bank of filters, rectified and integrated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Parameter, Signal, StreamEncoder, StreamState
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray

ORDER = 4


class FilterBankEncoder(StreamEncoder):
    """Cochlea: neuron ``channel bands + k`` spikes for the k-th band of a channel, lowest first.

    Bands are gammatone filters of fourth order, their centres f evenly spaced on the scale of equivalent rectangular
    bandwidths, ``21.4 log10(0.00437 f + 1)``, from ``low`` to ``high``, and ``1.019 (24.7 + 0.108 f)`` Hz wide. Each is
    a cascade of four one-pole filters with complex coefficients, whose gain at f is 1. What is above 0 of a band is
    raised to the power ``compression`` and integrated; each time the integral times ``gain`` passes a whole number is a
    spike. So a tone of the amplitude A in the middle of a band makes ``gain A/pi`` spikes a second, for a compression
    of 1.

    Source: R. D. Patterson et al. 1992, Complex sounds and auditory images (gammatone, width); B. R. Glasberg and
    B. C. J. Moore 1990, Hearing Research 47:103 (scale); V. Hohmann 2002, Acta Acustica 88:433 (complex cascade).
    """

    name = "filter_bank"
    parameters = {
        "sample_rate": Parameter(0.0, "Hz", ge=0, description="samples a second; 0: as the file says"),
        "bands": Parameter(32, ge=1, integer=True, description="bands of a channel"),
        "low": Parameter(100.0, "Hz", gt=0, description="centre of the lowest band"),
        "high": Parameter(6000.0, "Hz", gt=0, description="centre of the highest band"),
        "gain": Parameter(1000.0, "Hz", gt=0, description="spikes a second of what is 1 all the time"),
        "compression": Parameter(1.0, gt=0, le=1, description="power of what a band lets through"),
    }

    @staticmethod
    def size(stream: Signal, p: Any) -> int:
        """Return a neuron for each band of each channel."""
        return stream.shape[0] * int(p.bands)

    @staticmethod
    def check(stream: Signal, dt: float, p: Any) -> None:  # noqa: ARG004 - dt has no say
        """Refuse what is no sound, and bands that the samples cannot hold.

        Raises
        ------
        DescriptionError
            With the first of them.
        """
        if len(stream.shape) != 1:
            found = f"of shape {(stream.samples, *stream.shape)}"
            raise DescriptionError(Problem("stream", found, "shape (samples, channels)"))
        if p.high >= 0.5 * stream.rate:
            found = f"{p.high:g} Hz is not below half of the {stream.rate:g} Hz of the samples"
            raise DescriptionError(Problem("high", found, f"less than {0.5 * stream.rate:g} Hz"))
        if p.low > p.high:
            raise DescriptionError(Problem("low", f"{p.low:g} Hz is above high", f"at most {p.high:g} Hz"))

    @staticmethod
    def start(stream: Signal, dt: float, p: Any) -> StreamState:  # noqa: ARG004 - dt has no say
        """Return filters at rest, and integrals of 0."""
        channels, bands = stream.shape[0], int(p.bands)
        return {
            "filters": np.zeros((bands, ORDER, 1, channels), dtype=np.complex128),
            "integrals": np.zeros((bands, channels)),
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
        """Return the spikes of a stretch."""
        offsets = stream.offsets(first_step, steps, dt)
        first, bands = stream.taken(first_step, dt), int(p.bands)
        samples = stream.read(first, first + offsets.size)
        found_steps, found_neurons = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for band, centre in enumerate(centres(p.low, p.high, bands)):
            heard = np.maximum(_filtered(samples, state["filters"][band], centre, stream.rate), 0.0)
            if p.compression != 1.0:
                heard = heard**p.compression
            # One sum after the other, so that it is the same wherever a stretch begins.
            integral = np.cumsum(
                np.vstack([state["integrals"][band], heard * (p.gain / stream.rate)]), axis=0
            )
            state["integrals"][band] = integral[-1]
            sample, channel = np.nonzero(np.diff(np.floor(integral), axis=0))
            found_steps.append(offsets[sample])
            found_neurons.append(channel * bands + band)
        return np.concatenate(found_steps), np.concatenate(found_neurons)


def centres(low: float, high: float, bands: int) -> FloatArray:
    """Return frequencies (Hz) evenly spaced on the scale of equivalent rectangular bandwidths."""
    first, last = (21.4 * math.log10(0.00437 * f + 1.0) for f in (low, high))
    spaced: FloatArray = (10.0 ** (np.linspace(first, last, bands) / 21.4) - 1.0) / 0.00437
    return spaced


def _filtered(samples: FloatArray, memory: AnyArray, centre: float, rate: float) -> FloatArray:
    """Return what a band lets through; ``memory`` (order, 1, channels) goes on."""
    from scipy.signal import lfilter

    width = 1.019 * (24.7 + 0.108 * centre)
    kept = math.exp(-2.0 * math.pi * width / rate)
    pole = kept * np.exp(2j * math.pi * centre / rate)
    passed: AnyArray = samples.astype(np.complex128)
    for stage in range(ORDER):
        passed, memory[stage] = lfilter([1.0 - kept], [1.0, -pole], passed, axis=0, zi=memory[stage])
    heard: FloatArray = 2.0 * passed.real
    return heard
