"""A network in the chip's own numbers: weights rounded to its format, models it does not host refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundPopulation, BoundProjection
from spikemesh.contracts.numerics import NumberFormat, Weights
from spikemesh.description.system import System
from spikemesh.description.values import Distribution
from spikemesh.errors import PluginError, Problem, SpikemeshError
from spikemesh.ids import FloatArray

if TYPE_CHECKING:
    from spikemesh.registry import Registry

AS_DESCRIBED = 'numerics = "as_described"'


@dataclass(frozen=True)
class Rounding:
    """What rounding did to the weights of a projection.

    Attributes
    ----------
    projection
        Its name.
    unit
        Unit of its weights.
    largest
        Largest weight as a magnitude, before.
    mean_error, max_error
        Mean and greatest magnitude of the differences, over the weights that are told apart.
    """

    projection: str
    unit: str
    largest: float
    mean_error: float
    max_error: float


@dataclass(frozen=True)
class Numerics:
    """How a network was brought into the chip's numbers.

    Attributes
    ----------
    format
        Name of the number format; empty if there is none.
    roundings
        Of each projection that was rounded.
    problems
        What cannot be had in the chip's numbers.
    """

    format: str
    roundings: tuple[Rounding, ...] = ()
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the problems as plain values for JSON."""
        return {"format": self.format, "projections": [asdict(rounding) for rounding in self.roundings]}


def in_numbers_of_chip(
    network: BoundNetwork, system: System, registry: Registry
) -> tuple[BoundNetwork, Numerics | None]:
    """Round a network's weights to the chip's format, if the system asks for it.

    Returns
    -------
    BoundNetwork
        With rounded weights; the same network under ``numerics = "as_described"``.
    Numerics or None
        What was done, and problems; None under ``as_described``.

    Raises
    ------
    DescriptionError
        If the chip names a number format that does not exist.
    PluginError
        If a number format fails or returns something else than weights.
    """
    if system.numerics != "chip":
        return network, None
    problems = _hosting(network, system)
    if system.chip.format is None:
        why = system.chip.sources.get("format", "not published")
        found = f"the number format of {system.name} is {why}"
        return network, Numerics("", (), (Problem("system.numerics", found, AS_DESCRIBED), *problems))
    form = registry.number_formats.get(system.chip.format, "system.chip.format")
    projections, roundings = list(network.projections), []
    for population in network.populations:
        onto = [p for p in network.projections if p.target == population.index]
        refused = [problem for p in onto for problem in _refused(p, system)]
        problems += refused
        if refused or not onto:
            continue
        values = _rounded(form, [_weights(p, population) for p in onto], population)
        for projection, new in zip(onto, values, strict=True):
            projections[projection.index], rounding = _replaced(projection, new, population)
            roundings.append(rounding)
    roundings.sort(key=lambda r: [p.name for p in projections].index(r.projection))
    return replace(network, projections=tuple(projections)), Numerics(
        form.name, tuple(roundings), tuple(problems)
    )


def _hosting(network: BoundNetwork, system: System) -> list[Problem]:
    """Find populations whose model the chip does not compute in its own numbers."""
    hosted, problems = system.chip.models, []
    for population in network.populations:
        model = population.model
        outside = model.source or model.events is not None or not model.receptors
        if outside or model.name in hosted:
            continue
        if hosted:
            found = f'{system.name} does not host the model "{model.name}" in its own numbers'
            remedy = f"allowed: {', '.join(hosted)}; or {AS_DESCRIBED}"
        else:
            found = (
                f'how {system.name} computes the state of "{model.name}" is not modelled: it hosts no model'
            )
            remedy = (
                f"{AS_DESCRIBED}, or name the model in system.chip.models to compute its state as described"
            )
        problems.append(Problem(f'population "{population.name}"', found, remedy))
    return problems


def _refused(projection: BoundProjection, system: System) -> list[Problem]:
    """Find what a projection has that the chip's numbers do not."""
    where, problems = f'projection "{projection.name}"', []
    if isinstance(projection.weight, Distribution):
        found = "drawn weights cannot be brought into the chip's format"
        problems.append(
            Problem(f"{where}.weight", found, "a number, or one weight per synapse with rule explicit")
        )
    if projection.learning is not None:
        found = "weights that learn do not stay in the chip's format"
        problems.append(Problem(f"{where}.learning", found, AS_DESCRIBED))
    if system.chip.core.delay_steps is None and _longest(projection) > 1:
        why = system.chip.core.sources.get("delay_steps", "not published")
        found = f"delays of more than one step; how {system.name} holds delays is {why}"
        problems.append(Problem(f"{where}.delay", found, "delays of one step"))
    return problems


def _longest(projection: BoundProjection) -> float:
    delay = projection.delay
    return np.inf if isinstance(delay, Distribution) else float(np.max(delay, initial=0))


def _values(projection: BoundProjection, given: Any = None) -> FloatArray:
    """Return weights that are told apart as one row: a projection's own, or others of its shape."""
    weight: FloatArray = np.asarray(projection.weight if given is None else given, dtype=np.float64)
    if projection.rule == "conv2d":
        kernel = np.asarray(projection.arguments["kernel"], dtype=np.float64)
        entries: FloatArray = weight * kernel[kernel != 0]
        return entries
    return np.atleast_1d(weight)


def _weights(projection: BoundProjection, population: BoundPopulation) -> Weights:
    model = population.model
    return Weights(_values(projection), projection.expected, model.weight_unit, model.arithmetic == "int64")


def _rounded(form: NumberFormat, onto: list[Weights], population: BoundPopulation) -> list[FloatArray]:
    where = f'number format "{form.name}", population "{population.name}"'
    try:
        found = [np.asarray(values, dtype=np.float64) for values in form.rounded(onto)]
    except SpikemeshError:
        raise
    except Exception as error:
        raise PluginError(f"{where}: {type(error).__name__}: {error}") from error
    shapes = [values.shape for values in found]
    if shapes != [weights.values.shape for weights in onto] or not all(np.isfinite(v).all() for v in found):
        raise PluginError(
            f"{where}: rounded() returned weights of shapes {shapes}, or such as are not finite"
        )
    return found


def _replaced(
    projection: BoundProjection, new: FloatArray, population: BoundPopulation
) -> tuple[BoundProjection, Rounding]:
    """Put rounded weights into a projection and measure what that changed."""
    given = _values(projection, projection.exact)
    error = np.abs(new - given)
    rounding = Rounding(
        projection.name,
        population.model.weight_unit,
        float(np.abs(given).max(initial=0.0)),
        float(error.mean()) if error.size else 0.0,
        float(error.max(initial=0.0)),
    )
    if projection.rule == "conv2d":
        kernel = np.array(projection.arguments["kernel"], dtype=np.float64)
        kernel[kernel != 0] = new
        arguments = {**projection.arguments, "kernel": kernel}
        return replace(projection, weight=1.0, arguments=arguments), rounding
    weight = new if isinstance(projection.weight, np.ndarray) else float(new[0])
    return replace(projection, weight=weight), rounding
