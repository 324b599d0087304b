"""The leaky neuron of SANA-FE's built-in model: potentials in steps of 1/64, a strict threshold, a hard reset."""

from spikemesh.contracts import NeuronModel, Parameter, State, hookimpl


class SanafeLif(NeuronModel):
    """``v <- trunc(64 leak_decay v) / 64 + bias + weights that arrive``; spike and ``v <- reset`` if ``v > threshold``.

    A neuron is updated if it has a potential, a bias or an input; then ``updates`` grows, so that it counts as active
    in exactly the steps in which SANA-FE charges an update.
    """

    name = "sanafe_lif"
    parameters = {
        "threshold": Parameter(0.0),
        "leak_decay": Parameter(1.0),
        "reset": Parameter(0.0),
        "bias": Parameter(0.0),
    }
    state = {"v": State(0.0), "updates": State(0.0)}

    def constants(p, dt):
        return {"threshold": p.threshold, "keep": p.leak_decay, "reset": p.reset, "bias": p.bias}

    def step(s, c, x):
        updated = s.v != 0.0 or c.bias != 0.0 or x.exc != 0.0 or x.inh != 0.0
        v = int(s.v * c.keep * 64.0) / 64.0 + c.bias + (x.exc + x.inh)
        spiked = v > c.threshold
        return (c.reset if spiked else v, s.updates + 1.0 if updated else s.updates), spiked


@hookimpl
def spikemesh_neuron_models():
    return [SanafeLif]
