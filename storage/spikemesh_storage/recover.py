"""From what a killed run left to the canonical file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from spikemesh.errors import TraceError
from spikemesh_storage.content import Outcome
from spikemesh_storage.finalise import finalise
from spikemesh_storage.live import remove_live
from spikemesh_storage.live_content import LiveContent
from spikemesh_storage.lock import FolderLock
from spikemesh_storage.paths import find_live, target_of


def recover(path: Path) -> Path:
    """Write the canonical file of a run whose writer died, and remove its live folder.

    Everything up to the last commit whose checksums fit is kept; nothing after it. The file is
    byte for byte what the run would have written had it been stopped at that tick, but for
    ``/status`` and ``/provenance``. A run that was killed while it wrote its own file keeps its status.

    Parameters
    ----------
    path
        The target (``run.h5``) or its live folder.

    Returns
    -------
    Path
        The finished file.

    Raises
    ------
    TraceError
        If there is nothing to recover, the writer is alive, or the file cannot be written.
    """
    folder = find_live(path)
    if folder is None:
        finished = " (it is a finished file)" if path.is_file() else ""
        raise TraceError(f"{path}: there is no live trace to recover{finished}")
    lock = FolderLock(folder)
    try:
        content = LiveContent(folder, verify=True)
        try:
            content.outcome = _outcome(content)
            finalise(content, target_of(folder))
        finally:
            content.close()
        remove_live(folder)
    finally:
        lock.release()
    return target_of(folder)


def _outcome(content: LiveContent) -> Outcome:
    ended = content.ended()
    if ended is not None:
        return replace(ended, recovered=True)
    return Outcome("interrupted", f"the writer died; recovered up to tick {content.until}", recovered=True)
