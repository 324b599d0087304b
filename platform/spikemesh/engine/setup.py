"""Working arrays of a worker, made from its program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from spikemesh.engine.arrays import Drives, Populations, Probes, zeros
from spikemesh.engine.delivery import arrivals_of, tables_of, widened
from spikemesh.engine.plastic_setup import compile_rule, make_plasticity
from spikemesh.engine.program import PopulationSlice, Program
from spikemesh.errors import PluginError
from spikemesh.ids import AnyArray
from spikemesh.kernels import generate
from spikemesh.kernels.compile import neuron_kernel
from spikemesh.kernels.poisson import edge_rows
from spikemesh.kernels.random import stream_key


def _int(values: Sequence[int] | Sequence[bool]) -> AnyArray:
    return np.array(values, dtype=np.int64)


def _flat(
    part: PopulationSlice, arrays: AnyArray, start: int, names: Sequence[str], values: dict[str, object]
) -> None:
    """Write values by name into rows of one population's block, as float64 or int64 bits."""
    integer = part.model.arithmetic == "int64"
    n = part.size
    for k, name in enumerate(names):
        row = arrays[start + k * n : start + (k + 1) * n]
        target = row.view(np.int64) if integer else row
        target[:] = np.asarray(values[name])


def compile_kernels(program: Program) -> None:
    """Compile, or load, the code of every plugin that a program needs.

    Raises
    ------
    PluginError
        If one cannot be compiled; names the population or projection, the model or rule, and the reason.
    """
    for part in program.slices:
        with _naming(f'population "{part.name}"'):
            _neuron_kernel(part, program.activity)
    for table in program.plastic:
        with _naming(f'projection "{table.name}"'):
            compile_rule(table)


@contextmanager
def _naming(user: str) -> Iterator[None]:
    try:
        yield
    except PluginError as error:
        raise PluginError(f"{user}: {error}") from error


def _neuron_kernel(part: PopulationSlice, watched: bool) -> int:
    shared = tuple(np.ndim(value) == 0 for value in part.constants.values())
    return neuron_kernel(part.model, shared, tuple(part.constants), part.layers > 0, watched)


