"""``doctor`` shows the compiled code that is kept, and deletes it."""

from __future__ import annotations

import json

import pytest

from spikemesh.cli import kernel_cache

NOW, BEFORE = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def folder(tmp_path):
    """Two entries of this version (1.5 MB), one of another (2 MB), a plugin's loop, and what is not ours."""
    base = tmp_path / "kernels"
    for name, size in [
        (f"{NOW}/kernels_1/window.1.nbc", 2**20), (f"{NOW}/kernels_1/window.nbi", 100),
        (f"{NOW}/generated_2/update.1.nbc", 2**19), (f"{NOW}/compiled", 0),
        (f"{BEFORE}/kernels_1/window.1.nbc", 2**21), ("generated/lif_3.py", 400), ("mine/notes.txt", 10),
    ]:  # fmt: skip
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    return base


def test_contents(folder):
    assert kernel_cache.contents(folder, NOW) == {
        "stamp": NOW, "files": 7, "size_mb": 3.5, "entries": 2, "current": True, "outdated": 1, "outdated_mb": 2.0,
    }  # fmt: skip
    other = kernel_cache.contents(folder, "a" * 16)
    assert (other["entries"], other["current"], other["outdated"]) == (0, False, 2)


def test_an_empty_cache(tmp_path):
    found = kernel_cache.contents(tmp_path / "nowhere", NOW)
    assert (found["files"], found["size_mb"], found["entries"], found["current"]) == (0, 0.0, 0, False)
    assert kernel_cache.clear(tmp_path / "nowhere") == 0.0


def test_clearing_deletes_what_is_ours_only(folder):
    assert kernel_cache.clear(folder) == 3.5
    assert [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()] == ["mine/notes.txt"]


def test_doctor_clears_and_shows(invoke, folder, monkeypatch):
    monkeypatch.setenv("SPIKEMESH_CACHE", str(folder.parent))
    before = json.loads(invoke("doctor", "--json").stdout)["kernels"]
    assert before["folder"] == str(folder)
    # Neither of the two stamps is that of the installed source.
    assert (before["outdated"], before["current"], before["size_mb"]) == (2, False, 3.5)
    text = invoke("doctor").stdout
    assert "former versions (--clear-cache deletes them)" in text
    assert "not compiled yet" in text
    after = json.loads(invoke("doctor", "--clear-cache", "--json").stdout)["kernels"]
    assert (after["freed_mb"], after["outdated"], after["size_mb"]) == (3.5, 0, 0.0)
