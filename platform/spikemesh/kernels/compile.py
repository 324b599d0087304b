"""The one module that compiles plugins: scalar functions in, addresses of compiled loops out.

Compiled loops are kept on disk under a name that holds the fingerprint of the plugin's code, the
generated source and the versions of everything that has a say, so that a changed plugin never runs
stale code. Files are written to a temporary name and renamed: several processes may compile at once.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba
from numba.core.errors import NumbaError

from spikemesh.contracts.learning import LearningRule
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.errors import PluginError
from spikemesh.kernels import generate
from spikemesh.kernels.accelerate import cache_folder, uncached
from spikemesh.kernels.fingerprint import fingerprint
from spikemesh.kernels.locks import alone
from spikemesh.kernels.refusals import reason
from spikemesh.kernels.rule_form import Form
from spikemesh.kernels.rule_source import rule_source

VERSIONS = (numba.__version__, llvmlite.__version__, 1)

_modules: dict[str, ModuleType] = {}
_seconds = [0.0]


def compile_seconds() -> float:
    """Seconds this process has spent in compiling or loading kernels of plugins."""
    return _seconds[0]


def add_compile_seconds(seconds: float) -> None:
    """Count time spent elsewhere in compiling or loading."""
    _seconds[0] += seconds


def neuron_kernel(
    model: type[NeuronModel],
    shared: tuple[bool, ...],
    constants: tuple[str, ...],
    current: bool,
    watched: bool = False,
) -> int:
    """Address of the compiled ``update(block, _)`` of a neuron model.

    Parameters
    ----------
    model
        The model.
    shared
        Per constant, whether all neurons share one value.
    constants
        Names of the constants in order.
    current
        Whether the population has an external current.
    watched
        Whether it is noted which neurons spiked or changed their state.

    Raises
    ------
    PluginError
        If ``step`` cannot be compiled; names the model and gives the compiler's reason.
    """
    integer = model.arithmetic == "int64"
    source = generate.population_source(
        model.name,
        tuple(model.state),
        constants,
        shared,
        model.receptors,
        model.draws,
        integer,
        current,
        watched,
    )
    module = compiled(f"neuron model {model.name}", model.name, source, {"step": model.step})
    return int(module.update.address)


def rule_kernels(rule: type[LearningRule], form: Form) -> dict[str, int]:
    """Addresses of the compiled functions of a learning rule by name; see :func:`rule_source`.

    Raises
    ------
    PluginError
        If one of the rule's functions cannot be compiled.
    """
    visited = [visit.name for visit in form.visits]
    # Under names of their own: a function may be called as a variable of the loops is.
    functions = {f"rule_{name}": getattr(rule, name) for name in (*form.functions, *visited)}
    module = compiled(f"learning rule {rule.name}", rule.name, rule_source(form), functions)
    made = ("arrive", "potentiate", "advance", "note", "catch_up", *(f"visit_{name}" for name in visited))
    return {name: int(getattr(module, name).address) for name in made if hasattr(module, name)}


def _check_random(what: str, functions: Mapping[str, Callable[..., Any]]) -> None:
    """Refuse generators of numpy and the standard library: their numbers depend on who draws first."""
    for function in functions.values():
        reached = [function.__globals__.get(name) for name in function.__code__.co_names]
        modules = {m.__name__ for m in reached if isinstance(m, ModuleType)}
        if "random" in modules or ("numpy" in modules and "random" in function.__code__.co_names):
            raise PluginError(
                f"{what}: {function.__name__} draws random numbers that depend on placement; "
                'a neuron model declares draws = ("u",) and uses x.u, a learning rule draws = ("a",) and u.a'
            )


def compiled(what: str, name: str, source: str, functions: Mapping[str, Callable[..., Any]]) -> ModuleType:
    """Compile a generated module around a plugin's functions, or load what is kept of it.

    Parameters
    ----------
    what
        What the functions belong to, such as ``neuron model leaky``.
    name
        Its name alone, for the file.
    source
        Text of the module, which finds the functions in its namespace.
    functions
        The functions by their names in the module.

    Raises
    ------
    PluginError
        If it cannot be compiled.
    """
    started = time.perf_counter()
    _check_random(what, functions)
    key = fingerprint(source, VERSIONS, *functions.values())
    if key not in _modules:
        path = _written(f"{name}_{key}.py", source)
        try:
            # One process compiles and the others load what it has kept, instead of all compiling the same; other
            # kernels can be compiled beside it.
            with alone(path.with_suffix(".lock")):
                _modules[key] = _imported(path, functions)
        except NumbaError as error:
            raise PluginError(f"{what} cannot be compiled: {reason(error)}") from error
    _seconds[0] += time.perf_counter() - started
    return _modules[key]


def _imported(path: Path, functions: Mapping[str, Callable[..., Any]]) -> ModuleType:
    name = f"spikemesh_generated_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101  a .py path always has a loader
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    for function_name, function in functions.items():
        setattr(module, function_name, uncached(function))
    # numba stores the module's name with the machine code and looks it up when it loads the code again.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _written(name: str, source: str) -> Path:
    for folder in (cache_folder() / "generated", Path(tempfile.gettempdir()) / f"spikemesh-{os.getuid()}"):
        path = folder / name
        try:
            if path.exists():
                return path
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as file:
                file.write(source)
            os.replace(file.name, path)
        except OSError:
            continue
        return path
    raise PluginError(
        f"no folder for compiled kernels is writable; set SPIKEMESH_CACHE (tried {cache_folder()})"
    )
