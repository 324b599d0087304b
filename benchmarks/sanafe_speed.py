"""Steps per second beside SANA-FE: ``python benchmarks/sanafe_speed.py [--runs N] [--steps N] [--json FILE]``.

The network of 10,240 neurons and 1,024,000 synapses runs on one Loihi chip, each packet on its way: at level ``packet``
here, by the timing model ``detailed`` there, with the same costs and the same neurons on the same cores. Runs take
turns, each builds anew, and building does not count. Both must count the same spikes.

Processor time is what a run takes of all threads together: on a machine with other work it says more than the clock.

The network needs more axons than Loihi's cores have, which SANA-FE does not check; these two limits are lifted here.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from environments import ROOT, interpreter, peer_environment
from machine import machine
from measure import measure
from sanafe_networks import Large, large_arrays

import spikemesh as sm

KINDS = ("synaptic_event", "neuron_idle", "neuron_update", "spike", "axon_in", "axon_out", "hop_x", "hop_y")
WANTED = 50.0
LINK_BUFFER = 16
"""Messages a link holds in SANA-FE's own Loihi."""


def loihi() -> Any:
    """Return the chip, with SANA-FE's constants and as many axons as it takes."""
    system = sm.System.preset("loihi", chips=(1, 1), costs="sanafe2025")
    core = system.chip.core.model_copy(update={"axons_in": None, "axons_out": None})
    return system.model_copy(update={"chip": system.chip.model_copy(update={"core": core})})


def chip_of(system: Any) -> dict[str, Any]:
    """Return the chip as :mod:`sanafe_networks` describes one."""
    chip, costs = system.chip, system.cost_set
    return {
        "cores": chip.cores,
        "tile": chip.tile,
        "link_buffer": LINK_BUFFER,
        "energy_pj": {kind: getattr(costs, kind).energy_pj for kind in KINDS},
        "latency_ns": {kind: getattr(costs, kind).latency_ns for kind in KINDS},
        "barrier_tiles": costs.barrier_tiles,
    }


def ours(steps: int, workers: int) -> dict[str, Any]:
    bias, source, target, weight = large_arrays()
    net = sm.Network(timestep=1.0, seed=1)
    constants = {"threshold": Large.threshold, "leak_decay": Large.leak_decay, "reset": Large.reset}
    net.add_population("neurons", Large.neurons, "sanafe_lif", bias=bias, **constants)
    net.connect("neurons", "neurons", sources=source, targets=target, weight=weight, delay=1.0)
    mapping = sm.MappingSettings(partition="linear", cores="all")
    return measure(
        net, loihi(), float(steps), backend="local", workers=workers, links="packet", mapping=mapping
    )


def theirs(steps: int, threads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chip.json"
        path.write_text(json.dumps(chip_of(loihi())))
        script = ROOT / "benchmarks" / "peers" / "sanafe_speed_peer.py"
        command = [str(interpreter("sanafe")), str(script), str(path), str(steps), str(threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=peer_environment())
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return json.loads(line.removeprefix("RESULT "))


def _row(name: str, workers: int, steps: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    speeds = [steps / run["sim_s"] for run in runs]
    return {
        "simulator": name,
        "workers": workers,
        "steps_per_s": statistics.median(speeds),
        "all": speeds,
        "steps_per_cpu_s": statistics.median(steps / run["cpu_s"] for run in runs),
        "spikes": runs[0]["spikes"],
        "build_s": statistics.median(run["build_s"] for run in runs),
        "peak_rss_mb": statistics.median(run["peak_rss_mb"] for run in runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=Large.steps)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sm.load_plugin(ROOT / "tests" / "peers" / "sanafe_lif.py")
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for _ in range(given.runs):
        for name, run in (("SANA-FE", theirs), ("spikemesh", ours)):
            for workers in (1, 2):
                runs.setdefault((name, workers), []).append(run(given.steps, workers))
    if len({run["spikes"] for several in runs.values() for run in several}) > 1:
        raise SystemExit(f"the two count different spikes: {runs}")
    rows = [_row(name, workers, given.steps, several) for (name, workers), several in runs.items()]
    for row in rows:
        slowest, fastest = min(row["all"]), max(row["all"])
        print(
            f"{row['simulator']:10} {row['workers']} workers: {row['steps_per_s']:7.1f} steps/s ({slowest:.1f} to "
            f"{fastest:.1f}), {row['steps_per_cpu_s']:7.1f} steps/s of processor time"
        )
    by = {(row["simulator"], row["workers"]): row for row in rows}
    for workers in (1, 2):
        wall, cpu = (
            by["spikemesh", workers][key] / by["SANA-FE", workers][key]
            for key in ("steps_per_s", "steps_per_cpu_s")
        )
        print(f"ratio with {workers} each: {wall:.1f}, of processor time {cpu:.1f} (wanted: {WANTED:.0f})")
    if given.json:
        given.json.write_text(
            json.dumps({"machine": machine(), "steps": given.steps, "rows": rows}, indent=1)
        )


if __name__ == "__main__":
    main()
