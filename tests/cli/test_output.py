"""Figures as JSON and as columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikemesh.cli.output import plain, write_columns


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(1.5), 1.5),
        (np.int64(3), 3),
        (np.array([[1, 2]]), [[1, 2]]),
        (float("nan"), None),
        (np.float32("inf"), None),
        ({1: (True, None)}, {"1": [True, None]}),
        (Path("a/b.h5"), "a/b.h5"),
        (3 + 4j, "(3+4j)"),
    ],
)
def test_values_become_what_json_can_hold(value, expected):
    assert plain(value) == expected


def test_columns_are_aligned(capsys):
    write_columns([("a", 1, "x"), ("bbb", 22, "")], header=("N", "COUNT", "END"))
    assert capsys.readouterr().out == "N    COUNT  END\na    1      x\nbbb  22\n"
