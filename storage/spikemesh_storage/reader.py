"""Read a trace, finished or still growing."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from spikemesh.errors import InputError, Problem, TraceError, nearest
from spikemesh.ids import AnyArray, IntArray
from spikemesh_storage import analysis, energy, hardware
from spikemesh_storage.content import Content, bin_edges, sample_blocks, sample_count
from spikemesh_storage.digest import digest
from spikemesh_storage.faults import is_lock_failure, lock_failure
from spikemesh_storage.file_content import FileContent
from spikemesh_storage.hardware_layout import axis_names, counter_named, counters_of
from spikemesh_storage.live_content import LiveContent
from spikemesh_storage.paths import find_live, target_of
from spikemesh_storage.schema import LIVE_SUFFIX
from spikemesh_storage.trains import SpikeTrains

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from spikemesh.contracts.energy import Energy
    from spikemesh.contracts.trace import TracePlan


def open_trace(path: str | Path) -> Trace:
    """Open a trace.

    Parameters
    ----------
    path
        A finished file, or a live folder, or the file that a live folder will become. Where both
        exist, the live one is read.

    Returns
    -------
    Trace
        For a live trace a view of what was committed when it was opened; see :meth:`Trace.refresh`.

    Raises
    ------
    TraceError
        If there is none, it is locked or damaged, or it is not a spikemesh trace.
    """
    path = Path(path)
    return Trace(path, _open_content(path))


def _open_content(path: Path) -> Content:
    folder = find_live(path)
    if folder is not None:
        try:
            return LiveContent(folder)
        except TraceError:
            # The run may have finished between the look and the opening.
            if folder.exists():
                raise
    if path.name.endswith(LIVE_SUFFIX):
        path = target_of(path)
    return open_file(path)


def open_file(path: Path) -> FileContent:
    """Open the content of a finished file.

    Raises
    ------
    TraceError
        If there is none, it is locked or damaged, or it is not a spikemesh trace.
    """
    if not path.exists():
        raise TraceError(
            f"{path}: there is no such file, and no live trace {path.name}{LIVE_SUFFIX} beside it"
        )
    if path.is_dir():
        raise TraceError(f"{path} is a folder, not a trace")
    try:
        file: Any = h5py.File(path, "r")
    except OSError as error:
        if is_lock_failure(error):
            raise lock_failure(path) from None
        if isinstance(error, PermissionError):
            raise TraceError(f"{path}: no permission to read it") from None
        what = (
            "is a damaged HDF5 file"
            if _has_signature(path)
            else "is not an HDF5 file, so not a spikemesh trace"
        )
        raise TraceError(f"{path} {what}") from error
    try:
        return FileContent(file)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        file.close()
        if isinstance(error, TraceError):
            raise
        raise TraceError(f"{path} is damaged: {error}") from error


def _has_signature(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


class Trace:
    """A run as it was recorded.

    Use :func:`open_trace`. Nothing is read before it is asked for, and nothing outside the file is
    ever read.
    """

    def __init__(self, path: Path, content: Content) -> None:
        self.path = path
        self._content = content

    @property
    def plan(self) -> TracePlan:
        """What is recorded, and of what."""
        return self._content.plan

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Scenario text, mapping, seed, versions, plugins, host: all that is not a result."""
        return self._content.plan.provenance

    @property
    def results(self) -> Mapping[str, Any]:
        """The scenario's own figures; empty if it has none."""
        return self._content.outcome.results or {}

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations whose spikes are recorded."""
        return self._content.plan.recorded

    @property
    def probes(self) -> tuple[tuple[str, str], ...]:
        """Population and variable of every probe."""
        return tuple((p.population, p.variable) for p in self._content.plan.probes)

    @property
    def projections(self) -> tuple[str, ...]:
        """Projections whose weights are stored."""
        return self._content.stored_weights()

    @property
    def sizes(self) -> Mapping[str, int]:
        """Number of neurons of every population of the network."""
        return dict(self._content.plan.populations)

    @property
    def timestep_ms(self) -> float:
        """The time step in ms."""
        return self._content.plan.timestep_ms

    @property
    def until_tick(self) -> int:
        """The last tick that is recorded in full."""
        return self._content.until

    @property
    def duration_ms(self) -> float:
        """The recorded time in ms."""
        return self._content.until * self.timestep_ms

    @property
    def status(self) -> str:
        """``complete``, ``interrupted`` or ``failed``; of a live trace ``running`` or ``unfinished``."""
        return self._content.outcome.state

    @property
    def message(self) -> str:
        """Why the run is not complete; empty if it is."""
        return self._content.outcome.message

    @property
    def recovered(self) -> bool:
        """Whether ``recover`` wrote the file."""
        return self._content.outcome.recovered

    def spikes(self, population: str) -> SpikeTrains:
        """Return the spikes of a population.

        Raises
        ------
        InputError
            If it is not recorded, or does not exist; the message names the nearest.
        """
        _known("population", population, self.populations, self.sizes)
        ticks, neurons = self._content.spikes(population)
        size = self.sizes[population]
        return SpikeTrains(
            population, size, self.timestep_ms, self.duration_ms, ticks, neurons.astype(np.uint64)
        )

    def probe(self, population: str, variable: str, which: int = 0) -> xr.DataArray:
        """Return the samples of a state variable.

        Parameters
        ----------
        population, variable
            What was probed.
        which
            Which one, where a variable was probed more than once (in the order of the probes).

        Returns
        -------
        xarray.DataArray
            Dimensions ``time`` (ms) and ``neuron``; the unit is in ``attrs["units"]``.

        Raises
        ------
        InputError
            If it was not probed.
        """
        import xarray as xr

        index = self._probe_index(population, variable, which)
        plan = self._content.plan.probes[index]
        samples = sample_count(self._content.plan, index, self._content.until)
        values = np.empty((samples, len(plan.neurons)))
        for start, block in sample_blocks(self._content, index):
            values[start : start + len(block)] = block
        times = np.arange(1, samples + 1) * plan.every_steps * self.timestep_ms
        return xr.DataArray(
            values,
            dims=("time", "neuron"),
            coords={"time": ("time", times, {"units": "ms"}), "neuron": plan.neurons},
            name=variable,
            attrs={"units": plan.unit, "population": population},
        )

    def _probe_index(self, population: str, variable: str, which: int) -> int:
        probes = self._content.plan.probes
        _known("probed population", population, {p.population for p in probes}, self.sizes)
        of_population = {p.variable for p in probes if p.population == population}
        _known(f'probed variable of "{population}"', variable, of_population)
        found = [i for i, p in enumerate(probes) if (p.population, p.variable) == (population, variable)]
        if not 0 <= which < len(found):
            remedy = f"allowed: 0 .. {len(found) - 1}"
            raise InputError(Problem("which", f"{population}.{variable} has no probe {which}", remedy))
        return found[which]

    def weights(self, projection: str) -> pd.DataFrame:
        """Return the final weights of a projection: columns ``source``, ``target``, ``weight``.

        Raises
        ------
        InputError
            If they are not stored.
        """
        import pandas as pd

        _known("projection with stored weights", projection, self.projections)
        source, target, weight = self._content.weights(projection)
        return pd.DataFrame({"source": source, "target": target, "weight": weight})

    def counter(self, name: str) -> xr.DataArray:
        """Return a hardware counter bin by bin.

        Parameters
        ----------
        name
            One of :attr:`counters`, such as ``core_spikes`` or ``link_packets``.

        Returns
        -------
        xarray.DataArray
            Dimensions ``time`` (end of the bin in ms) and ``core``, ``link``, ``chip`` ... (names).

        Raises
        ------
        InputError
            If there is no such counter.
        """
        import xarray as xr

        _known("counter", name, self.counters)
        plan = self._content.plan
        counter = counter_named(plan, name)
        axis, binned, unit = (counter.axis, counter.binned, counter.unit) if counter else ("core", True, "")
        ends = self.bin_edges()[1:] * self.timestep_ms if binned else np.array([self.duration_ms])
        coords = {"time": ("time", ends, {"units": "ms"}), axis: list(axis_names(plan, axis))}
        attrs = {"units": unit} if unit else {}
        return xr.DataArray(self.counts(name), dims=("time", axis), coords=coords, name=name, attrs=attrs)

    def counts(self, name: str) -> IntArray:
        """Return a hardware counter as a plain array, shape (bins, cores or links)."""
        _known("counter", name, self.counters)
        return self._content.counter(name)

    @property
    def counters(self) -> tuple[str, ...]:
        """Names of the counters of the hardware."""
        return tuple(counter.name for counter in counters_of(self._content.plan))

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the figures of every step."""
        return tuple(series.name for series in self._content.plan.series)

    def per_step(self, name: str) -> IntArray:
        """Return a figure of every step, such as ``step_time_ps``, shape (steps,); -1 stands for none."""
        _known("series", name, self.series)
        return self._content.series(name)

    @property
    def hardware(self) -> Mapping[str, Any]:
        """The system that was simulated, with figures and sources; empty if its hardware was not looked at."""
        return self._content.plan.hardware

    def axis(self, name: str) -> tuple[str, ...]:
        """Return the names along an axis of counters: ``core``, ``link``, ``chip``, ``latency`` ...

        Raises
        ------
        TraceError
            If the trace has no such axis.
        """
        return axis_names(self._content.plan, name)

    @property
    def hardware_time_ps(self) -> int | None:
        """Hardware time of all recorded steps; None if it is not known."""
        if energy.STEP_TIME in self.series:
            return int(self.per_step(energy.STEP_TIME).sum())
        system = energy.system_of(self._content.plan)
        return None if system is None else energy.time_ps(self._content, system)

    def energy_account(self) -> Energy | None:
        """Return the energy of the run by kind, with totals; None if its hardware was not looked at."""
        return energy.account(self._content)

    def energy(self) -> pd.DataFrame:
        """Return the energy of the run.

        Returns
        -------
        pandas.DataFrame
            One row a kind: ``count``, ``energy_pj`` with ``low_pj`` and ``high_pj`` by the ranges of the figures,
            ``source``, ``evidence`` and ``note``. What is not published is NaN, and its note says so. The last three
            rows (``part`` is ``sum``) add up what is known; their notes name what is missing.

        Raises
        ------
        InputError
            If the hardware of the run was not looked at.
        """
        found = self.energy_account()
        if found is None:
            remedy = "run it on a system with costs, or with run.links set"
            raise InputError(Problem("energy", "the trace does not describe its hardware", remedy))
        return energy.frame(found)

    def hardware_summary(self) -> dict[str, Any]:
        """Return time, bottlenecks and energy of the hardware in figures; empty if it was not looked at."""
        return hardware.hardware_summary(self)

    def activity(self, first: int, until: int) -> AnyArray:
        """Return who spiked or changed state in the ticks after ``first`` to ``until``.

        Returns
        -------
        ndarray of uint8, shape (ticks, bytes)
            A bit for each neuron of the network, population after population, the first in the highest.

        Raises
        ------
        InputError
            If it was not kept.
        """
        if not self._content.plan.activity:
            raise InputError(Problem("activity", "it was not kept", "run with activity = true under [run]"))
        return self._content.activity(first, until)

    def steps(self) -> pd.DataFrame:
        """Return per step its hardware time in ns, and the core and link that were done last (empty: none).

        Raises
        ------
        InputError
            If the hardware time of steps was not recorded.
        """
        import pandas as pd

        found = {"time_ns": self.per_step("step_time_ps") * 1e-3}
        for column, names in (("core", self.core_names), ("link", self.link_names)):
            number = self.per_step(f"step_{column}")
            found[column] = np.array([*names, ""], dtype=object)[number]
        return pd.DataFrame(found, index=pd.RangeIndex(1, self.until_tick + 1, name="tick"))

    def bin_edges(self) -> IntArray:
        """Return the edges of the counter bins in ticks."""
        return bin_edges(self._content.plan, self._content.until)

    @property
    def placed(self) -> tuple[str, ...]:
        """Populations whose placement is stored."""
        return tuple(self._content.plan.placement)

    def placement(self, population: str) -> AnyArray:
        """Return the global core of every neuron of a population."""
        _known("placed population", population, self._content.plan.placement)
        return self._content.plan.placement[population]

    @property
    def core_names(self) -> tuple[str, ...]:
        """Names of the cores, in index order."""
        return self._content.plan.core_names

    @property
    def link_names(self) -> tuple[str, ...]:
        """Names of the links, in index order."""
        return self._content.plan.link_names

    @property
    def packet_bits(self) -> int:
        """Bits of one packet."""
        return self._content.plan.packet_bits

    def links(self) -> pd.DataFrame:
        """Return per link the packets, bits, share of all packets and the busiest bin.

        Where they were counted also utilisation, mean wait, mean and longest queue, packets dropped and late.
        """
        return _table(analysis.link_traffic(self), "link")

    def cores(self) -> pd.DataFrame:
        """Return per core the neurons, spikes, synaptic events and share of all synaptic events.

        Where they were counted also the busy share of the hardware time, updates and packets.
        """
        return _table(analysis.core_loads(self), "core")

    def summary(self) -> dict[str, Any]:
        """Return what the trace holds: status, duration, spikes, synaptic events, packets."""
        return analysis.summary(self)

    def analyse(self) -> dict[str, Any]:
        """Return firing statistics of every recorded population and the load of links and cores."""
        return analysis.analyse(self)

    def digest(self) -> dict[str, str]:
        """Return SHA-256 of ``function`` (spikes, probes, weights) and of ``hardware``, computed now."""
        return digest(self._content)

    def stored_digest(self) -> dict[str, str]:
        """Return the digests that were computed when the file was written; of a live trace those of now."""
        content = self._content
        return content.stored_digest() if isinstance(content, FileContent) else digest(content)

    def refresh(self) -> None:
        """See what a live run has committed since (or the finished file, once it is there)."""
        fresh = _open_content(self.path)
        self._content.close()
        self._content = fresh

    def close(self) -> None:
        """Close the file."""
        self._content.close()

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        recorded = f"recorded {_listed(self.populations)}"
        return f"<Trace {self.path.name}: {self.status}, {self.duration_ms:g} ms, {recorded}>"

    def _repr_html_(self) -> str:
        found = self.summary()
        shown = {key: value for key, value in found.items() if isinstance(value, str | int | float)}
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th><td>{html.escape(f'{value}')}</td></tr>"
            for key, value in shown.items()
        )
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{p['size']}</td><td>{_blank(p['spikes'])}</td></tr>"
            for name, p in found["populations"].items()
        )
        heads = "<tr><th>population</th><th>neurons</th><th>spikes</th></tr>"
        return f"<table>{cells}</table><table>{heads}{rows}</table>"


def _blank(value: object) -> str:
    return "not recorded" if value is None else str(value)


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "no spikes"
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def _table(rows: list[dict[str, Any]], index: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows).set_index(index) if rows else pd.DataFrame()


def _known(what: str, name: str, allowed: Iterable[str], existing: Iterable[str] = ()) -> None:
    allowed = tuple(allowed)
    if name in allowed:
        return
    if name in tuple(existing):
        recorded = ", ".join(sorted(allowed)) or "none"
        raise InputError(Problem(what, f'"{name}" was not recorded', f"recorded: {recorded}"))
    raise InputError(
        Problem(what, f'there is no {what} "{name}"', nearest(name, allowed) or "none was recorded")
    )
