"""What a best investment is asked for, checked and made ready."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.plans import Goal
from flywheel_sim.analysis.words import name_in_words
from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.model.measures import Lifetime
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Metric
from flywheel_sim.records import Record, replace
from flywheel_sim.study.given import Sampled
from flywheel_sim.study.plans import Field, Plans, Space
from flywheel_sim.study.sampling import MOST_DRAWS, whole_number
from flywheel_sim.study.series import series_of
from flywheel_sim.study.variants import draws_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from flywheel_sim.engines.ensemble import Draws
    from flywheel_sim.result import Series
    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["DRAWS", "MOST_PERIODS", "Problem", "draws_for", "problem_of"]

PERIOD = 6  # of the model's time unit
MOST_PERIODS = 20
DRAWS = 256  # where a plan is for many and nobody says how many
STEPS = (0.5, 0.25, 0.125, 0.0625)  # of the search, the longest that is good enough
GOOD_ENOUGH = 1e-3  # of the value of today's plan


class Problem(Record):
    """What is to be found, made ready.

    Attributes:
        study: the scenario with its model.
        strategy: the one to better.
        goal: what is to be most.
        space: the plans there can be.
        field: where plans are judged, in steps as short as those of the run.
        coarse: where they are searched, in steps as long as will do.
        cash_floor: below which cash must not fall; None for none.
        lever: the lever of the money; None where the model has no single one.
        draws: how many the plan is for; None for the typical case.
        fresh: how many it is tried on afterwards; None for none.
        seed: of search and draws.
        own: the floors and caps that somebody set, as (lever, side).
    """

    study: Study
    strategy: str
    goal: Goal
    space: Space
    field: Field
    coarse: Field
    cash_floor: float | None
    lever: str | None
    draws: int | None
    fresh: int | None
    seed: int
    own: frozenset[tuple[str, str]]

    def today(self) -> Plans:
        """Today's plan as the nearest there can be: the mean split of each period."""
        return self.space.exact(Plans(self.today_shares()[np.newaxis], self.today_spend()))

    def today_shares(self) -> Array:
        """The split of each period as the strategy has it, of shape (periods, outlets)."""
        return np.array([self.mean_course(slot) for slot in self.field.slots]).T

    def today_spend(self) -> Array | None:
        if self.space.bounds is None or self.field.money is None:
            return None
        return np.array([self.mean_course(self.field.money)])

    def mean_course(self, slot: int) -> list[float]:
        """A parameter's mean over each period, from the middles of months."""
        inputs = self.study.inputs(self.strategy)
        ends = (*self.space.starts[1:], float(self.field.months))
        found = []
        for start, end in zip(self.space.starts, ends, strict=True):
            months = [start + part + 0.5 for part in range(max(1, round(end - start)))]
            values = []
            for month in months:
                value = inputs.parameters[slot]
                for bend in inputs.bends:
                    if bend.parameter == slot and bend.time <= month:
                        value = bend.value + bend.slope * (month - bend.time)
                values.append(value)
            found.append(math.fsum(values) / len(values))
        return found


