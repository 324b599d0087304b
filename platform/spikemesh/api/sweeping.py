"""Runs a scenario for all combinations of values, several at a time, never one twice."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikemesh.api.fingerprint import fingerprint
from spikemesh.api.run_figures import RunFigures
from spikemesh.api.scenarios import LoadedScenario, open_scenario
from spikemesh.api.sweep_folder import PAGE, TABLE, SweepFolder
from spikemesh.api.sweep_job import NAME
from spikemesh.api.sweep_table import Sweep, SweepRow
from spikemesh.description.overrides import parse_override
from spikemesh.description.values import Quantity
from spikemesh.description.variations import Variation, combinations, read_variations
from spikemesh.errors import DescriptionError, InputError, Problem, RunInterrupted, SpikemeshError
from spikemesh.runtime.groups import usable_cpus
from spikemesh.runtime.signals import interruption
from spikemesh.runtime.tasks import Lost, outcomes
from spikemesh.units import magnitude, whole_steps

Said = Callable[[str], None]


@dataclass(frozen=True)
class _Combination:
    """Values of all keys, the overrides that set them, and the name of its files."""

    values: tuple[str, ...]
    overrides: tuple[str, ...]
    name: str


def sweep(
    scenario: str | Path | LoadedScenario,
    vary: Sequence[str] | Mapping[str, Sequence[Any]],
    out: str | Path,
    *,
    overrides: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
    duration: Quantity | None = None,
    backend: str | None = None,
    jobs: int | None = None,
    traces: bool = True,
    show: Sequence[str] = (),
    overwrite: bool = False,
    said: Said | None = None,
) -> Sweep:
    """Run a scenario for all combinations of values of some of its keys.

    Every combination is a task of its own, whose threads are those of one worker unless ``run.workers`` is set: results
    are those of single runs, for any number of tasks at a time. A combination that is done is recorded at once; if the
    sweep is interrupted, or its process killed, the same call runs what is missing.

    Parameters
    ----------
    scenario
        Name, file or folder; or what :func:`open_scenario` returned.
    vary
        Texts such as ``"system.chips=1,2,4"``, or values by path.
    out
        Folder for results, traces, table and page.
    overrides, plugins
        As for :func:`open_scenario`.
    duration
        Replaces that of the scenario.
    backend
        ``ray`` (tasks of a Ray of our own) or ``local`` (processes of this machine). None: what the scenario says, else
        Ray where several combinations are to be run at a time.
    jobs
        Combinations at a time; None: one for each CPU.
    traces
        Whether to keep the traces.
    show
        Figures that the page shows; see :meth:`Sweep.chosen`.
    overwrite
        Begin anew in a folder that holds a sweep.
    said
        Takes a line when a combination is done.

    Returns
    -------
    Sweep
        A row for each combination, those that went wrong with what was wrong.

    Raises
    ------
    InputError
        If the scenario or what is varied is wrong, or the folder holds something else.
    RunInterrupted
        If the user stopped it.
    """
    variations = read_variations(vary)
    loaded = scenario if isinstance(scenario, LoadedScenario) else open_scenario(
        scenario, overrides=overrides, plugins=plugins
    )  # fmt: skip
    if jobs is not None and jobs < 1:
        raise InputError(Problem("jobs", f"{jobs} at a time", "at least 1"))
    wanted = _combinations(variations, loaded.overrides)
    _check(loaded, variations, wanted, duration)
    belongs = fingerprint(loaded) | {"duration": "" if duration is None else str(duration)}
    task = {
        "scenario": loaded.source or loaded.scenario.text,
        "plugins": [str(Path(p).absolute()) for p in loaded.plugins],
        "duration": duration,
        "workers": None if _sets_workers((*loaded.overrides, *wanted[0].overrides)) else 1,
        "keep": traces,
    }
    with SweepFolder(Path(out), belongs, overwrite) as folder:
        _run(
            folder,
            wanted,
            task,
            _backend(backend, loaded),
            jobs or usable_cpus(),
            said or (lambda _line: None),
        )
        rows = [_row(folder, combination) for combination in wanted]
        found = Sweep(loaded.scenario.name, [v.key for v in variations], rows)
        folder.write(TABLE, found.to_csv())
        folder.write(PAGE, found.page(show))
    return found


def _combinations(variations: Sequence[Variation], overrides: Sequence[str]) -> list[_Combination]:
    found = []
    for values in combinations(variations):
        set_here = [f"{v.key}={value}" for v, value in zip(variations, values, strict=True)]
        found.append(_Combination(values, (*overrides, *set_here), _name(set_here)))
    return found


def _name(overrides: Sequence[str]) -> str:
    """Return the name of a combination's files: what one can read of it, and a hash that tells it apart."""
    digest = hashlib.sha256(json.dumps(sorted(overrides)).encode()).hexdigest()[:12]
    readable = re.sub(r"[^A-Za-z0-9.=]+", "-", "_".join(overrides)).strip("-.")[:80]
    return f"{readable}-{digest}"


