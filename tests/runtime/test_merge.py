"""Reports of several workers become one chunk and running totals."""

import numpy as np
import pytest

from spikemesh.engine.report import WorkerReport
from spikemesh.errors import RunError
from spikemesh.runtime.merge import Totals, merge


def counters(*rows):
    return {"link_packets": np.array(rows, dtype=np.int64)}


def test_spikes_are_joined_and_probes_listed():
    a = WorkerReport(0, 9, spikes={"exc": (np.array([1]), np.array([5]))}, probes={0: ("a",)})
    b = WorkerReport(
        0, 9, spikes={"exc": (np.array([2, 3]), np.array([6, 7])), "inh": (np.array([4]), np.array([0]))}
    )
    b.probes = {0: ("b",), 1: ("c",)}
    chunk = merge([a, b])
    assert (chunk.first, chunk.until) == (0, 9)
    np.testing.assert_array_equal(chunk.spikes["exc"][0], [1, 2, 3])
    np.testing.assert_array_equal(chunk.spikes["exc"][1], [5, 6, 7])
    np.testing.assert_array_equal(chunk.spikes["inh"][1], [0])
    assert chunk.probes == {0: [("a",), ("b",)], 1: [("c",)]}


def test_counters_are_added_bin_by_bin():
    a = WorkerReport(10, 40, first_bin=2, counters=counters([1, 0], [2, 5]))
    b = WorkerReport(10, 40, first_bin=1, counters=counters([7, 7], [10, 20], [30, 40], [1, 1]))
    chunk = merge([a, b])
    assert chunk.first_bin == 1
    np.testing.assert_array_equal(chunk.counters["link_packets"], [[7, 7], [11, 20], [32, 45], [1, 1]])
    np.testing.assert_array_equal(a.counters["link_packets"], [[1, 0], [2, 5]])


def test_reports_of_different_steps_are_refused():
    with pytest.raises(RunError, match="worker 1 reports steps 0 to 8 where 0 to 9 were due"):
        merge([WorkerReport(0, 9), WorkerReport(0, 8)])


def test_totals_add_up():
    totals = Totals()
    assert totals.median_exchange_us is None
    for _ in range(2):
        reports = [
            WorkerReport(
                0, 9, counters=counters([1, 2]), spike_count=3, synaptic_events=4, drive_events=5, busy_s=0.5
            ),
            WorkerReport(0, 9, counters=counters([0, 4]), spike_count=1, exchange_us=[2.0, 9.0, 4.0]),
        ]
        totals.add(reports, merge(reports))
    assert (totals.spikes, totals.synaptic_events, totals.drive_events, totals.packets) == (8, 8, 10, 14)
    assert totals.busy_s == [1.0, 0.0]
    assert totals.median_exchange_us == 4.0
