"""Measuring a rule's memory, and the command that does."""

import json
from math import log2

import numpy as np
import pytest
from click.testing import CliRunner

import spikemesh as sm
from spikemesh import memory
from spikemesh.cli import main
from spikemesh.errors import InputError


@pytest.fixture(scope="module")
def chain():
    return sm.measure_memory("benna_fusi", 2000, longest=50, samples=60, beakers=3)


def test_the_measure_lies_around_the_theory(chain):
    known = memory.Chain(3)
    expected = memory.signal_to_noise(known.signal(chain.ages), known.variance(), 2000)
    assert chain.theory == pytest.approx(expected, rel=1e-12)
    assert chain.tiers["weight"].snr == pytest.approx(expected, abs=4 * chain.error + 0.02 * expected[0])
    assert chain.theory_lifetime == memory.lifetime(known.signal, float(expected[0]))
    assert chain.error == pytest.approx(60**-0.5)


def test_a_fresh_pattern_is_known_at_once_and_comes_late_to_the_last_beaker(chain):
    first, last = chain.tiers["weight"], chain.tiers["short"]
    assert (first.of, last.of) == ("w", "u3")
    assert first.presentations == 1
    # By the theory: presented R times in a row, sum over S_3(t) by its own standard deviation
    known = memory.Chain(3)
    snr = memory.signal_to_noise(
        memory.assimilated_after(known.signal(np.arange(60), 3)), known.variance(3), 2000
    )
    assert last.presentations == pytest.approx(memory.presentations(snr), abs=1)
    assert first.half == 0
    content = known.signal(np.arange(51), 3)
    assert last.half == pytest.approx(memory.half_assimilated(content), abs=1)


def test_unrelated_memories_distort_and_make_forget(chain):
    # Noise after n more patterns by that after n idle steps: the signal is the same in both.
    known = memory.Chain(3)
    signal = known.signal(np.arange(4000))
    both, old = np.sum(signal**2), np.sum(signal[100:] ** 2)
    assert chain.tiers["weight"].excess_forgetting == pytest.approx(1 - np.sqrt(old / both), abs=0.05)
    assert 0.0 < chain.tiers["weight"].distortion < 1.0


def test_information_is_that_of_the_errors(chain):
    snr = np.maximum(chain.tiers["weight"].snr, 0)
    error = memory.error_of_recognition(snr)
    bits = [1 + e * log2(e) + (1 - e) * log2(1 - e) for e in error]
    low, high = bits[-1] * 51 / 2000, bits[0] * 51 / 2000
    assert low < chain.tiers["weight"].bits_per_synapse < high


def test_the_command_gives_tables_a_page_and_json(tmp_path):
    page = tmp_path / "memory.html"
    arguments = [
        "memory",
        "cascade",
        "--set",
        "depth=5",
        "--synapses",
        "2000",
        "--longest",
        "20",
        "--samples",
        "40",
    ]
    result = CliRunner().invoke(main, [*arguments, "-o", str(page)])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("AGE  SNR")
    assert "energy: not published" in result.stdout
    assert "<svg" in page.read_text()
    found = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert found["rule"] == "cascade"
    assert len(found["tiers"]["weight"]["snr"]) == len(found["theory_snr"]) == len(found["ages"])
    assert found["costs"]["state_bits"] == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["stdp_pair"], "stores no patterns"),
        (["benna_fusi", "--set", "beakers"], "beakers"),
        (["benna_fusi", "--set", "a.b=1"], "is no parameter"),
        (["bena_fusi"], "benna_fusi"),
    ],
)
def test_wrong_input_is_answered(words, message):
    result = CliRunner().invoke(main, ["memory", *words])
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_ages_must_be_ages():
    with pytest.raises(InputError, match="ages from 0 on"):
        sm.measure_memory("cascade", 100, ages=[-1, 5])
