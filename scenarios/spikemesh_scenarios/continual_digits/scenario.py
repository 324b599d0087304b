"""Digits as spikes, class after class, and how many of the old and of the new are still told apart in the end."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios import handwritten
from spikemesh_scenarios.kept import Kept
from spikemesh_scenarios.settings import check_names, choice, number, scenario_of

Array = NDArray[Any]

TASKS = (tuple(range(5)), tuple(range(5, 10)))
"""Classes that are learned first, and those after them."""
ROUNDS = 2
STRAY = 0.3
"""Probability with which an output spikes for a digit of another class."""
THRESHOLDS = (2, 6, 10, 14)
"""Grey values, of 0 to 16, above which the inputs of a pixel are active."""
TEST_DIGITS, LEARNED = 359, 1078
"""Of the 1,797 digits, set apart for the test and learned by a seed; the rest is for validation."""
LEVEL = 0.125
ARMS = ("plain", "hierarchy")
SEEDS = 5
FIRST_SEED = {"validation": 0, "test": SEEDS}
"""Settings are chosen and tested on seeds of their own."""
FILE = "digits.npz"


def prepare(cache: Path) -> None:
    """Write the digits as spikes, for each seed, unless they are there.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    _kept.prepare(cache)


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Repeat the network for each seed, with the amplitudes of the settings.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, ("seeds", "judged", *ARMS))
    choice(settings, "judged", FIRST_SEED)
    number(settings, "seeds", "", 1, SEEDS)
    for arm in ARMS:
        amplitude = number(settings, arm, "", 1e-3, 8.0) * LEVEL
        (learned,) = (p for p in tables["projection"] if p.get("name") == f"learned_{arm}")
        learned["learning"].setdefault("amplitude", amplitude)
    for kind, keys in (
        ("population", ("name",)),
        ("projection", ("name", "source", "target")),
        ("probe", ("target",)),
    ):
        tables[kind] = [_of_seed(table, keys, seed) for seed in _seeds(settings) for table in tables[kind]]
    return tables


def _seeds(settings: dict[str, Any]) -> range:
    first = FIRST_SEED[settings["judged"]]
    return range(first, first + int(settings["seeds"]))


def _of_seed(table: dict[str, Any], keys: tuple[str, ...], seed: int) -> dict[str, Any]:
    made = deepcopy(table)
    for key in keys:
        if key in made:
            made[key] = f"{made[key]}_{seed}"
    times = made.get("params", {}).get("times")
    if times:
        made["params"]["times"] = {part: f"{text.removesuffix('_0')}_{seed}" for part, text in times.items()}
    return made


def arrays() -> dict[str, Array]:
    """Return inputs (``active``, one row a digit), ``labels``, ``test``; validation digits and spikes by seed."""
    images, labels = handwritten.load("continual_digits")
    active = np.concatenate([images > threshold for threshold in THRESHOLDS], axis=1)
    test, others = np.split(np.random.default_rng(2018).permutation(labels.size), [TEST_DIGITS])
    found: dict[str, Array] = {"active": active, "labels": labels, "test": test}
    for seed in range(2 * SEEDS):
        found |= {f"{name}_{seed}": array for name, array in spikes(active, labels, others, seed).items()}
    return found


def spikes(active: Array, labels: Array, digits: Array, seed: int) -> dict[str, Array]:
    """Draw what a seed learns of the digits, order and stray spikes; one digit a step, the driver a step later."""
    random = np.random.default_rng([2018, seed])
    learned, validation = np.split(random.permutation(digits), [LEARNED])
    order = np.concatenate(
        [random.permutation(learned[np.isin(labels[learned], task)]) for task in TASKS for _ in range(ROUNDS)]
    )
    step, pixel = np.nonzero(active[order])
    driven = random.random((order.size, handwritten.CLASSES)) < STRAY
    driven[np.arange(order.size), labels[order]] = True
    when, output = np.nonzero(driven)
    return {
        "pixel_times": step + 1.0, "pixel_neurons": pixel, "driver_times": when + 2.0, "driver_neurons": output,
        "validation": validation,
    }  # fmt: skip


_kept = Kept(FILE, arrays, __file__, handwritten.__file__)


def results(trace: Any) -> dict[str, Any]:
    """Judge the final weights: a digit is of the class whose output its active pixels drive most."""
    settings = scenario_of(trace)["settings"]
    seeds = _seeds(settings)
    found: dict[str, Any] = {"judged": settings["judged"], "seeds": len(seeds)}
    judged = {seed: "test" if found["judged"] == "test" else f"validation_{seed}" for seed in seeds}
    data = _kept.read({"active", "labels", *judged.values()})
    for arm in ARMS:
        by_seed = [
            accuracies(
                weights(trace.weights(f"learned_{arm}_{seed}")), data["active"][asked], data["labels"][asked]
            )
            for seed, asked in ((seed, data[name]) for seed, name in judged.items())
        ]
        old, new = ([row[task] for row in by_seed] for task in range(len(TASKS)))
        found[arm] = {
            "old": float(np.mean(old)), "new": float(np.mean(new)), "old_by_seed": old, "new_by_seed": new,
            "both": float(np.mean(old + new)),
        }  # fmt: skip
    found["old_gain_points"] = found["hierarchy"]["old"] - found["plain"]["old"]
    found["new_gain_points"] = found["hierarchy"]["new"] - found["plain"]["new"]
    return found


def weights(table: Any) -> Array:
    """Return the weights of a projection, shape (outputs, inputs)."""
    inputs = handwritten.PIXELS * len(THRESHOLDS)
    found = np.zeros((handwritten.CLASSES, inputs))
    found[np.asarray(table["target"], int), np.asarray(table["source"], int)] = np.asarray(table["weight"])
    return found


def accuracies(weight: Array, active: Array, labels: Array) -> list[float]:
    """Return how many digits of each task (%) drive the output of their class most."""
    right = np.argmax(active @ weight.T, axis=1) == labels
    return [100.0 * float(np.mean(right[np.isin(labels, task)])) for task in TASKS]
