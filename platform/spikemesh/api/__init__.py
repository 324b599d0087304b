"""The public Python interface: describe a network, run it on a system, open its trace.

Names are loaded when first used: a command that only reads a scenario need not load the compiler.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spikemesh.api.comparing import compare, overrides_of_scenario
    from spikemesh.api.comparison import ComparedSystem, Comparison
    from spikemesh.api.decoding import decode
    from spikemesh.api.mapped import Mapped
    from spikemesh.api.memory_measure import MemoryMeasure, measure_memory
    from spikemesh.api.plugins import load_plugin
    from spikemesh.api.result import RunResult
    from spikemesh.api.retiming import retime, retiming_settings
    from spikemesh.api.scenarios import LoadedScenario, check_fit, map_scenario, open_scenario, run_scenario
    from spikemesh.api.simulation import Simulation, run
    from spikemesh.api.stored_patterns import StoredPatterns
    from spikemesh.api.sweep_table import Sweep, SweepRow
    from spikemesh.api.sweeping import sweep
    from spikemesh.api.system import System
    from spikemesh.api.traces import open_trace
    from spikemesh.description.builder import Network, rule
    from spikemesh.description.drives import constant_current, poisson, steps
    from spikemesh.description.run import RunSettings
    from spikemesh.description.system import MappingSettings
    from spikemesh.description.values import lognormal, normal, uniform
    from spikemesh.mapping.picture_page import check_picture, write_picture
    from spikemesh.mapping.report import MappingReport
    from spikemesh.runtime.session import Progress

__all__ = [
    "ComparedSystem",
    "Comparison",
    "LoadedScenario",
    "Mapped",
    "MappingReport",
    "MappingSettings",
    "MemoryMeasure",
    "Network",
    "Progress",
    "RunResult",
    "RunSettings",
    "Simulation",
    "StoredPatterns",
    "Sweep",
    "SweepRow",
    "System",
    "check_fit",
    "check_picture",
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
    "overrides_of_scenario",
    "poisson",
    "retime",
    "retiming_settings",
    "rule",
    "run",
    "run_scenario",
    "steps",
    "sweep",
    "uniform",
    "write_picture",
]

_HOMES = {
    "spikemesh.api.comparing": ("compare", "overrides_of_scenario"),
    "spikemesh.api.comparison": ("ComparedSystem", "Comparison"),
    "spikemesh.api.decoding": ("decode",),
    "spikemesh.api.memory_measure": ("MemoryMeasure", "measure_memory"),
    "spikemesh.api.plugins": ("load_plugin",),
    "spikemesh.api.result": ("RunResult",),
    "spikemesh.api.retiming": ("retime", "retiming_settings"),
    "spikemesh.api.scenarios": (
        "LoadedScenario",
        "check_fit",
        "map_scenario",
        "open_scenario",
        "run_scenario",
    ),
    "spikemesh.api.mapped": ("Mapped",),
    "spikemesh.api.simulation": ("Simulation", "run"),
    "spikemesh.api.stored_patterns": ("StoredPatterns",),
    "spikemesh.api.sweep_table": ("Sweep", "SweepRow"),
    "spikemesh.api.sweeping": ("sweep",),
    "spikemesh.api.system": ("System",),
    "spikemesh.api.traces": ("open_trace",),
    "spikemesh.description.builder": ("Network", "rule"),
    "spikemesh.description.drives": ("constant_current", "poisson", "steps"),
    "spikemesh.description.run": ("RunSettings",),
    "spikemesh.description.system": ("MappingSettings",),
    "spikemesh.description.values": ("lognormal", "normal", "uniform"),
    "spikemesh.mapping.picture_page": ("check_picture", "write_picture"),
    "spikemesh.mapping.report": ("MappingReport",),
    "spikemesh.runtime.session": ("Progress",),
}
"""Module of each name."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
