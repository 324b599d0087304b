"""In the regime ``barrier`` neither the level of links nor the mapping changes a spike; workers change no figure."""

import pytest

import spikemesh as sm

MAPPINGS = {
    "traffic": sm.MappingSettings(),
    "linear": sm.MappingSettings(partition="linear"),
    "round_robin": sm.MappingSettings(partition="round_robin", relay=True),
    "annealed": sm.MappingSettings(partition="round_robin", place="anneal", cores="all"),
}


def network():
    net = sm.Network(timestep="0.1 ms", seed=5)
    exc = net.add_population("exc", 120, "lif_psc_exp", i_e=420.0, init={"v": sm.uniform(-70.0, -55.0)})
    inh = net.add_population("inh", 30, "lif_psc_exp", i_e=420.0)
    for source, weight in ((exc, 40.0), (inh, -200.0)):
        for target in (exc, inh):
            net.connect(source, target, rule="fixed_indegree", indegree=10, weight=weight, delay="1.5 ms")
    net.probe(exc, "spikes")
    net.probe(inh, "spikes")
    return net


def loihi(chips):
    system = sm.System.preset("loihi", chips=chips)
    chip = system.chip.model_copy(update={"cores": (4, 4)})
    # A link so narrow that packets queue for most of a step.
    links = {
        **system.links,
        "between_chips": system.links["between_chips"].model_copy(update={"bandwidth": 1e7}),
    }
    return system.model_copy(update={"chip": chip, "links": links})


def digest(tmp_path, system, mapping=None, **settings):
    path = tmp_path / "run.h5"
    options = sm.RunSettings(backend="local", **settings)
    sm.run(network(), system, duration="50 ms", out=path, mapping=mapping, settings=options, overwrite=True)
    with sm.open_trace(path) as trace:
        return trace.digest(), trace.hardware_time_ps, trace.summary()["spikes"]


@pytest.fixture(scope="module")
def ideal(tmp_path_factory):
    found, _, spikes = digest(tmp_path_factory.mktemp("ideal"), sm.System.preset("ideal"), workers=1)
    assert spikes > 200
    return found["function"]


@pytest.mark.parametrize("name", MAPPINGS)
def test_spikes_are_those_of_one_ideal_chip(tmp_path, ideal, name):
    times = []
    for links in ("none", "analytic", "packet"):
        found, hardware_ps, _ = digest(tmp_path, loihi((2, 2)), MAPPINGS[name], links=links, workers=1)
        assert found["function"] == ideal
        times.append(hardware_ps)
    # Each level is a lower bound of the next, and packets do queue here.
    assert times[0] < times[1] < times[2]


@pytest.mark.parametrize("links", ["none", "analytic", "packet"])
def test_figures_are_those_of_one_worker(tmp_path, links):
    one, *rest = (
        digest(tmp_path, loihi((2, 2)), links=links, workers=workers, actors=actors)
        for workers, actors in ((1, "chip"), (2, "chip"), (4, "chip"), (3, "core"))
    )
    assert all(found == one for found in rest)


def test_what_is_not_followed_is_not_counted(tmp_path):
    for links, counted in (("none", False), ("analytic", True)):
        digest(tmp_path, loihi((2, 2)), links=links, workers=1)
        with sm.open_trace(tmp_path / "run.h5") as trace:
            assert ("chip_hops_x" in trace.counters) == ("latency_on_chip" in trace.counters) == counted
            energy = trace.energy().loc["hop_x"]
            assert (energy["energy_pj"] > 0) == counted
            assert ("not counted" in energy["note"]) == (not counted)
