"""Scenario files: what they become, what --set changes, and how mistakes are reported."""

import json
import tomllib

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikemesh.contracts import ScenarioFolder
from spikemesh.description.builder import Network, poisson, rule
from spikemesh.description.scenario import load_scenario
from spikemesh.description.schema import scenario_schema
from spikemesh.description.toml_text import toml_text
from spikemesh.description.values import normal, uniform
from spikemesh.errors import DescriptionError, PluginError
from spikemesh.registry import Registry
from spikemesh.registry.bind import bind
from spikemesh.registry.scenarios import cache_folder, open_scenario

GOOD = """
name = "good"
description = "All parts"
duration = "1 s"
timestep = "0.1 ms"
seed = 7

[system]
preset = "ideal"
chips = [2, 1]
[system.links.between_chips]
latency = "1 us"
bandwidth = "250 Mbit/s"

[[population]]
name = "exc"
size = 80
model = "lif_psc_exp"
params = { tau_m = "20 ms", v_th = { normal = [15.0, 1.0], low = 10.0 } }
init = { v = { uniform = [0.0, 15.0] } }
drive = [ { encoder = "poisson", rate = "8.5 kHz", weight = 16.14 } ]

[[population]]
name = "inh"
size = 20
model = "lif_psc_exp"

[[projection]]
source = "exc"
target = "inh"
connect = { rule = "fixed_indegree", indegree = 8 }
weight = 16.14
delay = "1.5 ms"
receptor = "exc"
learning = { rule = "stdp_pair", a_plus = 0.005, tau_plus = "20 ms" }

[[projection]]
source = "pixels"
target = "exc"
connect = "all_to_all"
weight = { uniform = [1.0, 2.0] }
autapses = false

[[input]]
population = "pixels"
encoder = "latency"
data = [[0.0, 0.5], [1.0, 0.5]]
present = "50 ms"
reset = ["exc"]

[[probe]]
target = "exc"
what = ["spikes", "v"]
neurons = "0:10"
every = "1 ms"

[mapping.pin]
exc = [0]

[run]
backend = "ray"
workers = 2
"""


def same_network():
    net = Network(timestep="0.1 ms", seed=7)
    exc = net.add_population(
        "exc",
        80,
        "lif_psc_exp",
        tau_m="20 ms",
        v_th=normal(15.0, 1.0, low=10.0),
        init={"v": uniform(0.0, 15.0)},
    )
    net.add_population("inh", 20, "lif_psc_exp")
    net.drive(exc, poisson("8.5 kHz", 16.14))
    data = [[0.0, 0.5], [1.0, 0.5]]
    net.add_input("pixels", encoder="latency", data=data, present="50 ms", reset=[exc])
    learning = rule("stdp_pair", a_plus=0.005, tau_plus="20 ms")
    net.connect(
        exc,
        "inh",
        "fixed_indegree",
        indegree=8,
        weight=16.14,
        delay="1.5 ms",
        receptor="exc",
        learning=learning,
    )
    net.connect("pixels", exc, "all_to_all", weight=uniform(1.0, 2.0), autapses=False)
    net.probe(exc, "spikes", "v", neurons=slice(0, 10), every="1 ms")
    return net


def problems_of(text, registry, overrides=()):
    with pytest.raises(DescriptionError) as caught:
        open_scenario(text, registry, overrides)
    return caught.value.problems


def test_file_and_builder_bind_to_the_same_network(registry, plain):
    from_file = open_scenario(GOOD, registry).network
    assert plain(from_file) == plain(bind(same_network().describe(), registry))
    assert from_file.projections[1].name == "pixels->exc"


def test_what_a_scenario_holds():
    scenario = load_scenario(GOOD)
    assert (scenario.name, scenario.description, scenario.duration_ms) == ("good", "All parts", 1000.0)
    assert (scenario.run.backend, scenario.run.workers, scenario.mapping.pin) == ("ray", 2, {"exc": (0,)})
    assert scenario.system["chips"] == [2, 1]
    assert (scenario.folder, scenario.has_code, scenario.text) == (None, False, GOOD)
    with pytest.raises(AttributeError):
        scenario.name = "other"


