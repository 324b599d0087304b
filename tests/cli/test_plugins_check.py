"""``plugins check``: a table or one object, and an exit code."""

import json

import pytest

from spikemesh.cli.skeleton import module_text


@pytest.fixture
def decoder(tmp_path):
    def write(old="", new=""):
        path = tmp_path / "my_readout.py"
        path.write_text(module_text("decoder", "my_readout").replace(old, new))
        return str(path)

    return write


def test_a_right_plugin_is_named_by_file_or_by_name(decoder, invoke):
    path = decoder()
    for words in ((path,), ("my_readout", "--plugin", path)):
        done = invoke("plugins", "check", *words)
        assert done.exit_code == 0, done.output
        assert done.stdout.splitlines()[-1] == "5 passed, 0 failed, 0 skipped"
        assert "decoder my_readout" in done.stdout


def test_a_wrong_one_is_a_failure(decoder, invoke):
    path = decoder("len(edges), size", "len(edges) + 1, size")
    done = invoke("plugins", "check", path)
    assert done.exit_code == 1
    assert "failed  4 rows for 3 samples" in done.stdout
    found = invoke("plugins", "check", path, "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert told["passed"] is False
    assert {c["check"]: c["status"] for c in told["checks"]}["documented"] == "passed"


def test_what_is_not_there_is_wrong_input(decoder, invoke):
    done = invoke("plugins", "check", "lif_psc_ex")
    assert done.exit_code == 2
    assert 'nothing is called "lif_psc_ex" (did you mean "lif_psc_exp"?)' in done.stderr
    assert invoke("plugins", "check", decoder("Decoder)", "Decoder")).exit_code == 2


def test_show_says_which_chips_compute_a_model(invoke):
    shown = invoke("plugins", "show", "loihi_cuba").stdout
    assert "chips that compute it in their own numbers: loihi, loihi2" in shown
    assert "integrated exactly" in invoke("plugins", "show", "lif_psc_exp").stdout
