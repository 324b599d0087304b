"""Contract of an encoder of streams: signals and event files, which are never held as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from spikemesh.contracts.declared import (
    check_arguments,
    check_entries,
    check_name,
    check_parameters,
    check_spelling,
    contract_names,
    is_unfilled,
    make_static,
)
from spikemesh.contracts.neuron import Parameter
from spikemesh.contracts.signal import open_signal
from spikemesh.errors import PluginError
from spikemesh.ids import AnyArray

StreamState: TypeAlias = dict[str, AnyArray]
"""What an encoder remembers from stretch to stretch: arrays by name, whose copy restores it."""


class StreamEncoder:
    """Turns a stream that runs along with model time into spikes, stretch by stretch.

    Subclass it, declare class attributes, write ``size``, ``start`` and ``encode``. What a stretch gives may
    depend only on the stream, the parameters and the state, so that the spikes are the same however the
    steps are cut into stretches, and whoever encodes them. Every worker that has neurons of the population
    opens the stream and encodes all of it.

    Attributes
    ----------
    name, parameters
        As of an :class:`~spikemesh.contracts.Encoder`; parameters are numbers or words, the same for all channels.
    """

    name: ClassVar[str]
    parameters: ClassVar[dict[str, Parameter]] = {}

    open: ClassVar[Callable[..., Any]] = staticmethod(open_signal)
    """``open(source, p) -> stream``: source is a path or an array; whatever is returned is handed to the others.

    The default opens a :class:`~spikemesh.contracts.Signal` and needs a parameter ``sample_rate``.
    """
    size: ClassVar[Callable[..., int]]
    """``size(stream, p)``: number of source neurons."""
    check: ClassVar[Callable[..., None] | None] = None
    """Optional ``check(stream, dt, p)``: raises DescriptionError for a stream or parameter that cannot be encoded.

    Runs before the run starts. What only shows when all is read is raised as DescriptionError by ``encode``.
    """
    start: ClassVar[Callable[..., StreamState]]
    """``start(stream, dt, p) -> state`` before step 1."""
    encode: ClassVar[Callable[..., Any]]
    """``encode(stream, state, first_step, steps, dt, p, random) -> (offsets, neurons)`` of the next stretch.

    Changes ``state``. Stretches follow one another without gaps; offset o in 1..steps is a spike stamped
    ``first_step + o``, several of a neuron in one step are one spike. What happens at t belongs to the step
    in which t falls, t = 0 to the first. ``random``: :class:`~spikemesh.contracts.CounterRandom`.
    """

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        if is_unfilled(cls):
            return
        check_spelling(f"stream encoder {cls.__name__}", vars(cls), contract_names(StreamEncoder))
        make_static(cls, ("open", "size", "check", "start", "encode"))
        missing = [a for a in ("name", "size", "start", "encode") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"stream encoder {cls.__name__} declares no {', '.join(missing)}")
        what = f"stream encoder {cls.name}"
        check_name(what, cls.name)
        check_entries(what, "parameters", cls.parameters, Parameter)
        check_parameters(what, cls.parameters)
        check_arguments(what, "open", cls.open, ("source", "p"))
        check_arguments(what, "size", cls.size, ("stream", "p"))
        check_arguments(what, "start", cls.start, ("stream", "dt", "p"))
        arguments = ("stream", "state", "first_step", "steps", "dt", "p", "random")
        check_arguments(what, "encode", cls.encode, arguments)
        if cls.check is not None:
            check_arguments(what, "check", cls.check, ("stream", "dt", "p"))
