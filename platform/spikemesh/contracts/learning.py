"""Contract of a learning rule: traces, per-synapse state and pure scalar updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

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
from spikemesh.contracts.known_answers import SynapseAnswer
from spikemesh.contracts.neuron import Parameter, State
from spikemesh.errors import PluginError

if TYPE_CHECKING:
    from spikemesh.memory import Forgetting

_FUNCTIONS = ("on_pre", "on_post", "on_step", "transmit")
_ARGUMENTS = ("w", "s", "c", "pre", "post", "third")


@dataclass(frozen=True)
class Trace:
    """An exponentially decaying trace of one side's spikes, or a running mean of the post-synaptic state.

    Attributes
    ----------
    tau
        Name of the parameter (ms) that is its time constant; 0 leaves nothing to the next step.
    on_spike
        ``add``: each spike adds 1 (all pairs). ``set``: each spike sets it to 1 (nearest pair).
    of
        Of a post-synaptic trace: the state variable z of the neuron whose running mean it is,
        ``y <- y + (z - y) (1 - exp(-dt / tau))`` in every step, y(0) = z(0). Spikes then have no say.
    """

    tau: str
    on_spike: Literal["add", "set"] = "add"
    of: str | None = None


@dataclass(frozen=True)
class Visit:
    """When a function runs for all synapses, if not in every step.

    Attributes
    ----------
    every
        Name of the constant that is the number of steps from visit to visit; 0: never.
    state
        State variables that the function changes, and returns in this order; None: all.
    on_third
        Whether it also runs in every step in which the third factor is not 0. The steps missed before
        are then made up first, in one visit in which ``third`` is 0, as it was in all of them.
    """

    every: str
    state: tuple[str, ...] | None = None
    on_third: bool = False


class LearningRule:
    """A plasticity rule. Subclass it, declare class attributes, write the updates it needs.

    Order within one step that ends at tick n: (1) every synapse whose pre-synaptic spike arrives at n
    runs ``on_pre`` and then delivers its new weight, (2) neurons are updated, (3) every synapse onto
    a neuron that spiked at n runs ``on_post``, (4) ``on_step`` runs for all synapses, if defined, and then
    the other functions of ``visits`` that are due, in their order, after any steps that they make up,
    (5) traces take in the spikes of n. So traces never include the spikes of the present step, and
    depression precedes potentiation. With dendritic delays d (a setting of the projection) a spike of the neuron runs
    ``on_post`` at the start of the step 2 d later, before what arrives then: what happens at the synapse, where
    pre-synaptic spikes act at once and post-synaptic ones after d, is carried out d later.

    All functions are plain Python on scalars and are compiled: ``w`` is the weight (magnitude),
    ``s`` the per-synapse state, ``c`` the constants, ``pre`` and ``post`` the trace values by name,
    ``third`` the present value of the third factor: what the projection's ``third_values`` say, and what spikes of its
    ``third_population`` add. Each returns ``(w, (state, ...))``. Where the rule
    declares ``draws``, each takes ``u``, the random numbers by name, as one more argument at the end.

    Attributes
    ----------
    pre, post
        Traces of the pre-synaptic arrivals and of the post-synaptic spikes, by name.
    state
        Per-synapse state beside the weight, by name; initial values as for neuron models, or the word
        ``weight`` for the initial weight.
    reads
        State variables of the post-synaptic neuron that the functions see as ``post.<name>``: in ``on_pre``
        and ``transmit`` as they were at the end of the step before, else as at the end of this one; as float,
        whatever the arithmetic of the model.
    draws
        Names of uniform random numbers in [0, 1), of 32 bits, new for each call and keyed by seed, projection,
        source and target neuron (and which of the synapses between them), function and step.
    timed
        Whether the functions see ``c.t``, the number of steps from the start to the end of the present one.
        A rule that keeps it in its state knows how long ago that was, and can be exact without visits.
    visits
        By the name of a function of the class, when it runs. Such a function takes, as last argument, the
        ``steps`` since its last visit: ``(w, s, c, pre, post, third, steps) -> (w, (state, ...))``. ``on_step``
        may be among them, to say what it changes; it takes no ``steps``.
    known_answers
        What is known of the rule from elsewhere; checked by ``spikemesh plugins check``.
    example
        Parameters with which it is tried in checks, where the defaults alone will not do.
    tiers
        Which state belongs together, from what changes fastest to what lasts longest, by name: so accesses to
        memory are counted. State in none of them is counted beside the weight.
    bits
        Bits that hold a state variable, where it has as few levels as that; all others are floating point.
    """

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    pre: ClassVar[Mapping[str, Trace]] = {}
    post: ClassVar[Mapping[str, Trace]] = {}
    state: ClassVar[Mapping[str, State]] = {}
    reads: ClassVar[tuple[str, ...]] = ()
    draws: ClassVar[tuple[str, ...]] = ()
    timed: ClassVar[bool] = False
    visits: ClassVar[Mapping[str, Visit]] = {}
    known_answers: ClassVar[tuple[SynapseAnswer, ...]] = ()
    example: ClassVar[Mapping[str, Any]] = {}
    tiers: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    bits: ClassVar[Mapping[str, int]] = {}

    constants: ClassVar[Callable[..., Mapping[str, float]]]
    """``constants(p, dt)``: from parameters and dt (ms) to scalar constants by name.

    ``p.w_max`` is always there: the parameter if declared and given, else twice the largest initial weight.
    """
    on_pre: ClassVar[Callable[..., Any] | None] = None
    on_post: ClassVar[Callable[..., Any] | None] = None
    on_step: ClassVar[Callable[..., Any] | None] = None
    transmit: ClassVar[Callable[..., Any] | None] = None
    """Optional ``transmit(w, s, c, pre, post, third) -> amount``: what a spike delivers instead of the weight.

    Runs right after ``on_pre``, with the new weight and state, the same traces and the same draws.
    """
    specialised: ClassVar[Callable[[Any], type[LearningRule]] | None] = None
    """Optional ``specialised(p) -> rule class``: the rule for these parameters, as one written by an expression.

    Called before ``constants`` of the class it returns, once here and once in each process that runs synapses:
    the same parameters give the same rule. Its traces and initial states name parameters of this rule.
    """
    theory: ClassVar[Callable[[Any, float], Forgetting | None] | None] = None
    """Optional ``theory(p, dt) -> Forgetting``: how the weight forgets when a pattern is stored in each step.

    None for parameters for which it is not known.
    """

    def __init_subclass__(cls) -> None:
        """Check the declaration, so that a fault shows where the class is written."""
        if is_unfilled(cls):
            return
        what = f"learning rule {cls.__name__}"
        check_entries(what, "visits", cls.visits, Visit)
        check_spelling(what, set(vars(cls)) - set(cls.visits), contract_names(LearningRule))
        make_static(cls, (*_FUNCTIONS, "constants", "specialised", "theory", *cls.visits))
        missing = [a for a in ("name", "constants") if not hasattr(cls, a)]
        if missing:
            raise PluginError(f"learning rule {cls.__name__} declares no {', '.join(missing)}")
        cls._check_declaration(f"learning rule {cls.name}")
        functions = (cls.on_pre, cls.on_post, cls.on_step, cls.transmit, cls.specialised)
        if all(function is None for function in functions) and not cls.visits:
            raise PluginError(
                f"learning rule {cls.name} has none of on_pre, on_post, on_step, transmit, visits, specialised"
            )
        for name, visit in cls.visits.items():
            if getattr(cls, name, None) is None:
                raise PluginError(
                    f'learning rule {cls.name}: visits name "{name}", which is no function of it'
                )
            unknown = set(visit.state or ()) - set(cls.state)
            if unknown:
                raise PluginError(f'learning rule {cls.name}: "{name}" changes no state "{min(unknown)}"')
        grouped = [variable for tier in cls.tiers.values() for variable in tier]
        unknown = (set(grouped) | set(cls.bits)) - {"w", *cls.state}
        if unknown:
            raise PluginError(f'learning rule {cls.name}: there is no state "{min(unknown)}"')
        cls._check_traces()
        cls._check_functions(f"learning rule {cls.name}")

    @classmethod
    def _check_declaration(cls, what: str) -> None:
        check_name(what, cls.name)
        check_entries(what, "parameters", cls.parameters, Parameter)
        check_parameters(what, cls.parameters)
        check_entries(what, "state", cls.state, State)
        check_entries(what, "pre", cls.pre, Trace)
        check_entries(what, "post", cls.post, Trace)
        check_names(what, "reads", cls.reads)
        check_names(what, "draws", cls.draws)
        check_example(what, cls.example, cls.parameters)
        check_answers(what, cls.known_answers, SynapseAnswer)
        for side, traces in (("pre", cls.pre), ("post", cls.post)):
            for name, trace in traces.items():
                check_choice(f'{what}: {side} "{name}"', "on_spike", trace.on_spike, ("add", "set"))

    @classmethod
    def _check_functions(cls, what: str) -> None:
        check_arguments(what, "constants", cls.constants, ("p", "dt"))
        if cls.specialised is not None:
            check_arguments(what, "specialised", cls.specialised, ("p",))
        for name in dict.fromkeys((*_FUNCTIONS, *cls.visits)):
            function = getattr(cls, name)
            if function is not None:
                steps = ("steps",) if name not in _FUNCTIONS else ()
                drawn = ("u",) if cls.draws else ()
                check_arguments(what, name, function, (*_ARGUMENTS, *steps, *drawn))

    @classmethod
    def _check_traces(cls) -> None:
        for name, trace in {**cls.pre, **cls.post}.items():
            if trace.tau not in cls.parameters:
                raise PluginError(f'learning rule {cls.name}: trace "{name}" needs a parameter "{trace.tau}"')
        for name, trace in cls.pre.items():
            if trace.of is not None:
                raise PluginError(
                    f'learning rule {cls.name}: trace "{name}" of state can be post-synaptic only'
                )
        twice = set(cls.reads) & set(cls.post)
        if twice:
            raise PluginError(
                f'learning rule {cls.name}: "{min(twice)}" is both a trace and read from the neuron'
            )


def specialised_rule(rule: type[LearningRule], parameters: Mapping[str, Any]) -> type[LearningRule]:
    """Return the rule that a rule makes for parameters: itself, if it makes none.

    Raises
    ------
    PluginError
        If what it makes is no rule, or needs a parameter that there is not.
    """
    if rule.specialised is None:
        return rule
    made = rule.specialised(SimpleNamespace(**parameters))
    owner = f"learning rule {rule.name}: specialised()"
    if not (isinstance(made, type) and issubclass(made, LearningRule)):
        raise PluginError(f"{owner} returned {made!r}, which is no class of learning rules")
    needed = {trace.tau for trace in (*made.pre.values(), *made.post.values())}
    needed |= {state.initial for state in made.state.values() if isinstance(state.initial, str)} - {"weight"}
    missing = needed - set(parameters)
    if missing:
        raise PluginError(f'{owner} returned a rule with a parameter "{min(missing)}", which has no value')
    return made
