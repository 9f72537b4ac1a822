"""A scenario: values only, checked, every strategy complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.distributions import Distribution

__all__ = ["Correlation", "Move", "Name", "Scenario", "Strategy", "Value"]

# The name of a parameter, and one of its labels or None.
Name = tuple[str, str | None]


class Value(Record):
    """A value as a file states it.

    Attributes:
        typical: what a run without draws uses.
        between: how low and how high it may be, where the file says so.
        distribution: what a run with draws draws it from, within the limits of its parameter; None for a certain value.
        draw: the name of what is drawn: its parameter, and the label; no label where one value is stated for all
            labels, which then share each draw. None for a certain value.
    """

    typical: float
    between: tuple[float, float] | None = None
    distribution: Distribution | None = None
    draw: Name | None = None


class Correlation(Record):
    """Two uncertain values that go together.

    Attributes:
        first: the name of what is drawn, as :class:`Value` has it.
        second: the other.
        rank: Spearman's rank correlation, between -1 and 1.
    """

    first: Name
    second: Name
    rank: float


class Move(Record):
    """A change of a lever during the run.

    Attributes:
        lever: the name of a lever or of the split.
        kind: ``step``, ``ramp`` or ``pulse``.
        at: when it starts, in the model's time unit.
        to: the new value; by label for the split, else under None.
        length: how long a ramp takes or a pulse lasts; 0 for a step.
    """

    lever: str
    kind: str
    at: float
    to: Mapping[str | None, float]
    length: float


class Strategy(Record):
    """One way to invest.

    Attributes:
        name: as the file calls it.
        note: in words.
        off: the loops and frictions that do not run.
        settings: levers, the split, and whatever else differs from the model's defaults, the business included.
        moves: in the order of time.
        months: its horizon.
    """

    name: str
    note: str
    off: tuple[str, ...]
    settings: Mapping[Name, Value]
    moves: tuple[Move, ...]
    months: int


class Scenario(Record):
    """A scenario file, read.

    Attributes:
        title: what the scenario is about.
        note: more about it.
        model: the name of the model.
        months: the horizon.
        currency: how money is written.
        baseline: the strategy the others are compared with.
        by: what being ahead means: the name of a metric, stock or group; None for the model's headline.
        values: the business: what the file sets for every strategy.
        strategies: by name, in the order of the file.
        warnings: what looks implausible, ready to print.
        data: the file as parsed.
        text: the file itself; empty where it was changed from Python.
        file: its name.
        correlations: which uncertain values go together.
    """

    title: str
    note: str
    model: str
    months: int
    currency: str
    baseline: str
    by: str | None
    values: Mapping[Name, Value]
    strategies: Mapping[str, Strategy]
    warnings: tuple[str, ...]
    data: Mapping[str, Any]
    text: str
    file: str
    correlations: tuple[Correlation, ...] = ()
