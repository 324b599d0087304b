"""Source text of the lines that run one of a learning rule's functions for one synapse."""

from __future__ import annotations

from collections.abc import Collection

from spikemesh.kernels.generate import made, stored
from spikemesh.kernels.rule_draws import numbers, rounded
from spikemesh.kernels.rule_form import Form, Visited


def state(form: Form) -> str:
    """Write the gathering of the state of synapse k."""
    return f"s = {made('S', [f's{q}[k]' for q in range(len(form.state))])}"


def seen(form: Form, known: Collection[str] = ("pre", "post"), past: str = "") -> list[str]:
    """Write the gathering of what a function sees of synapse k onto neuron j.

    ``past`` is the variable that holds where post-synaptic values of a step that is over begin; the pre-synaptic
    ones are then in variables of their own.
    """
    before = [(f"a{q}" if past else f"x{q}[at]") if "pre" in known else "0.0" for q in range(len(form.pre))]
    if past:
        after = [f"p{q}[{past} + j]" for q in range(form.kept)]
    else:
        read = "float(z{}[j])" if form.integer else "z{}[j]"
        place = "late + j" if form.dendritic else "j"
        after = [
            *(f"y{q}[{place}]" for q in range(len(form.post))),
            *(read.format(q) for q in range(len(form.reads))),
        ]
    if "post" not in known:
        after = ["0.0"] * len(after)
    return [state(form), f"before = {made('PRE', before)}", f"after = {made('POST', after)}"]


def updating(
    form: Form, function: str, visit: Visited | None = None, past: str = "", third: str = "third"
) -> list[str]:
    """Run a function for synapse k onto neuron j, and store what it returns."""
    known = {"pre", "post"} if visit is None else visit.arguments
    returned = range(len(form.state)) if visit is None else visit.state
    places = ["same" if (function, q) in form.unchanged else f"s{q}[k]" for q in returned]
    more = (", steps" if "steps" in known else "") + (", u" if form.draws else "")
    return [
        *seen(form, known, past),
        *numbers(form, function in form.drawing),
        f"weight, new = rule_{function}(w[k], s, c, before, after, {third}{more})",
        *rounded(form),
        "w[k] = weight",
        *stored(places),
    ]


def lagging(form: Form, delay: str) -> list[str]:
    """Write where the post-synaptic traces lie that a synapse with a dendritic delay sees."""
    return [f"late = ((tick - 2 * {delay}) & post_mask) * post_size"] if form.dendritic else []
