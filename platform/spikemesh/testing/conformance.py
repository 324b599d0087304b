"""Which checks a plugin has to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from spikemesh.registry import Registry
from spikemesh.registry.shared import shared_registry
from spikemesh.testing.checks import Check, Report, made
from spikemesh.testing.subjects import Subject, subjects_of

Suite = Callable[[Subject], list[Check]]


def _suites() -> Mapping[str, Suite]:
    # Imported late: what needs no compiler need not wait for it.
    from spikemesh.testing.coding import decoder_checks, encoder_checks
    from spikemesh.testing.files import command_checks, scenario_checks, store_checks
    from spikemesh.testing.hardware import limit_rule_checks, number_format_checks, system_checks
    from spikemesh.testing.learning import learning_checks
    from spikemesh.testing.mapping import mapper_checks
    from spikemesh.testing.neuron import neuron_checks

    return {
        "neuron model": neuron_checks,
        "learning rule": learning_checks,
        "encoder": encoder_checks,
        "decoder": decoder_checks,
        "system preset": system_checks,
        "limit rule": limit_rule_checks,
        "number format": number_format_checks,
        "partitioner": mapper_checks,
        "placer": mapper_checks,
        "router": mapper_checks,
        "trace store": store_checks,
        "scenario": scenario_checks,
        "command": command_checks,
    }


def checks_of(subjects: Iterable[Subject]) -> list[Check]:
    """List the checks of things that plugins supply."""
    suites = _suites()
    return [check for subject in subjects for check in suites[subject.kind](subject)]


def conformance(
    plugin: str,
    *,
    files: Iterable[str | Path] = (),
    registry: Registry | None = None,
    ray: bool = False,
) -> list[Check]:
    """List the checks of a plugin, to parametrise a test with.

    Parameters
    ----------
    plugin
        Name of something that a plugin supplies, of a plugin module, of a distribution, or of a file.
    files
        Single-file plugins to load before.
    registry
        Plugins among which to look; None: those that are installed.
    ray
        Whether neuron models and learning rules are run on Ray actors too, which takes some seconds.

    Raises
    ------
    PluginError
        If the plugin did not load.
    InputError
        If nothing is called so.
    """
    if Path(plugin).suffix == ".py" and Path(plugin).is_file():
        files, plugin = [*files, plugin], str(Path(plugin).resolve())
    known = registry if registry is not None else shared_registry(files)
    return checks_of(replace(subject, ray=ray) for subject in subjects_of(plugin, known))


def examine(plugin: str, *, files: Iterable[str | Path] = (), registry: Registry | None = None) -> Report:
    """Make all checks of a plugin; parameters as of :func:`conformance`."""
    return made(conformance(plugin, files=files, registry=registry))
