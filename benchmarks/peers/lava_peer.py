"""Lava's side of a comparison, bit-accurate models: ``lava_peer.py layers DURATION_MS THREADS SEED``.

A step is a millisecond. Lava runs one operating-system process per layer and per matrix, so the number
of threads is its own. Spikes are counted in a second run, for recording them costs Lava time.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from definitions import Layers, layer_arrays
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi1SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer
from lava.proc.lif.process import LIF
from report import arguments, report


def network(steps, recorded):
    first_bias, weights = layer_arrays()
    biases = [first_bias, *[Layers.other_bias] * (Layers.layers - 1)]
    layers = [
        LIF(shape=(Layers.size,), du=Layers.du, dv=Layers.dv, vth=Layers.vth, bias_mant=bias)
        for bias in biases
    ]
    for source, target, matrix in zip(layers[:-1], layers[1:], weights, strict=True):
        dense = Dense(weights=matrix)
        source.s_out.connect(dense.s_in)
        dense.a_out.connect(target.a_in)
    sinks = []
    if recorded:
        for layer in layers:
            sinks.append(RingBuffer(shape=(Layers.size,), buffer=steps))
            layer.s_out.connect(sinks[-1].a_in)
    return layers[0], sinks


def main():
    steps = round(arguments().duration_ms)
    how = Loihi1SimCfg(select_tag="fixed_pt")
    begun = time.perf_counter()
    first, _ = network(steps, recorded=False)
    first.run(RunSteps(num_steps=1), how)  # starts the processes
    built = time.perf_counter()
    first.run(RunSteps(num_steps=steps - 1), how)
    ended = time.perf_counter()
    first.stop()
    # Of this process and of its largest child; a layer has one each, and shared pages count in every one.
    peak = sum(resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    first, sinks = network(steps, recorded=True)
    first.run(RunSteps(num_steps=steps), how)
    spikes = sum(int(np.count_nonzero(sink.data.get())) for sink in sinks)
    first.stop()
    report(
        version="0.10.0",
        neurons=Layers.layers * Layers.size,
        spikes=spikes,
        build_s=built - begun,
        # The first step went by while starting.
        sim_s=(ended - built) * steps / (steps - 1),
        peak_rss_mb=peak / 1024,
    )


if __name__ == "__main__":
    main()
