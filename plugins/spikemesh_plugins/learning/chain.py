"""Learning rules made of a chain of beakers, for given parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh.errors import DescriptionError, Problem
from spikemesh_plugins.learning.chain_source import ChainForm, functions
from spikemesh_plugins.learning.chain_theory import chain_theory
from spikemesh_plugins.learning.stdp_pair import PAIR_PARAMETERS

BEAKERS = 16
"""Most beakers of a chain."""

INPUT_PARAMETERS = {
    "input": Parameter(
        "pairs", choices=("pairs", "pattern"), description="what comes in: pairs of spikes, or +1 and -1"
    ),
    "window": Parameter(1.0, "ms", gt=0, description="within which an arrival before a spike makes it a +1"),
    "amplitude": Parameter(0.01, gt=0, description="of a +1 or -1"),
}
"""Parameters of rules that can store one memory a step."""

HEARD = {"heard": Trace("window", "set")}
"""Trace that tells whether there was an arrival within the window."""

CHAIN_PARAMETERS = {
    **PAIR_PARAMETERS,
    **INPUT_PARAMETERS,
    "beakers": Parameter(6, ge=1, le=BEAKERS, integer=True, description="length m of the chain"),
    "ratio": Parameter(2.0, ge=1, description="capacity of a beaker by that of the one before"),
    "alpha": Parameter(0.25, gt=0, le=0.5, description="speed of the flows per chain_step"),
    "end_leak": Parameter(1.0, ge=0, le=1, description="leak of the last beaker, 0 seals it"),
    "gain": Parameter(1.0, ge=0, description="weight per content of the beaker read out, in w_max"),
    "readout": Parameter(1, ge=1, integer=True, description="beaker that shows in the weight"),
    "u_limit": Parameter(1.0, gt=0, description="bound of the first beaker"),
    "quantise": Parameter(
        "none", choices=("none", "stochastic", "nearest"), description="how contents are kept on levels"
    ),
    "level": Parameter(1 / 64, gt=0, description="distance of the levels"),
    "chain_step": Parameter(1.0, "ms", gt=0, description="duration of one step of the chain"),
    "clock": Parameter(
        "every_tick", choices=("every_tick", "tiered"), description="when beakers are visited"
    ),
    "w_max": Parameter(None, gt=0, description="largest weight; twice the largest initial one if not given"),
}
"""Parameters of every chain."""


GATE_PARAMETERS = {
    "stm": Parameter(2, ge=1, integer=True, description="beakers of the first tier"),
    "mtm": Parameter(2, ge=1, integer=True, description="beakers of the second tier"),
    "beta": Parameter(1.0, ge=0, le=1, description="1: flows move contents, 0: flows copy them"),
    "drain": Parameter(1.0, ge=0, description="leak of a closed border, 0 seals it"),
    "theta_tag": Parameter(0.0, ge=0, description="difference across a border that tags it"),
    "protein": Parameter(1.0, ge=0, le=1, description="share of a gate's flow that can be consolidated"),
    "protein_from": Parameter(
        "constant",
        choices=("constant", "activity"),
        description="whether there always is protein, or as much as the neuron has been active",
    ),
    "tau_protein": Parameter(60_000.0, "ms", gt=0, description="time constant of protein from activity"),
    "protein_spikes": Parameter(
        10.0, gt=0, description="spikes within tau_protein that make all the protein there can be"
    ),
    "freeze": Parameter(0.0, ge=0, description="growth of the capacities with importance, 0: none"),
    "damping": Parameter(1e-3, gt=0, description="change squared that counts as none in an importance"),
}
"""Parameters of borders, and of the importance of a synapse."""


def period(beaker: int, ratio: float, steps_per_chain_step: float) -> int:
    """Return the steps between two visits of the pair that begins with a beaker: a power of two.

    Its exchange with the beaker above then moves, as a part of what that beaker holds, as much as flows out
    of the first beaker in one chain step.
    """
    if beaker == 1:
        return 1
    slower = 2 * (beaker - 2) * math.log2(ratio) + math.log2(steps_per_chain_step)
    return 1 << int(min(max(slower + 1e-9, 0.0), 40.0))


def recent(p: Any, dt: float) -> float:
    """Return what the trace ``heard`` exceeds while the last arrival lies within the window.

    Raises
    ------
    DescriptionError
        If the window is shorter than a step: an arrival in the step of the spike itself does not show in a trace.
    """
    if dt > p.window * (1 + 1e-9):
        found = f"{p.window:g} ms is shorter than the timestep of {dt:g} ms"
        raise DescriptionError(Problem("window", found, "at least one timestep"))
    return math.exp(-1.0 - 0.5 * dt / p.window)


def levels(p: Any) -> int:
    """Return how many levels a beaker has, of contents from ``-u_limit`` to ``u_limit``."""
    to_limit: int = round(p.u_limit / p.level)
    return 2 * to_limit + 1


@cache
def _made(text: str) -> dict[str, Callable[..., Any]]:
    # Functions keep their module by name, which compiled code that is stored on disk looks up.
    namespace: dict[str, Any] = {"floor": math.floor, "__name__": __name__}
    exec(text, namespace)  # noqa: S102 - text of chain_source, from numbers alone
    return {name: value for name, value in namespace.items() if callable(value) and name != "floor"}


@cache
def chain_class(name: str, form: ChainForm, last_of_tiers: tuple[int, ...], bits: int) -> type[LearningRule]:
    """Make the rule class of a form.

    Parameters
    ----------
    name
        Name of the rule.
    form
        What its functions look like.
    last_of_tiers
        Last beaker of the short, the medium and the long tier.
    bits
        Of a beaker, 64 if its contents are floating point.
    """
    made = _made(functions(form))
    bounds = (0, *last_of_tiers)
    tiers = {
        tier: form.contents[first:last]
        for tier, first, last in zip(("short", "medium", "long"), bounds, bounds[1:], strict=False)
        if last > first
    }
    traces = HEARD if form.pattern else {"x": Trace("tau_plus", "add")}
    after = {} if form.pattern else {"y": Trace("tau_minus", "add")}
    after |= {"activity": Trace("tau_protein", "add")} if form.activity else {}
    visits = {}
    if form.tiered:
        for first in range(1, form.beakers + 1, 2):
            number = (first + 1) // 2
            function = "first_pair" if number == 1 else f"pair{number}"
            visits[function] = Visit(f"every{number}", form.visited(first), on_third=number > 1)
    else:
        visits["on_step"] = Visit("every1", form.visited(1))
    attributes: dict[str, Any] = {
        "name": name,
        "__doc__": f"Chain of {form.beakers} beakers: rule ``{name}`` made for its parameters.",
        "__module__": __name__,
        "parameters": CHAIN_PARAMETERS | GATE_PARAMETERS,
        "state": {n: State("weight" if n == "w0" else 0.0) for n in form.state},
        "pre": traces,
        "post": after,
        "draws": form.draws,
        "visits": visits,
        "tiers": tiers,
        "bits": dict.fromkeys(form.contents, bits) if bits < 64 else {},
        "constants": lambda p, dt: chain_constants(form, p, dt),
        "theory": lambda p, dt: chain_theory(form, _complete(p), dt),
        **made,
    }
    return type("ChainRule", (LearningRule,), attributes)


def chain_constants(form: ChainForm, p: Any, dt: float) -> dict[str, float]:
    """Return conductances and inverse capacities per beaker, and all else that the functions refer to.

    Raises
    ------
    DescriptionError
        If ``chain_step`` is shorter than the timestep, or parameters do not go together.
    """
    p = _complete(p)
    _check(p)
    if dt > p.chain_step * (1 + 1e-9):
        found = f"{p.chain_step:g} ms is shorter than the timestep of {dt:g} ms"
        raise DescriptionError(Problem("chain_step", found, "at least one timestep"))
    c: dict[str, float] = {"beta": p.beta, "w_max": p.w_max, "gain": p.gain * p.w_max, "u_limit": p.u_limit}
    if form.pattern:
        c |= {"amplitude": p.amplitude, "recent": recent(p, dt)}
    else:
        c |= {"a_plus": p.a_plus, "a_minus": p.a_minus}
    if form.borders:
        c |= {"drain": p.drain, "theta_tag": p.theta_tag, "protein": p.protein}
    if form.activity:
        c["per_spikes"] = 1.0 / p.protein_spikes
    if form.rounding != "none":
        c |= {"level": p.level, "per_level": 1.0 / p.level}
    if form.frozen:
        c |= {"freeze": p.freeze, "damping": p.damping}
    for k in range(1, form.beakers + 1):
        end = p.end_leak if k == form.beakers else 1.0
        c[f"g{k}"] = end * (p.alpha * dt / p.chain_step) / p.ratio**k
        c[f"per_c{k}"] = 1.0 / p.ratio ** (k - 1)
    c["every1"] = 1.0
    if form.tiered:
        for first in range(3, form.beakers + 1, 2):
            c[f"every{(first + 1) // 2}"] = float(period(first, p.ratio, p.chain_step / dt))
    return c


def chain_rule(name: str, p: Any) -> type[LearningRule]:
    """Return the rule class for parameters; those of borders may be missing, there are none then.

    Parameters
    ----------
    name
        Name of the rule.
    p
        Parameters by name.
    """
    p = _complete(p)
    m, rounded = p.beakers, p.quantise != "none"
    borders = tuple(k for k in (p.stm, p.stm + p.mtm) if k < m)
    form = ChainForm(
        beakers=m,
        borders=borders,
        tiered=p.clock == "tiered",
        pattern=p.input == "pattern",
        rounding=p.quantise,
        readout=min(p.readout, m),
        frozen=p.freeze > 0.0,
        copied=p.beta != 1.0,
        activity=p.protein_from == "activity" and bool(borders),
    )
    return chain_class(name, form, (*borders, m), (levels(p) - 1).bit_length() if rounded else 64)


def _complete(p: Any) -> Any:
    """Add the parameters of borders that a rule without them does not have."""
    if hasattr(p, "stm"):
        return p
    defaults = {name: parameter.default for name, parameter in GATE_PARAMETERS.items()}
    return SimpleNamespace(**(defaults | vars(p) | {"stm": p.beakers}))


def _check(p: Any) -> None:
    """Check parameters that only together make sense.

    Raises
    ------
    DescriptionError
        Names the parameter.
    """
    if p.readout > p.beakers:
        raise DescriptionError(
            Problem("readout", f"there is no beaker {p.readout}", f"1 to {p.beakers}, the chain's beakers")
        )
    if p.quantise != "none":
        whole = p.u_limit / p.level
        if abs(whole - round(whole)) > 1e-9 or round(whole) < 1:
            found = f"{p.level:g} does not divide u_limit = {p.u_limit:g}"
            raise DescriptionError(Problem("level", found, "u_limit divided by a whole number"))
