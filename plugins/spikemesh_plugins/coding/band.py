"""A signal as it comes out of a Butterworth band-pass, sample after sample."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from spikemesh.contracts import Parameter, Signal, StreamState
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray

BAND = {
    "low": Parameter(0.0, "Hz", ge=0, description="lower edge of the band; 0: none"),
    "high": Parameter(0.0, "Hz", ge=0, description="upper edge of the band; 0: none"),
    "order": Parameter(2, ge=1, le=8, integer=True, description="order of the Butterworth filter"),
}
"""Parameters of an encoder that filters."""


def check_band(signal: Signal, p: Any) -> None:
    """Refuse a band that the signal cannot have.

    Raises
    ------
    DescriptionError
        If its edges are not in order, or not below half the sample rate.
    """
    for key in ("low", "high"):
        if getattr(p, key) >= signal.rate / 2:
            found = f"{getattr(p, key):g} Hz in a signal of {signal.rate:g} samples a second"
            raise DescriptionError(Problem(key, found, f"below {signal.rate / 2:g} Hz"))
    if p.high and p.low >= p.high:
        raise DescriptionError(Problem("low", f"{p.low:g} Hz is not below high, {p.high:g} Hz", "low < high"))


def start_band(signal: Signal, p: Any) -> StreamState:
    """Return the state of a filter at rest before the first sample."""
    sections = len(_sections(signal, p))
    return {"filter": np.zeros((sections, 2, *signal.shape)), "filtered": np.zeros(1, dtype=np.int64)}


def read_band(signal: Signal, state: StreamState, until: int, p: Any) -> FloatArray:
    """Return the next samples, up to ``until - 1``, filtered; changes ``state``."""
    first = int(state["filtered"][0])
    block = signal.read(first, max(first, until))
    state["filtered"][0] = first + len(block)
    sections = _sections(signal, p)
    if len(block) and len(sections):
        from scipy.signal import sosfilt

        block, state["filter"] = sosfilt(sections, block, axis=0, zi=state["filter"])
    return block


def _sections(signal: Signal, p: Any) -> FloatArray:
    if not p.low and not p.high:
        return np.zeros((0, 6))
    from scipy.signal import butter

    edges: list[float] = [edge for edge in (p.low, p.high) if edge]
    kind: Literal["bandpass", "highpass", "lowpass"] = "highpass" if p.low else "lowpass"
    if len(edges) == 2:
        kind = "bandpass"
    wanted: float | list[float] = edges if len(edges) == 2 else edges[0]
    sections: FloatArray = butter(p.order, wanted, btype=kind, fs=signal.rate, output="sos")
    return sections
