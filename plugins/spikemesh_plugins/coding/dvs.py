"""Frames of a video to the events of a dynamic vision sensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Parameter, Signal, StreamEncoder, StreamState
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray, IntArray

_TIE = 1e-9
"""Of a threshold: what a difference of logarithms may miss it by."""


class DvsEncoder(StreamEncoder):
    """Dynamic vision sensor: neuron ``y width + x`` spikes ON for the pixel (x, y), ``height width`` more OFF.

    A pixel remembers the logarithm l of its intensity at its last event. ON when ``ln I - l`` reaches ``c_on``, OFF
    when it reaches ``-c_off``; l then moves by that threshold, so that a step of intensity by a factor R makes
    ``floor(|ln R|/c)`` events. Between two frames ln I goes along a straight line, on which the time of each event
    lies. Frame k is of the time ``k / sample_rate``; the first one makes no events. Intensities below ``darkest`` count
    as that.

    * ``mismatch``: thresholds of pixels are normally distributed, with that standard deviation as part of the mean,
      not below a tenth of it; another ``device`` has others.
    * ``leak``: l sinks by ``leak c_on`` a second, which makes ON events at that rate of a scene that stands still.
    * ``refractory``: a pixel that crosses a threshold within that time of its last event makes none; l moves on.

    Source: H. Rebecq, D. Gehrig and D. Scaramuzza, ESIM: an open event camera simulator, CoRL 2018 (lines between
    frames, refractory time); Y. Hu, S.-C. Liu and T. Delbruck, v2e, CVPR workshops 2021, arXiv:2006.07722 (mismatch,
    leak).
    """

    name = "dvs"
    parameters = {
        "sample_rate": Parameter(0.0, "Hz", ge=0, description="frames a second"),
        "c_on": Parameter(0.2, gt=0, description="threshold of ON events, change of ln I"),
        "c_off": Parameter(0.2, gt=0, description="threshold of OFF events, change of ln I"),
        "darkest": Parameter(1.0, gt=0, description="least intensity, in the unit of the frames"),
        "mismatch": Parameter(0.0, ge=0, description="standard deviation of thresholds, part of the mean"),
        "device": Parameter(0, ge=0, integer=True, description="which sensor, of all that differ"),
        "leak": Parameter(0.0, "Hz", ge=0, description="rate of ON events without a change"),
        "refractory": Parameter(0.0, "ms", ge=0, description="least time between events of a pixel"),
    }

    @staticmethod
    def size(stream: Signal, p: Any) -> int:  # noqa: ARG004 - parameters have no say
        """Return two neurons a pixel."""
        return 2 * math.prod(stream.shape)

    @staticmethod
    def check(stream: Signal, dt: float, p: Any) -> None:  # noqa: ARG004 - neither has a say
        """Refuse what is no video of one intensity a pixel.

        Raises
        ------
        DescriptionError
            If frames have not two dimensions.
        """
        if len(stream.shape) != 2:
            found = f"of shape {(stream.samples, *stream.shape)}"
            raise DescriptionError(Problem("stream", found, "shape (frames, height, width)"))

    @staticmethod
    def start(stream: Signal, dt: float, p: Any) -> StreamState:  # noqa: ARG004 - dt has no say
        """Return what the pixels remember of the first frame, and their thresholds."""
        pixels = math.prod(stream.shape)
        factors = np.maximum(1.0 + p.mismatch * _normal(2 * pixels, p.device), 0.1)
        first = _log(stream, 0, p)
        return {
            "on": p.c_on * factors[:pixels],
            "off": p.c_off * factors[pixels:],
            "remembered": first.copy(),
            "last": first,
            "frames": np.ones(1, dtype=np.int64),
            "fired": np.full(pixels, -np.inf),
            "waiting_steps": np.zeros(0, dtype=np.int64),
            "waiting_neurons": np.zeros(0, dtype=np.int64),
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
        """Return the events of a stretch; those of its last interval that come later wait."""
        until = first_step + steps
        found_steps, found_neurons = [state["waiting_steps"]], [state["waiting_neurons"]]
        # A frame belongs to this stretch if the line that ends in it begins before the stretch ends.
        while (frame := int(state["frames"][0])) < stream.samples and (
            frame - 1
        ) / stream.rate < until * dt * 1e-3:
            for times, neurons in _events(stream, state, frame, p):
                found_steps.append(_step_of(times, dt))
                found_neurons.append(neurons)
            state["frames"][0] = frame + 1
        at, neurons = np.concatenate(found_steps), np.concatenate(found_neurons)
        now = at <= until
        state["waiting_steps"], state["waiting_neurons"] = at[~now], neurons[~now]
        return at[now] - first_step, neurons[now]


def _log(stream: Signal, frame: int, p: Any) -> FloatArray:
    """Return the logarithms of a frame, raised by what the memory has sunk."""
    values = stream.read(frame, frame + 1).ravel()
    logarithms: FloatArray = np.log(np.maximum(values, p.darkest)) + p.leak * p.c_on * frame / stream.rate
    return logarithms


def _events(stream: Signal, state: StreamState, frame: int, p: Any) -> list[tuple[FloatArray, IntArray]]:
    """Return times (s) and neurons of the events on the line from the frame before, first to last of each pixel."""
    before, after = state["last"], _log(stream, frame, p)
    up = after > before
    threshold = np.where(up, state["on"], state["off"])
    sign = np.where(up, 1.0, -1.0)
    moved = sign * (after - state["remembered"])
    count = np.where(after == before, 0, np.floor(moved / threshold + _TIE)).astype(np.int64)
    found = []
    for number in range(1, int(count.max(initial=0)) + 1):
        pixels = np.flatnonzero(count >= number)
        level = state["remembered"][pixels] + number * sign[pixels] * threshold[pixels]
        part = (level - before[pixels]) / (after[pixels] - before[pixels])
        times = (frame - 1 + np.clip(part, 0.0, 1.0)) / stream.rate
        free = times - state["fired"][pixels] >= p.refractory * 1e-3
        pixels, times = pixels[free], times[free]
        state["fired"][pixels] = times
        found.append((times, np.where(up[pixels], pixels, count.size + pixels)))
    crossed = np.maximum(count, 0)
    state["remembered"] = state["remembered"] + crossed * sign * threshold
    state["last"] = after
    return found


def _step_of(times: FloatArray, dt: float) -> IntArray:
    """Return the steps in which times (s) fall; what lies on a boundary belongs to the earlier one."""
    steps: IntArray = np.maximum(np.ceil(times * 1e3 / dt - _TIE), 1).astype(np.int64)
    return steps


def _normal(count: int, device: int) -> FloatArray:
    """Return standard normal numbers of a device: one draw of a counter each, so that pixels keep theirs."""
    from scipy.special import ndtri

    uniform = np.random.Generator(np.random.Philox(key=device)).random(count)
    numbers: FloatArray = ndtri(np.clip(uniform, 2.0**-53, None))
    return numbers
