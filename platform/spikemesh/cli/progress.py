"""Progress of a run on standard error: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import click

from spikemesh.cli.exits import RUNNING_KEY
from spikemesh.cli.signals import raise_lost

if TYPE_CHECKING:
    from spikemesh.api import Progress

LINE_EVERY_S = 5.0

Show: TypeAlias = "Callable[[Progress], None]"


@contextmanager
def progress(name: str, *, quiet: bool = False) -> Iterator[Show | None]:
    """Yield the function that shows a run's progress, or None if nothing is to be shown.

    Parameters
    ----------
    name
        Name of the scenario, shown in front.
    quiet
        Show nothing.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(name) as show:
            yield show
    else:
        yield _lines(name)


def running(ctx: click.Context, show: Show | None) -> Show:
    """Return what a run is to call: it notes that the run goes on, minds signals, and shows progress if wanted."""

    def advanced(report: Progress) -> None:
        ctx.meta[RUNNING_KEY] = True
        raise_lost(ctx)
        if show is not None:
            show(report)

    return advanced


def figures(report: Progress) -> str:
    """One line: model time, spikes per second, realtime factor and remaining time."""
    return (
        f"{in_time(report.model_ms / 1e3)} model time, {in_thousands(report.spikes_per_s)} spikes/s, "
        f"realtime factor {report.realtime_factor:.3g}, {_remaining(report.remaining_s)} left"
    )


def in_time(seconds: float) -> str:
    """Write a time with a fitting unit, as in ``12.5 ms`` or ``3 min 20 s``."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} us"
    if seconds < 1.0:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 99.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def in_thousands(value: float) -> str:
    """Write a number in three digits with k, M or G behind it."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}"


def _remaining(seconds: float | None) -> str:
    return "?" if seconds is None or seconds != seconds or seconds == float("inf") else in_time(seconds)


def _lines(name: str) -> Show:
    last = time.monotonic()

    def show(report: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_EVERY_S:
            last = now
            share = 100.0 * report.tick / max(report.total, 1)
            click.echo(f"{name}: {share:.0f} %, {figures(report)}", err=True)

    return show


@contextmanager
def _bar(name: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None, figures="preparing")

        def show(report: Progress) -> None:
            bar.update(task, completed=report.tick, total=report.total, figures=figures(report))

        yield show
