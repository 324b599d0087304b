"""Source text of the functions of a chain of beakers, written for its settings.

A chain of exactly m beakers, with gates only where there are borders and random numbers only where contents are
rounded at random, needs no more state and no more time than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChainForm:
    """What a chain's functions look like.

    Attributes
    ----------
    beakers
        m.
    borders
        Beakers behind which there is a gate.
    tiered
        Whether pairs of beakers are visited at clocks of their own.
    pattern
        Whether a post-synaptic spike stores +1 or -1, instead of pairs of spikes.
    rounding
        ``none``, ``nearest`` or ``stochastic``.
    readout
        Beaker that shows in the weight.
    frozen
        Whether synapses that mattered get larger beakers.
    copied
        Whether a flow leaves some of what flows where it was.
    activity
        Whether the protein follows the activity of the post-synaptic neuron.
    """

    beakers: int
    borders: tuple[int, ...]
    tiered: bool
    pattern: bool
    rounding: str
    readout: int
    frozen: bool
    copied: bool
    activity: bool

    @property
    def contents(self) -> tuple[str, ...]:
        """Names of the beakers."""
        return tuple(f"u{k}" for k in range(1, self.beakers + 1))

    @property
    def importance(self) -> tuple[str, ...]:
        """State that tells how much a synapse mattered."""
        return ("path", "start", "omega") if self.frozen else ()

    @property
    def state(self) -> tuple[str, ...]:
        """All state."""
        return ("w0", *self.contents, *self.importance)

    @property
    def draws(self) -> tuple[str, ...]:
        """A random number a beaker."""
        return tuple(f"r{k}" for k in range(1, self.beakers + 1)) if self.rounding == "stochastic" else ()

    def visited(self, first: int) -> tuple[str, ...]:
        """State that the visit of the pair that begins with a beaker returns."""
        if not self.tiered:
            return (*self.contents, *self.importance)
        if first == 1:
            return (*self.contents[:2], *self.importance)
        return self.contents[first - 2 : first + 1]


def functions(form: ChainForm) -> str:
    """Write ``on_post``, ``on_pre`` unless patterns come in, ``on_step`` or ``first_pair``, ``pair2`` ..."""
    parts = [_on_post(form)] if form.pattern else [_on_pre(form), _on_post(form)]
    if form.tiered:
        for first in range(1, form.beakers + 1, 2):
            number = (first + 1) // 2
            name = "first_pair" if number == 1 else f"pair{number}"
            parts.append(_visit(form, name, first, min(first + 1, form.beakers)))
    else:
        parts.append(_visit(form, "on_step", 1, form.beakers))
    return "\n".join(parts)


def _function(form: ChainForm, name: str, lines: Sequence[str], returned: Sequence[str]) -> str:
    arguments = ["w", "s", "c", "pre", "post", "third"]
    arguments += ["steps"] if name.startswith(("first_pair", "pair")) else []
    arguments += ["u"] if form.draws else []
    new = "".join(f"{name}, " for name in returned)
    body = [*lines, f"return w, ({new})"]
    return f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {line}\n" for line in body)


def _rounded(form: ChainForm, k: int) -> list[str]:
    if form.rounding == "none":
        return []
    threshold = f"u.r{k}" if form.rounding == "stochastic" else "0.5"
    return [f"u{k} = c.level * floor(u{k} * c.per_level + {threshold})"]


def _weight(form: ChainForm, changed: Sequence[int]) -> list[str]:
    if form.readout not in changed:
        return []
    return [
        f"w = s.w0 + c.gain * u{form.readout}",
        "w = min(max(w, 0.0), c.w_max)",
    ]


def _input(form: ChainForm, name: str, change: str) -> str:
    """Write a function that adds to the first beaker, and to the path that it has come."""
    soft = " * soft" if form.frozen else ""
    lines = ["soft = 1.0 / (1.0 + c.freeze * s.omega)"] if form.frozen else []
    lines += [f"u1 = s.u1 + {change}{soft}", *_rounded(form, 1)]
    lines += ["u1 = -c.u_limit if u1 < -c.u_limit else (c.u_limit if u1 > c.u_limit else u1)"]
    lines += ["path = s.path + (u1 - s.u1) * (u1 - s.u1)"] if form.frozen else []
    lines += _weight(form, [1])
    fresh = {"u1", "path"} if form.frozen else {"u1"}
    return _function(form, name, lines, [n if n in fresh else f"s.{n}" for n in form.state])


def _on_pre(form: ChainForm) -> str:
    return _input(form, "on_pre", "-c.a_minus * post.y")


def _on_post(form: ChainForm) -> str:
    if form.pattern:
        return _input(form, "on_post", "(c.amplitude if pre.heard > c.recent else -c.amplitude)")
    return _input(form, "on_post", "c.a_plus * pre.x")


def _gate_lines(form: ChainForm, first: int, last: int) -> list[str]:
    gates = [k for k in form.borders if first <= k <= last]
    if not gates:
        return []
    protein = "third * c.protein"
    if form.activity:
        protein += " * (post.activity * c.per_spikes if post.activity * c.per_spikes < 1.0 else 1.0)"
    lines = [f"opened = {protein}"]
    for k in gates:
        tagged = f"s.u{k} - s.u{k + 1} > c.theta_tag or s.u{k + 1} - s.u{k} > c.theta_tag"
        lines.append(f"gate{k} = opened if {tagged} else 0.0")
    return lines


def _visit(form: ChainForm, name: str, first: int, last: int) -> str:
    """Write the move of beakers ``first`` to ``last``, with the flow from the one above and without that below."""
    above = max(first - 1, 1)
    lines = _moved(form, first, last, gates=True)
    if any(above <= k <= last for k in form.borders):
        # Without a third factor nothing flows through gates, and nobody need know what lies behind them.
        shut = _moved(form, first, last, gates=False)
        lines = ["if third == 0.0:", *_indented(shut), "else:", *_indented(lines)]
    lines += _weight(form, range(above, last + 1))
    if first == 1:
        lines += _mattered(form)
    return _function(form, name, lines, form.visited(first))


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _moved(form: ChainForm, first: int, last: int, gates: bool) -> list[str]:
    """Write the new contents of beakers, with gates that may be open or all of them shut."""
    m, above = form.beakers, max(first - 1, 1)
    steps = "steps * " if form.tiered else ""
    through = [k for k in range(above, last) if gates or k not in form.borders]
    lines = _gate_lines(form, above, last) if gates else []
    for k in through:
        gate = f"gate{k} * " if k in form.borders else ""
        lines.append(f"flow{k} = {steps}{gate}c.g{k} * (s.u{k} - s.u{k + 1})")
    if last == m:
        lines.append(f"flow{m} = {steps}c.g{m} * s.u{m}")
        through.append(m)
    for k in form.borders:
        if first <= k <= last:
            gate = f"(1.0 - gate{k}) * " if gates else ""
            lines.append(f"leak{k} = {steps}c.drain * {gate}c.g{k} * s.u{k}")
    soft = ""
    if form.frozen:
        lines.append("soft = 1.0 / (1.0 + c.freeze * s.omega)")
        soft = " * soft"
    beta = "c.beta * " if form.copied else ""
    for k in range(above, last + 1):
        came = f"flow{k - 1} " if k >= first and k - 1 in through else ""
        went = f"- {beta}flow{k} " if k in through else ""
        leaked = f"- leak{k} " if k in form.borders and k >= first else ""
        per_capacity = f" * c.per_c{k}" if k > 1 else ""  # that of the first is 1
        change = (came + went + leaked).strip() or "0.0"
        lines += [f"u{k} = s.u{k} + ({change}){per_capacity}{soft}", *_rounded(form, k)]
    return lines


def _mattered(form: ChainForm) -> list[str]:
    """Judge what the path that the first beaker has come was worth, when the third factor asks for it."""
    if not form.frozen:
        return []
    return [
        "turned = s.u1 - s.start",
        "judged = third > 0.0",
        "omega = s.omega + (third * s.path / (turned * turned + c.damping) if judged else 0.0)",
        "path = 0.0 if judged else s.path",
        "start = s.u1 if judged else s.start",
    ]