class WorkingSet:
    """Mutable arrays of one worker, and the memory that addresses in blocks refer to.

    Parameters
    ----------
    program
        The program.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._kept: list[AnyArray] = []
        self.tables = tables_of(program)
        self.arrivals = arrivals_of(program, self.tables)
        self.populations = self._make_populations()
        self.drives = self._make_drives()
        self.plasticity = make_plasticity(program, self.populations, self._kept)
        self.probes = self._make_probes()

    def widen(self, origin: int) -> None:
        """Make room for more spikes of an origin that are still to arrive."""
        steps = int(self.arrivals.ahead[0]) if origin else 1
        self.arrivals = widened(self.arrivals, origin, steps * int(self.arrivals.senders[origin]))

    def _keep(self, array: AnyArray) -> int:
        self._kept.append(array)
        return int(array.ctypes.data)

    def _make_populations(self) -> Populations:
        slices = self.program.slices
        size = _int([s.size for s in slices])
        neurons = self.program.neurons
        counts = _int([len(s.model.state) for s in slices])
        starts = np.concatenate(([0], np.cumsum(counts * size)))
        initial = np.zeros(int(starts[-1]))
        for part, start in zip(slices, starts, strict=False):
            _flat(part, initial, int(start), tuple(part.model.state), dict(part.initial))
        state = zeros(initial.size)
        state[:] = initial
        layers = _int([s.layers for s in slices])
        layer_start = np.concatenate(([0], np.cumsum(layers * size)))
        draws = _int([len(s.model.draws) for s in slices])
        draw_start = np.concatenate(([0], np.cumsum(4 * draws * size)))
        populations = Populations(
            size=size,
            first=_int([s.first for s in slices]),
            neurons=np.concatenate([np.zeros(0, np.uint32), *(s.neurons for s in slices)]).astype(np.uint32),
            kernel=np.zeros(len(slices), dtype=np.int64),
            blocks=np.zeros((len(slices), generate.POPULATION_WORDS), dtype=np.int64),
            state=state,
            state_as_int=state.view(np.int64),
            initial=initial,
            state_start=starts[:-1].astype(np.int64),
            state_count=counts,
            current=zeros(neurons),
            layers=np.zeros(int(layer_start[-1])),
            layer_start=layer_start[:-1].astype(np.int64),
            layer_count=layers,
            draws=zeros(int(draw_start[-1]), np.uint32),
            draw_start=draw_start[:-1].astype(np.int64),
            draw_count=draws,
            draw_key=np.array(
                [stream_key(self.program.seed, "draws", s.name) for s in slices], dtype=np.uint64
            ),
            draw_block=np.full(len(slices), -1, dtype=np.int64),
            fired=zeros(-(-max(neurons, 1) // 64) * 64, np.uint8),
            changed=zeros(-(-max(neurons, 1) // 64) * 64, np.uint8),
            spiked=np.zeros(max(neurons, 1), dtype=np.int64),
        )
        for k, part in enumerate(slices):
            self._compile(part, k, populations)
        return populations

    def _compile(self, part: PopulationSlice, k: int, p: Populations) -> None:
        p.kernel[k] = _neuron_kernel(part, self.program.activity)
        kind = np.int64 if part.model.arithmetic == "int64" else np.float64
        values = [np.atleast_1d(np.asarray(part.constants[name])).astype(kind) for name in part.constants]
        block = p.blocks[k]
        block[generate.SIZE] = part.size
        block[generate.STATE] = p.state.ctypes.data + 8 * p.state_start[k]
        block[generate.CONSTANTS] = self._keep(
            np.concatenate([np.zeros(0, kind), *values, np.zeros(1, kind)])
        )
        block[generate.INPUTS] = self._keep(
            _int([self.arrivals.row.ctypes.data + 8 * first for first in part.inputs])
        )
        block[generate.SCALES] = self._keep(np.array([*part.scales, 0.0]))
        block[generate.CURRENT] = p.current.ctypes.data + 8 * part.first
        block[generate.FIRED] = p.fired.ctypes.data + part.first
        block[generate.CHANGED] = p.changed.ctypes.data + part.first

    def _make_drives(self) -> Drives:
        given = self.program.drives
        slices = [self.program.slices[d.slice] for d in given]
        rows: list[float] = []
        table, which, parts, shared = [], [], [], []
        for drive, part in zip(given, slices, strict=True):
            means, rank = np.unique(np.asarray(drive.mean, dtype=np.float64), return_inverse=True)
            table.append(len(rows))
            rows += [float(mean) / drive.parts for mean in means]
            which.append(np.broadcast_to(rank.reshape(-1), (part.size,)))
            parts.append(drive.parts)
            shared.append(means.size == 1)
        sizes = [s.size for s in slices]
        return Drives(
            population=_int([d.slice for d in given]),
            base=_int([s.inputs[d.receptor] for d, s in zip(given, slices, strict=True)]),
            weight=_int([d.weight for d in given]),
            key=np.array(
                [
                    stream_key(self.program.seed, "poisson", d.index, s.name)
                    for d, s in zip(given, slices, strict=True)
                ],
                dtype=np.uint64,
            ),
            parts=_int(parts),
            shared=np.array(shared, dtype=np.uint8),
            table=_int(table),
            edges=edge_rows(rows),
            start=np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.int64),
            which=np.concatenate([np.zeros(0, np.int64), *which]).astype(np.int64),
            counts=zeros(4 * sum(sizes), np.uint16),
            block=np.full(len(given), -1, dtype=np.int64),
        )

    def _make_probes(self) -> Probes:
        given = self.program.probes
        index = []
        for probe in given:
            part = self.program.slices[probe.slice]
            row = list(part.model.state).index(probe.variable)
            index.append(self.populations.state_start[probe.slice] + row * part.size + probe.positions)
        sizes = [p.positions.size for p in given]
        models = [self.program.slices[p.slice].model for p in given]
        return Probes(
            every=_int([p.every for p in given]),
            cell_ptr=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
            cell=np.concatenate([np.zeros(0, np.int64), *index]).astype(np.int64),
            integer=np.array([m.arithmetic == "int64" for m in models], dtype=np.uint8),
            position=np.zeros(len(given), dtype=np.int64),
            values=np.zeros(0),
        )
