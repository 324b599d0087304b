"""A run as one page of HTML that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikemesh.drawing.page import figure, page, paragraph, table
from spikemesh.drawing.svg import Bar, bars, line
from spikemesh.errors import InputError, Problem
from spikemesh_storage.energy import STEP_TIME
from spikemesh_storage.hardware_tables import in_unit
from spikemesh_storage.tables import shown

if TYPE_CHECKING:
    from spikemesh_storage.reader import Trace

MOST_LINKS = 25
_UNITS = ((1e9, "ms"), (1e6, "us"), (1e3, "ns"), (1.0, "ps"))


def write_report(trace: Trace, target: Path) -> None:
    """Write the report of a trace.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    text = report(trace)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        found = f"{target} cannot be written: {error.strerror}"
        raise InputError(Problem("output", found, "a file in a folder that exists")) from None


def report(trace: Trace) -> str:
    """Return the report of a trace as HTML."""
    found = trace.analyse()
    title = _title(trace)
    parts = [_facts(trace, found), *_hardware(trace, found)]
    if found["populations"]:
        parts += ["<h2>Populations</h2>", _firing(found["populations"])]
    results = found.get("results")
    if isinstance(results, Mapping):
        parts += ["<h2>Results of the scenario</h2>", _table(["", "value"], results.items())]
    return page(title, parts)


def _title(trace: Trace) -> str:
    scenario = trace.provenance.get("scenario")
    name = scenario.get("name") if isinstance(scenario, Mapping) else None
    return name or trace.path.stem


def _facts(trace: Trace, found: Mapping[str, Any]) -> str:
    summary = trace.summary()
    facts: list[tuple[str, str]] = [
        ("status", found["status"]),
        ("model time", f"{trace.duration_ms:,g} ms in {trace.until_tick:,} steps"),
        ("spikes", shown(summary["spikes"])),
        ("synaptic events", shown(summary["synaptic_events"])),
        ("packets on links", shown(summary["packets"])),
    ]
    hardware = found.get("hardware")
    if hardware is not None:
        facts.insert(0, ("system", f"{hardware['system']}, costs {hardware['costs'] or 'not given'}"))
        facts += _hardware_facts(summary)
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
    return f"<dl>{cells}</dl>"


def _hardware_facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = "" if summary["energy_note"] == "complete" else ">= "
    times = [("hardware time", "hardware_time_ms", 1e-3, "s"), ("mean step", "step_mean_ns", 1e-9, "s")]
    energies = [
        ("energy", "energy_mj", 1e-3, "J"),
        ("energy of an inference", "energy_per_inference_mj", 1e-3, "J"),
        ("mean power", "power_mw", 1e-3, "W"),
        ("energy-delay product", "delay_product_js", 1.0, "J s"),
    ]
    facts = [
        (name, in_unit(summary[key] * scale, unit)) for name, key, scale, unit in times if summary.get(key)
    ]
    if summary.get("slowdown") is not None:
        facts.append(("hardware time / model time", f"{summary['slowdown']:.3g}"))
    facts += [
        (name, known + in_unit(summary[key] * scale, unit))
        for name, key, scale, unit in energies
        if summary.get(key)
    ]
    if summary.get("time_per_inference_ms") is not None:
        facts.append(("time of an inference", in_unit(summary["time_per_inference_ms"] * 1e-3, "s")))
    return facts


def _hardware(trace: Trace, found: Mapping[str, Any]) -> list[str]:
    hardware = found.get("hardware")
    parts: list[str] = []
    if STEP_TIME in trace.series and trace.until_tick:
        parts += ["<h2>Time of a step</h2>", _step_times(trace)]
    if hardware is not None:
        parts += _critical(hardware, trace.until_tick)
    if found["links"] and "utilisation" in found["links"][0]:
        parts += ["<h2>Links</h2>", _links(found["links"])]
    if hardware is not None:
        if "latency" in hardware:
            parts += ["<h2>Latency of packets</h2>", _latencies(hardware["latency"])]
        parts += ["<h2>Energy</h2>", *_energy(hardware["energy"])]
    return parts


