"""Everything that is registered passes the suite of its kind."""

import pytest

from spikemesh.registry.shared import shared_registry
from spikemesh.testing import learning
from spikemesh.testing.conformance import checks_of
from spikemesh.testing.subjects import all_subjects

CHECKS = checks_of(all_subjects(shared_registry()))
SPEED = "speed"
"""A figure, which is no matter of right and wrong, and takes longer than all the rest."""


@pytest.fixture(autouse=True)
def _usual_setting_only(monkeypatch):
    """Leave the other settings of a rule, each of which is compiled, to the tests of that rule."""
    monkeypatch.setattr(learning, "MOST_SETTINGS", 1)


@pytest.mark.parametrize("check", [c for c in CHECKS if c.name != SPEED], ids=lambda c: f"{c.kind}: {c}")
def test_conformance(check):
    check()


def test_every_kind_has_a_suite():
    kinds = {catalogue.kind for catalogue in shared_registry().catalogues.values() if catalogue.items}
    assert kinds == {check.kind for check in CHECKS}
    assert len(kinds) == len(shared_registry().catalogues)
