"""The verdict: one to three sentences, every word of them computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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

__all__ = ["held", "undefined", "verdict"]


def verdict(comparison: Comparison, *, time_unit: str, currency: str, hangs_on: HangsOn | None = None, unlike: tuple[str, ...] = ()) -> str:
    """Who wins, by how much and from when; what it cost; and what that rests on.

    Args:
        comparison: of the two runs.
        time_unit: the model's.
        currency: how money is written.
        hangs_on: the assumption it rests on most, if that was looked for.
        unlike: parameters other than levers in which the two strategies differ.
    """
    words = Words(comparison, time_unit, currency)
    sentences = [words.outcome(), words.money(unlike), words.rests_on(hangs_on)]
    return " ".join(sentence for sentence in sentences if sentence)


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

    def __init__(self, comparison: Comparison, time_unit: str, currency: str) -> None:
        self.comparison = comparison
        self.time_unit = time_unit
        self.currency = currency
        self.baseline, self.challenger = comparison.baseline, comparison.challenger
        self.series = self.baseline.about(comparison.by)
        self.style = format_of(self.series, currency)

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
        return capital(f"{called(winner.name)} wins over {called(loser.name)}: {ends}{self.margin(winner, loser)}, {self.since(since)}.")

    def margin(self, winner: Run, loser: Run) -> str:
        """How far apart the two are, where a ratio says it."""
        best, rest = self.comparison.end(winner), self.comparison.end(loser)
        if rest <= 0 or best <= 0:
            return ""
        change = best / rest - 1
        if abs(change) >= 1:
            return f" ({best / rest:.1f} times as much)"
        return f" ({percent(abs(change))} {'more' if change > 0 else 'less'})"

    def since(self, crossing: float | None) -> str:
        return f"ahead for good from {moment(crossing, self.time_unit)}" if crossing else "ahead from the start"

    def money(self, unlike: tuple[str, ...]) -> str:
        """What both spent and have; and what else about them is not alike."""
        found = self.comparison
        challenger, baseline = called(self.challenger.name), called(self.baseline.name)
        parts = []
        if found.outlay:
            one, other = (amount(found.end(run, found.outlay), self.currency) for run in (self.challenger, self.baseline))
            parts.append(f"both spend {one}" if one == other else f"they spend unequally, {challenger} {one} and {baseline} {other}")
        if found.balance:
            first, second = (found.end(run, found.balance) for run in (self.challenger, self.baseline))
            one, other = (amount(value, self.currency) for value in (first, second))
            parts.append(f"{challenger} has {one} in cash against {other}{self.cash_since(first, second)}")
        if unlike:
            parts.append(f"and they are not alike in {', '.join(map(name_in_words, unlike))}")
        return capital("; ".join(parts)) + "." if parts else ""

    def cash_since(self, challenger: float, baseline: float) -> str:
        if not challenger > baseline:
            return ""
        since = self.comparison.cash_crossover()
        return f", {self.since(since)}" if since else " and is never behind"

    def rests_on(self, hangs_on: HangsOn | None) -> str:
        """Which assumption the lead hangs on most, and what becomes of it at the worse end of its range."""
        if hangs_on is None:
            return ""
        lead = self.style.in_sentence(abs(hangs_on.lead))
        if countable(self.series):
            lead += f" {name_in_words(self.comparison.by)}"
        ahead = called((self.challenger if hangs_on.lead > 0 else self.baseline).name)
        at = with_unit(hangs_on.value, hangs_on.unit, self.currency)
        what = f"{hangs_on.name} ({hangs_on.note})" if hangs_on.note else hangs_on.name
        if self.comparison.level:
            return f"It hangs most on {what}: at {at}, {ahead} would be ahead by {lead}."
        only = "would be ahead by" if hangs_on.flips else "is ahead by only"
        return f"That hangs most on {what}: at {at}, {ahead} {only} {lead}."
