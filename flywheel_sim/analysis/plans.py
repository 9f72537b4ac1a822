"""A plan for a budget: what goes where and when, and what it gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError
from flywheel_sim.records import Record
from flywheel_sim.result import undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Bound", "Goal", "OutOfSample", "Plan", "statistic_in_words"]


class Goal(Record):
    """What a plan makes as much of as can be.

    Attributes:
        name: as it was asked for: a series, ``cash`` or ``value``.
        title: in words.
        unit: of the value.
        series: what is read at the end of a run: one series that is the value itself; or money, a number of accounts and
            what each of them is worth, of which it is the first plus the product of the others.
        sign: -1 where less is better, else 1.
        of: ``typical``, or what is told of many draws: ``mean``, ``p05`` (a quantile) or ``cvar10`` (the mean of the worst 10 %).
        money: whether the value is money.
    """

    name: str
    title: str
    unit: str
    series: tuple[str, ...]
    sign: float
    of: str
    money: bool


class Bound(Record):
    """A share, or the spending, that a constraint holds where it is.

    Attributes:
        lever: the outlet of the split, or the lever of the money.
        starts: the beginnings of the periods in which it is held.
        side: ``floor`` or ``cap``.
        at: the floor or the cap.
        own: whether somebody set it, rather than that nothing is less than 0 or more than all.
    """

    lever: str
    starts: tuple[float, ...]
    side: str
    at: float
    own: bool

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return {"lever": self.lever, "starts": list(self.starts), "side": self.side, "at": self.at, "own": self.own}


class OutOfSample(Record):
    """The same plan in draws that it was not found on.

    Attributes:
        draws: how many; those that fail with today's plan are not among them.
        seed: of the draws.
        today: what today's plan gives, as the plan was judged: the mean, a quantile, ...
        best: what the plan gives.
        gain: how much better that is.
        gain_low: 5 % of draws gain less than this, each set against today's plan in the same draw.
        gain_high: 5 % of draws gain more.
        wins: the share of draws in which the plan is better than today's.
        kept: the share of draws in which cash keeps above its floor; 1 where there is none.
    """

    draws: int
    seed: int
    today: float
    best: float
    gain: float
    gain_low: float
    gain_high: float
    wins: float
    kept: float

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        return {name: undefined_to_none(getattr(self, name)) for name in self.__match_args__}


class Plan(Record):
    """The best investment found for a strategy.

    Attributes:
        strategy: the name of the strategy that it betters.
        maximise: what is made as much of as can be: the name of a series, ``cash`` or ``value``.
        of: ``typical``, ``mean``, ``p05``, ``cvar10``, ...
        unit: of the values.
        months: when it is read.
        today: what the strategy gives as it is.
        best: what the plan gives; NaN where no plan keeps cash above its floor.
        gain: how much better the best is, in the unit of the values; above 0 is better, also where less is.
        gain_low: 5 % of draws gain less, each set against today's plan in the same draw; NaN without draws.
        gain_high: 5 % of draws gain more.
        periods: the months in which the periods of the plan begin.
        shares: by period: the share of the budget that each outlet gets.
        today_shares: by period: what it gets as the strategy is, the mean over the period.
        spend: by period: money spent a month under the plan, margin put back included; NaN where the model does not say.
        budget: by period: what the lever of the money is set to; empty where the spending is as before.
        marginal: by period: how much better it gets with the next unit of money in one outlet alone; empty where the model has
            no one lever of money.
        flat: the share of plans that move a tenth of the money at random, all period by period, and keep 99 % of the gain.
        flat_loss: what such plans lose of the gain, the middle one of them; of the value where the gain is below 1 % of it.
        bounds: what a constraint holds.
        feasible: whether some plan keeps cash above its floor.
        evaluations: how many runs were made in all.
        draws: how many the plan was found on; None where all is typical.
        seed: of draws and search.
        out_of_sample: the same plan in other draws; None where there are none.
        sentences: what all that means.
        stated: the strategy as a scenario file states it, beside ``like``.
    """

    strategy: str
    maximise: str
    of: str
    unit: str
    months: float
    today: float
    best: float
    gain: float
    gain_low: float
    gain_high: float
    periods: tuple[float, ...]
    shares: tuple[Mapping[str, float], ...]
    today_shares: tuple[Mapping[str, float], ...]
    spend: tuple[float, ...]
    budget: tuple[float, ...]
    marginal: tuple[Mapping[str, float], ...]
    flat: float
    flat_loss: float
    bounds: tuple[Bound, ...]
    feasible: bool
    evaluations: int
    draws: int | None
    seed: int
    out_of_sample: OutOfSample | None
    sentences: tuple[str, ...]
    stated: Mapping[str, Any]

    def as_strategy(self) -> dict[str, Any]:
        """What a scenario takes as a strategy: ``study.with_strategy("plan", **plan.as_strategy())``.

        Raises:
            UsageError: where no plan is feasible.
        """
        if not self.feasible:
            raise UsageError("there is no plan: none keeps cash above its floor", fix="lower the floor of cash, or free the total")
        return {"like": self.strategy, **self.stated}

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        plain = ("strategy", "maximise", "of", "unit", "months", "feasible", "evaluations", "draws", "seed")
        numbers = ("today", "best", "gain", "gain_low", "gain_high", "flat", "flat_loss")
        by_period = ("shares", "today_shares", "marginal")
        return {
            **{name: getattr(self, name) for name in plain},
            **{name: undefined_to_none(getattr(self, name)) for name in numbers},
            "periods": list(self.periods),
            "spend": [undefined_to_none(one) for one in self.spend],
            "budget": list(self.budget),
            **{name: [{lever: undefined_to_none(one) for lever, one in row.items()} for row in getattr(self, name)] for name in by_period},
            "bounds": [bound.as_json() for bound in self.bounds],
            "out_of_sample": None if self.out_of_sample is None else self.out_of_sample.as_json(),
            "sentences": list(self.sentences),
        }


def statistic_in_words(of: str) -> str:
    """``mean``, ``p05`` and ``cvar10`` as people say them; empty for the typical case."""
    if of.startswith("cvar"):
        return f"the mean of the worst {int(of[4:])} % of draws"
    if of.startswith("p"):
        return "the median of draws" if of == "p50" else f"the {int(of[1:])} % quantile of draws"
    return {"mean": "the mean of draws"}.get(of, "")
