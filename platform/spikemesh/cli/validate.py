"""``spikemesh validate``."""

from __future__ import annotations

import click

from spikemesh.cli.options import json_option, scenario_options
from spikemesh.cli.output import write_json
from spikemesh.cli.scenario import open_named


@click.command("validate")
@scenario_options
@json_option
def command(scenario: str, overrides: tuple[str, ...], plugins: tuple[str, ...], as_json: bool) -> None:
    """Check SCENARIO and list every problem at once."""
    from spikemesh import api

    loaded = open_named(scenario, overrides, plugins)
    api.check_fit(loaded)
    found = {
        "scenario": loaded.scenario.name,
        "valid": True,
        "populations": len(loaded.network.populations),
        "neurons": loaded.network.size,
        "projections": len(loaded.network.projections),
        "synapses_expected": round(sum(p.expected for p in loaded.network.projections)),
        "chips": loaded.system.chip_count,
        "runs_code": [str(file) for file in loaded.runs_code],
    }
    if as_json:
        write_json(found)
        return
    click.echo(
        f"{found['scenario']} is valid: {found['populations']} populations, {found['neurons']:,} neurons, "
        f"about {found['synapses_expected']:,} synapses, {found['chips']} chips"
    )
    click.echo(f"whether its synapses fit, and what each core holds: spikemesh map {scenario}")
