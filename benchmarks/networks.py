"""The networks of :mod:`definitions` in spikemesh, through its public interface."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from definitions import BRUNEL, TIMESTEP, Brunel, Layers, Stdp, VogelsAbbott, layer_arrays

import spikemesh as sm

SEED = 1


def brunel(
    b: Brunel,
    *,
    poisson: bool = True,
    stdp: bool = False,
    weight: Any = None,
    delay: Any = None,
    plugin: bool = False,
    silent: bool = False,
    recorded: bool = True,
) -> sm.Network:
    """Build the balanced network.

    ``plugin`` takes the neuron of the file ``plugin_lif.py``; ``weight`` makes another weight from the
    usual one, such as a distribution around it; ``silent`` neurons do all their work but never reach
    the threshold.
    """
    net = sm.Network(timestep=TIMESTEP, seed=SEED)
    model = {
        "tau_m": b.tau_m, "tau_syn_ex": b.tau_syn, "tau_syn_in": b.tau_syn, "t_ref": b.t_ref, "c_m": b.c_m,
        "e_l": 0.0, "v_reset": 0.0, "v_th": 1e9 if silent else b.v_th, "init": {"v": sm.uniform(0.0, b.v_th)},
    }  # fmt: skip
    if not poisson:
        model["i_e"] = b.mean_current
    name = "lif_psc_exp"
    if plugin:
        sm.load_plugin(Path(__file__).with_name("plugin_lif.py"))
        name = "plugin_lif"
        model["tau_syn"] = b.tau_syn
        model = {k: v for k, v in model.items() if k not in ("tau_syn_ex", "tau_syn_in", "e_l", "v_reset")}
    exc = net.add_population("exc", b.excitatory, name, **model)
    inh = net.add_population("inh", b.inhibitory, name, **model)
    rule = sm.rule(
        "stdp_pair", a_plus=Stdp.a_plus, a_minus=Stdp.a_minus, tau_plus=Stdp.tau, tau_minus=Stdp.tau,
        w_max=Stdp.w_max_over_w * b.weight_e,
    )  # fmt: skip
    for source, size, indegree in ((exc, b.weight_e, b.indegree_e), (inh, b.weight_i, b.indegree_i)):
        for target in (exc, inh):
            plastic = stdp and source is exc and target is exc
            net.connect(
                source, target, "fixed_indegree", indegree=indegree,
                weight=size if weight is None else weight(size), delay=b.delay if delay is None else delay,
                learning=rule if plastic else None,
            )  # fmt: skip
    for population in (exc, inh):
        if poisson:
            net.drive(population, sm.poisson(rate=b.external_hz, weight=b.weight_e))
        if recorded:
            net.probe(population, "spikes")
    return net


def vogels_abbott(conductances: bool) -> sm.Network:
    """Build one of the two Vogels-Abbott networks."""
    v = VogelsAbbott
    net = sm.Network(timestep=TIMESTEP, seed=SEED)
    shared = {
        "c_m": v.c_m, "v_th": v.v_th, "v_reset": v.v_reset, "t_ref": v.t_ref,
        "tau_syn_ex": v.tau_ex, "tau_syn_in": v.tau_in,
    }  # fmt: skip
    sizes = {"exc": v.excitatory, "inh": v.inhibitory}
    weights = (v.coba_weight_e, -v.coba_weight_i) if conductances else (v.cuba_weight_e, v.cuba_weight_i)
    random = np.random.default_rng(SEED)
    for name, size in sizes.items():
        if conductances:
            start = {
                "v": random.normal(*v.v_start, size),
                "g_ex": np.maximum(random.normal(*v.g_ex_start, size), 0.0),
                "g_in": np.maximum(random.normal(*v.g_in_start, size), 0.0),
            }
            own = {"g_l": v.g_l, "e_l": v.coba_rest, "e_ex": v.e_ex, "e_in": v.e_in}
            net.add_population(name, size, "lif_cond_exp", init=start, **shared, **own)
        else:
            start = {"v": sm.uniform(v.v_reset, v.v_th)}
            own = {"tau_m": v.tau_m, "e_l": v.cuba_rest}
            net.add_population(name, size, "lif_psc_exp", init=start, **shared, **own)
        net.probe(name, "spikes")
    for source, weight in zip(sizes, weights, strict=True):
        for target in sizes:
            net.connect(source, target, "fixed_probability", p=v.probability, weight=weight, delay=v.delay)
    return net


def layers() -> sm.Network:
    """Build the chain of fixed-point layers, to the bit as Lava computes it."""
    net = sm.Network(timestep=1.0, seed=SEED)
    first_bias, weights = layer_arrays()
    n = Layers.size
    for k in range(Layers.layers):
        bias = first_bias if k == 0 else Layers.other_bias
        net.add_population(
            f"layer{k}", n, "loihi_cuba", du=Layers.du, dv=Layers.dv, vth=Layers.vth, bias_mant=bias,
            lava_compat=True,
        )  # fmt: skip
        net.probe(f"layer{k}", "spikes")
    targets, sources = (index.ravel() for index in np.indices((n, n)))
    for k, matrix in enumerate(weights):
        net.connect(
            f"layer{k}", f"layer{k + 1}", sources=sources, targets=targets, weight=matrix.ravel(), delay=1.0
        )
    return net


NETWORKS: dict[str, Callable[[], sm.Network]] = {
    "brunel_s": lambda: brunel(BRUNEL["s"]),
    "brunel_s_dc": lambda: brunel(BRUNEL["s"], poisson=False),
    "brunel_m": lambda: brunel(BRUNEL["m"]),
    "brunel_m_dc": lambda: brunel(BRUNEL["m"], poisson=False),
    "brunel_m_stdp": lambda: brunel(BRUNEL["m"], stdp=True),
    "cuba": lambda: vogels_abbott(False),
    "coba": lambda: vogels_abbott(True),
    "layers": layers,
}
"""By the names that the peers' scripts use too."""


def system_of(workload: str, chips: int) -> tuple[Any, sm.MappingSettings]:
    """Return the system a workload runs on, and how it is put there."""
    if workload == "layers":
        pins = {f"layer{k}": [k] for k in range(Layers.layers)}
        return sm.System.preset("loihi", chips=Layers.layers), sm.MappingSettings(pin=pins)
    return sm.System.preset("ideal", chips=chips), sm.MappingSettings()
