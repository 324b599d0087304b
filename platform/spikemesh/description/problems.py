"""Problems of an input, collected so that one mistake does not hide another, and names of their places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from spikemesh.errors import DescriptionError, InputError, Problem


@dataclass
class Collector:
    """Gathers problems; :meth:`raise_if_any` raises them together."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, where: str, found: str, remedy: str = "") -> None:
        """Note one problem."""
        self.problems.append(Problem(where, found, remedy))

    @contextmanager
    def catching(self, rename: Callable[[str], str] = lambda where: where) -> Iterator[None]:
        """Note the problems of an :class:`InputError` raised inside instead of raising it."""
        try:
            yield
        except InputError as error:
            self.problems.extend(replace(p, where=rename(p.where)) for p in error.problems)

    def raise_if_any(self) -> None:
        """Raise all problems.

        Raises
        ------
        DescriptionError
            If there are any.
        """
        if self.problems:
            raise DescriptionError(self.problems)


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise the problems as one DescriptionError, if there are any."""
    Collector(list(problems)).raise_if_any()


def labels(kind: str, names: Sequence[object]) -> list[str]:
    """Name the entries of a list: ``population "exc"``, or ``population[3]`` without a name of its own."""
    counts = Counter(n for n in names if isinstance(n, str))
    return [
        f'{kind} "{name}"' if isinstance(name, str) and name and counts[name] == 1 else f"{kind}[{index}]"
        for index, name in enumerate(names)
    ]
