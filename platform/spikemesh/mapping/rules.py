"""Limit rules of a chip applied to a mapped network, and what exceeds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.limits import LimitRule, Load, Synapses, Use
from spikemesh.description.system import System
from spikemesh.errors import PluginError, Problem, SpikemeshError
from spikemesh.mapping.edges import edge_chunks, edge_delays, edge_weights
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut

if TYPE_CHECKING:
    from spikemesh.registry import Registry


@dataclass(frozen=True, eq=False)
class Checked:
    """What rules found.

    Attributes
    ----------
    uses
        Counts, each beside its limit.
    problems
        What is wrong and no count.
    """

    uses: tuple[Use, ...] = ()
    problems: tuple[Problem, ...] = ()


def rules_of(system: System, registry: Registry) -> tuple[LimitRule, ...]:
    """Look up the rules of a system's chip.

    Raises
    ------
    DescriptionError
        If there is no rule of a name.
    """
    return tuple(registry.limit_rules.get(name, "system.chip.rules") for name in system.chip.rules)


def apply_rules(rules: Sequence[LimitRule], load: Load) -> Checked:
    """Apply rules to a mapped network.

    Raises
    ------
    PluginError
        If a rule fails, or returns counts of the wrong shape.
    """
    uses: list[Use] = []
    problems: list[Problem] = []
    for rule in rules:
        for found in _found(rule, load):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                _check_shape(found, load, rule.name)
                uses += [found] if found.need.size else []
    return Checked(tuple(uses), tuple(problems))


def load_of(network: BoundNetwork, placement: Placement, fan: FanOut) -> Load:
    """Show a mapped network as rules see it."""
    return Load(
        network=network,
        system=placement.system,
        core_of=placement.core_of_neuron.astype(np.int64),
        source=fan.source,
        core=fan.core.astype(np.int64),
        synapses=fan.synapses,
        draw=lambda index: drawn_synapses(network, index),
    )


def _found(rule: LimitRule, load: Load) -> list[Use | Problem]:
    try:
        return list(rule.check(load))
    except SpikemeshError:
        raise
    except Exception as error:
        raise PluginError(f'limit rule "{rule.name}" raised {type(error).__name__}: {error}') from error


def drawn_synapses(network: BoundNetwork, index: int) -> Iterator[Synapses]:
    """Draw the synapses of a projection, some at a time."""
    projection = network.projections[index]
    source, target = network.populations[projection.source], network.populations[projection.target]
    for edges in edge_chunks(network, projection, np.arange(target.size, dtype=np.uint32)):
        if edges.source.size:
            yield Synapses(
                edges.source.astype(np.int64) + source.offset,
                edges.position.astype(np.int64) + target.offset,
                edge_weights(network, projection, edges),
                edge_delays(network, projection, edges),
            )


def _check_shape(use: Use, load: Load, rule: str) -> None:
    sizes = {
        "core": load.system.core_count,
        "chip": load.system.chip_count,
        "neuron": load.network.size,
        "population": len(load.network.populations),
        "projection": len(load.network.projections),
    }
    if np.shape(use.need) != (sizes[use.of],) or np.shape(use.limit) not in ((), np.shape(use.need)):
        found = f"{np.shape(use.need)} counts of {use.key} with limits of shape {np.shape(use.limit)}"
        raise PluginError(f'limit rule "{rule}" returned {found} for {sizes[use.of]} of {use.of}')


def worst_of(use: Use) -> tuple[int, int, int]:
    """Return the place where most is left over or least is left, what it needs, and its limit."""
    limit = np.broadcast_to(use.limit, np.shape(use.need))
    place = int(np.argmax(use.need - limit))
    return place, int(use.need[place]), int(limit[place])


def problem_of(use: Use, where: str) -> Problem | None:
    """Say by how much a limit is exceeded at its worst place; None if it is not."""
    _, need, limit = worst_of(use)
    if need <= limit:
        return None
    over = int(np.count_nonzero(use.need > use.limit))
    found = f"{need} {use.what}; the limit of a {use.of} is {limit} ({use.key}): {need - limit} too many"
    found += f"; {over} {use.of}s are over the limit, this one most" if over > 1 else ""
    return Problem(where, found, use.remedy)


def figures_of(use: Use, where: str) -> dict[str, Any]:
    """Return the worst place of a use as plain values for JSON."""
    _, need, limit = worst_of(use)
    return {"key": use.key, "what": use.what, "of": use.of, "need": need, "limit": limit, "at": where}
