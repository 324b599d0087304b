"""Synthetic intracranial EEG with planted bursts, and how many of them the network finds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import check_names, choice, scenario_of

Array = NDArray[Any]

RATE = 2000.0
SECONDS = 60
BURST_S = 0.05
"""Length of a planted burst."""
TIMES_RMS = 4.0
"""Its effective value in those of the noise in its band."""
EVERY_S = 4.0
"""From burst to burst of a band; the two bands alternate."""
BANDS = {"ripple": ((80.0, 250.0), 150.0), "fast_ripple": ((250.0, 500.0), 350.0)}
"""Edges of each band and frequency of what is planted in it, in Hz."""
NOISE_UV = 100.0
SCALED = 0.37
RECORDINGS = ("bursts", "noise", "scaled")
HALF = 64
"""Half of the neurons of a band."""
WINDOW_MS = 50.0
"""Spikes closer than this are one detection."""


def prepare(cache: Path) -> None:
    """Make the recordings and the time constants from a seed, unless this very code has put them there."""
    target = cache / "hfo.npz"
    files = [cache / f"{name}.npy" for name in RECORDINGS]
    if not all(file.exists() for file in files):
        target.unlink(missing_ok=True)
    make_once(target, __file__, lambda: _made(files))


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Let both bands read the recording that was asked for.

    Raises
    ------
    InputError
        If a setting is unknown.
    """
    check_names(tables["settings"], ("recording",))
    name = choice(tables["settings"], "recording", RECORDINGS)
    for table in tables["input"]:
        table["stream"] = f"{name}.npy"
    return tables


def _made(files: list[Path]) -> dict[str, Any]:
    random = np.random.default_rng(20)
    noise = pink(round(SECONDS * RATE), random)
    onsets, bursts = plant(noise)
    files[0].parent.mkdir(parents=True, exist_ok=True)
    for file, signal in zip(files, (bursts, noise, SCALED * bursts), strict=True):
        part = file.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as opened:
            np.save(opened, signal)
        part.replace(file)
    tau_exc = np.clip(random.normal(4.5, 0.625, 2 * HALF), 2.0, 7.0)
    tau_inh = tau_exc - np.clip(random.normal(0.65, 0.146, 2 * HALF), 0.1, 1.2)
    first = np.arange(2 * HALF) < HALF
    return {
        "tau_exc": tau_exc,
        "tau_inh": tau_inh,
        "exciting": np.where(first, 0, 1),
        "inhibiting": np.where(first, 1, 0),
        "neurons": np.arange(2 * HALF),
        **onsets,
    }


def pink(samples: int, random: np.random.Generator) -> Array:
    """Make noise whose power falls with 1/f above 0.5 Hz, in microvolts."""
    frequency = np.fft.rfftfreq(samples, 1.0 / RATE)
    parts = random.normal(size=(2, frequency.size))
    spectrum = (parts[0] + 1j * parts[1]) / np.sqrt(np.maximum(frequency, 0.5))
    spectrum[0] = 0.0
    signal = np.fft.irfft(spectrum, samples)
    return np.asarray(signal * (NOISE_UV / signal.std()))


def plant(noise: Array) -> tuple[dict[str, Array], Array]:
    """Add bursts (under a Hann window) to noise; return their onsets in seconds by band, and the sum."""
    from scipy.signal import butter, sosfilt

    planted, onsets = noise.copy(), {}
    length = round(BURST_S * RATE)
    for number, (name, (band, frequency)) in enumerate(BANDS.items()):
        rms = sosfilt(butter(2, band, "bandpass", fs=RATE, output="sos"), noise).std()
        wave = np.hanning(length) * np.sin(2 * np.pi * frequency * np.arange(length) / RATE)
        wave *= TIMES_RMS * rms / wave.std()
        onsets[name] = np.arange(2.0 + 0.5 * EVERY_S * number, noise.size / RATE - 1.0, EVERY_S)
        for onset in onsets[name]:
            first = round(onset * RATE)
            planted[first : first + length] += wave
    return onsets, planted


def onsets() -> dict[str, Array]:
    """Return when bursts begin, in seconds, by band."""
    return {
        name: np.arange(2.0 + 0.5 * EVERY_S * number, SECONDS - 1.0, EVERY_S)
        for number, name in enumerate(BANDS)
    }


def detections(times_ms: Array) -> Array:
    """Join spikes less than a window apart; return begin and end of each detection, shape (n, 2), in ms."""
    times = np.sort(times_ms)
    if not times.size:
        return np.zeros((0, 2))
    breaks = np.flatnonzero(np.diff(times) > WINDOW_MS)
    return np.stack([times[np.r_[0, breaks + 1]], times[np.r_[breaks, times.size - 1]]], axis=1)


def results(trace: Any) -> dict[str, Any]:
    """Compare detections with what was planted.

    A burst is found if a detection overlaps it or the window after it; a detection that meets no burst of either
    band is false.
    """
    recording = scenario_of(trace)["settings"]["recording"]
    seconds = trace.until_tick * trace.timestep_ms / 1000.0
    planted = {
        name: times[times + BURST_S < seconds] if recording != "noise" else times[:0]
        for name, times in onsets().items()
    }
    everything = np.concatenate(list(planted.values()))
    spikes = {name: trace.spikes(name).times_ms for name in BANDS}
    found = {name: detections(times) for name, times in spikes.items()}
    joined = detections(np.concatenate(list(spikes.values())))
    bands = {
        name: {
            "planted": int(planted[name].size),
            "found": int(met(planted[name], found[name]).any(axis=1).sum()),
            "false_per_minute": _false(everything, found[name], seconds),
            "events_per_second": len(trace.spikes(f"{name}_adm").times_ms) / seconds,
        }
        for name in BANDS
    }
    return {
        "planted": sum(b["planted"] for b in bands.values()),
        "found": sum(b["found"] for b in bands.values()),
        "false_per_minute": _false(everything, joined, seconds),
        "detections": len(joined),
        "bands": bands,
    }


def met(begin_s: Array, found: Array) -> Array:
    """Return for each burst and each detection whether they meet, shape (bursts, detections)."""
    begin = 1000.0 * begin_s[:, None]
    return np.asarray((found[:, 0] <= begin + 1000.0 * BURST_S + WINDOW_MS) & (found[:, 1] >= begin))


def _false(begin_s: Array, found: Array, seconds: float) -> float:
    false = ~met(begin_s, found).any(axis=0)
    return float(false.sum() * 60.0 / seconds)
