"""Simulator of systems of many neuromorphic chips.

>>> import spikemesh as sm
>>> net = sm.Network(timestep="0.1 ms", seed=1)

Public names are loaded when first used, so that plugins and the command line start quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spikemesh.api import (
        Comparison,
        MappingSettings,
        MemoryMeasure,
        Network,
        RunResult,
        RunSettings,
        Simulation,
        StoredPatterns,
        Sweep,
        System,
        compare,
        constant_current,
        decode,
        load_plugin,
        lognormal,
        map_scenario,
        measure_memory,
        normal,
        open_scenario,
        open_trace,
        poisson,
        retime,
        rule,
        run,
        run_scenario,
        steps,
        sweep,
        uniform,
    )

__version__ = "0.1.0"

__all__ = [
    "Comparison",
    "MappingSettings",
    "MemoryMeasure",
    "Network",
    "RunResult",
    "RunSettings",
    "Simulation",
    "StoredPatterns",
    "Sweep",
    "System",
    "compare",
    "constant_current",
    "decode",
    "load_plugin",
    "lognormal",
    "map_scenario",
    "measure_memory",
    "normal",
    "open_scenario",
    "open_trace",
    "poisson",
    "retime",
    "rule",
    "run",
    "run_scenario",
    "steps",
    "sweep",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("spikemesh.api"), name)
    raise AttributeError(f"module 'spikemesh' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
