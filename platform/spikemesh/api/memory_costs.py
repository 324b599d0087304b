"""What the memory of a learning rule costs a chip: bits, accesses and arithmetic by tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.learning import LearningRule
from spikemesh.engine.learning_updates import ThirdFactor, Visits
from spikemesh.ids import AnyArray
from spikemesh.kernels.rule_form import visit_periods
from spikemesh.memory.operations import WEIGHT, Operations, operations

FLOAT_BITS = 64
"""Of state in floating point."""
REST = "weight"
"""Where the weight is counted, and state in no tier."""


@dataclass(frozen=True)
class TierCosts:
    """Accesses of one tier, per synapse.

    Attributes
    ----------
    state
        Its state variables.
    bits
        Bits of state.
    words_read, words_written
        State variables read and written in the run.
    bytes_moved
        Bytes of them.
    """

    state: tuple[str, ...]
    bits: int
    words_read: float
    words_written: float
    bytes_moved: float


@dataclass(frozen=True)
class MemoryCosts:
    """What a run of a rule costs, per synapse.

    Attributes
    ----------
    steps
        Steps of the run.
    runs
        How often each function ran for a synapse.
    tiers
        Accesses by tier, ``weight`` the weight and what belongs to no tier.
    operations
        ``add``, ``shift``, ``multiply``, ``compare`` and ``function`` in the run.
    random_words
        Random numbers in the run.
    """

    steps: int
    runs: Mapping[str, float]
    tiers: Mapping[str, TierCosts]
    operations: Mapping[str, float]
    random_words: float

    @property
    def bits(self) -> int:
        """Bits of state of a synapse."""
        return sum(tier.bits for tier in self.tiers.values())

    def to_dict(self) -> dict[str, Any]:
        """Return all figures, those of the run per synapse and step."""
        steps = max(self.steps, 1)
        return {
            "steps": self.steps,
            "state_bits": self.bits,
            "tiers": {
                name: {
                    "state": list(tier.state),
                    "bits": tier.bits,
                    "words_read_per_step": tier.words_read / steps,
                    "words_written_per_step": tier.words_written / steps,
                    "bytes_per_step": tier.bytes_moved / steps,
                }
                for name, tier in self.tiers.items()
            },
            "runs_per_step": {name: runs / steps for name, runs in self.runs.items()},
            "operations_per_step": {name: count / steps for name, count in self.operations.items()},
            "random_words_per_step": self.random_words / steps,
        }


@dataclass
class _Sum:
    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    random: float = 0.0

    def add(self, found: Operations, times: float) -> None:
        for name in found.reads:
            self.read[name] += times  # type: ignore[assignment]  # a mean need not be whole
        for name in found.writes:
            self.written[name] += times  # type: ignore[assignment]
        for name, count in found.counts.items():
            self.counts[name] += count * times  # type: ignore[assignment]
        self.random += times * len(found.draws)


def memory_costs(
    rule: type[LearningRule],
    parameters: SimpleNamespace,
    constants: Mapping[str, float],
    third: AnyArray,
    arrivals: float,
    spikes: float,
) -> MemoryCosts:
    """Count what a run costs per synapse, from the functions that run and what each of them does.

    Every function is run once on numbers that keep account, with the third factor and without; neighbours in the
    state differ by 1, which opens gates of a smaller threshold. State is read where it is computed with and written
    where it changes; traces belong to neurons and are not counted.

    Parameters
    ----------
    rule
        A rule made for its parameters.
    parameters, constants
        Of the rule.
    third : ndarray of float64, shape (steps,)
        Third factor by step.
    arrivals, spikes
        Pre-synaptic arrivals and post-synaptic spikes per synapse in the run.
    """
    steps = int(third.size)
    total, runs = _Sum(), dict[str, float]()
    held = float(third[third != 0.0].mean()) if np.any(third) else 0.0
    for name, times in (("on_pre", arrivals), ("on_post", spikes)):
        if getattr(rule, name) is not None:
            runs[name] = times
            total.add(_operations(rule, parameters, constants, name, 0.0), times)
    for name, every in visit_periods(rule, constants).items():
        if not every:
            continue
        visit = rule.visits.get(name)
        on_third = visit is not None and visit.on_third
        none = np.zeros(0, dtype=np.int64)
        schedule = Visits(every, on_third, ThirdFactor(none, np.zeros(0)), none)
        due = schedule.runs(0, steps, np.concatenate(([0.0], third)))
        with_third = int(np.count_nonzero((third != 0.0) & (due > 0)))
        runs[name] = float(due.sum())
        total.add(_operations(rule, parameters, constants, name, held), with_third)
        total.add(_operations(rule, parameters, constants, name, 0.0), runs[name] - with_third)
    return MemoryCosts(steps, runs, _tiers(rule, total), dict(total.counts), total.random)


def _operations(
    rule: type[LearningRule],
    parameters: SimpleNamespace,
    constants: Mapping[str, float],
    name: str,
    third: float,
) -> Operations:
    visit = rule.visits.get(name)
    changed = tuple(rule.state) if visit is None or visit.state is None else visit.state
    # Neighbours of opposite sign, so that a difference across a border counts as one.
    state = {variable: 0.5 * (-1.0) ** k for k, variable in enumerate(rule.state)}
    state[WEIGHT] = 0.5 * float(parameters.w_max)
    traces = tuple(dict.fromkeys(side, 0.5) for side in (rule.pre, rule.post))
    takes_steps = name in rule.visits and name != "on_step"
    return operations(
        *(getattr(rule, name), changed, state, constants, (traces[0], traces[1]), rule.draws, third),
        steps=1 if takes_steps else None,
    )


def _tiers(rule: type[LearningRule], total: _Sum) -> dict[str, TierCosts]:
    grouped = {variable for tier in rule.tiers.values() for variable in tier}
    rest = (WEIGHT, *(variable for variable in rule.state if variable not in grouped))
    found = {}
    for name, variables in {REST: rest, **rule.tiers}.items():
        bits = {variable: rule.bits.get(variable, FLOAT_BITS) for variable in variables}
        read, written = ({v: float(side[v]) for v in variables} for side in (total.read, total.written))
        moved = sum((read[v] + written[v]) * bits[v] / 8 for v in variables)
        found[name] = TierCosts(
            tuple(variables), sum(bits.values()), sum(read.values()), sum(written.values()), moved
        )
    return found
