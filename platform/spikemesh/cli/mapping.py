"""``spikemesh map``."""

from __future__ import annotations

import click

from spikemesh.cli.options import json_option, scenario_options
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named


@click.command("map", short_help="Show how SCENARIO fits on its system, without running.")
@scenario_options
@json_option
def command(scenario: str, overrides: tuple[str, ...], plugins: tuple[str, ...], as_json: bool) -> None:
    """Map SCENARIO onto its system and report what each core and chip holds; nothing is run."""
    from spikemesh import api

    report = api.map_scenario(open_named(scenario, overrides, plugins))
    if as_json:
        write_json(report.to_dict())
    else:
        click.echo(report.table())
    report.check()
