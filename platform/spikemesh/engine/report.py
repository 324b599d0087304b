"""What a worker hands back after a stretch of steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from spikemesh.ids import AnyArray, FloatArray, IntArray


@dataclass(eq=False)
class WorkerReport:
    """Recordings and counters of one worker for the ticks ``(first, until]``.

    Attributes
    ----------
    spikes
        Per recorded population ``(ticks, neurons)``, neuron indices local to the population.
    probes
        Per index of a probe ``(ticks, columns, values)``, as in :class:`spikemesh.contracts.Chunk`.
    first_bin, counters
        Increments of counters by bin, as in :class:`spikemesh.contracts.Chunk`.
    activity : ndarray of uint8, shape (steps, bytes), optional
        Bit by bit, the first in the highest, which of the worker's neurons spiked or changed their state.
    spike_count, synaptic_events, drive_events
        Totals: spikes of all populations, recurrent deliveries, deliveries by drives.
    compile_s
        Seconds the worker's process had spent in compiling or loading kernels, in the first report.
    peak_rss_mb
        Largest resident memory of the worker's process so far.
    busy_s
        Seconds spent in steps and in deliveries of packets.
    exchange_us
        Time between two windows without deliveries, of the last exchanges, in microseconds: handing over
        blocks, and waiting for those of others.
    """

    first: int
    until: int
    spikes: dict[str, tuple[IntArray, IntArray]] = field(default_factory=dict)
    probes: dict[int, tuple[IntArray, IntArray, FloatArray]] = field(default_factory=dict)
    first_bin: int = 0
    counters: dict[str, IntArray] = field(default_factory=dict)
    activity: AnyArray | None = None
    spike_count: int = 0
    synaptic_events: int = 0
    drive_events: int = 0
    compile_s: float = 0.0
    peak_rss_mb: float = 0.0
    busy_s: float = 0.0
    exchange_us: list[float] = field(default_factory=list)
