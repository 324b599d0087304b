"""``spikemesh plugins``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from spikemesh.cli.describe import description_of
from spikemesh.cli.options import json_option, plugin_option
from spikemesh.cli.output import write_columns, write_json
from spikemesh.cli.plugins_check import check_plugin
from spikemesh.cli.plugins_new import new_plugin
from spikemesh.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from spikemesh.registry import Registry


@click.group("plugins")
def command() -> None:
    """Show what is installed and where it comes from; begin a plugin, and examine one."""


command.add_command(check_plugin)
command.add_command(new_plugin)


@command.command("list")
@plugin_option
@json_option
def list_plugins(plugins: tuple[str, ...], as_json: bool) -> None:
    """List everything plugins supply: kind, name, plugin, distribution or file."""
    from spikemesh.registry import load_registry

    registry = load_registry(plugins)
    supplied = _supplied(registry)
    broken = [{"plugin": p.name, "origin": p.origin, "error": p.error} for p in registry.broken]
    if as_json:
        write_json({"supplied": supplied, "broken": broken})
        return
    rows = [(item["kind"], item["name"], item["plugin"], item["origin"]) for item in supplied]
    write_columns(rows, header=("KIND", "NAME", "PLUGIN", "FROM"))
    for item in supplied:
        if item["claimed_by"]:
            click.echo(
                f'refused: {item["kind"]} "{item["name"]}" is supplied by {" and ".join(item["claimed_by"])}; '
                "uninstall all but one"
            )
    for plugin in broken:
        click.echo(f"broken: {plugin['plugin']} ({plugin['origin']}): {plugin['error']}")


@command.command("show")
@click.argument("name")
@plugin_option
def show_plugin(name: str, plugins: tuple[str, ...]) -> None:
    """Describe NAME: its equations and source, parameters, state and inputs."""
    from spikemesh.registry import load_registry

    registry = load_registry(plugins)
    found = [c for c in registry.catalogues.values() if name in c.items]
    if not found:
        known = [n for c in registry.catalogues.values() for n in c.items]
        raise InputError(Problem("plugins show", f'nothing is called "{name}"', nearest(name, known)))
    for number, catalogue in enumerate(found):
        if number:
            click.echo()
        click.echo(f"{catalogue.kind} {name}, from {catalogue.origins[name]}\n")
        for line in description_of(catalogue.items[name]):
            click.echo(line)
        if catalogue is registry.neuron_models:
            click.echo(
                f"chips that compute it in their own numbers: {', '.join(_hosts(registry, name)) or 'none'}"
            )


def _hosts(registry: Registry, model: str) -> list[str]:
    return [n for n, preset in registry.systems.items.items() if model in preset.make(None).chip.models]


def _supplied(registry: Registry) -> list[dict[str, Any]]:
    origins = {plugin.name: plugin.origin for plugin in registry.plugins}
    return [
        {
            "kind": catalogue.kind,
            "name": name,
            "plugin": catalogue.origins[name],
            "origin": origins.get(catalogue.origins[name], ""),
            "claimed_by": catalogue.claimed.get(name, []),
        }
        for catalogue in registry.catalogues.values()
        for name in sorted(catalogue.items)
    ]
