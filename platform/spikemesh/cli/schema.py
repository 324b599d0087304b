"""``spikemesh schema``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from spikemesh.cli.options import plugin_option


@click.command("schema", short_help="Print the JSON schema of scenario files.")
@click.option(
    "--write", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
)
@plugin_option
def command(target: Path | None, plugins: tuple[str, ...]) -> None:
    """Print the JSON schema of scenario files, with the names of all plugins, for an editor."""
    from spikemesh.description.schema import scenario_schema
    from spikemesh.registry import load_registry

    text = json.dumps(scenario_schema(load_registry(plugins)), indent=2, ensure_ascii=False)
    if target is None:
        click.echo(text)
        return
    target.write_text(text + "\n", encoding="utf-8")
    click.echo(
        f"wrote {target}; the first line of a scenario may then be: #:schema ./{target.name}", err=True
    )
