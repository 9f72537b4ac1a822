"""Beta distributions: by a typical value between ends (PERT), or by mean and deviation."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.distributions.distribution import NORMAL_TAIL, Distribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Beta", "Pert", "widest_beta"]

TAIL = 0.05  # the share of the draws on either side of `between`
PERT_WEIGHT = 4.0  # of the typical value, against 1 of each end
MANY = 1e4  # the sum of the shapes from which on a beta's 5 % and 95 % are as good as those of a normal distribution
REACH = 8.5  # normal quantiles lie within: no draw is nearer to 0 or 1 than 2**-53
PIECES = 2048


class Pert(Distribution):
    """A beta distribution between ends, around a typical value: the mean is (low + 4 typical + high) / 6.

    (D. G. Malcolm et al., Operations Research 7, 1959.)
    """

    low: float
    typical: float
    high: float

    @property
    def between(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def shapes(self) -> tuple[float, float]:
        width = self.high - self.low
        if width == 0:
            return 1.0, 1.0
        return 1 + PERT_WEIGHT * (self.typical - self.low) / width, 1 + PERT_WEIGHT * (self.high - self.typical) / width

    def quantile(self, u: Array) -> Array:
        return beta_quantile(u, *self.shapes, self.low, self.high)

    def cumulative(self, x: Array) -> Array:
        return beta_cumulative(x, *self.shapes, self.low, self.high)


class Beta(Distribution):
    """A beta distribution between ends, by its mean and its standard deviation.

    Its square must be less than (mean - low) (high - mean).
    """

    mean: float
    deviation: float
    low: float = 0.0
    high: float = 1.0

    @property
    def typical(self) -> float:
        return self.mean

    @property
    def between(self) -> tuple[float, float]:
        """Its 5 % and 95 % quantiles, and the mean: the ends are far beyond where most betas go."""
        first, second = self.shapes
        if first + second > MANY:
            reach = NORMAL_TAIL * self.deviation
            return max(self.mean - reach, self.low), min(self.mean + reach, self.high)
        low, high = (self.low + (self.high - self.low) * beta_by_halving(share, first, second) for share in (TAIL, 1 - TAIL))
        return min(low, self.mean), max(high, self.mean)

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def shapes(self) -> tuple[float, float]:
        width = self.high - self.low
        mean, rest = (self.mean - self.low) / width, (self.high - self.mean) / width
        total = mean * rest / (self.deviation / width) ** 2 - 1
        return mean * total, rest * total

    def quantile(self, u: Array) -> Array:
        return beta_quantile(u, *self.shapes, self.low, self.high)

    def cumulative(self, x: Array) -> Array:
        return beta_cumulative(x, *self.shapes, self.low, self.high)


def widest_beta(mean: float, low: float, high: float) -> float:
    """The deviation that a beta distribution with this mean stays below: all of it would lie at the two ends."""
    return math.sqrt(max(0.0, (mean - low) * (high - mean)))


def beta_quantile(u: Array, first: float, second: float, low: float, high: float) -> Array:
    import numpy as np
    from scipy.special import betaincinv, ndtri

    if min(first, second) < 1:  # steep at an end: no curve through points follows it
        share = betaincinv(first, second, u)
    else:
        at = (np.clip(ndtri(u), -REACH, REACH) + REACH) * (PIECES / (2 * REACH))
        piece = np.minimum(at.astype(np.intp), PIECES - 1)
        on = at - piece
        start, slope, bend, twist = (part[piece] for part in beta_curve(first, second))
        share = start + on * (slope + on * (bend + on * twist))
    return np.asarray(np.clip(low + (high - low) * share, low, high))


@lru_cache(maxsize=256)
def beta_curve(first: float, second: float) -> tuple[Array, Array, Array, Array]:
    """The quantiles of a beta distribution over those of the normal one, as cubic pieces.

    To solve for each draw takes twenty times as long, which is as long as some models run. Both shapes are at least 1:
    then the curve is smooth, and the pieces are within 1e-11 of the width of the distribution.
    """
    import numpy as np
    from scipy.special import betaincinv, betaln, ndtr, xlogy

    z = np.linspace(-REACH, REACH, PIECES + 1)
    below = z <= 0  # each half from its own end, where numbers near 0 are exact
    share = np.empty_like(z)
    rest = np.empty_like(z)
    share[below] = betaincinv(first, second, ndtr(z[below]))
    rest[~below] = betaincinv(second, first, ndtr(-z[~below]))
    rest[below], share[~below] = 1 - share[below], 1 - rest[~below]
    density = xlogy(first - 1, share) + xlogy(second - 1, rest) - betaln(first, second)
    slope = np.exp(-0.5 * z * z - 0.5 * math.log(2 * math.pi) - density) * (2 * REACH / PIECES)
    rise = np.diff(share)
    bend, twist = 3 * rise - 2 * slope[:-1] - slope[1:], slope[:-1] + slope[1:] - 2 * rise
    return share[:-1], slope[:-1], bend, twist


def beta_cumulative(x: Array, first: float, second: float, low: float, high: float) -> Array:
    import numpy as np
    from scipy.special import betainc

    if low == high:
        return np.where(x < low, 0.0, 1.0)
    return np.asarray(betainc(first, second, (np.clip(x, low, high) - low) / (high - low)))


def beta_by_halving(share: float, first: float, second: float) -> float:
    """A quantile of the beta distribution between 0 and 1, to nine places, without SciPy."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, first, second) < share else (low, middle)
    return (low + high) / 2


def beta_share(x: float, first: float, second: float) -> float:
    """The share of a beta distribution below x, by its continued fraction (DLMF 8.17.22) and Lentz's method."""
    if not 0 < x < 1:
        return float(x >= 1)
    front = math.exp(math.lgamma(first + second) - math.lgamma(first) - math.lgamma(second) + first * math.log(x) + second * math.log1p(-x))
    turned = x > (first + 1) / (first + second + 2)  # where the fraction of the other side converges faster
    if turned:
        x, first, second = 1 - x, second, first
    above, below = 1.0, 1 / (1 - (first + second) * x / (first + 1))
    fraction = below
    for step in range(1, 2000):
        even = step * (second - step) * x / ((first + 2 * step - 1) * (first + 2 * step))
        odd = -(first + step) * (first + second + step) * x / ((first + 2 * step) * (first + 2 * step + 1))
        for term in (even, odd):
            below, above = 1 / (1 + term * below), 1 + term / above
            fraction *= below * above
        if abs(below * above - 1) < 1e-13:
            break
    share = front * fraction / first
    return 1 - share if turned else share
