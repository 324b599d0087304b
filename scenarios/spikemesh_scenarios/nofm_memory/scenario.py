"""Codes and spike times of an associative memory, and how much it recalls, with the theory beside it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikemesh.memory import CorrelationMatrix
from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import check_names, choice, named, scenario_of

Array = NDArray[Any]

PERIOD = 4
"""Steps of a pair or question: key sent, key arrives (and recall), outputs taught, one to fall silent."""
RECALL, TAUGHT = 2, 3
"""Step of a question in which outputs recall, and of a pair in which they are taught."""


class Plan(NamedTuple):
    """Size of a memory, and how it is filled.

    Attributes
    ----------
    matrix
        The memory.
    block, blocks
        Pairs that are learned between questions, and how often that is.
    questions
        Questions after each block, about pairs learned so far.
    """

    matrix: CorrelationMatrix
    block: int
    blocks: int
    questions: int

    @property
    def periods(self) -> int:
        """Pairs and questions in all."""
        return self.blocks * (self.block + self.questions)


PLANS = {
    "full": Plan(CorrelationMatrix(4096, 16, 256, 11), 1000, 6, 200),
    "small": Plan(CorrelationMatrix(512, 8, 128, 5), 400, 3, 200),
}


def prepare(cache: Path) -> None:
    """Write codes and spike times of each size, unless they are there."""
    for size, plan in PLANS.items():
        make_once(cache / f"{size}.npz", __file__, partial(arrays, plan))


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Give the network the size of the settings.

    Raises
    ------
    InputError
        If a setting is unknown.
    """
    settings = tables["settings"]
    check_names(settings, ("size",))
    size = choice(settings, "size", PLANS)
    if size == "full":
        return tables
    plan = PLANS[size]
    tables["duration"] = plan.periods * PERIOD
    for name, count in (
        ("keys", plan.matrix.inputs),
        ("teacher", plan.matrix.outputs),
        ("outputs", plan.matrix.outputs),
    ):
        (population,) = (p for p in tables["population"] if p["name"] == name)
        population["size"] = count
        if name == "outputs":
            population["params"]["v_th"] = plan.matrix.active_inputs - 0.5
        else:
            times = {part: f"{size}.npz:{name.removesuffix('s')}_{part}" for part in ("times", "neurons")}
            population["params"]["times"] = times
    tables["input"][0]["data"] = f"{size}.npz:marks"
    return tables


def arrays(plan: Plan) -> dict[str, Array]:
    """Draw the codes, and write when each neuron spikes.

    Returns
    -------
    dict
        ``keys`` and ``outputs``, the active neurons of each pair; ``asked``, the pair of each question;
        ``pair_period`` and ``question_period``, their places in the run; spike times in ms; ``marks``, a zero for
        each pair or question.
    """
    random = np.random.default_rng(2004)
    matrix, pairs = plan.matrix, plan.block * plan.blocks
    keys = codes(random, pairs, matrix.inputs, matrix.active_inputs)
    outputs = codes(random, pairs, matrix.outputs, matrix.active_outputs)
    learned = plan.block * np.arange(1, plan.blocks + 1)
    asked = np.concatenate([random.choice(known, plan.questions, replace=False) for known in learned])
    cycle = plan.block + plan.questions
    pair_period = (np.arange(plan.blocks)[:, None] * cycle + np.arange(plan.block)).ravel()
    question_period = (
        np.arange(plan.blocks)[:, None] * cycle + plan.block + np.arange(plan.questions)
    ).ravel()
    key_times, key_neurons = spikes(
        np.concatenate((pair_period, question_period)), np.concatenate((keys, keys[asked])), 1
    )
    teacher_times, teacher_neurons = spikes(pair_period, outputs, TAUGHT - 1)
    return {
        "keys": keys, "outputs": outputs, "asked": asked,
        "pair_period": pair_period, "question_period": question_period,
        "key_times": key_times, "key_neurons": key_neurons,
        "teacher_times": teacher_times, "teacher_neurons": teacher_neurons,
        "marks": np.zeros((plan.periods, 1)),
    }  # fmt: skip


def codes(random: np.random.Generator, count: int, total: int, active: int) -> Array:
    """Draw N-of-M codes: so many rows of ``active`` different neurons of ``total``, in rising order."""
    return np.sort(np.argsort(random.random((count, total)), axis=1)[:, :active], axis=1)


def spikes(period: Array, active: Array, step: int) -> tuple[Array, Array]:
    """Return times in ms and neurons of codes that are sent in a step of their periods, in order of time."""
    times = np.repeat(period * PERIOD + step, active.shape[1])
    order = np.argsort(times, kind="stable")
    return times[order].astype(np.float64), active.ravel()[order]


def results(trace: Any) -> dict[str, Any]:
    """Compare recall and density with the theory of random pairs, by the number of pairs stored."""
    scenario = scenario_of(trace)
    plan = PLANS[choice(scenario["settings"], "size", PLANS)]
    data = arrays(plan)
    recalled = active_outputs(trace.spikes("outputs"), data["question_period"], plan.matrix.outputs)
    wanted = np.zeros_like(recalled)
    np.put_along_axis(wanted, data["outputs"][data["asked"]], True, axis=1)
    rows = []
    for k in range(plan.blocks):
        part = slice(k * plan.questions, (k + 1) * plan.questions)
        if (data["question_period"][part][-1] + 1) * PERIOD > trace.until_tick:
            break
        found, right, pairs = recalled[part], wanted[part], (k + 1) * plan.block
        rows.append(
            {
                "pairs": pairs,
                "exact": float(np.mean(np.all(found == right, axis=1))),
                "exact_theory": float(plan.matrix.exact_recall(pairs)),
                "missing": float(np.mean(np.sum(right & ~found, axis=1))),
                "false": float(np.mean(np.sum(found & ~right, axis=1))),
                "false_theory": float(plan.matrix.false_outputs(pairs)),
                "bits_per_synapse": float(plan.matrix.bits_per_synapse(pairs)),
            }
        )
    weights = np.asarray(trace.weights("memory")["weight"])
    learned = int(np.count_nonzero((data["pair_period"] + 1) * PERIOD <= trace.until_tick))
    return {
        "questions": plan.questions,
        "loads": rows,
        "pairs": learned,
        "density": float(
            np.mean(weights > 0.5 * float(named(scenario, "projection", "memory")["learning"]["w_max"]))
        ),
        "density_theory": float(plan.matrix.density(learned)),
        "capacity_theory": plan.matrix.capacity(0.99),
        "state_bits": int(weights.size),
    }


def active_outputs(spiked: Any, period: Array, outputs: int) -> Array:
    """Return which outputs spiked in the recall step of some periods, shape (periods, outputs)."""
    ticks, neurons = np.asarray(spiked.ticks, dtype=np.int64), np.asarray(spiked.neurons, dtype=np.int64)
    found = np.zeros((period.size, outputs), dtype=bool)
    place = np.searchsorted(period, (ticks - RECALL) // PERIOD)
    place[place == period.size] = 0
    in_recall = (ticks % PERIOD == RECALL) & (period[place] == (ticks - RECALL) // PERIOD)
    found[place[in_recall], neurons[in_recall]] = True
    return found
