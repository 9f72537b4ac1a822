"""What a distribution is, and what is left of one within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError
from flywheel_sim.records import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["FIRST", "NORMAL_TAIL", "Distribution", "Truncated", "within"]

FIRST, LAST = 2.0**-1022, 1 - 2.0**-53  # the numbers next to 0 and 1 that quantiles are asked for
NORMAL_TAIL = 1.6448536269514722  # how many deviations above the mean 95 % of a normal distribution end


class Distribution(Record):
    """Base of all distributions."""

    if TYPE_CHECKING:  # a field in some, computed in others

        @property
        def typical(self) -> float:
            """What a run without draws uses."""

        @property
        def between(self) -> tuple[float, float]:
            """How far it plausibly goes: its ends, or where it has none (or where they say little) its 5 % and 95 % quantiles."""

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value that is possible at all."""
        raise NotImplementedError

    def quantile(self, u: Array) -> Array:
        """The value below which a share of all draws lies, for each share; these lie strictly between 0 and 1."""
        raise NotImplementedError

    def cumulative(self, x: Array) -> Array:
        """The share of all draws that are at most x: the inverse of :meth:`quantile`."""
        raise NotImplementedError

    def truncated(self, low: float, high: float) -> Distribution:
        """The same distribution, given that the value lies within limits; itself where nothing is cut.

        Raises:
            UsageError: if none of it lies within them.
        """
        least, greatest = self.ends
        if low <= least and greatest <= high:
            return self
        if not (low <= high and low <= greatest and least <= high):
            raise UsageError(f"nothing of {self!r} lies within {low:g} and {high:g}", fix="widen the limits")
        return Truncated(self, max(low, least), min(high, greatest))


class Truncated(Distribution):
    """A distribution within limits, by the conditional inverse: u goes from the share below ``low`` to the share below ``high``."""

    whole: Distribution
    low: float
    high: float

    @property
    def typical(self) -> float:
        return within(self.whole.typical, self.low, self.high)

    @property
    def between(self) -> tuple[float, float]:
        """That of the whole distribution, as far as it lies within the limits."""
        low, high = self.whole.between
        return within(low, self.low, self.high), within(high, self.low, self.high)

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def shares(self) -> tuple[Any, Any]:
        import numpy as np

        below, above = self.whole.cumulative(np.array([self.low, self.high]))
        return below, above

    def quantile(self, u: Array) -> Array:
        import numpy as np

        below, above = self.shares()
        whole = self.whole.quantile(np.clip(below + u * (above - below), FIRST, LAST))
        return np.clip(whole, self.low, self.high)

    def cumulative(self, x: Array) -> Array:
        import numpy as np

        below, above = self.shares()
        return np.asarray((self.whole.cumulative(np.clip(x, self.low, self.high)) - below) / (above - below))

    def truncated(self, low: float, high: float) -> Distribution:
        least, greatest = self.ends
        return self if low <= least and greatest <= high else self.whole.truncated(max(low, least), min(high, greatest))


def within(value: float, low: float, high: float) -> float:
    """A value, or the end of a range that it lies beyond."""
    return min(max(value, low), high)
