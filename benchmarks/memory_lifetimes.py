"""Lifetimes of memories in large populations of synapses, and what rounding costs, beside the theory.

Run: ``python benchmarks/memory_lifetimes.py [--synapses 100000] [--beakers 6] [--simulated N]`` for the age at
which the SNR of a chain of Benna & Fusi 2016 falls below 1; ``--rounding`` for chains whose contents are bytes.

Synapses start in the steady state of the theory and store one random pattern a step, for 1.5 lifetimes. All patterns
of a bin of age are asked for, so that one run suffices: an SNR has the deviation 1, its mean over n patterns
1/sqrt(n). Synapses are independent and alike: of N a part K can be simulated, whose SNR is scaled by sqrt(N/K); the
deviation of each SNR is then as much larger.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from spikemesh import memory
from spikemesh.api.stored_patterns import StoredPatterns

UNIT = {"amplitude": 1.0, "gain": 1e-3, "u_limit": 1e6}
"""A pattern adds +1 or -1 to the first beaker, and the weight shows it without reaching a bound."""
BYTE = {"amplitude": 1.0, "gain": 0.03, "u_limit": 16.0, "level": 1.0}
"""Whole levels from -16 to 16."""
LONGER = 1.5
"""Oldest age, in lifetimes."""
BINS_PER_DECADE = 6
PER_BIN = 40_000
"""Most patterns that are asked for in a bin of age."""
ROUNDED, ROUNDED_AGES, ROUNDED_SAMPLES = 20_000, np.array([0, 1, 10, 100, 400]), 400
"""Synapses, ages and patterns per age with rounded contents."""
BURN_IN = 56_000
"""Steps: three times the slowest time constant of six beakers."""


def bins(oldest):
    """Return first and last age of bins on a logarithmic scale."""
    edges = np.unique(np.geomspace(1, oldest + 1, round(BINS_PER_DECADE * np.log10(oldest)) + 1).astype(int))
    return list(zip(edges[:-1], edges[1:] - 1, strict=True))


def lifetime_of(ages, snr):
    """Return where the SNR first falls below 1, on a straight line of the logarithms; None if it does not."""
    below = np.flatnonzero(np.asarray(snr) < 1.0)
    if not below.size or below[0] == 0:
        return None
    late = below[0]
    x, y = np.log(ages[late - 1 : late + 1]), np.log(np.maximum(snr[late - 1 : late + 1], 1e-3))
    return float(np.exp(x[0] - y[0] * (x[1] - x[0]) / (y[1] - y[0])))


def lifetimes(synapses, beakers, simulated, oldest):
    stored = StoredPatterns("benna_fusi", simulated, beakers=beakers, steady=True, **UNIT)
    theory = stored.theory
    scale = float(memory.signal_to_noise(1.0, theory.variance, synapses))
    expected = memory.lifetime(theory.signal, scale)
    oldest = oldest or round(LONGER * expected)
    stored.copy().store(1)  # compiles
    begun = time.perf_counter()
    stored.store(oldest + 1)
    taken = time.perf_counter() - begun
    speed = simulated * (oldest + 1) / taken / 1e6
    print(f"{synapses:,} synapses, {simulated:,} simulated, {beakers} beakers")
    print(f"{oldest + 1:,} patterns in {taken:.0f} s, {speed:.1f} million updates a second")
    print(f"{'ages':>15} {'patterns':>9} {'SNR':>8} {'theory':>8} {'error':>7}")
    random, centres, found = np.random.default_rng(1), [], []
    for first, last in bins(oldest):
        ages = np.arange(first, last + 1)
        ages = np.sort(random.choice(ages, PER_BIN, replace=False)) if ages.size > PER_BIN else ages
        factor = np.sqrt(synapses / simulated)
        snr = factor * stored.snr(stored.tick - ages)
        centres.append(np.exp(np.mean(np.log(ages))))
        found.append(float(snr.mean()))
        theirs = float(np.mean(scale * theory.signal(ages)))
        error = factor / np.sqrt(ages.size)
        print(f"{first:>7,}-{last:<7,} {ages.size:>9,} {found[-1]:>8.3f} {theirs:>8.3f} {error:>7.3f}")
    seen = lifetime_of(np.array(centres), np.array(found))
    print(f"lifetime {'not reached' if seen is None else f'{seen:,.0f}'}, theory {expected:,}")


def rounding():
    chains = {
        "floating point": StoredPatterns("benna_fusi", ROUNDED, steady=True, **UNIT),
        "stochastic": StoredPatterns("benna_fusi", ROUNDED, quantise="stochastic", **BYTE),
        "nearest": StoredPatterns("benna_fusi", ROUNDED, quantise="nearest", **BYTE),
    }
    print(f"SNR of {ROUNDED:,} synapses of six beakers; error {1 / np.sqrt(ROUNDED_SAMPLES):.2f}")
    print(f"{'age':>15} " + " ".join(f"{age:>7}" for age in ROUNDED_AGES))
    for name, stored in chains.items():
        if name != "floating point":
            stored.store(BURN_IN)
        found = np.zeros(ROUNDED_AGES.size)
        for _ in range(ROUNDED_SAMPLES):
            stored.store(20)
            found += stored.snr(stored.tick - ROUNDED_AGES) / ROUNDED_SAMPLES
        print(f"{name:>15} " + " ".join(f"{value:>7.2f}" for value in found))
        if name == "nearest":
            print(
                f"beakers 2 to 6 hold nothing: {not any(stored.contents(f'u{k}').any() for k in range(2, 7))}"
            )
    theory = chains["floating point"].theory
    print(f"{'theory':>15} " + " ".join(
        f"{value:>7.2f}" for value in memory.signal_to_noise(theory.signal(ROUNDED_AGES), theory.variance, ROUNDED)
    ))  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--synapses", type=int, default=100_000)
    parser.add_argument("--beakers", type=int, default=6)
    parser.add_argument("--simulated", type=int, help="of the synapses (default: all)")
    parser.add_argument("--oldest", type=int, help="oldest age (default: 1.5 lifetimes)")
    parser.add_argument("--rounding", action="store_true", help="ask what rounding costs")
    arguments = parser.parse_args()
    if arguments.rounding:
        rounding()
        return
    simulated = arguments.simulated or arguments.synapses
    lifetimes(arguments.synapses, arguments.beakers, simulated, arguments.oldest)


if __name__ == "__main__":
    main()
