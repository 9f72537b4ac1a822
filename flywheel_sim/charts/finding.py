"""What a chart shows, in one sentence: every word of a title is computed from the data."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from flywheel_sim.analysis import words
from flywheel_sim.analysis.compare import LEVEL, Comparison, level
from flywheel_sim.analysis.verdict import held, undefined
from flywheel_sim.analysis.words import Format, capital, countable, duration, moment, name_in_words, percent
from flywheel_sim.charts.text import shortened
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.result import Run, Series

__all__ = ["Tally", "alone", "by_the_medians", "called", "overlay_title", "panel_title", "tally"]


def called(name: str) -> str:
    """A strategy within a title, which has no room for a long name."""
    return words.called(shortened(name))


def overlay_title(comparison: Comparison, style: Format, time_unit: str, others: Sequence[Comparison] = (), *, judged: bool = True) -> str:
    """Who leads, from when on, and by how much at the end.

    Args:
        comparison: of the baseline with the best of the others.
        style: how the values are written.
        time_unit: the model's.
        others: the baseline compared with the rest.
        judged: whether more (or less) of it is better; where it is not, nobody leads.
    """
    if math.isnan(comparison.lead):
        return capital(undefined(comparison, time_unit))
    if comparison.level:
        return are_level(comparison, style, time_unit)
    winner, loser = sides(comparison)
    first, second = called(winner.name), called(loser.name)
    end = f"{ends(comparison, time_unit)} {margin(comparison, winner, loser, style)}"
    since = comparison.crossover if winner is comparison.challenger else comparison.until
    if not judged:
        when = f"from {moment(since, time_unit)} on" if since else "throughout"
        return capital(f"{first} is above {second} {when} and {end}")
    if not since:
        leads = f"leads {second} from the start" if winner is comparison.challenger else f"stays ahead of {second}"
        return capital(f"{first} {leads} and {end}{behind(comparison, others)}")
    when = moment(since, time_unit)
    leaders = leaders_in_turn(comparison)
    if len(leaders) > 2:
        text = f"the lead changes hands {times(len(leaders) - 1)}: {first} is ahead for good from {when} and {end}"
    elif leaders[0] is loser and winner is comparison.challenger:
        text = f"{first} overtakes {second} in {when} and {end}"
    elif leaders[0] is loser:
        text = f"{second} leads until {when}, then falls behind: {first} {end}"
    elif leading_before(comparison, since):
        text = f"{first} leads {second} for good from {when} and {end}"
    else:
        text = f"{first} is level with {second} until {when}, then pulls ahead and {end}"
    return capital(text + behind(comparison, others))


def by_the_medians(title: str) -> str:
    """A title about the medians of many futures, of which the futures themselves may tell another story."""
    return f"Going by the medians, {title[:1].lower()}{title[1:]}" if title.startswith("The ") else f"Going by the medians: {title}"


def sides(comparison: Comparison) -> tuple[Run, Run]:
    """Winner and loser."""
    pair = (comparison.challenger, comparison.baseline)
    return pair if comparison.lead > 0 else (pair[1], pair[0])


def leaders(comparison: Comparison) -> list[Run | None]:
    """Who leads at every saved time by more than anybody would call level, if anybody."""
    sign = -1.0 if comparison.better == "lower" else 1.0
    found: list[Run | None] = []
    pair = (run.values(comparison.by)[: comparison.index + 1] for run in (comparison.baseline, comparison.challenger))
    for below, above in zip(*pair, strict=True):
        gap = sign * (above - below)
        if math.isnan(gap) or level(below, above):
            found.append(None)
        else:
            found.append(comparison.challenger if gap > 0 else comparison.baseline)
    return found


def leaders_in_turn(comparison: Comparison) -> list[Run]:
    """Who leads first, who next, and so on; the winner is the last."""
    return [run for run, _ in groupby(run for run in leaders(comparison) if run is not None)]


def leading_before(comparison: Comparison, since: float) -> bool:
    """Whether anybody had a lead worth the name before the last crossing."""
    times = comparison.baseline.times
    return any(run is not None and times[index] < since for index, run in enumerate(leaders(comparison)))


def ends(comparison: Comparison, time_unit: str) -> str:
    """``ends with``, unless one of the two goes on after that."""
    if len(comparison.baseline.times) == len(comparison.challenger.times):
        return "ends with"
    return f"in {moment(comparison.months, time_unit)} has"


def are_level(comparison: Comparison, style: Format, time_unit: str) -> str:
    first, second = comparison.challenger, comparison.baseline
    what = held(comparison, first, second, style)
    return capital(f"{called(first.name)} and {called(second.name)} are level after {duration(comparison.months, time_unit)}: {what}")


def margin(comparison: Comparison, winner: Run, loser: Run, style: Format) -> str:
    """``20 % more customers``, ``2.9× the customers``, or both values where neither can be said."""
    series = winner.about(comparison.by)
    best, rest = comparison.end(winner), comparison.end(loser)
    if not countable(series) or comparison.better == "lower" or rest <= 0:
        return held(comparison, winner, loser, style)
    name = name_in_words(series.name)
    ratio = best / rest
    if ratio >= 1000:
        return held(comparison, winner, loser, style)
    if ratio >= 2:
        return f"{ratio:.1f}× the {name}" if ratio < 9.95 else f"{ratio:.0f}× the {name}"
    return f"{percent(ratio - 1)} more {name}"


def behind(comparison: Comparison, others: Sequence[Comparison]) -> str:
    """What a title about a challenger that wins must not hide: who else ends behind the baseline."""
    if comparison.lead < 0:
        return ""
    losers = [other for other in others if other.lead < 0 and not other.level]
    if not losers:
        return ""
    if len(losers) == 1:
        return f"; {called(losers[0].challenger.name)} ends behind {'both' if len(others) == 1 else called(comparison.baseline.name)}"
    return f"; {len(losers)} others end behind {called(comparison.baseline.name)}"


def times(count: int) -> str:
    return {2: "twice"}.get(count, f"{count} times")


def alone(run: Run, series: Series, style: Format, time_unit: str) -> str:
    """What becomes of a series where there is only one strategy."""
    name = capital(name_in_words(series.name))
    points = [(value, time) for time, value in zip(run.times, run.values(series.name), strict=True) if math.isfinite(value)]
    if not points:
        return f"{name}: not defined at any time of this run"
    many = series.name.endswith("s") and not series.name.endswith("ss")
    start, end = points[0][0], points[-1][0]
    (lowest, bottom), (highest, top) = min(points), max(points)
    noticeable = LEVEL * max(abs(lowest), abs(highest))

    def story(verb: str, rest: str) -> str:
        return f"{name} {verb if many else verb + 's'} {rest}"

    first, last = style.in_sentence(start), style.in_sentence(end)
    if highest - lowest <= noticeable:
        return story("stay", f"at {last} for {duration(run.times[-1], time_unit)}")
    if highest - max(start, end) > noticeable:
        return story("peak", f"at {style.in_sentence(highest)} in {moment(top, time_unit)} and {'end' if many else 'ends'} at {last}")
    if min(start, end) - lowest > noticeable:
        return story("sink", f"to {style.in_sentence(lowest)} in {moment(bottom, time_unit)} and {'end' if many else 'ends'} at {last}")
    return story("grow" if end > start else "fall", f"from {first} to {last} in {duration(run.times[-1], time_unit)}")


class Tally(Record):
    """How many series end better with which of two strategies.

    Attributes:
        better: those that end better with the challenger.
        worse: those that end better with the baseline.
        level: those that end as good as equal.
    """

    better: tuple[str, ...]
    worse: tuple[str, ...]
    level: tuple[str, ...]


def tally(comparisons: Sequence[Comparison]) -> Tally:
    """Sort series, each compared on its own, by who ends better; those without a better are left out."""
    better: list[str] = []
    worse: list[str] = []
    same: list[str] = []
    for one in comparisons:
        if one.baseline.about(one.by).better is None or math.isnan(one.lead):
            continue
        (same if one.level else better if one.lead > 0 else worse).append(one.by)
    return Tally(tuple(better), tuple(worse), tuple(same))


def panel_title(challenger: str, baseline: str, found: Tally) -> str:
    """On how many measures the challenger ends better, and on which it does not."""
    total = len(found.better) + len(found.worse) + len(found.level)
    if not total:
        return capital(f"{called(challenger)} and {called(baseline)}, measure by measure")
    if not found.better and not found.worse:
        return capital(f"{called(challenger)} and {called(baseline)} end level on {of(total, total)}")
    if len(found.better) == len(found.worse):
        return capital(f"{called(challenger)} and {called(baseline)} each end better on {len(found.better)} of {total} measures")
    first, second, won, lost = challenger, baseline, found.better, found.worse
    if len(lost) > len(won):
        first, second, won, lost = second, first, lost, won
    text = f"{called(first)} ends better than {called(second)} on {of(len(won), total)}"
    exceptions = [f"{word} on {listed(names)}" for word, names in (("worse", lost), ("level", found.level)) if names]
    return capital(", ".join([text, *exceptions]))


def of(count: int, total: int) -> str:
    if total == 1:
        return "the one measure"
    return f"all {total} measures" if count == total else f"{count} of {total} measures"


def listed(names: Sequence[str]) -> str:
    """Up to two names, else their number."""
    return " and ".join(map(name_in_words, names)) if len(names) <= 2 else str(len(names))
