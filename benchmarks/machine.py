"""The machine and the versions behind a table of figures."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str | int]:
    """Return processor, cores, memory, system and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in ("spikemesh", "numba", "numpy", "ray")},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def described(found: dict[str, str | int]) -> str:
    """Return one sentence about the machine."""
    versions = ", ".join(f"{name} {found[name]}" for name in ("spikemesh", "numba", "numpy", "ray"))
    return (
        f"{found['processor']}, {found['cpus']} processors, {found['memory_gib']} GiB, {found['system']}; "
        f"Python {found['python']}, {versions}."
    )
