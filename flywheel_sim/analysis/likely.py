"""The verdict where there are many futures: in how many of them who wins, and how far the numbers range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.compare import LEVEL
from flywheel_sim.analysis.futures import ends
from flywheel_sim.analysis.verdict import Words, undefined
from flywheel_sim.analysis.words import (
    COUNTED,
    Format,
    called,
    capital,
    countable,
    duration,
    likelihood,
    moment,
    name_in_words,
    of_futures,
)

if TYPE_CHECKING:
    from flywheel_sim.analysis.compare import Comparison
    from flywheel_sim.analysis.futures import Odds
    from flywheel_sim.analysis.sensitivity import HangsOn
    from flywheel_sim.result import Run

__all__ = ["Likely", "spread"]

RANGE = "5 to 95 %"
NARROW = 0.6  # share of the futures below which winning more of them is not called winning without a word beside
SAME = 0.01  # share of the futures from which on it is said that both are level in them
FEW = 20  # futures won below which the range of their crossings is not told


def spread(style: Format, values: tuple[float, float, float], *, explained: bool = True) -> str:
    """``303 (5 to 95 %: 210 to 420)``; the middle alone where the range reads no wider.

    Args:
        style: how values are written.
        values: 5, 50 and 95 %.
        explained: whether the brackets say what they are.
    """
    low, middle, high = map(style.value, values)
    if low == middle == high:
        return middle
    return f"{middle} ({RANGE}: {low} to {high})" if explained else f"{middle} ({low} to {high})"


def no_range(style: Format, values: tuple[float, float, float]) -> bool:
    """Whether three values read alike, so that no bracket says what brackets are."""
    return len(set(map(style.value, values))) == 1


class Likely(Words):
    """The sentences about one comparison in many futures."""

    def __init__(self, comparison: Comparison, odds: Odds, time_unit: str, currency: str, runner_up: Run | None = None) -> None:
        super().__init__(comparison, time_unit, currency, runner_up)
        self.odds = odds
        self.winner = comparison.ahead
        # The one who is ahead is told first.
        self.pair = (self.baseline, self.challenger) if self.winner is self.baseline else (self.challenger, self.baseline)

    def sentences(self, unlike: tuple[str, ...], hangs_on: HangsOn | None) -> list[str]:
        """All of them in order; empty where there is nothing to say."""
        if not self.odds.draws:
            return [self.nothing(), self.left_out()]
        return [self.outcome(), self.lead(), self.luck(), self.when(), self.money(unlike), self.left_out(), self.rests_on(hangs_on)]

    def nothing(self) -> str:
        """Why there is no comparison at all."""
        if any(math.isnan(end) for end in self.comparison.ends):
            return f"{capital(undefined(self.comparison, self.time_unit))}."
        if self.odds.undefined:
            return f"No comparison: in no future is {name_in_words(self.comparison.by)} defined for both."
        return "No comparison: no future is left."

    # Who wins

    def outcome(self) -> str:
        """Who is ahead in how many futures, and what both end with."""
        first, second = (called(run.name) for run in self.pair)
        span = duration(self.comparison.months, self.time_unit)
        if len(self.baseline.times) != len(self.challenger.times):
            span += " (where the shorter run ends)"
        held = f"after {span} {self.held()}"
        if self.comparison.level:
            return capital(
                f"{first} and {second} are level: {held}, less than {100 * LEVEL:g} % apart in nine of ten of {self.odds.draws:,} futures."
            )
        if self.winner is None:
            is_ahead = "is ahead" if self.judged else "ends above"
            sure = "; ".join(filter(None, (self.sure(), self.level())))
            which = f"it is open whether {first} or {second} {'wins' if self.judged else 'ends higher'}"
            return capital(f"{which}: {first} {is_ahead} in {of_futures(self.odds.win, self.odds.draws)} ({sure}); {held}.")
        share = self.odds.win if self.winner is self.challenger else self.odds.loss
        narrow = share < NARROW * (1.0 - self.odds.level)
        verb = "ends above" if not self.judged else "wins narrowly over" if narrow else "wins over"
        futures = of_futures(share, self.odds.draws)
        sure = f" ({'; '.join(filter(None, (self.sure() if narrow else '', self.level())))})".replace(" ()", "")
        text = f"{first} {verb} {second} in {futures}{sure}: {held}{self.against_medians()}"
        return capital(f"{text}{self.next_best(self.winner)}.")

    def sure(self) -> str:
        """``95 % sure: 49 to 54 %``, of the share of futures that the one told first wins."""
        low, high = self.odds.interval
        if self.winner is self.baseline:
            low, high = max(0.0, 1.0 - self.odds.level - high), 1.0 - self.odds.level - low
        return f"95 % sure: {100 * low:.0f} to {100 * high:.0f} %"

    def level(self) -> str:
        """``behind in 28 %, level in 28 %``, of the one told first; nothing where they are hardly ever the same."""
        odds = self.odds
        if odds.level < SAME:
            return ""
        behind = odds.loss if self.winner is not self.baseline else odds.win
        return f"behind in {likelihood(behind, odds.draws)}, level in {likelihood(odds.level, odds.draws)}"

    def held(self) -> str:
        """``a median of 303 customers (5 to 95 %: 210 to 420) against 252 (190 to 310)``."""
        found, name = self.comparison, name_in_words(self.comparison.by)
        one, other = (ends(found, run) for run in self.pair)
        rest = spread(self.style, other, explained=no_range(self.style, one))
        against = "each" if list(map(self.style.value, one)) == list(map(self.style.value, other)) else f"against {rest}"
        middle, bracket, ranged = spread(self.style, one).partition(" (")
        if countable(self.series):
            return f"a median of {middle} {name}{bracket}{ranged} {against}"
        return f"a median {name} of {f'{middle} {self.style.unit}'.rstrip()}{bracket}{ranged} {against}"

    def against_medians(self) -> str:
        """Said where the medians are in another order than the futures."""
        if not self.comparison.lead or (self.comparison.lead > 0) == (self.winner is self.challenger):
            return ""
        return ", although its median is not the better one"

    def next_best(self, winner: Run) -> str:
        """The one after the winner, where the loser is not it."""
        run = self.runner_up
        if run is None or run is self.baseline or winner is self.baseline:
            return ""
        return f"; the next best, {called(run.name)}, has a median of {self.style.in_sentence(self.comparison.end(run))}"

    def lead(self) -> str:
        """How far the two are apart in the same future, which their ranges do not tell."""
        low, middle, high = (self.odds.lead[key] for key in ("p05", "p50", "p95"))
        if self.comparison.level or not all(map(math.isfinite, (low, middle, high))):
            return ""
        if self.winner is self.baseline:
            low, middle, high = -high, -middle, -low
        unit = name_in_words(self.comparison.by) if countable(self.series) else self.style.unit
        style = self.style
        if style.kind == "percent":  # the difference of two shares is no share
            style, unit = Format("number", self.currency), "percentage points"
            low, middle, high = 100 * low, 100 * middle, 100 * high
        text, bracket, ranged = spread(style, (low, middle, high)).partition(" (")
        what = "lead" if self.judged else "distance"
        return f"Within one future the {what} of {called(self.pair[0].name)} is {f'{text} {unit}'.rstrip()}{bracket}{ranged}."

    def luck(self) -> str:
        """How much of the spread of the lead is luck, and would be there whatever were known."""
        split = self.odds.luck
        what = "lead" if self.judged else "distance"
        if split is None or self.comparison.level:
            return ""
        if not split.pairs:
            return f"Nothing in the scenario is uncertain: all of that spread of the {what} is luck."
        sure = f"95 % sure: {100 * split.low:.0f} to {100 * split.high:.0f} %"
        if split.share >= 0.995:
            return f"Practically all of the variance of that {what} is luck ({sure}); what the scenario does not know adds nothing that can be told."
        return f"Of the variance of that {what}, {100 * split.share:.0f} % is luck ({sure}), the rest what the scenario does not know."

    # From when on

    def when(self) -> str:
        """From which month on the challenger is ahead, of the futures that it wins."""
        odds = self.odds
        if odds.crossover is None or self.comparison.level:
            return ""
        low, middle, high = (odds.crossover[key] for key in ("p05", "p50", "p95"))
        return capital(f"{self.where()}{self.since_when(low, middle, high)}.")

    def where(self) -> str:
        """Which futures are meant, and who is ahead in them."""
        odds = self.odds
        if odds.win >= 1:
            return "it is "
        if self.winner is self.challenger:
            return "where it wins, it is " if self.judged else "where it does, it is "
        if self.winner is None:
            return f"where {called(self.challenger.name)} {'wins' if self.judged else 'ends higher'}, it is "
        count = round(odds.win * odds.draws)
        some = f"{count} of them" if odds.draws < COUNTED else likelihood(odds.win, odds.draws)
        rest = some if odds.level else f"the other {count if odds.draws < COUNTED else some}"
        return f"in {rest}, {called(self.challenger.name)} is "

    def since_when(self, low: float, middle: float, high: float) -> str:
        """``ahead for good from month 18 (5 to 95 %: 9 to 41)``."""
        ahead, good = ("ahead", " for good") if self.judged else ("above", " to the end")
        few = self.odds.win * self.odds.draws < FEW
        if high <= 0 or (few and middle <= 0):
            return f"{ahead} from the start"
        if middle <= 0:
            return f"mostly {ahead} from the start, and in 95 % of these futures {ahead}{good} by {moment(high, self.time_unit)}"
        text = f"{ahead}{good} from {'about ' if few else ''}{moment(middle, self.time_unit)}"
        first, last = moment(low, self.time_unit), moment(high, self.time_unit)
        if few or first == last:
            return text
        since = f"from the start to {last}" if low <= 0 else f"{math.ceil(low - 1e-9)} to {math.ceil(high - 1e-9)}"
        return f"{text} ({RANGE}: {since})"

    # What else

    def money(self, unlike: tuple[str, ...]) -> str:
        """What both spend and have, the one who is ahead first; and what else about them is not alike."""
        found, style = self.comparison, Format("money", self.currency)
        first, second = (called(run.name) for run in self.pair)
        parts = []
        if found.outlay:
            one, other = (ends(found, run, found.outlay) for run in self.pair)
            same = list(map(style.value, one)) == list(map(style.value, other))
            text, rest = spread(style, one), spread(style, other, explained=no_range(style, one))
            parts.append(f"both spend {text}" if same else f"they spend unequally, {first} {text} and {second} {rest}")
        if found.balance:
            one, other = (ends(found, run, found.balance) for run in self.pair)
            text, bracket, ranged = spread(style, one).partition(" (")
            parts.append(
                f"{first} has a median of {text} in cash{bracket}{ranged} against {spread(style, other, explained=no_range(style, one))}"
            )
        if unlike:
            parts.append(f"and they are not alike in {', '.join(map(name_in_words, unlike))}")
        return capital("; ".join(parts)) + "." if parts else ""

    def left_out(self) -> str:
        """How many futures are in none of this, and why."""
        odds = self.odds
        total = odds.draws + odds.failed + odds.undefined
        texts = []
        if odds.failed:
            texts.append(f"{odds.failed:,} of {total:,} futures failed and {'is' if odds.failed == 1 else 'are'} left out.")
        if odds.undefined:
            missing = f"in {odds.undefined:,} of {total:,} futures {name_in_words(self.comparison.by)}"
            texts.append(
                capital(f"{missing} is not defined for one of the two: {'it is' if odds.undefined == 1 else 'they are'} left out.")
            )
        return " ".join(texts)

    def rests_on(self, hangs_on: HangsOn | None) -> str:
        """Which assumption the lead hangs on most; found with everything else where it typically is."""
        _, _, rest = super().rests_on(hangs_on).partition(" hangs most on ")
        start = "With all else at its typical value" if self.odds.luck is None else "By the equations, with all else at its typical value"
        return f"{start}, the outcome hangs most on {rest}" if rest else ""
