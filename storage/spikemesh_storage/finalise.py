"""From the content of a live trace to the canonical file: equal results give equal bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import DTypeLike

from spikemesh.errors import TraceError
from spikemesh.ids import AnyArray
from spikemesh_storage import order
from spikemesh_storage.content import Content, bin_edges, sample_blocks, sample_count
from spikemesh_storage.digest import digest
from spikemesh_storage.energy import account
from spikemesh_storage.faults import storing
from spikemesh_storage.file_content import FileContent
from spikemesh_storage.hardware_layout import (
    DESCRIPTION,
    GROUPS,
    axis_names,
    counter_path,
    counters_of,
    described,
    describes,
    series_path,
)
from spikemesh_storage.jsonable import dumps, sync_folder
from spikemesh_storage.schema import (
    FILE_CHUNK,
    FILE_LIBVER,
    FORMAT,
    HARDWARE,
    LINK_PACKETS,
    NETWORK,
    PARTIAL_SUFFIX,
    PLACE,
    PROVENANCE,
    REPORT,
    REPORT_DATA,
    REPORT_EXACT,
    SAMPLE,
    SONATA_ID,
    SONATA_MAGIC,
    SONATA_VERSION,
    SORTING,
    SPIKES,
    STATUS,
    VERSION,
    WEIGHT,
    WEIGHTS,
    report_names,
)


def finalise(content: Content, target: Path) -> None:
    """Write the canonical file: under a temporary name, made durable, then renamed.

    Memory is bounded by the largest population's spikes or the largest projection's weights.

    Parameters
    ----------
    content
        What to write; its outcome becomes ``/status``.
    target
        The file; an older one is replaced at the very end.

    Raises
    ------
    TraceError
        If it cannot be written (nothing is left under the temporary name).
    """
    partial = target.with_name(target.name + PARTIAL_SUFFIX)
    with storing(target):
        partial.unlink(missing_ok=True)
        try:
            with h5py.File(partial, "w", libver=FILE_LIBVER) as file:
                _write(file, content)
                file.flush()
                os.fsync(file.id.get_vfd_handle())
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def _write(file: Any, content: Content) -> None:
    plan = content.plan
    file.attrs["magic"] = SONATA_MAGIC
    file.attrs["version"] = SONATA_VERSION
    _text_attribute(file, "format", FORMAT)
    _text_attribute(file, "format_version", VERSION)
    file.attrs["timestep_ms"] = np.float64(plan.timestep_ms)
    file.attrs["until_tick"] = np.int64(content.until)
    network = file.create_group(NETWORK)
    _names(network, "names", [name for name, _ in plan.populations])
    _array(network, "sizes", np.array([size for _, size in plan.populations], np.int64), np.int64)
    _spikes(file.create_group(SPIKES), content)
    _reports(file.create_group(REPORT), content)
    _weights(file.create_group(WEIGHTS), content)
    _hardware(file.create_group(HARDWARE), content)
    # Both last, so that whatever differs between equal runs moves no byte of the groups above.
    provenance = file.create_group(PROVENANCE)
    # Of what was written, not of what was to be written.
    digests = digest(FileContent(file))
    _status(file.create_group(STATUS), content, digests)
    _provenance(provenance, content)


def _array(group: Any, name: str, values: AnyArray, dtype: DTypeLike, unit: str | None = None) -> Any:
    values = np.ascontiguousarray(values, dtype)
    dataset = group.create_dataset(name, data=values, track_times=False, **_layout(values.shape))
    if unit is not None:
        _text_attribute(dataset, "units", unit)
    return dataset


def _layout(shape: tuple[int, ...]) -> dict[str, Any]:
    # An empty array cannot be chunked, and has nothing to protect.
    if not all(shape):
        return {}
    width = int(np.prod(shape[1:]))
    return {"chunks": (min(shape[0], max(1, FILE_CHUNK // width)), *shape[1:]), "fletcher32": True}


def _text(texts: list[bytes] | bytes) -> Any:
    longest = texts if isinstance(texts, bytes) else max(texts, key=len, default=b"")
    # The type goes with the values: HDF5 converts no text from ASCII to UTF-8.
    return np.array(texts, dtype=h5py.string_dtype("utf-8", max(1, len(longest))))


def _text_attribute(owner: Any, name: str, text: str) -> None:
    values = _text(text.encode())
    owner.attrs.create(name, values, dtype=values.dtype)


def _names(group: Any, name: str, texts: Iterable[str]) -> None:
    values = _text([text.encode() for text in texts])
    group.create_dataset(name, data=values, dtype=values.dtype, track_times=False, **_layout(values.shape))


def _spikes(root: Any, content: Content) -> None:
    plan = content.plan
    sizes = dict(plan.populations)
    sorting = h5py.enum_dtype(SORTING, basetype=np.uint8)
    for population in plan.recorded:
        ticks, neurons = content.spikes(population)
        group = root.create_group(population)
        group.attrs.create("sorting", SORTING["by_time"], dtype=sorting)
        _array(group, "timestamps", ticks * plan.timestep_ms, np.float64, "ms")
        _array(group, "node_ids", neurons, SONATA_ID)
        _array(group, "tick", ticks, SONATA_ID)
        pointers, trains = order.by_neuron(ticks, neurons, sizes[population])
        index = group.create_group("by_neuron")
        _array(index, "index_pointers", pointers, SONATA_ID)
        _array(index, "tick", trains, SONATA_ID)


def _reports(root: Any, content: Content) -> None:
    plan = content.plan
    names = report_names([(p.population, p.variable) for p in plan.probes])
    for index, (name, probe) in enumerate(zip(names, plan.probes, strict=True)):
        group = root.create_group(name)
        _text_attribute(group, "population", probe.population)
        _text_attribute(group, "variable", probe.variable)
        group.attrs["every_steps"] = np.int64(probe.every_steps)
        shape = (sample_count(plan, index, content.until), len(probe.neurons))
        # SONATA readers take single precision alone; the values themselves are beside it.
        stored = {
            name: group.create_dataset(name, shape, dtype, track_times=False, **_layout(shape))
            for name, dtype in ((REPORT_DATA, np.float32), (REPORT_EXACT, SAMPLE))
        }
        for values in stored.values():
            _text_attribute(values, "units", probe.unit)
        for start, block in sample_blocks(content, index):
            stored[REPORT_EXACT][start : start + len(block)] = block
            with np.errstate(over="ignore"):
                stored[REPORT_DATA][start : start + len(block)] = block.astype(np.float32)
        _mapping(group.create_group("mapping"), probe.neurons, probe.every_steps * plan.timestep_ms, shape[0])


def _mapping(group: Any, neurons: AnyArray, every_ms: float, samples: int) -> None:
    ids = _array(group, "node_ids", neurons, SONATA_ID)
    ids.attrs["sorted"] = np.uint8(1)
    _array(group, "index_pointers", np.arange(len(neurons) + 1), SONATA_ID)
    _array(group, "element_ids", np.zeros(len(neurons)), np.uint32)
    _array(group, "time", np.array([every_ms, (samples + 1) * every_ms, every_ms]), np.float64, "ms")


def _weights(root: Any, content: Content) -> None:
    for projection in content.stored_weights():
        sources, targets, weights = content.weights(projection)
        group = root.create_group(projection)
        _array(group, "source", sources, SONATA_ID)
        _array(group, "target", targets, SONATA_ID)
        _array(group, "weight", weights, WEIGHT)


def _hardware(root: Any, content: Content) -> None:
    plan = content.plan
    cores, links, steps = (root.create_group(name) for name in ("cores", "links", "steps"))
    _names(cores, "names", plan.core_names)
    _names(links, "names", plan.link_names)
    for axis in sorted({c.axis for c in plan.counters} - {"core", "link"}):
        _names(root.create_group(GROUPS[axis]), "names", axis_names(plan, axis))
    for counter in counters_of(plan):
        folder, _, name = counter_path(counter).removeprefix(f"{HARDWARE}/").partition("/")
        values = content.counter(counter.name)
        _array(root[folder], name, values, np.int64, counter.unit or None)
        if counter.name == LINK_PACKETS:
            _array(links, "bits", values * plan.packet_bits, np.int64, "bit")
    links.attrs["packet_bits"] = np.int64(plan.packet_bits)
    for series in plan.series:
        name = series_path(series).rpartition("/")[2]
        _array(steps, name, content.series(series.name), np.int64, series.unit or None)
    _energy(root, content)
    if describes(plan):
        text = _text(dumps(described(plan)).encode())
        root.create_dataset(DESCRIPTION, data=text, dtype=text.dtype, track_times=False)
    _array(steps, "edges", bin_edges(plan, content.until), np.int64)
    steps.attrs["bin_steps"] = np.int64(plan.bin_steps)
    placement = root.create_group("placement")
    for population, placed in plan.placement.items():
        _array(placement, population, placed, PLACE)


def _energy(root: Any, content: Content) -> None:
    """Write the energy by kind, which follows from counters and description; NaN stands for what is not known."""
    try:
        energy = account(content)
    except TraceError:
        # A live trace of another version may be recovered whose system cannot be read: the rest can.
        return
    if energy is None:
        return
    group = root.create_group("energy")
    for name, texts in (("kind", [t.kind for t in energy.terms]), ("note", [t.note for t in energy.terms])):
        _names(group, name, texts)
    for name, unit in (("count", None), ("value_pj", "pJ"), ("low_pj", "pJ"), ("high_pj", "pJ")):
        values = [getattr(term, name) for term in energy.terms]
        _array(group, name, np.array([np.nan if v is None else v for v in values]), np.float64, unit)


def _status(group: Any, content: Content, digests: dict[str, str]) -> None:
    outcome = content.outcome
    _text_attribute(group, "state", outcome.state)
    _text_attribute(group, "message", outcome.message)
    group.attrs["recovered"] = np.uint8(outcome.recovered)
    for name, value in digests.items():
        _text_attribute(group, f"digest_{name}", value)


def _provenance(group: Any, content: Content) -> None:
    texts = dict(content.plan.provenance)
    if content.outcome.results is not None:
        texts["results"] = dict(content.outcome.results)
    if content.outcome.timing is not None:
        texts["timing"] = dict(content.outcome.timing)
    for name, value in texts.items():
        values = _text((value if isinstance(value, str) else dumps(value)).encode())
        dataset = group.create_dataset(name, data=values, dtype=values.dtype, track_times=False)
        _text_attribute(dataset, "encoding", "text" if isinstance(value, str) else "json")
