"""What a finished file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.contracts.trace import ProbePlan, SeriesPlan, TracePlan
from spikemesh.errors import TraceError
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_storage.content import Outcome
from spikemesh_storage.guard import dataset, group, members
from spikemesh_storage.hardware_layout import DESCRIPTION, counter_named, counter_path, planned, series_path
from spikemesh_storage.plan_file import check_version
from spikemesh_storage.schema import (
    FORMAT,
    HARDWARE,
    NETWORK,
    PROVENANCE,
    REPORT,
    REPORT_EXACT,
    SPIKES,
    STATUS,
    WEIGHTS,
)


class FileContent:
    """Content of a canonical file.

    Parameters
    ----------
    file
        An open HDF5 file.

    Raises
    ------
    TraceError
        If it is not a spikemesh trace, is of another layout version, or lacks a part.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        path = Path(file.filename)
        if _attribute(file, "format") != FORMAT:
            raise TraceError(f"{path} is an HDF5 file, but not a spikemesh trace")
        check_version(str(_attribute(file, "format_version")), path)
        self.until = int(_required(file, "until_tick"))
        self._reports: list[str] = []
        self.plan = self._plan()
        self.outcome = self._outcome()

    def _plan(self) -> TracePlan:
        file = self._file
        sizes = self._array(f"{NETWORK}/sizes")
        placement = {
            name: self._array(f"{HARDWARE}/placement/{name}")
            for name in members(file, f"{HARDWARE}/placement")
        }
        return TracePlan(
            timestep_ms=float(_required(file, "timestep_ms")),
            populations=tuple(zip(self._texts(f"{NETWORK}/names"), (int(n) for n in sizes), strict=True)),
            recorded=tuple(members(file, SPIKES)),
            probes=self._probes(),
            weights=tuple(members(file, WEIGHTS)),
            core_names=self._texts(f"{HARDWARE}/cores/names"),
            link_names=self._texts(f"{HARDWARE}/links/names"),
            bin_steps=int(_required(group(file, f"{HARDWARE}/steps"), "bin_steps")),
            packet_bits=int(_required(group(file, f"{HARDWARE}/links"), "packet_bits")),
            placement=placement,
            provenance=self._provenance(),
            **self._hardware(),
        )

    def _hardware(self) -> dict[str, Any]:
        if DESCRIPTION not in self._file[HARDWARE]:
            return {}
        return planned(json.loads(bytes(self._array(f"{HARDWARE}/{DESCRIPTION}")).decode()))

    def _probes(self) -> tuple[ProbePlan, ...]:
        found: list[tuple[str, ProbePlan]] = []
        for name in members(self._file, REPORT):
            report = group(self._file, f"{REPORT}/{name}")
            plan = ProbePlan(
                population=str(_required(report, "population")),
                variable=str(_required(report, "variable")),
                unit=str(_attribute(dataset(self._file, f"{REPORT}/{name}/{REPORT_EXACT}"), "units") or ""),
                neurons=self._array(f"{REPORT}/{name}/mapping/node_ids").astype(np.int64),
                every_steps=int(_required(report, "every_steps")),
            )
            found.append((name, plan))
        # HDF5 lists by name; the names say which probe of a population came first.
        found.sort(
            key=lambda item: (
                item[1].population,
                item[0] != item[1].population,
                item[1].variable,
                _number(item[0]),
            )
        )
        self._reports = [name for name, _ in found]
        return tuple(plan for _, plan in found)

    def _provenance(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in members(self._file, PROVENANCE):
            stored = dataset(self._file, f"{PROVENANCE}/{name}")
            text = bytes(self._array(f"{PROVENANCE}/{name}")).decode()
            found[name] = json.loads(text) if _attribute(stored, "encoding") == "json" else text
        return found

    def _outcome(self) -> Outcome:
        if STATUS not in self._file:  # while the file is being written
            return Outcome("unfinished")
        status = group(self._file, STATUS)
        return Outcome(
            state=str(_required(status, "state")),
            message=str(_attribute(status, "message") or ""),
            recovered=bool(_attribute(status, "recovered")),
            results=self.plan.provenance.get("results"),
            timing=self.plan.provenance.get("timing"),
        )

    def _array(self, path: str) -> AnyArray:
        return self._read(path, ())

    def _read(self, path: str, selection: slice | tuple[()]) -> AnyArray:
        stored = dataset(self._file, path)
        try:
            values: AnyArray = stored[selection]
        except OSError as error:  # a checksum that does not fit, or a chunk beyond the end
            raise TraceError(f"{self._file.filename}: /{path} is damaged: {error}") from error
        return values

    def _texts(self, path: str) -> tuple[str, ...]:
        return tuple(bytes(value).decode() for value in self._array(path))

    def stored_digest(self) -> dict[str, str]:
        """Return the digests that were computed when the file was written."""
        status = group(self._file, STATUS)
        return {name: str(_required(status, f"digest_{name}")) for name in ("function", "hardware")}

    def spikes(self, population: str) -> tuple[IntArray, IntArray]:
        """Return ticks and local neurons, sorted by tick, then neuron."""
        base = f"{SPIKES}/{population}"
        return self._array(f"{base}/tick").astype(np.int64), self._array(f"{base}/node_ids").astype(np.int64)

    def samples(self, probe: int, start: int, stop: int) -> FloatArray:
        """Return the samples ``start .. stop`` of a probe, shape (samples, neurons)."""
        return self._read(f"{REPORT}/{self._reports[probe]}/{REPORT_EXACT}", slice(start, stop))

    def stored_weights(self) -> tuple[str, ...]:
        """Return the projections whose weights are stored, in order."""
        return self.plan.weights

    def weights(self, projection: str) -> tuple[IntArray, IntArray, FloatArray]:
        """Return sources, targets and weights, sorted by source, target, weight."""
        base = f"{WEIGHTS}/{projection}"
        sources, targets = (
            self._array(f"{base}/{column}").astype(np.int64) for column in ("source", "target")
        )
        return sources, targets, self._array(f"{base}/weight")

    def counter(self, name: str) -> IntArray:
        """Return a counter, shape (bins, cores or links)."""
        plan = counter_named(self.plan, name)
        if plan is None:
            raise TraceError(f'{self._file.filename} has no counter "{name}"')
        return self._array(counter_path(plan))

    def series(self, name: str) -> IntArray:
        """Return a figure of every step, shape (steps,)."""
        return self._array(series_path(SeriesPlan(name)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _number(name: str) -> int:
    digits = name.rpartition("#")[2]
    return int(digits) if digits.isdigit() and "#" in name else 1


def _attribute(owner: Any, name: str) -> Any:
    value = owner.attrs.get(name)
    return value.decode() if isinstance(value, bytes) else value


def _required(owner: Any, name: str) -> Any:
    value = _attribute(owner, name)
    if value is None:
        raise TraceError(f'{owner.file.filename}: {owner.name} has no attribute "{name}"')
    return value
