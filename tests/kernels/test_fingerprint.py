"""A changed plugin must never run stale code: fingerprints see every change that matters."""

from __future__ import annotations

import textwrap
import types

from spikemesh.kernels.fingerprint import fingerprint

BASE = """
    import math
    K = 2.0

    def inner(x):
        return x * K

    def outer(x):
        return inner(x) + math.exp(-1.0)
"""


def outer_of(text):
    space = {}
    exec(textwrap.dedent(text), space)
    return space["outer"]


def test_equal_code_has_an_equal_fingerprint():
    assert fingerprint(outer_of(BASE)) == fingerprint(outer_of(BASE))


def test_every_change_shows():
    changes = [
        BASE.replace("-1.0", "-2.0"),
        BASE.replace("+ math", "- math"),
        BASE.replace("K = 2.0", "K = 3.0"),
        BASE.replace("x * K", "x / K"),
        BASE.replace("math.exp", "math.expm1"),
    ]
    found = {fingerprint(outer_of(text)) for text in [BASE, *changes]}
    assert len(found) == len(changes) + 1


def test_closures_and_defaults_count():
    def make(k, d):
        def function(x, y=d):
            return x * k + y

        return function

    assert len({fingerprint(make(1.0, 0.0)), fingerprint(make(2.0, 0.0)), fingerprint(make(1.0, 1.0))}) == 3


def test_values_of_other_modules_count():
    def outer(k):
        module = types.ModuleType("my_constants")
        module.K = k
        space = {"constants": module}
        exec("def outer(x):\n    return x * constants.K", space)
        return space["outer"]

    assert fingerprint(outer(1.0)) == fingerprint(outer(1.0)) != fingerprint(outer(2.0))
