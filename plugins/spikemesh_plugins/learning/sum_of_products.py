"""Reading sums of products, the form in which learning rules of Loihi are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from spikemesh.errors import DescriptionError, Problem, nearest

TRACES = ("x1", "x2", "y1", "y2", "y3")
VARIABLES = ("w", "t", "d")
DEPENDENCIES = ("x0", "y0", *(f"u{k}" for k in range(10)))
NAMES = (*DEPENDENCIES, *TRACES, *VARIABLES, "sgn")

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*|\.\d+)|([A-Za-z_]\w*)|(\*\*|[-+*/^()=]))")


@dataclass(frozen=True)
class Product:
    """One product of a sum.

    Attributes
    ----------
    when
        Its dependency, one of ``DEPENDENCIES``: when it is added.
    amount
        The rest of it, an expression in Python over ``TRACES``, ``VARIABLES`` and ``sgn``.
    names
        Traces and variables that occur in it.
    """

    when: str
    amount: str
    names: frozenset[str]


@dataclass(frozen=True)
class _Part:
    """An expression in Python, the dependencies that multiply all of it, and the names in it."""

    code: str
    when: tuple[tuple[str, int], ...] = ()
    names: frozenset[str] = frozenset()


def products_of(text: str, target: str) -> tuple[Product, ...]:
    """Read a sum of products such as ``2^-2*x1*y0 - 2^-2*y1*x0``.

    Parameters
    ----------
    text
        The sum, with or without ``target =`` before it.
    target
        ``dw``, ``dt`` or ``dd``; where problems are.

    Raises
    ------
    DescriptionError
        With a mark below the place where the text cannot be read.
    """
    return _Reader(text, target).products()


class _Reader:
    def __init__(self, text: str, target: str) -> None:
        self.text, self.target = text, target
        self.words: list[tuple[str, int]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                self.refuse(
                    at, f'"{text[at]}" is no part of a sum of products', "numbers, names, + - * ^ ( )"
                )
            start = found.start(found.lastindex or 0)
            self.words.append((text[start : found.end()], start))
            at = found.end()
        self.words.append(("", end))
        self.next = 0

    def refuse(self, at: int, found: str, remedy: str) -> NoReturn:
        """Raise an error that points at a place."""
        mark = f"{found}, at character {at + 1}\n    {self.text}\n    {' ' * at}^\n"
        raise DescriptionError(Problem(self.target, mark, remedy))

    @property
    def word(self) -> str:
        return self.words[self.next][0]

    @property
    def at(self) -> int:
        return self.words[self.next][1]

    def take(self, word: str) -> bool:
        if self.word != word:
            return False
        self.next += 1
        return True

    def products(self) -> tuple[Product, ...]:
        if len(self.words) > 2 and self.words[1][0] == "=":
            if self.word != self.target:
                self.refuse(self.at, f'"{self.word} =" stands in {self.target}', f"{self.target} = ...")
            self.next += 2
        products = []
        for start, part in self.sum():
            if not part.when:
                remedy = (
                    "multiply it by x0 (arrivals), y0 (spikes of the neuron) or u0 to u9 (every 2^k epochs)"
                )
                self.refuse(start, "this product has no dependency, so it would never be added", remedy)
            others = {name for name, _ in part.when}
            if len(others) > 1:
                name, at = next(w for w in part.when if w[0] != part.when[0][0])
                self.refuse(
                    at, f"{part.when[0][0]} and {name} multiply one product", "one dependency a product"
                )
            products.append(Product(part.when[0][0], part.code, part.names))
        if self.word:
            self.refuse(self.at, f'"{self.word}" is not expected here', "an operator: + - *")
        return tuple(products)

    def sum(self) -> list[tuple[int, _Part]]:
        """Read products between + and -, each with its place."""
        terms = []
        while True:
            minus = False
            while self.word in ("+", "-"):
                minus ^= self.word == "-"
                self.next += 1
            start = self.at
            part = self.product()
            terms.append((start, _Part(f"-{part.code}", part.when, part.names) if minus else part))
            if self.word not in ("+", "-"):
                return terms

    def product(self) -> _Part:
        part = self.factor()
        while self.take("*"):
            more = self.factor()
            code = "*".join(c for c in (part.code, more.code) if c != "1.0") or "1.0"
            part = _Part(code, part.when + more.when, part.names | more.names)
        return part

    def factor(self) -> _Part:  # noqa: RET503 - refuse does not return
        word, at = self.words[self.next]
        self.next += 1
        if word == "-":
            part = self.factor()
            return _Part(f"(-{part.code})", part.when, part.names)
        if word == "(":
            return self.bracket(at, "")
        if word[:1].isdigit() or word[:1] == ".":
            return _Part(repr(self.power(float(word))))
        if word == "sgn":
            if not self.take("("):
                self.refuse(self.at, "sgn needs a bracket", "sgn(w - 3)")
            return self.bracket(at, "sgn")
        if word == "u":
            word = "u0"
        if word in DEPENDENCIES:
            return _Part("1.0", ((word, at),))
        if word in TRACES or word in VARIABLES:
            return _Part(word, (), frozenset((word,)))
        if not word:
            self.refuse(at, "the text ends where a factor should follow", "a number or a name")
        self.refuse(at, f'"{word}" is no factor', nearest(word, NAMES))

    def power(self, base: float) -> float:
        """Read ``^`` and a whole exponent, if they follow."""
        if self.word not in ("^", "**"):
            return base
        self.next += 1
        sign = -1 if self.word == "-" else 1
        if self.word in ("+", "-"):
            self.next += 1
        if not self.word.isdigit():
            self.refuse(self.at, "an exponent must be a whole number", "2^-3")
        self.next += 1
        return float(base ** (sign * int(self.words[self.next - 1][0])))

    def bracket(self, opened: int, function: str) -> _Part:
        terms = self.sum()
        for _, part in terms:
            if part.when:
                name, at = part.when[0]
                self.refuse(at, f"{name} stands in a bracket", "multiply whole products by it")
        if not self.take(")"):
            if self.word:
                self.refuse(self.at, f'"{self.word}" is not expected here', "an operator or )")
            self.refuse(opened, "this bracket is never closed", ")")
        names = frozenset().union(*(part.names for _, part in terms))
        return _Part(f"{function}({' + '.join(part.code for _, part in terms)})", (), names)
