"""What a preset does not publish is said to be so in a run's figures, as a table and as text; it is never zero."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import spikemesh as sm
from spikemesh.cli import main
from spikemesh.contracts.energy import COUNTERS, INCLUDED, NOT_COUNTED, NOT_PUBLISHED
from spikemesh_plugins.systems import PRESETS

SETS = [(p.name, costs) for p in PRESETS for costs in p.make(None).chip.costs]


def small():
    """Six sources that reach four neurons, which reach one another; every neuron spikes."""
    net = sm.Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 6, "spike_source", times=[np.arange(1.0, 9.0)] * 6)
    neurons = net.add_population("n", 4, "iaf", v_th=1.0)
    net.connect(source, neurons, "fixed_outdegree", outdegree=1, multapses=False, weight=0.4)
    net.connect(neurons, neurons, "one_to_one", weight=0.1)
    net.probe(neurons, "spikes")
    return net


@pytest.fixture(scope="module", params=SETS, ids=[f"{name}-{costs}" for name, costs in SETS])
def run(request, tmp_path_factory):
    name, costs = request.param
    system = sm.System.preset(name, chips=(1, 1), costs=costs)
    out = tmp_path_factory.mktemp("run") / "run.h5"
    return system, sm.run(small(), system, "10 ms", out=out, backend="local", workers=1)


def test_energies_of_a_run(run):
    system, result = run
    with result.trace as trace:
        table, analysed = trace.energy(), trace.analyse()["hardware"]["energy"]
    costs = system.cost_set
    done = [kind for kind in COUNTERS if table.loc[kind, "count"] > 0]
    assert {"neuron_update", "synaptic_event"} <= {*done}
    for kind in done:
        cost = costs.neuron_update if kind == "neuron_idle" and costs.neuron_idle.energy_pj is None else None
        each = (cost or getattr(costs, kind)).energy_pj
        row = table.loc[kind]
        if each is None or (cost is not None and kind in costs.excluded):
            assert math.isnan(row["energy_pj"])
            assert row["note"] == (INCLUDED if kind in costs.excluded else NOT_PUBLISHED)
        else:
            assert row["energy_pj"] == pytest.approx(each * row["count"], rel=1e-12)
    static = table.loc["static_chip"]
    assert math.isnan(static["energy_pj"]) == (costs.static_mw is None)
    missing = {t["kind"] for t in analysed["terms"] if t["note"] in (NOT_PUBLISHED, NOT_COUNTED)}
    assert missing <= {*analysed["misses"]}
    assert all(name in table.loc["total", "note"] for name in analysed["misses"])


def test_what_analyze_prints(run):
    _, result = run
    words = ["analyze", str(result.path)]
    text = CliRunner().invoke(main, words, env={"COLUMNS": "400"}).output
    lines = {line.split("  ")[0].strip(" │|"): line for line in text.splitlines()}
    figures = json.loads(CliRunner().invoke(main, [*words, "--json"]).output)["hardware"]["energy"]
    for term in figures["terms"]:
        line = lines[term["kind"].replace("_", " ")]
        if term["value_pj"] is None:
            assert term["note"] in line
            assert " 0 J" not in line
    if figures["misses"]:
        assert f"incomplete: misses {figures['misses'][0]}" in text
