"""Networks built by calls; each call checks what it can, so that a mistake shows at its own line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.description import checks
from spikemesh.description.drives import DriveSpec, constant_current, poisson, rule, steps
from spikemesh.description.network import (
    RULES,
    Drive,
    Input,
    LearningUse,
    NetworkDescription,
    Population,
    Probe,
    Projection,
    StreamInput,
    selected_neurons,
)
from spikemesh.description.problems import raise_problems
from spikemesh.description.values import Quantity, value_from
from spikemesh.errors import DescriptionError, Problem

__all__ = ["Network", "constant_current", "poisson", "rule", "steps"]


class Network:
    """A spiking network under construction.

    Parameters
    ----------
    timestep
        Grid of all times: a number in ms or a quantity.
    seed
        Seed of every random number of the network.

    Examples
    --------
    >>> net = Network(timestep="0.1 ms", seed=1)
    >>> exc = net.add_population("exc", 80, "lif_psc_exp", tau_m="20 ms")
    >>> inh = net.add_population("inh", 20, "lif_psc_exp")
    >>> net.connect(exc, inh, rule="fixed_indegree", indegree=8, weight=16.1, delay="1.5 ms")
    <Projection "exc->inh": fixed_indegree>
    """

    def __init__(self, timestep: Quantity = "0.1 ms", seed: int = 1) -> None:
        raise_problems(checks.network_problems(timestep, seed))
        self.timestep = timestep
        self.seed = int(seed)
        self._populations: dict[str, Population] = {}
        self._projections: dict[str, Projection] = {}
        self._drives: list[Drive] = []
        self._inputs: list[Input | StreamInput] = []
        self._probes: list[Probe] = []

    def __repr__(self) -> str:
        neurons = sum(p.size for p in self._populations.values())
        parts = (
            f"{len(self._populations)} populations ({neurons} neurons), "
            f"{len(self._projections)} projections, "
            f"{len(self._drives)} drives, {len(self._inputs)} inputs, {len(self._probes)} probes"
        )
        return f"<Network: {parts}, timestep {self.timestep}, seed {self.seed}>"

    def add_population(
        self,
        name: str,
        size: int,
        model: str,
        *,
        init: Mapping[str, Any] | None = None,
        positions: Any = None,
        **params: Any,
    ) -> Population:
        """Add neurons of one model.

        Parameters
        ----------
        name
            Unique name.
        size
            Number of neurons.
        model
            Name of a neuron model.
        init
            Initial state by variable.
        positions : array_like, shape (size, d), optional
            Coordinates for the ``distance`` rule.
        **params
            Parameters: a number, quantity, array of one value per neuron, or distribution each; spike times
            are one list for all neurons or a list of one list per neuron, in ms.

        Returns
        -------
        Population
            Handle for ``connect``, ``drive`` and ``probe``.

        Raises
        ------
        DescriptionError
            If the name is taken or a value has no valid form.
        """
        where = f"population {checks.shown_name(name)}"
        size = int(size) if isinstance(size, np.integer) else size
        population = Population(
            name,
            size,
            model,
            {key: value_from(value, f"{where}.params.{key}") for key, value in params.items()},
            {key: value_from(value, f"{where}.init.{key}") for key, value in (init or {}).items()},
            _floats(positions, f"{where}.positions") if positions is not None else None,
        )
        problems = checks.population_problems(population, where)
        if not problems:
            problems = checks.duplicate(name, self._populations, "population", f"{where}.name")
        raise_problems(problems)
        self._populations[name] = population
        return population

    def connect(
        self,
        source: Population | str,
        target: Population | str,
        rule: str | None = None,
        *,
        weight: Any = 1.0,
        delay: Any = None,
        receptor: str = "auto",
        learning: LearningUse | str | None = None,
        name: str | None = None,
        autapses: bool = True,
        multapses: bool = True,
        sources: Any = None,
        targets: Any = None,
        **arguments: Any,
    ) -> Projection:
        """Join two populations.

        Parameters
        ----------
        source, target
            Populations, or their names.
        rule
            One of :data:`~spikemesh.description.network.RULES`; ``explicit`` if ``sources`` and ``targets``
            are given.
        weight
            Number in the unit of the target model's weights, quantity, or distribution; with explicit
            lists also one value per synapse.
        delay
            Number in ms, quantity, or distribution; one step if not given; with explicit lists also one
            value per synapse.
        receptor
            Receptor of the target's model; ``auto`` goes by the sign of the weight.
        learning
            A learning rule, made by :func:`rule`, or its name.
        name
            Defaults to ``"source->target"``, then ``"source->target#2"``.
        autapses, multapses
            Whether a neuron may be joined to itself, and a pair more than once.
        sources, targets
            Neuron numbers, one entry a synapse.
        **arguments
            Arguments of the rule; others go to the target model's weight format (``weight_exp`` ...).

        Returns
        -------
        Projection
            Handle for ``probe`` and for reading weights.

        Raises
        ------
        DescriptionError
            If a population, the rule or one of its arguments is unknown or wrong.
        """
        ends = [_name(p) for p in (source, target)]
        if rule is None and sources is None and targets is None:
            found = "no connection rule is given"
            raise DescriptionError(
                Problem("connect", found, f"rule=, one of {', '.join(RULES)}, or sources= and targets=")
            )
        lists = {
            key: value for key, value in (("sources", sources), ("targets", targets)) if value is not None
        }
        rule = rule or "explicit"
        own = RULES.get(rule, ())
        name = name or default_name(ends[0], ends[1], self._projections)
        where = f"projection {checks.shown_name(name)}"
        projection = Projection(
            name=name,
            source=ends[0],
            target=ends[1],
            rule=rule,
            arguments={k: _own(v) for k, v in (arguments | lists).items() if k in own},
            weight=value_from(weight, f"{where}.weight"),
            delay=None if delay is None else value_from(delay, f"{where}.delay"),
            receptor=receptor,
            learning=LearningUse(learning) if isinstance(learning, str) else learning,
            autapses=autapses,
            multapses=multapses,
            extras={k: v for k, v in arguments.items() if k not in own},
        )
        problems = checks.projection_problems(projection, self._populations, where)
        raise_problems(problems + checks.duplicate(name, self._projections, "projection", f"{where}.name"))
        self._projections[name] = projection
        return projection

    def drive(self, population: Population | str, spec: DriveSpec) -> Drive:
        """Stimulate a population without synapses.

        ``spec`` is made by :func:`poisson`, :func:`steps` or :func:`constant_current`.
        """
        name = _name(population)
        raise_problems(checks.known_name(name, self._populations, "population", "drive"))
        if not isinstance(spec, DriveSpec):
            raise DescriptionError(
                Problem("drive", f"{type(spec).__name__} is no drive", f"one of {', '.join(checks.DRIVES)}")
            )
        drive = Drive(name, spec.encoder, spec.arguments)
        raise_problems(checks.drive_problems(drive, f'population "{name}".drive'))
        self._drives.append(drive)
        return drive

    def add_input(
        self,
        name: Population | str,
        *,
        encoder: str,
        data: Any = None,
        stream: Any = None,
        size: int | None = None,
        present: Quantity | None = None,
        blank: Quantity = 0.0,
        reset: Sequence[Population | str] = (),
        **params: Any,
    ) -> Population:
        """Show samples one after another to a population through an encoder, or let it read a stream.

        Parameters
        ----------
        name
            Population; if there is none of that name, spike sources are made.
        encoder
            Name of an encoder, of samples or of streams.
        data : array_like, shape (samples, values)
            One row a presentation.
        stream : path or ndarray
            Instead of ``data``: a file, which is read piece by piece as model time goes on, or an array.
        size
            Number of spike sources to make, where it is not that of the columns of ``data``.
        present, blank
            How long a sample is shown, and the pause after it.
        reset
            Populations whose state returns to its initial value when a presentation starts.
        **params
            Parameters of the encoder.

        Returns
        -------
        Population
            The population that is fed.
        """
        key = _name(name)
        where = f"input {checks.shown_name(key)}"
        values = {k: value_from(v, f"{where}.{k}") for k, v in params.items()}
        told = {"data": data, "stream": stream, "present": present, "reset": reset or None}
        raise_problems(checks.source_problems({k for k, v in told.items() if v is not None}, where))
        use: Input | StreamInput
        columns = 0
        if stream is not None:
            use = StreamInput(
                key, encoder, stream if isinstance(stream, np.ndarray) else Path(stream), values
            )
        else:
            table = _floats(data, f"{where}.data")
            columns = table.shape[1] if table.ndim == 2 else 0
            names = tuple(_name(p) for p in reset)
            use = Input(key, encoder, table, 0.0 if present is None else present, blank, names, values)
        populations = dict(self._populations)
        raise_problems(checks.size_problems(size, populations.get(key), where, needed=stream is not None))
        if key not in populations:
            populations[key] = Population(key, columns if size is None else size, "spike_source")
        raise_problems(checks.name_problem(key, where) + checks.input_problems(use, populations, where))
        self._populations = populations
        self._inputs.append(use)
        return populations[key]

    def probe(
        self,
        target: Population | Projection | str,
        *what: str,
        neurons: Any = None,
        every: Quantity | None = None,
    ) -> Probe:
        """Record a population (``"spikes"``, state variables) or a projection (``"weights"``).

        Parameters
        ----------
        target
            Population or projection, or its name.
        *what
            What to record; ``"spikes"`` or ``"weights"`` if nothing is named.
        neurons
            Slice, ``"0:10"`` or list: the neurons whose state is sampled. Spikes are recorded of all.
        every
            Sampling interval of state variables; every step if not given.
        """
        name = _name(target)
        what = what or (
            ("weights",) if name in self._projections and name not in self._populations else ("spikes",)
        )
        probe = Probe(name, what, neurons, every)
        raise_problems(checks.probe_problems(probe, self._populations, self._projections, "probe"))
        if name in self._populations:
            probe = Probe(name, what, selected_neurons(neurons, self._populations[name].size), every)
        self._probes.append(probe)
        return probe

    def describe(self) -> NetworkDescription:
        """Return the network as a frozen description."""
        return NetworkDescription(
            self.timestep,
            self.seed,
            tuple(self._populations.values()),
            tuple(self._projections.values()),
            tuple(self._drives),
            tuple(self._inputs),
            tuple(self._probes),
        )


def default_name(source: object, target: object, taken: Mapping[str, Any]) -> str:
    """Name a projection ``a->b``, then ``a->b#2``."""
    base = f"{source}->{target}"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}#{count}"
    return name


def _name(thing: Population | Projection | str) -> str:
    return thing.name if isinstance(thing, Population | Projection) else thing


def _own(value: Any) -> Any:
    """Copy a list or array, so that later changes to it do not reach the network."""
    if not isinstance(value, list | np.ndarray):
        return value
    try:
        array = np.array(value)
    except ValueError:  # rows of unequal length: the rule's check says so
        return value
    array.flags.writeable = False
    return array


def _floats(raw: Any, where: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        array = np.array(raw, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DescriptionError(Problem(where, "is not a table of numbers", "rows of equal length")) from None
    array.flags.writeable = False
    return array
