"""Experiments that find a claim true or false: declared beside the model, carried out by :mod:`flywheel_sim.study.claims`.

An experiment names series, levers and loops of the model; it holds no numbers of any scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.model.word import word
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.expressions import Expression
    from flywheel_sim.model.symbols import Switch

__all__ = [
    "Experiment",
    "Holding",
    "Missing",
    "PaysBack",
    "Spread",
    "Trend",
    "Turned",
    "Variation",
    "at",
    "falls",
    "holding_force",
    "missing",
    "off",
    "pays_back",
    "rises",
    "shift",
    "steadier",
    "turned",
]


class Variation(Record):
    """What one run has different from another; ``&`` joins two.

    Attributes:
        switches: loops and frictions that do not run.
        values: parameters and levers, or shares of the split, with their value; the other shares keep their proportions.
        shifts: labels of the split that give their share to another label.
    """

    switches: tuple[Switch, ...] = ()
    values: tuple[tuple[Expression, float], ...] = ()
    shifts: tuple[tuple[str, str], ...] = ()

    def __and__(self, other: Variation) -> Variation:
        return Variation(self.switches + other.switches, self.values + other.values, self.shifts + other.shifts)


@word
def off(*switches: Switch) -> Variation:
    """Without these loops or frictions."""
    return Variation(switches=switches)


@word
def at(parameter: Expression, value: float) -> Variation:
    """With a parameter, a lever or a share of the split, ``spread["alignment"]``, at a value in its declared unit."""
    return Variation(values=((parameter, float(value)),))


@word
def shift(label: str, *, to: str) -> Variation:
    """With one share of the split given to another."""
    return Variation(shifts=((label, to),))


class Experiment(Record):
    """Base of all experiments.

    Attributes:
        series: a metric, stock or group.
    """

    series: Expression


class Trend(Experiment):
    """A series goes one way between two months, and more so than under a variation.

    Attributes:
        way: 1 where it should rise, -1 where it should fall.
        first: the month from which it is followed, to the end.
        more_than: the variation under which it should do so less; None if none is asked for.
        pipeline: whether it is followed in the baseline, not in the challenger.
    """

    way: int
    first: float
    more_than: Variation | None = None
    pipeline: bool = False


class PaysBack(Experiment):
    """The challenger is worse than the baseline for a time, and better at the end."""


class Turned(Experiment):
    """A series is better with a second variation than with a first."""

    before: Variation
    after: Variation


class Missing(Experiment):
    """A series is worse under a variation."""

    without: Variation


class Holding(Experiment):
    """Little force holds the speed: the least share of the force, from a month on, that keeps a series where it is.

    Attributes:
        month: from when on.
        most: the share of the force below which it counts as little.
    """

    month: float
    most: float


class Spread(Experiment):
    """What is uncertain spreads a series less at the end than early on.

    Attributes:
        first: the early month.
        draws: how many times everything uncertain is drawn.
    """

    first: float
    draws: int


@word
def rises(series: Expression, *, first: float, more_than: Variation | None = None, pipeline: bool = False) -> Trend:
    """It rises from a month to the end."""
    return Trend(series, 1, first, more_than, pipeline)


@word
def falls(series: Expression, *, first: float, more_than: Variation | None = None, pipeline: bool = False) -> Trend:
    """It falls from a month to the end."""
    return Trend(series, -1, first, more_than, pipeline)


@word
def pays_back(series: Expression) -> PaysBack:
    """The challenger is worse than the baseline for a time, and better at the end."""
    return PaysBack(series)


@word
def turned(series: Expression, before: Variation, after: Variation) -> Turned:
    """It is better with ``after`` than with ``before``."""
    return Turned(series, before, after)


@word
def missing(series: Expression, without: Variation) -> Missing:
    """It is worse without something."""
    return Missing(series, without)


@word
def holding_force(series: Expression, *, month: float, most: float) -> Holding:
    """At most a share of the force is needed to hold it from a month on."""
    return Holding(series, month, most)


@word
def steadier(series: Expression, *, first: float, draws: int) -> Spread:
    """It is spread less at the end than in an early month."""
    return Spread(series, first, draws)
