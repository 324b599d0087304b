"""``spikemesh retime``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from spikemesh.cli.exits import TRACE_KEY
from spikemesh.cli.figures import rows_of
from spikemesh.cli.free import check_free
from spikemesh.cli.options import json_option, overwrite_option, plugin_option
from spikemesh.cli.output import write_columns, write_json
from spikemesh.cli.progress import in_time
from spikemesh.cli.summary import count, digest, own_results
from spikemesh.errors import InputError, Problem

ROWS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("scenario", "scenario", str),
    ("retimed", "run", str),
    ("system", "system", str),
    ("chips", "chips", str),
    ("cores_used", "cores in use", str),
    ("duration_ms", "model time", lambda ms: in_time(ms / 1e3)),
    ("spikes", "spikes", count),
    ("synaptic_events", "synaptic events", count),
    ("packets", "packets between chips", count),
)
LAST_ROWS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("build_s", "building", in_time),
    ("run_s", "timing", in_time),
    ("finalise_s", "finalising", in_time),
    ("digest", "digest", digest),
    ("trace", "trace", str),
)


@click.command("retime", short_help="Time the run in TRACE on another system, without simulating it again.")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "--system", required=True, metavar="S",
    help="A preset, also with chips and a cost set (loihi:4x2:sanafe2025), or a TOML file with a [system] table.",
)  # fmt: skip
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Override a value of the system, the mapping or the run, such as run.links=packet (repeatable).",
)  # fmt: skip
@plugin_option
@click.option("--out", metavar="FILE", help="Trace to write (default: the trace's name and the system's).")
@overwrite_option("Replace the trace if there is one.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    trace: Path,
    system: str,
    overrides: tuple[str, ...],
    plugins: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Time the run in TRACE on another system, without simulating it again.

    In the regime barrier the hardware changes no spike: what another system would have made of a run follows from
    the spikes, if those of all populations were recorded. The new trace is the one that running the scenario on that
    system would give, and takes a fraction of the time. The network is the scenario that the trace keeps.
    """
    from spikemesh import api

    if not (trace.exists() or Path(f"{trace}.live").exists()):
        raise InputError(Problem("trace", f"there is no trace {trace}", "a file that spikemesh run wrote"))
    for plugin in plugins:
        api.load_plugin(plugin)
    if plugins:
        click.echo(f"runs code from: {', '.join(plugins)}", err=True)
    target = out or f"{trace.with_suffix('')}-{re.sub(r'[^A-Za-z0-9.]+', '-', Path(system).stem)}.h5"
    check_free(target, overwrite)
    ctx.meta[TRACE_KEY] = target
    described, mapping, settings = api.retiming_settings(trace, system, overrides)
    result = api.retime(trace, described, mapping=mapping, settings=settings, out=target, overwrite=overwrite)
    if as_json:
        write_json(result.summary)
    else:
        _write(result.summary)


def _write(summary: Mapping[str, Any]) -> None:
    rows = [(label, text(summary[key])) for key, label, text in ROWS if summary.get(key) is not None]
    rows += rows_of(summary)
    rows += [(label, text(summary[key])) for key, label, text in LAST_ROWS if summary.get(key) is not None]
    write_columns(rows)
    own_results(summary)
