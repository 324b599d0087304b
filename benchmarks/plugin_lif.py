"""A leaky neuron as a user would write it, in one file; its speed is compared with the built-in one's."""

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State, hookimpl


class PluginLif(NeuronModel):
    """As ``lif_psc_exp`` with one synaptic time constant; the current is held over a step."""

    name = "plugin_lif"
    parameters = {
        "tau_m": Parameter(10.0, "ms", gt=0),
        "tau_syn": Parameter(2.0, "ms", gt=0),
        "c_m": Parameter(250.0, "pF", gt=0),
        "t_ref": Parameter(2.0, "ms", ge=0),
        "v_th": Parameter(15.0, "mV"),
        "i_e": Parameter(0.0, "pA"),
    }
    state = {"v": State(0.0, "mV"), "i_ex": State(0.0, "pA"), "i_in": State(0.0, "pA"), "wait": State(0.0)}

    def constants(p, dt):
        decay = np.exp(-dt / p.tau_m)
        return {
            "keep_v": decay, "per_pa": (1.0 - decay) * p.tau_m / p.c_m, "keep_i": np.exp(-dt / p.tau_syn),
            "v_th": p.v_th, "i_e": p.i_e, "steps": np.rint(p.t_ref / dt),
        }  # fmt: skip

    def step(s, c, x):
        free = s.v * c.keep_v + (s.i_ex + s.i_in + c.i_e + x.current) * c.per_pa
        v = s.v if s.wait > 0.0 else free
        wait = s.wait - 1.0 if s.wait > 0.0 else 0.0
        spiked = v >= c.v_th
        i_ex, i_in = s.i_ex * c.keep_i + x.exc, s.i_in * c.keep_i + x.inh
        return (0.0 if spiked else v, i_ex, i_in, c.steps if spiked else wait), spiked


@hookimpl
def spikemesh_neuron_models():
    return [PluginLif]
