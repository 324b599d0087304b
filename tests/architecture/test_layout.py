"""Source roots, module sizes, docstrings and import contracts."""

from __future__ import annotations

import ast
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("platform", "plugins", "storage", "scenarios")
MODULES = sorted(path for root in SOURCE_ROOTS for path in (ROOT / root).rglob("*.py"))


def test_import_contracts_are_kept(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert broken == 0, capsys.readouterr().out


@pytest.mark.parametrize("root", SOURCE_ROOTS)
def test_a_source_root_is_no_package_and_holds_no_tests(root):
    # A package called "platform" in the working directory would take the place of the standard module.
    assert list((ROOT / root).glob("*.py")) == []
    assert [
        p for p in (ROOT / root).rglob("*.py") if p.name == "conftest.py" or p.name.startswith("test_")
    ] == []


def test_platform_is_the_standard_module():
    code = "import platform; print(platform.__file__); platform.system()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "platform")


def test_no_test_folder_bears_a_standard_librarys_name():
    folders = {path.name for path in (ROOT / "tests").rglob("*") if path.is_dir()}
    assert folders & set(sys.stdlib_module_names) == set()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_modules_are_small():
    sizes = {path: lines(path) for path in MODULES if path.stat().st_size}
    assert {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > 700} == {}
    assert statistics.median(sizes.values()) <= 150


def test_tests_are_not_too_long_either():
    assert [str(path) for path in (ROOT / "tests").rglob("*.py") if lines(path) > 700] == []


def public(tree: ast.AST) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def test_public_names_are_documented():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    names = [node for tree in trees.values() for node in public(tree)]
    documented = [node for node in names if ast.get_docstring(node)]
    assert len(names) > 100
    assert len(documented) >= 0.85 * len(names)


def test_every_module_says_what_it_is():
    silent = [
        path for path in MODULES if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
