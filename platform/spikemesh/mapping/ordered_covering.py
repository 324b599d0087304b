"""Tables of keys and masks made smaller by their order: of the entries that match a key the first counts.

Ordered covering (Mundy, Heathcote and Garside, On-chip order-exploiting routing table minimization for a multicast
supercomputer network, IEEE HPSR, 2016): entries lie in order of rising generality, that is, of bits that they leave
open. Entries with one route are merged into a more general one further down, which may match keys of entries above it.
It must not match keys that entries below it serve with another route (*down-check*), nor may an entry of another route
that it comes to lie below match keys that it serves (*up-check*); entries that stand in the way are left out of the
merger. Here all keys that come to a router are known, so that both are looked up rather than bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.ids import AnyArray, IntArray


@dataclass(frozen=True, eq=False)
class Entries:
    """Entries of a table; the first that matches a key counts.

    Attributes
    ----------
    value, mask : ndarray of int64, shape (entries,)
        A key matches where ``key & mask == value``.
    route : ndarray of int64, shape (entries,)
        Number of the route.
    """

    value: IntArray
    mask: IntArray
    route: IntArray

    def first_match(self, keys: IntArray) -> IntArray:
        """Return the entry that counts for each key; -1: none."""
        matches = (keys[:, None] & self.mask) == self.value
        found: IntArray = (
            np.where(matches.any(axis=1), matches.argmax(axis=1), -1)
            if self.value.size
            else -np.ones_like(keys)
        )
        return found


def ordered(entries: Entries, keys: IntArray, wanted: IntArray, bits: int, most: int) -> Entries:
    """Merge entries until there are no more than so many, or no more mergers.

    Parameters
    ----------
    entries
        Entries such that all that match one key have one route.
    keys, wanted : ndarray of int64, shape (keys,)
        All keys that come, and the route of each. A key that no entry matches must be matched by none of another route.
    bits
        Bits of a key.
    most
        Entries that there is room for.

    Returns
    -------
    Entries
        In the order in which they count; each key that an entry matched has the route that it had, each other one is
        matched by none of another route than it wants.
    """
    table = _Table(entries, keys, wanted, bits)
    merged = True
    while merged and table.size > most:
        merged = False
        routes, count = np.unique(table.entries().route, return_counts=True)
        for route in routes[np.lexsort((routes, -count))][: np.count_nonzero(count > 1)].tolist():
            while table.size > most and table.merge(route):
                merged = True
    return table.entries()


class _Table:
    """A table under work. An entry keeps its place in the arrays; its order follows from its generality.

    Every key has an owner, an entry that matches it with its route: all entries above that match it have that route.
    """

    def __init__(self, entries: Entries, keys: IntArray, wanted: IntArray, bits: int) -> None:
        self._keys, self._wanted, self._all = keys, wanted, (1 << bits) - 1
        self._bits = 1 << np.arange(bits, dtype=np.int64)
        self._value, self._mask, self._route = (np.array(a, dtype=np.int64) for a in
                                                (entries.value, entries.mask, entries.route))  # fmt: skip
        self._there = np.ones(self._value.size, dtype=bool)
        self._turn = np.arange(self._value.size, dtype=np.int64)
        """Of entries of one generality, those that were there before come first."""
        self._owner = entries.first_match(keys)

    @property
    def size(self) -> int:
        return int(np.count_nonzero(self._there))

    def entries(self) -> Entries:
        order = np.lexsort((self._turn, self._generality(self._mask)))
        order = order[self._there[order]]
        return Entries(self._value[order], self._mask[order], self._route[order])

    def _generality(self, mask: IntArray) -> IntArray:
        open_bits: IntArray = ((mask[..., None] & self._bits) == 0).sum(axis=-1)
        return open_bits

    def merge(self, route: int) -> bool:
        """Merge as many entries of a route as can be; tell whether any were."""
        chosen = np.flatnonzero(self._there & (self._route == route))
        while chosen.size > 1:
            value, mask = self._common(chosen)
            # Entries of less or equal generality stay above the new one.
            above = self._there & (self._generality(self._mask) <= self._generality(np.array(mask)))
            hidden = self._hidden(chosen, above, route)
            if hidden.size:
                chosen = np.setdiff1d(chosen, hidden)
                continue
            wrong = self._wrong(value, mask, above, route)
            if wrong.size:
                chosen = self._narrowed(chosen, mask, wrong)
                continue
            self._replace(chosen, value, mask)
            return True
        return False

    def _common(self, chosen: IntArray) -> tuple[int, int]:
        values, masks = self._value[chosen], self._mask[chosen]
        mask = int(np.bitwise_and.reduce(masks) & ~np.bitwise_or.reduce(values ^ values[0]) & self._all)
        return int(values[0]) & mask, mask

    def _hidden(self, chosen: IntArray, above: AnyArray, route: int) -> IntArray:
        """Return chosen entries with a key that an entry of another route above would match (up-check)."""
        others = np.flatnonzero(above & (self._route != route))
        mine = np.flatnonzero(np.isin(self._owner, chosen))
        matches = (self._keys[mine][:, None] & self._mask[others]) == self._value[others]
        return np.unique(self._owner[mine[matches.any(axis=1)]])

    def _wrong(self, value: int, mask: int, above: AnyArray, route: int) -> IntArray:
        """Return keys of other routes that the merged entry would match first (down-check)."""
        hit = np.flatnonzero(((self._keys & mask) == value) & (self._wanted != route))
        # Keys of entries above are matched by these first; those without an entry (-1) by whatever comes.
        wrong: IntArray = self._keys[hit[~np.append(above, False)[self._owner[hit]]]]
        return wrong

    def _narrowed(self, chosen: IntArray, mask: int, wrong: IntArray) -> IntArray:
        """Leave out the fewest entries such that one more bit sets the merged entry apart from some wrong key."""
        is_open = (mask & self._bits) == 0
        fixed = (self._mask[chosen][:, None] & self._bits) != 0
        one = (self._value[chosen][:, None] & self._bits) != 0
        wrong_one = (wrong[:, None] & self._bits) != 0
        best, kept = (chosen.size + 1, 0), chosen[:0]
        for bit in np.flatnonzero(is_open).tolist():
            for polarity in (False, True):
                stay = fixed[:, bit] & (one[:, bit] == polarity)
                solved = int(np.count_nonzero(wrong_one[:, bit] != polarity))
                cost = (chosen.size - int(np.count_nonzero(stay)), -solved)
                if solved and cost < best:
                    best, kept = cost, chosen[stay]
        return kept

    def _replace(self, chosen: IntArray, value: int, mask: int) -> None:
        new, others = int(chosen[0]), chosen[1:]
        self._owner[np.isin(self._owner, others)] = new
        self._there[others] = False
        self._value[new], self._mask[new] = value, mask
        self._turn[new] = int(self._turn.max()) + 1
