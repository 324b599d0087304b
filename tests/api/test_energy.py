"""Energy and time of the hardware in a run: from the run's own counters, the same for any number of workers."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import spikemesh as sm

LOIHI_PJ = {"neuron_update": 81.0, "synaptic_event": 23.6, "hop_tile": 1.7, "hop_x": 3.0, "hop_y": 4.0}
"""Davies et al. 2018, Table 2."""
COUNTERS = {
    "neuron_update": "core_updates",
    "synaptic_event": "core_synaptic_events",
    **{kind: f"chip_{kind.replace('hop', 'hops')}" for kind in ("hop_tile", "hop_x", "hop_y")},
}


@pytest.fixture(scope="module")
def runs(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("energy")
    system = sm.System.preset("loihi", chips=(2, 1))
    return [
        sm.run(network(), system, "60 ms", out=folder / f"{k}.h5", backend="local", workers=k) for k in (1, 2)
    ]


def test_energies_are_counters_times_published_figures(runs):
    with runs[0].trace as trace:
        energy, steps = trace.energy(), trace.per_step("step_time_ps")
        for kind, each in LOIHI_PJ.items():
            count = int(trace.counts(COUNTERS[kind]).sum())
            assert energy.loc[kind, "count"] == count
            assert energy.loc[kind, "energy_pj"] == pytest.approx(each * count, rel=1e-12)
            assert energy.loc[kind, "source"]
        assert energy.loc["synaptic_event", "energy_pj"] > 0
        # 104.4 mW a chip (Frady et al. 2020, Table 1).
        static = 2 * 104.4e-3 * int(steps.sum())
        assert energy.loc["static_chip", "energy_pj"] == pytest.approx(static, rel=1e-12)
        assert np.isnan(energy.loc["links_between_chips", "energy_pj"])
        assert energy.loc["links_between_chips", "note"] == "not published"
        assert "links_between_chips" in energy.loc["total", "note"]
        assert trace.summary()["hardware_time_ms"] == pytest.approx(int(steps.sum()) / 1e9)


def test_hardware_is_the_same_for_any_number_of_workers(runs):
    with runs[0].trace as one, runs[1].trace as two:
        assert one.digest() == two.digest()

    def same(name, item):
        if isinstance(item, h5py.Dataset):
            assert item[()].tobytes() == second[name][()].tobytes(), name

    with h5py.File(runs[0].path) as first, h5py.File(runs[1].path) as second:
        assert "energy/value_pj" in first["hardware"]
        first["hardware"].visititems(lambda name, item: same(f"hardware/{name}", item))
