"""Says in one sentence what to do when spikemesh is not installed."""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A busy machine is no fault of the code: no example is refused for the time that it takes.
hypothesis.settings.register_profile(
    "spikemesh", max_examples=50, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("spikemesh")


def pytest_configure() -> None:
    try:
        version("spikemesh")
    except PackageNotFoundError:
        pytest.exit("spikemesh is not installed; run: make setup", returncode=4)
    if not entry_points(group="spikemesh"):
        pytest.exit("spikemesh is installed without its plugins; run: pip install -e .", returncode=4)


# One process compiles what every network needs, in which the other would only wait; it does meanwhile what needs none
# of that. Then what takes longest.
EARLY = ("engine/test_parity.py", "cli/test_imports.py", "architecture", "description", "binding", "systems")
LONG = ("plugins/test_conformance.py", "hardware/test_steps.py", "end_to_end", "runtime")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files so that two processes seldom wait for one another."""
    tests = Path(__file__).parent
    order = [tests / name for name in (*EARLY, *LONG)]

    def place(item: pytest.Item) -> int:
        return next((k for k, path in enumerate(order) if item.path.is_relative_to(path)), len(order))

    items.sort(key=place)


class Clock:
    """Which functions of a rule run for all synapses in a step, as ``Visit`` of the contracts says."""

    def __init__(self, rule: Any, constants: Mapping[str, float]) -> None:
        self.rule = rule
        self.every = {"on_step": 1} if rule.on_step and "on_step" not in rule.visits else {}
        self.every |= {name: int(constants[visit.every]) for name, visit in rule.visits.items()}
        self.last = dict.fromkeys(self.every, 0)

    def due(self, tick: int, third: float) -> Iterator[tuple[str, float, int]]:
        """(function, third factor, steps) in order."""
        on = [n for n, v in self.rule.visits.items() if v.on_third and self.every[n] and third != 0.0]
        for name in on:
            if tick - 1 > self.last[name]:
                yield name, 0.0, tick - 1 - self.last[name]
                self.last[name] = tick - 1
        for name, every in self.every.items():
            if every and (tick % every == 0 or name in on):
                yield name, third, tick - self.last[name]
                self.last[name] = tick


@pytest.fixture
def visit_clock() -> type[Clock]:
    """Return the class whose ``due(tick, third)`` lists what runs for all synapses of a rule."""
    return Clock
