"""Looks from time to time whether the state of plugins still is numbers."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.arrays import Populations
from spikemesh.engine.program import PlasticTable, PopulationSlice, Program
from spikemesh.errors import PluginError
from spikemesh.ids import FloatArray

SYNAPSES = 1 << 17
"""Synapses of a table that are looked at in one check; the next check goes on from there."""


class NumberCheck:
    """Finds states of neurons and weights of plastic synapses that are no numbers (NaN).

    A check reads every state once, which takes as long as a fraction of one step, and is made after each stretch
    of many steps. So it is known between which steps a number was lost.

    Parameters
    ----------
    program, populations
        What the worker runs, and its state.
    """

    def __init__(self, program: Program, populations: Populations) -> None:
        self._tables = program.plastic
        self._next = [0] * len(program.plastic)
        self._states: list[tuple[PopulationSlice, FloatArray]] = []
        for k, part in enumerate(program.slices):
            if part.model.arithmetic == "float64":
                start, count = int(populations.state_start[k]), len(part.model.state) * part.size
                self._states.append((part, populations.state[start : start + count]))

    def check(self, first: int, until: int) -> None:
        """Look at all states, and at some of the weights.

        Parameters
        ----------
        first, until
            Step of the last check, and step that is complete now.

        Raises
        ------
        PluginError
            Naming model and population, or rule and projection, what is lost, of which neuron, and the steps.
        """
        steps = f"in steps {first + 1} to {until}" if until > first + 1 else f"in step {until}"
        for part, state in self._states:
            if _lost(state):
                variable, neuron = divmod(int(np.flatnonzero(np.isnan(state))[0]), part.size)
                raise PluginError(
                    f'neuron model {part.model.name} of population "{part.name}": '
                    f'state "{list(part.model.state)[variable]}" of neuron {part.neurons[neuron]} '
                    f"became NaN, which is no number, {steps}"
                )
        for k, table in enumerate(self._tables):
            begin = self._next[k]
            weights = table.weight[begin : begin + SYNAPSES]
            self._next[k] = begin + SYNAPSES if begin + SYNAPSES < table.weight.size else 0
            if _lost(weights):
                at = begin + int(np.flatnonzero(np.isnan(weights))[0])
                when = steps if table.weight.size <= SYNAPSES else f"by step {until}"
                raise PluginError(f"{_synapse(table, at)} became NaN, which is no number, {when}")


def _lost(values: FloatArray) -> bool:
    # One pass without a temporary; infinities of both signs make a NaN too, hence the second look.
    with np.errstate(all="ignore"):
        return bool(np.isnan(values.sum())) and bool(np.isnan(values).any())


def _synapse(table: PlasticTable, at: int) -> str:
    source = int(np.repeat(table.source, np.diff(table.segment_start))[at])
    return f'learning rule {table.rule.name} of projection "{table.name}": the weight of a synapse of neuron {source}'
