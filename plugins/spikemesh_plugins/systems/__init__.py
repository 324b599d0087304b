"""Built-in systems."""

from spikemesh.contracts import SystemPreset, hookimpl
from spikemesh_plugins.systems.ideal import ideal
from spikemesh_plugins.systems.loihi import loihi


@hookimpl
def spikemesh_systems() -> list[SystemPreset]:
    """Return the built-in system presets."""
    return [
        SystemPreset(
            "ideal", "no limits, ideal links: 2 x 2 cores a chip, multicast, a grid of chips", ideal
        ),
        SystemPreset("loihi", "Intel Loihi: 128 cores a chip, unicast, a grid of chips", loihi),
    ]
