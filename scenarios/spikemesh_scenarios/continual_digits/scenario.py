"""Digits as spikes, class after class, and how many of the old and of the new are still told apart in the end."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.errors import InputError
from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import check_names, choice, number, scenario_of

Array = NDArray[Any]

TASKS = (tuple(range(5)), tuple(range(5, 10)))
"""Classes that are learned first, and those after them."""
ROUNDS = 2
STRAY = 0.3
"""Probability with which an output spikes for a digit of another class."""
THRESHOLDS = (2, 6, 10, 14)
"""Grey values, of 0 to 16, above which the inputs of a pixel are active."""
SHARES = (0.6, 0.2)
"""Of the digits, learned and for validation; the rest is the test."""
LEVEL = 0.125
ARMS = ("plain", "hierarchy")
SEEDS = 5
FILE = "digits.npz"

_prepared: list[Path] = []


def prepare(cache: Path) -> None:
    """Write the digits as spikes, for each seed, unless they are there.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    target = cache / FILE
    make_once(target, __file__, arrays)
    _prepared[:] = [target]


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Repeat the network for each seed, with the amplitudes of the settings.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, ("seeds", "judged", *ARMS))
    choice(settings, "judged", ("test", "validation"))
    seeds = int(number(settings, "seeds", "", 1, SEEDS))
    for arm in ARMS:
        amplitude = number(settings, arm, "", 1e-3, 8.0) * LEVEL
        (learned,) = (p for p in tables["projection"] if p.get("name") == f"learned_{arm}")
        learned["learning"].setdefault("amplitude", amplitude)
    for kind, keys in (
        ("population", ("name",)),
        ("projection", ("name", "source", "target")),
        ("probe", ("target",)),
    ):
        tables[kind] = [_of_seed(table, keys, seed) for seed in range(seeds) for table in tables[kind]]
    return tables


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
    """Return inputs (``active``, one row a digit), ``labels``, and for each seed what is judged and the spikes."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise InputError(
            "continual_digits learns scikit-learn's digits, which is not installed: pip install spikemesh[examples]"
        ) from None
    images, labels = load_digits(return_X_y=True)
    active = np.concatenate([images > threshold for threshold in THRESHOLDS], axis=1)
    found: dict[str, Array] = {"active": active, "labels": labels.astype(np.int64)}
    for seed in range(SEEDS):
        found |= {f"{name}_{seed}": array for name, array in spikes(active, labels, seed).items()}
    return found


def spikes(active: Array, labels: Array, seed: int) -> dict[str, Array]:
    """Draw split, order and stray spikes of a seed; one digit a step, the driver a step after the pixels."""
    random = np.random.default_rng([2018, seed])
    learned, validation, test = np.split(
        random.permutation(labels.size), np.cumsum(np.round(np.array(SHARES) * labels.size).astype(int))
    )
    order = np.concatenate(
        [random.permutation(learned[np.isin(labels[learned], task)]) for task in TASKS for _ in range(ROUNDS)]
    )
    step, pixel = np.nonzero(active[order])
    driven = random.random((order.size, 10)) < STRAY
    driven[np.arange(order.size), labels[order]] = True
    when, output = np.nonzero(driven)
    return {
        "pixel_times": step + 1.0, "pixel_neurons": pixel, "driver_times": when + 2.0, "driver_neurons": output,
        "validation": validation, "test": test, "steps": np.array(order.size),
    }  # fmt: skip


def results(trace: Any) -> dict[str, Any]:
    """Judge the final weights: a digit is of the class whose output its active pixels drive most."""
    settings = scenario_of(trace)["settings"]
    data = _data()
    found: dict[str, Any] = {"judged": settings["judged"], "seeds": int(settings["seeds"])}
    for arm in ARMS:
        old: list[float] = []
        new: list[float] = []
        for seed in range(int(settings["seeds"])):
            table = trace.weights(f"learned_{arm}_{seed}")
            weight = np.zeros((10, data["active"].shape[1]))
            weight[np.asarray(table["target"], int), np.asarray(table["source"], int)] = np.asarray(
                table["weight"]
            )
            judged = data[f"{settings['judged']}_{seed}"]
            labels = data["labels"][judged]
            right = np.argmax(data["active"][judged] @ weight.T, axis=1) == labels
            for task, accuracies in zip(TASKS, (old, new), strict=True):
                accuracies.append(100.0 * float(np.mean(right[np.isin(labels, task)])))
        found[arm] = {
            "old": float(np.mean(old)), "new": float(np.mean(new)), "old_by_seed": old, "new_by_seed": new,
            "both": float(np.mean(old + new)),
        }  # fmt: skip
    found["old_gain_points"] = found["hierarchy"]["old"] - found["plain"]["old"]
    found["new_gain_points"] = found["hierarchy"]["new"] - found["plain"]["new"]
    return found


def _data() -> dict[str, Array]:
    if _prepared:
        with np.load(_prepared[0]) as file:
            return {name: file[name] for name in file.files}
    return arrays()
