"""The suites of encoders and decoders."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.engine.schedule import StreamRandom
from spikemesh.errors import SpikemeshError
from spikemesh.ids import FloatArray
from spikemesh.testing.checks import Check, Skipped
from spikemesh.testing.documented import check_docstring, check_parameters
from spikemesh.testing.streams import stream_checks
from spikemesh.testing.subjects import Subject
from spikemesh.testing.values import choices_of, usual_values

STEPS, FIRST, DT = 40, 120, 1.0
_SIZES = (16, 64, 28 * 28, 2, 1)


def encoder_checks(subject: Subject) -> list[Check]:
    """List the checks of an encoder of samples, or of streams."""
    encoder = subject.item

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    documented = [
        check("documented", lambda: check_docstring(encoder, equation=False, source=False)),
        check("parameters and units", lambda: check_parameters(encoder.parameters)),
    ]
    if hasattr(encoder, "start"):
        return documented + [check(name, body) for name, body in stream_checks(encoder)]
    return [
        *documented,
        check("what it emits is in range", lambda: _in_range(encoder)),
        check("deterministic", lambda: _deterministic(encoder)),
        check("changes nothing that it is given", lambda: _pure(encoder)),
    ]


def decoder_checks(subject: Subject) -> list[Check]:
    """List the checks of a decoder."""
    decoder = subject.item

    def check(name: str, body: Any) -> Check:
        return Check(subject.kind, subject.name, name, body)

    return [
        check("documented", lambda: check_docstring(decoder, equation=False, source=False)),
        check("parameters and units", lambda: check_parameters(decoder.parameters)),
        check("a row of numbers for each sample", lambda: _rows(decoder)),
        check("deterministic", lambda: _decodes_twice(decoder)),
        check("silence can be decoded", lambda: _silence(decoder)),
    ]


def _sample(encoder: Any, values: dict[str, Any]) -> FloatArray:
    """Draw a sample that the encoder takes with these parameters.

    Raises
    ------
    Skipped
        If it takes none of those tried.
    """
    random = np.random.default_rng(1)
    reason = ""
    for size in _SIZES:
        for sample in (random.random(size), random.integers(0, 2, size).astype(np.float64)):
            try:
                if encoder.check is not None:
                    encoder.check(sample, DT, SimpleNamespace(**values))
            except SpikemeshError as error:
                reason = str(error)
                continue
            return np.asarray(sample, dtype=np.float64)
    raise Skipped(f"it takes no sample of random numbers: {reason}")


def _neurons(encoder: Any, sample: FloatArray, values: dict[str, Any]) -> int:
    size = getattr(encoder, "size", None)
    return sample.size if size is None else int(size(sample.size, SimpleNamespace(**values)))


def _encoded(encoder: Any, sample: FloatArray, values: dict[str, Any]) -> Any:
    random = StreamRandom(77, _neurons(encoder, sample, values))
    return encoder.encode(sample, STEPS, FIRST, DT, SimpleNamespace(**values), random)


def _in_range(encoder: Any) -> str:
    usual = usual_values(encoder)
    emitted = settings = 0
    for values in choices_of(encoder.parameters, usual):
        try:
            sample = _sample(encoder, values)
        except Skipped:
            if values == usual:
                raise
            continue
        neurons = _neurons(encoder, sample, values)
        emitted += _count(encoder.emits, _encoded(encoder, sample, values), neurons)
        settings += 1
    what = "spikes" if encoder.emits == "spikes" else "currents"
    return f"{emitted} {what} under {settings} settings"


def _count(emits: str, encoded: Any, neurons: int) -> int:
    if emits == "current":
        currents = np.asarray(encoded, dtype=np.float64)
        assert currents.shape == (neurons,), f"currents have the shape {currents.shape}, not ({neurons},)"
        assert np.isfinite(currents).all(), "currents are not finite"
        return neurons
    check_spikes(encoded, STEPS, neurons)
    return len(encoded[0])


def check_spikes(encoded: Any, steps: int, neurons: int) -> None:
    """Ask for offsets within a presentation, neurons that exist, and one spike a neuron and step."""
    assert isinstance(encoded, tuple) and len(encoded) == 2, "encode must return (offsets, neurons)"  # noqa: PT018
    offsets, which = (np.asarray(column) for column in encoded)
    assert offsets.shape == which.shape, f"{offsets.shape} offsets for {which.shape} neurons"
    if not offsets.size:
        return
    assert offsets.dtype.kind in "iu", f"offsets are of type {offsets.dtype}, not whole numbers"
    assert which.dtype.kind in "iu", f"neurons are of type {which.dtype}, not whole numbers"
    assert 1 <= offsets.min() <= offsets.max() <= steps, (
        f"offsets from {offsets.min()} to {offsets.max()}; they must lie within 1 to {steps}"
    )
    assert 0 <= which.min() <= which.max() < neurons, (
        f"neurons from {which.min()} to {which.max()}; there are {neurons}"
    )


def _deterministic(encoder: Any) -> None:
    values = usual_values(encoder)
    sample = _sample(encoder, values)
    one, two = _encoded(encoder, sample, values), _encoded(encoder, sample.copy(), values)
    for a, b in zip(_columns(one), _columns(two), strict=True):
        assert np.array_equal(a, b), "the same sample is encoded differently the second time"


def _columns(encoded: Any) -> tuple[Any, ...]:
    return encoded if isinstance(encoded, tuple) else (encoded,)


def _pure(encoder: Any) -> None:
    values = usual_values(encoder)
    sample = _sample(encoder, values)
    kept = sample.copy()
    _encoded(encoder, sample, values)
    assert np.array_equal(sample, kept), "encode changes the sample that it is given"


def _spikes() -> tuple[Any, ...]:
    random = np.random.default_rng(3)
    ticks = np.sort(random.integers(1, 121, 200))
    edges = np.array([[0, 40], [40, 80], [80, 120]], dtype=np.int64)
    return ticks, random.integers(0, 32, 200), 32, edges


def _rows(decoder: Any) -> str:
    ticks, neurons, size, edges = _spikes()
    values = np.asarray(decoder.decode(ticks, neurons, size, edges, _values(decoder)))
    assert values.ndim == 2, f"values have the shape {values.shape}"
    assert values.shape[0] == len(edges), f"{values.shape[0]} rows for {len(edges)} samples"
    assert not np.isnan(values).any(), "values are no numbers (NaN)"
    return f"{values.shape[1]} values a sample of {size} neurons"


def _values(decoder: Any) -> SimpleNamespace:
    values = usual_values(decoder)
    if decoder.fit is not None:
        *spikes, edges = _spikes()
        wanted = np.random.default_rng(5).random((len(edges), 2))
        values |= decoder.fit(*spikes, edges, wanted, SimpleNamespace(**values))
    return SimpleNamespace(**values)


def _decodes_twice(decoder: Any) -> None:
    one, two = (np.asarray(decoder.decode(*_spikes(), _values(decoder))) for _ in range(2))
    assert one.tobytes() == two.tobytes(), "the same spikes are decoded differently the second time"


def _silence(decoder: Any) -> None:
    none = np.zeros(0, dtype=np.int64)
    *_, size, edges = _spikes()
    values = np.asarray(decoder.decode(none, none, size, edges, _values(decoder)))
    assert values.shape[0] == len(edges), f"{values.shape[0]} rows for {len(edges)} silent samples"
