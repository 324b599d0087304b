"""Contract of a learning rule: traces, per-synapse state and pure scalar updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from spikemesh.contracts.neuron import Parameter, State
from spikemesh.errors import PluginError


@dataclass(frozen=True)
class Trace:
    """An exponentially decaying trace of one side's spikes.

    Attributes
    ----------
    tau
        Name of the parameter (ms) that is its time constant.
    on_spike
        ``add``: each spike adds 1 (all pairs). ``set``: each spike sets it to 1 (nearest pair).
    """

    tau: str
    on_spike: Literal["add", "set"] = "add"


class LearningRule:
    """A plasticity rule. Subclass it, declare class attributes, write the updates it needs.

    Order within one step that ends at tick n: (1) every synapse whose pre-synaptic spike arrives at n
    runs ``on_pre`` and then delivers its new weight, (2) neurons are updated, (3) every synapse onto
    a neuron that spiked at n runs ``on_post``, (4) ``on_step`` runs for all synapses, if defined,
    (5) traces take in the spikes of n. So traces never include the spikes of the present step, and
    depression precedes potentiation.

    All functions are plain Python on scalars and are compiled: ``w`` is the weight (magnitude),
    ``s`` the per-synapse state, ``c`` the constants, ``pre`` and ``post`` the trace values by name,
    ``third`` the present value of the third factor. Each returns ``(w, (state, ...))``.

    Attributes
    ----------
    pre, post
        Traces of the pre-synaptic arrivals and of the post-synaptic spikes, by name.
    state
        Per-synapse state beside the weight, by name; initial values as for neuron models, or the word
        ``weight`` for the initial weight.
    """

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    pre: ClassVar[Mapping[str, Trace]] = {}
    post: ClassVar[Mapping[str, Trace]] = {}
    state: ClassVar[Mapping[str, State]] = {}

    constants: ClassVar[Callable[..., Mapping[str, float]]]
    """``constants(p, dt)``: from parameters and dt (ms) to scalar constants by name.

    ``p.w_max`` is always there: the parameter if declared and given, else twice the largest initial weight.
    """
    on_pre: ClassVar[Callable[..., Any] | None] = None
    on_post: ClassVar[Callable[..., Any] | None] = None
    on_step: ClassVar[Callable[..., Any] | None] = None

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        for attribute in ("constants", "on_pre", "on_post", "on_step"):
            function = cls.__dict__.get(attribute)
            if function is not None and not isinstance(function, staticmethod):
                setattr(cls, attribute, staticmethod(function))
        missing = [a for a in ("name", "constants") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"learning rule {cls.__name__} declares no {', '.join(missing)}")
        if cls.on_pre is None and cls.on_post is None and cls.on_step is None:
            raise PluginError(f"learning rule {cls.name} has none of on_pre, on_post, on_step")
        for name, trace in {**cls.pre, **cls.post}.items():
            if trace.tau not in cls.parameters:
                raise PluginError(f'learning rule {cls.name}: trace "{name}" needs a parameter "{trace.tau}"')
