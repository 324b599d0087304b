"""The suite of encoders of streams."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.engine.schedule import StreamRandom
from spikemesh.errors import SpikemeshError
from spikemesh.testing.checks import Skipped
from spikemesh.testing.values import usual_values

STEPS, DT = 300, 1.0


def stream_checks(encoder: Any) -> list[tuple[str, Callable[[], str | None]]]:
    """List the checks of an encoder of streams by name."""
    return [
        ("what it emits is in range", lambda: _in_range(encoder)),
        ("the same however it is cut into stretches", lambda: _cut(encoder)),
    ]


def _opened(encoder: Any) -> tuple[Any, SimpleNamespace]:
    """Open a stream of random numbers.

    Raises
    ------
    Skipped
        If the encoder takes none, but a file of its own kind.
    """
    values = usual_values(encoder.parameters)
    if "sample_rate" in encoder.parameters and encoder.parameters["sample_rate"].default is None:
        values["sample_rate"] = 2000.0
    p = SimpleNamespace(**values)
    random = np.random.default_rng(8)
    reason = ""
    for source in (random.normal(size=(800, 3)).cumsum(axis=0), random.normal(size=800).cumsum()):
        try:
            stream = encoder.open(source, p)
            if encoder.check is not None:
                encoder.check(stream, DT, p)
            encoder.size(stream, p)
        except (SpikemeshError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            continue
        return stream, p
    raise Skipped(f"it takes no array of random numbers: {reason}")


def _encoded(encoder: Any, cuts: Sequence[int]) -> tuple[Any, int]:
    stream, p = _opened(encoder)
    size, state, rows = int(encoder.size(stream, p)), encoder.start(stream, DT, p), []
    random = StreamRandom(77, size)
    for first, until in zip((0, *cuts), (*cuts, STEPS), strict=True):
        # A copy of the state must be enough to go on from.
        state = copy.deepcopy(state)
        offsets, neurons = encoder.encode(stream, state, first, until - first, DT, p, random)
        offsets, neurons = np.asarray(offsets), np.asarray(neurons)
        if offsets.size:
            assert 1 <= offsets.min() <= offsets.max() <= until - first, (
                f"offsets from {offsets.min()} to {offsets.max()} in a stretch of {until - first} steps"
            )
            assert 0 <= neurons.min() <= neurons.max() < size, f"neurons to {neurons.max()}; there are {size}"
        rows.append(np.column_stack([first + offsets, neurons]))
    # Several spikes of a neuron in a step are one.
    return np.unique(np.concatenate(rows), axis=0), size


def _in_range(encoder: Any) -> str:
    spikes, size = _encoded(encoder, ())
    return f"{len(spikes)} spikes of {size} neurons in {STEPS} steps"


def _cut(encoder: Any) -> str:
    whole, _ = _encoded(encoder, ())
    for cuts in ((1, 2, 150), tuple(range(7, STEPS, 13))):
        parts, _ = _encoded(encoder, cuts)
        assert np.array_equal(whole, parts), f"other spikes when cut at steps {cuts[:5]} ..."
    return "2 ways to cut"
