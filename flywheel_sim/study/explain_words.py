"""What an explanation says, in sentences: every number in them is one of a record's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import (
    Format,
    called,
    capital,
    countable,
    duration,
    format_of,
    moment,
    name_in_words,
    number,
    percent,
    with_unit,
)
from flywheel_sim.records import Record
from flywheel_sim.result import Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flywheel_sim.analysis.momentum import Momentum
    from flywheel_sim.analysis.plans import Plan
    from flywheel_sim.analysis.tipping import RegimeMap, Tipping
    from flywheel_sim.study.attribution import Attribution, Contribution
    from flywheel_sim.study.sensitivity import Bar, Tornado

__all__ = ["Tongue", "coasting", "gain_beside", "held", "hinges", "listed", "next_move", "why"]

MOST, FEWEST, SMALL = 5, 3, 0.1  # contributions named; and of the largest, how large the further ones must be
STEADY = 0.05  # of the largest holding force: what moves by less stays as it is
BARS, TIES = 3, 2


class Tongue(Record):
    """How numbers and names are written.

    Attributes:
        series: by name.
        shares: the names of parameters that are shares, and written in percent.
        currency: how money is written.
        time_unit: of the model.
    """

    series: Mapping[str, Series]
    shares: frozenset[str]
    currency: str
    time_unit: str

    def style(self, name: str) -> Format:
        """How the values of a series are written."""
        return format_of(self.about(name), self.currency)

    def about(self, name: str) -> Series:
        """What is known of a series; one with a label is like all of its labels."""
        return self.series.get(name.partition("[")[0]) or Series(name, (None,), "metric", "1")

    def thing(self, name: str, value: float) -> str:
        """``304 customers``, or ``cash of $4.1M``."""
        style = self.style(name)
        if countable(self.about(name)):
            return f"{style.value(value)} {name_in_words(name)}"
        return f"{name_in_words(name)} of {style.in_sentence(value)}"

    def signed(self, name: str, value: float) -> str:
        """``+10.5``; what rounds to nothing has no sign."""
        text = self.style(name).value(value)
        if not any(digit in text for digit in "123456789"):
            return text.removeprefix("-")
        return text if text.startswith("-") else f"+{text}"

    def setting(self, name: str, value: float, unit: str) -> str:
        """A value of a parameter."""
        return percent(value) if name.partition("[")[0] in self.shares else with_unit(value, unit, self.currency)

    def moment(self, time: float) -> str:
        """``month 17``."""
        return moment(time, self.time_unit)

    def duration(self, time: float) -> str:
        """``36 months``, ``5.4 months``."""
        return duration(float(number(time)) if time < 99.5 else round(time), self.time_unit)


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


# Why


def why(found: Attribution, tongue: Tongue) -> Iterator[str]:
    """What each difference contributes."""
    first, second = called(found.baseline), called(found.challenger)
    gap = found.end - found.start
    mean = "" if found.draws is None else f"on average over {found.draws:,} draws, "
    yield capital(
        f"{mean}{tongue.thing(found.by, found.start)} with {first} and {tongue.style(found.by).in_sentence(found.end)} with {second} "
        f"in {tongue.moment(found.month)}: {tongue.signed(found.by, gap)}."
    )
    largest = max((abs(one.value) for one in found.contributions), default=0.0)
    if not largest:
        yield "Nothing that differs between the two changes that."
        return
    named = [one for place, one in enumerate(found.contributions[:MOST]) if place < FEWEST or abs(one.value) >= SMALL * largest]
    named = [one for one in named if one.value]
    rest = [one for one in found.contributions if one not in named]
    text = "; ".join(told(one, found.by, tongue) for one in named)
    more = f"; the {len(rest)} others together: {tongue.signed(found.by, total(rest))}" if len(rest) > 1 else ""
    if len(rest) == 1:
        more = f"; {told(rest[0], found.by, tongue)}"
    yield capital(f"{text}{more}.")
    yield from kinds_said(found, tongue)
    yield "A contribution is what a difference adds on average over all orders of making them; together they are the whole."
    if any(one.kind == "lever" and " share " in one.title for one in found.contributions):
        yield "What a share of the budget gains it takes from the shares that lose, and its contribution holds both."
    if not found.exact:
        worst = max(one.error for one in found.contributions)
        yield f"Orders were sampled: standard errors are up to {tongue.style(found.by).value(worst)}."
    if found.failed:
        yield f"{found.failed:,} further draws failed and are left out."


def total(some: Sequence[Contribution]) -> float:
    return math.fsum(one.value for one in some)


def told(one: Contribution, by: str, tongue: Tongue) -> str:
    """``the referral loop: +5.9``, ``engage share 0 % to 6 %: +10.5``."""
    text = one.title.removeprefix(f"{one.kind}: ")
    if one.kind in {"loop", "friction"}:
        off = text.endswith(" off")
        text = f"{'switching off ' if off else ''}the {text.removesuffix(' off')} {one.kind}"
    spread = "" if math.isnan(one.low) else f" (5 to 95 %: {tongue.signed(by, one.low)} to {tongue.signed(by, one.high)})"
    return f"{text}: {tongue.signed(by, one.value)}{spread}"


def kinds_said(found: Attribution, tongue: Tongue) -> Iterator[str]:
    """Loops against levers, where there are both."""
    sums = {}
    for kind, word in (("loop", "loops"), ("friction", "frictions"), ("lever", "levers"), ("rest", "everything else")):
        some = [one for one in found.contributions if one.kind == kind]
        if some:
            sums[word] = total(some)
    if len(sums) > 1:
        yield capital(
            f"{listed([f'{word} together {tongue.signed(found.by, value)}' for word, value in sums.items()])}.".replace(
                "everything else together", "everything else"
            )
        )


# Momentum


def coasting(several: Sequence[Momentum], tongue: Tongue) -> Iterator[str]:
    """What is won after all spending stops at the end, and how fast that dies away.

    Args:
        several: the strategy that it is about first.
        tongue: how things are written.
    """
    main = several[0]
    head = name_in_words(main.headline)
    parts = []
    for one in several:
        won, part, waiting = one.coast.won[-1], one.coast.share[-1], one.coast.pipeline[-1]
        of = "" if math.isnan(part) else f", {percent(part)} of what it would win otherwise"
        queue = f", {number(waiting)} of them on their way already" if waiting > 0 else ""
        parts.append(f"{called(one.strategy)} still wins {number(won)} {head}{of}{queue}")
    yield f"If all spending stops in {tongue.moment(main.horizon)}, then in the {tongue.duration(main.coast_months)} after it {'; '.join(parts)}."
    left = [one for one in several if not one.coast.at_once[-1] >= 1]  # whoever has no speed left has none to lose
    halves = [f"in {tongue.duration(one.coast.half_life[-1])} for {called(one.strategy)}" for one in left if one.coast.half_life[-1] > 0]
    slow = [called(one.strategy) for one in left if math.isnan(one.coast.half_life[-1])]
    rest = f"within {tongue.duration(main.coast_months)} for {' or '.join(slow)}"
    if halves:
        yield f"After the stop, what speed is left is halved {listed(halves)}{f', and not {rest}' if slow else ''}."
    elif slow:
        yield f"After the stop, what speed is left is not halved {rest}."
    idle = [called(one.strategy) for one in several if spends(one) == 0]
    if idle:
        yield f"By then nothing is spent by {listed(idle)}, so that there is nothing left to stop."


def spends(one: Momentum) -> float:
    """What is spent in the last month; NaN where that was not measured."""
    return next((measure.value for measure in one.measures if measure.name == "force"), math.nan)


def held(main: Momentum, tongue: Tongue) -> Iterator[str]:
    """The least spending that keeps the speed, and which way it goes over the run."""
    known = [
        (month, share, force)
        for month, share, force in zip(main.holding.months, main.holding.share, main.holding.force, strict=True)
        if not math.isnan(share)
    ]
    if not known:
        yield f"No spending up to twice today's keeps the speed of {called(main.strategy)}, or there is none to keep."
        return
    month, share, force = known[-1]
    spend = f"{with_unit(force, main.force_unit, tongue.currency)}, " if main.force_unit != "1" else ""
    whose = "the most it ever spends" if spends(main) == 0 else "its spending then"
    speed = dict(zip(main.months, main.speed, strict=True))
    yield (
        f"To keep the speed of {tongue.moment(month)}{so_fast(main, speed.get(month, math.nan))} for {tongue.duration(main.hold_months)} "
        f"takes {called(main.strategy)} {spend}{percent(share)} of {whose}."
    )
    if len(known) > 1:
        first = known[0][0]
        yield f"{capital(trend(known, tongue))}; the speed to be kept in {tongue.moment(first)} is {number(speed.get(first, math.nan))}."


def so_fast(main: Momentum, speed: float) -> str:
    """``, 5.90 customers a month,``."""
    return "" if math.isnan(speed) else f", {number(speed)} {name_in_words(main.headline)} a {main.time_unit},"


def trend(known: Sequence[tuple[float, float, float]], tongue: Tongue) -> str:
    """Whether the share of its spending that holds the speed falls, rises or turns, as the numbers have it."""
    shares = [share for _, share, _ in known]
    slack = STEADY * max(map(abs, shares))

    def at(place: int) -> str:
        return f"{percent(shares[place])} in {tongue.moment(known[place][0])}"

    up = max(later - earlier for place, earlier in enumerate(shares) for later in shares[place:])
    down = max(earlier - later for place, earlier in enumerate(shares) for later in shares[place:])
    last = len(shares) - 1
    if up <= slack and down <= slack:
        return f"that share hardly changes over the run: {at(0)}, {at(last)}"
    if up <= slack:
        return f"that share falls over the run, from {at(0)} to {at(last)}"
    if down <= slack:
        return f"that share rises over the run, from {at(0)} to {at(last)}"
    least, most = min(range(len(shares)), key=shares.__getitem__), max(range(len(shares)), key=shares.__getitem__)
    turns = sorted({0, least, most, last})
    return f"that share does not simply fall over the run: {', '.join(at(place) for place in turns)}"


def gain_beside(main: Momentum, tongue: Tongue) -> Iterator[str]:
    """The loop gain with its amplifier, never without the metric that it misleads without."""
    gain, more = main.gain[-1], main.amplifier[-1]
    if math.isnan(gain):
        return
    each = (
        "each brings more than itself, without end but for limits"
        if math.isnan(more)
        else f"each one that is pushed in makes {number(more)}, itself included"
    )
    beside = ""
    if main.beside and main.beside_values and not math.isnan(main.beside_values[-1]):
        beside = f"; beside it, {name_in_words(main.beside)} is {tongue.style(main.beside).in_sentence(main.beside_values[-1])}"
    yield f"The loop gain K of {called(main.strategy)} in {tongue.moment(main.horizon)} is {number(gain)} over a lifetime: {each}{beside}."


# What it hangs on


def hinges(ties: Sequence[Tipping] | None, found: Tornado | None, regime: RegimeMap | None, tongue: Tongue) -> Iterator[str]:
    """The nearest ties, the assumptions that move the outcome most, and the map.

    Args:
        ties: of all assumptions those with one, the nearest first; None where it was not looked for.
        found: the tornado.
        regime: the map.
        tongue: how things are written.
    """
    if ties:
        yield from (one.sentence for one in ties[:TIES])
        if len(ties) > TIES:
            yield f"{len(ties) - TIES} more turn it too, each by itself and further away."
    elif ties is not None:
        yield "No single assumption within its plausible range turns who wins."
    if found is not None:
        yield from widest(found, tongue)
    if regime is not None:
        yield regime.sentence


def widest(found: Tornado, tongue: Tongue) -> Iterator[str]:
    """The widest bars."""
    bars = [one for one in found.bars if not math.isnan(one.swing) and one.swing > 0][:BARS]
    if not bars:
        yield "No assumption by itself moves it within its plausible range."
        return
    text = "; ".join(swing(one, found, tongue) for one in bars)
    if found.baseline is None:
        ends = f"{tongue.thing(found.by, found.base)} in {tongue.moment(found.month)}"
        yield f"What {called(found.challenger)} ends with ({ends}) moves most with {text}."
        return
    size = tongue.style(found.by).in_sentence(abs(found.base))
    side = "lead" if found.base >= 0 else "gap"
    behind = "" if found.base >= 0 else " behind"
    yield f"In absolute numbers the {side} of {called(found.challenger)} ({size} {name_in_words(found.by)}{behind}) moves most with {text}."


def swing(one: Bar, found: Tornado, tongue: Tongue) -> str:
    """``churn (0.01/month: +80, 0.05/month: +30)``."""

    def at(end: float, value: float) -> str:
        there = (
            "undefined"
            if math.isnan(value)
            else tongue.style(found.by).value(value)
            if found.baseline is None
            else tongue.signed(found.by, value)
        )
        return f"{there} at {tongue.setting(one.name, end, one.unit)}"

    turned = (
        "" if one.monotone else f", but {tongue.style(found.by).value(one.least)} to {tongue.style(found.by).value(one.most)} on the way"
    )
    flips = ", which turns it" if one.flips else ""
    return f"{one.title} ({at(one.low, one.at_low)}, {at(one.high, one.at_high)}{turned}{flips})"


# The best next move


def next_move(plan: Plan, tongue: Tongue) -> Iterator[str]:
    """What a quick plan says, and that it is a first look."""
    yield from plan.sentences
    count = len(plan.periods)
    periods = f"{count} period{'' if count == 1 else 's'} of {tongue.duration(plan.months / count)}"
    yield f"This is a first look, at {periods} and {plan.evaluations:,} runs: flywheel optimize looks longer and half-year by half-year."
