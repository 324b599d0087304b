"""Storing patterns in many synapses of a learning rule, and looking for them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spikemesh.contracts.learning import LearningRule
from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.compile import compiled
from spikemesh.kernels.memory_source import VisitText, memory_source
from spikemesh.kernels.random import HALF, MASK, philox
from spikemesh.kernels.rule_form import visit_periods


def storing(rule: type[LearningRule], constants: Mapping[str, float]) -> tuple[Callable[..., Any], list[int]]:
    """Compile, or load, the loop that stores patterns; see :func:`memory_source`.

    Parameters
    ----------
    rule
        A rule made for its parameters.
    constants
        Its constants.

    Returns
    -------
    store
        The loop.
    every : list of int
        Steps from visit to visit of each function that runs for all synapses.

    Raises
    ------
    PluginError
        If one of the rule's functions cannot be compiled.
    """
    periods = {name: every for name, every in visit_periods(rule, constants).items() if every}
    has = [name for name in ("on_pre", "on_post") if getattr(rule, name) is not None]
    state = tuple(rule.state)
    visits = []
    for name in periods:
        visit = rule.visits.get(name)
        changed = state if visit is None or visit.state is None else visit.state
        numbers = tuple(state.index(variable) for variable in changed)
        visits.append(VisitText(name, numbers, name != "on_step", visit is not None and visit.on_third))
    source = memory_source(
        rule.name, state, tuple(constants), tuple(rule.pre), tuple(rule.post), rule.draws, has, visits
    )
    functions = {name: getattr(rule, name) for name in (*has, *periods)}
    module = compiled(f"learning rule {rule.name}", f"memory_{rule.name}", source, functions)
    return module.store, list(periods.values())


@kernel
def correlate(values: Any, key: Any, numbers: Any, out: Any) -> None:
    """Fill ``out`` with the covariance of values, one per synapse, with each of some patterns.

    Parameters
    ----------
    values : ndarray of float64, shape (synapses,)
        Weights or contents.
    key
        Of the patterns.
    numbers : ndarray of int64, shape (patterns,)
        Their numbers.
    out : ndarray of float64, shape (patterns,)
        Mean over synapses of pattern times value, less the product of the two means.
    """
    k0, k1 = np.uint64(key) & MASK, np.uint64(key) >> HALF
    mean = values.mean()
    for i in range(numbers.size):
        total = 0.0
        number = numbers[i]
        for k in range(values.size):
            x0, _, _, _ = philox(np.uint64(k), np.uint64(number >> 5), np.uint64(0), np.uint64(0), k0, k1)
            up = (x0 >> np.uint64(number & 31)) & np.uint64(1)
            total += (values[k] - mean) if up else (mean - values[k])
        out[i] = total / values.size
