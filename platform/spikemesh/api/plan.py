"""Which worker runs which agent, and what runs the workers."""

from __future__ import annotations

import numpy as np

from spikemesh.description.run import RunSettings
from spikemesh.ids import IntArray
from spikemesh.mapping.build import WorkerPlan
from spikemesh.mapping.placement import Placement
from spikemesh.runtime.backend import Backend
from spikemesh.runtime.groups import pack, worker_count
from spikemesh.runtime.local import LocalBackend


def backend_of(settings: RunSettings, placement: Placement) -> str:
    """Backend in use: as set, else ``ray`` when there is more than one chip."""
    return settings.backend or ("ray" if placement.system.chip_count > 1 else "local")


def worker_plan(settings: RunSettings, placement: Placement) -> WorkerPlan:
    """Pack the agents (occupied chips or cores) onto workers, balanced by neurons.

    Parameters
    ----------
    settings
        ``actors`` and ``workers``.
    placement
        Where the neurons are.
    """
    neurons = np.bincount(placement.core_of_neuron, minlength=len(placement.core_names))
    per_chip = placement.cores_per_chip
    cores = np.arange(neurons.size)
    if settings.actors == "core":
        agent_of_core, names = cores, [f"core {name}" for name in placement.core_names]
    else:
        agent_of_core = cores // per_chip
        names = [f"chip {k}" for k in range(placement.system.chip_count)]
    load = np.bincount(agent_of_core, weights=neurons, minlength=len(names)).astype(np.int64)
    agents = np.flatnonzero(load)
    workers = worker_count(backend_of(settings, placement), agents.size, settings.workers)
    groups = pack(agents.size, workers, [int(n) for n in load[agents]])
    worker_of_agent: IntArray = np.full(len(names), -1, dtype=np.int64)
    for worker, group in enumerate(groups):
        worker_of_agent[agents[group.start : group.stop]] = worker
    named = tuple(tuple(names[a] for a in agents[g.start : g.stop]) for g in groups)
    return WorkerPlan(worker_of_agent[agent_of_core], named)


def make_backend(name: str, settings: RunSettings) -> Backend:
    """Make the backend of a name."""
    if name == "local":
        return LocalBackend(stall_timeout_s=settings.stall_timeout_s)
    # Imported late: a local run need not pay for Ray.
    from spikemesh.runtime.ray_backend import RayBackend

    return RayBackend(address=settings.address, stall_timeout_s=settings.stall_timeout_s)
