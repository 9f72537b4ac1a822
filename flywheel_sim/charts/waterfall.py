"""From an attribution to a waterfall, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import capital, moment, name_in_words
from flywheel_sim.charts.axis import nice_ticks, value_axis
from flywheel_sim.charts.chart import Axis
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.outcome import Outcome, finite
from flywheel_sim.charts.text import clean, shortened, tick_labels
from flywheel_sim.charts.why import Step, WaterfallChart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.result import About, Series
    from flywheel_sim.study.attribution import Attribution, Contribution

__all__ = ["waterfall"]

MOST_STEPS = 11  # contributions that have a row of their own
SMALL = 0.01  # of the largest: what contributes less is gathered
CLOSE = 0.5  # all that happens lies within this part of the largest value: then the axis begins near it
LEVEL = 0.005  # of what moves at all: a difference below is none
TICKS = 8


def waterfall(attribution: Attribution, *, about: About, series: Series | None = None, command: str = "") -> WaterfallChart:
    """What each difference between two strategies contributes, from the baseline's outcome to the challenger's.

    Args:
        attribution: the difference, shared out.
        about: of the result it belongs to, for the footer.
        series: what is known of the series that is explained, for how it is written; plain numbers where nothing is.
        command: that makes the chart again, for the footer.
    """
    outcome = Outcome(attribution.by, series, about.currency)
    steps = tuple(steps_of(attribution, outcome))
    return WaterfallChart(
        title(attribution, outcome, clean(about.time_unit)),
        subtitle(attribution, outcome, clean(about.time_unit)),
        footer(about, command),
        steps,
        axis_of(steps, outcome, moment(attribution.month, clean(about.time_unit))),
    )


def steps_of(attribution: Attribution, outcome: Outcome) -> list[Step]:
    """The rows from above: what contributes most first, what is small gathered."""
    shown = list(attribution.contributions)
    largest = max((abs(one.value) for one in shown), default=0.0)
    kept = [one for one in shown if abs(one.value) > SMALL * largest][:MOST_STEPS]
    gathered = [one for one in shown if one not in kept]
    if len(gathered) == 1 and len(kept) < MOST_STEPS:  # a row it takes anyway
        kept, gathered = shown, []
    rest = math.fsum(one.value for one in gathered)
    values = [one.value for one in kept] + ([rest] if gathered else [])
    labels = [signed(label) for label in outcome.alike(values)]
    ends = outcome.alike((attribution.start, attribution.end))
    rows = [total(attribution.baseline, attribution.start, ends[0])]
    at = attribution.start
    for one, label in zip(kept, labels, strict=False):
        rows.append(Step(one.name, capital(shortened(bare(one), 70)), one.kind, at, at + one.value, label, at + one.low, at + one.high))
        at += one.value
    if gathered:
        count = f"{len(gathered)} other{'' if len(gathered) == 1 else 's'}"
        rows.append(Step("others", count, "others", at, at + rest, labels[-1], math.nan, math.nan))
    return [*rows, total(attribution.challenger, attribution.end, ends[1])]


def total(name: str, value: float, label: str) -> Step:
    return Step(name, capital(shortened(name)), "strategy", 0.0, value, label, math.nan, math.nan)


def bare(one: Contribution) -> str:
    """A title without its kind, which has a place of its own."""
    return clean(one.title).removeprefix(f"{one.kind}: ")


def signed(text: str) -> str:
    """With a sign; zero has none."""
    return text if text.startswith("-") or not any(digit in text for digit in "123456789") else f"+{text}"


def axis_of(steps: Sequence[Step], outcome: Outcome, when: str) -> Axis:
    """From 0, unless all that happens happens far from there."""
    label = outcome.measured(f"in {when}")
    values = finite(value for step in steps for value in (step.start, step.end, step.low, step.high) if step.kind != "strategy")
    ends = finite(step.end for step in steps if step.kind == "strategy")
    lowest, highest = min(values + ends, default=0.0), max(values + ends, default=0.0)
    reach = highest - lowest
    if lowest * highest <= 0 or reach <= 0 or reach >= CLOSE * max(abs(lowest), abs(highest)):
        return value_axis(label, values + ends, outcome.style, TICKS)
    low, high = lowest - 0.3 * reach, highest + 0.06 * reach
    if highest < 0:
        low, high = lowest - 0.06 * reach, highest + 0.3 * reach
    ticks = nice_ticks(low, high, TICKS)
    return Axis(f"{label} (the axis does not begin at 0)", low, high, ticks, tick_labels(ticks, outcome.style))


# Words


def title(attribution: Attribution, outcome: Outcome, time_unit: str) -> str:
    """What brings most of the lead, and what costs most of it."""
    text = finding(attribution, outcome, time_unit)
    return capital(text if attribution.draws is None else f"on average, {text}")


def finding(attribution: Attribution, outcome: Outcome, time_unit: str) -> str:
    first, second = called(attribution.challenger), called(attribution.baseline)
    gap = attribution.end - attribution.start
    if not attribution.contributions:
        return f"nothing is different between {first} and {second}"
    largest = max(abs(one.value) for one in attribution.contributions)
    if largest <= LEVEL * max(abs(attribution.start), abs(attribution.end)) / 10:
        return f"nothing that differs between {first} and {second} changes the {outcome.words} in {moment(attribution.month, time_unit)}"
    up = max(attribution.contributions, key=lambda one: one.value)
    down = min(attribution.contributions, key=lambda one: one.value)
    with_up, with_down = up.value > SMALL * largest, down.value < -SMALL * largest
    numbers = dict(zip(("up", "down", "gap"), outcome.alike((up.value, -down.value, abs(gap))), strict=True))
    brings, costs = ("brings", "costs") if outcome.countable and not outcome.lower else ("adds", "takes away")
    rises = f"{in_sentence(up)} {brings} {numbers['up']}" if with_up else ""
    falls = f"{in_sentence(down)} {costs} {numbers['down']}" if with_down else ""
    if abs(gap) <= LEVEL * largest:
        return f"{first} ends level with {second}: {'; '.join(filter(None, (rises, falls)))}"
    lead = ahead(attribution, outcome, gap, numbers["gap"])
    if len(attribution.contributions) == 1:
        return f"{in_sentence(up)} makes up all of the {lead}"
    if gap > 0 and up.value <= gap:
        return f"{rises} of the {lead}{f'; {falls}' if falls else ''}"
    if gap < 0 and -down.value <= -gap:
        return f"{falls} of the {lead}{f'; {rises}' if rises else ''}"
    main, other = (rises, falls) if gap > 0 else (falls, rises)
    return f"{main}{f', {other}' if other else ''}: {result(attribution, outcome, gap, numbers['gap'])}"


def ahead(attribution: Attribution, outcome: Outcome, gap: float, size: str) -> str:
    """``55 customers the flywheel is ahead``."""
    who = called(attribution.challenger)
    if outcome.countable:
        return f"{size} {outcome.words} {who} is {'ahead' if gap > 0 else 'behind'}"
    return f"{size} by which the {outcome.words} of {who} is {'higher' if gap > 0 else 'lower'}"


def result(attribution: Attribution, outcome: Outcome, gap: float, size: str) -> str:
    """``the flywheel ends 12 customers ahead``."""
    who = called(attribution.challenger)
    if outcome.countable:
        return f"{who} ends {size} {outcome.words} {'ahead' if gap > 0 else 'behind'}"
    return f"the {outcome.words} of {who} ends {size} {'higher' if gap > 0 else 'lower'}"


def in_sentence(one: Contribution) -> str:
    """``the referral loop``, ``engage share 0 % to 6 %``."""
    text = bare(one).removesuffix(", as it moves")
    if one.kind in {"loop", "friction"}:
        off = text.endswith(" off")
        name = shortened(name_in_words(text.removesuffix(" off")))
        return f"{'switching off ' if off else ''}the {name} {one.kind}"
    return "everything else" if one.kind == "rest" else shortened(text)


def subtitle(attribution: Attribution, outcome: Outcome, time_unit: str) -> str:
    """What is plotted, and how exactly it is known."""
    what = f"{capital(outcome.words)} in {moment(attribution.month, time_unit)}, from {called(attribution.baseline)} to {called(attribution.challenger)}"
    parts = [f"{what}: what each difference adds on average over all orders of making them (Shapley values)"]
    if attribution.draws is not None:
        futures = f"{attribution.draws:,} draw{'' if attribution.draws == 1 else 's'}"
        parts.append(f"means of {futures}, whiskers from 5 to 95 %")
    if attribution.failed:
        parts.append(f"{attribution.failed:,} failed and left out")
    if not attribution.exact:
        worst = max((one.error for one in attribution.contributions), default=0.0)
        parts.append(f"orders sampled, standard errors up to {outcome.value(worst)}")
    return "; ".join(parts)