def problem_of(
    study: Study,
    strategy: str | None = None,
    *,
    maximise: str | None = None,
    periods: int | None = None,
    total: str = "fixed",
    floors: Mapping[str, float] | None = None,
    caps: Mapping[str, float] | None = None,
    cash_floor: float | None = None,
    of: str = "typical",
    draws: int | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Problem:
    """The search of :func:`optimize`, made ready.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if the strategy fails as it is.
    """
    whole_number("seed", seed, 0)
    if draws is not None:
        whole_number("draws", draws, 1, MOST_DRAWS)
    name = strategy_asked(study, strategy)
    goal = goal_of(study, maximise, checked_statistic(of))
    declared = study.declaration
    if declared.split is None:
        raise UsageError(f"{declared.name} has no split to decide", fix="use a model that has one: split(outlet(...))")
    months = study.scenario.strategies[name].months
    lever = lever_of_money(study)
    if total not in {"fixed", "free"}:
        raise UsageError(f"total={total!r} is neither", fix="use total='fixed' or total='free'")
    if total == "free" and lever is None:
        raise UsageError(f"{declared.name} has no single lever of money to free", fix="use total='fixed'")
    if cash_floor is not None and study.money()["balance"] is None:
        raise UsageError(f"{declared.name} does not say what cash is", fix="leave cash_floor out, or give the model a balance")
    if cash_floor is not None and (isinstance(cash_floor, bool) or not math.isfinite(cash_floor)):
        raise UsageError(f"cash_floor={cash_floor!r} is no amount", fix="give a number, such as -500_000")
    if cash_floor is not None and cash_floor > 0:
        raise UsageError("cash begins at 0, below that floor", fix="give a floor of 0 or less")
    space, own = space_of(study, name, starts_of(months, periods), lever if total == "free" else None, floors or {}, caps or {})
    count = None if of == "typical" else (draws or DRAWS)
    parameters = study.lowered.layout.parameters
    slots = [slot for slot, (known, _) in enumerate(parameters) if known == declared.split]
    money = None if lever is None or total == "fixed" else parameters.index((lever, None))
    dt = study.stepped(name, "rk4", None).dt or STEPS[1]
    given = draws_for(study, name, count, seed)
    balance = study.money()["balance"] if cash_floor is not None else None

    def field(step: float) -> Field:
        return Field(study.lowered, given, space, slots, money, goal, balance, study.money()["outlay"], months, step, threads)

    fine = field(dt)
    values = fine.today().values
    sound = ~np.isnan(values[0])
    if not sound.any():
        raise UsageError(f"{goal.title} is undefined at the end of {name}", fix="maximise another series, or run for longer")
    if not sound.all():
        given = only(given, sound)
        fine = field(dt)
        values = fine.today().values
    coarse = field(coarsest(field, values, dt))
    fresh = draws or (None if of == "typical" else DRAWS)
    return Problem(study, name, goal, space, fine, coarse, cash_floor, lever, count, fresh, seed, own)


def coarsest(field: Callable[[float], Field], values: Array, dt: float) -> float:
    """The longest step that gives what short ones do."""
    for step in STEPS:
        if step <= dt:
            break
        found = field(step).today().values
        if np.all(np.abs(found - values) <= GOOD_ENOUGH * np.abs(values)):
            return step
    return dt


def draws_for(study: Study, strategy: str, count: int | None, seed: int) -> Draws:
    """What a strategy is given in so many draws; in one, all typical, where there is no number."""
    if count is None:
        return draws_of([study.inputs(strategy)])
    return Sampled(study, count, seed, "sobol").draws(strategy, 0, count)


def only(draws: Draws, which: NDArray[np.bool_]) -> Draws:
    """Some of the draws."""
    bends = tuple(replace(bend, value=bend.value[which], slope=bend.slope[which]) for bend in draws.bends)
    return replace(draws, parameters=draws.parameters[:, which], bends=bends)


# What is asked for


def strategy_asked(study: Study, strategy: str | None) -> str:
    strategies = study.scenario.strategies
    if strategy is not None:
        if strategy not in strategies:
            raise UsageError(f"there is no strategy {strategy!r}", fix=nearest(strategy, strategies, "the strategies are"))
        return strategy
    if len(strategies) == 1:
        return next(iter(strategies))
    from flywheel_sim.study.pair import pair_of

    return pair_of(study).challenger


def checked_statistic(of: str) -> str:
    """What is told of draws, as it is written.

    Raises:
        UsageError: if there is no such thing.
    """
    if of in {"typical", "mean"}:
        return of
    found = re.fullmatch(r"(p|cvar)(\d{1,2})", str(of))
    if found is None or not 0 < int(found[2]) < 100:
        raise UsageError(f"of={of!r} is nothing that can be best", fix="use typical, mean, a quantile such as p05, or cvar10")
    return of


def goal_of(study: Study, maximise: str | None, of: str) -> Goal:
    """What is to be most.

    Raises:
        UsageError: if there is no such thing.
    """
    known = series_of(study.lowered)
    name = maximise or study.by
    money = study.money()["balance"]
    if name not in known and name == "cash" and money is not None:
        name = money
    if name not in known and name == "customers" and study.declaration.headline is not None:
        name = study.declaration.names[study.declaration.headline]
    if name not in known and name == "value":
        headline, worth = worth_of(study)
        assert money is not None
        title = f"value (cash, and what {name_in_words(headline)} are yet to bring)"
        return Goal("value", title, "$", (money, headline, worth), 1.0, of, money=True)
    if name not in known:
        raise UsageError(f"there is no series {name!r}", fix=nearest(name, [*known, "cash", "value"], "the series are"))
    series: Series = known[name]
    if series.labels != (None,):
        raise UsageError(f"{name} has labels: it is not one number", fix="maximise a metric, stock or group without labels")
    sign = -1.0 if series.better == "lower" else 1.0
    return Goal(name, name_in_words(name), series.unit, (name,), sign, of, money=series.unit == "$")


def worth_of(study: Study) -> tuple[str, str]:
    """The headline, and the metric of what each account in it is worth: money an account, over its expected life.

    Raises:
        UsageError: if the model has none, or does not say what cash is.
    """
    declared = study.declaration
    if declared.headline is not None and study.money()["balance"] is not None:
        headline = declared.names[declared.headline]
        for name, node in declared.metrics.items():
            unit = str(declared.units[name])
            if (
                isinstance(node, Metric)
                and unit == f"$/{declared.units[headline]}"
                and any(isinstance(part, Lifetime) for part in descend(node, declared.names))
            ):
                return headline, name
    raise UsageError(f"{declared.name} does not say what a customer is worth", fix="maximise cash, or a series")


def lever_of_money(study: Study) -> str | None:
    """The one lever whose split is decided; None where there are several, or none."""
    found = [
        name for name, one in study.declaration.parameters.items() if one.role == "lever" and one.force and str(one.unit).startswith("$/")
    ]
    return found[0] if len(found) == 1 else None


def starts_of(months: int, periods: int | None) -> tuple[float, ...]:
    """When periods begin."""
    if periods is None:
        length = PERIOD * math.ceil(months / (PERIOD * MOST_PERIODS))
        return tuple(float(start) for start in range(0, months, length))
    whole_number("periods", periods, 1, min(MOST_PERIODS, months))
    return tuple(float(round(number * months / periods)) for number in range(periods))


def space_of(
    study: Study, strategy: str, starts: tuple[float, ...], lever: str | None, floors: Mapping[str, float], caps: Mapping[str, float]
) -> tuple[Space, frozenset[tuple[str, str]]]:
    """The plans there can be, and which of their bounds somebody set.

    Raises:
        UsageError: if there are none, or a bound cannot be meant.
    """
    declared = study.declaration
    split = declared.split
    assert split is not None
    outlets = tuple(label for label in declared.parameters[split].default if label is not None)
    lows, highs = np.zeros(len(outlets)), np.ones(len(outlets))
    bounds = None
    if lever is not None:
        bounds = study.between(strategy, lever, None)
    own = set()
    ends: dict[str, float] = {}
    for side, stated, shares in (("floor", floors, lows), ("cap", caps, highs)):
        for given, value in stated.items():
            name = str(given).removeprefix(f"{split}[").removeprefix(f"{split}.").removesuffix("]")
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
                raise UsageError(f"the {side} of {given} is {value!r}, which is no number", fix="give a share, such as 0.1")
            if name in outlets:
                if not 0 <= value <= 1:
                    raise UsageError(f"the {side} of {name} is {value:g}, and shares are from 0 to 1", fix="give a share, such as 0.1")
                shares[outlets.index(name)] = value
                own.add((name, side))
            elif name == lever:
                ends[side] = float(value)
                own.add((name, side))
            else:
                raise UsageError(
                    f"there is nothing called {given!r} to decide",
                    fix=nearest(name, [*outlets, *([lever] if lever else [])], "decided are"),
                )
    for place, label in enumerate(outlets):
        if lows[place] > highs[place]:
            raise UsageError(f"the floor of {label} is above its cap", fix="lower the floor or raise the cap")
    if lows.sum() > 1 + 1e-9 or highs.sum() < 1 - 1e-9:
        which = "floors are together more" if lows.sum() > 1 else "caps are together less"
        raise UsageError(f"the {which} than the whole budget", fix="shares are together 1")
    if lever is not None:
        limits = declared.parameters[lever].limits
        low, high = (ends.get(side, None if bounds is None else bounds[place]) for place, side in enumerate(("floor", "cap")))
        if low is None or high is None:
            raise UsageError(f"no plausible range of {lever} is known", fix=f"give floors and caps for {lever}")
        if not limits[0] <= low <= high <= limits[1]:
            raise UsageError(f"{low:g} to {high:g} is no range of {lever}", fix="give a floor below a cap, both within its limits")
        bounds = (low, high)
    return Space(outlets, starts, lows, highs, bounds), frozenset(own)
