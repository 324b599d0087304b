"""``spikemesh plugins new``."""

from __future__ import annotations

from pathlib import Path

import click

from spikemesh.cli.skeleton import KINDS, check_kind, check_new_name, module_text, package_files, write_files
from spikemesh.errors import InputError, Problem


@click.command("new", short_help="Begin a plugin: a package with a passing test, or one file.")
@click.argument("words", nargs=-1, required=True, metavar="[KIND] NAME")
@click.option("--file", "single", is_flag=True, help="Write the single file NAME.py instead of a package.")
def new_plugin(words: tuple[str, ...], single: bool) -> None:
    """Write the beginning of a plugin into ./NAME: an installable package that works and has a passing test.

    KIND is neuron (unless given), rule, encoder, decoder, chip, link, limit_rule, number_format, mapper (a
    partitioner), placer, router, scenario or command. Nothing is overwritten.
    """
    if len(words) > 2:
        raise InputError(Problem("plugins new", f"{len(words)} words", "plugins new [KIND] NAME"))
    kind, name = words if len(words) == 2 else ("neuron", words[0])
    if len(words) == 1 and name in KINDS:
        raise InputError(Problem("NAME", "is missing", f"plugins new {name} NAME"))
    check_kind(kind)
    check_new_name(name, _taken())
    if single and kind == "scenario":
        raise InputError(Problem("--file", "a scenario is a folder", f"plugins new scenario {name}"))
    if single:
        write_files(Path(), {f"{name}.py": module_text(kind, name)})
        click.echo(f"wrote {name}.py; try: spikemesh plugins check {name}.py")
        return
    paths = write_files(Path(name), package_files(kind, name))
    for path in paths:
        click.echo(f"wrote {path}")
    click.echo(f"\ntry: pip install ./{name} && spikemesh plugins check {name}")


def _taken() -> dict[str, str]:
    from spikemesh.registry import load_registry

    return {name: c.kind for c in load_registry().catalogues.values() for name in c.items}
