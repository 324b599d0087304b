"""Settings of one run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spikemesh.description.system import Frozen


class RunSettings(Frozen):
    """How a network is run; in the regime ``barrier`` nothing here changes a spike."""

    backend: Literal["local", "ray"] | None = None
    """None: ``ray`` when there is more than one chip, else ``local``."""
    actors: Literal["chip", "core"] = "chip"
    """What one agent is."""
    workers: int | None = Field(None, gt=0)
    """Ray actors or threads; None: one per agent on ray, one per CPU on local."""
    address: str | None = None
    """Address of a Ray cluster to join; None starts a local Ray."""
    links: Literal["none", "analytic", "packet"] | None = None
    """How time on links and networks on chip is found: not at all (links are ideal), without waiting of packets for
    one another, or packet by packet. None: ``analytic`` in the regime ``barrier``, ``packet`` in the others."""
    spikes: Literal["probed", "all"] = "probed"
    """Whose spikes are recorded: those of populations with a probe, or all, so that the run can be timed again for
    another system."""
    activity: bool | None = None
    """Whether to keep which neurons spiked or changed state in every step: what an idle neuron costs needs it, also
    when the run is timed again for another system. None: where the costs in use need it."""
    bin_steps: int | None = Field(None, gt=0)
    """Width of the bins of hardware counters in steps; None: 10 ms."""
    stall_timeout_s: float = Field(60.0, gt=0)
    """An agent that reports nothing for so long is taken to be hung."""
    commit_interval_s: float = Field(0.1, gt=0)
    """Wall-clock time between commits of the trace, about."""
