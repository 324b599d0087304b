"""The public Python interface: describe a network, run it on a system, open its trace."""

from spikemesh.api.plugins import load_plugin
from spikemesh.api.result import RunResult
from spikemesh.api.scenarios import LoadedScenario, check_fit, map_scenario, open_scenario, run_scenario
from spikemesh.api.simulation import Mapped, Simulation, run
from spikemesh.api.system import System
from spikemesh.api.traces import open_trace
from spikemesh.description.builder import Network, rule
from spikemesh.description.drives import constant_current, poisson, steps
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings
from spikemesh.description.values import lognormal, normal, uniform
from spikemesh.mapping.report import MappingReport
from spikemesh.runtime.session import Progress

__all__ = [
    "LoadedScenario",
    "Mapped",
    "MappingReport",
    "MappingSettings",
    "Network",
    "Progress",
    "RunResult",
    "RunSettings",
    "Simulation",
    "System",
    "check_fit",
    "constant_current",
    "load_plugin",
    "lognormal",
    "map_scenario",
    "normal",
    "open_scenario",
    "open_trace",
    "poisson",
    "rule",
    "run",
    "run_scenario",
    "steps",
    "uniform",
]
