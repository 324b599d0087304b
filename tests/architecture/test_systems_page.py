"""The page on systems is in step with the presets: its tables are made from them, its examples are read.

``python tests/architecture/test_systems_page.py`` writes the tables anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from spikemesh.api.named_systems import system_from_table
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.system import GIVEN
from spikemesh_plugins.systems import PRESETS
from spikemesh_plugins.systems.formats import FORMATS
from spikemesh_plugins.systems.limits import RULES
from spikemesh_plugins.systems.sourced import COSTS

PAGE = Path(__file__).parents[2] / "docs" / "systems.md"
USUAL = {preset.name: preset.make(None) for preset in PRESETS}
UNITS = {
    "neurons": "",
    "synapse_memory_bits": " bit",
    "axons_in": "",
    "axons_out": "",
    "fan_in": "",
    "delay_steps": "",
}


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = [*head]
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def structure() -> str:
    rows = []
    for name, system in USUAL.items():
        chip = system.chip
        cores = f"{chip.core_count:,}" + (
            f" in tiles of {chip.tile[0] * chip.tile[1]}" if chip.network == "mesh" else ""
        )
        network = f"{chip.network}, {chip.router}"
        shape = " x ".join(str(n) for n in system.chips)
        rows.append((f"`{name}`", shape, system.topology.replace("_", " "), cores, network, system.regime))
    return table(("preset", "chips unless given", "joined as", "cores a chip", "on the chip", "regime"), rows)


def limits() -> str:
    rows = []
    for name, system in USUAL.items():
        core, rules = system.chip.core, ", ".join(f"`{rule}`" for rule in system.chip.rules)
        figures = [
            "-" if (v := getattr(core, key)) is None else f"{v:,}{unit}" for key, unit in UNITS.items()
        ]
        entries = "-" if system.chip.table_entries is None else f"{system.chip.table_entries:,}"
        rows.append((f"`{name}`", *figures, entries, rules or "-"))
    head = (
        "preset",
        "neurons a core",
        "synapse memory",
        "axons in",
        "axons out",
        "synapses a neuron",
        "delay (steps)",
    )
    return table((*head, "router entries a chip", "rules of its own"), rows)


def rules() -> str:
    return table(("rule", "where its figures come from"), ((f"`{rule.name}`", rule.source) for rule in RULES))


def known(costs: CostSet, key: str) -> list[str]:
    return [name for name in COSTS if getattr(getattr(costs, name), key) is not None]


def cost_sets() -> str:
    rows = []
    for name, system in USUAL.items():
        for label, costs in system.chip.costs.items():
            every: list[Cost] = [getattr(costs, c) for c in COSTS]
            evidence = {cost.evidence for cost in every} | {costs.static_evidence}
            energies = known(costs, "energy_pj") + (["static_mw"] if costs.static_mw is not None else [])
            ranges = any(cost.energy_range_pj or cost.latency_range_ns for cost in every)
            rows.append(
                (
                    f"`{name}`",
                    f"`{label}`" + (", in use" if label == system.costs else ""),
                    f"{costs.supply_v:g} V" if costs.supply_v else "not stated",
                    ", ".join(energies) or "none",
                    ", ".join(known(costs, "latency_ns")) or "none",
                    ", ".join(sorted(evidence - {""})) or "-",
                    "yes" if ranges else "no",
                )
            )
    return table(("preset", "costs", "supply", "energies", "times", "evidence", "ranges"), rows)


def not_published() -> str:
    rows = []
    for name, system in USUAL.items():
        for label, costs in system.chip.costs.items():
            absent = [
                c
                for c in COSTS
                if getattr(costs, c).source.startswith("not published") and c not in costs.excluded
            ]
            absent += (
                ["static_mw"] if costs.static_mw is None and "not published" in costs.static_source else []
            )
            rows.append((f"`{name}`, `{label}`", ", ".join(absent) or "none"))
        for kind, link in system.links.items():
            absent = [key for key, source in link.sources.items() if source == "not published"]
            if name != "ideal":
                rows.append((f"`{name}`, links {kind.replace('_', ' ')}", ", ".join(absent) or "none"))
    return table(("of", "not published"), rows)


def numbers() -> str:
    source = {form.name: form.source for form in FORMATS}
    rows = [
        (
            f"`{name}`",
            source.get(system.chip.format or "", "not published"),
            ", ".join(f"`{model}`" for model in system.chip.models) or "none",
        )
        for name, system in USUAL.items()
        if name != "ideal"
    ]
    return table(("preset", "weights", "models it hosts"), rows)


def published() -> str:
    rows = [
        (f"`{name}`", figure.what, f"{figure.value:g} {figure.unit}", figure.source, figure.evidence)
        for name, system in USUAL.items()
        for figure in system.chip.published
    ]
    return table(("preset", "what", "published", "source", "evidence"), rows)


TABLES = {
    "structure": structure,
    "limits": limits,
    "rules": rules,
    "costs": cost_sets,
    "not-published": not_published,
    "numbers": numbers,
    "published": published,
}


def block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- table {name} -->\n)(.*?)(\n<!-- end -->)", re.DOTALL)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_the_presets_say(name):
    (found,) = block(name).findall(PAGE.read_text(encoding="utf-8"))
    assert found[1] == TABLES[name]()


def test_every_preset_has_a_section_of_words():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in USUAL if f"**`{name}`**" not in text] == []


def test_the_examples_of_the_page_are_systems():
    text = PAGE.read_text(encoding="utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    systems = [system_from_table(tomllib.loads(example)["system"]) for example in examples]
    changed = systems[0]
    core, link = changed.chip.core, changed.links["between_chips"]
    assert (core.neurons, link.bandwidth, changed.cost_set.synaptic_event.energy_pj) == (2048, 230e6, 12.0)
    assert core.sources["neurons"] == changed.cost_set.synaptic_event.source == GIVEN
    # What is not written stays.
    assert core.axons_in == USUAL["loihi"].chip.core.axons_in
    assert changed.cost_set.hop_x == USUAL["loihi"].cost_set.hop_x
    assert [system.numerics for system in systems].count("chip") == 1


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for title, make in TABLES.items():
        page = block(title).sub(lambda found, make=make: found[1] + make() + found[3], page)
    PAGE.write_text(page, encoding="utf-8")
