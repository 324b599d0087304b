"""The same network gives the same bits however it is run (DESIGN section 4)."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm

STEPS_MS = 150.0


def outcome(net, path, system=None, **options):
    options = {"backend": "local", "workers": 1, **options}
    sm.run(net, system or sm.System.preset("ideal", chips=2), STEPS_MS, out=path, **options)
    with sm.open_trace(path) as trace:
        spikes = {
            p: list(zip(trace.spikes(p).ticks, trace.spikes(p).neurons, strict=True))
            for p in trace.populations
        }
        return trace.digest(), spikes, trace.weights("exc->exc")


@pytest.fixture(scope="module")
def reference(network, tmp_path_factory):
    return outcome(network(), tmp_path_factory.mktemp("reference") / "run.h5")


def test_the_network_is_alive_and_learns(reference):
    _, spikes, weights = reference
    assert len(spikes["exc"]) > 300
    assert len(spikes["inh"]) > 100
    assert len(weights) == 480
    assert weights.weight.nunique() > 100


@pytest.mark.parametrize("workers", [2, 3])
def test_workers(network, reference, tmp_path, workers):
    # On the same chips the traffic is the same too.
    system = sm.System.preset("ideal", chips=3)
    one = outcome(network(), tmp_path / "one.h5", system)[0]
    assert outcome(network(), tmp_path / "more.h5", system, workers=workers)[0] == one
    assert one["function"] == reference[0]["function"]
    assert one["hardware"] != reference[0]["hardware"]


@pytest.mark.parametrize("workers", [1, 3])
def test_cores_as_agents(network, reference, tmp_path, workers):
    found = outcome(network(), tmp_path / "run.h5", actors="core", workers=workers)
    assert found[0] == reference[0]


@pytest.mark.parametrize("chips", [1, 5, (3, 2)])
def test_chips(network, reference, tmp_path, chips):
    found = outcome(network(), tmp_path / "run.h5", sm.System.preset("ideal", chips=chips), workers=2)
    assert found[0]["function"] == reference[0]["function"]
    assert found[1] == reference[1]
    assert found[2].equals(reference[2])


@pytest.mark.parametrize(
    "mapping",
    [{"partition": "round_robin"}, {"partition": "linear"}, {"pin": {"exc": [1], "inh": [0], "in": [1]}}],
)
def test_mappings(network, reference, tmp_path, mapping):
    found = outcome(network(), tmp_path / "run.h5", mapping=sm.MappingSettings(**mapping), workers=2)
    assert found[0]["function"] == reference[0]["function"]


def test_another_kind_of_chip(network, reference, tmp_path):
    found = outcome(network(), tmp_path / "run.h5", sm.System.preset("loihi", chips=(2, 1)))
    assert found[0]["function"] == reference[0]["function"]


def test_odd_pieces(network, reference, tmp_path):
    path = tmp_path / "run.h5"
    system = sm.System.preset("ideal", chips=2)
    with sm.Simulation(network(), system, out=path, backend="local", workers=2) as simulation:
        for piece in ("0.5 ms", 3.0, "36.5 ms", 0, 1, 9.5):
            simulation.run(piece)
            simulation.weights("exc->exc")  # looking changes nothing
        simulation.run(STEPS_MS - simulation.time_ms)
    assert sm.open_trace(path).digest() == reference[0]


def test_other_probes_change_no_spike(network, reference, tmp_path):
    digest, spikes, weights = outcome(network(extra_probes=True), tmp_path / "run.h5", workers=2)
    assert spikes == reference[1]
    assert weights.equals(reference[2])
    assert digest["function"] != reference[0]["function"]
    assert digest["hardware"] == reference[0]["hardware"]


def test_the_seed_decides(network, reference, tmp_path):
    assert outcome(network(seed=2), tmp_path / "run.h5")[0]["function"] != reference[0]["function"]


def test_equal_results_are_equal_bytes(network, reference, tmp_path):
    # DESIGN section 10: what differs between runs, such as times of day, is in the provenance alone.
    import h5py

    def contents(path):
        found = {}
        with h5py.File(path) as file:
            file.visititems(
                lambda name, thing: found.__setitem__(name, thing[()].tobytes())
                if isinstance(thing, h5py.Dataset) and not name.startswith(("provenance", "status"))
                and thing.dtype.kind != "O" else None
            )  # fmt: skip
        return found

    for name, options in {"a.h5": {}, "b.h5": {"workers": 2, "actors": "core"}}.items():
        outcome(network(), tmp_path / name, **options)
    first, second = contents(tmp_path / "a.h5"), contents(tmp_path / "b.h5")
    assert len(first) > 10
    assert first == second


@pytest.mark.ray
def test_ray_actors(network, reference, tmp_path):
    found = outcome(network(), tmp_path / "run.h5", backend="ray", workers=2)
    assert found[0] == reference[0]
    assert found[2].equals(reference[2])


def test_a_network_can_be_run_twice(network, reference, tmp_path):
    net = network()
    first = outcome(net, tmp_path / "a.h5")
    second = outcome(net, tmp_path / "b.h5")
    assert first[0] == second[0] == reference[0]
    assert np.isfinite(first[2].weight).all()


def zoo(learning):
    """Every model and source, an encoder that resets, distributions, and one learning rule."""
    net = sm.Network(timestep="1 ms", seed=9)
    noise = net.add_population("noise", 20, "poisson", rate=np.linspace(5.0, 100.0, 20))
    clock = net.add_population("clock", 3, "regular", interval=[5.0, 7.0, 11.0])
    cells = net.add_population(
        "cells", 30, "izhikevich", i_e=sm.uniform(3.0, 12.0), init={"v": -65.0, "u": -13.0}
    )
    chip = net.add_population("chip", 25, "loihi_cuba", du=1023, dv=256, vth=60)
    units = net.add_population("units", 10, "iaf", v_th=sm.lognormal(0.0, 0.2))
    pixels = net.add_input(
        "pixels", encoder="poisson", data=np.linspace(0.0, 1.0, 24).reshape(3, 8), present="20 ms", blank="5 ms",
        reset=["cells", "chip"], max_rate="200 Hz",
    )  # fmt: skip
    net.connect(
        noise, cells, "fixed_probability", p=0.3, weight=sm.normal(4.0, 1.0), delay=sm.uniform(1.0, 9.0)
    )
    net.connect(pixels, chip, "all_to_all", weight=30, delay="2 ms")
    net.connect(cells, chip, "fixed_outdegree", outdegree=6, weight=-20, delay="3 ms", weight_exp=1)
    net.connect(chip, units, "fixed_indegree", indegree=5, weight=0.3, delay="1 ms", learning=learning)
    net.connect(units, cells, "fixed_total", total=60, weight=0.7, delay="4 ms", learning=learning)
    net.connect(clock, units, "fixed_probability", p=0.5, weight=0.4, multapses=False)
    net.drive(units, sm.poisson(rate=sm.uniform(0.0, 300.0), weight=0.2))
    net.drive(cells, sm.steps([0.0, 40.0, 80.0], [0.0, 4.0, -4.0]))
    for population in (noise, clock, pixels, cells, chip, units):
        net.probe(population, "spikes")
    for population in (cells, chip, units):
        net.probe(population, "v", every="3 ms")
    net.probe("units->cells", "weights")
    net.probe("chip->units", "weights")
    return net


@pytest.mark.parametrize("rule", ["stdp_pair", "stdp_pair_nearest", "gbc"])
def test_every_model_and_rule(tmp_path, rule):
    learning = sm.rule(rule, a_plus=0.01, a_minus=0.012)
    first = sm.run(zoo(learning), duration=120.0, out=tmp_path / "one.h5", backend="local", workers=1)
    trace = first.trace
    assert all(len(trace.spikes(name)) > 20 for name in trace.populations)
    assert trace.weights("chip->units").weight.nunique() > 10
    options = {"backend": "local", "workers": 2, "mapping": sm.MappingSettings(partition="round_robin")}
    system = sm.System.preset("ideal", chips=3)
    with sm.Simulation(zoo(learning), system, out=tmp_path / "three.h5", **options) as simulation:
        for piece in (1.0, 25.0, 13.0, 81.0):
            simulation.run(piece)
    assert sm.open_trace(tmp_path / "three.h5").digest()["function"] == trace.digest()["function"]
