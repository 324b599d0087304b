"""Whether a trace can be written, looked at before anything is built, which may take a while."""

from __future__ import annotations

from pathlib import Path

from spikemesh.errors import InputError, Problem


def check_free(out: str, overwrite: bool) -> None:
    """Check that a trace may be written.

    Raises
    ------
    InputError
        If there is a folder of that name, or a file that is not to be overwritten.
    """
    if Path(out).is_dir():
        raise InputError(Problem("--out", f"{out} is a folder", "the trace is one file, such as run.h5"))
    if Path(out).exists() and not overwrite:
        raise InputError(Problem("--out", f"{out} exists", "--overwrite replaces it; or give another name"))
