"""What is kept in a trace about where it came from."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from spikemesh.registry.shared import shared_registry

if TYPE_CHECKING:
    from spikemesh.api.simulation import Mapped

LIBRARIES = ("spikemesh", "numpy", "scipy", "numba", "llvmlite", "h5py", "ray", "pluggy", "pydantic")


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that have a say in results."""
    found = {"python": sys.version.split()[0]}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _memory(mapped: Mapped) -> dict[str, float]:
    """Memory of the chips that synapses take, and of the programs that simulate them."""
    programs = mapped.build.programs
    tables = sum(p.synapse_bytes for p in programs)
    return {
        "synapse_memory_of_chips_bits": int(mapped.report.use["synapse_memory_bits"].sum()),
        "tables_mb": tables / 2**20,
    }


def provenance(mapped: Mapped, backend: str, scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Collect seed, system, mapping, versions, plugins, host and backend of a run."""
    registry = shared_registry()
    used = {p.model.name for p in mapped.network.populations}
    used |= {(p.learning.declared or p.learning.rule).name for p in mapped.network.projections if p.learning}
    return {
        "scenario": dict(scenario),
        "seed": mapped.network.seed,
        "timestep_ms": mapped.network.timestep_ms,
        "system": mapped.system.model_dump(mode="json"),
        "mapping": {**mapped.mapping.model_dump(mode="json"), "report": mapped.report.to_dict()},
        "run": {
            "backend": backend,
            "actors": mapped.settings.actors,
            "workers": [list(names) for names in mapped.plan.agents],
            "links": mapped.settings.links,
            "bin_steps": mapped.settings.bin_steps,
        },
        "versions": versions(),
        "plugins": [{"name": p.name, "origin": p.origin, "error": p.error} for p in registry.plugins],
        "models": sorted(used),
        "memory": _memory(mapped),
        "host": {"machine": platform.machine(), "system": platform.platform(), "cpus": os.cpu_count()},
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
