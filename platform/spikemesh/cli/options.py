"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from spikemesh.cli.exits import JSON_KEY

F = TypeVar("F", bound=Callable[..., Any])


def _remember_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    # Kept in the context, so that a failure is an object on standard output too.
    ctx.meta[JSON_KEY] = value
    return value


def json_option(function: F) -> F:
    """``--json``: one object on standard output and nothing else there."""
    return click.option(
        "--json", "as_json", is_flag=True, is_eager=True, callback=_remember_json,
        help="Write one JSON object to standard output.",
    )(function)  # fmt: skip


def csv_option(function: F) -> F:
    """``--csv``: the table as CSV on standard output and nothing else there."""
    return click.option("--csv", "as_csv", is_flag=True, help="Write the table as CSV to standard output.")(
        function
    )


def plugin_option(function: F) -> F:
    """``--plugin F``: a single-file plugin; may be repeated."""
    return click.option(
        "--plugin",
        "plugins",
        multiple=True,
        metavar="FILE",
        help="Load this Python file as a plugin (repeatable).",
    )(function)


def scenario_options(function: F) -> F:
    """``SCENARIO``, ``--set`` and ``--plugin``."""
    function = plugin_option(function)
    function = click.option(
        "--set", "overrides", multiple=True, metavar="KEY=VALUE",
        help="Override a value of the scenario, such as population[0].size=100 (repeatable).",
    )(function)  # fmt: skip
    return click.argument("scenario")(function)


def backend_option(text: str) -> Callable[[F], F]:
    """``--backend B``."""
    return click.option("--backend", type=click.Choice(["local", "ray"]), help=text)


def links_option(text: str) -> Callable[[F], F]:
    """``--links LEVEL``; ``text`` says what more there is to know."""
    return click.option(
        "--links", type=click.Choice(["none", "analytic", "packet"]),
        help=f"How time on links and networks on chip is found{text}",
    )  # fmt: skip


def duration_option(example: str) -> Callable[[F], F]:
    """``--duration TIME``."""
    return click.option("--duration", metavar="TIME", help=f'Model time to run, such as "{example}".')


def overwrite_option(text: str) -> Callable[[F], F]:
    """``--overwrite``."""
    return click.option("--overwrite", is_flag=True, help=text)


def quiet_option(function: F) -> F:
    """``--quiet``."""
    return click.option("--quiet", "-q", is_flag=True, help="Show no progress.")(function)


def workers_option(text: str) -> Callable[[F], F]:
    """``--workers N``."""
    return click.option("--workers", type=click.IntRange(min=1), metavar="N", help=text)


def mapping_options(function: F) -> F:
    """``--workers`` and ``--actors``."""
    function = click.option(
        "--actors", type=click.Choice(["chip", "core"]), help="What one agent is (default: a chip)."
    )(function)
    return workers_option("Ray actors or threads; agents are packed on them.")(function)
