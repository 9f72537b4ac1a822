"""Counts of numbers in bins, for each of many cells, in pages that exist where numbers have fallen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.summary.kernel import BINS, DONE, FULL, PAGES, SHIFT, kernel
from flywheel_sim.summary.pack import planes, whole_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from flywheel_sim.summary.pack import Unpacked

    Array = NDArray[Any]

__all__ = ["WIDTH", "Histogram", "ends_of"]

WIDTH = 2.0**-8  # of a bin, as a share of the magnitudes in it: what the leading bits of the kernel come to
MARGIN = 8  # pages; what a table may reach beyond what has been seen, so that it is seldom laid out anew
BLOCK = 4096  # pages taken from the system at once: half a mebibyte, of which the system gives only what is touched
CARRY = 16  # bits of a count in its page; what goes beyond is counted apart, for the few pages that have it
PAGE = np.dtype((np.uint16, BINS))


def ends_of(values: Array, floors: Array) -> tuple[Array, Array]:
    """What numbers reach, cell by cell.

    Args:
        values: of each cell, one row.
        floors: of each cell, the magnitude below which a number counts as zero.

    Returns:
        The least and the greatest number, and the positive and the negative number next to the bin of zero, as four
        columns (infinite where there is none); and how many numbers are finite.
    """
    cells, n = values.shape
    ends, defined = np.empty((cells, 4)), np.empty(cells, np.int64)
    kernel().scan(values.ctypes.data, cells, n, floors.ctypes.data, ends.ctypes.data, defined.ctypes.data)
    return ends + 0.0, defined  # which makes 0.0 of -0.0, whichever of the two came first


class Histogram:
    """Counts of numbers, for each cell.

    A side is the positive or the negative numbers of a cell: side 2 c, or 2 c + 1, of cell c. The pages of a side are
    numbered by magnitude, and the table holds the addresses of those from ``first`` on, one side after the other,
    behind that of a page for numbers that have none.

    Args:
        floors: of each cell, the magnitude below which a number counts as zero.

    Attributes:
        zeros: how many numbers of each cell counted as zero.
        carries: how often each bin of a page went past 2**16 - 1, by the number of the page.
    """

    def __init__(self, floors: Array) -> None:
        self.floors = floors
        self.zeros = np.zeros(len(floors), np.uint64)
        self.carries: dict[int, Array] = {}
        self.first = np.zeros(2 * len(floors), np.int64)
        self.start = np.ones(2 * len(floors) + 1, np.int64)
        self.astray = np.zeros(1, PAGE)
        self.table = np.array([self.astray.ctypes.data], np.uint64)
        self.blocks: list[Array] = []
        self.fresh = self.end = 0  # addresses: of the pages not given out yet

    # Counting

    def count(self, values: Array, ends: Array) -> None:
        """Count numbers whose ends are known (:func:`ends_of`)."""
        cells, n = values.shape
        least, greatest, above, below = (pages_of(column) for column in ends.T)
        low, high = np.empty(2 * cells, np.int64), np.empty(2 * cells, np.int64)
        low[0::2], high[0::2] = above, np.where(np.isfinite(ends[:, 2]), greatest, -1)
        low[1::2], high[1::2] = below, np.where(np.isfinite(ends[:, 3]), least, -1)
        self.widen(low, high)
        bases = self.start[:-1] - self.first
        state = np.array([0, 0, self.fresh, self.end, 0], np.int64)
        arrays = (values, self.floors, self.zeros, bases, self.table, state)
        data, *others = (array.ctypes.data for array in arrays)
        while (came := kernel().count(data, cells, n, *others)) != DONE:
            if came == FULL:
                self.extend()
                state[2:4] = self.fresh, self.end
            else:
                self.carry(int(state[4]))
        self.fresh = int(state[2])

    def reach(self, pages: Array) -> None:
        """Give memory to pages that may have none: 8,192 times the side, and the page of the side, rising."""
        side, page = np.divmod(pages, PAGES)
        low, high = np.full(len(self.first), PAGES), np.full(len(self.first), -1)
        np.minimum.at(low, side, page)
        np.maximum.at(high, side, page)
        self.widen(low, high)
        places = self.places(pages)
        missing = places[self.table[places] == 0]
        while len(missing):
            if self.fresh == self.end:
                self.extend()
            some = np.arange(self.fresh, self.end, PAGE.itemsize)[: len(missing)]
            self.table[missing[: len(some)]] = some
            self.fresh += len(some) * PAGE.itemsize
            missing = missing[len(some) :]

    def absorb(self, pages: Array, addresses: Array) -> None:
        """Add the counts of pages that lie elsewhere to pages that have memory.

        Args:
            pages: their numbers, rising.
            addresses: where their counts lie.
        """
        own, state = self.table[self.places(pages)], np.zeros(2, np.int64)
        arguments = own.ctypes.data, addresses.ctypes.data, len(pages), state.ctypes.data
        while kernel().absorb(*arguments) != DONE:
            self.carry(int(pages[state[0]]) * BINS + int(state[1]) - 1)

    def merge(self, other: Histogram) -> None:
        """Add the counts of another one, which stays as it is."""
        carries = [(page, times.copy()) for page, times in other.carries.items()]
        pages, addresses = other.pages()
        self.reach(pages)
        self.absorb(pages, addresses)
        self.zeros += other.zeros
        for page, times in carries:
            self.carries[page] = self.carries.get(page, 0) + times

    def carry(self, which: int) -> None:
        """Note that a bin began anew at 0."""
        page, place = divmod(which, BINS)
        self.carries.setdefault(page, np.zeros(BINS, np.int64))[place] += 1

    def extend(self) -> None:
        """Take more pages from the system."""
        self.blocks.append(np.zeros(BLOCK, PAGE))
        self.fresh = int(self.blocks[-1].ctypes.data)
        self.end = self.fresh + self.blocks[-1].nbytes

    def widen(self, low: Array, high: Array) -> None:
        """Let the table reach from one page to another on each side; where these are crossed, nothing is needed."""
        length = np.diff(self.start)
        last = self.first + length - 1
        empty = length == 0
        lower, higher = (low <= high) & (empty | (low < self.first)), (low <= high) & (empty | (high > last))
        if not (lower | higher).any():
            return
        first = np.where(lower, np.maximum(low - MARGIN, 0), self.first)
        last = np.where(higher, np.minimum(high + MARGIN, PAGES - 1), last)
        start = 1 + np.concatenate([[0], np.cumsum(last - first + 1)])
        table = np.zeros(start[-1], np.uint64)
        table[0] = self.table[0]
        used, side, page = self.used()
        table[start[side] + page - first[side]] = self.table[used]
        self.first, self.start, self.table = first, start, table

    # Reading

    def places(self, pages: Array) -> Array:
        """Where in the table pages are."""
        places: Array = (self.start[:-1] - self.first)[pages // PAGES] + pages % PAGES
        return places

    def used(self) -> tuple[Array, Array, Array]:
        """Where the table has pages, and the side and the number of each."""
        used = 1 + np.flatnonzero(self.table[1:])
        side = np.searchsorted(self.start, used, "right") - 1
        return used, side, used - self.start[side] + self.first[side]

    def pages(self) -> tuple[Array, Array]:
        """The numbers of all pages, rising, and their addresses: what :meth:`absorb` takes."""
        used, side, page = self.used()
        return side * PAGES + page, self.table[used]

    def at_ranks(self, ranks: Array, ends: Array) -> Array:
        """The numbers at some ranks of every cell; within a bin they are taken to lie evenly.

        Args:
            ranks: of each cell, a row: whole numbers from 0 to one less than it has numbers.
            ends: of each cell, a row: the least and the greatest number; infinite for a cell that has none.

        Returns:
            Of each cell, a row; not a number for one that has none.
        """
        pages, addresses = self.pages()
        cells = len(self.floors)
        starts = np.searchsorted(pages, np.arange(cells + 1) * 2 * PAGES)
        found = np.full(ranks.shape, np.nan)
        first = 0
        while first < cells:  # as many cells at once as have a block of pages, one at least
            last = max(first + 1, int(np.searchsorted(starts, starts[first] + BLOCK, "right")) - 1)
            here = slice(starts[first], starts[last])
            counts = self.counts_of(pages[here], addresses[here])
            rows, bins = np.nonzero(counts)
            keys = pages[here][rows] * BINS + bins
            found[first:last] = ranked(
                ranks[first:last], keys - first * 2 * PAGES * BINS, counts[rows, bins], self.zeros[first:last], ends[first:last]
            )
            first = last
        return found

    def totals(self) -> Array:
        """How many numbers each cell has."""
        totals = self.zeros.astype(np.int64)
        pages, addresses = self.pages()
        for start in range(0, len(pages), BLOCK):
            here = slice(start, start + BLOCK)
            np.add.at(totals, pages[here] // PAGES // 2, self.counts_of(pages[here], addresses[here]).sum(axis=1, dtype=np.int64))
        return totals

    def counts_of(self, pages: Array, addresses: Array) -> Array:
        """The counts of pages, one page a row."""
        counts = gathered(addresses)
        if self.carries:
            counts = counts.astype(np.int64)
            for row, page in enumerate(pages.tolist()):
                if page in self.carries:
                    counts[row] += self.carries[page] << CARRY
        return counts

    # Bytes

    def parts(self) -> Iterator[Array]:
        """Everything, as arrays, the same for any order in which it was counted."""
        pages, addresses = self.pages()
        carried = sorted(self.carries)
        yield from (np.array([len(pages), len(carried)]), self.zeros, pages, np.array(carried, np.int64))
        yield from (self.carries[page] for page in carried)
        for start in range(0, len(pages), BLOCK):
            yield planes(gathered(addresses[start : start + BLOCK]))

    @classmethod
    def of_parts(cls, floors: Array, unpacked: Unpacked) -> Histogram:
        """What :meth:`parts` took apart.

        Raises:
            ValueError: if that cannot have come from there.
        """
        made = cls(floors)
        length, carried = unpacked.take(np.int64, 2).tolist()
        made.zeros = unpacked.take(np.uint64, len(floors))
        pages, over = unpacked.take(np.int64, length), unpacked.take(np.int64, carried)
        times = unpacked.take(np.int64, carried, BINS)
        made.carries = dict(zip(over.tolist(), times, strict=True))
        if length and not (pages[0] >= 0 and pages[-1] < len(made.first) * PAGES and (np.diff(pages) > 0).all()):
            raise ValueError("this summary has pages of no cell")
        if not np.isin(over, pages).all() or (times < 0).any():
            raise ValueError("this summary has counts of no page")
        made.reach(pages)
        for start in range(0, length, BLOCK):
            here = pages[start : start + BLOCK]
            counts = whole_of(unpacked.take(np.uint8, 2, len(here) * BINS)).reshape(-1, BINS)
            made.absorb(here, counts.ctypes.data + np.arange(len(here)) * PAGE.itemsize)
        return made


def pages_of(values: Array) -> Array:
    """The page of each magnitude; that of an infinite one lies beyond all others."""
    numbers: Array = (np.abs(values).view(np.int64) >> SHIFT) // BINS
    return numbers


def gathered(addresses: Array) -> Array:
    """What lies in pages, one page a row."""
    counts = np.empty(len(addresses), PAGE)
    addresses = np.ascontiguousarray(addresses)
    kernel().gather(addresses.ctypes.data, len(addresses), counts.ctypes.data)
    return counts


def ranked(ranks: Array, keys: Array, counts: Array, zeros: Array, ends: Array) -> Array:
    """The numbers at some ranks of some cells.

    Args:
        ranks: of each cell, a row.
        keys: of the bins that hold anything: the side, and the leading bits.
        counts: of these bins.
        zeros: how many numbers of each cell count as zero.
        ends: of each cell, the least and the greatest number.
    """
    side, leading = np.divmod(keys, PAGES * BINS)
    near, far = ((leading + more << SHIFT).view(np.float64) for more in (0, 1))
    none = np.flatnonzero(zeros)
    cell = np.concatenate([side // 2, none])
    nothing = np.zeros(len(none))
    minus = side % 2 == 1
    low, high = (np.concatenate([np.where(minus, -one, other), nothing]) for one, other in ((far, near), (near, far)))
    each = np.concatenate([counts, zeros[none].astype(np.int64)]).astype(np.int64)
    order = np.lexsort((low, cell))
    cell, low, high, each = cell[order], low[order], high[order], each[order]
    least, greatest = ends[:, :1], ends[:, 1:2]
    through = np.cumsum(each)
    before = np.concatenate([[0], through])[np.searchsorted(cell, np.arange(len(ranks)))][:, np.newaxis]
    total = np.bincount(cell, each, len(ranks)).astype(np.int64)[:, np.newaxis]
    some = total > 0
    where = np.searchsorted(through, np.where(some, before + ranks, 0), "right").clip(max=max(len(each) - 1, 0))
    if not len(each):
        return np.full(ranks.shape, np.nan)
    share = (before + ranks - (through[where] - each[where]) + 0.5) / each[where]
    with np.errstate(invalid="ignore"):  # a cell without numbers has infinite ends
        bottom, top = low[where].clip(least, greatest), high[where].clip(least, greatest)
        found = (bottom + share * (top - bottom)).clip(least, greatest)
    found = np.where(ranks == 0, least, np.where(ranks == total - 1, greatest, found))
    made: Array = np.where(some, found, np.nan)
    return made
