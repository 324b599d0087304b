"""The catalogue of what is built in says what is registered.

``python tests/architecture/test_catalogue_page.py`` writes it anew.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spikemesh.contracts import Parameter
from spikemesh.registry import Registry, load_registry

PAGE = Path(__file__).parents[2] / "docs" / "plugins" / "catalogue.md"
HEAD = """# Catalogue

What is built in, made from the plugins themselves. `spikemesh plugins list` also lists what others have installed,
`spikemesh plugins show NAME` describes one thing, and [plugins](index.md) says how to add one.
"""
BUILT_IN = ("spikemesh_plugins", "spikemesh_storage", "spikemesh_scenarios")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def bounds(p: Parameter) -> str:
    if p.choices:
        return ", ".join(f"`{choice}`" for choice in p.choices)
    signs = ((">", p.gt), ("≥", p.ge), ("<", p.lt), ("≤", p.le))
    found = [f"{sign} {value:g}" for sign, value in signs if value is not None]
    return ", ".join([*found, *(["whole"] if p.integer else [])])


def default(value: object) -> str:
    return "to be given" if value is None else f"`{value}`"


def parameters(declared: Mapping[str, Parameter]) -> Iterator[str]:
    if declared:
        rows = [
            (f"`{name}`", default(p.default), p.unit, bounds(p), p.description)
            for name, p in declared.items()
        ]
        yield from table(("parameter", "default", "unit", "bounds", "means"), rows)


def state(declared: Mapping[str, Any]) -> Iterator[str]:
    if declared:
        rows = [(f"`{name}`", f"`{s.initial}`", s.unit, s.description) for name, s in declared.items()]
        yield from table(("state", "at the start", "unit", "means"), rows)


def words(item: Any) -> Iterator[str]:
    """The docstring as Markdown: literals in one backtick, blocks after a double colon fenced."""
    text = inspect.getdoc(item) or ""
    lines, fenced = text.replace("``", "`").splitlines(), False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not fenced and opened(lines, line):
            yield "```text"
            fenced = True
        elif fenced and line and not indented:
            yield from ("```", "")
            fenced = False
        yield (line[4:] if fenced else re.sub(r"::$", ":", line))
    if fenced:
        yield "```"
    yield ""


def opened(lines: list[str], line: str) -> bool:
    before = [other for other in lines[: lines.index(line)] if other]
    return bool(before) and before[-1].endswith("::")


def summary(item: Any) -> str:
    text = (
        getattr(item, "summary", "") or inspect.getdoc(item if isinstance(item, type) else type(item)) or ""
    )
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`")


def hosts(registry: Registry, model: str) -> list[str]:
    return [n for n, preset in registry.systems.items.items() if model in preset.make(None).chip.models]


def neuron_models(registry: Registry) -> Iterator[str]:
    yield from ("## Neuron models", "")
    yield 'Every chip hosts every model with `numerics = "as_described"`; the last column names those that compute it'
    yield from ('in their own numbers (`numerics = "chip"`).', "")
    models = sorted(built_in(registry, "spikemesh_neuron_models").items())
    rows = []
    for name, model in models:
        inputs = ", ".join(f"`{r}`" for r in model.receptors) or "none"
        unit = f" ({model.weight_unit})" if model.weight_unit else ""
        found = ", ".join(f"`{host}`" for host in hosts(registry, name))
        rows.append((f"[`{name}`](#{anchor(name)})", summary(model), f"{inputs}{unit}", found or "-"))
    yield from table(("model", "is", "receptors (weights in)", "in the numbers of"), rows)
    for name, model in models:
        yield from (f"### {name}", "", *words(model), *parameters(model.parameters), *state(model.state))
        extra = []
        if model.receptor_kind == "conductance":
            extra.append("Receptors are conductances: magnitudes of weights count.")
        if model.weight_arguments:
            shown = ", ".join(f"`{key} = {value}`" for key, value in model.weight_arguments.items())
            extra.append(f"A projection onto it also takes {shown}.")
        if extra:
            yield from (" ".join(extra), "")


def learning_rules(registry: Registry) -> Iterator[str]:
    yield from ("## Learning rules", "")
    rules = sorted(built_in(registry, "spikemesh_learning_rules").items())
    rows = [(f"[`{name}`](#{anchor(name)})", summary(rule)) for name, rule in rules]
    yield from table(("rule", "is"), rows)
    for name, rule in rules:
        yield from (f"### {name}", "", *words(rule), *parameters(rule.parameters), *state(rule.state))


def coding(registry: Registry) -> Iterator[str]:
    for title, hook in (("Encoders", "spikemesh_encoders"), ("Decoders", "spikemesh_decoders")):
        yield from (f"## {title}", "")
        for name, item in sorted(built_in(registry, hook).items()):
            yield from (f"### {name} ({title[:-1].lower()})", "", *words(item), *parameters(item.parameters))


def systems(registry: Registry) -> Iterator[str]:
    yield from ("## Systems", "", "Figures and their sources are in [systems](../systems.md).", "")
    rows = []
    for name, preset in built_in(registry, "spikemesh_systems").items():
        chip = preset.make(None).chip
        rules = ", ".join(f"`{rule}`" for rule in chip.rules) or "-"
        rows.append((f"`{name}`", preset.summary, rules, f"`{chip.format}`" if chip.format else "-"))
    yield from table(("preset", "is", "limit rules", "number format"), rows)


def sourced(registry: Registry) -> Iterator[str]:
    for title, hook in (
        ("Limit rules", "spikemesh_limit_rules"),
        ("Number formats", "spikemesh_number_formats"),
    ):
        rows = [(f"`{n}`", summary(i), i.source) for n, i in sorted(built_in(registry, hook).items())]
        yield from (f"## {title}", "", *table(("name", "is", "source"), rows))


def named(registry: Registry) -> Iterator[str]:
    titles = {
        "Partitioners": "spikemesh_partitioners",
        "Placers": "spikemesh_placers",
        "Routers": "spikemesh_routers",
        "Trace stores": "spikemesh_stores",
        "Scenarios": "spikemesh_scenarios",
    }
    for title, hook in titles.items():
        rows = [(f"`{name}`", summary(item)) for name, item in sorted(built_in(registry, hook).items())]
        yield from (f"## {title}", "", *table(("name", "is"), rows))
    rows = [
        (f"`{n}`", c.get_short_help_str(200))
        for n, c in sorted(built_in(registry, "spikemesh_commands").items())
    ]
    yield from ("## Commands", "", *table(("name", "does"), rows))


def anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def built_in(registry: Registry, hook: str) -> dict[str, Any]:
    catalogue = registry.catalogues[hook]
    return {n: i for n, i in catalogue.items.items() if catalogue.origins[n].split(".")[0] in BUILT_IN}


def catalogue() -> str:
    registry = load_registry()
    parts = (neuron_models, learning_rules, coding, systems, sourced, named)
    lines = [line.rstrip() for part in parts for line in part(registry)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join([HEAD, *lines])).rstrip() + "\n"


def test_the_page_says_what_is_registered():
    assert PAGE.read_text(encoding="utf-8") == catalogue(), (
        "the catalogue is not in step; run: python tests/architecture/test_catalogue_page.py"
    )


def test_every_built_in_name_is_there():
    registry = load_registry()
    text = PAGE.read_text(encoding="utf-8")
    names = {name for hook in registry.catalogues for name in built_in(registry, hook)}
    assert len(names) > 60
    assert [name for name in names if f"`{name}`" not in text and f"### {name}" not in text] == []


if __name__ == "__main__":
    PAGE.write_text(catalogue(), encoding="utf-8")
