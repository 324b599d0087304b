"""Sums of products against the rules they write (models.md C7)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.learning.loihi_sum_of_products import LoihiSumOfProducts
from spikemesh_plugins.learning.stdp_pair import StdpPair
from spikemesh_plugins.learning.sum_of_products import products_of

STDP = "2^-2*x1*y0 - 2^-2*y1*x0"
TRACES = {"x1_impulse": 16.0, "x1_tau": 10.0, "y1_impulse": 16.0, "y1_tau": 10.0}


def test_pair_rule(learn):
    # KA-C7: 0.25 * 16 e^-0.5 = 2.4261, reversed the negative
    for pre, post, sign in ((1, 6, 1), (6, 1, -1)):
        run = learn(
            LoihiSumOfProducts, {"dw": STDP, **TRACES}, 1.0, 9, pre=[pre], post=[post], w=50.0, w_max=255.0
        )
        assert run.values["w"][-1] - 50.0 == pytest.approx(sign * 2.4261, abs=5e-5)
        assert run.values["w"][-1] - 50.0 == pytest.approx(sign * 0.25 * 16.0 * math.exp(-0.5), rel=1e-12)


def test_it_is_pair_stdp(learn):
    random = np.random.default_rng(6)
    pre, post = ((np.flatnonzero(random.random(2000) < 0.05) + 1).tolist() for _ in range(2))
    params = {"x1_impulse": 1.0, "x1_tau": 20.0, "y1_impulse": 1.0, "y1_tau": 30.0}
    ours = learn(
        LoihiSumOfProducts, {"dw": "2^-7*x1*y0 - 2^-8*y1*x0", **params}, 1.0, 2000, pre=pre, post=post
    )
    pair = {"a_plus": 2.0**-7, "a_minus": 2.0**-8, "tau_plus": 20.0, "tau_minus": 30.0}
    assert np.array_equal(ours.values["w"], learn(StdpPair, pair, 1.0, 2000, pre=pre, post=post).values["w"])


def test_stochastic_rounding_of_traces_keeps_their_mean(learn):
    # KA-C7: trace 100, tau 10: means after 10, 30, 50 steps 36.79, 4.979, 0.674, and 0.25 * 16 e^-0.5; 4 standard
    # errors of n synapses, whose variance is at most 1/4 and for the weight that of two roundings
    n = 4000
    for after, want in ((10, 36.79), (30, 4.979), (50, 0.674)):
        random = np.random.default_rng(after).random((n, 2))
        read = []
        for k in range(n if after == 30 else n // 4):
            draws = lambda function, tick, name, r=random[k]: float(r[int(name == "x1")])  # noqa: E731
            run = learn(
                LoihiSumOfProducts,
                {"dw": "x1*y0", "x1_impulse": 100.0, "rounding": "stochastic"},
                1.0, after + 1, pre=[1], post=[1 + after], w=0.0, w_max=255.0, draws=draws,
            )  # fmt: skip
            read.append(run.values["w"][-1])
        assert set(np.mod(read, 1.0)) == {0.0}
        assert np.mean(read) == pytest.approx(
            100.0 * math.exp(-after / 10.0), abs=4 * math.sqrt(0.25 / len(read))
        )
        assert 100.0 * math.exp(-after / 10.0) == pytest.approx(want, abs=5e-3)


def test_stochastic_rounding_of_results(learn):
    # C9: mean of n roundings is n f, its variance n f (1 - f): 20 and 18 for 200 changes of 0.1
    finals = []
    for k in range(600):
        random = np.random.default_rng(k).random(201)
        draws = lambda function, tick, name, r=random: float(r[tick])  # noqa: E731
        params = {"dw": "0.1*x0", "rounding": "stochastic"}
        run = learn(LoihiSumOfProducts, params, 1.0, 200, pre=range(1, 201), w=0.0, w_max=255.0, draws=draws)
        finals.append(run.values["w"][-1])
    assert np.mean(finals) == pytest.approx(20.0, abs=4 * math.sqrt(18.0 / 600))
    assert np.var(finals) == pytest.approx(18.0, rel=4 * math.sqrt(2 / 600))


def test_tags_and_epochs(learn):
    # dt marks pairs, every other epoch of 3 steps moves the weight by the tag, which decays by a quarter
    params = {
        "dt": "x1*y0 - 2^-2*t*u1",
        "dw": "2*sgn(t - 3)*u1",
        "dd": "x0 - d*u2",
        "x1_impulse": 8.0,
        "t_epoch": 3,
    }
    run = learn(LoihiSumOfProducts, params, 1.0, 13, pre=[1], post=[4], w=100.0, w_max=255.0)
    tag = 8.0 * math.exp(-0.3)
    assert run.values["t"][[3, 4, 5, 11]] == pytest.approx([tag, tag, 0.75 * tag, 0.75**2 * tag], rel=1e-14)
    assert run.values["w"][[4, 5, 10, 11]].tolist() == [100.0, 102.0, 102.0, 104.0]
    assert run.values["d"][[0, 10, 11]].tolist() == [1.0, 1.0, 0.0]


def test_weights_stay_within_bounds(learn):
    for dw, bound in (("100*x0", 255.0), ("-100*x0", 0.0)):
        assert (
            learn(LoihiSumOfProducts, {"dw": dw}, 1.0, 9, pre=[1, 4], w=99.0, w_max=255.0).values["w"][-1]
            == bound
        )


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("2^-2*x1*z0", 9, '"z0" is no factor'),
        ("x1*y0*x0", 7, "y0 and x0 multiply one product"),
        ("2^a*x0", 3, "an exponent must be a whole number"),
        ("(x1 + w*x0", 9, "x0 stands in a bracket"),
        ("(x1 + w", 1, "never closed"),
        ("x0*w + x1", 8, "no dependency"),
        ("x1*y0 x0", 7, '"x0" is not expected here'),
        ("3 ? x0", 3, '"?" is no part'),
        ("x0*", 4, "the text ends"),
        ("dt = x0", 1, "stands in dw"),
        ("sgn w*x0", 5, "sgn needs a bracket"),
    ],
)
def test_errors_point_at_the_place(text, place, said):
    with pytest.raises(DescriptionError) as raised:
        products_of(text, "dw")
    assert said in str(raised.value)
    assert f"at character {place}\n    {text}\n    {' ' * (place - 1)}^" in str(raised.value)


def test_one_sum_at_least():
    with pytest.raises(DescriptionError, match="none of dw, dt, dd is given"):
        LoihiSumOfProducts.specialised(type("P", (), {"dw": "", "dt": " ", "dd": "", "rounding": "none"}))


def test_same_text_gives_the_same_rule():
    p = type("P", (), {"dw": STDP, "dt": "", "dd": "", "rounding": "none"})
    assert LoihiSumOfProducts.specialised(p) is LoihiSumOfProducts.specialised(p)
    assert set(LoihiSumOfProducts.specialised(p).pre) == {"x1"}
