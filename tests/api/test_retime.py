"""A recorded run timed on another system is the run on that system, to the byte."""

import h5py
import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import InputError


def network(seed=3):
    net = sm.Network(timestep="0.1 ms", seed=seed)
    exc = net.add_population("exc", 120, "lif_psc_exp", i_e=420.0, init={"v": sm.uniform(-70.0, -55.0)})
    inh = net.add_population("inh", 30, "lif_psc_exp", i_e=420.0)
    for source, weight in ((exc, 40.0), (inh, -200.0)):
        for target in (exc, inh):
            net.connect(source, target, rule="fixed_indegree", indegree=10, weight=weight, delay="1.5 ms")
    net.probe(exc, "spikes")
    net.probe(inh, "spikes")
    net.probe(exc, "v", neurons=slice(0, 3), every="1 ms")
    return net


def small_loihi(chips, **changes):
    system = sm.System.preset("loihi", chips=chips)
    chip = system.chip.model_copy(update={"cores": (4, 4)})
    return system.model_copy(update={"chip": chip, **changes})


def run(system, path, links=None, **settings):
    settings = sm.RunSettings(links=links, backend="local", workers=1, **settings)
    sm.run(network(), system, duration="60 ms", out=path, settings=settings)
    return path


def hardware_of(path):
    """All datasets and attributes of a trace's hardware as bytes."""
    found = {}

    def visit(name, item):
        found[name] = [(k, np.asarray(v).tobytes()) for k, v in sorted(item.attrs.items())]
        if isinstance(item, h5py.Dataset):
            found[name] += [str(item.dtype), item.shape, item[()].tobytes() if item.size else b""]

    with h5py.File(path) as file:
        file["hardware"].visititems(visit)
    return found


@pytest.mark.parametrize("links", ["none", "analytic", "packet"])
@pytest.mark.parametrize("costs", ["davies2018", "sanafe2025"])
def test_hardware_is_that_of_a_direct_run(tmp_path, links, costs):
    recorded = run(sm.System.preset("ideal", chips=2), tmp_path / "a.h5", activity=True)
    other = small_loihi((2, 2), costs=costs)
    direct = run(other, tmp_path / "b.h5", links)
    settings = sm.RunSettings(links=links)
    retimed = sm.retime(recorded, other, network=network(), settings=settings, out=tmp_path / "c.h5")
    assert hardware_of(retimed.path) == hardware_of(direct)
    digests = [sm.open_trace(p).digest() for p in (recorded, direct, retimed.path)]
    assert digests[1] == digests[2]
    assert digests[0]["function"] == digests[1]["function"]


def test_another_mapping_and_more_chips(tmp_path):
    recorded = run(small_loihi((2, 1)), tmp_path / "a.h5")
    mapping = sm.MappingSettings(partition="round_robin", relay=True)
    settings = sm.RunSettings(links="packet", backend="local", workers=2)
    system = small_loihi((2, 2))
    sm.run(network(), system, duration="60 ms", out=tmp_path / "b.h5", settings=settings, mapping=mapping)
    retimed = sm.retime(
        recorded, system, network=network(), mapping=mapping, settings=settings, out=tmp_path / "c.h5"
    )
    assert hardware_of(retimed.path) == hardware_of(tmp_path / "b.h5")


def test_costs_of_idle_neurons_need_their_activity(tmp_path):
    recorded = run(sm.System.preset("ideal", chips=2), tmp_path / "a.h5")
    with pytest.raises(InputError, match="does not keep which neurons were active"):
        sm.retime(recorded, small_loihi((2, 1)), network=network(), out=tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()


def test_another_network_is_refused(tmp_path):
    recorded = run(small_loihi((2, 1)), tmp_path / "a.h5")
    net = network()
    net.add_population("more", 5, "iaf")
    with pytest.raises(InputError):
        sm.retime(recorded, small_loihi((2, 1)), network=net, out=tmp_path / "b.h5")


def test_all_spikes_are_kept_if_asked_for(tmp_path):
    net = network()
    net.add_population("silent", 4, "iaf")
    system = small_loihi((2, 1))
    for spikes, kept in (("probed", ("exc", "inh")), ("all", ("exc", "inh", "silent"))):
        settings = sm.RunSettings(spikes=spikes, backend="local", workers=1)
        path = tmp_path / f"{spikes}.h5"
        sm.run(net, system, duration="60 ms", out=path, settings=settings)
        assert sm.open_trace(path).populations == kept
    with pytest.raises(
        InputError, match=r'spikes of "silent" \(spikes = "all" under \[run\], and run it again\)'
    ):
        sm.retime(tmp_path / "probed.h5", system, network=net, out=tmp_path / "c.h5")
    retimed = sm.retime(tmp_path / "all.h5", system, network=net, out=tmp_path / "c.h5")
    assert retimed.summary["spikes"] > 100
