"""A command line whose API is replaced by one that answers as told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

import spikemesh
from spikemesh.cli import main
from spikemesh.errors import InputError

SUMMARY = {
    "scenario": "ring", "backend": "local", "workers": 2, "actors": "chip", "chips": 8, "duration_ms": 1500.0,
    "spikes": 12345, "synaptic_events": 6789012, "compile_s": 0.02, "build_s": 0.3, "run_s": 0.75,
    "finalise_s": 0.1, "realtime_factor": 2.0, "synaptic_events_per_s": 9052016.0, "peak_rss_mb": 321.4,
    "window_exchange_us": 4.2, "packets": 777, "trace": "ring.h5",
    "digest": {"function": "ab" * 32, "hardware": "cd" * 32}, "results": {"lap_time_ms": 16.0, "laps": 9},
}  # fmt: skip


class FakeApi(ModuleType):
    """Stands for spikemesh.api; ``failure`` is raised by the call named in ``fails``."""

    def __init__(self) -> None:
        super().__init__("spikemesh.api")
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failure: BaseException | None = None
        self.fails = "run_scenario"
        self.runs_code: list[str] = []
        self.reports: list[Any] = []
        self.summary: dict[str, Any] = dict(SUMMARY)

    def _call(self, name: str, arguments: dict[str, Any]) -> None:
        self.calls.append((name, arguments))
        if self.failure is not None and self.fails == name:
            raise self.failure

    def open_scenario(self, name: str, *, overrides: Any = (), plugins: Any = ()) -> Any:
        self._call("open_scenario", {"name": name, "overrides": overrides, "plugins": plugins})
        network = SimpleNamespace(
            populations=(1, 2), size=1000, projections=(SimpleNamespace(expected=99.6),)
        )
        scenario = SimpleNamespace(name="ring", description="A ring")
        system = SimpleNamespace(chip_count=8)
        return SimpleNamespace(scenario=scenario, network=network, system=system, runs_code=self.runs_code)

    def run_scenario(
        self, loaded: Any, *, progress: Callable[[Any], None] | None = None, **settings: Any
    ) -> Any:
        for report in self.reports:
            if progress is not None:
                progress(report)
        self._call("run_scenario", settings)
        return SimpleNamespace(summary=self.summary)

    def check_fit(self, loaded: Any) -> None:
        self._call("check_fit", {})

    def check_picture(self, target: Path) -> None:
        self._call("check_picture", {"target": target})

    def write_picture(self, report: Any, target: Path, name: str) -> None:
        self._call("write_picture", {"target": target, "name": name})

    def map_scenario(self, loaded: Any) -> Any:
        self._call("map_scenario", {})

        def check() -> None:
            self._call("check", {})

        def problems() -> list[Any]:
            return list(self.failure.problems) if isinstance(self.failure, InputError) else []

        return SimpleNamespace(
            to_dict=lambda: {"chips": 8}, table=lambda: "chip 0: 125", check=check, problems=problems
        )


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApi:
    monkeypatch.chdir(tmp_path)
    fake = FakeApi()
    monkeypatch.setitem(sys.modules, "spikemesh.api", fake)
    monkeypatch.setattr(spikemesh, "api", fake, raising=False)
    monkeypatch.delenv("SPIKEMESH_DEBUG", raising=False)
    return fake


@pytest.fixture
def invoke() -> Callable[..., Result]:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments), prog_name="spikemesh")

    return call
