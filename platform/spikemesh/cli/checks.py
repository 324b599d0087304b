"""What ``spikemesh doctor`` looks at: this machine, its libraries, the kernel cache and the plugins."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from spikemesh.cli import kernel_cache

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (the mount itself, no temporary file of ours)
LEAST_SHARED_MB = 64
PROBE_TIMEOUT_S = 60

# Each is asked in a process of its own: an import that crashes must not end the examination.
RAY_PROBE = "import json, ray; print(json.dumps({'version': ray.__version__}))"
KERNEL_PROBE = """
import json
from spikemesh.kernels.accelerate import cache_folder, stamp
from numba.core import config
from llvmlite.binding import llvm_version_info
print(json.dumps({
    "folder": str(cache_folder()),
    "stamp": stamp(),
    "vector_math_library": bool(config.USING_SVML),
    "compiled": not config.DISABLE_JIT,
    "threads": config.NUMBA_NUM_THREADS,
    "llvm": ".".join(str(part) for part in llvm_version_info),
}))
"""


def libraries() -> dict[str, str]:
    """Versions of the libraries spikemesh needs, by name; ``missing`` for one that is not installed."""
    needed = [requirement for requirement in requires("spikemesh") or [] if "extra ==" not in requirement]
    names = [re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0] for requirement in needed]
    return {name: _version(name) for name in ["spikemesh", *names]}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def machine() -> dict[str, Any]:
    """Python, operating system, processors and memory (in MB)."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _memory_limit()
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "cpus_usable": len(os.sched_getaffinity(0)),
        "memory_mb": (total if limit is None else min(total, limit)) // 2**20,
        "memory_available_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") // 2**20,
    }


def _memory_limit() -> int | None:
    # A container's own limit; the host's memory would promise too much.
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return None


def shared_memory() -> dict[str, Any]:
    """Size and free space of shared memory in MB; it carries packets between Ray actors of one machine."""
    if not SHARED_MEMORY.is_dir():
        return {"path": str(SHARED_MEMORY), "size_mb": 0, "free_mb": 0}
    usage = shutil.disk_usage(SHARED_MEMORY)
    return {"path": str(SHARED_MEMORY), "size_mb": usage.total // 2**20, "free_mb": usage.free // 2**20}


def kernels() -> dict[str, Any]:
    """How kernels are compiled and where they are kept; ``error`` if they cannot be imported."""
    answer = _ask(KERNEL_PROBE)
    if "folder" in answer:
        folder = Path(answer["folder"])
        answer |= kernel_cache.contents(folder, answer["stamp"])
        answer["writable"] = _writable(folder)
    return answer


def _writable(folder: Path) -> bool:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return os.access(existing, os.W_OK | os.X_OK)


def ray() -> dict[str, Any]:
    """Version of Ray as imported; ``error`` if it cannot be."""
    return _ask(RAY_PROBE)


def _ask(code: str) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter, a constant text)
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {PROBE_TIMEOUT_S} s"}
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    if done.returncode != 0 or not lines:
        return {"error": lines[-1] if lines else f"ended with code {done.returncode}"}
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def plugins() -> dict[str, Any]:
    """Names of the plugins that loaded, and of the broken ones with their error."""
    from spikemesh.registry import load_registry

    registry = load_registry()
    return {
        "loaded": [p.name for p in registry.plugins if not p.error],
        "broken": [{"name": p.name, "origin": p.origin, "error": p.error} for p in registry.broken],
    }


def problems(found: dict[str, Any]) -> list[str]:
    """Say what of the findings will get in the way, and what to do about it."""
    said = [
        f"{name} is not installed; run: pip install {name}"
        for name, v in found["libraries"].items()
        if v == "missing"
    ]
    if "error" in found["ray"]:
        said.append(f"Ray cannot be imported ({found['ray']['error']}); only --backend local works")
    said.extend(_kernel_problems(found["kernels"]))
    if found["shared_memory"]["free_mb"] < LEAST_SHARED_MB:
        free, path = found["shared_memory"]["free_mb"], found["shared_memory"]["path"]
        said.append(f"{path} has {free} MB free; Ray actors on one machine need {LEAST_SHARED_MB} MB or more")
    said.extend(
        f"plugin {p['name']} ({p['origin']}) is broken: {p['error']}" for p in found["plugins"]["broken"]
    )
    return said


def _kernel_problems(found: dict[str, Any]) -> list[str]:
    if "error" in found:
        return [f"the kernels cannot be imported: {found['error']}"]
    said = []
    if found["vector_math_library"]:
        said.append(
            "numba uses a vector math library (SVML): results may differ in the last bit between placements"
        )
    if not found["compiled"]:
        said.append("NUMBA_DISABLE_JIT is set: runs are uncompiled and very slow")
    if not found["writable"]:
        said.append(f"{found['folder']} cannot be written: every run compiles again; set SPIKEMESH_CACHE")
    return said
