"""Figures of hardware as text, alike in every command that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spikemesh.drawing.quantity import in_unit


def rows_of(figures: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return label and text of the figures of the hardware that are there."""
    return [
        (label, write(figures[key]))
        for key, label, write in (
            ("hardware_time_ms", "hardware time", lambda ms: in_unit(ms * 1e-3, "s")),
            ("step_mean_ns", "time of a step, mean", lambda ns: in_unit(ns * 1e-9, "s")),
            ("step_max_ns", "time of a step, longest", lambda ns: in_unit(ns * 1e-9, "s")),
            ("slowdown", "slowdown", lambda x: f"{x:.3g} (hardware time / model time)"),
            ("energy_dynamic_mj", "energy, dynamic", lambda mj: in_unit(mj * 1e-3, "J")),
            ("energy_static_mj", "energy, static", lambda mj: in_unit(mj * 1e-3, "J")),
            ("power_mw", "power", lambda mw: in_unit(mw * 1e-3, "W")),
            ("delay_product_js", "energy-delay product", lambda js: in_unit(js, "Js")),
            ("energy_note", "energies are", str),
        )
        if figures.get(key) is not None
    ]
