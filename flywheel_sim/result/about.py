"""Where a result comes from, and how sure its numbers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_FAILURES", "About", "Failure"]

MOST_FAILURES = 100  # that are listed; all are counted


class Failure(Record):
    """A draw that failed: a number in it left what is possible.

    Attributes:
        draw: its number, from 0.
        strategy: that failed in it first; several where they failed at once, with commas between.
        month: when, in the model's time unit.
        values: what was drawn, by name.
        reason: what happened, in one line.
    """

    draw: int
    strategy: str
    month: float
    values: Mapping[str, float]
    reason: str


class About(Record):
    """Where a result comes from.

    Attributes:
        title: of the scenario.
        model: its name.
        months: the horizon, in the model's time unit.
        engine: what computed it.
        method: how time was stepped.
        dt: the longest step, None where the method chose its own.
        draws: how many.
        seed: of the draws.
        version: of this package.
        conservation: the largest imbalance of accounts, relative to their number.
        step_error: what halving the step is estimated to change in the metrics, relatively; None if not asked.
        time_unit: of the times.
        currency: how money is written.
        file: the scenario file.
        changes: what moves during the run, in words.
        uncertain: what was drawn, by name.
        sampling: how: ``sobol`` or ``random``; empty without draws.
        quantile_error: the largest relative error of a quantile that comes of not keeping the draws; 0 where they are exact.
        processor: the kind on which the numbers have these very bits; empty without draws.
        failed: how many draws failed in any of the strategies; they are in no quantile and no comparison.
        failures: the first hundred of them.
        tolerance: the step error that was asked for, relative; None if none was.
        each: how many draws in a row are given the same, and differ by luck alone.
    """

    title: str
    model: str
    months: float
    engine: str
    method: str
    dt: float | None
    draws: int
    seed: int
    version: str
    conservation: float
    step_error: float | None = None
    time_unit: str = "month"
    currency: str = "$"
    file: str = ""
    changes: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    sampling: str = ""
    quantile_error: float = 0.0
    processor: str = ""
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    tolerance: float | None = None
    each: int = 1
