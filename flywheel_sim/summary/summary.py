"""Many numbers for each of many cells: extremes, counts and quantiles, with a stated error and flat memory.

While all values together take no more than a limit they are kept and everything is exact. Beyond it they become
counts in bins, which are indexed by the leading bits of the number, so that adding counts is all that merging
takes, and any order of the draws gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.errors import UsageError
from flywheel_sim.summary.histogram import WIDTH, Histogram, ends_of
from flywheel_sim.summary.kept import Kept
from flywheel_sim.summary.pack import Unpacked, pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["Summary"]

DEPTH = 2.0**-64  # magnitudes below this share of a cell's scale count as zero
NORMAL = 2.0**-1022  # magnitudes below this have fewer leading bits than a bin needs


class Summary:
    """A streaming summary of numbers, draw by draw, for each of many cells.

    The error of a quantile, once values are no longer kept: the sample quantile lies between two values of the sample
    (linear interpolation, as NumPy does), and each is found within 2**-8 (0.39 %) of its own magnitude. Where both
    have the same sign that bounds the relative error of the quantile by 2**-8. Magnitudes below ``floors`` count as
    zero, an error of at most ``floors``. The extremes are exact, and no quantile lies beyond them.

    Args:
        cells: how many.
        scale: of each cell, a typical magnitude; 0 where none is known.
        exact: how many bytes the kept values may take before they become counts.

    Attributes:
        cells: how many.
        floors: of each cell, the magnitude below which a number may count as zero: a power of two, 2**-64 of the scale
            or a little less.
        exact: the limit, in bytes.
        draws: how many have been added.

    Raises:
        UsageError: if the scales do not fit the cells, or are negative or not finite.
    """

    def __init__(self, cells: int, scale: Array, exact: int = 64 * 2**20) -> None:
        scale = np.asarray(scale, np.float64)
        if scale.shape != (cells,) or not (np.isfinite(scale) & (scale >= 0)).all():
            raise UsageError(
                "a summary needs a scale for each cell, finite and not negative", fix="give the greatest magnitude of a few draws"
            )
        self.cells = cells
        self.exact = exact
        powers = np.where(scale > 0, np.ldexp(1.0, np.frexp(scale)[1] - 1), 0.0)
        self.floors: Array = np.maximum(powers * DEPTH, NORMAL)
        self.draws = 0
        self.defined = np.zeros(cells, np.int64)
        self.ends: Array = np.tile([np.inf, -np.inf], (cells, 1))
        self.kept = Kept()
        self.counts: Histogram | None = None

    # What is known

    @property
    def count(self) -> Array:
        """How many values of each cell are defined."""
        return self.defined.copy()

    @property
    def undefined(self) -> Array:
        """How many values of each cell are not: not a number, or infinite."""
        return self.draws - self.defined

    @property
    def least(self) -> Array:
        """The least value of each cell, exactly; not a number where none is defined."""
        return np.where(self.defined > 0, self.ends[:, 0], np.nan)

    @property
    def greatest(self) -> Array:
        """The greatest value of each cell, exactly; not a number where none is defined."""
        return np.where(self.defined > 0, self.ends[:, 1], np.nan)

    @property
    def error(self) -> float:
        """The bound of the relative error of quantiles: 0 while all values are kept."""
        return 0.0 if self.counts is None else WIDTH

    def quantiles(self, probabilities: Sequence[float]) -> Array:
        """The values that given shares of the draws lie below.

        Args:
            probabilities: from 0 to 1.

        Returns:
            One row for each probability, one column for each cell; not a number where nothing is defined.

        Raises:
            UsageError: if a probability lies outside 0 and 1.
        """
        shares = np.asarray(probabilities, np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise UsageError("a probability lies between 0 and 1", fix="write 0.9 for 90 %")
        if self.counts is None:
            return self.kept.quantiles(shares, self.defined)
        places = shares[:, None] * (self.defined - 1).clip(0)
        below = np.floor(places)
        ranks = np.concatenate([below, np.ceil(places)]).astype(np.int64)
        low, high = np.split(self.counts.at_ranks(ranks.T, self.ends).T, 2)
        found: Array = low + (places - below) * (high - low)
        return found

    @property
    def too_many(self) -> bool:
        """Whether the values of all draws would take more than the limit: on this alone rests whether they are kept."""
        return 8 * self.cells * self.draws > self.exact

    # What is added

    def add(self, values: Array, start: int) -> None:
        """Add draws.

        Args:
            values: one row for each cell, one column for each draw; not a number (or infinite) where undefined.
            start: the number of the first draw.

        Raises:
            UsageError: if the shape is another, or the numbers are not float64 in the order of C.
        """
        if values.ndim != 2 or len(values) != self.cells or values.dtype != np.float64 or not values.flags.c_contiguous:
            raise UsageError(
                f"a summary of {self.cells} cells takes as many rows of float64", fix="values = numpy.ascontiguousarray(values, float)"
            )
        ends, defined = ends_of(values, self.floors)
        self.note(values.shape[1], defined, ends[:, :2])
        if self.counts is not None:
            self.counts.count(values, ends)
        elif values.size:
            self.kept.add(start, values.copy())

    def merge(self, other: Summary) -> None:
        """Add the draws of another summary of the same cells, which stays as it is.

        Raises:
            UsageError: if its cells, scales or limit are others.
        """
        if (self.cells, self.exact) != (other.cells, other.exact) or not np.array_equal(self.floors, other.floors):
            raise UsageError("summaries of other cells, scales or limits cannot be merged", fix="make both with the same arguments")
        blocks, counts = list(other.kept.blocks), other.counts
        self.note(other.draws, other.defined, other.ends)
        if self.counts is None:
            for start, values in blocks:
                self.kept.add(start, values)
        elif counts is None:
            for _, values in blocks:
                self.counts.count(values, ends_of(values, self.floors)[0])
        else:
            self.counts.merge(counts)

    def note(self, draws: int, defined: Array, ends: Array) -> None:
        """Note that draws come in, and turn to counts where the values become too many to keep."""
        self.draws += draws
        self.defined = self.defined + defined
        self.ends = np.column_stack([np.minimum(self.ends[:, 0], ends[:, 0]), np.maximum(self.ends[:, 1], ends[:, 1])])
        if self.counts is None and self.too_many:
            self.counts = Histogram(self.floors)
            for values in self.kept.let_go():
                self.counts.count(values, ends_of(values, self.floors)[0])

    # Bytes

    def to_bytes(self) -> bytes:
        """Everything, the same to the bit for any order in which the draws came."""
        return pack(self.parts(), level=0 if self.counts is None else 1)

    def parts(self) -> Iterator[Array]:
        yield np.array([self.cells, self.exact, self.draws, self.counts is not None], np.int64)
        yield self.floors
        if self.counts is None:
            runs, values = self.kept.gathered()
            yield from (np.array([len(runs)]), np.array(runs, np.int64), values)
        else:
            yield from (self.defined, self.ends)
            yield from self.counts.parts()

    @classmethod
    def from_bytes(cls, data: bytes) -> Summary:
        """What :meth:`to_bytes` gave.

        Raises:
            ValueError: if the bytes are damaged or never came from there.
        """
        unpacked = Unpacked(data)
        cells, exact, draws, counted = unpacked.take(np.int64, 4).tolist()
        floors = unpacked.take(np.float64, cells)
        try:
            made = cls(cells, floors / DEPTH, exact)
        except UsageError as error:
            raise ValueError("this summary has scales that cannot be") from error
        if counted:
            made.draws = draws
            made.defined, made.ends = unpacked.take(np.int64, cells), unpacked.take(np.float64, cells, 2)
            made.counts = Histogram.of_parts(made.floors, unpacked)
        else:
            runs = unpacked.take(np.int64, int(unpacked.take(np.int64, 1)[0]), 2)
            values, done = unpacked.take(np.float64, cells, int(runs[:, 1].sum())), 0
            for start, length in runs.tolist():
                made.add(np.ascontiguousarray(values[:, done : done + length]), start)
                done += length
        unpacked.end()
        made.check(draws, counted=bool(counted))
        return made

    def check(self, draws: int, *, counted: bool) -> None:
        """Make sure that the parts agree with each other."""
        totals = self.defined if self.counts is None else self.counts.totals()
        agreed = self.draws == draws and self.too_many == counted and np.array_equal(totals, self.defined)
        agreed = agreed and 0 <= totals.min(initial=draws) <= totals.max(initial=0) <= draws
        if not agreed or (np.isfinite(self.ends) != (totals > 0)[:, None]).any() or (self.ends[:, 0] > self.ends[:, 1])[totals > 0].any():
            raise ValueError("this summary contradicts itself")

    def __reduce__(self) -> tuple[Any, ...]:
        return Summary.from_bytes, (self.to_bytes(),)  # addresses mean nothing in another process