def test_system_of_a_scenario(registry):
    system = open_scenario(GOOD, registry).system
    assert (system.name, system.chips) == ("ideal", (2, 1))
    assert system.links["between_chips"].latency == pytest.approx(1000.0)
    without = GOOD[: GOOD.index("[system]")] + GOOD[GOOD.index("[[population]]") :]
    assert open_scenario(without, registry).system.chip_count == 1


def test_ten_mistakes_are_ten_problems(tmp_path, registry):
    text = (
        GOOD.replace('preset = "ideal"', 'preset = "idael"')
        .replace('"1 us"', '"1 uV"')
        .replace("size = 80", "sise = 80")
        .replace('tau_m = "20 ms"', 'tau_n = "20 ms"')
        .replace('"8.5 kHz"', '"8.5 kg"')
        .replace(
            'name = "inh"\nsize = 20\nmodel = "lif_psc_exp"', 'name = "inh"\nsize = 20\nmodel = "lif_psc_ex"'
        )
        .replace("indegree = 8", "indegre = 8")
        .replace('"1.5 ms"', '"1.53 ms"')
        .replace('"spikes", "v"', '"spikes", "u"')
        .replace('"ray"', '"rai"')
    )
    file = tmp_path / "ten.toml"
    file.write_text(text)
    problems = problems_of(file, registry)
    lines = text.splitlines()
    found = [(p.where, lines[p.line - 1].split("=")[0].strip()) for p in problems]
    assert found == [
        ("system.preset", "preset"),
        ("system.links.between_chips.latency", "latency"),
        ('population "exc".sise', "sise"),
        ('population "exc".params.tau_n', "params"),
        ('population "exc".drive[0].rate', "drive"),
        ('population "inh".model', "model"),
        ('projection "exc->inh".connect.indegre', "connect"),
        ('projection "exc->inh".delay', "delay"),
        ("probe[0].what", "what"),
        ("run.backend", "backend"),
    ]
    assert all(p.file == str(file) and p.remedy for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ('duration = "1 s"', "", "duration", "is missing"),
        ('duration = "1 s"', "duration = true", "duration", "bool is not a quantity"),
        ('duration = "1 s"', 'duration = "1.00005 s"', "duration", "not a whole number of steps"),
        ('duration = "1 s"', "duration = -1", "duration", "out of range"),
        ('duration = "1 s"', "duration = nan", "duration", "NaN"),
        ('timestep = "0.1 ms"', "timestep = 0", "timestep", "out of range"),
        ("seed = 7", "seed = -7", "seed", "is not a seed"),
        ("seed = 7", "seed = 7.0", "seed", "valid integer"),
        ("size = 80", "size = 0", 'population "exc".size', "0 is not a size"),
        ("size = 80", 'size = "80"', 'population "exc".size', "valid integer"),
        ("size = 80", "size = " + "9" * 400, 'population "exc".size', "is not a size"),
        ('"20 ms", v_th', "[1, 2], v_th", 'population "exc".params.tau_m', "for 80 neurons"),
        ('"20 ms", v_th', '"a.npz:b", v_th', 'population "exc".params.tau_m', "there is no file a.npz"),
        (
            '"20 ms", v_th',
            "{ unifrm = [1, 2] }, v_th",
            'population "exc".params.tau_m',
            'did you mean "uniform"?',
        ),
        ('encoder = "poisson"', 'encoder = "poison"', 'population "exc".drive[0].encoder', 'mean "poisson"?'),
        ("rate = ", "rat = ", 'population "exc".drive[0].rat', 'did you mean "rate"?'),
        (
            'rule = "fixed_indegree"',
            'rul = "fixed_indegree"',
            'projection "exc->inh".connect.rul',
            'mean "rule"?',
        ),
        ('source = "pixels"', 'sorce = "pixels"', 'projection "pixels->exc".sorce', 'did you mean "source"?'),
        ('source = "pixels"', 'source = "pixel"', 'projection "pixel->exc".source', 'did you mean "pixels"?'),
        ("autapses = false", 'autapses = "no"', 'projection "pixels->exc".autapses', "boolean"),
        (
            "a_plus = 0.005",
            "a_plos = 0.005",
            'projection "exc->inh".learning.a_plos',
            'did you mean "a_plus"?',
        ),
        ("[[0.0, 0.5], [1.0, 0.5]]", "[[0.0], [1.0, 0.5]]", 'input "pixels".data', "not a table of numbers"),
        ('reset = ["exc"]', 'reset = ["ex"]', 'input "pixels".reset', 'did you mean "exc"?'),
        ('target = "exc"\nwhat', 'target = "exd"\nwhat', "probe[0].target", 'did you mean "exc"?'),
        ('what = ["spikes", "v"]', "what = []", "probe[0].what", "nothing is named"),
        ('neurons = "0:10"', "neurons = [80]", "probe[0].neurons", "outside 0 to 79"),
        ("exc = [0]", "exc = [2]", "mapping.pin.exc", "there is no chip 2"),
        ("exc = [0]", "ecx = [0]", "mapping.pin.ecx", 'did you mean "exc"?'),
        ("[mapping.pin]", '[mapping]\nplace = "aneal"\n[mapping.pin]', "mapping.place", "no placer"),
        ("chips = [2, 1]", "chips = [2, 0]", "system.chips", "is no number of chips"),
        ("chips = [2, 1]", "chips = 99999999999", "system.chips", "at most 1000000 chips"),
        ('preset = "ideal"', 'file = "none.toml"', "system.file", "there is no file none.toml"),
        ("workers = 2", "workers = 0", "run.workers", "greater than 0"),
        ("[run]", "[rum]", "rum", 'did you mean "run"?'),
    ],
)
def test_a_mistake_is_one_problem_with_place_and_remedy(registry, old, new, where, message):
    assert old in GOOD
    problems = problems_of(GOOD.replace(old, new, 1), registry)
    assert [p.where for p in problems] == [where]
    assert message in str(problems[0])
    assert problems[0].remedy


