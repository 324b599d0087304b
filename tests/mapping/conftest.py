import numpy as np
import pytest

import spikemesh_plugins.mapping as builtin
from spikemesh.contracts import NeuronModel
from spikemesh.contracts.bound import BoundNetwork, BoundPopulation, BoundProjection
from spikemesh.registry import Registry


class Silent(NeuronModel):
    name = "silent"

    @staticmethod
    def constants(p, dt):
        return {}

    @staticmethod
    def step(s, c, x):
        return (), False


def _line(size):
    """Neurons side by side from 0 to 1."""
    return (np.arange(size)[:, None] + 0.5) / size


def _arguments(rule, expected, sources, targets):
    """Arguments under which a rule makes about as many synapses as expected."""
    return {
        "fixed_probability": {"p": min(1.0, expected / (sources * targets))},
        "fixed_indegree": {"indegree": round(expected / targets)},
        "fixed_outdegree": {"outdegree": round(expected / sources)},
        "fixed_total": {"total": round(expected)},
        "distance": {"p": 1.0, "scale": expected / sources / targets},
    }.get(rule, {})


def _network(sizes, projections):
    """Sizes by name; projections as (source, target, rule, expected synapses[, delay[, arguments]])."""
    offsets = np.concatenate([[0], np.cumsum(list(sizes.values()))])
    names = list(sizes)
    populations = tuple(
        BoundPopulation(k, name, size, int(offsets[k]), Silent, {}, {}, {}, positions=_line(size))
        for k, (name, size) in enumerate(sizes.items())
    )
    bound = []
    for k, (source, target, rule, expected, *rest) in enumerate(projections):
        bound.append(
            BoundProjection(
                index=k,
                name=f"{source}->{target}",
                source=names.index(source),
                target=names.index(target),
                rule=rule,
                arguments=rest[1]
                if len(rest) > 1
                else _arguments(rule, expected, sizes[source], sizes[target]),
                weight=1.0,
                delay=rest[0] if rest else 1,
                receptor="exc",
                autapses=True,
                multapses=True,
                expected=float(expected),
            )
        )
    return BoundNetwork(timestep_ms=0.1, seed=1, populations=populations, projections=tuple(bound))


@pytest.fixture(scope="session")
def network():
    return _network


@pytest.fixture(scope="session")
def registry():
    found = Registry()
    found.register(builtin, "mapping", "test")
    return found
