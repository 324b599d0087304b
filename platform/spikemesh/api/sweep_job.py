"""One combination of a sweep: run in a process of its own, and answered in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikemesh.api.run_figures import run_figures
from spikemesh.api.scenarios import open_scenario, run_scenario
from spikemesh.api.traces import open_trace
from spikemesh.errors import InputError, SpikemeshError

NAME = "spikemesh.api.sweep_job:run_combination"


def run_combination(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run a scenario with overrides.

    Parameters
    ----------
    job
        ``scenario``, ``overrides``, ``plugins``, ``duration``, ``workers`` and ``trace``, and whether to ``keep`` it.

    Returns
    -------
    dict
        ``how`` it ended (``done``, ``wrong`` input, ``failed``) with either the figures or the ``problem``.
    """
    try:
        return _run(job)
    except InputError as error:
        return {"how": "wrong", "problem": "; ".join(str(problem) for problem in error.problems)}
    except SpikemeshError as error:
        return {"how": "failed", "problem": str(error)}
    except Exception as error:
        return {"how": "failed", "problem": f"internal error: {type(error).__name__}: {error}"}


def _run(job: Mapping[str, Any]) -> dict[str, Any]:
    loaded = open_scenario(job["scenario"], overrides=job["overrides"], plugins=job["plugins"])
    workers = job["workers"] or loaded.scenario.run.workers
    path = Path(job["trace"])
    result = run_scenario(
        loaded, out=path, backend="local", workers=workers, duration=job["duration"], overwrite=True
    )
    with open_trace(path) as trace:
        figures = run_figures(trace)
    if not job["keep"]:
        path.unlink()
    return {
        "how": "done",
        "figures": dict(figures.values),
        "not_published": sorted(figures.not_published),
        "at_least": sorted(figures.at_least),
        "digest": result.summary["digest"],
        "run_s": result.summary["run_s"],
    }
