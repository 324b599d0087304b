"""How well a learning rule remembers: measured by an ideal observer, with the theory beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikemesh import memory
from spikemesh.api.memory_costs import MemoryCosts
from spikemesh.api.memory_page import (
    COST_HEADER,
    TIER_HEADER,
    cost_rows,
    curve_rows,
    notes,
    page_of,
    tier_rows,
)
from spikemesh.api.stored_patterns import StoredPatterns
from spikemesh.errors import InputError, Problem
from spikemesh.ids import FloatArray, IntArray

UNRELATED = 100
"""Memories that come after what was stored, for distortion and excess forgetting."""
REPEATS = 200
"""Most presentations of one pattern that are tried."""


@dataclass(frozen=True, eq=False)
class TierMeasure:
    """What is found in the weight, or in one state variable.

    Attributes
    ----------
    of
        ``w``, or the name of the state variable.
    snr : ndarray of float64, shape (ages,)
        Mean SNR by age.
    lasts, gone
        The oldest age measured at which the SNR is at least 1, and the next one; None where there is none.
    bits_per_synapse
        Information on all patterns up to the oldest age, in bits.
    presentations
        R: presentations in a row that take its SNR to 1; None if 200 do not.
    half
        T50: steps from a presentation to half of the most that is found of it later.
    distortion
        D_n after 100 unrelated memories, None where nothing is stored.
    excess_forgetting
        F_n of a pattern presented until remembered, after 100 unrelated memories; None if it never was.
    """

    of: str
    snr: FloatArray
    lasts: int | None
    gone: int | None
    bits_per_synapse: float
    presentations: int | None
    half: int | None
    distortion: float | None
    excess_forgetting: float | None


@dataclass(frozen=True, eq=False)
class MemoryMeasure:
    """Memory of a learning rule.

    Attributes
    ----------
    rule, synapses
        What was measured.
    ages : ndarray of int64
        In steps of one memory each.
    samples
        Patterns per age.
    tiers
        What was found, by tier: ``weight``, and the last state variable of each tier.
    theory : ndarray of float64, shape (ages,), or None
        SNR of the weight that follows from the rule's theory.
    theory_lifetime
        Last age whose SNR is at least 1 by the theory.
    costs
        Bits, accesses and arithmetic.
    """

    rule: str
    synapses: int
    ages: IntArray
    samples: int
    tiers: Mapping[str, TierMeasure]
    theory: FloatArray | None
    theory_lifetime: int | None
    costs: MemoryCosts

    @property
    def error(self) -> float:
        """Standard error of each SNR."""
        return 1.0 / math.sqrt(self.samples)

    def tables(self) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
        """Return header and rows of three tables: SNR by age, tiers, and costs."""
        return [curve_rows(self), (TIER_HEADER, tier_rows(self)), (COST_HEADER, cost_rows(self))]

    def notes(self) -> list[str]:
        """Return what is to be said beside the tables."""
        return notes(self)

    def page(self) -> str:
        """Return a page of HTML with a figure and the tables."""
        return page_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all figures."""
        return {
            "rule": self.rule,
            "synapses": self.synapses,
            "ages": self.ages,
            "samples": self.samples,
            "snr_error": self.error,
            "tiers": {
                name: {
                    "of": tier.of,
                    "snr": tier.snr,
                    "error_of_choice": memory.error_of_choice(tier.snr),
                    "lifetime_at_least": tier.lasts,
                    "lifetime_below": tier.gone,
                    "bits_per_synapse": tier.bits_per_synapse,
                    "presentations": tier.presentations,
                    "half_assimilated": tier.half,
                    "distortion": tier.distortion,
                    "excess_forgetting": tier.excess_forgetting,
                }
                for name, tier in self.tiers.items()
            },
            "theory_snr": self.theory,
            "theory_lifetime": self.theory_lifetime,
            "costs": {**self.costs.to_dict(), "energy": "not published"},
        }


