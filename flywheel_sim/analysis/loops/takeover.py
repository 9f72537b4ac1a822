"""When a declared loop takes over: in one run, or in each of many draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Takeover", "month_of_takeover"]


class Takeover(Record):
    """When a declared loop takes over, in each of many draws.

    Attributes:
        loop: its name.
        month: of shape (draws,), in the model's time unit; NaN where it never does, or the draw failed.
        failed: of shape (draws,): whether the draw left what is possible.
        never: the share of the other draws in which it never takes over.
        exhaustive: whether all loops of the model were looked at; if not, the strongest of the typical run.
    """

    loop: str
    month: Array
    failed: NDArray[np.bool_]
    never: float
    exhaustive: bool

    def quantiles(self, *probabilities: float) -> tuple[float, ...]:
        """Of the month, where there is one; NaN if there is none at all."""
        there = self.month[~np.isnan(self.month)]
        return tuple(float(np.quantile(there, one)) if there.size else float("nan") for one in probabilities)


def month_of_takeover(declared: Mapping[str, Array], time: Array, loop: str, *, above: float | None = None, hold: float = 1.0) -> Array:
    """From when on a declared loop leads, for at least a while; NaN where it never does.

    Args:
        declared: the share of each declared loop, of shape (intervals,) or (intervals, draws).
        time: where each interval begins.
        loop: the name of the one that is asked for.
        above: the share that it must have; None for more than the absolute share of any other declared loop.
        hold: how long it must lead, in the model's time unit; to the horizon, if that is nearer.

    Raises:
        UsageError: if there is no such loop.
    """
    if loop not in declared:
        raise UsageError(f"there is no loop {loop!r} at work", fix=nearest(loop, declared, "the loops are"))
    own = declared[loop]
    others = [np.abs(share) for name, share in declared.items() if name != loop]
    least = np.zeros_like(own) if above is None and not others else np.max(others, axis=0) if above is None else np.full_like(own, above)
    leads = own > least
    step = float(time[1] - time[0]) if len(time) > 1 else hold
    needed = max(1, round(hold / step))
    run = np.zeros(own.shape[1:], dtype=int)
    month = np.full(own.shape[1:], np.nan)
    for interval in reversed(range(len(time))):  # backwards, so that the horizon can cut the last lead short
        left = len(time) - interval
        run = np.where(leads[interval], run + 1, 0)
        month = np.where(run >= min(needed, left), time[interval], month)
    return month
