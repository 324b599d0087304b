"""Recordings of event cameras as spikes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Parameter, StreamEncoder, StreamState
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import AnyArray, IntArray
from spikemesh_plugins.coding.event_files import Events, Recording, open_recording
from spikemesh_plugins.coding.event_filters import LONG_AGO, hot_pixels, rested, supported


class EventEncoder(StreamEncoder):
    """Event camera: neuron ``y w + x`` spikes ON, neuron ``w h + y w + x`` OFF; w and h in pixels left by ``pool``.

    The stream is an array with the fields t, x, y, p, or a file: ``.npy`` with such an array, ``.raw`` (EVT2, EVT3) or
    ``.aedat4``; it is read block by block. An event at t belongs to the step in which ``t - begin`` falls. The size of
    the sensor is what the file tells, else ``width`` and ``height``. With ``polarity = "merged"`` a pixel has one
    neuron.

    Filters, in this order, on pixels of the sensor, each off at 0:

    * ``hot_rate``: pixels with more than ``r T + 3 sqrt(r T)`` events in the first ``hot_time`` T are left out.
    * ``refractory``: an event within that time of the last of its pixel that went through is left out.
    * ``support``: an event is left out unless one of the eight neighbours had one within that time before.

    Source: T. Delbruck, Symposium on Secure-Life Electronics 2008 (support); Prophesee's EVT 2.0 and 3.0 and
    iniVation's AEDAT 4 formats, by the libraries expelliarmus and aedat.
    """

    name = "events"
    parameters = {
        "width": Parameter(0, ge=0, integer=True, description="columns of the sensor, 0: as the file says"),
        "height": Parameter(0, ge=0, integer=True, description="rows of the sensor, 0: as the file says"),
        "unit": Parameter(0.001, "ms", gt=0, description="time of one count of t"),
        "begin": Parameter(0.0, "ms", description="time of the recording that is 0 of the run"),
        "pool": Parameter(1, ge=1, integer=True, description="so many by so many pixels make one"),
        "polarity": Parameter("split", choices=("split", "merged")),
        "hot_rate": Parameter(0.0, "Hz", ge=0, description="rate beyond which a pixel is hot"),
        "hot_time": Parameter(1000.0, "ms", gt=0, description="time in which hot pixels are looked for"),
        "refractory": Parameter(0.0, "ms", ge=0),
        "support": Parameter(0.0, "ms", ge=0),
    }

    @staticmethod
    def open(source: Path | AnyArray, p: Any) -> Recording:
        """Open a recording, whose size the parameters may give.

        Raises
        ------
        DescriptionError
            If it cannot be read, or its size is not known or another.
        """
        recording = open_recording(source)
        for side in ("width", "height"):
            given, told = int(getattr(p, side)), int(getattr(recording, side))
            if not given and not told:
                raise DescriptionError(Problem(side, "is not known", "a number of pixels"))
            if given and told and given != told:
                raise DescriptionError(Problem(side, f"{given}, but the file says {told}", "neither"))
            setattr(recording, side, told or given)
        return recording

    @staticmethod
    def size(stream: Recording, p: Any) -> int:
        """Return one neuron, or two, for each pixel that is left."""
        return math.prod(_pooled(stream, p)) * (2 if p.polarity == "split" else 1)

    @staticmethod
    def start(stream: Recording, dt: float, p: Any) -> StreamState:  # noqa: ARG004 - dt has no say
        """Return hot pixels, and that nothing has been read."""
        pixels = stream.width * stream.height
        return {
            "hot": _hot(stream, p) if p.hot_rate else np.zeros(pixels, dtype=bool),
            "passed": np.full(pixels, LONG_AGO, dtype=np.int64),
            "seen": np.full(pixels, LONG_AGO, dtype=np.int64),
            # Block, events of it that are through, latest time.
            "at": np.array([0, 0, LONG_AGO], dtype=np.int64),
        }

    @staticmethod
    def encode(
        stream: Recording,
        state: StreamState,
        first_step: int,
        steps: int,
        dt: float,
        p: Any,
        random: CounterRandom,  # noqa: ARG004 - nothing is drawn
    ) -> tuple[IntArray, IntArray]:
        """Return the events of a stretch that go through the filters."""
        width, height = _pooled(stream, p)
        offsets, neurons = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        while (block := stream.block(int(state["at"][0]))) is not None:
            rest = Events(*(field[int(state["at"][1]) :] for field in block))
            _check(rest, stream, int(state["at"][2]))
            step = np.ceil((rest.t * p.unit - p.begin) / dt - 1e-9).astype(np.int64)
            # What lies at the very start belongs to the first step, what lies before it to none.
            step = np.where((step == 0) & (rest.t * p.unit >= p.begin - 1e-9), 1, step)
            count = int(np.searchsorted(step, first_step + steps, side="right"))
            taken = Events(*(field[:count] for field in rest))
            keep = _through(taken, state, stream.width, p) & (step[:count] > first_step)
            column, row = taken.x // p.pool, taken.y // p.pool
            inside = keep & (column < width) & (row < height)
            off = ~taken.on if p.polarity == "split" else np.zeros(count, dtype=bool)
            offsets.append(step[:count][inside] - first_step)
            neurons.append((row * width + column + off * (width * height))[inside])
            if count:
                state["at"][2] = taken.t[-1]
            if count < len(rest.t):
                state["at"][1] += count
                break
            state["at"][:2] = state["at"][0] + 1, 0
        return np.concatenate(offsets), np.concatenate(neurons)


def _pooled(stream: Recording, p: Any) -> tuple[int, int]:
    """Return columns and rows that are left; what does not fill a pool is left out."""
    return stream.width // p.pool, stream.height // p.pool


def _check(events: Events, stream: Recording, latest: int) -> None:
    outside = (events.x < 0) | (events.x >= stream.width) | (events.y < 0) | (events.y >= stream.height)
    if outside.any():
        k = int(outside.argmax())
        found = f"an event of the pixel ({events.x[k]}, {events.y[k]}) at t = {events.t[k]}"
        raise DescriptionError(Problem("stream", found, f"pixels within {stream.width} x {stream.height}"))
    falls = np.diff(events.t, prepend=max(latest, LONG_AGO)) < 0
    if falls.any():
        k = int(falls.argmax())
        raise DescriptionError(
            Problem("stream", f"an event at t = {events.t[k]} after a later one", "rising times")
        )


def _through(events: Events, state: StreamState, width: int, p: Any) -> AnyArray:
    pixel = events.y * width + events.x
    keep: AnyArray = ~state["hot"][pixel]
    if p.refractory:
        some = np.flatnonzero(keep)
        keep[some] = rested(
            events.t[some], pixel[some], math.ceil(p.refractory / p.unit - 1e-9), state["passed"]
        )
    if p.support:
        some = np.flatnonzero(keep)
        within = math.floor(p.support / p.unit + 1e-9)
        x, y = events.x[some], events.y[some]
        keep[some] = supported(events.t[some], x, y, within, state["seen"], width)
    return keep


def _hot(stream: Recording, p: Any) -> AnyArray:
    counts, number = np.zeros(stream.width * stream.height, dtype=np.int64), 0
    end = (p.begin + p.hot_time) / p.unit
    while (block := stream.block(number)) is not None:
        _check(block, stream, LONG_AGO)
        early = (block.t >= p.begin / p.unit) & (block.t < end)
        pixel = block.y[early] * stream.width + block.x[early]
        counts += np.bincount(pixel, minlength=counts.size)
        if block.t[-1] >= end:
            break
        number += 1
    return hot_pixels(counts, p.hot_rate, p.hot_time * 1e-3)
