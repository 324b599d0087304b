"""The group of all commands, loaded when they are needed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from spikemesh.cli.exits import exit_codes
from spikemesh.cli.signals import ends_in_order
from spikemesh.errors import nearest

if TYPE_CHECKING:
    from spikemesh.registry import Registry

SECTIONS = {
    "Scenarios": {
        "run": "spikemesh.cli.run",
        "validate": "spikemesh.cli.validate",
        "map": "spikemesh.cli.mapping",
        "compare": "spikemesh.cli.compare",
        "sweep": "spikemesh.cli.sweep",
    },
    "Traces": {
        "retime": "spikemesh.cli.retime",
    },
    "What there is": {
        "scenarios": "spikemesh.cli.scenarios",
        "plugins": "spikemesh.cli.plugins",
        "schema": "spikemesh.cli.schema",
        "memory": "spikemesh.cli.memory",
        "bench": "spikemesh.cli.bench",
        "doctor": "spikemesh.cli.doctor",
    },
}
"""Own commands by what they are about, each the ``command`` of a module; all others come from plugins."""
COMMANDS = {name: module for section in SECTIONS.values() for name, module in section.items()}
OF_PLUGINS = "Traces"
"""Section of the commands of plugins: those of the storage are about traces."""


class CommandLine(click.Group):
    """Own commands first, then those of plugins; errors become messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in the order in which one needs them."""
        return [*COMMANDS, *sorted(set(_registry(ctx).commands.items) - set(COMMANDS))]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands section by section."""
        for title, own in SECTIONS.items():
            names = [*own]
            if title == OF_PLUGINS:
                names += [name for name in self.list_commands(ctx) if name not in COMMANDS]
            commands = [(name, self.get_command(ctx, name)) for name in names]
            rows = [
                (name, c.get_short_help_str(100)) for name, c in commands if c is not None and not c.hidden
            ]
            with formatter.section(title):
                formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of an own command; plugins are loaded only for a name that is not one."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return _registry(ctx).commands.items.get(cmd_name)
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            remedy = nearest(args[0], self.list_commands(ctx))
            ctx.fail(f'there is no command "{args[0]}"; {remedy}')
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a user's mistake never shows a traceback."""
        with ends_in_order(ctx), exit_codes(ctx):
            return super().invoke(ctx)


def _registry(ctx: click.Context) -> Registry:
    # Plugins cost a fifth of a second; a command of our own must not pay for the names of the others.
    registry: Registry | None = ctx.meta.get("spikemesh.registry")
    if registry is None:
        from spikemesh.registry import load_registry

        registry = load_registry()
        ctx.meta["spikemesh.registry"] = registry
        for plugin in registry.broken:
            click.echo(f"plugin {plugin.name} ({plugin.origin}) is broken: {plugin.error}", err=True)
    return registry


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spikemesh", message="spikemesh %(version)s")
def main() -> None:
    """Simulate systems of many neuromorphic chips.

    SCENARIO is the name of a shipped scenario, a scenario.toml, or the folder that holds one.
    Figures go to standard output, progress and messages to standard error.
    Exit codes: 0 done, 1 the run failed, 2 the input is wrong, 130 interrupted.
    """