@pytest.mark.parametrize(("name", "message"), [("exc", "two populations"), ("i/h", "cannot be a name")])
def test_names_that_cannot_be(registry, name, message):
    problems = problems_of(GOOD.replace('name = "inh"', f'name = "{name}"'), registry)
    assert message in str(problems[0])
    # Nothing is called "inh" any more.
    assert [p.where for p in problems[1:]] == ['projection "exc->inh".target']


def test_no_population_and_no_text(registry):
    assert [p.where for p in problems_of("duration = 1\n", registry)] == ["population"]
    assert "TOML" in str(problems_of("duration = \n", registry)[0])
    assert problems_of("a = 1\nb = [1\n", registry)[0].line in (2, 3)
    assert "JSON" in str(problems_of('{"duration": }', registry)[0])
    assert "nested too deeply" in str(problems_of("a = " + "[" * 3000 + "]" * 3000 + "\n", registry)[0])
    assert "nested too deeply" in str(problems_of('{"a": ' + "[" * 99999 + "]" * 99999 + "}", registry)[0])
    with pytest.raises(DescriptionError, match="cannot be read"):
        load_scenario("missing.toml")


def test_json_is_read_alike(registry, plain):
    text = json.dumps(tomllib.loads(GOOD), indent=1)
    assert plain(open_scenario(text, registry).network) == plain(open_scenario(GOOD, registry).network)
    wrong = text.replace('"lif_psc_exp"', '"lif"', 1)
    problem = problems_of(wrong, registry)[0]
    assert '"model": "lif"' in wrong.splitlines()[problem.line - 1]


def test_overrides_change_single_values(registry):
    overrides = [
        "population.exc.size=100",
        "population[1].size = 30",
        "population.exc.params.tau_m=10 ms",
        "projection.\"exc->inh\".delay='2 ms'",
        "input.pixels.present=20",
        "probe[0].neurons=5:7",
        "system.chips=[2, 2]",
        "run.workers=3",
        "run.actors=core",
        "seed=8",
    ]
    loaded = open_scenario(GOOD, registry, overrides)
    net = loaded.network
    assert [p.size for p in net.populations] == [100, 30, 2]
    assert net.populations[0].parameters["tau_m"] == 10.0
    assert (net.projections[0].delay, net.inputs[0].present, net.seed) == (20, 200, 8)
    assert net.probes[0].neurons.tolist() == [5, 6]
    assert loaded.system.chip_count == 4
    assert (loaded.scenario.run.workers, loaded.scenario.run.actors) == (3, "core")
    # The text holds what was run.
    again = load_scenario(loaded.scenario.text)
    assert again.network.populations[0].size == 100
    assert tomllib.loads(loaded.scenario.text)["run"] == {"backend": "ray", "workers": 3, "actors": "core"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("population.ecx.size=1", 'did you mean "exc"?'),
        ("population[2].size=1", "[0] to [1]"),
        ("seed", "path=value"),
        ("=3", "path=value"),
        ("seed.a=3", "has no entry"),
        ("[0]=3", "has no entry"),
        ("population.exc.size=x", '"x" is not valid'),
        ("population.exc.sise=3", "sise"),
        ("run.workers=[", '"[" is not valid'),
    ],
)
def test_wrong_overrides_name_themselves(registry, override, message):
    problems = problems_of(GOOD, registry, [override])
    assert message in str(problems[0])
    assert f"--set {override}" in str(problems[0])
    assert problems[0].remedy


