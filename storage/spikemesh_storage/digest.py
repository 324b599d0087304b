"""Two SHA-256 that say whether two runs with the same probes are the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from spikemesh.ids import AnyArray
from spikemesh_storage.content import Content, bin_edges, sample_blocks, sample_count
from spikemesh_storage.hardware_layout import counters_of, described, describes
from spikemesh_storage.jsonable import dumps
from spikemesh_storage.schema import LINK_PACKETS


class _Hash:
    """SHA-256 over arrays, each announced by its name, type and shape."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def announce(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        header = json.dumps([name, dtype.str, list(shape)], ensure_ascii=True)
        self._hash.update(header.encode() + b"\n")

    def update(self, values: AnyArray) -> None:
        if values.size:
            self._hash.update(np.ascontiguousarray(values).data.cast("B"))

    def array(self, name: str, values: AnyArray) -> None:
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        self.announce(name, little.dtype, little.shape)
        self.update(little)

    def text(self, name: str, value: object) -> None:
        self._hash.update(json.dumps([name, value], ensure_ascii=True).encode() + b"\n")

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def digest(content: Content) -> dict[str, str]:
    """Return the digests of a trace.

    Returns
    -------
    dict
        ``function``: timestep, last tick, spikes, probes and weights. ``hardware``: counters, their
        bins and the placement. Neither depends on the order in which rows arrived, on where chunks
        ended, or on the provenance.
    """
    return {"function": _function(content), "hardware": _hardware(content)}


def _function(content: Content) -> str:
    plan, sha = content.plan, _Hash()
    sha.text("time", [float(plan.timestep_ms).hex(), content.until])
    for population in sorted(plan.recorded):
        ticks, neurons = content.spikes(population)
        sha.array(f"spikes/{population}/tick", ticks)
        sha.array(f"spikes/{population}/neuron", neurons)
    keyed = sorted((p.population, p.variable, p.every_steps, index) for index, p in enumerate(plan.probes))
    for population, variable, every, index in keyed:
        name = f"probes/{population}/{variable}"
        neurons = plan.probes[index].neurons
        sha.text(name, [every, plan.probes[index].unit])
        sha.array(f"{name}/neurons", neurons.astype(np.int64, copy=False))
        sha.announce(name, np.dtype("<f8"), (sample_count(plan, index, content.until), len(neurons)))
        for _, block in sample_blocks(content, index):
            sha.update(block)
    for projection in sorted(content.stored_weights()):
        for column, values in zip(("source", "target", "weight"), content.weights(projection), strict=True):
            sha.array(f"weights/{projection}/{column}", values)
    return sha.hexdigest()


def _hardware(content: Content) -> str:
    plan, sha = content.plan, _Hash()
    sha.text("cores", list(plan.core_names))
    sha.text("links", list(plan.link_names))
    sha.array("edges", bin_edges(plan, content.until))
    for counter in counters_of(plan):
        values = content.counter(counter.name)
        sha.array(counter.name, values)
        if counter.name == LINK_PACKETS:
            sha.array("link_bits", values * plan.packet_bits)
    for series in plan.series:
        sha.array(series.name, content.series(series.name))
    if describes(plan):
        sha.text("description", json.loads(dumps(described(plan))))
    for population in sorted(plan.placement):
        sha.array(f"placement/{population}", np.asarray(plan.placement[population], np.int32))
    return sha.hexdigest()
