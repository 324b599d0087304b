"""The example in plugins/README.md is a plugin that loads and runs."""

import math
import re
from pathlib import Path

import pytest

from spikemesh.registry import load_registry

README = Path(__file__).parents[2] / "plugins" / "README.md"


def test_example_runs(simulate, tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    file = tmp_path / "leaky.py"
    file.write_text(code)
    model = load_registry([file]).neuron_models.get("leaky")
    run = simulate(model, {"e_l": -5.0}, 1.0, 30, exc={1: 10.0, 21: 30.0}, record=["v"])
    assert run.spikes == [21]
    assert run.values["v"][10] == pytest.approx(-5.0 + 10.0 * math.exp(-0.5), rel=1e-12)
    assert run.values["v"][-1] == -5.0


def test_every_file_it_names_is_there():
    named = re.findall(r"`((?:neurons|learning|coding|systems|mapping)/[a-z_0-9.]*)`", README.read_text())
    root = README.parent / "spikemesh_plugins"
    assert named
    assert [n for n in named if not (root / n).exists()] == []
