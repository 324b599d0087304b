"""Emergency routing in whole runs: equal results however a run is done, and what it saves."""

from __future__ import annotations

import pytest

import spikemesh as sm

STEPS_MS = 100.0
PACKETS = ("packets_sent", "packets_delivered", "packets_dropped", "packets_late", "packets_rerouted")


def outcome(emergency=True, regime="tick", pieces=(), workers=1, actors="chip", **link):
    """Digests and packets of a network that all chips of a 3 x 2 triangular mesh take part in."""
    net = sm.Network(timestep="0.5 ms", seed=3)
    exc = net.add_population(
        "exc", 90, "lif_psc_exp", i_e=sm.normal("420 pA", "40 pA"), init={"v": sm.uniform(-70.0, -55.0)}
    )
    net.connect(exc, exc, "fixed_indegree", indegree=12, weight=60.0, delay=sm.uniform("0.5 ms", "4 ms"))
    net.drive(exc, sm.poisson(rate="3 kHz", weight=25.0))
    net.probe(exc, "spikes")
    link = {"bandwidth": "3 kpacket/s", "queue": 2, "when_full": "drop", "wait": "200 us", **link}
    described = {"regime": regime, "emergency": emergency, "links": {"between_chips": link}}
    system = sm.System.preset("ideal", chips=(3, 2), topology="triangular", **described)
    with sm.Simulation(net, system, backend="local", workers=workers, actors=actors) as simulation:
        for piece in pieces:
            simulation.run(piece)
        result = simulation.run(STEPS_MS - simulation.time_ms).close()
    return result.trace.digest(), {k: v for k, v in result.summary.items() if k in PACKETS}


@pytest.fixture(scope="module", params=["tick", "async"])
def reference(request):
    return request.param, outcome(regime=request.param)


def test_packets_go_round_and_fewer_are_lost(reference):
    regime, (_, counts) = reference
    assert all(counts[name] > 100 for name in PACKETS)
    assert counts["packets_delivered"] + counts["packets_dropped"] <= counts["packets_sent"]
    # What spikes differ by is little against what is lost.
    _, without = outcome(False, regime)
    assert without["packets_rerouted"] == 0
    assert (
        counts["packets_dropped"] / counts["packets_sent"]
        < without["packets_dropped"] / without["packets_sent"]
    )


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 2},
        {"workers": 6},
        {"workers": 3, "actors": "core"},
        {"pieces": (0.5, 3.0, 36.5), "workers": 2},
    ],
)
def test_results_do_not_depend_on_how_a_run_is_done(reference, options):
    assert outcome(regime=reference[0], **options) == reference[1]


def test_where_there_is_room_nothing_changes():
    runs = [outcome(emergency, queue=10_000) for emergency in (True, False)]
    assert runs[0][0]["function"] == runs[1][0]["function"]
    assert runs[0][1] == runs[1][1]
    assert runs[0][1]["packets_dropped"] == runs[0][1]["packets_rerouted"] == 0


def test_a_barrier_loses_no_packet_and_so_none_turns_off():
    runs = [outcome(emergency, "barrier", when_full="stall") for emergency in (True, False)]
    assert runs[0][0]["function"] == runs[1][0]["function"]
    assert runs[0][1] == runs[1][1] == {}
