"""``spikemesh doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spikemesh.cli import checks, kernel_cache
from spikemesh.cli.exits import FAILED
from spikemesh.cli.options import json_option
from spikemesh.cli.output import write_columns, write_json


@click.command("doctor", short_help="Examine this machine and installation.")
@click.option("--clear-cache", is_flag=True, help="Delete compiled code first; the next run compiles again.")
@json_option
@click.pass_context
def command(ctx: click.Context, clear_cache: bool, as_json: bool) -> None:
    """Examine this machine and installation; exit code 1 if something will get in the way."""
    found = examine(clear_cache)
    if as_json:
        write_json(found)
    else:
        _write(found)
    if found["problems"]:
        ctx.exit(FAILED)


def examine(clear_cache: bool = False) -> dict[str, Any]:
    """Look at everything, with an empty kernel cache if wanted; ``problems`` lists what will get in the way."""
    kernels = checks.kernels()
    if clear_cache and "folder" in kernels:
        folder = Path(kernels["folder"])
        freed = kernel_cache.clear(folder)
        kernels |= {**kernel_cache.contents(folder, kernels["stamp"]), "freed_mb": freed}
    found: dict[str, Any] = {
        "machine": checks.machine(),
        "libraries": checks.libraries(),
        "shared_memory": checks.shared_memory(),
        "kernels": kernels,
        "ray": checks.ray(),
        "plugins": checks.plugins(),
    }
    found["problems"] = checks.problems(found)
    return found


def _write(found: dict[str, Any]) -> None:
    machine, memory, kernels = found["machine"], found["shared_memory"], found["kernels"]
    write_columns(
        [
            ("python", f"{machine['python']} ({machine['executable']})"),
            ("system", machine["system"]),
            ("processors", f"{machine['cpus_usable']} usable of {machine['cpus']}"),
            ("memory", f"{machine['memory_mb']:,} MB, {machine['memory_available_mb']:,} MB available"),
            ("shared memory", f"{memory['path']}, {memory['size_mb']:,} MB, {memory['free_mb']:,} MB free"),
            ("kernel cache", _cache(kernels)),
            ("this version", _code(kernels)),
            ("compiler", _compiler(kernels)),
            ("ray", found["ray"].get("version", found["ray"].get("error"))),
            ("libraries", ", ".join(f"{name} {version}" for name, version in found["libraries"].items())),
            (
                "plugins",
                f"{len(found['plugins']['loaded'])} loaded, {len(found['plugins']['broken'])} broken",
            ),
        ]
    )
    for problem in found["problems"]:
        click.echo(f"problem: {problem}")
    if not found["problems"]:
        click.echo("no problems found")


def _cache(kernels: dict[str, Any]) -> str:
    if "error" in kernels:
        return str(kernels["error"])
    freed = f"{kernels['freed_mb']} MB deleted from " if "freed_mb" in kernels else ""
    return f"{freed}{kernels['folder']}, {kernels['files']} files, {kernels['size_mb']} MB"


def _code(kernels: dict[str, Any]) -> str:
    if "error" in kernels:
        return "-"
    state = (
        "compiled" if kernels["current"] else "not compiled yet: the first run will take some seconds more"
    )
    old = (
        f"; {kernels['outdated_mb']} MB of {kernels['outdated']} former versions (--clear-cache deletes them)"
    )
    return f"{kernels['stamp']}, {kernels['entries']} entries, {state}{old if kernels['outdated'] else ''}"


def _compiler(kernels: dict[str, Any]) -> str:
    if "error" in kernels:
        return "-"
    library = "in use" if kernels["vector_math_library"] else "off, as it should be"
    return f"LLVM {kernels['llvm']}, vector math library {library}"
