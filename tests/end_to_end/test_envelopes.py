"""What is published of whole chips is printed beside what a network takes of them, with its source."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from spikemesh.cli import main
from spikemesh_plugins.systems import PRESETS

ENVELOPES = {
    # Akopyan et al. 2015, p. 1551: 42 mW (0.70 V, 0 Hz, no synapses) to 323 mW (1.05 V, 200 Hz, 256 synapses).
    "truenorth": (
        "at 0.70 V, 0 Hz, no synapses: 42 mW [Akopyan",
        "256 synapses of each neuron: 323 mW [Akopyan",
    ),
    # Richter et al. 2024: 3.36 us through 9 layers, 1.58 us through one; Yao et al. 2024, abstract: 0.42 mW at rest,
    # as little as 0.70 mW in all.
    "speck": (
        "through 9 layers: 3.36 us [Richter et al. 2024, abstract; abstract]",
        "one layer of 3 x 3 kernels: 1.58 us [public notes on Richter et al. 2024; secondary]",
        "at rest: 0.42 mW [Yao",
        "at work in real time: 0.7 mW [Yao",
    ),
}
SCENARIO = """
name = "small"
duration = "10 ms"
timestep = "1 ms"
[system]
preset = "{name}"
chips = 1
[[population]]
name = "n"
size = 4
model = "iaf"
"""


def spikemesh(*words):
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ENVELOPES)
def test_map_prints_the_published_envelope(name, tmp_path):
    file = tmp_path / "scenario.toml"
    file.write_text(SCENARIO.format(name=name))
    text = spikemesh("map", file)
    assert f"published of {name}:" in text
    assert [line for line in ENVELOPES[name] if line not in text] == []
    assert "published of" not in spikemesh("map", "synfire_ring")


@pytest.mark.parametrize("name", ENVELOPES)
def test_show_prints_the_published_envelope(name):
    text = spikemesh("plugins", "show", name)
    assert [line for line in ENVELOPES[name] if line not in text] == []


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_show_prints_every_source_of_a_preset(preset):
    text, system = spikemesh("plugins", "show", preset.name), preset.make(None)
    parts = [system, system.chip, system.chip.core, *system.links.values()]
    costs = system.chip.costs.values()
    sources = [source for part in parts for source in part.sources.values()]
    sources += [c.synaptic_event.source for c in costs] + [c.static_source for c in costs]
    assert [source for source in sources if source not in text] == []
