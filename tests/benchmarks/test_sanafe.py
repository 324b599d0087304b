"""The networks that SANA-FE was given are those of the benchmarks."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def definitions(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield import_module("sanafe_networks")
    del sys.modules["sanafe_networks"]


def test_the_record_is_of_these_networks(definitions):
    record = json.loads((ROOT / "tests" / "peers" / "sanafe.json").read_text())
    assert record["chip"] == definitions.CHIP
    assert record["networks"] == definitions.networks()


def test_weights_add_up_to_the_same_in_any_order(definitions):
    for network in definitions.networks().values():
        assert all((64 * weight).is_integer() and weight for _, _, weight in network["connections"])