def test_arrays_from_files(tmp_path, registry):
    folder = tmp_path / "mine"
    folder.mkdir()
    np.savez(
        folder / "net.npz",
        sources=[0, 1],
        targets=[1, 1],
        w=[1.0, -2.0],
        v_th=np.arange(1, 3),
        objects=np.array([None]),
    )
    np.save(folder / "data.npy", np.ones((3, 2)))
    text = """
duration = 300
[[population]]
name = "a"
size = 2
model = "iaf"
params = { v_th = "net.npz:v_th" }
[[projection]]
source = "a"
target = "a"
connect = { rule = "explicit", file = "net.npz" }
weight = "net.npz:w"
[[input]]
population = "a"
encoder = "constant_current"
data = "data.npy"
"""
    (folder / "scenario.toml").write_text(text)
    loaded = open_scenario(folder, registry)
    assert loaded.scenario.name == "mine"
    assert loaded.network.projections[0].weight.tolist() == [1.0, -2.0]
    assert loaded.network.projections[0].arguments["sources"].tolist() == [0, 1]
    assert loaded.network.populations[0].parameters["v_th"].tolist() == [1, 2]
    assert loaded.network.inputs[0].data.shape == (3, 2)
    assert loaded.network.inputs[0].present == 1000  # 3 samples share 300 ms
    for wrong, message in (
        ("net.npz:ww", 'did you mean "w"?'),
        ("net.npz:objects", "cannot be read"),
        ("none.npz:w", "there is no file none.npz"),
    ):
        (folder / "scenario.toml").write_text(text.replace('"net.npz:w"', f'"{wrong}"'))
        problems = problems_of(folder, registry)
        assert [p.where for p in problems] == ['projection "a->a".weight']
        assert message in str(problems[0])


def test_prepare_fills_the_cache_and_results_are_read(tmp_path, registry, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "scenario.toml").write_text(
        'duration = 10\n[[population]]\nname = "a"\nsize = 2\nmodel = "iaf"\n'
        'params = { v_th = "made.npz:v" }\n'
    )
    (folder / "scenario.py").write_text(
        "import numpy as np\n"
        "def prepare(cache):\n    np.savez(cache / 'made.npz', v=np.array([3.0, 4.0]))\n"
        "def results(trace):\n    return {'answer': trace}\n"
    )
    own = Registry()
    own.neuron_models.items.update(registry.neuron_models.items)
    own.partitioners.items.update(registry.partitioners.items)
    own.placers.items.update(registry.placers.items)
    own.routers.items.update(registry.routers.items)
    own.scenarios.add("made", ScenarioFolder("made", folder), "tests")
    loaded = open_scenario("made", own)
    assert loaded.network.populations[0].parameters["v_th"].tolist() == [3.0, 4.0]
    assert (cache_folder("made") / "made.npz").is_file()
    assert loaded.results(42) == {"answer": 42}
    assert loaded.scenario.has_code
    with pytest.raises(DescriptionError, match='did you mean "made"'):
        open_scenario("maed", own)
    (folder / "scenario.py").write_text("def prepare(cache):\n    raise KeyError('gone')\n")
    with pytest.raises(PluginError, match=r'scenario "made": prepare\(\) raised KeyError'):
        open_scenario("made", own)


