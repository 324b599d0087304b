"""A network with everything in it, and the command line as a user calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikemesh as sm


def make_network(seed: int = 1, extra_probes: bool = False) -> sm.Network:
    """Excitation, inhibition, random delays, a noisy drive and learning, recurrent throughout."""
    net = sm.Network(timestep="0.5 ms", seed=seed)
    times = [np.arange(1, 50) * 0.5 * (k % 7 + 3) for k in range(12)]
    source = net.add_population("in", 12, "spike_source", times=times)
    start = {"v": sm.uniform(-70.0, -55.0)}
    exc = net.add_population("exc", 60, "lif_psc_exp", i_e=sm.normal("300 pA", "40 pA"), init=start)
    inh = net.add_population("inh", 15, "lif_psc_exp", t_ref="1 ms", init=start)
    learning = sm.rule("stdp_pair", a_plus=0.05, a_minus=0.06, tau_plus="10 ms", tau_minus="15 ms")
    net.connect(source, exc, "fixed_probability", p=0.4, weight="300 pA", delay=sm.uniform("0.5 ms", "4 ms"))
    net.connect(exc, exc, "fixed_indegree", indegree=8, weight=90.0, delay="1.5 ms", learning=learning)
    net.connect(exc, inh, "fixed_outdegree", outdegree=5, weight=250.0, delay=sm.uniform(0.5, 3.0))
    net.connect(inh, exc, "fixed_total", total=200, weight=sm.normal(-150.0, 20.0, high=0.0), delay="1 ms")
    net.drive(exc, sm.poisson(rate="3 kHz", weight=25.0))
    for population in (source, exc, inh):
        net.probe(population, "spikes")
    net.probe("exc->exc", "weights")
    if extra_probes:
        net.probe(exc, "v", "i_syn_ex")
        net.probe(inh, "v", neurons=[3, 1], every="2 ms")
    return net


@pytest.fixture(scope="session")
def network() -> Callable[..., sm.Network]:
    """Return the function that makes the network."""
    return make_network


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that calls spikemesh in ``tmp_path``, in a process of its own."""

    def call(*arguments: Any) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "spikemesh", *map(str, arguments)]
        environment = {k: v for k, v in os.environ.items() if k != "SPIKEMESH_DEBUG"}
        return subprocess.run(
            words, cwd=tmp_path, capture_output=True, text=True, timeout=200, env=environment, check=False
        )

    return call
