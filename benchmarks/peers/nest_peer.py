"""NEST's side of a comparison: ``nest_peer.py WORKLOAD DURATION_MS THREADS SEED`` prints one result."""

from __future__ import annotations

import time

import nest
from definitions import BRUNEL, TIMESTEP, Stdp, VogelsAbbott
from report import arguments, report


def brunel(size, poisson, stdp):
    b = BRUNEL[size]
    model = {
        "tau_m": b.tau_m, "tau_syn_ex": b.tau_syn, "tau_syn_in": b.tau_syn, "t_ref": b.t_ref, "C_m": b.c_m,
        "E_L": 0.0, "V_reset": 0.0, "V_th": b.v_th,
    }  # fmt: skip
    exc = nest.Create("iaf_psc_exp", b.excitatory, params=model)
    inh = nest.Create("iaf_psc_exp", b.inhibitory, params=model)
    for population in (exc, inh):
        population.V_m = nest.random.uniform(0.0, b.v_th)
        if not poisson:
            population.I_e = b.mean_current
    e_synapse = {"synapse_model": "static_synapse", "weight": b.weight_e, "delay": b.delay}
    i_synapse = {"synapse_model": "static_synapse", "weight": b.weight_i, "delay": b.delay}
    from_e = {"rule": "fixed_indegree", "indegree": b.indegree_e}
    if poisson:
        generator = nest.Create("poisson_generator", params={"rate": b.external_hz})
        nest.Connect(generator, exc + inh, syn_spec=e_synapse)
    if stdp:
        rule = {
            "tau_plus": Stdp.tau, "lambda": Stdp.a_plus, "alpha": Stdp.a_minus / Stdp.a_plus,
            "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": Stdp.w_max_over_w * b.weight_e,
        }  # fmt: skip
        nest.CopyModel("stdp_synapse", "plastic", rule)
        exc.tau_minus = Stdp.tau
        nest.Connect(exc, exc, from_e, {**e_synapse, "synapse_model": "plastic"})
        nest.Connect(exc, inh, from_e, e_synapse)
    else:
        nest.Connect(exc, exc + inh, from_e, e_synapse)
    nest.Connect(inh, exc + inh, {"rule": "fixed_indegree", "indegree": b.indegree_i}, i_synapse)
    return exc + inh


def vogels_abbott(conductances):
    v = VogelsAbbott
    neurons = v.excitatory + v.inhibitory
    shared = {
        "C_m": v.c_m, "V_th": v.v_th, "V_reset": v.v_reset, "t_ref": v.t_ref,
        "tau_syn_ex": v.tau_ex, "tau_syn_in": v.tau_in,
    }  # fmt: skip
    if conductances:
        own = {"g_L": v.g_l, "E_L": v.coba_rest, "E_ex": v.e_ex, "E_in": v.e_in}
        population = nest.Create("iaf_cond_exp", neurons, params={**shared, **own})
        population.V_m = nest.random.normal(*v.v_start)
        # Wide uniform starting conductances: from the normal ones this integrator's activity dies.
        population.g_ex = nest.random.uniform(10.0, 70.0)
        population.g_in = nest.random.uniform(0.0, 400.0)
        weights = (v.coba_weight_e, -v.coba_weight_i)  # the sign selects the conductance
    else:
        population = nest.Create(
            "iaf_psc_exp", neurons, params={**shared, "tau_m": v.tau_m, "E_L": v.cuba_rest}
        )
        population.V_m = nest.random.uniform(v.v_reset, v.v_th)
        weights = (v.cuba_weight_e, v.cuba_weight_i)
    chance = {"rule": "pairwise_bernoulli", "p": v.probability}
    for part, weight in zip((population[: v.excitatory], population[v.excitatory :]), weights, strict=True):
        nest.Connect(part, population, chance, {"weight": weight, "delay": v.delay})
    return population


NETWORKS = {
    "brunel_s": lambda: brunel("s", True, False),
    "brunel_s_dc": lambda: brunel("s", False, False),
    "brunel_m": lambda: brunel("m", True, False),
    "brunel_m_dc": lambda: brunel("m", False, False),
    "brunel_m_stdp": lambda: brunel("m", True, True),
    "cuba": lambda: vogels_abbott(False),
    "coba": lambda: vogels_abbott(True),
}


def main():
    given = arguments()
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=TIMESTEP, local_num_threads=given.threads, rng_seed=given.seed)
    begun = time.perf_counter()
    neurons = NETWORKS[given.workload]()
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Prepare()  # makes the tables of targets, which belongs to building
    built = time.perf_counter()
    nest.Run(given.duration_ms)
    ended = time.perf_counter()
    nest.Cleanup()
    report(
        version=nest.__version__,
        neurons=len(neurons),
        spikes=recorder.n_events,
        build_s=built - begun,
        sim_s=ended - built,
    )


main()
