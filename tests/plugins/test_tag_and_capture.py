"""Synaptic tagging and capture (models.md D3). h is in units of h0 = 4.20075 mV, as are the distances below."""

import math

import numpy as np
import pytest

from spikemesh_plugins.learning.tag_and_capture import TagAndCapture

H0 = 4.20075
HOUR = 3600.0
SECOND = {"late_every": 1000.0}


def decay(learn, seconds, away, *, start=None, dt=1000.0, **params):
    init = {"h": 1.0 + away / H0, **(start or {})}
    return learn(TagAndCapture, {**SECOND, **params}, dt, int(seconds * 1000 / dt), w_max=9.0, init=init)


@pytest.mark.parametrize(("away", "lost"), [(2.5, 7506.8), (5.799, 13298.9)])
def test_a_tag_is_lost_when_the_early_phase_has_decayed(learn, away, lost):
    # KA-D3: 6884 s ln(away / 0.84015)
    h = decay(learn, 14_000, away).values["h"]
    tagged = np.abs(h - 1.0) > 0.2
    assert np.count_nonzero(tagged) == pytest.approx(lost, abs=1.0)
    assert lost == pytest.approx(6884 * math.log(away / (0.2 * H0)), abs=0.1)


@pytest.mark.parametrize(("away", "window"), [(3.5, 3515.3), (2.1, 0.0)])
def test_protein_is_made_while_the_early_phase_is_strong(learn, away, window):
    # KA-D3: 6884 s ln(away / 2.10037); none below that
    p = decay(learn, 4000, away).values["p"]
    rising = np.count_nonzero(np.diff(p, prepend=0.0) > 0)
    assert rising == math.floor(window)


def test_the_late_phase_grows_with_protein(learn):
    # KA-D3: p = 1 throughout: z(1 h) = 1 - 1/e; the early phase is held above both thresholds
    held = {"decay": 0.0, "theta_pro": 0.1, "theta_tag": 0.1}
    z = decay(learn, HOUR, 2.0, start={"p": 1.0}, **held).values["z"]
    assert z[-1] == pytest.approx(1 - math.exp(-1), rel=1e-9)
    # p rising from 0: z(4 h) = 0.951117
    z = decay(learn, 4 * HOUR, 2.0, **held).values["z"]
    assert z[-1] == pytest.approx(0.951117, abs=1e-6)


def test_the_late_phase_falls_to_one_half(learn):
    held = {"decay": 0.0, "theta_pro": 0.1, "theta_tag": 0.1}
    z = decay(learn, HOUR, -2.0, start={"p": 1.0}, **held).values["z"]
    assert z[-1] == pytest.approx(-0.5 * (1 - math.exp(-1)), rel=1e-9)


def test_neither_tag_nor_protein_alone_captures(learn):
    # KA-D3, the AND gate: z stays exactly 0
    no_protein = decay(learn, HOUR, 1.5)
    assert np.all(np.abs(no_protein.values["h"][:1000] - 1) > 0.2)
    assert not no_protein.values["p"].any()
    assert not no_protein.values["z"].any()
    no_tag = decay(learn, HOUR, 0.5, start={"p": 1.0})
    assert no_tag.values["p"][-1] > 0.3
    assert not no_tag.values["z"].any()


def test_long_visits_give_what_short_ones_do(learn):
    held = {"decay": 0.0, "theta_pro": 0.1, "theta_tag": 0.1}
    short, long = (decay(learn, HOUR, 2.0, late_every=every, **held) for every in (1000.0, 600_000.0))
    for name in ("z", "p"):
        assert long.values[name][-1] == pytest.approx(short.values[name][-1], rel=1e-9)


def test_calcium_decides_where_the_early_phase_goes(learn):
    # Four arrivals at once are calcium 4 exp(-t / 48.8): above 3 for 14 ms, above 1.2 for 58.7 ms.
    params = {"ca_pre": 4.0, "tau_h": 68_840.0}
    h = learn(TagAndCapture, params, 1.0, 100, pre=[10], w_max=9.0).values["h"]
    change = np.diff(h, prepend=1.0)
    # Traces do not include the present step: the calcium of an arrival at 10 acts in the step that ends at 11.
    assert not change[:10].any()
    assert np.all(change[10:24] > 0)
    assert np.all(change[24:68] < 0)
    up, down = 1645.6, 313.1
    to, speed = (0.1 + up * 10 / H0) / (0.1 + up + down), (0.1 + up + down) / 68_840
    peak = to + (1 - to) * math.exp(-14 * speed)
    assert h[23] == pytest.approx(peak, rel=1e-12)
    low = 0.1 / (0.1 + down)
    left = math.exp(-44 * (0.1 + down) / 68_840)
    assert h[67] == pytest.approx(low + (peak - low) * left, rel=1e-12)
    assert h[99] > 1.0


def test_post_synaptic_spikes_add_calcium(learn):
    params = {"ca_post": 1.3, "tau_h": 68_840.0}
    h = learn(TagAndCapture, params, 1.0, 20, post=[5], w_max=9.0).values["h"]
    assert h[4] == 1.0
    assert h[5] < 1.0


@pytest.mark.parametrize(("spikes", "made"), [(12, True), (8, False)])
def test_protein_of_the_neuron_follows_its_activity(learn, spikes, made):
    params = {"protein": "activity", "ca_post": 0.0, "late_every": 10.0}
    run = learn(TagAndCapture, params, 10.0, 40, post=range(1, spikes + 1), init={"h": 1.1}, w_max=9.0)
    assert (run.values["p"][-1] > 0.0) == made


def test_the_third_factor_can_make_protein(learn):
    # A tag set before a reward captures it: protein for 10 s, from tick 20 on.
    params = {"protein": "third", "late_every": 5000.0}
    third = dict.fromkeys(range(20, 30), 1.0)
    run = learn(
        TagAndCapture, params, 1000.0, 100, init={"h": 1.4}, third=third, w_max=9.0,
    )  # fmt: skip
    p = run.values["p"]
    assert not p[:19].any()
    assert p[28] == pytest.approx(1 - math.exp(-10 / 3600), rel=1e-9)
    assert run.values["z"][18] == 0.0
    assert run.values["z"][-1] > 0.0


def test_the_weight_is_the_sum_of_both_phases(learn):
    run = learn(TagAndCapture, SECOND, 1000.0, 1, w=2.0, init={"h": 1.4, "z": 0.3, "w0": 2.0}, w_max=9.0)
    assert run.values["w"][0] == pytest.approx(2.0 * (run.values["h"][0] + 0.3), rel=1e-12)
