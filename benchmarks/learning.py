"""Events that each learning rule handles in a second on one core.

``learning.py [RULE ...] [--neurons N] [--rate HZ] [--seconds S] [--json F]`` joins N Poisson sources to N
neurons by plastic synapses, all to all, and counts as an event each synapse visited by one spike: of its
source, and of its neuron if the rule, as made for its parameters, has ``on_post``. Seconds are those of the
processor, for all of the run: what rules do for every synapse every so many steps is no event, but is done in the
same time. So with N = 1000, 20 Hz and steps of 1 ms a rule that runs in every step makes a million updates for
20,000 events, or 40,000 with ``on_post``. The plastic input does not reach the potential, so that all rules see the
same spikes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from table import figure, markdown

import spikemesh as sm
from spikemesh.registry.bind import bind
from spikemesh.registry.shared import shared_registry

WANTED = 20e6
PARAMS: dict[str, dict[str, Any]] = {
    "loihi_sum_of_products": {
        "dw": "2^-2*x1*y0 - 2^-2*y1*x0", "x1_impulse": 1.0, "y1_impulse": 1.0, "w_max": 255.0,
    },
    "clopath": {"potentiation": "at_spikes"},
}  # fmt: skip
VARIANTS = {
    "clopath, every step": ("clopath", {"potentiation": "every_step"}),
    "stdp_pair, power law": ("stdp_pair", {"dependence": "power_law", "mu_plus": 0.4, "a_minus": 0.001}),
    "gbc, tiered, 8 beakers": ("gbc", {"clock": "tiered", "beakers": 8}),
}
"""Further settings of rules, by what they are called in the table."""


def network(rule: str, params: dict[str, Any], neurons: int, rate: float, dt: float) -> sm.Network:
    """Join sources and neurons that both spike at a rate."""
    net = sm.Network(timestep=dt, seed=1)
    source = net.add_population("source", neurons, "poisson", rate=rate)
    # A constant input that needs one over the rate to reach the threshold, spread so that spikes are too.
    per_step = rate * dt * 1e-3
    post = net.add_population(
        "post", neurons, "lif_eprop", tau_m=1e6, i_e=sm.uniform(0.8 * per_step, 1.2 * per_step), beta=0.0,
        init={"v": sm.uniform(0.0, 1.0)},
    )  # fmt: skip
    net.connect(
        source, post, "all_to_all", weight=sm.uniform(0.3, 0.7), delay=1.0, receptor="error",
        learning=sm.rule(rule, **{"w_max": 1.0, **PARAMS.get(rule, {}), **params}), name="plastic",
    )  # fmt: skip
    net.probe(source, "spikes")
    net.probe(post, "spikes")
    return net


def measure(name: str, params: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """Run a rule for about as many seconds as are asked for."""
    net = network(name, params, given.neurons, given.rate, given.timestep)
    # A rule may make another for its parameters, and that be the one that has the function.
    rule = bind(net.describe(), shared_registry()).projections[0].learning.rule
    with sm.Simulation(net, backend="local", workers=1) as simulation:
        simulation.run(20.0)
        begun = time.process_time()
        simulation.run(40.0)
        duration = max(100.0, 40.0 * round(given.seconds / (time.process_time() - begun)))
        begun = time.process_time()
        simulation.run(duration)
        seconds = time.process_time() - begun
        trace = simulation.close().trace
    first = round(60.0 / given.timestep)
    arrivals, spikes = (int((trace.spikes(name).ticks > first).sum()) for name in ("source", "post"))
    events = given.neurons * (arrivals + (spikes if rule.on_post is not None else 0))
    return {"events_per_s": events / seconds, "model_ms": duration, "seconds": seconds}


def main() -> None:
    """Measure rules and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rules", nargs="*", help="names of rules; all if none is given")
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="of sources and neurons, Hz")
    parser.add_argument("--timestep", type=float, default=1.0, help="ms")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--runs", type=int, default=1, help="the median is taken")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    known = shared_registry().learning_rules.items
    cases = {name: (name, {}) for name in known} | VARIANTS
    wanted = [c for c in cases if not given.rules or c in given.rules or cases[c][0] in given.rules]
    found: dict[str, Any] = {}
    for case in wanted:
        name, params = cases[case]
        runs = [measure(name, params, given) for _ in range(given.runs)]
        found[case] = {**runs[0], "events_per_s": statistics.median(r["events_per_s"] for r in runs)}
        print(f"{case}: {figure(found[case]['events_per_s'] / 1e6)} million events/s", flush=True)
    rows = [
        (case, figure(f["events_per_s"] / 1e6), "yes" if f["events_per_s"] >= WANTED else "no")
        for case, f in found.items()
    ]
    print("\n" + markdown(("rule", "million events/s", f">= {WANTED / 1e6:g}"), rows))
    if given.json:
        document = {"version": sm.__version__, "neurons": given.neurons, "rate": given.rate, "rules": found}
        given.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
