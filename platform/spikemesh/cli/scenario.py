"""Opening the scenario a command names, and saying which files it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spikemesh.api import LoadedScenario


def open_named(scenario: str, overrides: Sequence[str], plugins: Sequence[str]) -> LoadedScenario:
    """Open a scenario; the first line on standard error names every file whose code runs.

    Parameters
    ----------
    scenario
        Shipped name, file or folder.
    overrides
        ``key=value`` texts.
    plugins
        Single-file plugins.

    Raises
    ------
    SpikemeshError
        If anything about it is wrong.
    """
    from spikemesh import api

    try:
        loaded = api.open_scenario(scenario, overrides=overrides, plugins=plugins)
    except BaseException:
        _name_code(plugins)
        raise
    _name_code(loaded.runs_code)
    return loaded


def _name_code(files: Iterable[object]) -> None:
    names = [str(file) for file in files]
    if names:
        click.echo(f"runs code from: {', '.join(names)}", err=True)
