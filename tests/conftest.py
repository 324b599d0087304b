"""Says in one sentence what to do when spikemesh is not installed."""

from importlib.metadata import PackageNotFoundError, entry_points, version

import pytest


def pytest_configure() -> None:
    try:
        version("spikemesh")
    except PackageNotFoundError:
        pytest.exit("spikemesh is not installed; run: make setup", returncode=4)
    if not entry_points(group="spikemesh"):
        pytest.exit("spikemesh is installed without its plugins; run: pip install -e .", returncode=4)
