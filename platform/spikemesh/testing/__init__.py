"""Conformance suites for plugins of every kind, one's own or others'.

>>> import pytest
>>> from spikemesh.testing import conformance
>>> @pytest.mark.parametrize("check", conformance("my_cell"), ids=str)
... def test_conformance(check):
...     check()

``spikemesh plugins check my_cell`` runs the same. Nothing here needs pytest.
"""

from spikemesh.testing.checks import Check, Outcome, Report, Skipped
from spikemesh.testing.conformance import conformance, examine
from spikemesh.testing.subjects import Subject, subjects_of

__all__ = [
    "Check",
    "Outcome",
    "Report",
    "Skipped",
    "Subject",
    "conformance",
    "examine",
    "subjects_of",
]
