"""Arrays of scenarios that are made once and kept."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh_scenarios import settings
from spikemesh_scenarios.kept import Kept


@pytest.fixture
def made():
    """Count how often arrays are made."""
    return []


@pytest.fixture
def kept(made):
    def make():
        made.append(1)
        return {"labels": np.arange(3), "other": np.zeros(2)}

    return Kept("digits.npz", make, __file__, settings.__file__)


def test_arrays_are_made_once_and_read_from_the_file(kept, made, tmp_path):
    kept.prepare(tmp_path)
    kept.prepare(tmp_path)
    read = kept.read(["labels"])
    assert list(read) == ["labels"]
    assert read["labels"].tolist() == [0, 1, 2]
    assert made == [1]


def test_without_a_file_they_are_made(kept, made):
    assert kept.read(["other"])["other"].tolist() == [0.0, 0.0]
    assert made == [1]


@pytest.mark.parametrize("damage", ["cut off", "made by other code", "made by half of the code"])
def test_a_file_that_is_not_its_own_is_made_anew(kept, made, tmp_path, damage):
    target = tmp_path / "digits.npz"
    if damage == "cut off":
        kept.prepare(tmp_path)
        target.write_bytes(target.read_bytes()[:100])
    elif damage == "made by other code":
        np.savez(target, recipe=np.array("another"))
    else:
        Kept("digits.npz", lambda: {"labels": np.arange(9)}, __file__).prepare(tmp_path)
    made.clear()
    kept.prepare(tmp_path)
    assert made == [1]
    assert kept.read(["labels"])["labels"].tolist() == [0, 1, 2]
