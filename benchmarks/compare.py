"""spikemesh and its peers side by side, alternating; prints and writes a Markdown table and JSON.

    python benchmarks/compare.py [--only NAME ...] [--runs 3] [--quick] [--json FILE] [--markdown FILE]

Every measurement is a process of its own. The peers' environments are made on first use; a peer that
cannot be had is left out with a line that says why. Ends with code 1 if a number of spikes is wrong, never
for a speed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from environments import UnavailableError, interpreter, peer_environment
from machine import machine
from table import comparison_table
from workloads import COMPARISONS, Comparison, Side

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 900
SEED = 1
QUICK_TOLERANCE = 3.0
"""How many times wider a peer's rate is allowed to differ in a short run."""


class FailedError(Exception):
    """A measurement that ended with an error."""


def command(side: Side, workload: str, duration_ms: float) -> tuple[list[str], dict[str, str] | None]:
    """Return the command of one measurement, and its environment if that is not ours."""
    if side.simulator == "spikemesh":
        options = ["--workers", side.threads, "--chips", side.chips, "--backend", side.backend]
        return [str(v) for v in (sys.executable, HERE / "measure.py", workload, duration_ms, *options)], None
    script = HERE / "peers" / f"{side.simulator}_peer.py"
    parts = (interpreter(side.simulator), script, workload, duration_ms, side.threads, SEED)
    return [str(part) for part in parts], peer_environment()


def measure(side: Side, workload: str, duration_ms: float) -> dict[str, Any]:
    """Run one measurement in a process of its own and return what it reports."""
    arguments, environment = command(side, workload, duration_ms)
    try:
        done = subprocess.run(
            arguments, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise FailedError(f"{side.label}: no result within {TIMEOUT_S} s") from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        text = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise FailedError(f"{side.label}: {text[-1] if text else f'ended with {done.returncode}'}")
    found: dict[str, Any] = json.loads(lines[-1].removeprefix("RESULT "))
    return found


def compare(comparison: Comparison, runs: int, quick: bool) -> dict[str, Any]:
    """Run all sides of a comparison in turn; returns the measurements and what is wrong with them."""
    duration = comparison.quick_ms if quick else comparison.duration_ms
    sides = [comparison.ours, *(side for side, _ in comparison.others)]
    found: dict[str, list[dict[str, Any]]] = {side.label: [] for side in sides}
    missing: dict[str, str] = {}
    measure(comparison.ours, comparison.workload, comparison.quick_ms / 10)  # compiles what is not yet cached
    for run in range(runs):
        for side in sides:
            if side.label in missing:
                continue
            try:
                found[side.label].append(measure(side, comparison.workload, duration))
            except (UnavailableError, FailedError) as error:
                if side.simulator == "spikemesh":
                    raise
                missing[side.label] = str(error)
                say(f"{side.label} is left out: {error}")
                continue
            last = found[side.label][-1]
            say(f"{comparison.name} {run + 1}/{runs}  {side.label:<24} {last['sim_s']:8.3f} s")
    expected = comparison.quick_spikes if quick else comparison.spikes
    return {
        "name": comparison.name,
        "title": comparison.title,
        "duration_ms": duration,
        "sides": {label: summary(rows, duration) for label, rows in found.items() if rows},
        "runs": found,
        "missing": missing,
        "wrong": wrong_counts(comparison, found, expected, QUICK_TOLERANCE if quick else 1.0),
    }


def summary(rows: list[dict[str, Any]], duration_ms: float) -> dict[str, float]:
    """Medians of the measurements of one side, with the least and most of the time."""
    times = [row["sim_s"] * 1e3 / duration_ms for row in rows]
    middle = {
        key: statistics.median(row[key] for row in rows) for key in ("build_s", "peak_rss_mb", "spikes")
    }
    return {
        "s_per_model_s": statistics.median(times),
        "least": min(times),
        "most": max(times),
        "rate_hz": middle["spikes"] / rows[0]["neurons"] / duration_ms * 1e3,
        **middle,
    }


def wrong_counts(
    comparison: Comparison, found: dict[str, list[dict[str, Any]]], expected: int, wider: float
) -> list[str]:
    """Say which numbers of spikes are not as they must be: ours exactly, a peer's about."""
    wrong = []
    for side in (comparison.ours, *(side for side, _ in comparison.others)):
        share = 0.0 if side.simulator == "spikemesh" else wider * comparison.tolerance
        counts = {row["spikes"] for row in found[side.label]}
        within = f" within {share:.0%}" if share else ""
        wrong += [
            f"{comparison.name}: {side.label} made {count} spikes, expected {expected}{within}"
            for count in sorted(counts)
            if abs(count - expected) > share * expected
        ]
    return wrong


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    names = [comparison.name for comparison in COMPARISONS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument("--runs", type=int, help="of each side (default 3; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument("--json", type=Path, help="write all measurements to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    runs = given.runs or (1 if given.quick else 3)
    results: list[dict[str, Any]] = []
    document = {"machine": machine(), "runs": runs, "quick": given.quick, "comparisons": results}
    text = ""
    for comparison in COMPARISONS:
        if given.only and comparison.name not in given.only:
            continue
        results.append(compare(comparison, runs, given.quick))
        text = comparison_table(document)
        # After each of them: what is interrupted leaves what it has.
        if given.json:
            given.json.write_text(json.dumps(document, indent=2) + "\n")
        if given.markdown:
            given.markdown.write_text(text)
    print(text)
    wrong = [line for result in results for line in result["wrong"]]
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
