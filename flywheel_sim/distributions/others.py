"""Distributions other than beta: between ends, without ends, and one of some values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.distributions.distribution import FIRST, NORMAL_TAIL, Distribution, within
from flywheel_sim.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Discrete", "Lognormal", "Normal", "Triangular", "Uniform"]


class Triangular(Distribution):
    """A density that rises evenly from ``low`` to ``typical`` and falls evenly to ``high``."""

    low: float
    typical: float
    high: float

    @property
    def between(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def quantile(self, u: Array) -> Array:
        import numpy as np

        width, rise, fall = self.high - self.low, self.typical - self.low, self.high - self.typical
        left = self.low + np.sqrt(u * width * rise)
        right = self.high - np.sqrt((1 - u) * width * fall)
        return np.clip(np.where(u * width < rise, left, right), self.low, self.high)

    def cumulative(self, x: Array) -> Array:
        import numpy as np

        width, rise, fall = self.high - self.low, self.typical - self.low, self.high - self.typical
        left = np.clip(x - self.low, 0, rise) ** 2 / (width * rise or 1)
        right = 1 - np.clip(self.high - x, 0, fall) ** 2 / (width * fall or 1)
        return np.where(x < self.typical, left, right)


class Uniform(Distribution):
    """All values between two ends are as likely."""

    low: float
    high: float

    @property
    def typical(self) -> float:
        return within(self.low + (self.high - self.low) / 2, self.low, self.high)

    @property
    def between(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def quantile(self, u: Array) -> Array:
        import numpy as np

        return np.clip(self.low + (self.high - self.low) * u, self.low, self.high)

    def cumulative(self, x: Array) -> Array:
        import numpy as np

        if self.low == self.high:
            return np.where(x < self.low, 0.0, 1.0)
        return (np.clip(x, self.low, self.high) - self.low) / (self.high - self.low)


# Distributions without ends


class Normal(Distribution):
    """The normal distribution, by its mean and its standard deviation."""

    mean: float
    deviation: float

    @property
    def typical(self) -> float:
        return self.mean

    @property
    def between(self) -> tuple[float, float]:
        reach = NORMAL_TAIL * self.deviation
        return self.mean - reach, self.mean + reach

    @property
    def ends(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def quantile(self, u: Array) -> Array:
        import numpy as np
        from scipy.special import ndtri

        return np.asarray(self.mean + self.deviation * ndtri(u))

    def cumulative(self, x: Array) -> Array:
        import numpy as np
        from scipy.special import ndtr

        return np.asarray(ndtr((x - self.mean) / self.deviation))


class Lognormal(Distribution):
    """The logarithm is normal. About two thirds of the values lie between median / factor and median * factor.

    The factor is above 1: the exponential of the logarithm's standard deviation.
    """

    median: float
    factor: float

    @property
    def typical(self) -> float:
        return self.median

    @property
    def between(self) -> tuple[float, float]:
        reach = self.factor**NORMAL_TAIL
        return self.median / reach, self.median * reach

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0, math.inf

    def quantile(self, u: Array) -> Array:
        import numpy as np
        from scipy.special import ndtri

        return np.asarray(self.median * np.exp(math.log(self.factor) * ndtri(u)))

    def cumulative(self, x: Array) -> Array:
        import numpy as np
        from scipy.special import ndtr

        return np.asarray(ndtr(np.log(np.maximum(x, FIRST) / self.median) / math.log(self.factor)))


# One of some values


class Discrete(Distribution):
    """One of some values, each as often as its weight says; the weights need not add up to 1."""

    values: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def steps(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The values in order, those without weight left out, and the share of all draws up to each."""
        both = sorted((value, weight) for value, weight in zip(self.values, self.weights, strict=True) if weight > 0)
        most = max(self.weights)  # divided by first: a sum of weights may be more than a number holds
        whole = math.fsum(weight / most for _, weight in both)
        shares = [math.fsum(weight / most for _, weight in both[: count + 1]) / whole for count in range(len(both))]
        return tuple(value for value, _ in both), (*shares[:-1], 1.0)

    @property
    def typical(self) -> float:
        """The value that half of all draws do not exceed."""
        values, shares = self.steps
        return next(value for value, share in zip(values, shares, strict=True) if share >= 0.5)

    @property
    def between(self) -> tuple[float, float]:
        return self.ends

    @property
    def ends(self) -> tuple[float, float]:
        values, _ = self.steps
        return values[0], values[-1]

    def quantile(self, u: Array) -> Array:
        import numpy as np

        values, shares = self.steps
        return np.asarray(np.array(values)[np.searchsorted(shares, u)])

    def cumulative(self, x: Array) -> Array:
        import numpy as np

        values, shares = self.steps
        return np.asarray(np.array((0.0, *shares))[np.searchsorted(values, x, side="right")])

    def truncated(self, low: float, high: float) -> Distribution:
        kept = [(value, weight) for value, weight in zip(self.values, self.weights, strict=True) if weight > 0 and low <= value <= high]
        if not kept:
            raise UsageError(f"nothing of {self!r} lies within {low:g} and {high:g}", fix="widen the limits")
        least, greatest = self.ends
        return self if low <= least and greatest <= high else Discrete(*zip(*kept, strict=True))
