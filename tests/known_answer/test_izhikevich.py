"""The twenty patterns of Izhikevich 2004, driven step by step (models.md A6, KA-A6a).

Counts and times are those of the author's script figure1.m, which stamps a spike with the start of its
step; a step of spikemesh stamps its end, one step later.
"""

import numpy as np
import pytest

import spikemesh as sm


def within(t, low, high):
    return (t > low) & (t < high)


def inhibited(t):
    return np.where((t >= 50) & (t <= 250), 75.0, 80.0)


def pulses(t, *windows):
    return np.any([within(t, *w) for w in windows], axis=0)


L = 100 / 11
CLASS_1 = {"k1": 4.1, "k0": 108.0}
NO_LEAK = {"u_offset": 65.0, "u_leak": 0.0}
# letter: a b c d, V0, step ms, duration ms, I(t), spikes, first ms, last ms
PATTERNS = {
    "A": ((0.02, 0.2, -65, 6), -70, 0.25, 100, lambda t: 14.0 * (t > 10), 5, 13.0, 86.75),
    "B": ((0.02, 0.25, -65, 6), -64, 0.25, 200, lambda t: 0.5 * (t > 20), 1, 43.75, 43.75),
    "C": ((0.02, 0.2, -50, 2), -70, 0.25, 220, lambda t: 15.0 * (t > 22), 28, 25.0, 204.5),
    "D": ((0.02, 0.25, -55, 0.05), -64, 0.2, 200, lambda t: 0.6 * (t > 20), 6, 39.0, 67.2),
    "E": ((0.02, 0.2, -55, 4), -70, 0.25, 160, lambda t: 10.0 * (t > 16), 6, 20.0, 131.5),
    "F": ((0.01, 0.2, -65, 8), -70, 0.25, 85, lambda t: 30.0 * (t > 8.5), 6, 10.25, 71.5),
    "G": ((0.02, -0.1, -55, 6), -60, 0.25, 300, lambda t: 0.075 * (t - 30) * (t > 30), 10, 84.5, 290.5),
    "H": ((0.2, 0.26, -65, 0), -64, 0.25, 300, lambda t: -0.5 + 0.015 * (t - 30) * (t > 30), 14, 105.75, 293.0),
    "I": ((0.02, 0.2, -65, 6), -70, 0.2, 100, lambda t: 7.04 * within(t, 10, 13), 1, 26.6, 26.6),
    "J": ((0.05, 0.26, -60, 0), -62, 0.25, 200, lambda t: 2.0 * within(t, 20, 25), 1, 26.5, 26.5),
    "K": ((0.1, 0.26, -60, -1), -62, 0.25, 400,
          lambda t: 0.65 * pulses(t, (40, 44), (60, 64), (280, 284), (320, 324)), 1, 338.0, 338.0),
    "L": ((0.02, -0.1, -55, 6), -60, 0.25, 100,
          lambda t: 9.0 * pulses(t, (L, L + 2), (L + 5, L + 7), (70, 72), (80, 82)), 1, 20.0, 20.0),
    "M": ((0.03, 0.25, -60, 4), -64, 0.2, 200, lambda t: -15.0 * within(t, 20, 25), 1, 68.0, 68.0),
    "N": ((0.03, 0.25, -52, 0), -64, 0.2, 200, lambda t: -15.0 * within(t, 20, 25), 7, 68.0, 92.2),
    "O": ((0.03, 0.25, -60, 4), -64, 0.25, 100,
          lambda t: 1.0 * pulses(t, (10, 15), (80, 85)) - 6.0 * within(t, 70, 75), 1, 93.25, 93.25),
    "P": ((0.1, 0.26, -60, 0), -61, 0.25, 300,
          lambda t: np.where(pulses(t, (37.5, 42.5), (216, 221)), 1.24, 0.24), 5, 45.25, 208.0),
    "Q": ((1, 0.2, -60, -21), -70, 0.1, 50, lambda t: 20.0 * (np.abs(t - 10) < 1), 1, 11.3, 11.3),
    "R": ((0.02, 1, -55, 4), -65, 0.5, 400,
          lambda t: np.where(t < 200, t / 25, (t - 300) / 12.5 * 4 * ((t >= 300) & (t < 312.5))), 1, 311.5, 311.5),
    "S": ((-0.02, -1, -60, 8), -63.8, 0.5, 350, inhibited, 3, 94.5, 236.0),
    "T": ((-0.026, -1, -45, -2), -63.8, 0.5, 350, inhibited, 12, 86.5, 204.0),
}  # fmt: skip


def add(net, letter):
    (a, b, c, d), v0, h, duration, current, *_ = PATTERNS[letter]
    variant = CLASS_1 if letter in "GL" else NO_LEAK if letter == "R" else {}
    u0 = -16.0 if letter == "R" else b * v0
    neuron = net.add_population(
        letter, 1, "izhikevich", a=a, b=b, c=c, d=d, init={"v": v0, "u": u0}, **variant
    )
    times = np.arange(round(duration / h) + 1) * h
    net.drive(neuron, sm.steps(times, np.asarray(current(times), dtype=float)))
    net.probe(neuron, "spikes")


@pytest.mark.parametrize("h", [0.1, 0.2, 0.25, 0.5])
def test_patterns(simulate, h):
    letters = [letter for letter, pattern in PATTERNS.items() if pattern[2] == h]
    net = sm.Network(timestep=h)
    for letter in letters:
        add(net, letter)
    trace = simulate(net, max(PATTERNS[letter][3] for letter in letters) + h)
    found, expected = {}, {}
    for letter in letters:
        _, _, _, duration, _, count, first, last = PATTERNS[letter]
        times = trace.spikes(letter).times_ms
        times = times[times <= duration + h + 1e-9]
        found[letter] = (times.size, *np.round(times[[0, -1]], 6))
        expected[letter] = (count, round(first + h, 6), round(last + h, 6))
    assert found == expected


def test_all_twenty_are_there():
    assert len(PATTERNS) == 20
