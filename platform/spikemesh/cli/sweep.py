"""``spikemesh sweep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spikemesh.cli.exits import FAILED, WRONG_INPUT
from spikemesh.cli.options import (
    backend_option,
    duration_option,
    json_option,
    overwrite_option,
    quiet_option,
    scenario_options,
)
from spikemesh.cli.output import say, write_columns, write_json
from spikemesh.cli.scenario import open_named

if TYPE_CHECKING:
    from spikemesh.api import Sweep


@click.command(
    "sweep",
    short_help="Run SCENARIO for all combinations of values of some keys.",
    epilog="\b\nExample:\n  spikemesh sweep loihi_congestion --vary settings.ratio=1,10,30 "
    "\\\n    --vary settings.cure=none,relay --show slowdown --out ratios",
)
@scenario_options
@click.option(
    "--vary", "variations", required=True, multiple=True, metavar="KEY=V1,V2,...",
    help="Values of a key of the scenario, written as for --set (repeatable). The first key is the figure's x axis.",
)  # fmt: skip
@click.option("--out", required=True, metavar="FOLDER", help="Folder for results, table.csv and sweep.html.")
@click.option(
    "--show", "shown", multiple=True, metavar="FIGURE",
    help="Figure of a run to show, such as slowdown or energy_mj (repeatable; default: the scenario's own).",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Combinations at a time (default: CPUs)."
)
@backend_option("Processes of this machine, or Ray tasks (default, if there are several at a time).")
@duration_option("100 ms")
@click.option("--no-traces", is_flag=True, help="Keep the figures alone.")
@overwrite_option("Begin anew in a folder that holds a sweep.")
@quiet_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    overrides: tuple[str, ...],
    plugins: tuple[str, ...],
    variations: tuple[str, ...],
    out: str,
    shown: tuple[str, ...],
    jobs: int | None,
    backend: str | None,
    duration: str | None,
    no_traces: bool,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run SCENARIO for all combinations of values of some of its keys, several at a time.

    Each result is recorded in FOLDER as soon as it is there. After an interruption, or a kill, the same command runs
    what is missing; more values may be added. A scenario that has changed since is refused. Results are those of
    single runs, whatever the number of jobs.

    Exit codes: 0 done, 1 a combination failed (the same command tries it again) or is wrong, 2 the input is wrong, 130
    interrupted.
    """
    from spikemesh import api

    loaded = open_named(scenario, overrides, plugins)
    found = api.sweep(
        loaded, variations, out, duration=duration, backend=backend, jobs=jobs, traces=not no_traces, show=shown,
        overwrite=overwrite, said=None if quiet else say,
    )  # fmt: skip
    if as_json:
        write_json(found.to_dict())
    else:
        _write(found, shown)
    if not quiet:
        say(f"wrote {out}/table.csv and {out}/sweep.html")
    ends = {row.how for row in found.rows}
    ctx.exit(WRONG_INPUT if ends == {"wrong"} else FAILED if ends - {"done"} else 0)


def _write(found: Sweep, shown: tuple[str, ...]) -> None:
    head, *rows = found.table(found.chosen(shown))
    write_columns(rows, head)
    for note in found.notes():
        click.echo(note)
