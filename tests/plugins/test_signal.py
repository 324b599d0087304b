"""Signals from arrays and files: which sample belongs to which step, what is read, what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from spikemesh.contracts import Signal
from spikemesh.contracts.signal import open_signal
from spikemesh.errors import DescriptionError


def told(rate=0.0):
    return SimpleNamespace(sample_rate=rate)


def test_samples_belong_to_the_step_in_which_they_are_taken():
    # 10 kHz at 0.25 ms: samples at 0, 0.1, 0.2 | 0.3, 0.4, 0.5 | 0.6, 0.7 ms; the first one to step 1.
    signal = Signal(np.zeros((8, 1)), 10_000.0)
    assert signal.offsets(0, 4, 0.25).tolist() == [1, 1, 1, 2, 2, 2, 3, 3]
    assert signal.offsets(1, 2, 0.25).tolist() == [1, 1, 1, 2, 2]
    # On the boundary: 3 x 0.1 ms are 3 samples, although floats give 3.0000000000000004.
    assert [Signal(np.zeros(99), 10_000.0).taken(k, 0.1) for k in range(5)] == [0, 2, 3, 4, 5]
    assert signal.taken(10**9, 0.25) == 8
    assert signal.taken(10**9, 0.25, 20_000.0) == 15


@given(st.integers(1, 2000), st.floats(10, 1e5), st.sampled_from([0.1, 0.5, 1.0]), st.integers(1, 500))
def test_every_sample_has_one_step_however_steps_are_cut(samples, rate, dt, cut):
    signal = Signal(np.zeros(samples), rate)
    whole = signal.offsets(0, 1000, dt)
    parts = [signal.offsets(0, cut, dt), cut + signal.offsets(cut, 1000 - cut, dt)]
    assert np.array_equal(whole, np.concatenate(parts))
    time = np.arange(len(whole)) / rate * 1e3
    assert np.all(np.abs(np.maximum(time, 1e-12) - (whole - 0.5) * dt) <= 0.5 * dt * (1 + 1e-6))


@pytest.mark.parametrize("kind", ["int16", "int32", "uint8", "float32"])
def test_sound_files_are_mapped_and_scaled(tmp_path, kind):
    values = np.array([0.0, 0.5, -0.5, -1.0])
    whole = {"int16": 32768, "int32": 2147483648, "uint8": 128}
    stored = (
        (values * whole[kind] + 128 * (kind == "uint8")).astype(kind)
        if kind in whole
        else values.astype(kind)
    )
    wavfile.write(tmp_path / "a.wav", 8000, np.stack([stored, stored[::-1]], axis=1))
    signal = open_signal(tmp_path / "a.wav", told())
    assert (signal.rate, signal.samples, signal.shape) == (8000.0, 4, (2,))
    assert signal.read(1, 4)[:, 0].tolist() == [0.5, -0.5, -1.0]
    assert isinstance(signal._values, np.memmap)


def test_arrays_are_mapped(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6, dtype=np.int16))
    signal = open_signal(tmp_path / "a.npy", told(100.0))
    assert isinstance(signal._values, np.memmap)
    assert (signal.shape, signal.read(2, 4).tolist()) == ((1,), [[2.0], [3.0]])


def test_files_that_cannot_be_read(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "short.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "text.wav").write_text("not a sound")
    np.save(tmp_path / "text.npy", np.array(["a"]))
    wavfile.write(tmp_path / "a.wav", 8000, np.zeros(4, dtype=np.int16))
    for name, rate, message in (
        ("objects.npy", 1.0, "objects.npy cannot be read: "),
        ("short.npy", 1.0, "short.npy cannot be read: "),
        ("text.wav", 0.0, "text.wav cannot be read: .*samples of 8, 16, 32 or 64 bits"),
        ("text.npy", 1.0, "holds an array of type <U1"),
        ("none.npy", 1.0, "none.npy cannot be read: .*No such file"),
        (
            "speech.flac",
            1.0,
            r"speech.flac is no signal that can be read \(an array, or a file .npy or .wav\)",
        ),
        ("a.wav", 100.0, "sample_rate: 100 Hz, but the file says 8000 Hz"),
    ):
        with pytest.raises(DescriptionError, match=message):
            open_signal(tmp_path / name, told(rate))
