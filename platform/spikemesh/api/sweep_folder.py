"""The folder of a sweep: what it belongs to, and the result of every combination that is done."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from spikemesh.api.fingerprint import changes
from spikemesh.errors import InputError, Problem

MANIFEST, LOCK, RESULTS, TRACES = "sweep.json", "lock", "results", "traces"
TABLE, PAGE = "table.csv", "sweep.html"
FORMAT = "spikemesh sweep 1"
_WHERE = "--out"


class SweepFolder:
    """A folder that one sweep at a time works in; use it as a context.

    Parameters
    ----------
    path
        The folder; it is made if need be.
    belongs
        Parts from which all results follow, by name.
    overwrite
        Drop the results of another state of the scenario.

    Raises
    ------
    InputError
        If it holds something else than a sweep, or one of another state of the scenario, or is in use.
    """

    def __init__(self, path: Path, belongs: Mapping[str, str], overwrite: bool) -> None:
        self.path, self._belongs, self._overwrite = path, dict(belongs), overwrite
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            self._check_contents()
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            self._claim()
        except OSError as error:
            self._release()
            found = f"{self.path} cannot be written: {error.strerror}"
            raise InputError(Problem(_WHERE, found, "a folder that can be written")) from None
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._release()

    def result(self, name: str) -> dict[str, Any] | None:
        """Return the result of a combination; None if it is not done."""
        try:
            found: dict[str, Any] = json.loads((self.path / RESULTS / f"{name}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def record(self, name: str, result: Mapping[str, Any]) -> None:
        """Keep the result of a combination: afterwards it survives whatever happens."""
        _write_whole(self.path / RESULTS / f"{name}.json", json.dumps(result, indent=1, sort_keys=True))

    def write(self, name: str, text: str) -> Path:
        """Write a table or page."""
        _write_whole(self.path / name, text)
        return self.path / name

    def trace(self, name: str) -> Path:
        """Return the path of the trace of a combination."""
        return (self.path / TRACES / f"{name}.h5").absolute()

    def _check_contents(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise InputError(Problem(_WHERE, f"{self.path} is a file", "a folder"))
        if self.path.is_dir() and not (self.path / MANIFEST).exists():
            others = [p.name for p in self.path.iterdir() if p.name != LOCK]
            if others:
                found = f"{self.path} holds {sorted(others)[0]}, and no sweep"
                raise InputError(Problem(_WHERE, found, "a new or empty folder, or that of a sweep"))

    def _take(self) -> None:
        self._descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                found = f"another sweep works in {self.path}"
                raise InputError(Problem(_WHERE, found, "wait for its end, or another folder")) from None
            # A file system without locks: the sweep goes on, it is only not protected from a second one.

    def _claim(self) -> None:
        manifest = self.path / MANIFEST
        if manifest.exists():
            changed = self._changed(manifest)
            if changed and not self._overwrite:
                found = f"{self.path} holds the sweep of another state of the scenario: {', '.join(changed)} changed"
                raise InputError(Problem(_WHERE, found, "--overwrite begins anew; or another folder"))
            if self._overwrite:
                for name in (RESULTS, TRACES):
                    shutil.rmtree(self.path / name, ignore_errors=True)
        for name in (RESULTS, TRACES):
            (self.path / name).mkdir(exist_ok=True)
        text = json.dumps({"format": FORMAT, "belongs": self._belongs}, indent=1)
        _write_whole(manifest, text)

    def _changed(self, manifest: Path) -> list[str]:
        try:
            kept = json.loads(manifest.read_text("utf-8"))
            return changes(dict(kept["belongs"]), self._belongs)
        except (OSError, ValueError, KeyError, TypeError):
            return [MANIFEST]

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is either absent or whole: temporary name, fsync, rename."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
