"""Run a peer's script in its own environment."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from environments import UnavailableError, interpreter, peer_environment


def peer_arrays(python: Path, script: str, network: str, folder: Path) -> dict[str, Any]:
    """Run ``script NETWORK.json RESULT.npz`` and return the arrays of the result.

    Raises
    ------
    RuntimeError
        If the peer fails; with the last line that it said.
    """
    described, result = folder / "network.json", folder / "result.npz"
    described.write_text(network)
    command = [str(python), str(Path(__file__).with_name(script)), str(described), str(result)]
    done = subprocess.run(command, env=peer_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed: {done.stderr.strip().splitlines()[-1]}")
    with np.load(result) as arrays:
        return dict(arrays)


def compared(
    peer: str, header: str, names: Iterable[str], compare: Callable[[str, Path, Path], tuple[str, bool]]
) -> int:
    """Print a table of comparisons with a peer, a row as soon as it is there; return an exit status.

    ``compare(name, python, folder)`` returns the row and whether both sides agree.
    """
    try:
        python = interpreter(peer)
    except UnavailableError as error:
        print(f"{peer} is not available: {error}", file=sys.stderr)
        return 1
    print(header)
    print("|" + " --- |" * (header.count("|") - 1))
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            line, agrees = compare(name, python, Path(folder))
            print(line, flush=True)
            good = good and agrees
    return 0 if good else 1
