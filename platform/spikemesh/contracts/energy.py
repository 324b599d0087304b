"""Energy of a run: what the hardware did, times what it costs, with what is not published named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from spikemesh.contracts.energy_kinds import COUNTERS, terms_of
from spikemesh.contracts.energy_term import INCLUDED, NOT_COUNTED, NOT_PUBLISHED, Activity, Term
from spikemesh.description.system import System

__all__ = [
    "COUNTERS",
    "INCLUDED",
    "NOT_COUNTED",
    "NOT_PUBLISHED",
    "Activity",
    "Energy",
    "Span",
    "Term",
    "energy_of",
]

PJ_TO_J = 1e-12
PS_TO_S = 1e-12


class Span(NamedTuple):
    """A figure with the least and the greatest that its coefficients allow."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Energy:
    """Energy of a run by kind, in a fixed order, and what follows from it.

    Sums are of the terms that are known: lower bounds where :attr:`misses` is not empty. Ranges are added up
    linearly, as if all coefficients erred in the same direction.
    """

    terms: tuple[Term, ...]
    steps: int
    time_ps: int | None
    inferences: int | None = None

    @property
    def misses(self) -> tuple[str, ...]:
        """Kinds that a total lacks, because they are not published or were not counted."""
        return tuple(term.kind for term in self.terms if term.missing)

    @property
    def dynamic(self) -> Span:
        """Known energy of what was done, in pJ."""
        return self._sum("dynamic")

    @property
    def static(self) -> Span:
        """Known energy of static power over the hardware time, in pJ."""
        return self._sum("static")

    @property
    def total(self) -> Span:
        """Known energy, in pJ."""
        return Span(*(d + s for d, s in zip(self.dynamic, self.static, strict=True)))

    @property
    def completeness(self) -> str:
        """``complete``, or what is missing."""
        return self.completeness_of("total")

    def completeness_of(self, part: str) -> str:
        """Say the same of the ``dynamic`` or ``static`` part, or of the ``total``."""
        misses = [term.kind for term in self.terms if term.missing and part in ("total", term.part)]
        return f"incomplete: misses {', '.join(misses)}" if misses else "complete"

    @property
    def time_s(self) -> float | None:
        """Hardware time in s."""
        return None if self.time_ps is None else self.time_ps * PS_TO_S

    @property
    def power_w(self) -> Span | None:
        """Mean power over the hardware time, in W; None without hardware time."""
        return self._over_time(lambda pj, ps: pj / ps)

    @property
    def delay_product_js(self) -> Span | None:
        """Energy-delay product of the whole run, in J s."""
        return self._over_time(lambda pj, ps: pj * PJ_TO_J * ps * PS_TO_S)

    @property
    def per_inference(self) -> dict[str, Any] | None:
        """Energy in pJ, delay in ns and their product in J s of one inference; None where none are marked.

        The delay is the hardware time over the number of inferences, which come one after the other.
        """
        n = self.inferences
        if not n:
            return None
        product = self.delay_product_js
        return {
            "inferences": n,
            "energy_pj": self.total.value / n,
            "dynamic_pj": self.dynamic.value / n,
            "static_pj": self.static.value / n,
            "delay_ns": None if self.time_ps is None else self.time_ps * 1e-3 / n,
            "delay_product_js": None if product is None else product.value / n**2,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able values; spans are ``{value, low, high}``."""
        spans = {"dynamic_pj": self.dynamic, "static_pj": self.static, "total_pj": self.total}
        over_time = {"power_w": self.power_w, "delay_product_js": self.delay_product_js}
        return {
            "terms": [asdict(term) for term in self.terms],
            **{name: span._asdict() for name, span in spans.items()},
            **{name: None if span is None else span._asdict() for name, span in over_time.items()},
            "per_inference": self.per_inference,
            "misses": list(self.misses),
            "completeness": self.completeness,
        }

    def _sum(self, part: str) -> Span:
        value = low = high = 0.0
        for term in self.terms:
            if term.part == part and term.value_pj is not None:
                value += term.value_pj
                low += term.value_pj if term.low_pj is None else term.low_pj
                high += term.value_pj if term.high_pj is None else term.high_pj
        return Span(value, low, high)

    def _over_time(self, combined: Callable[[float, int], float]) -> Span | None:
        time = self.time_ps
        return None if not time else Span(*(combined(pj, time) for pj in self.total))


def energy_of(system: System, activity: Activity) -> Energy:
    """Compute the energy of a run from its counters and the published costs of its system.

    Each kind is an integer count times a constant, added up in a fixed order, so that equal counters give equal
    bits. Kinds whose constant is not published have no value, and are named among the missing.

    Parameters
    ----------
    system
        The system, with the cost set in use.
    activity
        What it did.

    Returns
    -------
    Energy
        In pJ, by kind.
    """
    return Energy(tuple(terms_of(system, activity)), activity.steps, activity.time_ps, activity.inferences)
