"""What the loops around a learning rule depend on beside the rule's own functions."""

from __future__ import annotations

import dis
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from spikemesh.contracts.learning import LearningRule
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.kernels.rule_changes import unchanged


class Visited(NamedTuple):
    """A function that runs for all synapses.

    Attributes
    ----------
    name
        Its name in the module.
    state
        Numbers of the state variables that it returns.
    arguments
        Those of ``pre``, ``post``, ``third``, ``steps`` and ``u`` that it makes use of, or the rounding of its
        weights.
    on_third
        Whether it also runs when there is a third factor.
    """

    name: str
    state: tuple[int, ...]
    arguments: frozenset[str]
    on_third: bool


class PostTrace(NamedTuple):
    """A post-synaptic trace: ``add`` or ``set`` by spikes, or the ``mean`` of a row of the neurons' state."""

    name: str
    how: str
    row: int = 0


class Width(NamedTuple):
    """Formats of a table's synapses.

    Attributes
    ----------
    target
        Bits of a target: 16 or 32.
    high
        Bits of an entry by post-synaptic neuron beyond the lower 32: 0, 16 or 32.
    """

    target: int
    high: int


class Form(NamedTuple):
    """All that the source text of the loops follows from.

    Attributes
    ----------
    name
        Name of the rule.
    state, constants
        Names in order.
    pre
        Pre-synaptic traces as (name, ``add`` or ``set``).
    post
        Post-synaptic traces.
    reads
        State of the post-synaptic neuron as (name, row of its model's state).
    integer
        Whether that state is int64.
    draws
        Names of random numbers.
    rounding
        How changed weights are rounded to a grid: ``nearest``, ``stochastic``, or empty: not at all.
    repeated
        Whether the rank of a synapse among those of its pair of neurons is kept.
    dendritic
        Whether the delay of a synapse is on its post-synaptic side.
    functions
        Which of ``on_pre``, ``on_post`` and ``transmit`` the rule defines.
    drawing
        Functions for whose run numbers are drawn; those of ``transmit`` are those of ``on_pre``.
    visits
        Functions that run for all synapses.
    width
        Formats of the synapses.
    timed
        Whether the functions see the number of the present step, as the last of the constants.
    deferred
        Whether post-synaptic spikes and visits are carried out row by row, when a spike of the row arrives or many
        steps are due; see :mod:`spikemesh.kernels.rule_deferred`.
    unchanged
        Functions, and numbers of the state variables that they return as they were.
    """

    name: str
    state: tuple[str, ...]
    constants: tuple[str, ...]
    pre: tuple[tuple[str, str], ...]
    post: tuple[PostTrace, ...]
    reads: tuple[tuple[str, int], ...]
    integer: bool
    draws: tuple[str, ...]
    rounding: str
    repeated: bool
    dendritic: bool
    functions: tuple[str, ...]
    drawing: frozenset[str]
    visits: tuple[Visited, ...]
    width: Width
    timed: bool
    deferred: bool
    unchanged: frozenset[tuple[str, int]]

    @property
    def drawn(self) -> int:
        """Random numbers of one run of a function."""
        return numbers_drawn(self.draws, self.rounding)

    @property
    def keys(self) -> tuple[str, ...]:
        """Functions that may draw random numbers, each with a key of its own."""
        return ("on_pre", "on_post", *(visit.name for visit in self.visits))

    @property
    def kept(self) -> int:
        """Values of each post-synaptic neuron that are kept of steps whose visits wait."""
        return len(self.post) + len(self.reads)

    @property
    def at_once(self) -> bool:
        """Whether post-synaptic spikes and visits may have to be carried out in their own step."""
        return not self.deferred or any(visit.on_third for visit in self.visits)

    @property
    def batches(self) -> int:
        """Numbers of each synapse in the memory of a batch: its other neuron, its rank, and what is drawn."""
        return 2 + self.drawn


