"""Source of periodic spikes."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.whole_steps import in_steps


class RegularSource(NeuronModel):
    """Spikes at ``start, start + interval, start + 2 interval, ...``, whole numbers of steps."""

    name = "regular"
    parameters = {
        "interval": Parameter(10.0, "ms", gt=0, description="time between spikes"),
        "start": Parameter("interval", "ms", gt=0, description="time of the first spike"),
    }
    state = {
        "elapsed": State(0.0, "", "steps since the last spike, or since the beginning"),
        "started": State(0.0, "", "1 after the first spike"),
    }
    receptors = ()
    source = True

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return both times in steps."""
        return {"interval": in_steps(p.interval, dt, "interval"), "start": in_steps(p.start, dt, "start")}

    def step(s: Any, c: Any, x: Any) -> Any:  # noqa: ARG002 - it takes no input
        """Count steps up to the next spike."""
        elapsed = s.elapsed + 1.0
        spiked = elapsed >= (c.interval if s.started > 0.0 else c.start)
        return (0.0 if spiked else elapsed, 1.0 if spiked else s.started), spiked
