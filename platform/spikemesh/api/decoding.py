"""What a population of a trace says: its spikes through a decoder."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.description.problems import Collector
from spikemesh.description.quantities import quantity
from spikemesh.errors import DescriptionError, InputError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh.registry.bind_population import call_plugin
from spikemesh.registry.bind_values import Draws, bind_parameters
from spikemesh.registry.shared import shared_registry
from spikemesh.units import whole_steps

WHERE = "decode"


def decode(
    trace: Any,
    population: str,
    decoder: str,
    windows: Any,
    *,
    wanted: Any = None,
    fit_on: Any = None,
    **params: Any,
) -> FloatArray:
    """Turn the spikes of a population into one row of values for each window of time.

    Parameters
    ----------
    trace
        An open trace; see :func:`spikemesh.open_trace`.
    population
        Name of a population whose spikes were recorded.
    decoder
        Name of a decoder; ``spikemesh plugins list`` shows them.
    windows
        Length of windows that follow one another from the start of the run (a number in ms or a quantity; what is left
        at the end is left out), or an array of shape (windows, 2), ms: a spike at t counts if ``begin < t <= end``.
    wanted : array of shape (windows, values), optional
        What the windows stand for, for a decoder that learns; it is fitted first.
    fit_on : optional
        Windows to fit with, as a slice, a mask or numbers; ``wanted`` then has a row for each of these. All if not
        given.
    **params
        Parameters of the decoder.

    Returns
    -------
    ndarray of float64, shape (windows, values)

    Raises
    ------
    DescriptionError
        If a parameter or a window is out of range, or the decoder does not learn.
    TraceError
        If the trace has no spikes of the population.
    """
    registry = shared_registry()
    chosen = registry.decoders.get(decoder, f"{WHERE}.decoder")
    name, collector = f'decoder "{decoder}"', Collector()
    bound = bind_parameters(
        chosen.parameters, params, WHERE, 0, Draws(0, "decoder", decoder), collector, name
    )
    collector.raise_if_any()
    spikes, size = trace.spikes(population), int(trace.sizes[population])
    edges = _edges(windows, trace.timestep_ms, trace.until_tick)
    ticks, neurons = np.asarray(spikes.ticks), np.asarray(spikes.neurons)
    if wanted is not None:
        if chosen.fit is None:
            found = f"{name} does not learn"
            raise DescriptionError(Problem(f"{WHERE}.wanted", found, "leave it out"))
        examples = edges if fit_on is None else edges[fit_on]
        rows = np.asarray(wanted, dtype=np.float64)
        learned = call_plugin(
            name, "fit", chosen.fit, ticks, neurons, size, examples, rows, SimpleNamespace(**bound)
        )
        bound |= learned
    found = call_plugin(name, "decode", chosen.decode, ticks, neurons, size, edges, SimpleNamespace(**bound))
    values: FloatArray = np.asarray(found, dtype=np.float64)
    return values


def _edges(windows: Any, timestep_ms: float, until: int) -> IntArray:
    """Return the ticks ``(begin, end]`` of each window."""
    where = f"{WHERE}.windows"
    if np.ndim(windows) == 0:
        length = whole_steps(quantity(windows, "ms", where), timestep_ms, where)
        if length < 1:
            raise InputError(
                Problem(where, f"{windows!r} is no length of time", f"at least {timestep_ms:g} ms")
            )
        ends = np.arange(length, until + 1, length, dtype=np.int64)
        return np.column_stack([ends - length, ends])
    times = np.asarray(windows, dtype=np.float64)
    if times.ndim != 2 or times.shape[1] != 2:
        raise InputError(
            Problem(where, f"an array of shape {times.shape}", "(windows, 2): begin and end in ms")
        )
    edges: IntArray = np.array(
        [[whole_steps(float(t), timestep_ms, where) for t in row] for row in times], dtype=np.int64
    ).reshape(-1, 2)
    bad = (edges[:, 0] < 0) | (edges[:, 1] <= edges[:, 0]) | (edges[:, 1] > until)
    if bad.any():
        begin, end = times[int(bad.argmax())]
        found = f"a window from {begin:g} to {end:g} ms"
        raise InputError(Problem(where, found, f"rising, from 0 to {until * timestep_ms:g} ms"))
    return edges
