"""Running and importing the shipped scenarios."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import spikemesh_scenarios

FOLDER = Path(spikemesh_scenarios.__file__).parent


@pytest.fixture(scope="session")
def scenario_module() -> Callable[[str], ModuleType]:
    """Return a function that imports a scenario's ``scenario.py``."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"scenario_{name}", FOLDER / name / "scenario.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that runs a shipped scenario on the local backend and gives its summary."""

    def go(name: str, *overrides: str, **settings: Any) -> dict[str, Any]:
        from spikemesh import api

        loaded = api.open_scenario(name, overrides=overrides)
        settings = {"backend": "local", "workers": 1, "out": str(tmp_path / f"{name}.h5")} | settings
        return dict(api.run_scenario(loaded, **settings).summary)

    return go
