"""Trials that choose the settings of ``continual_digits``: as many for the plain weight as for the hierarchy.

Run: ``python benchmarks/continual_digits.py [--json trials.json]``. Protocol and criterion are those of the scenario's
README: the largest mean of the accuracies on old and new classes on validation digits, over five seeds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from spikemesh import api

AMPLITUDES = tuple(2.0**k for k in range(-7, 3))
LEAKS = (0.0, *(2.0**k for k in range(-12, -7)))
"""Parts of a plain weight that leak in a step."""
CHAINS = ((2, 6, 4), (2, 6, 5), (2, 8, 6), (4, 4, 3), (8, 3, 2), (16, 3, 2))
"""Ratio, beakers, and the beaker that shows in the weight."""
OUTFLOW = 0.125
"""Part of one beaker's content that leaves it in a step when its leak is 1: alpha / ratio."""


def overrides(amplitude, leak, chain):
    ratio, beakers, shown = chain
    learning = "projection.learned_{}.learning.{}={}"
    return [
        "settings.judged=validation", f"settings.plain={amplitude}", f"settings.hierarchy={amplitude}",
        learning.format("plain", "end_leak", leak / OUTFLOW),
        learning.format("hierarchy", "ratio", float(ratio)),
        learning.format("hierarchy", "beakers", beakers),
        learning.format("hierarchy", "readout", shown),
    ]  # fmt: skip


def trial(folder, amplitude, leak, chain):
    """Return old and new accuracies (%) of one setting of each network."""
    loaded = api.open_scenario("continual_digits", overrides=overrides(amplitude, leak, chain))
    run = api.run_scenario(
        loaded, backend="local", workers=1, out=str(Path(folder) / "trial.h5"), overwrite=True
    )
    found = run.summary["results"]
    return {
        arm: {
            "form": form,
            "amplitude": amplitude,
            **{key: found[arm][key] for key in ("old", "new", "both")},
        }
        for arm, form in (("plain", leak), ("hierarchy", chain))
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file for all trials")
    arguments = parser.parse_args()
    trials = {"plain": [], "hierarchy": []}
    with tempfile.TemporaryDirectory() as folder:
        for leak, chain in zip(LEAKS, CHAINS, strict=True):
            for amplitude in AMPLITUDES:
                for arm, row in trial(folder, amplitude, leak, chain).items():
                    trials[arm].append(row)
                    print(f"{arm:10} {row['form']!s:14} {amplitude:<10g} "
                          f"{row['old']:5.1f} {row['new']:5.1f} {row['both']:5.1f}", flush=True)  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps(trials, indent=1))
    for arm, rows in trials.items():
        best = max(rows, key=lambda row: (row["both"], -row["amplitude"]))
        print(f"chosen for {arm}: {best}")


if __name__ == "__main__":
    main()
