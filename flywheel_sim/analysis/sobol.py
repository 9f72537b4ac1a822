"""Sobol indices: how much of the variance of an outcome each assumption is to blame for, alone and with all others.

The sample is Saltelli's: two independent matrices A and B, and for each factor a copy of A with that factor from B
(Saltelli and others, 2010, "Variance based sensitivity analysis of model output"). The indices are SciPy's; the function is
evaluated at all points in one call, so that the runs behind it are made together. A factor may be several numbers, such as
those of values that are correlated: what is told is then what they do together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.errors import RunError, UsageError
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["CONFIDENCE", "MOST_DRAWS", "Indices", "sobol_of"]

CONFIDENCE = 0.95
RESAMPLES = 999
AT_ONCE = 1 << 18  # numbers that are resampled together, so that memory stays flat
MOST_DRAWS = 1 << 20
SAMPLED, RESAMPLED = 101, 102  # streams of random numbers that a seed gives
BITS = 30  # of a Sobol point


class Indices(Record):
    """The indices of some factors, each array of shape (factors,), and what is known of the outcome.

    Attributes:
        first: the share of the variance that would be gone if the factor were known; may come out a little below 0.
        first_low: the lower end of its bootstrap interval of 95 %.
        first_high: the upper end.
        total: the share that would be left if all but the factor were known: what it does alone and together with others.
        total_low: the lower end of its interval.
        total_high: the upper end.
        mean: of the outcome.
        deviation: its standard deviation.
        left_out: how many points of the sample were replaced because the outcome was undefined there.
        runs: how many points were evaluated.
    """

    first: Array
    first_low: Array
    first_high: Array
    total: Array
    total_low: Array
    total_high: Array
    mean: float
    deviation: float
    left_out: int
    runs: int


def sobol_of(
    function: Callable[[Array], Array], dimensions: int, draws: int, *, seed: int = 0, factors: Sequence[Sequence[int]] | None = None
) -> Indices:
    """The Sobol indices of a function of independent numbers, each even between 0 and 1.

    Args:
        function: takes points of shape (dimensions, n), all strictly between 0 and 1, and gives n outcomes, NaN where there
            is none.
        dimensions: how many numbers a point has.
        draws: of each of the matrices A and B; a power of 2. The function is evaluated at draws * (factors + 2) points.
        seed: of the sample.
        factors: the numbers of each factor; each number by itself unless said. Numbers of no factor vary like all others.

    Raises:
        UsageError: if the number of draws is no power of 2.
        RunError: if the outcome is undefined at more than half of the points.
    """
    if not (2 <= draws <= MOST_DRAWS and draws & (draws - 1) == 0):
        near = min(max(2, 1 << round(np.log2(max(draws, 2)))), MOST_DRAWS)
        raise UsageError(f"draws={draws} is no power of 2, as Sobol indices need", fix=f"use draws={near}")
    factors = [(number,) for number in range(dimensions)] if factors is None else factors
    made = evaluated(function, points_of(dimensions, 0, draws, seed), factors)
    sound = np.isfinite(made).all(axis=0)
    left_out, runs = int((~sound).sum()), made.size
    if left_out:
        more = evaluated(function, points_of(dimensions, draws, 2 * draws, seed), factors)
        made, runs = np.hstack([made, more]), runs + more.size
        sound = np.isfinite(made).all(axis=0)
        if sound.sum() < draws:
            raise RunError(f"the outcome is undefined in {(~sound).sum()} of {sound.size} draws", fix="ask for another outcome")
        made = made[:, sound][:, :draws]
    first, total = estimated(made[:, np.newaxis])[:, 0]
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(RESAMPLED,)))
    chosen = generator.integers(0, draws, (RESAMPLES, draws))
    size = max(1, AT_ONCE // made.size)
    again = np.concatenate([estimated(made[:, chosen[number : number + size]]) for number in range(0, RESAMPLES, size)], axis=1)
    tail = (1 - CONFIDENCE) / 2
    (first_low, total_low), (first_high, total_high) = np.quantile(again, (tail, 1 - tail), axis=1)
    return Indices(
        first, first_low, first_high, total, total_low, total_high, float(made[:2].mean()), float(made[:2].std()), left_out, runs
    )


def points_of(dimensions: int, start: int, stop: int, seed: int) -> Array:
    """Points of one scrambled Sobol sequence, of shape (2, dimensions, stop - start): the rows of A, and those of B."""
    from scipy.stats.qmc import Sobol

    stream = np.random.SeedSequence(seed, spawn_key=(SAMPLED,))
    engine = Sobol(2 * dimensions, scramble=True, bits=BITS, rng=np.random.default_rng(stream))
    if start:
        engine.fast_forward(start)
    points = np.asarray(engine.random(stop - start), dtype=float).T
    return points.reshape(2, dimensions, stop - start) + 0.5 ** (BITS + 1)  # half a grain: the middle of each, and never 0


def evaluated(function: Callable[[Array], Array], points: Array, factors: Sequence[Sequence[int]]) -> Array:
    """The outcome at A, at B and at each mixture, of shape (2 + factors, draws)."""
    first, second = points
    pages = [first, second]
    for factor in factors:
        mixture = first.copy()
        mixture[list(factor)] = second[list(factor)]
        pages.append(mixture)
    return np.asarray(function(np.hstack(pages)), dtype=float).reshape(len(pages), -1)


def estimated(made: Array) -> Array:
    """First and total indices of several outcomes; 0 where one does not vary.

    Args:
        made: the outcomes at A, at B and at each mixture, of shape (2 + factors, outcomes, draws).

    Returns:
        Of shape (2, outcomes, factors).
    """
    from scipy.stats import sobol_indices

    _, outcomes, draws = made.shape
    # SciPy drops what there is one of: so there are two factors and two outcomes at least.
    pages = made if len(made) > 3 else np.concatenate([made, made[2:]])
    pages = pages if outcomes > 1 else np.repeat(pages, 2, axis=1)
    found = sobol_indices(func={"f_A": pages[0], "f_B": pages[1], "f_AB": pages[2:]}, n=draws)
    return np.asarray([found.first_order, found.total_order])[:, :outcomes, : len(made) - 2]
