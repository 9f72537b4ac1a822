"""Luck and ignorance: how much of a spread would be there if everything uncertain were known.

Runs come in pairs: both of a pair are given the same, and differ by luck alone. By the law of total variance the
variance of all is the mean of the variances within (luck) plus the variance of the means (ignorance). Half the mean
squared difference within pairs estimates the first; the variance of the means of pairs holds half of it besides the second.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.records import Record
from flywheel_sim.result import undefined_to_none

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["FEWEST", "Luck", "all_luck", "split"]

FEWEST = 8  # pairs below which nothing is said
GROUPS = 200  # of pairs, each left out in turn for the interval
NORMAL = 1.959963985  # the 97.5 % quantile of the normal distribution


class Luck(Record):
    """The spread of a number over runs, split in two.

    Attributes:
        share: of the variance that is luck: 1 where all of it is.
        low: where that share begins, with 95 %.
        high: where it ends.
        luck: the standard deviation that is left if everything uncertain is known.
        ignorance: the standard deviation that is left if there is no luck.
        pairs: by how many pairs of runs that is told; 0 where nothing is uncertain, and all is luck.
    """

    share: float
    low: float
    high: float
    luck: float
    ignorance: float
    pairs: int

    def as_json(self) -> dict[str, Any]:
        """What the command prints of it."""
        return {name: undefined_to_none(value) for name, value in vars(self).items()}


def all_luck() -> Luck:
    """The split where nothing is uncertain."""
    return Luck(1.0, 1.0, 1.0, math.nan, 0.0, 0)


def split(pairs: Array) -> Luck | None:
    """Split a spread.

    Args:
        pairs: of shape (pairs, 2); pairs in which either is undefined are left out.

    Returns:
        None where fewer than 8 pairs are left, or all values are the same. The interval is a jackknife's: it follows from
        what each part of the pairs, left out, changes.
    """
    sound = pairs[np.isfinite(pairs).all(axis=1)]
    count = len(sound)
    if count < FEWEST or np.ptp(sound) == 0:
        return None
    means = sound.mean(axis=1)
    means = means - means.mean()  # so that squares lose no digits
    columns = np.stack([(sound[:, 0] - sound[:, 1]) ** 2 / 2, means, means**2], axis=1)
    luck, ignorance = parts(columns.sum(axis=0), count)
    groups = min(GROUPS, count)
    sums = np.stack([columns[group::groups].sum(axis=0) for group in range(groups)])
    sizes = np.array([len(columns[group::groups]) for group in range(groups)])
    without = share(*parts((sums.sum(axis=0) - sums).T, count - sizes))
    error = math.sqrt((groups - 1) * float(np.mean((without - without.mean()) ** 2)))
    middle = min(float(share(luck, ignorance)), 1.0)
    whole = luck + max(float(ignorance), 0.0)
    return Luck(
        share=float(luck / whole),
        low=min(max(middle - NORMAL * error, 0.0), 1.0),
        high=min(middle + NORMAL * error, 1.0),
        luck=math.sqrt(luck),
        ignorance=math.sqrt(max(float(ignorance), 0.0)),
        pairs=count,
    )


def parts(sums: Array, count: Any) -> tuple[Any, Any]:
    """The variances of luck and of ignorance, from the sums of halved squares, of means and of squared means; the second may be below 0."""
    luck = sums[0] / count
    between = (sums[2] - sums[1] ** 2 / count) / (count - 1)
    return luck, between - luck / 2


def share(luck: Any, ignorance: Any) -> Any:
    """What luck is of the whole: above 1 where ignorance is estimated below 0."""
    whole = np.asarray(luck + ignorance)
    return np.divide(luck, whole, out=np.ones(whole.shape), where=whole > 0)
