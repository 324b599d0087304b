"""A system without limits: what a network does when the hardware never gets in its way."""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, LinkSpec, System


def ideal(chips: tuple[int, ...] | None = None) -> System:
    """Make chips of 2 x 2 unlimited cores, joined by links that take no time.

    Parameters
    ----------
    chips
        Shape of the grid; None: one chip.
    """
    return System(
        name="ideal",
        chip=ChipSpec(cores=(2, 2), router="multicast"),
        chips=chips or (1, 1),
        topology="mesh",
        links={"between_chips": LinkSpec()},
    )
