"""The errors of a worker whose peer is gone or sends something else than is due."""

from __future__ import annotations

from spikemesh.errors import RunError


class PeerLostError(RunError):
    """A worker cannot go on because another one is gone or the run is being aborted.

    Parameters
    ----------
    message
        What was noticed.
    peer
        Number of the worker that is gone, None if the run is being aborted.
    """

    def __init__(self, message: str, peer: int | None = None) -> None:
        super().__init__(message)
        self.peer = peer

    def __reduce__(self) -> tuple[type[PeerLostError], tuple[object, ...]]:
        return type(self), (self.message, self.peer)


def out_of_order(source: int, found: int, due: int) -> RunError:
    """Make the error for a block of another window than the one that is due."""
    return RunError(
        f"worker {source} sent the packets of window {found} where those of window {due} were due: "
        "packets were lost or repeated"
    )
