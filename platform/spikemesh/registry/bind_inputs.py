"""Samples and streams bound to encoders and populations."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundInput, BoundStream
from spikemesh.contracts.coding import Encoder
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.contracts.stream import StreamEncoder
from spikemesh.description.network import Input, StreamInput
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import quantity
from spikemesh.errors import DescriptionError, InputError, Problem
from spikemesh.ids import AnyArray
from spikemesh.registry.bind_population import call_plugin
from spikemesh.registry.bind_values import Draws, bind_parameters
from spikemesh.units import whole_steps


def samples_encoder(encoder: type[Encoder] | type[StreamEncoder], where: str) -> type[Encoder]:
    """Return an encoder that encodes samples.

    Raises
    ------
    DescriptionError
        If it reads streams.
    """
    if issubclass(encoder, StreamEncoder):
        found = f'encoder "{encoder.name}" reads a stream, not samples'
        raise DescriptionError(Problem(f"{where}.encoder", found, 'stream = "file" in place of data'))
    return encoder


def stream_encoder(encoder: type[Encoder] | type[StreamEncoder], where: str) -> type[StreamEncoder]:
    """Return an encoder that encodes streams.

    Raises
    ------
    DescriptionError
        If it encodes samples.
    """
    if not issubclass(encoder, StreamEncoder):
        found = f'encoder "{encoder.name}" encodes samples, not a stream'
        raise DescriptionError(Problem(f"{where}.encoder", found, 'data = "file" in place of stream'))
    return encoder


def bind_input(
    use: Input,
    index: int,
    populations: dict[str, int],
    size: int,
    encoder: type[Encoder],
    model: type[NeuronModel] | None,
    draws: Draws,
    timestep: float,
    where: str,
) -> BoundInput:
    """Bind samples to an encoder and a population of ``size`` neurons.

    Raises
    ------
    DescriptionError
        With every problem of encoder parameters, times and the pairing of encoder, data and model.
    """
    collector = Collector()
    data = np.ascontiguousarray(use.data, dtype=np.float64)
    name = f'encoder "{encoder.name}"'
    parameters = bind_parameters(encoder.parameters, use.params, where, data.shape[1], draws, collector, name)
    present, blank = 1, 0
    with collector.catching():
        present = whole_steps(quantity(use.present, "ms", f"{where}.present"), timestep, f"{where}.present")
        if present < 1:
            collector.add(
                f"{where}.present", f"{use.present} is shorter than a step", f"at least {timestep:g} ms"
            )
    with collector.catching():
        blank = whole_steps(quantity(use.blank, "ms", f"{where}.blank"), timestep, f"{where}.blank")
    if model is not None:
        collector.problems += _mismatch(encoder, model, where)
    collector.raise_if_any()
    p = SimpleNamespace(**parameters)
    _check_size(_neurons(encoder, data.shape[1], p), size, use.population, encoder, data.shape[1], where)
    if encoder.check is not None:
        _check_samples(encoder, data, timestep, p, where)
    reset = tuple(sorted({populations[name] for name in use.reset}))
    return BoundInput(
        index, populations[use.population], encoder, parameters, data, present, blank, reset, size
    )


def _neurons(encoder: type[Encoder], columns: int, p: Any) -> int:
    if encoder.size is None:
        return columns
    return int(call_plugin(f'encoder "{encoder.name}"', "size", encoder.size, columns, p))


def _check_size(
    needed: int, size: int, population: str, encoder: type[Encoder], columns: int, where: str
) -> None:
    if needed == size or size < 1:
        return
    if encoder.size is None:
        found = f'has {columns} values a sample, population "{population}" {size} neurons'
        raise DescriptionError(Problem(f"{where}.data", found, f"{size} columns"))
    found = f'population "{population}" has {size} neurons'
    remedy = f'encoder "{encoder.name}" makes {needed} of {columns} values'
    raise DescriptionError(Problem(f"{where}.size", found, remedy))


def _check_samples(encoder: type[Encoder], data: AnyArray, timestep: float, p: Any, where: str) -> None:
    for number, sample in enumerate(data):
        try:
            call_plugin(f'encoder "{encoder.name}"', "check", encoder.check, sample, timestep, p)
        except InputError as error:
            # Other samples are mostly wrong in the same way: the first is enough.
            shown = [replace(q, where=f"{where}.{q.where}") for q in error.problems]
            shown = [
                replace(q, found=f"sample {number}: {q.found}") if "data" in q.where else q for q in shown
            ]
            raise DescriptionError(shown) from None


def _mismatch(encoder: type[Encoder], model: type[NeuronModel], where: str) -> list[Problem]:
    if encoder.emits == "spikes":
        return _no_source(encoder.name, model, where)
    if model.source:
        found = f'encoder "{encoder.name}" makes currents, which model "{model.name}" does not take'
        return [Problem(f"{where}.encoder", found, "a population of a neuron model, not of a source")]
    return []


def _no_source(encoder: str, model: type[NeuronModel], where: str) -> list[Problem]:
    if model.events is not None:
        return []
    found = f'encoder "{encoder}" makes spikes, which model "{model.name}" cannot emit'
    return [Problem(f"{where}.encoder", found, 'a population of model "spike_source"')]


def bind_stream(
    use: StreamInput,
    rank: int,
    population: int,
    size: int,
    encoder: type[StreamEncoder],
    model: type[NeuronModel] | None,
    draws: Draws,
    timestep: float,
    where: str,
) -> BoundStream:
    """Bind a stream to an encoder and a population of ``size`` neurons; it is opened, and not read.

    Raises
    ------
    DescriptionError
        With every problem of parameters, or of the stream.
    """
    collector, name = Collector(), f'encoder "{encoder.name}"'
    parameters = bind_parameters(encoder.parameters, use.params, where, 0, draws, collector, name)
    for key, value in parameters.items():
        if isinstance(value, np.ndarray):
            collector.add(f"{where}.{key}", "is a list", "one value for the whole stream")
    if model is not None:
        collector.problems += _no_source(encoder.name, model, where)
    collector.raise_if_any()
    p = SimpleNamespace(**parameters)
    try:
        stream = call_plugin(name, "open", encoder.open, use.stream, p)
        needed = int(call_plugin(name, "size", encoder.size, stream, p))
        if size and needed != size:
            found = f'population "{use.population}" has {size} neurons'
            raise DescriptionError(Problem("size", found, f"{name} makes {needed} of this stream"))
        if encoder.check is not None:
            call_plugin(name, "check", encoder.check, stream, timestep, p)
    except InputError as error:
        raise DescriptionError([replace(q, where=f"{where}.{q.where}") for q in error.problems]) from None
    return BoundStream(population, encoder, parameters, use.stream, rank, size)
