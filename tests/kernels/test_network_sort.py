"""Records sorted by time, and buckets of latencies."""

import numpy as np
import pytest

from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.barrier import bucket_of, lower_edge
from spikemesh.kernels.network_sort import sort_by_time
from spikemesh.kernels.pointers import address_of, as_int64


@kernel
def sorted_records(records, count, spare, runs):
    found = as_int64(sort_by_time(address_of(records) + 16, count, address_of(spare) + 16, address_of(runs)))
    result = np.empty((count, 2), dtype=np.int64)
    for k in range(count):
        result[k, 0], result[k, 1] = found[2 * k], found[2 * k + 1]
    return result


@kernel
def buckets(latencies):
    result = np.empty_like(latencies)
    for k in range(latencies.size):
        result[k] = bucket_of(latencies[k])
    return result


@pytest.mark.parametrize("count", [1, 2, 12, 13, 700, 20_000])
@pytest.mark.parametrize("span", [1, 50, 10**7, 2**50])
def test_equal_times_stay_in_their_order(count, span):
    times = np.random.default_rng(count).integers(10**6, 10**6 + span, count)
    records = np.zeros((count + 2, 2), dtype=np.int64)
    records[1:-1, 0], records[1:-1, 1] = times, np.arange(count)
    found = sorted_records(
        records.ravel(), count, np.zeros(2 * count + 4, np.int64), np.zeros(max(count + 2, 2**11), np.int64)
    )
    order = np.argsort(times, kind="stable")
    assert np.array_equal(found, np.stack([times[order], order], axis=1))


def test_a_latency_is_in_the_bucket_between_its_edges():
    latencies = np.unique(
        np.concatenate([np.arange(300), 2 ** np.arange(60), 2 ** np.arange(4, 60) - 1, [10**12 + 7]])
    )
    found = buckets(latencies)
    assert found[:16].tolist() == list(range(16))
    for latency, bucket in zip(latencies.tolist(), found.tolist(), strict=True):
        assert lower_edge(bucket) <= latency < lower_edge(bucket + 1)
