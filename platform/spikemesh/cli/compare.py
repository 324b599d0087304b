"""``spikemesh compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spikemesh.cli.exits import FAILED, WRONG_INPUT
from spikemesh.cli.options import (
    backend_option,
    csv_option,
    duration_option,
    json_option,
    links_option,
    overwrite_option,
    quiet_option,
    scenario_options,
    workers_option,
)
from spikemesh.cli.output import check_page, say, write_columns, write_json, write_page

if TYPE_CHECKING:
    from spikemesh.api import Comparison


@click.command(
    "compare",
    short_help="Run the same network on several systems: time, energy, bottlenecks.",
    epilog="\b\nExample:\n  spikemesh compare loihi_congestion --systems scenario,loihi:4,loihi:sanafe2025 -o c.html",
)
@scenario_options
@click.option(
    "--systems", required=True, metavar="A,B,...",
    help="Presets, also with chips and a cost set (loihi:4x2:sanafe2025), TOML files with a [system] table, or "
    "scenario, the system that SCENARIO describes.",
)  # fmt: skip
@click.option("--out", metavar="FOLDER", help="Keep the traces in this folder.")
@click.option("--output", "-o", metavar="FILE", help="Write table and figure as a page of HTML.")
@backend_option("Threads (default), or Ray actors.")
@workers_option("Threads or Ray actors of a run.")
@links_option("; latencies are known at the level packet.")
@duration_option("100 ms")
@overwrite_option("Replace the traces in the folder.")
@quiet_option
@csv_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    overrides: tuple[str, ...],
    plugins: tuple[str, ...],
    systems: str,
    out: str | None,
    output: str | None,
    backend: str | None,
    workers: int | None,
    links: str | None,
    duration: str | None,
    overwrite: bool,
    quiet: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Run the network of SCENARIO on several systems, and put what becomes of it side by side.

    Systems of the regime barrier are timed from a single run, as it cannot differ between them; on others the network
    is run. A system on which it does not fit says why, and does not stop the others. "not published" stands for
    figures that would need an unpublished one, >= for lower bounds that leave one out.

    Exit codes: 0 done, 1 a run failed, 2 the input is wrong or the network fits on no system, 130 interrupted.
    """
    from spikemesh import api
    from spikemesh.cli.progress import progress, running
    from spikemesh.cli.scenario import open_named

    check_page(output)
    named = [name.strip() for name in systems.split(",") if name.strip()]
    loaded = open_named(scenario, api.overrides_of_scenario(overrides, named), plugins)
    with progress(loaded.scenario.name, quiet=quiet) as show:
        found = api.compare(
            loaded, named, overrides=overrides, out=out, backend=backend, workers=workers, links=links,
            duration=duration, overwrite=overwrite, progress=running(ctx, show), said=None if quiet else say,
        )  # fmt: skip
    if output is not None:
        write_page(output, found.page())
    if as_json:
        write_json(found.to_dict())
    elif as_csv:
        click.echo(found.to_csv(), nl=False)
    else:
        _write(found)
    ctx.exit(_code(found))


def _write(found: Comparison) -> None:
    write_columns(found.table())
    for note in found.notes():
        click.echo(note)


def _code(found: Comparison) -> int:
    ends = [row.how for row in found.rows]
    if "failed" in ends:
        return FAILED
    return WRONG_INPUT if set(ends) == {"does not fit"} else 0