def measure_memory(
    rule: str,
    synapses: int = 10_000,
    *,
    ages: Sequence[int] | None = None,
    longest: int = 1000,
    samples: int = 100,
    burn_in: int | None = None,
    third: float = 0.0,
    seed: int = 1,
    timestep: float = 1.0,
    **params: Any,
) -> MemoryMeasure:
    """Store a random pattern in every step, and ask for earlier ones.

    Parameters
    ----------
    rule
        Name of a learning rule with the parameter ``input``.
    synapses
        How many.
    ages
        Ages in steps at which patterns are asked for; from 0 to ``longest`` on a logarithmic scale if not given.
    longest
        Oldest age.
    samples
        Patterns that are asked for at each age.
    burn_in
        Steps before the first question; what takes the rule's theory to the steady state at once, else five times
        the oldest age.
    third
        Third factor in all steps.
    seed
        Of patterns and of the rule's random numbers.
    timestep
        In ms, also from memory to memory.
    params
        Of the rule.

    Raises
    ------
    InputError
        If the rule takes no patterns, or parameters are wrong.
    """
    asked = _ages(longest) if ages is None else np.unique(np.asarray(ages, dtype=np.int64))
    if not asked.size or asked[0] < 0 or samples < 1 or synapses < 2:
        found = f"{asked.tolist()}, {samples} samples, {synapses} synapses"
        raise InputError(Problem("ages", found, "ages from 0 on, at least 1 sample, at least 2 synapses"))
    stored = StoredPatterns(rule, synapses, seed=seed, timestep=timestep, **params)
    theory = stored.theory if third == 0.0 else None
    if theory is not None:
        stored = StoredPatterns(rule, synapses, seed=seed, timestep=timestep, steady=True, **params)
    oldest = int(asked[-1])
    stored.store(
        max(oldest + 1, 5 * oldest if burn_in is None and theory is None else burn_in or 0), third=third
    )
    seen = {"weight": "w", **{tier: names[-1] for tier, names in stored.rule.tiers.items() if names}}
    spacing = max(1, oldest // 20)
    snr = {of: np.zeros(asked.size) for of in seen.values()}
    for _ in range(samples):
        stored.store(spacing, third=third)
        for of, sums in snr.items():
            sums += stored.snr(stored.tick - asked, of) / samples
    tiers = {name: _tier(stored, of, asked, snr[of], synapses, third) for name, of in seen.items()}
    expected, lifetime = None, None
    if theory is not None:
        scale = float(memory.signal_to_noise(1.0, theory.variance, synapses))
        expected = scale * theory.signal(asked)
        lifetime = memory.lifetime(theory.signal, scale)
    return MemoryMeasure(rule, synapses, asked, samples, tiers, expected, lifetime, stored.costs())


def _ages(longest: int) -> IntArray:
    grid = np.geomspace(1, max(longest, 1), max(2, round(6 * math.log10(max(longest, 10))) + 1))
    found: IntArray = np.unique(np.concatenate(([0], np.round(grid)))).astype(np.int64)
    return found


def _tier(
    stored: StoredPatterns, of: str, ages: IntArray, snr: FloatArray, synapses: int, third: float
) -> TierMeasure:
    alive = np.flatnonzero(snr >= 1.0)
    last = int(alive[-1]) if alive.size else None
    # Each age stands for those up to half-way to its neighbours.
    borders = np.concatenate((ages[:1], 0.5 * (ages[1:] + ages[:-1]), ages[-1:] + 0.5))
    bits = memory.bits_per_synapse(np.maximum(snr, 0.0), synapses, np.diff(borders))
    spread = float(np.std(stored.contents(of)))
    count, excess = _presented(stored, of, third) if spread else (None, None)
    return TierMeasure(
        of,
        snr,
        None if last is None else int(ages[last]),
        int(ages[last + 1]) if last is not None and last + 1 < ages.size else None,
        bits,
        count,
        _half(stored, of, third, int(ages[-1])) if spread else None,
        _distortion(stored, of) if spread else None,
        excess,
    )


def _added(presented: StoredPatterns, without: StoredPatterns, number: int, of: str) -> float:
    """Return the SNR that a pattern has of its own: what others, stored in both, add by chance is left out."""
    numbers = np.array([number])
    signal = float((presented.signal(numbers, of) - without.signal(numbers, of))[0])
    return math.sqrt(presented.synapses) * signal / float(np.std(presented.contents(of)))


def _presented(stored: StoredPatterns, of: str, third: float) -> tuple[int | None, float | None]:
    """Present one pattern until its SNR is 1: how often that was, and what 100 unrelated memories then cost it."""
    fork, without = stored.copy(), stored.copy()
    number = int(fork.store(1, third=third)[0])
    without.store(1, third=third, stored=False)
    for count in range(1, REPEATS + 1):
        if _added(fork, without, number, of) >= 1.0:
            return count, _excess(fork, without, number, of)
        fork.store(1, third=third, again=number)
        without.store(1, third=third, stored=False)
    return None, None


def _excess(presented: StoredPatterns, without: StoredPatterns, number: int, of: str) -> float | None:
    found = []
    for busy in (True, False):
        pair = (presented.copy(), without.copy())
        for each in pair:
            each.store(UNRELATED, stored=busy)
        found.append(_added(*pair, number, of))
    return memory.excess_forgetting(*found) if found[1] > 0.0 else None


def _half(stored: StoredPatterns, of: str, third: float, steps: int) -> int:
    """Follow a pattern through idle steps, up to the oldest age."""
    fork, without = stored.copy(), stored.copy()
    number = int(fork.store(1, third=third)[0])
    without.store(1, third=third, stored=False)
    grid = np.unique(np.concatenate((np.arange(min(steps, 20) + 1), _ages(steps))))
    found = []
    for idle in np.diff(grid, prepend=0):
        for each in (fork, without):
            each.store(int(idle), third=third, stored=False)
        found.append(_added(fork, without, number, of))
    return int(grid[memory.half_assimilated(np.array(found))])


def _distortion(stored: StoredPatterns, of: str) -> float:
    learning, idle = stored.copy(), stored.copy()
    learning.store(UNRELATED)
    idle.store(UNRELATED, stored=False)
    rest = float(np.mean(stored.contents(of))) if of == "w" else 0.0
    return memory.distortion(learning.contents(of) - rest, idle.contents(of) - rest)
