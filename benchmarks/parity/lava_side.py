"""Lava's side: ``lava_side.py NETWORK.json RESULT.npz`` runs a network of :mod:`lava_networks` bit by bit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi1SimCfg
from lava.proc.dense.process import DelayDense, Dense
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF
from lava.utils.weightutils import SignMode


def main(network: str, result: str) -> None:
    n = json.loads(Path(network).read_text())
    p, spikes = n["network"], np.array(n["spikes"])
    bias = np.array(n["bias"])
    cells = LIF(
        shape=bias.shape, du=p["du"], dv=p["dv"], vth=p["vth"], bias_mant=bias, bias_exp=p["bias_exp"]
    )
    source = Source(data=spikes)
    mode = {"mixed": SignMode.MIXED, "excitatory": SignMode.EXCITATORY}[p["sign_mode"]]
    for origin, table in ((source, "input"), (cells, "recurrent")):
        options = {"weight_exp": p["weight_exp"], "num_weight_bits": p["num_weight_bits"], "sign_mode": mode}
        weights = np.array(n[table])
        if p["delays"] > 1:
            # Dense by itself takes a step.
            delays = np.array(n[f"{table}_delay"]) - 1
            dense = DelayDense(weights=weights, delays=delays, max_delay=p["delays"], **options)
        else:
            dense = Dense(weights=weights, **options)
        origin.s_out.connect(dense.s_in)
        dense.a_out.connect(cells.a_in)
    sink = Sink(shape=bias.shape, buffer=spikes.shape[1])
    cells.s_out.connect(sink.a_in)
    cells.run(RunSteps(num_steps=spikes.shape[1]), Loihi1SimCfg(select_tag="fixed_pt"))
    seen = {"spikes": sink.data.get(), "u": cells.u.get(), "v": cells.v.get()}
    cells.stop()
    np.savez(result, **seen)


if __name__ == "__main__":
    main(*sys.argv[1:3])
