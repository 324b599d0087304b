"""How many packets a SpiNNaker link carries when more are offered, counted in a run.

SpiNNaker workshop slides 2015, "Packet Limits": 5 M packets/s of 40 bits or 3 M of 72; about half from board to board.
"""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.description.system import MappingSettings

STEPS, SENDERS = 10, 12_000
"""Every sender spikes once a tick of 1 ms: 12 M packets/s are offered."""


def delivered_per_s(system, source, target):
    net = sm.Network(timestep="1 ms")
    every_tick = np.arange(1.0, STEPS + 1.0)
    senders = net.add_population("in", SENDERS, "spike_source", times=[every_tick] * SENDERS)
    takers = net.add_population("n", SENDERS, "iaf", v_th=1e9)
    net.connect(senders, takers, "one_to_one", weight=1.0)
    mapping = MappingSettings(pin={"in": (source,), "n": (target,)})
    run = sm.run(net, system, float(STEPS), backend="local", workers=1, mapping=mapping)
    sent, delivered, dropped = (run.summary[f"packets_{k}"] for k in ("sent", "delivered", "dropped"))
    assert sent == SENDERS * STEPS
    with run.trace as trace:
        links = trace.links()
        assert links.loc[f"chip{source}->chip{target}", "packets"] == sent
        assert np.count_nonzero(links["packets"]) == 1
    assert dropped == 0
    return delivered / (STEPS * 1e-3)


@pytest.mark.parametrize(("bits", "published"), [(40, 5e6), (72, 3e6)])
def test_saturation_of_a_link_between_chips(bits, published):
    system = sm.System.preset("spinnaker", chips=(2, 2), chip={"packet_bits": bits})
    assert delivered_per_s(system, 0, 1) == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(("bits", "published"), [(40, 2.5e6), (72, 1.5e6)])
def test_saturation_of_a_link_between_boards(bits, published):
    system = sm.System.preset("spinnaker", chips=144, chip={"packet_bits": bits})
    apart = next(
        link for link in system.directed_links if system.board_of(link[0]) != system.board_of(link[1])
    )
    assert delivered_per_s(system, *apart) == pytest.approx(published, rel=0.01)
