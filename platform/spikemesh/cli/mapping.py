"""``spikemesh map``."""

from __future__ import annotations

from pathlib import Path

import click

from spikemesh.cli.exits import JSON_KEY
from spikemesh.cli.options import json_option, scenario_options
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named


@click.command("map", short_help="Show how SCENARIO fits on its system, without running.")
@scenario_options
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw chips and links into this file: .svg, or .html for a page with the report.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    overrides: tuple[str, ...],
    plugins: tuple[str, ...],
    picture: Path | None,
    as_json: bool,
) -> None:
    """Map SCENARIO onto its system and report what each core and chip holds; nothing is run."""
    from spikemesh import api

    if picture is not None:
        api.check_picture(picture)
    loaded = open_named(scenario, overrides, plugins)
    report = api.map_scenario(loaded)
    name = loaded.scenario.name
    if picture is not None:
        api.write_picture(report, picture, name)
    if as_json:
        problems = [vars(problem) for problem in report.problems()]
        write_json({"scenario": name, **report.to_dict(), "problems": problems, "picture": picture})
        ctx.meta[JSON_KEY] = False  # the one object is written; what is wrong goes to standard error alone
    else:
        click.echo(report.table())
        if picture is not None:
            click.echo(f"the picture is {picture}", err=True)
    report.check()