def _step_times(trace: Trace) -> str:
    times = trace.per_step(STEP_TIME).astype(np.float64)
    scale, unit = next((u for u in _UNITS if times.max() >= u[0]), _UNITS[-1])
    drawn = line(times / scale, trace.timestep_ms, "model time in ms", f"hardware time of a step in {unit}")
    return figure(
        drawn, "Mean of the steps under each pixel; the band goes from the shortest to the longest of them."
    )


def _critical(hardware: Mapping[str, Any], steps: int) -> list[str]:
    rows = [
        [row[what], row["steps"], f"{100 * row['share']:.3g} %"]
        for what in ("core", "link")
        for row in hardware.get(f"critical_{what}s", [])[:5]
    ]
    head = [f"done last, in {steps:,} steps", "steps", "share"]
    return [_table(head, rows)] if rows else []


def _links(rows: Sequence[Mapping[str, Any]]) -> str:
    hottest = sorted(rows, key=lambda row: -(row["utilisation"] or 0.0))[:MOST_LINKS]
    drawn = [Bar(row["link"], row["utilisation"] or 0.0, _link_note(row)) for row in hottest]
    most = max([1.0, *(bar.value or 0.0 for bar in drawn)])
    more = f" The hottest {len(hottest)} of {len(rows)}." if len(rows) > len(hottest) else ""
    caption = f"Part of the hardware time in which a link was busy; a full bar is {100 * most:.3g} %.{more}"
    return figure(bars(drawn, "utilisation of links", most), caption)


def _link_note(row: Mapping[str, Any]) -> str:
    note = f"{100 * (row['utilisation'] or 0.0):.3g} %, {row['packets']:,} packets"
    lost = sum(row.get(key, 0) for key in ("dropped", "late"))
    return f"{note}, {lost:,} lost or late" if lost else note


def _latencies(latency: Mapping[str, Any]) -> str:
    columns = ["packets", "p50_ns", "p90_ns", "p99_ns", "max_ns"]
    rows = [[row["hops"].replace("_", " "), *(row[c] for c in columns)] for row in latency["classes"]]
    note = f"Lower edges of buckets; the values themselves are at most {100 * latency['bucket_width']:.3g} % above."
    return _table(["between cores", *(c.replace("_", " ") for c in columns)], rows) + paragraph(note)


def _energy(energy: Mapping[str, Any]) -> list[str]:
    parts = [paragraph(f"{energy['completeness'].capitalize().replace('_', ' ')}.")]
    for part, what in (
        ("dynamic", "What is done"),
        ("static", "What is merely there, over the hardware time"),
    ):
        terms = [term for term in energy["terms"] if term["part"] == part and term["count"] != 0]
        if terms:
            total = in_unit(energy[f"{part}_pj"]["value"] * 1e-12, "J")
            drawn = bars([_energy_bar(term) for term in terms], f"{part} energy")
            caption = (
                f"{what}: {total} of what is known. Thin lines are ranges of the figures, where published."
            )
            parts.append(figure(drawn, caption))
    return parts


def _energy_bar(term: Mapping[str, Any]) -> Bar:
    value, label = term["value_pj"], term["kind"].replace("_", " ")
    note = term["note"] if value is None else in_unit(value * 1e-12, "J")
    return Bar(label, value, note, term["low_pj"], term["high_pj"], f"bar {term['part']}")


def _firing(populations: Mapping[str, Any]) -> str:
    columns = ["neurons", "spikes", "rate_mean_hz", "isi_cv", "synchrony_chi"]
    rows = [[name, *(figures[c] for c in columns)] for name, figures in populations.items()]
    return _table(["population", *(c.replace("_", " ") for c in columns)], rows)


def _table(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    return table(head, ([shown(cell) for cell in row] for row in rows))
