"""The verdict: one to three sentences, every word of them computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import (
    amount,
    months,
    name_in_words,
    percent,
    plain_number,
    with_unit,
)

if TYPE_CHECKING:
    from flywheel_sim.analysis.compare import Comparison
    from flywheel_sim.analysis.sensitivity import HangsOn
    from flywheel_sim.result import Run

__all__ = ["verdict"]


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


class Words:
    def __init__(self, comparison: Comparison, time_unit: str, currency: str) -> None:
        self.comparison = comparison
        self.time_unit = time_unit
        self.currency = currency
        self.baseline, self.challenger = comparison.baseline, comparison.challenger

    def outcome(self) -> str:
        found = self.comparison
        span = f"{found.months:g} {self.time_unit}s"
        if len(self.baseline.times) != len(self.challenger.times):
            span += " (where the shorter run ends)"
        if found.level:
            apart = abs(found.end(self.challenger) - found.end(self.baseline)) / (
                max(abs(found.end(run)) for run in (self.baseline, self.challenger)) or 1.0
            )
            return f"{title(self.challenger)} and {self.baseline.name} are level: after {span} {self.held(self.challenger, self.baseline)}, {percent(apart)} apart."
        winner, loser = (self.challenger, self.baseline) if found.lead > 0 else (self.baseline, self.challenger)
        text = f"{title(winner)} wins over {loser.name}: after {span} {self.held(winner, loser)}{self.by_how_much(winner, loser)}"
        return f"{text}, {self.since(winner)}."

    def held(self, first: Run, second: Run) -> str:
        """``309 customers against 253``, or ``cash of $16.2M against $13.5M``."""
        series = first.about(self.comparison.by)
        name = name_in_words(series.name)
        one, other = (self.number(self.comparison.end(run), series.unit) for run in (first, second))
        return f"{one} {name} against {other}" if self.is_count(series.unit) else f"{name} of {one} against {other}"

    def is_count(self, unit: str) -> bool:
        return "/" not in unit and unit not in {"1", "$", "day", "month"}

    def number(self, value: float, unit: str) -> str:
        if unit.startswith("$"):
            return amount(value, self.currency)
        return plain_number(value)

    def by_how_much(self, winner: Run, loser: Run) -> str:
        best, rest = self.comparison.end(winner), self.comparison.end(loser)
        if rest <= 0 or best <= 0:
            return ""
        change = best / rest - 1
        if abs(change) >= 1:
            return f" ({best / rest:.1f} times as much)"
        return f" ({percent(abs(change))} {'more' if change > 0 else 'less'})"

    def since(self, winner: Run) -> str:
        found = self.comparison
        if winner is self.challenger:
            return "ahead from the start" if not found.crossover else f"ahead for good from {months(found.crossover)}"
        return "ahead from the start" if not found.until else f"ahead for good from {months(found.until)}"

    def money(self, unlike: tuple[str, ...]) -> str:
        found = self.comparison
        parts = []
        if found.outlay:
            spent = {run.name: amount(found.end(run, found.outlay), self.currency) for run in (self.challenger, self.baseline)}
            one, other = spent[self.challenger.name], spent[self.baseline.name]
            parts.append(
                f"both spend {one}"
                if one == other
                else f"they spend unequally, {self.challenger.name} {one} and {self.baseline.name} {other}"
            )
        if found.balance:
            held = [found.end(run, found.balance) for run in (self.challenger, self.baseline)]
            one, other = (amount(value, self.currency) for value in held)
            parts.append(f"{self.challenger.name} has {one} in cash, {self.baseline.name} {other}{self.cash_since(held)}")
        if unlike:
            parts.append(f"and they are not alike in {', '.join(map(name_in_words, unlike))}")
        return capital("; ".join(parts)) + "." if parts else ""

    def cash_since(self, held: list[float]) -> str:
        if held[0] <= held[1]:
            return ""
        since = self.comparison.cash_crossover()
        return ", never behind" if not since else f", ahead for good from {months(since)}"

    def rests_on(self, hangs_on: HangsOn | None) -> str:
        if hangs_on is None:
            return ""
        found = self.comparison
        series = self.baseline.about(found.by)
        number = self.number(abs(hangs_on.lead), series.unit)
        lead = f"{number} {name_in_words(found.by)}" if self.is_count(series.unit) else number
        ahead = self.challenger.name if hangs_on.lead > 0 else self.baseline.name
        at = with_unit(hangs_on.value, hangs_on.unit, self.currency)
        what = f"{hangs_on.name} ({hangs_on.note})" if hangs_on.note else hangs_on.name
        if found.level:
            return f"It hangs most on {what}: at {at}, {ahead} would be ahead by {lead}."
        only = "" if hangs_on.flips else " only"
        would = "would be" if hangs_on.flips else "is"
        return f"That hangs most on {what}: at {at}, {ahead} {would} ahead by{only} {lead}."


def title(run: Run) -> str:
    return capital(run.name)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
