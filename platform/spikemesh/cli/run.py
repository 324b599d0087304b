"""``spikemesh run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spikemesh.cli.exits import RUNNING_KEY, TRACE_KEY
from spikemesh.cli.free import check_free
from spikemesh.cli.options import json_option, mapping_options, scenario_options
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named
from spikemesh.cli.signals import raise_lost

if TYPE_CHECKING:
    from spikemesh.api import Progress


@click.command("run")
@scenario_options
@click.option("--out", metavar="FILE", help="Trace to write (default: the scenario's name and .h5).")
@click.option(
    "--backend", type=click.Choice(["local", "ray"]), help="Threads of this process, or Ray actors."
)
@mapping_options
@click.option(
    "--links", type=click.Choice(["none", "analytic", "packet"]),
    help="How time on links and networks on chip is found: not at all, without waiting, or packet by packet.",
)  # fmt: skip
@click.option("--address", metavar="RAY", help="Join the Ray cluster at this address.")
@click.option("--duration", metavar="TIME", help='Model time to run, such as "1 s".')
@click.option("--overwrite", is_flag=True, help="Replace the trace if there is one.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    overrides: tuple[str, ...],
    plugins: tuple[str, ...],
    out: str | None,
    backend: str | None,
    workers: int | None,
    actors: str | None,
    links: str | None,
    address: str | None,
    duration: str | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run SCENARIO and write its trace."""
    from spikemesh import api
    from spikemesh.cli.progress import progress
    from spikemesh.cli.summary import write_summary

    loaded = open_named(scenario, overrides, plugins)
    out = out or f"{loaded.scenario.name}.h5"
    check_free(out, overwrite)
    ctx.meta[TRACE_KEY] = out
    with progress(loaded.scenario.name, quiet=quiet) as show:

        def advanced(report: Progress) -> None:
            ctx.meta[RUNNING_KEY] = True
            raise_lost(ctx)
            if show is not None:
                show(report)

        result = api.run_scenario(
            loaded, out=out, backend=backend, workers=workers, actors=actors, links=links,
            address=address, duration=duration, overwrite=overwrite, progress=advanced,
        )  # fmt: skip
    if result.summary.get("recorded") == []:
        click.echo(
            'nothing was recorded; to record spikes: [[probe]] target = "..." what = ["spikes"]', err=True
        )
    if as_json:
        write_json(result.summary)
    else:
        write_summary(result.summary)
