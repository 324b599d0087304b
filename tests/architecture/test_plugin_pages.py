"""The pages on plugins: their modules are those that ``plugins new`` writes, and pass their suites; all code runs.

``python tests/architecture/test_plugin_pages.py`` writes the modules anew.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from spikemesh import open_trace
from spikemesh.cli import main
from spikemesh.cli.skeleton import KINDS, module_text
from spikemesh.contracts import hooks
from spikemesh.registry import load_registry
from spikemesh.testing import conformance

FOLDER = Path(__file__).parents[2] / "docs" / "plugins"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "catalogue.md")
MODULE = re.compile(r"(<!-- plugins new (\w+) (\w+) -->\n```python\n)(.*?)(```)", re.DOTALL)
TOML = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def texts() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_are_those_of_plugins_new(page):
    for _, kind, name, text, _ in MODULE.findall(page.read_text(encoding="utf-8")):
        assert text == module_text(kind, name), f"{kind}: run python tests/architecture/test_plugin_pages.py"


def test_every_kind_is_shown():
    shown = {kind for _, kind, *_ in MODULE.findall(texts())}
    assert shown == set(KINDS) - {"mapper"}


def test_every_hook_is_on_the_first_page():
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert [name for name in vars(hooks) if name.startswith("spikemesh_") and f"`{name}`" not in index] == []


def blocks():
    for page in PAGES:
        for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
            yield pytest.param(text, id=f"{page.name} {number}")


@pytest.mark.parametrize("text", [*blocks()])
def test_all_code_runs(text, tmp_path):
    file = tmp_path / "page_code.py"
    file.write_text(text)
    if "@hookimpl" not in text:
        exec(compile(text, str(file), "exec"), {})
        return
    registry = load_registry([file])
    supplied = [s for s in registry.plugins if s.name == "page_code"]
    assert [s.error for s in supplied] == [""]


def test_the_scenario_of_the_first_page_runs_with_the_model_that_is_written(tmp_path):
    (scenario,) = [t for t in TOML.findall((FOLDER / "index.md").read_text()) if "[[population]]" in t]
    (tmp_path / "my_net.toml").write_text(scenario)
    (tmp_path / "my_cell.py").write_text(module_text("neuron", "my_cell"))
    given = [str(tmp_path / "my_net.toml"), "--plugin", str(tmp_path / "my_cell.py"), "--backend", "local"]
    done = CliRunner().invoke(main, ["run", *given, "--out", str(tmp_path / "my_net.h5"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["chips"] == 2
    with open_trace(tmp_path / "my_net.h5") as trace:
        # 200 pA times 100 MOhm are 20 mV, 5 above threshold: v_th is reached after 20 ln 4 = 27.7 ms.
        first = trace.spikes("second").times_ms[0]
        assert first == pytest.approx(20.0 * math.log(4.0) + 1.0, abs=0.2)


@pytest.mark.parametrize("name", ["coin", "above", "my_folder"])
def test_further_examples_pass_their_suites(name, tmp_path):
    (text,) = [t.values[0] for t in blocks() if f'name = "{name}"' in t.values[0]]
    (tmp_path / "mine.py").write_text(text)
    checks = conformance(name, registry=load_registry([tmp_path / "mine.py"]))
    assert [o for o in (c.outcome() for c in checks if c.name != "speed") if o.status == "failed"] == []


if __name__ == "__main__":
    for page in PAGES:
        old = page.read_text(encoding="utf-8")
        page.write_text(
            MODULE.sub(lambda found: found[1] + module_text(found[2], found[3]) + found[5], old),
            encoding="utf-8",
        )
