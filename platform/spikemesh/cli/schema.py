"""``spikemesh schema``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("schema", short_help="Print the JSON schema of scenario files.")
@click.option(
    "--write", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
)
def command(target: Path | None) -> None:
    """Print the JSON schema of scenario files, for completion and checks in an editor."""
    from spikemesh import api

    text = json.dumps(api.scenario_schema(), indent=2, ensure_ascii=False)
    if target is None:
        click.echo(text)
        return
    target.write_text(text + "\n", encoding="utf-8")
    click.echo(
        f"wrote {target}; the first line of a scenario may then be: #:schema ./{target.name}", err=True
    )
