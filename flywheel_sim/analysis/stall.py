"""How likely it is that nothing ever gets going: the share of many runs that are no further than they began."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.futures import wilson as wilson_of_share
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Stall", "stall", "wilson"]


class Stall(Record):
    """The share of many runs in which a series is not above its start.

    Attributes:
        share: at every saved time, 1 at the first where all begin with their own start; NaN where no run has a value.
        low: where the 95 % interval of the share begins.
        high: where it ends.
        replications: that were counted: those that did not fail and have a start.
    """

    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    replications: int


def stall(draws: Array, start: Array | float | None = None, *, each: int = 1) -> Stall:
    """In which share of many runs a series is not above its start, at every saved time.

    A run without a start or without a value at the end, as those have that failed, is left out altogether; one that has
    no value at some time between is left out at that time.

    Args:
        draws: the series, of shape (n, time); where less is better, with its sign changed.
        start: what each run is held against, one number for all or one for each; its own first value unless told otherwise.
        each: how many runs in a row are given the same and differ by luck alone: as far as these agree they tell less
            than so many independent runs would, and the intervals are as wide as that makes them.
    """
    import numpy as np

    begun = np.broadcast_to(draws[:, 0] if start is None else np.asarray(start, float), len(draws))
    sound = ~(np.isnan(begun) | np.isnan(draws[:, -1]))
    with np.errstate(invalid="ignore"):
        still = np.where(np.isnan(draws) | ~sound[:, np.newaxis], math.nan, (draws <= begun[:, np.newaxis]).astype(float))
    defined = (~np.isnan(still)).sum(axis=0).tolist()
    counts = np.nansum(still, axis=0).astype(int).tolist()
    share = tuple(one / count if count else math.nan for one, count in zip(counts, defined, strict=True))
    worth = independent(still, share, defined, each)
    ends = [wilson(one, count, of) for one, count, of in zip(counts, defined, worth, strict=True)]
    return Stall(share, tuple(low for low, _ in ends), tuple(high for _, high in ends), int(sound.sum()))


def independent(still: Array, share: Sequence[float], defined: Sequence[int], each: int) -> list[int]:
    """How many independent runs tell as much, at every saved time: n / (1 + (m - 1) r), r the correlation within groups of m.

    Where all runs agree r cannot be told and counts as 1: two runs of the same tell nothing of what else might be given.

    Args:
        still: of each run and saved time 1, 0, or NaN where it is not counted.
        share: the means of it.
        defined: how many of each are counted.
        each: m.
    """
    import numpy as np

    if each == 1:
        return list(defined)
    whole = len(still) // each * each
    groups = still[:whole].reshape(-1, each, still.shape[1])
    worth = []
    for time, (mean, count) in enumerate(zip(share, defined, strict=True)):
        rows = groups[:, :, time]
        rows = rows[~np.isnan(rows).any(axis=1)]
        within = float(rows.var(axis=1, ddof=1).mean()) if len(rows) else 0.0
        alike = 1.0 - within / (mean * (1.0 - mean)) if 0.0 < mean < 1.0 else 1.0
        worth.append(round(count / (1.0 + (each - 1) * min(max(alike, 0.0), 1.0))))
    return worth


def wilson(k: int, n: int, worth: int | None = None) -> tuple[float, float]:
    """The 95 % interval of a share of which k among n runs are seen (Wilson 1927); all of 0 to 1 without runs.

    Args:
        k: runs that count.
        n: of so many.
        worth: how many independent runs tell as much; all of them unless told otherwise.
    """
    low, high = wilson_of_share(k / n if n else 0.0, n if worth is None else worth)
    return (0.0 if not k else low), (1.0 if k == n else high)  # exact at the ends, where rounding would leave a rest
