"""What is listed without a run: exit code 0, valid JSON where asked, nothing on standard error."""

import json

import jsonschema
import pytest


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["doctor"], {"machine", "libraries", "shared_memory", "kernels", "ray", "plugins", "problems"}),
        (["plugins", "list"], {"supplied", "broken"}),
        (["scenarios"], {"scenarios"}),
    ],
)
def test_listings(command, arguments, keys):
    as_text, as_json = command(*arguments), command(*arguments, "--json")
    for done in (as_text, as_json):
        assert (done.code, done.stderr) == (0, "")
    assert keys <= json.loads(as_json.stdout).keys()
    assert as_text.stdout.strip()


def test_every_shipped_scenario_is_listed(command):
    listed = command("scenarios").stdout
    for name in ("balanced_two_chip", "digits_inference", "stdp_pairs", "synfire_ring"):
        assert name in listed


def test_map_reports_without_running(command, scenario, tmp_path):
    as_text, as_json = command("map", scenario), command("map", scenario, "--json")
    for done in (as_text, as_json):
        assert (done.code, done.stderr) == (0, "")
    found = json.loads(as_json.stdout)
    assert (found["chips_used"], found["neurons"], found["problems"]) == (2, 80, [])
    assert found["synapses"] == 80 * 10  # in-degree 10
    assert sum(chip["neurons"] for chip in found["per_chip"].values()) == 80
    assert "chip0" in as_text.stdout
    assert "chip1" in as_text.stdout
    assert {path.name for path in tmp_path.iterdir()} == {scenario.name}


def test_the_schema_is_one_that_accepts_scenarios(command, scenario):
    import tomllib

    done = command("schema")
    assert (done.code, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    described = tomllib.loads(scenario.read_text())
    jsonschema.validate(described, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(described | {"colour": "red"}, schema)
