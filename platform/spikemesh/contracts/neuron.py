"""Contract of a neuron model: declared parameters and state, and a pure scalar step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from spikemesh.contracts.declared import (
    check_answers,
    check_arguments,
    check_choice,
    check_entries,
    check_example,
    check_name,
    check_names,
    check_parameters,
    check_spelling,
    contract_names,
    is_unfilled,
    make_static,
)
from spikemesh.contracts.known_answers import NeuronAnswer
from spikemesh.errors import PluginError, nearest


@dataclass(frozen=True)
class Parameter:
    """A parameter: default, unit and bounds.

    Attributes
    ----------
    default
        Number in ``unit``, the name of another parameter whose value is taken, or one of ``choices``.
        None means the user must give it.
    unit
        Unit of numbers without one; empty for a plain number.
    gt, ge, lt, le
        Bounds.
    integer
        Whether only whole numbers are allowed.
    choices
        Allowed words, for a parameter that is a word and no number.
    text
        Whether it is text of any form that the plugin itself reads, such as a formula.
    """

    default: float | int | str | bool | None
    unit: str = ""
    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    integer: bool = False
    choices: tuple[str, ...] = ()
    text: bool = False
    description: str = ""


@dataclass(frozen=True)
class State:
    """A state variable: its initial value (a number, or the name of a parameter) and unit."""

    initial: float | int | str
    unit: str = ""
    description: str = ""


class NeuronModel:
    """A spiking neuron model. Subclass it, declare class attributes, write ``constants`` and ``step``.

    A step goes from tick k to k+1. ``step(s, c, x)`` receives the state at k, the constants of the
    neuron and the input that arrives at k+1, and returns the new state in declared order and whether
    the neuron spikes at k+1. It is plain Python on scalars and is compiled with numba; use
    conditional expressions instead of branches where speed matters.

    Attributes
    ----------
    name
        Name used in scenarios, lower case.
    parameters
        Parameters by name.
    state
        State variables by name, in the order in which ``step`` returns them.
    receptors
        Names of the inputs that synapses and drives reach: ``x.<receptor>`` is the sum of the weights
        that arrive in this step. ``x.current`` is the current of ``steps`` and ``constant_current``.
    receptor_kind
        ``current``: weights keep their sign. ``conductance``: magnitudes are used.
    weight_unit
        Unit of weights given with a unit; empty takes the field's unit of the quantity's dimension.
    draws
        Names of uniform random numbers in [0, 1) that ``step`` receives as ``x.<name>``, new in every
        step, keyed by seed, population and neuron.
    arithmetic
        ``float64``, or ``int64`` for models in integers (state, constants and inputs are then integers).
    source
        True for a model that takes no synapses.
    events
        Name of the parameter that lists spike times (``spike_source``), if the model has one; they
        arrive as input at the receptor of index 0 with weight 1.
    weight_arguments
        Extra arguments a projection onto this model may carry, with defaults.
    order
        Order in dt with which the state, below threshold and under a constant current, converges;
        ``math.inf`` for a model that is integrated exactly, None where that cannot be asked. Checked by
        ``spikemesh plugins check``.
    known_answers
        What is known of the model from elsewhere; checked likewise.
    example
        Parameters with which it is tried in checks, where the defaults alone will not do.
    mismatched
        Parameters that differ from neuron to neuron of a real device. The model then also has the parameters
        ``mismatch`` (coefficient of variation) and ``device``, a whole number: ``constants`` sees each of
        them times a log-normal factor of mean 1, keyed by device, population, parameter and neuron, not by the seed.
    """

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    state: ClassVar[Mapping[str, State]] = {}
    receptors: ClassVar[tuple[str, ...]] = ("exc", "inh")
    receptor_kind: ClassVar[Literal["current", "conductance"]] = "current"
    weight_unit: ClassVar[str] = ""
    draws: ClassVar[tuple[str, ...]] = ()
    arithmetic: ClassVar[Literal["float64", "int64"]] = "float64"
    source: ClassVar[bool] = False
    events: ClassVar[str | None] = None
    weight_arguments: ClassVar[Mapping[str, Any]] = {}
    order: ClassVar[float | None] = None
    known_answers: ClassVar[tuple[NeuronAnswer, ...]] = ()
    example: ClassVar[Mapping[str, Any]] = {}
    mismatched: ClassVar[tuple[str, ...]] = ()

    constants: ClassVar[Callable[..., Mapping[str, Any]]]
    """``constants(p, dt)``: from parameters (floats or arrays, words as text) and dt in ms to constants by name.

    Runs once, in NumPy. A constant is a scalar or one value per neuron.
    """
    step: ClassVar[Callable[..., tuple[tuple[Any, ...], Any]]]
    """``step(s, c, x) -> ((new state, ...), spiked)``, pure Python on scalars."""

    weights: ClassVar[Callable[..., Any]]
    """Optional ``weights(w, arguments) -> w``: a projection's weights in the model's own format (NumPy)."""
    unrounded: ClassVar[Callable[..., Any]]
    """Optional beside ``weights``, of which it is the same without rounding, so that its error can be told."""

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        if is_unfilled(cls):
            return
        make_static(cls, ("step", "constants", "weights", "unrounded"))
        check_spelling(f"neuron model {cls.__name__}", vars(cls), contract_names(NeuronModel))
        missing = [a for a in ("name", "step", "constants") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"neuron model {cls.__name__} declares no {', '.join(missing)}")
        cls._check_declaration(f"neuron model {cls.name}")
        for variable, declared in cls.state.items():
            if isinstance(declared.initial, str) and declared.initial not in cls.parameters:
                raise PluginError(
                    f'neuron model {cls.name}: initial value of state "{variable}" names the parameter '
                    f'"{declared.initial}", which is not declared; {nearest(declared.initial, cls.parameters)}'
                )
        needed = (*cls.mismatched, "mismatch", "device") if cls.mismatched else ()
        absent = [name for name in needed if name not in cls.parameters]
        if absent:
            raise PluginError(
                f'neuron model {cls.name}: mismatched takes a parameter "{absent[0]}", which is not declared'
            )
        reserved = {"current", *cls.draws} & set(cls.receptors)
        if reserved:
            raise PluginError(f"neuron model {cls.name}: receptor name {sorted(reserved)} is taken")

    @classmethod
    def _check_declaration(cls, what: str) -> None:
        check_name(what, cls.name)
        check_entries(what, "parameters", cls.parameters, Parameter)
        check_parameters(what, cls.parameters)
        check_entries(what, "state", cls.state, State)
        check_names(what, "receptors", cls.receptors)
        check_names(what, "draws", cls.draws)
        check_choice(what, "receptor_kind", cls.receptor_kind, ("current", "conductance"))
        check_choice(what, "arithmetic", cls.arithmetic, ("float64", "int64"))
        check_choice(what, "events", cls.events, (None, *cls.parameters))
        check_example(what, cls.example, cls.parameters)
        check_answers(what, cls.known_answers, NeuronAnswer)
        check_arguments(what, "constants", cls.constants, ("p", "dt"))
        check_arguments(what, "step", cls.step, ("s", "c", "x"))
        for name in ("weights", "unrounded"):
            if hasattr(cls, name):
                check_arguments(what, name, getattr(cls, name), ("w", "arguments"))
