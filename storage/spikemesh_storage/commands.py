"""Commands on traces: ``info``, ``analyze``, ``recover``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spikemesh.errors import SpikemeshError
from spikemesh_storage.jsonable import dumps
from spikemesh_storage.paths import find_live

if TYPE_CHECKING:
    from rich.table import Table

    from spikemesh_storage.reader import Trace

_WIDE = 200
_MOST_ROWS = 40

TRACE = click.argument("trace", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


class _Failure(click.ClickException):
    """A message without a traceback, with the exit code of what went wrong."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        # click reads the code from the exception, where it declares a class attribute.
        vars(self)["exit_code"] = exit_code


@contextmanager
def _exit_code(code: int) -> Iterator[None]:
    try:
        yield
    except SpikemeshError as error:
        raise _Failure(str(error), code) from None


@contextmanager
def _opened(path: Path) -> Iterator[Trace]:
    from spikemesh_storage.reader import open_trace

    with _exit_code(2), open_trace(path) as trace:
        yield trace


@click.command()
@TRACE
@click.option("--digest", is_flag=True, help="Compute the two SHA-256 of the results.")
@JSON
def info(trace: Path, digest: bool, as_json: bool) -> None:
    """Show what TRACE holds (a finished file, or one that is being written)."""
    with _opened(trace) as opened:
        found = opened.summary()
        if digest:
            found["digest"] = opened.digest()
    if as_json:
        click.echo(dumps(found))
        return
    digests = found.pop("digest", {})
    click.echo(found["trace"])
    _print(_summary_table(found), _population_table(found["populations"]))
    for name, value in digests.items():
        click.echo(f"{name:<9} {value}")


@click.command()
@TRACE
@JSON
def analyze(trace: Path, as_json: bool) -> None:
    """Show firing statistics, link traffic and core loads of TRACE."""
    with _opened(trace) as opened:
        found = opened.analyse()
    if as_json:
        click.echo(dumps(found))
        return
    click.echo(f"{found['trace']}: {found['status']}, {found['duration_ms']:,g} ms\n")
    tables = [_firing_table(found["populations"])] if found["populations"] else []
    tables += [_rows_table(title, found[title]) for title in ("links", "cores") if found[title]]
    for title in ("timing", "memory", "results"):
        if isinstance(found.get(title), Mapping):
            tables.append(_pairs_table(title, found[title]))
    _print(*tables)


@click.command()
@TRACE
@JSON
def recover(trace: Path, as_json: bool) -> None:
    """Turn what a killed run left of TRACE into a finished file."""
    if find_live(trace) is None:
        found = "it is finished already" if trace.is_file() else "there is no such trace"
        raise _Failure(f"{trace}: nothing to recover, {found}", 2)
    with _opened(trace) as opened:
        if opened.status == "running":
            raise _Failure(f"{trace}: {opened.message}; stop the run first", 2)
    from spikemesh_storage.recover import recover as write

    with _exit_code(1):
        path = write(trace)
    with _opened(path) as opened:
        done = {
            "trace": str(path),
            "status": opened.status,
            "until_tick": opened.until_tick,
            "duration_ms": opened.duration_ms,
        }
    if as_json:
        click.echo(dumps(done))
        return
    click.echo(f"{path}: {done['status']}, {done['duration_ms']:g} ms (tick {done['until_tick']})")


def _print(*tables: Table) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width to fit into; folded cells could not be searched.
        console = Console(width=_WIDE)
    for table in tables:
        console.print(table)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value) or "-"
    return str(value) or "-"


def _table(title: str, columns: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column.replace("_", " "), justify="right" if index else "left", overflow="fold")
    return table


def _add(table: Table, *cells: object) -> None:
    from rich.markup import escape

    table.add_row(*(escape(_shown(cell)) for cell in cells))


def _pairs_table(title: str, values: Mapping[str, Any]) -> Table:
    table = _table(title, ["", "value"])
    for key, value in values.items():
        _add(table, key.replace("_", " "), value)
    return table


def _summary_table(found: Mapping[str, Any]) -> Table:
    shown = {key: value for key, value in found.items() if key not in ("populations", "trace")}
    return _pairs_table("", shown)


def _population_table(populations: Mapping[str, Any]) -> Table:
    table = _table("populations", ["population", "neurons", "spikes"])
    for name, figures in populations.items():
        spikes = "not recorded" if figures["spikes"] is None else figures["spikes"]
        _add(table, name, figures["size"], spikes)
    return table


def _firing_table(populations: Mapping[str, Any]) -> Table:
    columns = ["neurons", "spikes", "rate_mean_hz", "rate_sd_hz", "rate_min_hz", "rate_max_hz"]
    columns += ["isi_cv", "synchrony_chi", "fano"]
    table = _table("populations", ["population", *columns])
    for name, figures in populations.items():
        _add(table, name, *(figures[column] for column in columns))
    return table


def _rows_table(title: str, rows: list[dict[str, Any]]) -> Table:
    """Show rows, of many only the busiest, in their own order."""
    key = "packets" if title == "links" else "synaptic_events"
    busiest = sorted(range(len(rows)), key=lambda k: (-rows[k].get(key, 0), k))[:_MOST_ROWS]
    left_out = len(rows) - len(busiest)
    shown = f"{title} (the {len(busiest)} busiest of {len(rows)}; --json has all)" if left_out else title
    table = _table(shown, list(rows[0]))
    for k in sorted(busiest):
        _add(table, *rows[k].values())
    return table
