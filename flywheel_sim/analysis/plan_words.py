"""What a plan for a budget means, in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.plans import statistic_in_words
from flywheel_sim.analysis.words import amount, called, format_of, name_in_words, number, percent
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flywheel_sim.analysis.plans import Bound, Goal, Plan
    from flywheel_sim.result import Series

__all__ = ["sentences_of"]

SHOWN = 3  # levers named in a sentence
MOVED = 0.005  # of the budget: what is less is not worth a word
PAID = 0.01  # of the value: no strategist would act on less


class Told(Record):
    """What sentences are made of.

    Attributes:
        plan: all but its sentences.
        goal: what it makes as much of as can be.
        series: what is known of the value; None for ``value``.
        currency: how money is written.
        time_unit: of the model.
        ends: of the periods.
        cash_floor: below which cash must not fall; None for none.
        lowest: how low cash falls in the plan that comes nearest, where none keeps above the floor.
    """

    plan: Plan
    goal: Goal
    series: Series | None
    currency: str
    time_unit: str
    ends: tuple[float, ...]
    cash_floor: float | None
    lowest: float


def sentences_of(
    plan: Plan,
    goal: Goal,
    series: Series | None,
    *,
    currency: str,
    time_unit: str,
    cash_floor: float | None = None,
    lowest: float = math.nan,
) -> tuple[str, ...]:
    """What a plan means.

    Args:
        plan: all but its sentences.
        goal: what it makes as much of as can be.
        series: what is known of the value; None for ``value``.
        currency: how money is written.
        time_unit: of the model.
        cash_floor: below which cash must not fall; None for none.
        lowest: how low cash falls in the plan that comes nearest, where none keeps above the floor.
    """
    told = Told(plan, goal, series, currency, time_unit, (*plan.periods[1:], plan.months), cash_floor, lowest)
    return tuple(said(told))


def said(told: Told) -> Iterator[str]:
    if not told.plan.feasible:
        assert told.cash_floor is not None
        yield (
            f"No plan keeps cash above {amount(told.cash_floor, told.currency)}: the one that comes nearest falls to "
            f"{amount(told.lowest, told.currency)}."
        )
        return
    yield gain_said(told)
    yield from moved_said(told)
    yield from over_time_said(told)
    yield from marginal_said(told)
    yield from flat_said(told)
    yield from bounds_said(told)
    yield from fresh_said(told)


def written(told: Told, value: float) -> str:
    """A value of what is maximised."""
    if told.goal.money or told.series is None:
        return amount(value, told.currency)
    return format_of(told.series, told.currency).in_sentence(value)


def gain_said(told: Told) -> str:
    plan = told.plan
    judged = statistic_in_words(plan.of)
    when = f"in {told.time_unit} {plan.months:g}{f' ({judged})' if judged else ''}"
    what = told.goal.title
    if plan.gain <= PAID * abs(plan.today) / 10:
        return f"No split was found that betters today's by anything that counts: {what} {when} is {written(told, plan.today)}."
    share = f", {percent(plan.gain / abs(plan.today))} better" if plan.today else ""
    ends = f"from {written(told, plan.today)} to {written(told, plan.best)}"
    return f"The best plan found for {called(plan.strategy)} brings {what} {when} {ends}{share}."


def mean_share(rows: Sequence[Mapping[str, float]], lever: str, lengths: Sequence[float]) -> float:
    return math.fsum(row[lever] * length for row, length in zip(rows, lengths, strict=True)) / math.fsum(lengths)


def moved_said(told: Told) -> Iterator[str]:
    """Where the money goes and where it comes from, on average over time."""
    plan = told.plan
    lengths = [end - start for start, end in zip(plan.periods, told.ends, strict=True)]
    means = {lever: (mean_share(plan.today_shares, lever, lengths), mean_share(plan.shares, lever, lengths)) for lever in plan.shares[0]}
    order = sorted(means, key=lambda lever: means[lever][0] - means[lever][1])

    def parts(levers: Sequence[str]) -> str:
        return ", ".join(f"{name_in_words(lever)} {percent(means[lever][0])} to {percent(means[lever][1])}" for lever in levers)

    gained = [lever for lever in order if means[lever][1] - means[lever][0] > MOVED][:SHOWN]
    lost = [lever for lever in reversed(order) if means[lever][0] - means[lever][1] > MOVED][:SHOWN]
    if gained and lost:
        yield f"On average over time more goes to {parts(gained)}; less to {parts(lost)}."
    if plan.budget:
        yield f"It spends {', '.join(amount(one, told.currency) for one in plan.budget)} a {told.time_unit}, period by period."


def over_time_said(told: Told) -> Iterator[str]:
    """What changes most from the first period to the last."""
    plan = told.plan
    if len(plan.periods) < 2:
        return
    first, last = plan.shares[0], plan.shares[-1]
    order = sorted(first, key=lambda lever: -abs(last[lever] - first[lever]))
    parts = [
        f"{name_in_words(lever)} from {percent(first[lever])} to {percent(last[lever])}"
        for lever in order[:SHOWN]
        if abs(last[lever] - first[lever]) > 10 * MOVED
    ]
    if parts:
        yield f"From the first period to the last it moves {', '.join(parts)}."


def marginal_said(told: Told) -> Iterator[str]:
    """Where the next money does most."""
    plan, goal = told.plan, told.goal
    found = [
        (value, lever, start, end)
        for row, start, end in zip(plan.marginal, plan.periods, told.ends, strict=False)
        for lever, value in row.items()
        if not math.isnan(value)
    ]
    if not found:
        return
    value, lever, start, end = max(found)
    when = f"in {told.time_unit}s {start:g} to {end:g}" if len(plan.periods) > 1 else "throughout"
    more = 1.0 if goal.money else 1000.0
    size = abs(value) * more
    worth = (f"{told.currency}{size:.2f}" if size < 10 else amount(size, told.currency)) if goal.money else number(size)
    does = "does most" if value > 0 else "does least harm"
    change = "adds {} to" if value * goal.sign > 0 else "takes {} from"
    own = ", its own cost taken off" if goal.money else ""
    yield f"The next {amount(more, told.currency)} {does} in {name_in_words(lever)} {when}: it {change.format(worth)} {goal.title}{own}."


def flat_said(told: Told) -> Iterator[str]:
    """Whether many plans are nearly as good."""
    plan = told.plan
    if math.isnan(plan.flat):
        return
    of = "gain" if plan.gain >= PAID * abs(plan.today) else "value"
    kind = "flat: many plans are nearly as good" if plan.flat >= 0.5 else "fairly flat" if plan.flat_loss <= 0.05 else "steep"
    yield (
        f"The optimum is {kind}. Moving a tenth of the money at random costs {percent(max(plan.flat_loss, 0.0))} of the {of} "
        f"in the middle case, and {percent(plan.flat)} of such plans keep 99 % of it."
    )


def bounds_said(told: Told) -> Iterator[str]:
    """Which constraints hold the plan."""
    every = len(told.plan.periods)

    def listed(bounds: Sequence[Bound], *, at: bool) -> str:
        parts = []
        for bound in bounds:
            limit = "" if not at else f" at {percent(bound.at)}" if bound.at <= 1 else f" at {amount(bound.at, told.currency)}"
            when = "" if len(bound.starts) == every else f" ({len(bound.starts)} of {every} periods)"
            parts.append(f"{name_in_words(bound.lever)}{limit}{when}")
        return ", ".join(parts)

    own = [bound for bound in told.plan.bounds if bound.own]
    empty = [bound for bound in told.plan.bounds if not bound.own and bound.side == "floor"]
    full = [bound for bound in told.plan.bounds if not bound.own and bound.side == "cap"]
    for side, verb in (("floor", "kept up by its floor"), ("cap", "held down by its cap")):
        held = [bound for bound in own if bound.side == side]
        if held:
            yield f"The optimum lies on a bound: {verb}: {listed(held, at=True)}."
    if empty:
        yield f"The optimum lies on a bound: nothing goes to {listed(empty, at=False)}."
    if full:
        yield f"The optimum lies on a bound: all goes to {listed(full, at=False)}."


def fresh_said(told: Told) -> Iterator[str]:
    """What the plan gives where it was not found."""
    fresh = told.plan.out_of_sample
    if fresh is None:
        return
    judged = statistic_in_words(told.plan.of) or "the mean of draws"
    text = (
        f"In {fresh.draws:,} draws that it was not found on, the plan gives {written(told, fresh.best)} against "
        f"{written(told, fresh.today)} today ({judged}); it is better in {percent(fresh.wins)} of them, "
        f"by {written(told, fresh.gain_low)} to {written(told, fresh.gain_high)} in nine of ten."
    )
    if told.cash_floor is not None:
        text += f" Cash keeps above its floor in {percent(fresh.kept)} of them."
    yield text
