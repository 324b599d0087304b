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
