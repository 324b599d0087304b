"""Streams encoded as steps need them, in stretches that no window or worker changes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundStream
from spikemesh.contracts.coding import CounterRandom
from spikemesh.errors import InputError, PluginError, Problem
from spikemesh.ids import IntArray

STRETCH_STEPS, STRETCH_MS = 1024, 50.0
"""Longest stretch that is encoded at once, in steps and in model time: it bounds what is held of a stream."""


class StreamFeed:
    """The spikes of one stream, for those who ask for rising steps.

    Parameters
    ----------
    given
        The stream and its encoder.
    population
        Name of the population, for messages.
    random
        Random numbers of the encoder.
    dt
        Timestep in ms.
    """

    def __init__(self, given: BoundStream, population: str, random: CounterRandom, dt: float) -> None:
        self._given, self._population, self._random, self._dt = given, population, random, dt
        self._parameters = SimpleNamespace(**given.parameters)
        self._stretch = max(1, min(STRETCH_STEPS, int(STRETCH_MS / dt)))
        self._stream: Any = None
        self._state: Any = None
        self._encoded = 0
        self._kept: list[tuple[int, IntArray, IntArray]] = []

    def between(self, first: int, until: int) -> Iterator[tuple[IntArray, IntArray]]:
        """Return ticks and neurons of stretches that hold the ticks ``first + 1 .. until``, and of no later ones.

        Stretches that end before ``first`` are forgotten; whoever starts late makes them up.
        """
        self._kept = [kept for kept in self._kept if kept[0] > first]
        while self._encoded < until:
            self._encode_next(first)
        for _, ticks, neurons in self._kept:
            yield ticks, neurons

    def _encode_next(self, first: int) -> None:
        encoder, begin = self._given.encoder, self._encoded
        try:
            if self._stream is None:
                self._stream = encoder.open(self._given.source, self._parameters)
                self._state = encoder.start(self._stream, self._dt, self._parameters)
            found = encoder.encode(
                self._stream, self._state, begin, self._stretch, self._dt, self._parameters, self._random
            )
        except InputError as error:
            where = f'input "{self._population}"'
            raise InputError(
                [Problem(f"{where}.{q.where}", q.found, q.remedy) for q in error.problems]
            ) from None
        except Exception as error:
            raise PluginError(
                f'encoder {encoder.name} failed on the stream of population "{self._population}" after step '
                f"{begin}: {type(error).__name__}: {error}"
            ) from error
        offsets, neurons = (np.asarray(a, dtype=np.int64) for a in found)
        if offsets.size and (offsets.min() < 1 or offsets.max() > self._stretch):
            raise PluginError(f"encoder {encoder.name}: offsets must lie in 1 to {self._stretch}")
        self._encoded = begin + self._stretch
        if offsets.size and self._encoded > first:
            self._kept.append((self._encoded, begin + offsets, neurons))
