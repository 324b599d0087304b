"""Systems with presets looked up among plugins."""

from __future__ import annotations

from spikemesh.description import system as described
from spikemesh.description.system import system_from
from spikemesh.registry.shared import shared_registry


class System(described.System):
    """Chips on a topology, keeping time by a regime; see :class:`spikemesh.description.system.System`.

    >>> System.preset("ideal", chips=(2, 1)).chip_count
    2
    """

    @classmethod
    def preset(
        cls, name: str, chips: int | tuple[int, ...] | None = None, **changes: object
    ) -> described.System:
        """Build a preset.

        Parameters
        ----------
        name
            Name of a system plugin.
        chips
            Number of chips or shape of their grid; None: the preset's usual shape.
        changes
            Keys of the ``[system]`` table to change, such as ``costs="sanafe2025"``.

        Raises
        ------
        DescriptionError
            If there is no such preset or a change is not valid.
        """
        shape = (chips,) if isinstance(chips, int) else chips
        base = shared_registry().systems.get(name, "system.preset").make(shape)
        return system_from(changes, base) if changes else base
