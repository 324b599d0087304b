"""``spikemesh run``."""

from __future__ import annotations

import click

from spikemesh.cli.exits import TRACE_KEY
from spikemesh.cli.free import check_free
from spikemesh.cli.options import (
    backend_option,
    duration_option,
    json_option,
    links_option,
    mapping_options,
    overwrite_option,
    quiet_option,
    scenario_options,
)
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named


@click.command("run")
@scenario_options
@click.option("--out", metavar="FILE", help="Trace to write (default: the scenario's name and .h5).")
@backend_option("Threads of this process, or Ray actors.")
@mapping_options
@links_option(": not at all, without waiting, or packet by packet.")
@click.option("--address", metavar="RAY", help="Join the Ray cluster at this address.")
@duration_option("1 s")
@overwrite_option("Replace the trace if there is one.")
@quiet_option
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
    from spikemesh.cli.progress import progress, running
    from spikemesh.cli.summary import write_summary

    loaded = open_named(scenario, overrides, plugins)
    out = out or f"{loaded.scenario.name}.h5"
    check_free(out, overwrite)
    ctx.meta[TRACE_KEY] = out
    with progress(loaded.scenario.name, quiet=quiet) as show:
        result = api.run_scenario(
            loaded, out=out, backend=backend, workers=workers, actors=actors, links=links,
            address=address, duration=duration, overwrite=overwrite, progress=running(ctx, show),
        )  # fmt: skip
    if result.summary.get("recorded") == []:
        click.echo(
            'nothing was recorded; to record spikes: [[probe]] target = "..." what = ["spikes"]', err=True
        )
    if as_json:
        write_json(result.summary)
    else:
        write_summary(result.summary)
