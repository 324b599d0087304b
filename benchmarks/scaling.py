"""Cost of spikemesh against size, rate, chips, workers and the form of weights and delays.

    python benchmarks/scaling.py [--only size rate chips workers form] [--runs 3] [--quick] [--json FILE]

The balanced network throughout. Against size, neurons and in-degree grow together and each synapse gets
weaker, so that the mean input stays. Every measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from definitions import BRUNEL, Brunel
from machine import described, machine
from table import figure, markdown

HERE = Path(__file__).resolve().parent
SIZES = (3.0, 4.0, 5.0, 6.0, 7.0, 7.5)
RATES = (0.6, 0.9, 1.0, 1.5, 2.5)
CHIPS = (1, 2, 8, 64)
FORMS = ("constant", "weights", "delays", "both")
HEADER = (
    "", "neurons", "synapses", "rate Hz", "s per model s", "million events per s", "ns per neuron and step",
    "exchange us", "build s", "peak MB",
)  # fmt: skip


def of_size(exponent: float) -> Brunel:
    """Return a balanced network of about ``10**exponent`` synapses."""
    synapses = 10**exponent
    indegree = min(1000, round((synapses / 10) ** 0.5))
    neurons = round(synapses / indegree)
    m, exc = BRUNEL["m"], round(0.8 * neurons)
    inputs = max(1, round(0.8 * indegree))
    part = m.indegree_e / inputs
    return replace(
        m, excitatory=exc, inhibitory=neurons - exc, indegree_e=inputs, indegree_i=indegree - inputs,
        psp_mv=m.psp_mv * part, external_hz=m.external_hz / part,
    )  # fmt: skip


def cases(what: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the label and the arguments of each measurement."""
    if what == "size":
        yield from ((f"10^{e:g}", {"exponent": e}) for e in SIZES)
    elif what == "rate":
        yield from ((f"drive x {r:g}", {"drive": r}) for r in RATES)
    elif what == "chips":
        for workers in (1, 2):
            for chips in CHIPS:
                if chips >= workers:
                    yield f"{chips} chips, {workers} workers", {"chips": chips, "workers": workers}
    elif what == "workers":
        for backend in ("local", "ray"):
            for workers in (1, 2):
                yield f"{backend}, {workers}", {"chips": 2, "workers": workers, "backend": backend}
    else:
        yield from ((form, {"form": form}) for form in FORMS)


def measured(case: dict[str, Any], duration_ms: float, runs: int) -> dict[str, Any]:
    """Medians of runs, each in a process of its own."""
    rows = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--one", json.dumps({**case, "duration_ms": duration_ms})]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        if done.returncode or not lines:
            raise SystemExit(f"{case}: {done.stderr.strip().splitlines()[-1:]}")
        rows.append(json.loads(lines[-1].removeprefix("RESULT ")))
    if len({row["digest"] for row in rows}) != 1:
        raise SystemExit(f"{case}: runs of one seed differ")
    middle = {k: statistics.median(r[k] for r in rows) for k in ("sim_s", "build_s", "peak_rss_mb")}
    return {**rows[0], **middle, "duration_ms": duration_ms}


def one(case: dict[str, Any]) -> None:
    """Measure in this process."""
    import networks
    from measure import measure

    import spikemesh as sm

    b = of_size(case["exponent"]) if "exponent" in case else BRUNEL["m"]
    b = replace(b, external_hz=b.external_hz * case.get("drive", 1.0))
    form = case.get("form", "constant")
    spread = {"weights": ("weights", "both"), "delays": ("delays", "both")}
    network = networks.brunel(
        b,
        poisson=case.get("poisson", True),
        stdp=case.get("stdp", False),
        plugin=case.get("plugin", False),
        silent=case.get("silent", False),
        recorded=case.get("recorded", True),
        weight=(lambda w: sm.uniform(min(0.5 * w, 1.5 * w), max(0.5 * w, 1.5 * w)))
        if form in spread["weights"]
        else None,
        delay=sm.uniform(0.1, 5.0) if form in spread["delays"] else None,
    )
    found = measure(
        network, sm.System.preset("ideal", chips=case.get("chips", 1)), case["duration_ms"],
        backend=case.get("backend", "local"), workers=case.get("workers", 1),
    )  # fmt: skip
    synapses = b.neurons * (b.indegree_e + b.indegree_i)
    print("RESULT " + json.dumps({"neurons": b.neurons, "synapses": synapses, **found}))


def row(label: str, found: dict[str, Any]) -> tuple[str, ...]:
    seconds = found["duration_ms"] * 1e-3
    steps = found["duration_ms"] / 0.1
    return (
        label,
        f"{found['neurons']:,}",
        f"{found['synapses']:,}",
        figure(found["spikes"] / found["neurons"] / seconds),
        figure(found["sim_s"] / seconds),
        figure(found["synaptic_events"] / found["sim_s"] / 1e6),
        figure(found["sim_s"] / found["neurons"] / steps * 1e9),
        "" if found["window_exchange_us"] is None else figure(found["window_exchange_us"]),
        figure(found["build_s"]),
        figure(found["peak_rss_mb"]),
    )


def main() -> int:
    kinds = ("size", "rate", "chips", "workers", "form")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--quick", action="store_true", help="short runs, one of each")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        one(given.one)
        return 0
    runs = given.runs or (1 if given.quick else 3)
    texts, found = [described(machine())], {}
    for what in given.only:
        results = {}
        for label, case in cases(what):
            results[label] = measured(case, 100.0 if given.quick else 500.0, runs)
            print(f"{what}: {label} {results[label]['sim_s']:.3f} s", file=sys.stderr, flush=True)
        found[what] = results
        header = (f"against {what}", *HEADER[1:])
        texts.append(markdown(header, [row(label, result) for label, result in results.items()]))
    text = "\n\n".join(texts)
    print(text)
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "found": found}, indent=2) + "\n")
    if given.markdown:
        given.markdown.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
