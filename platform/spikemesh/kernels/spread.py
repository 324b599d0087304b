"""What one spike does to channels if its packets wait nowhere: they meet them at fixed times after it.

For each neuron the channels that its packets cross, and the core inputs in which they end: so the level *analytic*
need not follow packets one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare_inlined, kernel
from spikemesh.kernels.barrier import (
    ENTRY_CHANNEL,
    ENTRY_FIRST,
    ENTRY_NUMBER,
    ENTRY_WORK,
    SEND,
    bucket_of,
    class_of,
    node_work,
)
from spikemesh.kernels.pointers import address_of, as_int64


@bare_inlined
def _entry(number: Any, entries: Any) -> Any:
    return as_int64(address_of(entries) + 32 * number)


@kernel
def list_channels(h: Any, buckets: Any, most: Any, ptr: Any, entries: Any) -> Any:
    """List the channels of every neuron's packets.

    Parameters
    ----------
    h
        Hardware, see :mod:`spikemesh.engine.hardware`.
    buckets
        Buckets of a histogram of latencies.
    most
        Entries at which to give up.
    ptr : ndarray of int64, shape (neurons + 1,)
        Takes the first entry of each neuron.
    entries : ndarray of int64, shape (4 * entries,)
        Takes the entries if it has room for them; of length 0: they are counted only.

    Returns
    -------
    int
        Number of entries; more than ``most`` if it gave up.
    """
    place = np.full(h.channels.service.size, -1, dtype=np.int64)
    seen = np.full(h.channels.service.size, -1, dtype=np.int64)
    stack = np.empty(h.forest.channel.size + 1, dtype=np.int64)
    times = np.empty(h.forest.channel.size + 1, dtype=np.int64)
    count = 0
    for n in range(h.core_of.size):
        ptr[n] = count
        for packet in range(h.root_ptr[n], h.root_ptr[n + 1]):
            sent = (packet - h.root_ptr[n] + 1) * h.costs[SEND]
            stack[0], times[0] = h.root[packet], sent
            depth = 1
            while depth:
                depth -= 1
                node, arrival = stack[depth], times[depth]
                channel = np.int64(h.forest.channel[node])
                work = h.channels.service[channel] + node_work(node, h.load, h.entry[packet], h)
                after = arrival + work + h.channels.latency[channel]
                core = h.core[node]
                if core >= 0:
                    if 4 * count < entries.size:
                        bucket = min(bucket_of(arrival - sent), buckets - 1)
                        entry = _entry(count, entries)
                        entry[ENTRY_CHANNEL] = -1 - channel
                        entry[ENTRY_WORK] = work
                        entry[ENTRY_FIRST] = arrival
                        entry[ENTRY_NUMBER] = class_of(h.core_of[n], core, h) * buckets + bucket
                    count += 1
                else:
                    if seen[channel] != n:
                        seen[channel], place[channel] = n, count
                        if 4 * count < entries.size:
                            entry = _entry(count, entries)
                            entry[ENTRY_CHANNEL], entry[ENTRY_FIRST] = channel, arrival
                            entry[ENTRY_WORK] = entry[ENTRY_NUMBER] = 0
                        count += 1
                    if 4 * place[channel] < entries.size:
                        entry = _entry(place[channel], entries)
                        entry[ENTRY_WORK] += work
                        entry[ENTRY_FIRST] = min(entry[ENTRY_FIRST], arrival)
                        entry[ENTRY_NUMBER] += 1
                for k in range(h.forest.child_ptr[node], h.forest.child_ptr[node + 1]):
                    stack[depth], times[depth] = h.forest.child[k], after
                    depth += 1
            if count > most:
                return count
    ptr[h.core_of.size] = count
    return count
