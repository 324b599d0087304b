"""Draw what the arms of a bandit pay, and count how often the network chooses the best one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios.kept import make_once

Array = NDArray[Any]

TRIALS, TRIAL_MS = 300, 500
ARMS, CUES = 4, 40
BEST = 2
"""The arm that pays most."""
PAYS, OTHERS_PAY = 0.8, 0.2
"""Probability that the best arm pays, and that of each of the others."""
LOTTERY_MS, CUE_MS, SPREAD_MS, BASELINE_MS, END_MS = 5, 10, 30, 80, 490
"""Within a trial: the lottery, the first and the last spike of the volley, what is taken off, the end."""
BASELINE = -10.0
LAST = 100
"""Trials at the end that are judged."""
FILE = "bandit.npz"


def prepare(cache: Path) -> None:
    """Write the trials, unless this very code has done so."""
    make_once(cache / FILE, __file__, trials)


def trials() -> dict[str, Any]:
    """Draw the lottery and the volleys.

    Returns
    -------
    dict
        ``cue_times``, ``lottery_times`` in ms and ``cue_neurons``, ``lottery_neurons``, ``end``, and the third factor's
        ``third_times`` and ``third_values``.
    """
    random = np.random.default_rng(7)
    starts = TRIAL_MS * np.arange(TRIALS)
    # Spikes of the volley in a new order each time, so that no cue is worth more than another.
    within = np.stack(
        [random.permutation(np.linspace(CUE_MS, SPREAD_MS, CUES).round()) for _ in range(TRIALS)]
    )
    cue = starts[:, None] + within
    chances = np.where(np.arange(ARMS) == BEST, PAYS, OTHERS_PAY)
    pays = random.random((TRIALS, ARMS)) < chances
    trial, arm = np.nonzero(pays)
    off = starts + BASELINE_MS
    return {
        "cue_times": cue.ravel(),
        "cue_neurons": np.tile(np.arange(CUES), TRIALS),
        "lottery_times": (starts[trial] + LOTTERY_MS).astype(np.float64),
        "lottery_neurons": arm,
        "end": (starts + END_MS).astype(np.float64),
        "third_times": np.column_stack((off, off + 1)).ravel().astype(np.float64),
        "third_values": np.tile([BASELINE, 0.0], TRIALS),
    }


def results(trace: Any) -> dict[str, Any]:
    """Count choices of the best arm and rewards; a choice is the first spike of an arm in a trial."""
    period = round(TRIAL_MS / float(trace.timestep_ms))
    done = min(TRIALS, trace.until_tick // period)
    arms = trace.spikes("arms")
    chosen = choices(arms.ticks, arms.neurons, done, period)
    rewards = (np.asarray(trace.spikes("reward").ticks, dtype=np.int64) - 1) // period
    rewarded = np.bincount(rewards[rewards < done], minlength=max(done, 1)) > 0
    figures: dict[str, Any] = {"trials": int(done), "undecided": int(np.sum(chosen < 0))}
    if done > LAST:
        figures["best_first"] = 100.0 * float(np.mean(chosen[:LAST] == BEST))
        figures["best_last"] = 100.0 * float(np.mean(chosen[done - LAST :] == BEST))
        figures["rewarded_last"] = 100.0 * float(np.mean(rewarded[done - LAST :]))
    return figures


def choices(ticks: Array, neurons: Array, done: int, period: int) -> Array:
    """Return the arm that fires first in each trial, the lowest of several; -1 if none does."""
    chosen = np.full(done, -1, dtype=np.int64)
    trial = (np.asarray(ticks, dtype=np.int64) - 1) // period
    order = np.lexsort((neurons, ticks))[::-1]
    order = order[trial[order] < done]
    # Written from the last spike to the first, so that the first stays.
    chosen[trial[order]] = np.asarray(neurons, dtype=np.int64)[order]
    return chosen
