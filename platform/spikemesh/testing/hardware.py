"""The suites of system presets, limit rules and number formats."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from spikemesh.api.simulation import Mapped
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.numerics import Weights
from spikemesh.description.builder import Network
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.run import RunSettings
from spikemesh.description.system import ChipSpec, MappingSettings, System
from spikemesh.errors import SpikemeshError
from spikemesh.testing.checks import Check, Skipped
from spikemesh.testing.documented import check_docstring
from spikemesh.testing.memory_run import bound
from spikemesh.testing.subjects import Subject

COSTS = tuple(name for name, field in CostSet.model_fields.items() if isinstance(field.default, Cost))
SHAPES = (None, (2,), (2, 2))


def system_checks(subject: Subject) -> list[Check]:
    """List the checks of a system preset."""
    preset = subject.item

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    return [
        check("described", lambda: _described(preset)),
        check("built for any number of chips", lambda: _shapes(preset)),
        check("figures have sources", lambda: _sourced(preset)),
        check("names only what exists", lambda: _names(subject)),
        check("a network can be mapped onto it", lambda: _mapped(subject, preset.make(None))),
    ]


def limit_rule_checks(subject: Subject) -> list[Check]:
    """List the checks of a limit rule."""

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    return [
        check("documented", lambda: check_docstring(type(subject.item), equation=False, source=False)),
        check("names its source", lambda: _source(subject.item)),
        check("counts a network, twice the same", lambda: _counts(subject)),
    ]


def number_format_checks(subject: Subject) -> list[Check]:
    """List the checks of a number format."""

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    return [
        check("names its source", lambda: _source(subject.item)),
        check("rounds to as many finite weights", lambda: _rounds(subject.item)),
        check("keeps what it has rounded", lambda: _keeps(subject.item)),
    ]


def _described(preset: Any) -> str:
    assert preset.summary, "there is no summary"
    return str(preset.summary)


def _shapes(preset: Any) -> str:
    told = []
    for shape in SHAPES:
        try:
            system = preset.make(shape)
        except SpikemeshError as error:
            # A board may come in one size only; the usual one has to be there.
            if shape is None:
                raise AssertionError(f"its usual shape cannot be made: {error}") from None
            continue
        assert isinstance(system, System), f"make({shape}) returned {type(system).__name__}, no System"
        assert system == preset.make(shape), f"make({shape}) gives another system the second time"
        told.append(str(system.chip_count))
    return f"{', '.join(told)} chips"


def _sourced(preset: Any) -> str:
    system = preset.make(None)
    figures = 0
    for name, costs in system.chip.costs.items():
        for kind in COSTS:
            cost = getattr(costs, kind)
            if cost.energy_pj is not None or cost.latency_ns is not None:
                figures += 1
                assert cost.source, f'the figure "{kind}" of costs "{name}" names no source'
        assert costs.static_mw is None or costs.static_source, f'static_mw of costs "{name}" names no source'
    for kind, link in system.links.items():
        for key in ("latency", "bandwidth", "energy"):
            if getattr(link, key) is not None:
                figures += 1
                assert link.sources.get(key), f'"{key}" of links "{kind}" names no source'
    return f"{figures} figures of costs and links"


def _names(subject: Subject) -> str:
    system, registry = subject.item.make(None), subject.registry
    for rule in system.chip.rules:
        registry.limit_rules.get(rule)
    if system.chip.format is not None:
        registry.number_formats.get(system.chip.format)
    for model in system.chip.models:
        registry.neuron_models.get(model)
    return f"{len(system.chip.rules)} rules, {len(system.chip.models)} models"


def small_network(subject: Subject) -> BoundNetwork:
    """Make a network that nearly every chip can hold."""
    net = Network(timestep=1.0, seed=1)
    source = net.add_population("in", 4, "spike_source", times=[[2.0]] * 4)
    out = net.add_population("out", 6, "iaf")
    net.connect(source, out, "all_to_all", weight=1.0, delay=1.0)
    return bound(net, subject.registry)


def _mapped(subject: Subject, system: System) -> str:
    mapped = Mapped(
        small_network(subject), system, MappingSettings(), RunSettings(), subject.registry, simulated=False
    )
    mapped.report.check()
    return f"10 neurons on {system.chip_count} chips"


def _source(item: Any) -> str:
    assert item.source, "source is empty; it says where the figures are published"
    return str(item.source)


def _counts(subject: Subject) -> str:
    system = _system_with(subject)
    network = small_network(subject)
    told = []
    for _ in range(2):
        settings = MappingSettings(), RunSettings()
        mapped = Mapped(network, system, *settings, subject.registry, simulated=False)
        told.append(json.dumps(mapped.report.to_dict(), sort_keys=True, default=str))
    assert told[0] == told[1], "it counts differently the second time"
    return f"on {system.name}"


def _system_with(subject: Subject) -> System:
    """Return a system whose chips name the rule."""
    for preset in subject.registry.systems.items.values():
        system = preset.make(None)
        if subject.name in system.chip.rules:
            return system
    return System(chips=(2,), chip=ChipSpec(cores=(2, 1), rules=(subject.name,)))


def _onto(whole: bool) -> list[Weights]:
    random = np.random.default_rng(6)
    first, second = random.normal(0.0, 10.0, 50), np.array([3.0])
    if whole:
        first = np.rint(first)
    return [
        Weights(first, 50.0, "" if whole else "pA", whole),
        Weights(second, 4.0, "" if whole else "pA", whole),
    ]


def _rounds(item: Any) -> str:
    errors = []
    for whole in (False, True):
        onto = _onto(whole)
        try:
            found = [np.asarray(v, dtype=np.float64) for v in item.rounded(onto)]
        except SpikemeshError as error:
            errors.append(str(error))
            continue
        shapes = [v.shape for v in found]
        assert shapes == [w.values.shape for w in onto], f"rounded() returned weights of shapes {shapes}"
        assert all(np.isfinite(v).all() for v in found), "rounded() returned weights that are not finite"
        again = [np.asarray(v) for v in item.rounded(_onto(whole))]
        assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True)), "differs the second time"
    if len(errors) == 2:
        raise Skipped(f"it takes no random weights: {errors[0]}")
    return "50 weights"


def _keeps(item: Any) -> str:
    onto = _onto(False)
    try:
        once = item.rounded(onto)
        again = item.rounded(
            [Weights(v, w.synapses, w.unit, w.whole) for v, w in zip(once, onto, strict=True)]
        )
    except SpikemeshError as error:
        raise Skipped(str(error)) from None
    # A scale that is fitted to the weights may move a little when fitted to the rounded ones.
    worst = max(float(np.abs(a - b).max()) for a, b in zip(once, again, strict=True))
    first = max(float(np.abs(v - w.values).max()) for v, w in zip(once, onto, strict=True))
    assert worst <= first + 1e-9, (
        f"rounding again changes weights by up to {worst:g}, the first time by {first:g}"
    )
    return f"rounding changes weights by up to {first:.3g}, rounding again by {worst:.3g}"
