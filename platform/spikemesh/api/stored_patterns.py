"""Synapses of a learning rule in which patterns are stored, and who looks for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.api.memory_costs import MemoryCosts, memory_costs
from spikemesh.contracts.learning import LearningRule, Trace
from spikemesh.description.network import LearningUse
from spikemesh.description.problems import Collector
from spikemesh.errors import DescriptionError, InputError, Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels.memory import correlate, storing
from spikemesh.kernels.random import stream_key
from spikemesh.memory import Forgetting
from spikemesh.registry.bind_learning import bind_learning
from spikemesh.registry.shared import shared_registry

WHERE = "rule"
"""Key path of parameters in errors."""


class StoredPatterns:
    """Synapses of a learning rule in which random patterns of +1 and -1 are stored, one a step.

    The rule's own functions run, compiled as in a network: a +1 is a post-synaptic spike one step after a pre-synaptic
    arrival, a -1 the spike alone. A step first runs what the rule does in every step, then stores its
    pattern, so that contents are those just after storing. Traces that add up are held at their mean.

    Parameters
    ----------
    rule
        Name of a rule with the parameter ``input``, which is set to ``pattern``.
    synapses
        How many.
    seed
        Of patterns and of the rule's own random numbers.
    timestep
        In ms, also from memory to memory.
    steady
        Whether to start in the steady state, where the rule's theory knows it; else all start alike, at half of
        ``w_max``, which is 1.
    params
        Of the rule.

    Raises
    ------
    InputError
        If the rule takes no patterns.
    DescriptionError
        If its parameters are wrong.
    """

    def __init__(
        self,
        rule: str,
        synapses: int,
        *,
        seed: int = 1,
        timestep: float = 1.0,
        steady: bool = False,
        **params: Any,
    ) -> None:
        found = shared_registry([]).learning_rules.get(rule, WHERE)
        if "input" not in found.parameters:
            raise InputError(
                Problem(
                    WHERE, f'learning rule "{rule}" stores no patterns', "a rule with the parameter input"
                )
            )
        use = LearningUse(rule, {"input": "pattern", **params})
        bound = bind_learning(use, found, None, None, {}, timestep, WHERE)
        self.parameters = SimpleNamespace(**bound.parameters)
        self.rule = _made(found, self.parameters)
        self.constants = _constants(self.rule, self.parameters, timestep)
        self.timestep, self.synapses, self.tick = timestep, synapses, 0
        self._stored, self._third = 0, list[FloatArray]()
        self._store, every = storing(self.rule, self.constants)
        self._every = np.array(every, dtype=np.int64)
        self._last = np.zeros(len(every), dtype=np.int64)
        self._pattern_key = np.uint64(stream_key(seed, rule, "patterns"))
        self._draw_key = np.uint64(stream_key(seed, rule, "draws"))
        self._numbers = np.array([*self.constants.values(), *self._traces()])
        self._weight = np.full(synapses, 0.5)
        self._state = np.zeros((len(self.rule.state), synapses))
        for row, declared in zip(self._state, self.rule.state.values(), strict=True):
            initial = declared.initial
            row[:] = 0.5 if initial == "weight" else bound.parameters.get(str(initial), initial)
        if steady:
            self._start(np.random.default_rng(stream_key(seed, rule, "start")))

    @property
    def theory(self) -> Forgetting | None:
        """What is known of the rule with these parameters, without a third factor."""
        return None if self.rule.theory is None else self.rule.theory(self.parameters, self.timestep)

    def store(
        self,
        steps: int,
        *,
        third: float | AnyArray = 0.0,
        stored: bool | AnyArray = True,
        again: int | None = None,
    ) -> IntArray:
        """Let steps pass, with a pattern in each.

        Parameters
        ----------
        steps
            How many.
        third : float or ndarray of float64, shape (steps,)
            Third factor.
        stored : bool or ndarray of bool, shape (steps,)
            Whether a pattern is stored.
        again
            Number of a pattern that is stored each time, instead of new ones.

        Returns
        -------
        ndarray of int64
            Numbers of the patterns stored: the ticks, if they are new.
        """
        which = np.broadcast_to(stored, (steps,)).astype(np.int64)
        which *= np.arange(self.tick + 1, self.tick + steps + 1) if again is None else again
        factors = np.ascontiguousarray(np.broadcast_to(third, (steps,)), dtype=np.float64)
        self._store(
            *(self._weight, self._state, self._numbers, which, factors, self.tick, self._every),
            *(self._last, self._last.copy(), self._pattern_key, self._draw_key),
        )
        self.tick += steps
        self._stored += int(np.count_nonzero(which))
        self._third.append(factors)
        return which[which > 0]

    def copy(self) -> StoredPatterns:
        """Return the same synapses once more, to be taken another way from here on."""
        other = copy(self)
        other._weight, other._state, other._last = self._weight.copy(), self._state.copy(), self._last.copy()
        other._third = list(self._third)
        return other

    def costs(self) -> MemoryCosts:
        """Return what all steps so far have cost per synapse."""
        third = np.concatenate((np.zeros(0), *self._third))
        return memory_costs(
            self.rule, self.parameters, self.constants, third, 0.5 * self._stored, float(self._stored)
        )

    def contents(self, of: str = "w") -> FloatArray:
        """Return the weights (``w``) or a state variable of all synapses."""
        if of == "w":
            return self._weight.copy()
        names = list(self.rule.state)
        if of not in names:
            found = f'learning rule "{self.rule.name}" has no state "{of}"'
            raise InputError(Problem("of", found, f"w, {', '.join(names)}"))
        row: FloatArray = self._state[names.index(of)].copy()
        return row

    def signal(self, numbers: AnyArray, of: str = "w") -> FloatArray:
        """Return the signals of patterns by their numbers, in the unit of the contents."""
        out = np.empty(len(numbers))
        correlate(self.contents(of), self._pattern_key, np.asarray(numbers, dtype=np.int64), out)
        return out

    def snr(self, numbers: AnyArray, of: str = "w") -> FloatArray:
        """Return the SNR of patterns by their numbers; 0 where all synapses are alike."""
        deviation = float(np.std(self.contents(of)))
        if deviation == 0.0:
            return np.zeros(len(numbers))
        found: FloatArray = math.sqrt(self.synapses) * self.signal(numbers, of) / deviation
        return found

    def _traces(self) -> list[float]:
        """Return pre-synaptic traces without an arrival one step ago and with one, and post-synaptic ones.

        Those that add up are taken at their mean: a spike in each step, an arrival in half of them.
        """
        silent, heard, after = [], [], []
        for trace in self.rule.pre.values():
            left = self._left(trace)
            adds = trace.on_spike == "add"
            silent.append(0.5 * left / (1.0 - left) if adds else 0.0)
            heard.append(0.5 * left / (1.0 - left) if adds else left)
        for trace in self.rule.post.values():
            left = self._left(trace)
            after.append(left / (1.0 - left) if trace.on_spike == "add" else left)
        return [*silent, *heard, *after]

    def _left(self, trace: Trace) -> float:
        return math.exp(-self.timestep / float(getattr(self.parameters, trace.tau)))

    def _start(self, random: np.random.Generator) -> None:
        theory = self.theory
        if theory is None:
            found = f'the steady state of "{self.rule.name}" with these parameters is not known'
            raise InputError(Problem("steady", found, "a burn-in from equal synapses"))
        self._set(theory.start(self.synapses, random))

    def _set(self, contents: Mapping[str, AnyArray]) -> None:
        names = list(self.rule.state)
        for name, values in contents.items():
            if name == "w":
                self._weight[:] = values
            else:
                self._state[names.index(name)] = values


def _made(rule: type[LearningRule], parameters: SimpleNamespace) -> type[LearningRule]:
    return rule if rule.specialised is None else rule.specialised(parameters)


def _constants(rule: type[LearningRule], parameters: SimpleNamespace, timestep: float) -> dict[str, float]:
    collector = Collector()
    constants: dict[str, float] = {}
    with collector.catching(lambda key: f"{WHERE}.{key}"):
        constants = {name: float(value) for name, value in rule.constants(parameters, timestep).items()}
    if collector.problems:
        raise DescriptionError(collector.problems)
    return constants
