"""The verdict: one to three sentences, every word of them computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.compare import level
from flywheel_sim.analysis.words import (
    Format,
    amount,
    called,
    capital,
    countable,
    duration,
    format_of,
    moment,
    name_in_words,
    percent,
    with_unit,
)

if TYPE_CHECKING:
    from flywheel_sim.analysis.compare import Comparison
    from flywheel_sim.analysis.sensitivity import HangsOn
    from flywheel_sim.result import Run

__all__ = ["Words", "held", "undefined", "verdict"]


def verdict(
    comparison: Comparison,
    *,
    time_unit: str,
    currency: str,
    hangs_on: HangsOn | None = None,
    unlike: tuple[str, ...] = (),
    runner_up: Run | None = None,
) -> str:
    """Who wins, by how much and from when; what it cost; and what that rests on.

    Args:
        comparison: of the two runs.
        time_unit: the model's.
        currency: how money is written.
        hangs_on: the assumption it rests on most, if that was looked for.
        unlike: parameters other than levers in which the two strategies differ.
        runner_up: the best of all runs but the challenger's.
    """
    return " ".join(filter(None, words_of(comparison, time_unit, currency, runner_up).sentences(unlike, hangs_on)))


def words_of(comparison: Comparison, time_unit: str, currency: str, runner_up: Run | None) -> Words:
    """The sentences about one future, or about many."""
    if comparison.odds is None:
        return Words(comparison, time_unit, currency, runner_up)
    from flywheel_sim.analysis.likely import Likely

    return Likely(comparison, comparison.odds, time_unit, currency, runner_up)


def held(comparison: Comparison, first: Run, second: Run, style: Format) -> str:
    """``303 customers against 252``, or ``cash of $16.0M against $13.4M``; ``each`` where both read alike."""
    series = first.about(comparison.by)
    name = name_in_words(series.name)
    one, other = (style.value(comparison.end(run)) for run in (first, second))
    rest = "each" if one == other else f"against {other}"
    return f"{one} {name} {rest}" if countable(series) else f"{name} of {style.in_sentence(comparison.end(first))} {rest}"


def undefined(comparison: Comparison, time_unit: str) -> str:
    """Who has no value where the two are compared."""
    without = [run for run in (comparison.challenger, comparison.baseline) if math.isnan(comparison.end(run))]
    name = name_in_words(comparison.by)
    return f"no comparison: {name} not defined for {' and '.join(called(run.name) for run in without)} in {moment(comparison.months, time_unit)}"


class Words:
    """The sentences about one comparison."""

    def __init__(self, comparison: Comparison, time_unit: str, currency: str, runner_up: Run | None = None) -> None:
        self.comparison = comparison
        self.time_unit = time_unit
        self.currency = currency
        self.baseline, self.challenger = comparison.baseline, comparison.challenger
        self.series = self.baseline.about(comparison.by)
        self.style = format_of(self.series, currency)
        self.judged = self.series.better is not None
        self.runner_up = runner_up

    def sentences(self, unlike: tuple[str, ...], hangs_on: HangsOn | None) -> list[str]:
        """All of them in order; empty where there is nothing to say."""
        return [self.outcome(), self.money(unlike), self.rests_on(hangs_on)]

    def outcome(self) -> str:
        """Who is ahead, by how much, and since when."""
        found = self.comparison
        if math.isnan(found.lead):
            return f"{capital(undefined(found, self.time_unit))}."
        span = duration(found.months, self.time_unit)
        if len(self.baseline.times) != len(self.challenger.times):
            span += " (where the shorter run ends)"
        winner, loser = (self.challenger, self.baseline) if found.lead > 0 or found.level else (self.baseline, self.challenger)
        ends = f"after {span} {held(found, winner, loser, self.style)}"
        if found.level:
            best, rest = found.end(winner), found.end(loser)
            apart = abs(best - rest) / (max(abs(best), abs(rest)) or 1.0)
            return capital(f"{called(winner.name)} and {called(loser.name)} are level: {ends}, {percent(apart)} apart.")
        since = found.crossover if winner is self.challenger else found.until
        verb = "wins over" if self.judged else "ends above"
        ahead = self.since(since) if self.judged else f"above from {moment(since, self.time_unit)} on" if since else "above throughout"
        text = f"{called(winner.name)} {verb} {called(loser.name)}: {ends}{self.margin(winner, loser)}{self.shrunk(winner, loser)}, {ahead}"
        return capital(f"{text}{self.next_best(winner)}.")

    def shrunk(self, winner: Run, loser: Run) -> str:
        """Said of a number of people or things of which both have lost some."""
        start = winner.value(self.comparison.by, 0)
        if not countable(self.series) or start != loser.value(self.comparison.by, 0):
            return ""
        best, rest = (self.comparison.end(run) for run in (winner, loser))
        return f", both fewer than the {self.style.value(start)} of the start" if max(best, rest) < start and not level(best, start) else ""

    def next_best(self, winner: Run) -> str:
        """The one after the winner, where the loser is not it."""
        run = self.runner_up
        if run is None or run is self.baseline or winner is self.baseline:
            return ""
        return f"; the next best, {called(run.name)}, has {self.style.in_sentence(self.comparison.end(run))}"

    def margin(self, winner: Run, loser: Run) -> str:
        """How far apart the two are, where a ratio says it."""
        best, rest = self.comparison.end(winner), self.comparison.end(loser)
        if rest <= 0 or not 0 < best < 1000 * rest:
            return ""
        change = best / rest - 1
        if abs(change) >= 1:
            return f" ({best / rest:.1f} times as much)"
        return f" ({percent(abs(change))} {'more' if change > 0 else 'less'})"

    def since(self, crossing: float | None) -> str:
        return f"ahead for good from {moment(crossing, self.time_unit)}" if crossing else "ahead from the start"

    def money(self, unlike: tuple[str, ...]) -> str:
        """What both spent and have, the one who is ahead first; and what else about them is not alike."""
        found = self.comparison
        runs = (self.challenger, self.baseline) if found.lead > 0 or found.level else (self.baseline, self.challenger)
        first, second = (called(run.name) for run in runs)
        parts = []
        if found.outlay:
            one, other = (amount(found.end(run, found.outlay), self.currency) for run in runs)
            parts.append(f"both spend {one}" if one == other else f"they spend unequally, {first} {one} and {second} {other}")
        if found.balance:
            one, other = (amount(found.end(run, found.balance), self.currency) for run in runs)
            parts.append(f"{first} has {one} in cash against {other}{self.cash_since(*runs)}")
        if unlike:
            parts.append(f"and they are not alike in {', '.join(map(name_in_words, unlike))}")
        return capital("; ".join(parts)) + "." if parts else ""

    def cash_since(self, first: Run, second: Run) -> str:
        since = self.comparison.cash_ahead(first, second)
        if since is None:
            return ""
        return f", {self.since(since)}" if since else ", and never less"

    def rests_on(self, hangs_on: HangsOn | None) -> str:
        """Which assumption the lead hangs on most, and what becomes of it at the worse end of its range."""
        if hangs_on is None:
            return ""
        first, second = hangs_on.challenger, hangs_on.baseline
        leads = (first - second) * (-1.0 if self.comparison.better == "lower" else 1.0) > 0
        ahead = called((self.challenger if leads else self.baseline).name)
        best, rest = (first, second) if leads else (second, first)
        at = with_unit(hangs_on.value, hangs_on.unit, self.currency)
        what = f"{hangs_on.name} ({hangs_on.note})" if hangs_on.note else hangs_on.name
        values = f"{self.style.value(best)} against {self.style.value(rest)}"
        share = abs(best - rest) / min(abs(best), abs(rest)) if min(best, rest) > 0 else math.inf
        by = f"by{{}} {percent(share)}, {values}" if share < 1 else f"with{{}} {values}"
        if level(first, second):
            return f"{'It' if self.comparison.level else 'That'} hangs most on {what}: at {at}, the two would be level, {values}."
        if self.comparison.level:
            return f"It hangs most on {what}: at {at}, {ahead} would be ahead {by.format('')}."
        if hangs_on.flips:
            return f"That hangs most on {what}: at {at}, {ahead} would be ahead {by.format('')}."
        return f"That hangs most on {what}: at {at}, {ahead} is ahead {by.format(' only')}."
