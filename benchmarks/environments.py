"""One virtual environment per peer, made from the ``bench-*`` dependency groups of ``pyproject.toml``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-bench"
NEEDS_PYTHON = {"lava": "3.10"}
"""Peers that do not run on the Python that runs spikemesh."""


class UnavailableError(Exception):
    """A peer that cannot be had here, and why."""


def interpreter(peer: str) -> Path:
    """Return the Python of a peer's environment, which is made if need be.

    Raises
    ------
    UnavailableError
        If the peer cannot be installed.
    """
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][f"bench-{peer}"]
    python, stamp = FOLDER / peer / "bin" / "python", FOLDER / peer / "installed.json"
    if stamp.exists() and json.loads(stamp.read_text()) == wanted:
        return python
    base = _base(NEEDS_PYTHON.get(peer))
    print(f"installing {', '.join(wanted)} into {python.parents[1].relative_to(ROOT)}", file=sys.stderr)
    shutil.rmtree(python.parents[1], ignore_errors=True)
    _run([*base, "-m", "venv", str(python.parents[1])])
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
    stamp.write_text(json.dumps(wanted))
    return python


def _base(version: str | None) -> list[str]:
    if version is None:
        return [sys.executable]
    print_version = "import sys; print('%d.%d' % sys.version_info[:2])"
    for command in _candidates(version):
        try:
            answer = subprocess.run(
                [*command, "-c", print_version], capture_output=True, text=True, timeout=30, check=False
            )
        except OSError:
            continue
        if answer.stdout.strip() == version:
            return command
    raise UnavailableError(f"it needs Python {version}, which is not installed (tried PATH, pyenv and uv)")


def _candidates(version: str) -> list[list[str]]:
    found = [[f"python{version}"]]
    for tool, arguments in (("pyenv", ["prefix", version]), ("uv", ["python", "find", version])):
        if shutil.which(tool) is None:
            continue
        answer = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False)
        path = Path(answer.stdout.strip())
        if answer.returncode == 0:
            found.append([str(path / "bin" / "python" if path.is_dir() else path)])
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_clean())
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise UnavailableError(lines[-1].strip() if lines else f"{command[0]} ended with {done.returncode}")


def _clean() -> dict[str, str]:
    """Return this process's environment without what would show one environment the packages of another."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    return {key: value for key, value in os.environ.items() if key not in hidden}


def peer_environment() -> dict[str, str]:
    """Return the environment in which a peer's script finds the definitions, and nothing of ours else."""
    here = Path(__file__).resolve().parent
    return {**_clean(), "PYTHONPATH": os.pathsep.join([str(here), str(here / "peers")])}
