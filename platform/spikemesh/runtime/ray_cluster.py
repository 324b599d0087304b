"""Starts a local Ray of our own, closed to others and leaving nothing behind, or joins a cluster."""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spikemesh.errors import RunError
from spikemesh.runtime.liveness import ProcessWatch
from spikemesh.runtime.signals import interruption

_FOLDER = "spikemesh-ray-"
_SOCKET_ROOM = 40
"""Longest temporary directory that leaves room for Ray's socket names (107 bytes in all)."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
"""One thread per actor: the actors themselves use all cores."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

_LOCAL = {"RAY_worker_niceness": "0"}
"""Ray makes its workers nicer than other processes, which slows them down on a busy machine."""


class RayCluster:
    """A connection to Ray.

    Parameters
    ----------
    address
        Cluster to join; None to start a local Ray, or to use the one this process is connected to.

    Attributes
    ----------
    joined
        Whether the Ray is somebody else's; it is then left running.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address
        self.joined = False
        self._connected = False
        self._folder: Path | None = None
        self._handler: Any = None
        self._print: Any = None

    def load(self) -> Any:
        """Import and return the ``ray`` module, set up so that nobody else can join a local Ray."""
        with _environment(_QUIET):
            if self.address is None:
                _use_token()
            return importlib.import_module("ray")

    def connect(self, cpus: int, object_store: int) -> None:
        """Start or join.

        Parameters
        ----------
        cpus
            Actors that have to find room.
        object_store
            Bytes of shared memory for programs and reports; used as needed.

        Raises
        ------
        RunError
            If Ray does not start or the cluster cannot be reached.
        KeyboardInterrupt
            If the user interrupted it; it has been ended then.
        """
        ray = self.load()
        if ray.is_initialized():
            self.joined = True
            return
        self.joined = self.address is not None
        main = threading.current_thread() is threading.main_thread()
        self._handler = signal.getsignal(signal.SIGTERM) if main else None
        self._connected = True
        self._silence()
        try:
            # An exception raised by a signal can get lost inside Ray, and leaves its processes behind.
            variables = _QUIET | ONE_THREAD | ({} if self.joined else _LOCAL)
            with interruption() as interrupted, _own_handlers() as theirs, _environment(variables):
                self._init(ray, cpus, object_store)
            # Ray's handler ends the process without a word, yet leaves less behind than the system's.
            if theirs and main and self._handler in (None, signal.SIG_DFL):
                signal.signal(signal.SIGTERM, theirs[-1])
            if interrupted():
                raise KeyboardInterrupt
        except BaseException as error:
            self.close()
            if not isinstance(error, Exception):
                raise
            place = f"join the Ray cluster at {self.address}" if self.address else "start a local Ray"
            raise RunError(f"cannot {place}: {_first_line(error)}") from error

    def close(self) -> None:
        """Leave the cluster; a Ray of our own ends with all its processes and files."""
        if self._connected:
            import ray

            self._connected = False
            _end_monitor()
            ray.shutdown()
        if self._print is not None:
            _worker_module().print_to_stdstream = self._print
            self._print = None
        if self._handler is not None:
            # Ray put its own in place, which ends the process as if it had called exit.
            signal.signal(signal.SIGTERM, self._handler)
            self._handler = None
        if self._folder is not None:
            _remove(self._folder)
            self._folder = None

    def _silence(self) -> None:
        """Keep Ray from writing on standard output, where results go, that an actor died; we report it."""
        module = _worker_module()
        self._print = getattr(module, "print_to_stdstream", None)
        if self._print is not None:
            module.print_to_stdstream = lambda *_, **__: None

    def _init(self, ray: Any, cpus: int, object_store: int) -> None:
        quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
        if self.address is not None:
            ray.init(address=self.address, **quiet)
            return
        _remove_stale()
        self._folder = _session_folder()
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            object_store_memory=object_store,
            _temp_dir=str(self._folder),
            **quiet,
        )


def _worker_module() -> Any:
    return importlib.import_module("ray._private.worker")


@contextlib.contextmanager
def _own_handlers() -> Iterator[list[Any]]:
    """Keep Ray from catching SIGTERM itself while it starts; yield the handlers it would have set."""
    module: Any = importlib.import_module("ray._private.utils")
    before = getattr(module, "set_sigterm_handler", None)
    wanted: list[Any] = []
    if before is not None:
        module.set_sigterm_handler = wanted.append
    try:
        yield wanted
    finally:
        if before is not None:
            module.set_sigterm_handler = before


def _end_monitor() -> None:
    """End the autoscaler of a Ray of our own: it does not heed SIGTERM, and ``shutdown`` would wait 1 s for it."""
    node = getattr(_worker_module(), "_global_node", None)
    for started in getattr(node, "all_processes", {}).get("monitor", ()):
        started.process.kill()


def _use_token() -> None:
    # A set mode is the user's choice. The token stays in the environment: a second Ray of this process
    # needs the same, because Ray remembers the first one it saw.
    if "RAY_AUTH_MODE" in os.environ:
        return
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    # If Ray was imported before, it has read the environment already and has to look again.
    with contextlib.suppress(ImportError, AttributeError):
        raylet: Any = importlib.import_module("ray._raylet")
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that are not set yet, for the processes that Ray starts, and unset them again."""
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: values[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _session_folder() -> Path:
    root = tempfile.gettempdir()
    if len(root) > _SOCKET_ROOM:
        root = "/tmp"  # noqa: S108  the folder in it is made by mkdtemp, for this user alone
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=root))


def _remove_stale() -> None:
    """Remove the folders of runs whose process was killed."""
    for root in {tempfile.gettempdir(), "/tmp"}:  # noqa: S108  only what this user made is removed
        for folder in Path(root).glob(f"{_FOLDER}*-*"):
            owner = folder.name[len(_FOLDER) :].partition("-")[0]
            with contextlib.suppress(OSError):
                if owner.isdigit() and folder.lstat().st_uid == os.geteuid() and not _alive(int(owner)):
                    shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    watch = ProcessWatch(pid)
    try:
        return watch.alive()
    finally:
        watch.close()


def _remove(folder: Path) -> None:
    # Ray's last process may still write while it ends.
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
