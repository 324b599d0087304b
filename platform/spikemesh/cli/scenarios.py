"""``spikemesh scenarios``."""

from __future__ import annotations

import click

from spikemesh.cli.options import json_option
from spikemesh.cli.output import write_columns, write_json


@click.command("scenarios")
@json_option
def command(as_json: bool) -> None:
    """List the scenarios that can be run by name."""
    from spikemesh.registry import load_registry

    catalogue = load_registry().scenarios
    found = [
        {"name": name, "summary": folder.summary, "path": str(folder.path), "plugin": catalogue.origins[name]}
        for name, folder in sorted(catalogue.items.items())
    ]
    if as_json:
        write_json({"scenarios": found})
    else:
        write_columns([(scenario["name"], scenario["summary"]) for scenario in found])
