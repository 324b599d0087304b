"""Contracts of encoders of samples (to spikes or currents) and decoders (spikes to values)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol

from spikemesh.contracts.declared import (
    check_arguments,
    check_choice,
    check_entries,
    check_name,
    check_parameters,
    check_spelling,
    contract_names,
    is_unfilled,
    make_static,
)
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
        if is_unfilled(cls):
            return
        check_spelling(f"encoder {cls.__name__}", vars(cls), contract_names(Encoder))
        make_static(cls, ("size", "encode", "check"))
        missing = [a for a in ("name", "encode") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"encoder {cls.__name__} declares no {', '.join(missing)}")
        what = f"encoder {cls.name}"
        check_name(what, cls.name)
        check_entries(what, "parameters", cls.parameters, Parameter)
        check_parameters(what, cls.parameters)
        check_choice(what, "emits", cls.emits, ("spikes", "current"))
        check_arguments(what, "encode", cls.encode, ("values", "steps", "first_step", "dt", "p", "random"))
        if cls.size is not None:
            check_arguments(what, "size", cls.size, ("values", "p"))
        if cls.check is not None:
            check_arguments(what, "check", cls.check, ("values", "dt", "p"))


class Decoder:
    """Turns the spikes of a population into one row of values per presentation (a readout)."""

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}

    decode: ClassVar[Callable[[IntArray, IntArray, int, IntArray, Any], FloatArray]]
    """``decode(ticks, neurons, size, edges, p) -> values``.

    ticks, neurons: spikes sorted by tick; size: neurons in the population; edges: shape (samples, 2),
    sample k takes spikes with ``edges[k, 0] < tick <= edges[k, 1]``; values: shape (samples, values).
    """
    fit: ClassVar[Callable[..., Mapping[str, Any]] | None] = None
    """Optional ``fit(ticks, neurons, size, edges, wanted, p) -> parameters``: those of a decoder that learns.

    wanted: what the samples stand for, shape (samples, values); ``decode`` is then called with the parameters returned.
    """

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        if is_unfilled(cls):
            return
        check_spelling(f"decoder {cls.__name__}", vars(cls), contract_names(Decoder))
        make_static(cls, ("decode", "fit"))
        missing = [a for a in ("name", "decode") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"decoder {cls.__name__} declares no {', '.join(missing)}")
        what = f"decoder {cls.name}"
        check_name(what, cls.name)
        check_entries(what, "parameters", cls.parameters, Parameter)
        check_parameters(what, cls.parameters)
        check_arguments(what, "decode", cls.decode, ("ticks", "neurons", "size", "edges", "p"))
        if cls.fit is not None:
            check_arguments(what, "fit", cls.fit, ("ticks", "neurons", "size", "edges", "wanted", "p"))
