"""Commands on traces: ``info``, ``analyze``, ``report``, ``recover``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spikemesh.errors import SpikemeshError
from spikemesh_storage.chip_facts import chip_tables
from spikemesh_storage.hardware_tables import LINK_LOADS, MOST_ROWS, hardware_tables
from spikemesh_storage.jsonable import dumps
from spikemesh_storage.paths import find_live
from spikemesh_storage.tables import add_row, new_table, pairs_table, print_tables

if TYPE_CHECKING:
    from rich.table import Table

    from spikemesh_storage.reader import Trace

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
    print_tables(_summary_table(found), _population_table(found["populations"]))
    for name, value in digests.items():
        click.echo(f"{name:<9} {value}")


@click.command()
@TRACE
@JSON
def analyze(trace: Path, as_json: bool) -> None:
    """Show firing statistics, traffic and loads, hardware time and energy of TRACE."""
    with _opened(trace) as opened:
        found = opened.analyse()
    if as_json:
        click.echo(dumps(found))
        return
    click.echo(f"{found['trace']}: {found['status']}, {found['duration_ms']:,g} ms\n")
    tables = [_firing_table(found["populations"])] if found["populations"] else []
    tables += [_rows_table(title, found[title]) for title in ("links", "cores") if found[title]]
    tables += hardware_tables(found) + chip_tables(found)
    for title in ("timing", "memory", "results"):
        if isinstance(found.get(title), Mapping):
            tables.append(pairs_table(title, found[title]))
    print_tables(*tables)


@click.command()
@TRACE
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The page to write [default: TRACE with .html]."
)
def report(trace: Path, output: Path | None) -> None:
    """Write figures and tables of TRACE as one HTML page that needs nothing else."""
    from spikemesh_storage.report import write_report

    target = output or trace.with_suffix(".html")
    with _opened(trace) as opened, _exit_code(2):
        write_report(opened, target)
    click.echo(str(target))


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


def _summary_table(found: Mapping[str, Any]) -> Table:
    shown = {key: value for key, value in found.items() if key not in ("populations", "trace")}
    return pairs_table("", shown)


def _population_table(populations: Mapping[str, Any]) -> Table:
    table = new_table("populations", ["population", "neurons", "spikes"])
    for name, figures in populations.items():
        spikes = "not recorded" if figures["spikes"] is None else figures["spikes"]
        add_row(table, name, figures["size"], spikes)
    return table


def _firing_table(populations: Mapping[str, Any]) -> Table:
    columns = ["neurons", "spikes", "rate_mean_hz", "rate_sd_hz", "rate_min_hz", "rate_max_hz"]
    columns += ["isi_cv", "synchrony_chi", "fano"]
    table = new_table("populations", ["population", *columns])
    for name, figures in populations.items():
        add_row(table, name, *(figures[column] for column in columns))
    return table


def _rows_table(title: str, rows: list[dict[str, Any]]) -> Table:
    """Show rows, of many only the busiest, in their own order; loads of links have a table of their own."""
    columns = [c for c in rows[0] if title != "links" or c not in LINK_LOADS]
    key = "packets" if title == "links" else "synaptic_events"
    busiest = sorted(range(len(rows)), key=lambda k: (-rows[k].get(key, 0), k))[:MOST_ROWS]
    left_out = len(rows) - len(busiest)
    shown = f"{title} (the {len(busiest)} busiest of {len(rows)}; --json has all)" if left_out else title
    table = new_table(shown, columns)
    for k in sorted(busiest):
        add_row(table, *(rows[k][column] for column in columns))
    return table
