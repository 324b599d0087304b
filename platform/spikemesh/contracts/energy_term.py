"""One line of an account of energy: how often, what one costs, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

NOT_PUBLISHED = "not published"
INCLUDED = "included elsewhere"
NOT_COUNTED = "not counted"
NO_RANGE = "range not published"


@dataclass(frozen=True, eq=False)
class Activity:
    """What a system did in a run.

    Attributes
    ----------
    steps
        Steps that were run.
    time_ps
        Hardware time of all of them; None if it is not known.
    cores_used
        Cores that hold neurons.
    totals
        Sum of each counter of the trace (such as ``core_updates``) over time, cores and chips; one that is
        absent was not counted.
    link_packets
        Packets of each directed link, in the order of ``System.directed_links``.
    learns
        Whether weights changed during the run.
    inferences
        Inferences that the scenario marks in these steps; None: it marks none.
    """

    steps: int
    time_ps: int | None
    cores_used: int
    totals: Mapping[str, int] = field(default_factory=dict)
    link_packets: Sequence[int] = ()
    learns: bool = False
    inferences: int | None = None


@dataclass(frozen=True)
class Term:
    """Energy of one kind of operation, or of one kind of static power.

    Attributes
    ----------
    kind
        Such as ``neuron_update`` or ``static_chip``.
    part
        ``dynamic`` for what is done, ``static`` for what is merely there.
    count
        How often it was done, or how many there are; None: not counted.
    each
        Energy of one in pJ, of static power in mW; None: not published.
    value_pj, low_pj, high_pj
        Energy, and its least and greatest by the range of ``each``; None: not known, see ``note``.
    published
        Whether ``each`` is known.
    source, evidence
        Of ``each``.
    note
        Why there is no value (``not published``, ``included elsewhere``, ``not counted`` ...), or what to know of it
        (``range not published`` ...).
    """

    kind: str
    part: Literal["dynamic", "static"]
    count: float | None
    each: float | None
    value_pj: float | None = None
    low_pj: float | None = None
    high_pj: float | None = None
    published: bool = True
    source: str = ""
    evidence: str = ""
    note: str = ""

    @property
    def missing(self) -> bool:
        """Whether a total without this term is too small."""
        return self.value_pj is None and self.note != INCLUDED


class Figure(NamedTuple):
    """What one costs in pJ, or takes in mW; None is not published, or ``elsewhere`` included already."""

    each: float | None
    bounds: tuple[float, float] | None = None
    source: str = ""
    evidence: str = ""
    elsewhere: bool = False


def term_of(
    kind: str,
    part: Literal["dynamic", "static"],
    count: float | None,
    figure: Figure,
    scale: float | None,
    note: str,
    uncounted: str,
) -> Term:
    """Multiply a figure with its count, and say so where one of them is not known.

    Parameters
    ----------
    kind, part
        See :class:`Term`.
    count
        How many; None: not counted.
    figure
        What one costs.
    scale
        Factor from the figure to pJ; None: not known.
    note
        What to know of a value, if there is one.
    uncounted
        What to say where count or scale are not known.
    """
    each, bounds, source, evidence, elsewhere = figure
    value = low = high = None
    if count == 0 or (each == 0 and bounds is None):
        value = low = high = 0.0
    elif each is None:
        note = INCLUDED if elsewhere else NOT_PUBLISHED
    elif count is None or scale is None:
        note = uncounted
    else:
        value, low, high = (count * one * scale for one in (each, *(bounds or (each, each))))
        note = "; ".join(filter(None, (note, "" if bounds else NO_RANGE)))
    return Term(kind, part, count, each, value, low, high, each is not None, source, evidence, note)
