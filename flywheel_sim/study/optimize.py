"""The best investment: how to split a budget, and how to change the split over time, so that most comes of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.plan_words import sentences_of
from flywheel_sim.analysis.plans import Bound, OutOfSample, Plan
from flywheel_sim.records import replace
from flywheel_sim.study.plan_text import scenario_text, stated
from flywheel_sim.study.plans import Field, Outcome, Plans, statistic, together
from flywheel_sim.study.problem import DRAWS, MOST_PERIODS, Problem, draws_for, problem_of
from flywheel_sim.study.sampling import whole_number
from flywheel_sim.study.search import Search, best_of
from flywheel_sim.study.series import series_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flywheel_sim.study.study import Study

    Array = NDArray[np.float64]

__all__ = ["DRAWS", "MOST_PERIODS", "optimize", "scenario_text"]

ON_BOUND = 1e-6
NUDGE = 0.01  # of the money of a period
NEIGHBOURS, FAR = 256, 0.1  # plans near the best, and how much of the money they move
NEARLY = 0.01  # of the gain
READABLE = 5e-3  # of the gain: so much may be lost to a plan in round numbers


def optimize(
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
    generations: int | None = None,
    threads: int | None = None,
) -> Plan:
    """Find the split of the budget, period by period, that brings most at the end of the run.

    The search is differential evolution over plans, whole populations as one compiled batch: first over splits that do not
    change, then over all. The best are then climbed from, by sequential quadratic programming. No plan ever breaks a floor
    or cap; one with which cash falls below its floor is never returned.

    Args:
        study: the scenario with its model.
        strategy: the one to better; the best that is not the baseline unless said.
        maximise: a series; ``cash``; ``customers``, the model's headline; or ``value``, cash and what the customers of then are
            yet to bring. What decides who is ahead unless said. Where less of a series is better, it is made small.
        periods: how many of the same length, in each of which the split stays; one for each half-year unless said.
        total: ``fixed``: as much is spent as today, month by month; or ``free``: that is decided too, period by period, within
            the floor and cap of the lever of the money, or else its plausible range.
        floors: the least share of the budget by outlet, in every period.
        caps: the largest.
        cash_floor: cash never falls below it, looked at every month, in any of the draws.
        of: ``typical``, or what is to be best over draws: ``mean``, a quantile such as ``p05``, or ``cvar10``, the mean of
            the worst 10 %.
        draws: how many; :data:`DRAWS` unless said. For the typical case, on how many the plan is tried afterwards.
        seed: of the search and of the draws.
        generations: of the evolution; as many as are worth while unless said.
        threads: how many to use; as many as there are processors unless said.

    Raises:
        UsageError: for what cannot be meant.
        StateError: if the strategy fails as it is.
    """
    problem = problem_of(
        study,
        strategy,
        maximise=maximise,
        periods=periods,
        total=total,
        floors=floors,
        caps=caps,
        cash_floor=cash_floor,
        of=of,
        draws=draws,
        seed=seed,
        threads=threads,
    )
    if generations is not None:
        whole_number("generations", generations, 0, 100_000)
    return Report(problem, Search(problem.coarse, problem.cash_floor, problem.today(), seed, generations)).plan()


class Report:
    """A plan from what a search finds.

    Args:
        problem: what was asked for.
        search: how it is looked for.
    """

    def __init__(self, problem: Problem, search: Search) -> None:
        self.problem, self.search = problem, search
        self.goal, self.space, self.field = problem.goal, problem.space, problem.field

    def told(self, outcome: Outcome) -> Array:
        """How good plans are: higher is better."""
        return self.goal.sign * statistic(outcome.values, self.goal.of, self.goal.sign)

    def plan(self) -> Plan:
        """The whole."""
        problem = self.problem
        today = self.field.today(spent=True)
        was = float(self.told(today)[0])
        candidates = self.search.candidates()
        judged = self.field.run(candidates, spent=True)
        place = best_of(self.told(judged), judged.lowest.min(axis=1), problem.cash_floor)
        if place is None:
            return self.none_feasible(today, was, max(self.search.highest_cash, float(judged.lowest.min(axis=1).max())))
        best = candidates[place : place + 1]
        worth = float(self.told(judged)[place])
        gain = worth - was
        written = self.space.rounded(best)
        again = self.field.run(written, spent=True)
        kept = best_of(self.told(again), again.lowest.min(axis=1), problem.cash_floor) is not None
        if kept and worth - float(self.told(again)[0]) <= READABLE * gain and np.abs(written.shares.sum(axis=2) - 1).max() < 1e-8:
            best, judged, place = written, again, 0
            worth = float(self.told(again)[0])
            gain = worth - was
        low, high = math.nan, math.nan
        if problem.draws is not None:
            gains = self.goal.sign * (judged.values[place] - today.values[0])
            low, high = (float(one) for one in np.quantile(gains, (0.05, 0.95)))
        flat, loss = self.flatness(best, gain, was)
        spent = judged.spent[place].mean(axis=0)
        fresh = self.fresh(best)
        marginal = self.marginal(best, spent)
        plain = self.plain(
            was,
            best=self.goal.sign * worth,
            gain=gain,
            gain_low=low,
            gain_high=high,
            shares=self.rows(best.shares[0]),
            spend=self.paid(spent),
            budget=() if best.spend is None else tuple(float(one) for one in best.spend[0]),
            marginal=marginal,
            flat=flat,
            flat_loss=loss,
            bounds=self.bounds(best),
            feasible=True,
            out_of_sample=fresh,
            stated=stated(problem, best),
        )
        return replace(plain, sentences=self.sentences(plain))

    def none_feasible(self, today: Outcome, was: float, lowest: float) -> Plan:
        """What is said where no plan keeps cash above its floor."""
        nothing = dict.fromkeys(("best", "gain", "gain_low", "gain_high", "flat", "flat_loss"), math.nan)
        spend = self.paid(today.spent[0].mean(axis=0))
        plain = self.plain(
            was, shares=(), spend=spend, budget=(), marginal=(), bounds=(), feasible=False, out_of_sample=None, stated={}, **nothing
        )
        return replace(plain, sentences=self.sentences(plain, lowest))

    def plain(self, was: float, **found: Any) -> Plan:
        """A plan without its sentences."""
        problem = self.problem
        return Plan(
            strategy=problem.strategy,
            maximise=self.goal.name,
            of=self.goal.of,
            unit=self.goal.unit,
            months=float(self.field.months),
            today=self.goal.sign * was,
            periods=self.space.starts,
            today_shares=self.rows(problem.today_shares()),
            evaluations=self.field.evaluations + problem.coarse.evaluations,
            draws=problem.draws,
            seed=problem.seed,
            sentences=(),
            **found,
        )

    def sentences(self, plain: Plan, lowest: float = math.nan) -> tuple[str, ...]:
        study = self.problem.study
        return sentences_of(
            plain,
            self.goal,
            series_of(study.lowered).get(self.goal.name),
            currency=study.scenario.currency,
            time_unit=study.declaration.time_unit,
            cash_floor=self.problem.cash_floor,
            lowest=lowest,
        )

    def rows(self, shares: Array) -> tuple[Mapping[str, float], ...]:
        return tuple(dict(zip(self.space.outlets, map(float, row), strict=True)) for row in shares)

    def lengths(self) -> Array:
        return np.diff([*self.space.starts, float(self.field.months)])

    def paid(self, spent: Array) -> tuple[float, ...]:
        """Money a unit of time in each period."""
        if not spent.size:
            return (math.nan,) * self.space.periods
        return tuple(float(one) for one in np.diff(spent) / self.lengths())

    def bounds(self, best: Plans) -> tuple[Bound, ...]:
        """Shares, and spending, that are held where they are."""
        space, own, found = self.space, self.problem.own, []
        columns = [
            (label, best.shares[0, :, place], float(space.floors[place]), float(space.caps[place]), 1.0)
            for place, label in enumerate(space.outlets)
        ]
        if best.spend is not None and space.bounds is not None and self.problem.lever is not None:
            columns.append((self.problem.lever, best.spend[0], *space.bounds, max(space.bounds)))
        for label, values, low, high, size in columns:
            for side, at in (("floor", low), ("cap", high)):
                starts = tuple(start for start, value in zip(space.starts, values, strict=True) if abs(value - at) <= ON_BOUND * size)
                if starts:
                    found.append(Bound(label, starts, side, at, (label, side) in own or label == self.problem.lever))
        return tuple(found)

    # Around the best

    def marginal(self, best: Plans, spent: Array) -> tuple[Mapping[str, float], ...]:
        """The return of the next unit of money in one outlet and period, by a run with 1 % more in it alone.

        What is spent in a period is known from the run; the share of the outlet grows by what comes to it, and all others
        shrink so that they get what they got.
        """
        lever = self.problem.lever
        if lever is None or not spent.size:
            return ()
        lowered, inputs = self.field.lowered, self.problem.study.inputs(self.problem.strategy)
        slot = lowered.layout.parameters.index((lever, None))
        paid = np.array(self.paid(spent))
        more = np.full(self.space.periods, NUDGE) * np.where(paid > 0, paid, max(float(paid.max()), inputs.parameters[slot], 1.0))
        outlets = len(self.space.outlets)
        tried = np.repeat(best.shares, self.space.periods * outlets, axis=0)
        extra = np.zeros((len(tried), self.space.periods))
        for period in range(self.space.periods):
            for place in range(outlets):
                row = period * outlets + place
                tried[row, period] = tried[row, period] * paid[period] / (paid[period] + more[period])
                tried[row, period, place] += more[period] / (paid[period] + more[period])
                extra[row, period] = more[period]
        spend = None if best.spend is None else np.repeat(best.spend, len(tried), axis=0)
        base = self.told(self.field.run(best, more=(slot, np.zeros((1, self.space.periods)))))[0]
        gained = self.told(self.field.run(Plans(tried, spend), more=(slot, extra))) - base
        returns = gained.reshape(self.space.periods, outlets) / (more * self.lengths())[:, np.newaxis]
        return self.rows(returns)

    def flatness(self, best: Plans, gain: float, was: float) -> tuple[float, float]:
        """The share of plans near the best that are nearly as good, and what the middle one of them loses."""
        coarse, generator = self.problem.coarse, np.random.default_rng([self.problem.seed, 1])
        count = NEIGHBOURS if self.problem.draws is None else max(32, NEIGHBOURS * 16 // self.problem.draws)
        strange = self.space.random(count, generator)
        shares = (1 - FAR) * best.shares + FAR * strange.shares
        spend = None if best.spend is None or strange.spend is None else (1 - FAR) * best.spend + FAR * strange.spend
        near = coarse.run(together([best, self.space.exact(Plans(shares, spend))]))
        worth = self.told(near)
        keeps = ~np.isnan(worth)
        if self.problem.cash_floor is not None:
            keeps &= near.lowest.min(axis=1) >= self.problem.cash_floor
        size = gain if gain >= 0.01 * abs(was) else abs(was)
        lost = (worth[0] - worth[1:][keeps[1:]]) / size if size else np.zeros(0)
        if not lost.size:
            return math.nan, math.nan
        return float((lost <= NEARLY).mean()), float(np.median(lost))

    def fresh(self, best: Plans) -> OutOfSample | None:
        """The plan in draws it was not found on."""
        problem = self.problem
        if problem.fresh is None:
            return None
        seed = problem.seed + 1
        given = draws_for(problem.study, problem.strategy, problem.fresh, seed)
        field = self.elsewhere(given)
        today, then = field.today(), field.run(best)
        sound = ~np.isnan(today.values[0]) & ~np.isnan(then.values[0])
        self.field.evaluations += field.evaluations
        if not sound.any():
            return None
        before, after = today.values[:, sound], then.values[:, sound]
        of = "mean" if self.goal.of == "typical" else self.goal.of
        was, now = (float(statistic(one, of, self.goal.sign)[0]) for one in (before, after))
        gains = self.goal.sign * (after - before)[0]
        low, high = (float(one) for one in np.quantile(gains, (0.05, 0.95)))
        kept = 1.0 if problem.cash_floor is None else float((then.lowest[0, sound] >= problem.cash_floor).mean())
        return OutOfSample(int(sound.sum()), seed, was, now, self.goal.sign * (now - was), low, high, float((gains > 0).mean()), kept)

    def elsewhere(self, given: Any) -> Field:
        """The same in other draws."""
        field = self.field
        return Field(
            field.lowered,
            given,
            field.space,
            field.slots,
            field.money,
            field.goal,
            field.balance,
            field.outlay,
            field.months,
            field.dt,
            field.threads,
        )
