"""From a best investment to its chart, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.plans import statistic_in_words
from flywheel_sim.analysis.words import amount, capital, moment, name_in_words, percent
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.outcome import Outcome
from flywheel_sim.charts.text import clean, shortened
from flywheel_sim.charts.why import PlanChart, Portion, Split
from flywheel_sim.result import Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flywheel_sim.analysis.plans import Plan
    from flywheel_sim.result import About

__all__ = ["plan"]

MOST_SPANS = 12  # periods that are called by both their ends
COUNTS = 0.001  # of today's value: a smaller gain is none
MOVED = 0.01  # of the budget: what moves by less is not worth a word
SEEN = 0.005  # of the budget: what is less has no label
OWN_SIZE = 0.01  # of today's value: a smaller gain is no measure for what other plans lose
FLAT, FAIRLY = 0.5, 0.05  # plans that are nearly as good, and what the middle one loses
MONEY = "$"


def plan(plan: Plan, *, about: About, series: Series | None = None, command: str = "") -> PlanChart:
    """How to split a budget over time so that most comes of it, as bars beside today's split.

    Args:
        plan: the best investment found.
        about: of the result it belongs to, for the footer.
        series: what is known of what is maximised, for how it is written; money or plain numbers where nothing is.
        command: that makes the chart again, for the footer.
    """
    if series is None and plan.unit.startswith(MONEY):
        series = Series(plan.maximise, (None,), "metric", plan.unit)
    outcome, unit, currency = Outcome(plan.maximise, series, about.currency), clean(about.time_unit), clean(about.currency)
    ends = (*plan.periods[1:], plan.months)
    lengths = [end - start for start, end in zip(plan.periods, ends, strict=True)]
    today = mean(plan.today_shares, lengths)
    outlets = tuple((name, capital(shortened(name_in_words(clean(name)), 32))) for name in today)
    spends = [amount(one, currency) if math.isfinite(one) else "" for one in plan.spend]
    varies = len(set(spends)) > 1
    few = len(plan.shares) <= MOST_SPANS
    splits = tuple(
        Split(f"{start:g}–{end:g}" if few else f"{start:g}", start, end, portions(row, outlets), spend if varies else "")
        for start, end, row, spend in zip(plan.periods, ends, plan.shares, spends, strict=False)
    )
    return PlanChart(
        title(plan, outcome, unit, lengths),
        subtitle(plan, outcome, unit, spends),
        footer(about, command),
        outlets,
        Split("Today", math.nan, math.nan, portions(today, outlets), ""),
        splits,
        "Share of the budget (%)",
        (f"{capital(unit)}s of the plan" if few else f"{capital(unit)} from which the split holds") if splits else "",
        f"Spent a {unit}" if varies and splits else "",
    )


def mean(rows: Sequence[Mapping[str, float]], lengths: Sequence[float]) -> dict[str, float]:
    """The split over all periods."""
    whole = math.fsum(lengths)
    return {name: math.fsum(row[name] * length for row, length in zip(rows, lengths, strict=True)) / whole for name in rows[0]}


def portions(shares: Mapping[str, float], outlets: Sequence[tuple[str, str]]) -> tuple[Portion, ...]:
    """The parts of a bar, one upon the other."""
    found, low = [], 0.0
    for name, _ in outlets:
        share = shares.get(name, 0.0)
        found.append(Portion(name, low, low + share, f"{100 * share:.0f}" if share >= SEEN else ""))
        low += share
    return tuple(found)


# Words


def title(plan: Plan, outcome: Outcome, unit: str, lengths: Sequence[float]) -> str:
    """What the plan gains over today's, and what it moves."""
    who, when = called(plan.strategy), moment(plan.months, unit)
    if not plan.feasible:
        return capital(f"no plan for {who} keeps cash above its floor until {when}")
    if not plan.gain > COUNTS * abs(plan.today):
        return capital(f"no split was found that betters today's of {who} by anything that counts")
    way = f"{outcome.value(plan.best)} instead of {outcome.value(plan.today)}"
    better = f" ({percent(plan.gain / abs(plan.today))} better)" if plan.today else ""
    gain = f"{outcome.words} of {way} in {when}{better}"
    if outcome.countable:
        gain = f"{outcome.value(plan.best)} {outcome.words} in {when} instead of {outcome.value(plan.today)}{better}"
    text = f"the best plan found gives {who} {gain}"
    moved = moves(plan, lengths)
    return capital(f"{text}: {moved}" if moved else text)


def moves(plan: Plan, lengths: Sequence[float]) -> str:
    """``more for sellers, less for practice``."""
    before, after = mean(plan.today_shares, lengths), mean(plan.shares, lengths)
    change = {name: after[name] - before[name] for name in before}
    up, down = max(change, key=lambda name: change[name]), min(change, key=lambda name: change[name])
    words = [
        f"{more} for {shortened(name_in_words(clean(name)), 24)}"
        for more, name in (("more", up), ("less", down))
        if abs(change[name]) >= MOVED
    ]
    return ", ".join(words)


def subtitle(plan: Plan, outcome: Outcome, unit: str, spends: Sequence[str]) -> str:
    """What is plotted, how sure the gain is and how flat the optimum."""
    judged = statistic_in_words(plan.of)
    basis = f"found for {judged}" if judged else "found with everything typical"
    parts = [f"Shares of the budget, period by period, beside today's; {basis}"]
    same = set(spends)
    if len(same) == 1 and "" not in same:
        parts.append(f"{same.pop()} is spent a {unit}")
    if not plan.feasible:
        return "; ".join(parts)
    if math.isfinite(plan.gain_low + plan.gain_high):
        parts.append(f"the gain is {outcome.between(plan.gain_low, plan.gain_high)} in 90 % of {plan.draws or 0:,} draws")
    parts += [in_other_draws(plan, outcome), flatness(plan), held(plan)]
    return "; ".join(filter(None, parts))


def in_other_draws(plan: Plan, outcome: Outcome) -> str:
    """How the plan does where it was not made for."""
    other = plan.out_of_sample
    if other is None:
        return ""
    return f"in {other.draws:,} other draws it gains {outcome.value(other.gain)} and beats today's in {percent(other.wins)}"


def flatness(plan: Plan) -> str:
    """Whether many plans are nearly as good."""
    if math.isnan(plan.flat + plan.flat_loss):
        return ""
    of = "gain" if plan.gain >= OWN_SIZE * abs(plan.today) else "value"
    kind = "flat" if plan.flat >= FLAT else "fairly flat" if plan.flat_loss <= FAIRLY else "steep"
    loss = percent(max(plan.flat_loss, 0.0))
    return f"the optimum is {kind}: moving a tenth of the money at random costs {loss} of the {of} in the middle case"


def held(plan: Plan) -> str:
    """Which constraints that somebody set hold the plan where it is."""
    own = list(dict.fromkeys(f"{name_in_words(clean(one.lever))} at its {one.side}" for one in plan.bounds if one.own))
    return f"held by a constraint: {', '.join(own)}" if own else ""
