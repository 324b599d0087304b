"""Channels that packets take, and the trees along which they go."""

from __future__ import annotations

from typing import NamedTuple

from spikemesh.ids import AnyArray, IntArray


class Channels(NamedTuple):
    service: IntArray
    latency: IntArray
    queue: IntArray
    drops: AnyArray
    wait: IntArray
    period: IntArray
    order: IntArray


class Forest(NamedTuple):
    channel: AnyArray
    work: IntArray
    child_ptr: IntArray
    child: AnyArray
