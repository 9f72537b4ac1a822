"""The baseline and one other strategy of a study, made ready to be run in many versions."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING

from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.engines.ode import LONGEST_STEP
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.records import Record
from flywheel_sim.study.inputs import parts_of
from flywheel_sim.study.series import series_of

if TYPE_CHECKING:
    from flywheel_sim.study.study import Study

__all__ = ["Pair", "pair_of"]


class Pair(Record):
    """Two strategies.

    Attributes:
        study: the scenario with its model.
        baseline: the name of a strategy.
        challenger: of another.
        dt: the step that is short enough for both.
    """

    study: Study
    baseline: str
    challenger: str
    dt: float

    @property
    def months(self) -> int:
        """The end of the shorter of the two runs."""
        strategies = self.study.scenario.strategies
        return min(strategies[name].months for name in (self.baseline, self.challenger))

    def month(self, asked: object) -> float:
        """A month in which both run; the last one unless asked for another.

        Raises:
            UsageError: if they do not.
        """
        if asked is None:
            return float(self.months)
        if isinstance(asked, bool) or not isinstance(asked, Real) or not 0 < float(asked) <= self.months:
            raise UsageError(f"month={asked!r} is not one in which both strategies run", fix=f"use one after 0 and up to {self.months}")
        return float(asked)

    def sign(self, by: str) -> float:
        """-1 where less of a series is better, else 1."""
        series = series_of(self.study.lowered).get(parts_of(by)[0])
        return -1.0 if series is not None and series.better == "lower" else 1.0


def pair_of(study: Study, challenger: str | None = None) -> Pair:
    """The baseline and another strategy.

    Args:
        study: the scenario with its model.
        challenger: the other; the best that is not the baseline unless said.

    Raises:
        UsageError: if there are no two strategies, or not this one.
        StateError: if one of their runs fails.
    """
    baseline = study.scenario.baseline
    others = [name for name in study.scenario.strategies if name != baseline]
    if not others:
        raise UsageError("this compares two strategies, and here is one", fix="add a second [strategies.NAME], like = the first")
    if challenger is not None and challenger not in others:
        raise UsageError(
            f"there is no strategy {challenger!r} beside the baseline", fix=nearest(challenger, others, "those to compare with it are")
        )
    stepped = study.all_stepped("rk4", None, [baseline, *(others if challenger is None else [challenger])])
    pair = Pair(study, baseline, challenger or others[0], stepped[baseline].dt or LONGEST_STEP)
    if challenger is not None or len(others) == 1:
        return pair

    def rank(name: str) -> float:
        value = pair.sign(study.by) * Reader(study.lowered, stepped[name].trace).at(study.by, None, -1)
        return -math.inf if math.isnan(value) else value

    return Pair(study, baseline, max(others, key=rank), pair.dt)
