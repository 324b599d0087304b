"""Results published of a whole chip: what a model of it can be compared with, beside costs of single operations."""

from __future__ import annotations

from spikemesh.description.costs import Evidence
from spikemesh.description.frozen import Frozen


class Published(Frozen):
    """A figure measured on, or stated of, the whole."""

    what: str
    """What it is and under which conditions, such as "power of a chip at 0.70 V, 0 Hz"."""
    value: float
    unit: str
    source: str = ""
    evidence: Evidence = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.value:g} {self.unit} [{self.source}; {self.evidence}]"
