"""Filters of event streams: hot pixels, refractory pixels, background activity.

Each takes a block of events and what it remembers of those before, and returns which events it lets through.
"""

from __future__ import annotations

import numpy as np

from spikemesh.ids import AnyArray, IntArray

LONG_AGO = -(2**60)


def hot_pixels(counts: IntArray, rate_hz: float, duration_s: float) -> AnyArray:
    """Return which pixels are hot: ``k > r T + 3 sqrt(r T)`` events in the time T, as of a scene without changes.

    Parameters
    ----------
    counts : ndarray of int64, shape (pixels,)
        Events in that time.
    rate_hz
        Rate r that a pixel may have; 50 Hz in the source.
    duration_s
        Time T.

    Notes
    -----
    Source: G. Lenz et al.: pixels above 50 Hz without illumination change; three standard deviations of a Poisson
    count keep those at 50 Hz.
    """
    mean = rate_hz * duration_s
    hot: AnyArray = counts > mean + 3.0 * np.sqrt(mean)
    return hot


def rested(t: IntArray, pixel: IntArray, least: int, last: IntArray) -> AnyArray:
    """Let through what comes at least ``least`` after the last event of its pixel that went through.

    Events that are held back do not start the time again: of a Poisson rate r ``r/(1 + r tau)`` is left.

    Parameters
    ----------
    t, pixel : ndarray of int64, shape (events,)
        Times, never falling, and pixels.
    least
        Time tau, in the unit of t.
    last : ndarray of int64, shape (pixels,)
        Time of the last event of each pixel that went through; changed.
    """
    order = np.argsort(pixel, kind="stable")
    at, where = t[order], pixel[order]
    kept = np.zeros(where.size, dtype=bool)
    following = np.flatnonzero(np.concatenate([[True], where[1:] != where[:-1]])[: where.size])
    ends = np.concatenate([following[1:], [where.size]])[: following.size]
    # The k-th event of each pixel in the k-th round.
    while following.size:
        pixels = where[following]
        late = at[following] - last[pixels] >= least
        kept[following[late]] = True
        last[pixels[late]] = at[following[late]]
        following = following + 1
        alive = following < ends
        following, ends = following[alive], ends[alive]
    through = np.empty_like(kept)
    through[order] = kept
    return through


def supported(t: IntArray, x: IntArray, y: IntArray, within: int, last: IntArray, width: int) -> AnyArray:
    """Let through what one of the eight neighbouring pixels had an event shortly before.

    Background activity is alone: of noise at the rate r ``1 - e^(-8 r tau)`` is left, a moving edge goes through.

    Parameters
    ----------
    t, x, y : ndarray of int64, shape (events,)
        Times, never falling, columns and rows.
    within
        Time tau, in the unit of t.
    last : ndarray of int64, shape (pixels,)
        Time of the last event of each pixel; changed.
    width
        Pixels in a row.

    Notes
    -----
    Source: T. Delbruck, Frame-free dynamic digital vision, Symposium on Secure-Life Electronics 2008.
    """
    height, count = last.size // width, t.size
    pixel = y * width + x
    order = np.argsort(pixel, kind="stable")
    # An event's place in the order of pixels, then time: the one before a neighbour's place is its latest.
    keys = pixel[order] * count + order
    through = np.zeros(count, dtype=bool)
    own = np.arange(count)
    for dx, dy in ((dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy):
        inside = (x + dx >= 0) & (x + dx < width) & (y + dy >= 0) & (y + dy < height)
        neighbour = np.where(inside, pixel + dy * width + dx, 0)
        place = np.searchsorted(keys, neighbour * count + own) - 1
        event = order[np.maximum(place, 0)]
        here = (place >= 0) & (pixel[event] == neighbour)
        latest = np.where(here, t[event], last[neighbour])
        through |= inside & (t - latest <= within)
    last[pixel[order]] = t[order]
    return through
