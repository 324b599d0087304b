"""The files with which a plugin of each kind begins."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from spikemesh.contracts.declared import is_field
from spikemesh.errors import InputError, Problem, nearest

KINDS: Mapping[str, tuple[str, str]] = {
    "neuron": ("neuron", "A neuron model"),
    "rule": ("rule", "A learning rule"),
    "encoder": ("encoder", "An encoder"),
    "decoder": ("decoder", "A decoder"),
    "chip": ("chip", "A chip, as a system preset"),
    "link": ("link", "A kind of link between chips, as a system preset"),
    "limit_rule": ("limit_rule", "A limit rule of a chip"),
    "number_format": ("number_format", "A number format of a chip"),
    "mapper": ("partitioner", "A partitioner"),
    "partitioner": ("partitioner", "A partitioner"),
    "placer": ("placer", "A placer"),
    "router": ("router", "A router"),
    "scenario": ("scenario", "A scenario"),
    "command": ("command", "A command"),
}
"""By kind as it is written: the template, and the words for it."""


def module_text(kind: str, name: str) -> str:
    """Return the module of a plugin.

    Parameters
    ----------
    kind, name
        One of :data:`KINDS`, and the name of what the plugin supplies.
    """
    return _filled(KINDS[kind][0], kind, name)


def package_files(kind: str, name: str) -> dict[str, str]:
    """Return the files of an installable package by path: settings, module, test and what it is."""
    found = {
        "pyproject.toml": _filled("pyproject", kind, name),
        "README.md": _filled("readme", kind, name),
        f"{name}/__init__.py": f'"""{KINDS[kind][1]} for spikemesh."""\n\n{module_text(kind, name)}',
        f"tests/test_{name}.py": _filled("test", kind, name),
    }
    if kind == "scenario":
        found[f"{name}/{name}_scenario/scenario.toml"] = _filled("scenario_toml", kind, name)
        found[f"{name}/{name}_scenario/README.md"] = _filled("scenario_readme", kind, name)
    return found


def _filled(template: str, kind: str, name: str) -> str:
    text = (files("spikemesh.cli") / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    values = {
        "NAME": name,
        "CLASS": "".join(part.capitalize() for part in name.split("_")),
        "DISTRIBUTION": name.replace("_", "-"),
        "KIND_WORDS": KINDS[kind][1],
    }
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def check_kind(kind: str) -> None:
    """Refuse a kind that there is not.

    Raises
    ------
    InputError
        Naming the nearest.
    """
    if kind not in KINDS:
        raise InputError(Problem("KIND", f'there is no kind "{kind}"', nearest(kind, KINDS)))


def check_new_name(name: str, taken: Mapping[str, str]) -> None:
    """Refuse a name that cannot be that of a plugin and of a package.

    Parameters
    ----------
    name
        The name.
    taken
        Names of what plugins supply, each with its kind.

    Raises
    ------
    InputError
        Saying why.
    """
    allowed = "lower-case letters, digits and underscores, such as my_cell"
    if not is_field(name) or not name.isascii() or name != name.lower():
        word = " (a word of Python)" if keyword.iskeyword(name) else ""
        raise InputError(Problem("NAME", f'"{name}" is no name of a plugin{word}', allowed))
    if name in taken:
        raise InputError(Problem("NAME", f'there is a {taken[name]} "{name}" already', "another name"))
    if (
        name in sys.stdlib_module_names
        or name.partition("_")[0] == "spikemesh"
        or name in ("numpy", "test", "tests")
    ):
        raise InputError(Problem("NAME", f'a package "{name}" would hide another', "another name"))


def write_files(folder: Path, contents: Mapping[str, str]) -> list[Path]:
    """Write new files below a folder; nothing is overwritten.

    Raises
    ------
    InputError
        If one of them, or the folder of a package, exists.
    """
    paths = [folder / name for name in contents]
    there = next((path for path in (*paths, *([folder] if len(paths) > 1 else [])) if path.exists()), None)
    if there is not None:
        raise InputError(Problem("NAME", f"{there} exists", "another name or folder; nothing is overwritten"))
    for path, text in zip(paths, contents.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return paths