def _check(
    loaded: LoadedScenario,
    variations: Sequence[Variation],
    wanted: Sequence[_Combination],
    duration: Quantity | None,
) -> None:
    """See that at least one combination can be opened: a misspelt key would spoil all of them."""
    for variation in variations:
        if parse_override(f"{variation.key}=0")[0] == ["run", "backend"]:
            found = (
                "every combination is run by the threads of its task; results do not depend on the backend"
            )
            raise InputError(Problem(f"--vary {variation.key}", found, "another key"))
    if duration is not None:
        steps = magnitude(duration, "ms", "duration")
        whole_steps(steps, loaded.network.timestep_ms, "duration")
    first: SpikemeshError | None = None
    for combination in wanted:
        try:
            open_scenario(
                loaded.source or loaded.scenario.text, overrides=combination.overrides, plugins=loaded.plugins
            )
        except DescriptionError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first


def _sets_workers(overrides: Sequence[str]) -> bool:
    return any(parse_override(text)[0] == ["run", "workers"] for text in overrides)


def _backend(backend: str | None, loaded: LoadedScenario) -> str | None:
    return backend or loaded.scenario.run.backend


def _run(
    folder: SweepFolder,
    wanted: Sequence[_Combination],
    task: Mapping[str, Any],
    backend: str | None,
    jobs: int,
    said: Said,
) -> None:
    missing = [c for c in wanted if _unfinished(folder.result(c.name))]
    if len(missing) < len(wanted):
        said(f"{len(wanted) - len(missing)} of {len(wanted)} combinations are done already")
    chosen = backend or ("ray" if min(jobs, len(missing)) > 1 else "local")
    items = [{**task, "overrides": list(c.overrides), "trace": str(folder.trace(c.name))} for c in missing]
    done = len(wanted) - len(missing)
    with interruption() as stopped:
        for place, result in outcomes(NAME, items, jobs, chosen, stopped):
            kept = {"how": "failed", "problem": result.reason} if isinstance(result, Lost) else result
            folder.record(missing[place].name, {"values": list(missing[place].values), **kept})
            done += 1
            said(f"{done} of {len(wanted)}: {' '.join(missing[place].overrides)}: {_told(kept)}")
    if stopped() and done < len(wanted):
        text = f"interrupted: {done} of {len(wanted)} combinations are done; the same command runs the others"
        raise RunInterrupted(text)


def _unfinished(result: Mapping[str, Any] | None) -> bool:
    """Tell whether a combination is to be run: one that failed may succeed, one that is wrong stays so."""
    return result is None or result.get("how") not in ("done", "wrong")


def _told(result: Mapping[str, Any]) -> str:
    return f"run in {result['run_s']:.3g} s" if result["how"] == "done" else str(result["problem"])


def _row(folder: SweepFolder, combination: _Combination) -> SweepRow:
    result = folder.result(combination.name) or {"how": "failed", "problem": "its result cannot be read"}
    if result["how"] != "done":
        return SweepRow(combination.values, result["how"], problem=result["problem"])
    figures = RunFigures(result["figures"], frozenset(result["not_published"]), frozenset(result["at_least"]))
    trace = folder.trace(combination.name)
    return SweepRow(
        combination.values, "done", figures, digest=result["digest"], trace=trace if trace.exists() else None
    )
