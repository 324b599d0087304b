"""``spikemesh memory``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from spikemesh.cli.options import json_option, plugin_option
from spikemesh.cli.output import check_page, write_columns, write_json, write_page
from spikemesh.errors import InputError, Problem

if TYPE_CHECKING:
    from spikemesh.api import MemoryMeasure


@click.command(
    "memory",
    short_help="Measure how long and how much a learning rule remembers.",
    epilog="\b\nExample:\n  spikemesh memory benna_fusi --set beakers=8 --longest 10000 -o memory.html",
)
@click.argument("rule")
@plugin_option
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="A parameter of the rule, such as beakers=8 (repeatable).",
)  # fmt: skip
@click.option("--synapses", type=click.IntRange(min=2), default=10_000, show_default=True, help="How many.")
@click.option(
    "--longest", type=click.IntRange(min=1), default=1000, show_default=True, help="Oldest age, in steps."
)
@click.option(
    "--samples", type=click.IntRange(min=1), default=100, show_default=True, help="Patterns for each age."
)
@click.option(
    "--burn-in", type=click.IntRange(min=0), metavar="STEPS", help="Steps before the first question."
)
@click.option("--third", type=float, default=0.0, show_default=True, help="Third factor, in all steps.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of patterns and of the rule.")
@click.option("--output", "-o", metavar="FILE", help="Write tables and figure as a page of HTML.")
@json_option
def command(
    rule: str,
    plugins: tuple[str, ...],
    settings: tuple[str, ...],
    synapses: int,
    longest: int,
    samples: int,
    burn_in: int | None,
    third: float,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Store a random pattern of +1 and -1 in every step, in synapses of the learning rule RULE, and look for it.

    An ideal observer knows all weights. SNR is the signal of a pattern of some age by the noise of all others; a
    memory lasts while it is at least 1. PRESENTATIONS of one pattern in a row take it there; HALF AFTER so many
    steps a tier holds half of what it will; DISTORTION and EXCESS FORGETTING are what 100 unrelated memories do to
    what is stored.
    """
    from spikemesh import api

    check_page(output)
    for path in plugins:
        api.load_plugin(path)
    found = api.measure_memory(
        rule, synapses, longest=longest, samples=samples, burn_in=burn_in, third=third, seed=seed,
        **_parameters(settings),
    )  # fmt: skip
    if output is not None:
        write_page(output, found.page())
    if as_json:
        write_json(found.to_dict())
    else:
        _write(found)


def _parameters(settings: tuple[str, ...]) -> dict[str, Any]:
    from spikemesh.description.overrides import parse_override

    found: dict[str, Any] = {}
    for text in settings:
        parts, value = parse_override(text)
        if len(parts) != 1 or not isinstance(parts[0], str):
            raise InputError(Problem(f"--set {text}", "is no parameter", "KEY=VALUE, such as beakers=8"))
        found[parts[0]] = value
    return found


def _write(found: MemoryMeasure) -> None:
    for header, rows in found.tables():
        write_columns(rows, header)
        click.echo()
    for line in found.notes():
        click.echo(line)
