"""SANA-FE's speed on the large network: ``sanafe_speed_peer.py CHIP.json STEPS THREADS``."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from report import report
from sanafe_build import loaded
from sanafe_networks import Large, large_arrays


def main() -> None:
    chip, steps, threads = json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2]), int(sys.argv[3])
    bias, source, target, weight = (column.tolist() for column in large_arrays())
    cores = chip["cores"][0] * chip["cores"][1]
    begun = time.perf_counter()
    network = {
        "threshold": Large.threshold, "leak_decay": Large.leak_decay, "reset": Large.reset, "bias": bias,
        "core": [k * cores // Large.neurons for k in range(Large.neurons)],
        "connections": list(zip(source, target, weight, strict=True)),
    }  # fmt: skip
    made = loaded(chip, network, recorded=False)
    built, busy = time.perf_counter(), time.process_time()
    found = made.sim(steps, timing_model="detailed", processing_threads=threads)
    ended, busy = time.perf_counter(), time.process_time() - busy
    report(
        version=version("sanafe"),
        neurons=Large.neurons,
        spikes=found["neurons_fired"],
        packets=found["packets_sent"],
        build_s=built - begun,
        sim_s=ended - built,
        cpu_s=busy,
    )


if __name__ == "__main__":
    main()
