"""Folders for traces without a name of their own."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class TemporaryFolder:
    """A folder that is removed when nothing refers to this object any more, or at exit."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="spikemesh-"))
        self._remove = weakref.finalize(self, shutil.rmtree, str(self.path), ignore_errors=True)
