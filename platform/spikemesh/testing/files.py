"""The suites of trace stores, scenarios and commands."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.contracts.scenario import ScenarioFolder
from spikemesh.contracts.trace import Chunk, ProbePlan, TracePlan
from spikemesh.description.scenario import find_source, read_scenario
from spikemesh.testing.checks import Check, Skipped
from spikemesh.testing.subjects import Subject


def store_checks(subject: Subject) -> list[Check]:
    """List the checks of a trace store."""

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    return [
        check("gives back what it was given", lambda: _round_trip(subject.item)),
        check("keeps what was recorded of a run that broke off", lambda: _recovers(subject.item)),
    ]


def scenario_checks(subject: Subject) -> list[Check]:
    """List the checks of a scenario."""

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    return [
        check("documented", lambda: _readme(subject.item)),
        check("its file is valid", lambda: _valid(subject.item)),
    ]


def command_checks(subject: Subject) -> list[Check]:
    """List the checks of a command."""
    return [Check(subject.kind, subject.name, "documented", lambda: _help(subject.item))]


PLAN = TracePlan(
    timestep_ms=1.0,
    populations=(("a", 3), ("b", 2)),
    recorded=("a",),
    probes=(ProbePlan("b", "v", "mV", np.arange(2), 2),),
    weights=(),
    core_names=("chip0.core0",),
    link_names=(),
    bin_steps=10,
    packet_bits=32,
    placement={"a": np.zeros(3, np.int32), "b": np.zeros(2, np.int32)},
)


def _chunk(first: int, until: int) -> Chunk:
    ticks = np.arange(first + 1, until + 1, dtype=np.int64)
    sampled = ticks[ticks % 2 == 0]
    bins = np.zeros(((until - 1) // 10 - first // 10 + 1, 1), dtype=np.int64)
    none = np.zeros((len(bins), 0), dtype=np.int64)
    values = np.column_stack([sampled * 1.5, -sampled * 0.25])
    return Chunk(
        first,
        until,
        spikes={"a": (ticks, ticks % 3)},
        probes={0: [(sampled, np.arange(2), values)]},
        first_bin=first // 10,
        counters={"core_spikes": bins, "core_synaptic_events": bins, "link_packets": none},
    )


def _round_trip(store: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"trace{store.suffixes[0]}"
        writer = store.create(path, PLAN)
        writer.append(_chunk(0, 20))
        writer.append(_chunk(20, 30))
        writer.finish("complete")
        with store.open(path) as trace:
            _compare(trace, 30)
    return "30 steps in two pieces"


def _compare(trace: Any, steps: int) -> None:
    neurons = np.asarray(trace.spikes("a").neurons)
    expected = np.arange(1, steps + 1) % 3
    assert np.array_equal(neurons, expected), f"{len(neurons)} spikes come back, other than were written"


def _recovers(store: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"trace{store.suffixes[0]}"
        writer = store.create(path, PLAN)
        writer.append(_chunk(0, 20))
        writer.abandon()
        store.recover(path)
        with store.open(path) as trace:
            _compare(trace, 20)
    return "20 steps"


def _readme(folder: ScenarioFolder) -> str:
    assert (folder.path / "scenario.toml").is_file(), f"{folder.path} holds no scenario.toml"
    readme = folder.path / "README.md"
    assert readme.is_file(), (
        f"{folder.path} holds no README.md: the question, the expected answer, the source"
    )
    return readme.read_text(encoding="utf-8").strip().splitlines()[0].lstrip("# ")


def _valid(folder: ScenarioFolder) -> str:
    if (folder.path / "scenario.py").is_file():
        raise Skipped(
            f"its own code prepares it; spikemesh validate {folder.name} runs that and looks at the result"
        )
    draft = read_scenario(find_source(folder.path / "scenario.toml"))
    assert not draft.problems, "\n".join(str(problem) for problem in draft.located())
    return "no problem found"


def _help(command: Any) -> str:
    assert command.help or command.short_help, "there is no help: give the function a docstring"
    return str(command.get_short_help_str(80))
