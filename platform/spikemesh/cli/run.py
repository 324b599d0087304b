"""``spikemesh run``."""

from __future__ import annotations

import click

from spikemesh.cli.exits import TRACE_KEY
from spikemesh.cli.options import json_option, mapping_options, scenario_options
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named


@click.command("run")
@scenario_options
@click.option("--out", metavar="FILE", help="Trace to write, such as run.h5.")
@click.option(
    "--backend", type=click.Choice(["local", "ray"]), help="Threads of this process, or Ray actors."
)
@mapping_options
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
    ctx.meta[TRACE_KEY] = out
    with progress(loaded.scenario.name, quiet=quiet) as show:
        result = api.run_scenario(
            loaded, out=out, backend=backend, workers=workers, actors=actors, address=address,
            duration=duration, overwrite=overwrite, progress=show,
        )  # fmt: skip
    if as_json:
        write_json(result.summary)
    else:
        write_summary(result.summary)