def test_a_system_file_can_be_extended(tmp_path, registry):
    (tmp_path / "chip.toml").write_text('extends = "ideal"\nchips = [3, 1]\n[chip.core]\nneurons = 64\n')
    file = tmp_path / "s.toml"
    file.write_text(
        GOOD.replace('preset = "ideal"\nchips = [2, 1]', 'file = "chip.toml"\n[system.chip]\ncores = [4, 4]')
    )
    system = open_scenario(file, registry).system
    assert (system.chips, system.chip.core.neurons, system.chip.cores) == ((3, 1), 64, (4, 4))
    (tmp_path / "chip.toml").write_text("[chip.core]\nneuron = 64\n")
    problem = problems_of(file, registry)[0]
    assert problem.file.endswith("chip.toml")
    assert problem.where == "system.chip.core.neuron"
    (tmp_path / "chip.toml").write_text('file = "chip.toml"\n')
    assert "circle" in str(problems_of(file, registry)[0])


def test_schema_accepts_what_is_accepted_and_refuses_misspellings(registry):
    document = tomllib.loads(GOOD)
    for schema in (scenario_schema(), scenario_schema(registry)):
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        assert validator.is_valid(document)
        for path in ("population", "probe"):
            wrong = {**document, path: [{**document[path][0], "nmae": 1}]}
            assert not validator.is_valid(wrong)
        assert not validator.is_valid({**document, "run": {"backend": "rai"}})
        assert not validator.is_valid({k: v for k, v in document.items() if k != "duration"})
    population = {**document["population"][0], "params": {"tau_mm": 1}}
    assert not jsonschema.Draft202012Validator(scenario_schema(registry)).is_valid(
        {**document, "population": [population]}
    )


def test_shipped_scenarios_are_valid(registry):
    validator = jsonschema.Draft202012Validator(scenario_schema(registry))
    for folder in registry.scenarios.items.values():
        assert not list(validator.iter_errors(tomllib.loads((folder.path / "scenario.toml").read_text())))


def test_texts_written_again_parse_to_the_same(registry):
    document = tomllib.loads(GOOD)
    assert tomllib.loads(toml_text(document)) == document
    odd = {
        "a b": 'x "y"\n\\',
        "f": [1e300, -0.0, 3],
        "t": {"u": {"v.w": True, "e": {}}},
        "l": [{"x": [{"y": 1}]}],
    }
    assert tomllib.loads(toml_text(odd)) == odd


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200),
    st.integers(2**40, 10**40),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "exc",
            "inh",
            "1 ms",
            "0.1 mV",
            "fixed_indegree",
            "lif_psc_exp",
            "a.npz:b",
            "spikes",
            "0:3",
            "all_to_all",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["uniform", "normal", "low", "times", "neurons", "rule", "a"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


def paths_of(value, path=()):
    yield path
    for key, below in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from paths_of(below, (*path, key))


DOCUMENT = tomllib.loads(GOOD)
PATHS = [p for p in paths_of(DOCUMENT) if p]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=3))
def test_no_value_anywhere_causes_anything_but_a_named_problem(registry, changes):
    document = json.loads(json.dumps(DOCUMENT))
    for path, value in changes:
        at = document
        try:
            for part in path[:-1]:
                at = at[part]
            at[path[-1]] = value
        except (TypeError, KeyError, IndexError):
            continue
    text = json.dumps(document)
    problems = ()
    try:
        assert open_scenario(text, registry).network.size > 0
    except DescriptionError as error:
        problems = error.problems
    assert all(p.where and p.found for p in problems)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=st.dictionaries(st.sampled_from(list(DOCUMENT)), VALUES, max_size=6), extra=st.text(max_size=12)
)
def test_random_documents_and_overrides(registry, document, extra):
    with pytest.raises(DescriptionError):
        open_scenario(
            json.dumps({**document, "population": document.get("name")}), registry, [extra, f"seed.{extra}=1"]
        )


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60))
def test_random_texts(text):
    with pytest.raises(DescriptionError):
        load_scenario(text + "\n")


def test_a_missing_data_file_is_one_problem(tmp_path):
    (tmp_path / "scenario.toml").write_text(
        'duration = "1 ms"\n[[input]]\npopulation = "p"\nencoder = "latency"\ndata = "none.npz:x"\npresent = 1.0\n'
    )
    with pytest.raises(DescriptionError) as caught:
        load_scenario(tmp_path)
    assert [p.where for p in caught.value.problems] == ['input "p".data']
    assert "there is no file none.npz" in caught.value.problems[0].found
