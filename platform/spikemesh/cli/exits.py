"""Exit codes, and what is said on standard error when a command does not succeed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from spikemesh.cli.output import write_json
from spikemesh.errors import AgentError, InputError, RunError, RunInterrupted, SpikemeshError

FAILED = 1
WRONG_INPUT = 2
INTERRUPTED = 130

JSON_KEY = "spikemesh.json"
TRACE_KEY = "spikemesh.trace"
"""Key in a context's ``meta``: the trace that is being written."""
RUNNING_KEY = "spikemesh.running"
"""Key in a context's ``meta``: steps have been computed, so a fault is no longer the user's mistake."""


@contextmanager
def exit_codes(ctx: click.Context) -> Iterator[None]:
    """Turn an exception into a message and an exit code.

    Parameters
    ----------
    ctx
        Context of the command; its ``meta`` says whether JSON is wanted and which trace is written.
    """
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except KeyboardInterrupt:
        ctx.exit(_report(ctx, RunInterrupted("interrupted")))
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            raise  # the reader of our output has gone; click ends quietly
        if os.environ.get("SPIKEMESH_DEBUG"):
            raise
        ctx.exit(_report(ctx, error))


def _report(ctx: click.Context, error: Exception) -> int:
    running = RUNNING_KEY in ctx.meta
    trace: str | None = ctx.meta.get(TRACE_KEY)
    code = _code(error, running)
    for line in _lines(error, trace, running):
        click.echo(line, err=True)
    if ctx.meta.get(JSON_KEY):
        write_json({"error": _as_object(error, code, trace)})
    return code


def _code(error: Exception, running: bool) -> int:
    if isinstance(error, RunInterrupted):
        return INTERRUPTED
    if isinstance(error, InputError):
        return WRONG_INPUT
    if isinstance(error, RunError) or not isinstance(error, SpikemeshError):
        return FAILED
    return FAILED if running else WRONG_INPUT


def _lines(error: Exception, trace: str | None, running: bool) -> Iterator[str]:
    if isinstance(error, InputError):
        yield from (str(problem) for problem in error.problems)
        yield f"{len(error.problems)} problem{'s' if len(error.problems) != 1 else ''} found"
    elif isinstance(error, RunInterrupted):
        yield _interrupted(error)
        yield from _what_is_left(trace)
    elif isinstance(error, SpikemeshError):
        yield from _failure(error, trace, running)
    else:
        yield f"internal error: {type(error).__name__}: {error}"
        yield "SPIKEMESH_DEBUG=1 in the environment shows the traceback"
        yield from _what_is_left(trace)


def _interrupted(error: RunInterrupted) -> str:
    text = error.message if "interrupted" in error.message else f"interrupted: {error.message}"
    return text if error.step is None or str(error.step) in text else f"{text} after step {error.step}"


def _failure(error: SpikemeshError, trace: str | None, running: bool) -> Iterator[str]:
    if isinstance(error, AgentError) and not _says_all(error.remote_traceback):
        yield error.remote_traceback.rstrip()
    text = str(error)
    if isinstance(error, RunError) and not isinstance(error, AgentError) and error.step is not None:
        text += f" (after completed step {error.step})"
    yield f"the run failed: {text}" if running or isinstance(error, RunError) else f"error: {text}"
    if running or isinstance(error, RunError):
        yield from _what_is_left(trace)


def _says_all(traceback: str) -> bool:
    """Whether a traceback adds nothing to the message: there is none, or it ends in an error of spikemesh."""
    lines = traceback.rstrip().splitlines()
    return not lines or lines[-1].startswith("spikemesh.errors.")


def _what_is_left(trace: str | None) -> Iterator[str]:
    if trace is None:
        return
    if Path(f"{trace}.live").exists():
        yield f"to keep what was recorded: spikemesh recover {trace}"
    elif Path(trace).exists():
        yield f"the trace holds what was recorded: {trace}"


def _as_object(error: Exception, code: int, trace: str | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": str(error),
        "exit_code": code,
        "trace": trace,
    }
    if isinstance(error, InputError):
        described["problems"] = [vars(problem) for problem in error.problems]
    if isinstance(error, RunError):
        described["step"] = error.step
    if isinstance(error, AgentError):
        described["agent"] = error.agent
    return described
