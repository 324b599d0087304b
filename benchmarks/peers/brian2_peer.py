"""Brian2's side of a comparison: C++ standalone; ``brian2_peer.py WORKLOAD DURATION_MS THREADS SEED``.

Building is everything up to the first step: Python, code generation, compiling, and making the synapses
in the compiled program. Simulating is the time that program spends in its own loop. Peak memory is the
compiled program's.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import brian2
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    mV,
    nS,
    pA,
    pF,
    prefs,
    seed,
    set_device,
)  # fmt: skip
from definitions import BRUNEL, TIMESTEP, Stdp, VogelsAbbott
from report import arguments, report

LIF_EXP = """
dv/dt = -v/tau_m + (i_syn + i_e)/c_m : volt (unless refractory)
di_syn/dt = -i_syn/tau_syn : amp
i_e : amp (shared)
"""
CUBA = """
dv/dt = (i_ex + i_in - (v - e_l))/tau_m : volt (unless refractory)
di_ex/dt = -i_ex/tau_ex : volt
di_in/dt = -i_in/tau_in : volt
"""
COBA = """
dv/dt = (g_l*(e_l - v) + g_ex*(e_ex - v) + g_in*(e_in - v))/c_m : volt (unless refractory)
dg_ex/dt = -g_ex/tau_ex : siemens
dg_in/dt = -g_in/tau_in : siemens
"""
PAIRS = """
w : amp
dx/dt = -x/tau_stdp : 1 (event-driven)
dy/dt = -y/tau_stdp : 1 (event-driven)
"""
ON_PRE = "i_syn_post += w; w = clip(w - down*y, 0*amp, w_max); x += 1"
ON_POST = "w = clip(w + up*x, 0*amp, w_max); y += 1"


def brunel(size, poisson, stdp):
    b = BRUNEL[size]
    names = {
        "tau_m": b.tau_m * ms, "tau_syn": b.tau_syn * ms, "c_m": b.c_m * pF, "v_th": b.v_th * mV,
        "w_e": b.weight_e * pA, "w_i": b.weight_i * pA,
    }  # fmt: skip
    neurons = NeuronGroup(
        b.neurons, LIF_EXP, threshold="v >= v_th", reset="v = 0*mV", refractory=b.t_ref * ms, method="exact",
        namespace=names,
    )  # fmt: skip
    neurons.v = "rand()*v_th"
    exc, inh = neurons[: b.excitatory], neurons[b.excitatory :]
    parts = [neurons]
    if poisson:
        # Brian2 draws the sum of 1000 slower processes from a binomial distribution.
        drive = PoissonInput(neurons, "i_syn", 1000, b.external_hz / 1000 * Hz, weight=b.weight_e * pA)
        parts.append(drive)
    else:
        neurons.i_e = b.mean_current * pA

    def connect(source, target, indegree, **how):
        synapses = Synapses(source, target, delay=b.delay * ms, namespace=names, **how)
        synapses.connect(i=f"k for k in sample(N_pre, size={indegree})")
        parts.append(synapses)
        return synapses

    if stdp:
        w_max = Stdp.w_max_over_w * b.weight_e * pA
        names.update(tau_stdp=Stdp.tau * ms, w_max=w_max, up=Stdp.a_plus * w_max, down=Stdp.a_minus * w_max)
        plastic = connect(
            exc, exc, b.indegree_e, model=PAIRS, on_pre=ON_PRE.replace("; ", "\n"),
            on_post=ON_POST.replace("; ", "\n"),
        )  # fmt: skip
        plastic.w = b.weight_e * pA
        connect(exc, inh, b.indegree_e, on_pre="i_syn_post += w_e")
    else:
        connect(exc, neurons, b.indegree_e, on_pre="i_syn_post += w_e")
    connect(inh, neurons, b.indegree_i, on_pre="i_syn_post += w_i")
    return neurons, parts


def vogels_abbott(conductances):
    v = VogelsAbbott
    names = {"tau_ex": v.tau_ex * ms, "tau_in": v.tau_in * ms, "v_th": v.v_th * mV, "v_reset": v.v_reset * mV}
    if conductances:
        names.update(
            c_m=v.c_m * pF, g_l=v.g_l * nS, e_l=v.coba_rest * mV, e_ex=v.e_ex * mV, e_in=v.e_in * mV,
            w_e=v.coba_weight_e * nS, w_i=v.coba_weight_i * nS,
        )  # fmt: skip
        equations, method, reached = COBA, "exponential_euler", ("g_ex", "g_in")
    else:
        unit = mV * v.tau_m / v.c_m  # the weights are currents; these equations want the potential they make
        names.update(
            tau_m=v.tau_m * ms, e_l=v.cuba_rest * mV, w_e=v.cuba_weight_e * unit, w_i=v.cuba_weight_i * unit
        )
        equations, method, reached = CUBA, "exact", ("i_ex", "i_in")
    neurons = NeuronGroup(
        v.excitatory + v.inhibitory, equations, threshold="v > v_th", reset="v = v_reset",
        refractory=v.t_ref * ms, method=method, namespace=names,
    )  # fmt: skip
    if conductances:
        neurons.v = f"({v.v_start[0]} + {v.v_start[1]}*randn())*mV"
        neurons.g_ex = f"clip({v.g_ex_start[0]} + {v.g_ex_start[1]}*randn(), 0, inf)*nS"
        neurons.g_in = f"clip({v.g_in_start[0]} + {v.g_in_start[1]}*randn(), 0, inf)*nS"
    else:
        neurons.v = "v_reset + rand()*(v_th - v_reset)"
    parts = [neurons]
    for chosen, variable, weight in (("i < {}", reached[0], "w_e"), ("i >= {}", reached[1], "w_i")):
        synapses = Synapses(
            neurons, neurons, on_pre=f"{variable} += {weight}", delay=v.delay * ms, namespace=names
        )
        synapses.connect(chosen.format(v.excitatory), p=v.probability)
        parts.append(synapses)
    return neurons, parts


NETWORKS = {
    "brunel_s": lambda: brunel("s", True, False),
    "brunel_s_dc": lambda: brunel("s", False, False),
    "brunel_m": lambda: brunel("m", True, False),
    "brunel_m_dc": lambda: brunel("m", False, False),
    "brunel_m_stdp": lambda: brunel("m", True, True),
    "cuba": lambda: vogels_abbott(False),
    "coba": lambda: vogels_abbott(True),
}


WATCHED = """#!{python}
import resource, subprocess, sys
code = subprocess.call(["./compiled", *sys.argv[1:]])
with open("peak_kb", "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def watch_memory(folder):
    """Put a script in the compiled program's place that runs it and writes down its peak memory.

    The children of this process include the compiler, which may need more.
    """
    (folder / "main").rename(folder / "compiled")
    (folder / "main").write_text(WATCHED.format(python=sys.executable))
    (folder / "main").chmod(0o755)


def main():
    given = arguments()
    set_device("cpp_standalone", build_on_run=False)
    prefs.devices.cpp_standalone.openmp_threads = 0 if given.threads == 1 else given.threads
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    seed(given.seed)
    defaultclock.dt = TIMESTEP * ms
    begun = time.perf_counter()
    neurons, parts = NETWORKS[given.workload]()
    monitor = SpikeMonitor(neurons)
    network = Network(*parts, monitor)
    network.run(given.duration_ms * ms)
    with tempfile.TemporaryDirectory(prefix="brian2_") as folder:
        device.build(directory=folder, compile=True, run=False, clean=False)
        watch_memory(Path(folder))
        device.run(directory=folder, with_output=False, run_args=[])
        ended = time.perf_counter()
        sim_s = device._last_run_time
        report(
            version=brian2.__version__,
            neurons=len(neurons),
            spikes=int(monitor.num_spikes),
            build_s=ended - begun - sim_s,
            sim_s=sim_s,
            peak_rss_mb=int((Path(folder) / "peak_kb").read_text()) / 1024,
        )


main()
