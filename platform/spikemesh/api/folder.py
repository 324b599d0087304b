"""Folders of traces."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from spikemesh.errors import InputError, Problem


class TemporaryFolder:
    """A folder that is removed when nothing refers to this object any more, or at exit."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="spikemesh-"))
        self._remove = weakref.finalize(self, shutil.rmtree, str(self.path), ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Make the folder of a file to be.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"folder {folder} cannot be made: {error.strerror}"
        raise InputError(Problem("out", found, "a folder that can be written")) from None
