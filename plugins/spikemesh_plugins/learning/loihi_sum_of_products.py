"""Learning rules of Loihi, written as sums of products."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh.errors import DescriptionError, Problem
from spikemesh_plugins.learning.sum_of_products import TRACES, Product, products_of

TARGETS = {"dw": "w", "dt": "t", "dd": "d"}
LARGEST_TRACE = 127.0
"""Traces of Loihi have 7 bits (Davies et al. 2018)."""


class LoihiSumOfProducts(LearningRule):
    """Learning rule given as a sum of products, such as ``dw = "2^-2*x1*y0 - 2^-2*y1*x0"``.

    ``dw`` changes the weight, ``dt`` the tag t and ``dd`` the second tag d, which Lava calls delay and which
    does not act on delays here. Each product has one dependency, which says when it is added: x0 (arrival of
    a spike), y0 (spike of the neuron) or u0 to u9 (every 2^k learning epochs of ``t_epoch``). The other factors are
    traces x1, x2 (arrivals) and y1, y2, y3 (spikes of the neuron), w, t, d, numbers, powers such as 2^-3,
    sums in brackets and sgn(). A spike adds the trace's impulse; a trace whose impulse is 0 is 0. All
    factors are those before the step, so that w, t and d change together. w stays in [0, w_max].

    ``whole_numbers = true`` rounds at random, with the right mean, what is read of traces, to whole numbers up to
    127, and w, t and d after each change. On the chip the stored traces themselves are rounded as they decay.

    Source: Davies et al. 2018, IEEE Micro 38(1):82; names as in Lava's learning rules.
    """

    name = "loihi_sum_of_products"
    example = {"dw": "2^-2*x1*y0 - 2^-2*y1*x0", "x1_impulse": 16.0, "y1_impulse": 16.0}
    parameters = {
        **{
            target: Parameter("", text=True, description=f"change of {variable}, a sum of products")
            for target, variable in TARGETS.items()
        },
        **{
            f"{trace}_impulse": Parameter(0.0, ge=0, description=f"what a spike adds to {trace}")
            for trace in TRACES
        },
        **{
            f"{trace}_tau": Parameter(10.0, "ms", gt=0, description=f"time constant of {trace}")
            for trace in TRACES
        },
        "t_epoch": Parameter(1, ge=1, integer=True, description="steps of a learning epoch"),
        "whole_numbers": Parameter(False, description="whether traces and results are rounded at random"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - traces decay outside the rule
        """Return impulses and epochs."""
        return {
            **{trace: float(getattr(p, f"{trace}_impulse")) for trace in TRACES},
            **{f"epochs_{k}": float(p.t_epoch << k) for k in range(10)},
            "w_max": p.w_max,
        }

    def specialised(p: Any) -> type[LearningRule]:
        """Read the sums and write a rule that does what they say."""
        texts = {target: getattr(p, target) for target in TARGETS if getattr(p, target).strip()}
        if not texts:
            raise DescriptionError(
                Problem("dw", "none of dw, dt, dd is given", 'dw = "2^-2*x1*y0 - 2^-2*y1*x0"')
            )
        return _rule(tuple(texts.items()), p.whole_numbers)


@cache
def _rule(texts: tuple[tuple[str, str], ...], rounded: bool) -> type[LearningRule]:
    sums = {target: products_of(text, target) for target, text in texts}
    used = frozenset().union(*(product.names for products in sums.values() for product in products))
    traces = [trace for trace in TRACES if trace in used]
    changed = {TARGETS[target] for target in sums}
    state = [variable for variable in ("t", "d") if variable in changed | used]
    by_event: dict[str, dict[str, list[Product]]] = {}
    for target, products in sums.items():
        for product in products:
            by_event.setdefault(product.when, {}).setdefault(TARGETS[target], []).append(product)
    names = {"x0": "on_pre", "y0": "on_post"}
    functions = {
        names.get(when, f"every_{when}"): _function(
            names.get(when, f"every_{when}"), sums_, traces, state, rounded
        )
        for when, sums_ in by_event.items()
    }
    visits = {f"every_{when}": Visit(f"epochs_{when[1:]}") for when in by_event if when not in names}
    body = {
        "__doc__": LoihiSumOfProducts.__doc__,
        "__module__": __name__,
        "specialised": None,
        "pre": {trace: Trace(f"{trace}_tau", "add") for trace in traces if trace[0] == "x"},
        "post": {trace: Trace(f"{trace}_tau", "add") for trace in traces if trace[0] == "y"},
        "state": {variable: State(0.0, "", f"tag {variable}") for variable in state},
        "draws": (*traces, *(f"new_{v}" for v in ("w", "t", "d") if v in changed)) if rounded else (),
        "visits": visits,
        **functions,
    }
    return type("LoihiRule", (LoihiSumOfProducts,), body)


def _function(
    name: str,
    sums: Mapping[str, Sequence[Product]],
    traces: Sequence[str],
    state: Sequence[str],
    rounded: bool,
) -> Any:
    """Write and compile to byte code the function of one event."""
    visit = name.startswith("every_")
    arguments = [
        "w",
        "s",
        "c",
        "pre",
        "post",
        "third",
        *(["steps"] if visit else []),
        *(["u"] if rounded else []),
    ]
    lines = [f"def {name}({', '.join(arguments)}):"]
    for trace in traces:
        value = f"c.{trace}*{'pre' if trace[0] == 'x' else 'post'}.{trace}"
        lines.append(
            f"    {trace} = {f'floor(min({value}, {LARGEST_TRACE}) + u.{trace})' if rounded else value}"
        )
    lines += [f"    {variable} = s.{variable}" for variable in state]
    lines += ["    def sgn(value):", "        return 1.0 if value > 0.0 else (-1.0 if value < 0.0 else 0.0)"]
    for variable, products in sums.items():
        amount = f"{variable} + " + " + ".join(f"({product.amount})" for product in products)
        lines.append(f"    new_{variable} = {f'floor({amount} + u.new_{variable})' if rounded else amount}")
    if "w" in sums:
        lines.append("    new_w = min(max(new_w, 0.0), c.w_max)")
    new = [f"new_{variable}" if variable in sums else variable for variable in state]
    lines.append(f"    return {'new_w' if 'w' in sums else 'w'}, ({''.join(f'{n}, ' for n in new)})")
    namespace: dict[str, Any] = {"floor": math.floor}
    # Only names and numbers that products_of knows get into the text.
    exec(compile("\n".join(lines), f"<{name}>", "exec"), namespace)  # noqa: S102
    return namespace[name]
