"""``spikemesh bench``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spikemesh.cli.exits import FAILED
from spikemesh.cli.options import json_option
from spikemesh.cli.output import write_columns, write_json
from spikemesh.cli.progress import in_thousands, in_time

if TYPE_CHECKING:
    from spikemesh.cli.speed import Limit, Speed

HEADER = (
    "NETWORK", "WORKERS", "TIME / MODEL TIME", "REFERENCE", "EVENTS/S", "OF LIMIT", "REFERENCE", "BUILDING",
    "EXCHANGE", "COMPILING",
)  # fmt: skip


@click.command("bench", short_help="Measure the speed on this machine, in about 10 s.")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Measure how fast this machine runs two balanced networks of 0.6 and 10 million synapses.

    Each runs for half a second of model time with one worker and with two. OF LIMIT is the part of the
    speed of a plain loop over the same synapses, measured in the same run; REFERENCE is what another
    machine reached. Exit code 1 if results depend on the number of workers.
    """
    from spikemesh.cli import speed

    found = []
    machine_limit = speed.limit()
    for run in speed.speeds(machine_limit):
        click.echo(
            f"{run.network}, {run.workers} worker(s): {in_time(run.realtime_factor)} a second", err=True
        )
        found.append(run)
    if as_json:
        write_json(speed.as_object(machine_limit, found))
    else:
        _write(machine_limit, found)
    problems = speed.disagreements(found)
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    if problems:
        ctx.exit(FAILED)


def _write(machine_limit: Limit, found: list[Speed]) -> None:
    from spikemesh.cli.speed import REFERENCE

    write_columns([_row(run) for run in found], HEADER)
    click.echo(
        f"\nlimit of this machine: {in_thousands(machine_limit.shared_weight)} events/s with a shared weight, "
        f"{in_thousands(machine_limit.weight_per_synapse)} with one per synapse (one thread)"
    )
    click.echo(
        f"reference: {REFERENCE.machine}, spikemesh {REFERENCE.version}, "
        f"limit {in_thousands(REFERENCE.limit.shared_weight)} and "
        f"{in_thousands(REFERENCE.limit.weight_per_synapse)}"
    )


def _row(run: Speed) -> tuple[str, ...]:
    from spikemesh.cli.speed import REFERENCE

    key = (run.network, run.workers)
    exchange = run.window_exchange_us
    return (
        run.network,
        str(run.workers),
        f"{run.realtime_factor:.3g}",
        f"{REFERENCE.realtime_factor[key]:.3g}",
        in_thousands(run.synaptic_events_per_s),
        f"{run.share_of_limit:.0%}",
        f"{REFERENCE.share_of_limit[key]:.0%}",
        in_time(run.build_s),
        "-" if exchange is None else f"{exchange:.3g} us",
        in_time(run.compile_s),
    )