def numbers_drawn(draws: Sequence[str], rounding: str) -> int:
    """Count the random numbers of one run of a function."""
    return len(draws) + (rounding == "stochastic")


def rule_form(
    rule: type[LearningRule],
    constants: Mapping[str, float],
    model: type[NeuronModel],
    rounding: str,
    repeated: bool,
    dendritic: bool,
    width: Width,
    deferred: bool = False,
) -> Form:
    """Find the form of a rule on synapses onto neurons of a model.

    Functions that the constants say are never visited are left out.
    """
    rows = list(model.state)
    due = [name for name, every in visit_periods(rule, constants).items() if every]
    functions = tuple(n for n in ("on_pre", "on_post", "transmit") if getattr(rule, n) is not None)
    visits = tuple(_visited(rule, name, rounding == "stochastic") for name in due)
    drawing = {n for n in functions if "u" in _used(getattr(rule, n), bool(rule.draws))}
    drawing |= {n for n in functions if rounding == "stochastic" and n != "transmit"}
    drawing |= {"on_pre"} if "transmit" in drawing else set()
    drawing |= {visit.name for visit in visits if "u" in visit.arguments}
    return Form(
        name=rule.name,
        state=tuple(rule.state),
        constants=tuple(constants),
        pre=tuple((name, trace.on_spike) for name, trace in rule.pre.items()),
        post=tuple(
            PostTrace(name, trace.on_spike)
            if trace.of is None
            else PostTrace(name, "mean", rows.index(trace.of))
            for name, trace in rule.post.items()
        ),
        reads=tuple((name, rows.index(name)) for name in rule.reads),
        integer=model.arithmetic == "int64",
        draws=tuple(rule.draws),
        rounding=rounding,
        repeated=repeated,
        dendritic=dendritic,
        functions=functions,
        drawing=frozenset(drawing),
        visits=visits,
        width=width,
        timed=rule.timed,
        deferred=deferred,
        unchanged=_unchanged(rule, functions, visits),
    )


def _unchanged(
    rule: type[LearningRule], functions: Sequence[str], visits: Sequence[Visited]
) -> frozenset[tuple[str, int]]:
    state = tuple(rule.state)
    returned = dict.fromkeys(functions, tuple(range(len(state)))) | {v.name: v.state for v in visits}
    return frozenset(
        (name, state.index(variable))
        for name, numbers in returned.items()
        for variable in unchanged(getattr(rule, name), [state[q] for q in numbers])
    )


def visit_periods(rule: type[LearningRule], constants: Mapping[str, float]) -> dict[str, int]:
    """Return the steps from visit to visit of each function that runs for all synapses; 0: never."""
    periods = {} if rule.on_step is None or "on_step" in rule.visits else {"on_step": 1}
    return periods | {name: int(constants[visit.every]) for name, visit in rule.visits.items()}


def _visited(rule: type[LearningRule], name: str, rounded: bool) -> Visited:
    state = tuple(rule.state)
    visit = rule.visits.get(name)
    changed = state if visit is None or visit.state is None else visit.state
    used = _used(getattr(rule, name), bool(rule.draws))
    used |= {"steps"} if name != "on_step" else set()
    used |= {"u"} if rounded else set()
    return Visited(
        name,
        tuple(state.index(variable) for variable in changed),
        frozenset(used),
        visit is not None and visit.on_third,
    )


def _used(function: Callable[..., Any], draws: bool) -> set[str]:
    """Which of ``pre``, ``post``, ``third`` and, if there is one, ``u`` a function of a rule refers to."""
    code = function.__code__
    loaded: set[str] = set(code.co_cellvars)
    for instruction in dis.get_instructions(code):
        found = instruction.argval
        loaded |= set(found) if isinstance(found, tuple) else {found} if isinstance(found, str) else set()
    names = dict(zip(("pre", "post", "third"), code.co_varnames[3:6], strict=False))
    if draws:
        names["u"] = code.co_varnames[code.co_argcount - 1]
    return {seen for seen, name in names.items() if name in loaded}
