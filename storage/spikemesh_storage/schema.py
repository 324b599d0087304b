"""Names, types, units and version of everything in a trace; the only place where they are written."""

from __future__ import annotations

import numpy as np

from spikemesh.errors import InputError, Problem

FORMAT = "spikemesh-trace"
"""Value of the root attribute ``format``."""
VERSION = "1.0"
"""Layout version; the part before the dot changes when an older reader would misread a file."""
SONATA_MAGIC = np.uint32(0x0A7A)
SONATA_VERSION = np.array([0, 1], np.uint32)

FILE_LIBVER = ("earliest", "v110")
"""Of the finished file: a version 0 superblock, which every HDF5 library in use can read."""
LIVE_LIBVER = "v110"
"""Of the live shard: the oldest format that allows reading while writing (SWMR)."""

LIVE_SUFFIX = ".live"
PARTIAL_SUFFIX = ".partial"
SHARD = "shard.h5"
PLAN = "plan.json"
OUTCOME = "outcome.json"
LOCK = "lock"

SORTING = {"none": 0, "by_id": 1, "by_time": 2}
"""Members of SONATA's enumeration ``sorting``."""

SPIKES, REPORT, WEIGHTS, HARDWARE = "spikes", "report", "weights", "hardware"
NETWORK, PROVENANCE, STATUS = "network", "provenance", "status"

REPORT_DATA, REPORT_EXACT = "data", "exact"
"""Samples in single precision, as SONATA readers want them, and as they were recorded."""

TICK = np.dtype("<i8")
NEURON = np.dtype("<u4")
COUNT = np.dtype("<i8")
SAMPLE = np.dtype("<f8")
WEIGHT = np.dtype("<f8")
SONATA_ID = np.dtype("<u8")
PLACE = np.dtype("<i4")

CORE_SPIKES, CORE_EVENTS, LINK_PACKETS = "core_spikes", "core_synaptic_events", "link_packets"

FILE_CHUNK = 65_536
"""Values in a storage chunk of the finished file (512 KiB)."""
LIVE_CHUNK = 16_384
"""Values in a storage chunk of the live shard: each commit rewrites the last one, so it is smaller."""
LIVE_COUNTER_CHUNK = 2_048
"""The same for counters, which grow by a few rows a commit."""

STATES = ("complete", "interrupted", "failed")
"""How a run can end."""


def check_name(name: str, what: str) -> str:
    """Return ``name`` if it can name an HDF5 object.

    Raises
    ------
    InputError
        If it is empty, ``.`` or ``..``, or holds a slash or a NUL.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise InputError(
            Problem(
                what, f'"{name}" cannot be stored', 'a name is not empty, "." or "..", and has no "/" or NUL'
            )
        )
    return name


def report_names(probes: list[tuple[str, str]]) -> list[str]:
    """Name the group under ``/report`` of every probe.

    Parameters
    ----------
    probes
        Population and variable of each probe, in order.

    Returns
    -------
    list of str
        The first probe of a population takes the population's name, so that SONATA readers match it
        with the population; the others are ``<population>.<variable>``, with ``#2``, ``#3`` ... where
        that name is taken.
    """
    first: dict[str, int] = {}
    for index, (population, _) in enumerate(probes):
        first.setdefault(population, index)
    taken = set(first)
    names = []
    for index, (population, variable) in enumerate(probes):
        name = population
        if first[population] != index:
            base, count = f"{population}.{variable}", 1
            name = base
            while name in taken:
                count += 1
                name = f"{base}#{count}"
            taken.add(name)
        names.append(name)
    return names
