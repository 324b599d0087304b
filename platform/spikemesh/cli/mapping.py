"""``spikemesh map``."""

from __future__ import annotations

import click

from spikemesh.cli.exits import JSON_KEY
from spikemesh.cli.options import json_option, scenario_options
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named


@click.command("map", short_help="Show how SCENARIO fits on its system, without running.")
@scenario_options
@json_option
@click.pass_context
def command(
    ctx: click.Context, scenario: str, overrides: tuple[str, ...], plugins: tuple[str, ...], as_json: bool
) -> None:
    """Map SCENARIO onto its system and report what each core and chip holds; nothing is run."""
    from spikemesh import api

    report = api.map_scenario(open_named(scenario, overrides, plugins))
    if as_json:
        write_json({**report.to_dict(), "problems": [vars(problem) for problem in report.problems()]})
        ctx.meta[JSON_KEY] = False  # the one object is written; what is wrong goes to standard error alone
    else:
        click.echo(report.table())
    report.check()
