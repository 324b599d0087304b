"""Source of given spikes."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import NeuronModel, Parameter


class SpikeSource(NeuronModel):
    """Spikes at the given ``times`` (positive multiples of the timestep), or where an encoder puts them.

    A scheduled spike arrives as input with weight 1 and is passed on in the same step.
    """

    name = "spike_source"
    parameters = {"times": Parameter(None, "ms", description="spike times of every neuron")}
    receptors = ("exc",)
    source = True
    events = "times"

    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG002 - times are scheduled, not computed
        """Return nothing: there is nothing to prepare."""
        return {}

    def step(s: Any, c: Any, x: Any) -> Any:  # noqa: ARG002 - it has neither state nor constants
        """Pass on what arrives."""
        return (), x.exc > 0
