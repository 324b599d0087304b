import dataclasses

import numpy as np
import pytest

from spikemesh.registry import load_registry


@pytest.fixture(scope="session")
def registry():
    return load_registry()


def _plain(value):
    if isinstance(value, np.ndarray):
        return ("array", str(value.dtype), value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


@pytest.fixture
def plain():
    """Turn descriptions and bound objects into plain data, so that == compares every field."""
    return _plain
