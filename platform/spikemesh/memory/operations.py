"""What a function of a learning rule reads, writes and computes, found by running it on numbers that keep account."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WEIGHT = "w"


@dataclass(frozen=True)
class Operations:
    """One run of a function for one synapse.

    Attributes
    ----------
    reads, writes
        State variables, ``w`` the weight, that it computes with, and that it changes.
    draws
        Random numbers that it computes with.
    counts
        How many ``add`` (also subtractions), ``shift`` (products with a power of two), ``multiply`` (other products,
        quotients, powers), ``compare`` and ``function`` (such as exp).
    """

    reads: frozenset[str]
    writes: frozenset[str]
    draws: frozenset[str]
    counts: Mapping[str, int]


class _Account:
    def __init__(self) -> None:
        self.used: set[str] = set()
        self.counts: Counter[str] = Counter()


class _Number:
    """A number that notes what is done with it."""

    def __init__(self, value: float, account: _Account, source: str = "", constant: bool = False) -> None:
        self.value, self.account, self.source, self.constant = float(value), account, source, constant

    def _use(self, other: Any) -> float:
        if self.source:
            self.account.used.add(self.source)
        if isinstance(other, _Number):
            if other.source:
                self.account.used.add(other.source)
            return other.value
        return float(other)

    def _made(self, kind: str, value: float, other: Any = None) -> _Number:
        constant = self.constant and (not isinstance(other, _Number) or other.constant)
        # What follows from settings alone is computed once, for all synapses.
        if not constant:
            self.account.counts[kind] += 1
        return _Number(value, self.account, constant=constant)

    def _sum(self, value: float, other: Any) -> _Number:
        return self._made("add", value, other)

    def _product(self, other: Any, value: float) -> _Number:
        factors = [(self.value, self.constant)]
        factors.append((other.value, other.constant) if isinstance(other, _Number) else (float(other), True))
        fixed = [abs(factor) for factor, constant in factors if constant]
        if fixed and fixed[0] in (0.0, 1.0) and not all(constant for _, constant in factors):
            return _Number(value, self.account)
        shift = bool(fixed) and math.frexp(fixed[0])[0] == 0.5
        return self._made("shift" if shift else "multiply", value, other)

    def __add__(self, other: Any) -> _Number:
        return self._sum(self.value + self._use(other), other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> _Number:
        return self._sum(self.value - self._use(other), other)

    def __rsub__(self, other: Any) -> _Number:
        return self._sum(self._use(other) - self.value, other)

    def __mul__(self, other: Any) -> _Number:
        return self._product(other, self.value * self._use(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> _Number:
        divisor = self._use(other)
        return self._made("multiply", self.value / divisor if divisor else 0.0, other)

    def __rtruediv__(self, other: Any) -> _Number:
        return self._made("multiply", self._use(other) / self.value if self.value else 0.0, other)

    def __pow__(self, other: Any) -> _Number:
        return self._made("multiply", self.value ** self._use(other), other)

    def __neg__(self) -> _Number:
        self._use(0.0)
        return _Number(-self.value, self.account, constant=self.constant)

    def _compare(self, other: Any) -> float:
        found = self._use(other)
        if not (self.constant and (not isinstance(other, _Number) or other.constant)):
            self.account.counts["compare"] += 1
        return found

    def __lt__(self, other: Any) -> bool:
        return self.value < self._compare(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= self._compare(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > self._compare(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= self._compare(other)

    def __eq__(self, other: object) -> bool:
        return self.value == self._compare(other)

    def __ne__(self, other: object) -> bool:
        return self.value != self._compare(other)

    __hash__ = None  # type: ignore[assignment]

    def __floor__(self) -> _Number:
        # Rounding to levels is cutting off bits.
        self._use(0.0)
        return _Number(math.floor(self.value), self.account, constant=self.constant)

    def __float__(self) -> float:
        self._use(0.0)
        if not self.constant:
            self.account.counts["function"] += 1
        return self.value


class _Record:
    """State, constants, traces or draws by name."""

    def __init__(
        self,
        values: Mapping[str, float],
        account: _Account,
        prefix: str | None = None,
        constant: bool = False,
    ) -> None:
        for name, value in values.items():
            source = "" if prefix is None else prefix + name
            setattr(self, name, _Number(value, account, source, constant))


def operations(
    function: Callable[..., Any],
    changed: Iterable[str],
    state: Mapping[str, float],
    constants: Mapping[str, float],
    traces: tuple[Mapping[str, float], Mapping[str, float]],
    draws: Iterable[str],
    third: float = 0.0,
    steps: int | None = None,
) -> Operations:
    """Run a function of a learning rule once, and note what it does.

    Branches are those that the given values take.

    Parameters
    ----------
    function
        One of ``on_pre``, ``on_post``, ``on_step`` and what ``visits`` names.
    changed
        State that it returns, in order.
    state
        State by name, ``w`` the weight.
    constants, traces, draws
        As the contract has them; traces are (pre, post).
    third
        Third factor; 0 counts as known beforehand, as gates then stay shut.
    steps
        Steps since its last visit, if it takes them.
    """
    account = _Account()
    held = _Record(state, account, "state.")
    arguments: list[Any] = [
        getattr(held, WEIGHT),
        held,
        _Record(constants, account, constant=True),
        *(_Record(values, account, "trace.") for values in traces),
        _Number(third, account, constant=True),
    ]
    arguments += [] if steps is None else [_Number(steps, account, constant=True)]
    names = tuple(draws)
    if names:
        arguments.append(_Record(dict.fromkeys(names, 0.25), account, "draw."))
    weight, new = function(*arguments)
    results = dict(zip(changed, new, strict=True)) | {WEIGHT: weight}
    written = frozenset(name for name, value in results.items() if value is not getattr(held, name))
    return Operations(_named(account, "state."), written, _named(account, "draw."), dict(account.counts))


def _named(account: _Account, prefix: str) -> frozenset[str]:
    return frozenset(name.removeprefix(prefix) for name in account.used if name.startswith(prefix))
