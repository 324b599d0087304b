"""Contracts of encoders of samples (to spikes or currents) and decoders (spikes to values)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol

from spikemesh.contracts.neuron import Parameter
from spikemesh.errors import PluginError
from spikemesh.ids import FloatArray, IntArray


class CounterRandom(Protocol):
    """Uniform random numbers that depend only on what they are for."""

    def uniform(self, first_step: int, steps: int) -> FloatArray:
        """Return numbers in [0, 1), shape (steps, neurons), for the absolute steps from ``first_step``."""
        ...


class Encoder:
    """Turns samples into spikes of source neurons, or into currents.

    Attributes
    ----------
    emits
        ``spikes`` (the population then defaults to ``spike_source``) or ``current``.
    """

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    emits: ClassVar[Literal["spikes", "current"]] = "spikes"

    size: ClassVar[Callable[..., int] | None] = None
    """Optional ``size(values, p) -> neurons``: neurons that a sample of so many values is encoded in; else as many."""

    encode: ClassVar[Callable[..., Any]]
    """``encode(values, steps, first_step, dt, p, random)`` for one presentation.

    values : ndarray of float64, shape (values,); steps: length of the presentation;
    first_step: its absolute first step; dt in ms; p: parameters; random: :class:`CounterRandom`.

    Emits spikes: returns ``(offsets, neurons)``, integer arrays; offset o in 1..steps is a spike
    stamped ``first_step + o``. Emits current: returns currents, shape (neurons,), held throughout.
    """

    check: ClassVar[Callable[..., None] | None] = None
    """Optional ``check(values, dt, p)``: raises DescriptionError for a sample or parameter that cannot be encoded.

    Runs for every sample before the run starts; ``encode`` may rely on it.
    """

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        for attribute in ("size", "encode", "check"):
            function = cls.__dict__.get(attribute)
            if function is not None and not isinstance(function, staticmethod):
                setattr(cls, attribute, staticmethod(function))
        missing = [a for a in ("name", "encode") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"encoder {cls.__name__} declares no {', '.join(missing)}")


class Decoder:
    """Turns the spikes of a population into one row of values per presentation (a readout)."""

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}

    decode: ClassVar[Callable[[IntArray, IntArray, int, IntArray, Any], FloatArray]]
    """``decode(ticks, neurons, size, edges, p) -> values``.

    ticks, neurons: spikes sorted by tick; size: neurons in the population; edges: shape (samples, 2),
    sample k takes spikes with ``edges[k, 0] < tick <= edges[k, 1]``; values: shape (samples, size).
    """

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        function = cls.__dict__.get("decode")
        if function is not None and not isinstance(function, staticmethod):
            cls.decode = staticmethod(function)
        missing = [a for a in ("name", "decode") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"decoder {cls.__name__} declares no {', '.join(missing)}")
