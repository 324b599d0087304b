"""``spikemesh plugins check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spikemesh.cli.exits import FAILED
from spikemesh.cli.options import json_option, plugin_option
from spikemesh.cli.output import write_columns, write_json

if TYPE_CHECKING:
    from spikemesh.testing import Report


@click.command("check")
@click.argument("name")
@plugin_option
@click.option("--ray", is_flag=True, help="Run on Ray actors too.")
@json_option
@click.pass_context
def check_plugin(ctx: click.Context, name: str, plugins: tuple[str, ...], ray: bool, as_json: bool) -> None:
    """Examine NAME: a model, rule, encoder ..., a plugin, a distribution, or a file.

    Tells whether it keeps its contract: compiled as in plain Python, exact on any chips and workers, known answers,
    convergence, no allocation, documentation. Exit code 1 if a check fails.
    """
    from spikemesh.registry import load_registry
    from spikemesh.testing import conformance
    from spikemesh.testing.checks import Report

    files = (*plugins, name) if name.endswith(".py") else plugins
    checks = conformance(name, registry=load_registry(files), ray=ray)
    report = Report(tuple(check.outcome() for check in checks))
    if as_json:
        write_json({"name": name, **report.to_dict()})
    else:
        _write(report)
    if not report.passed:
        ctx.exit(FAILED)


def _write(report: Report) -> None:
    rows = [(f"{o.kind} {o.plugin}", o.check, o.status, o.message) for o in report.outcomes]
    write_columns(rows, header=("PLUGIN", "CHECK", "", "SEEN"))
    counts = {s: sum(o.status == s for o in report.outcomes) for s in ("passed", "failed", "skipped")}
    click.echo("\n" + ", ".join(f"{count} {status}" for status, count in counts.items()))
