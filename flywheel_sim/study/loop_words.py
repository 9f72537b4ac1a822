"""What is said of feedback loops: which leads when, as far as shares can tell."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import called, capital, name_in_words, percent
from flywheel_sim.records import Record
from flywheel_sim.study.explain_words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flywheel_sim.analysis.loops import LoopScores
    from flywheel_sim.study.explain_words import Tongue

__all__ = ["Reign", "loops_said", "mingled", "reigns"]

NOTICED = 0.05  # a share of what all loops do that is worth a word
LITTLE = f"{100 * NOTICED:g} %"
SHARED, MIXED = 0.25, 0.67  # overlap that is said, and from which shares do not tell loops apart
SHORT = 0.05  # of the horizon: who leads for less is passed over
MOST_REIGNS = 6


class Reign(Record):
    """A stretch in which a declared loop has the largest share, and works one way.

    Attributes:
        name: of the loop; empty where none has a share worth a word.
        start: when it begins.
        end: when it ends.
        share: the mean share over it, negative where it balances.
    """

    name: str
    start: float
    end: float
    share: float


def reigns(scores: LoopScores, horizon: float) -> tuple[Reign, ...]:
    """Which declared loop has the largest share when, and which way it works; what is short is left to the one before it."""
    times = (*(float(time) for time in scores.time), horizon)
    found: list[tuple[tuple[str, int], float, float]] = []
    for place, (start, end) in enumerate(pairwise(times)):
        one = leader(scores, place)
        if found and found[-1][0] == one:
            found[-1] = (one, found[-1][1], end)
        else:
            found.append((one, start, end))
    kept: list[tuple[tuple[str, int], float, float]] = []
    for place, (one, start, end) in enumerate(found):
        short = end - start < SHORT * horizon
        if kept and (short or kept[-1][0] == one):
            kept[-1] = (kept[-1][0], kept[-1][1], end)
        elif short and place < len(found) - 1:  # nobody before it: the next one has it
            found[place + 1] = (found[place + 1][0], start, found[place + 1][2])
        else:
            kept.append((one, start, end))
    return worth_a_word([Reign(name, start, end, mean_share(scores, name, start, end)) for (name, _), start, end in kept])


def worth_a_word(some: Sequence[Reign]) -> tuple[Reign, ...]:
    """The same, where what was left to a loop makes its mean share too small taken as nobody's."""
    made: list[Reign] = []
    for one in some:
        name, share = (one.name, one.share) if abs(one.share) >= NOTICED else ("", 0.0)
        if made and not name and not made[-1].name:
            made[-1] = Reign("", made[-1].start, one.end, 0.0)
        else:
            made.append(Reign(name, one.start, one.end, share))
    return tuple(made)


def leader(scores: LoopScores, place: int) -> tuple[str, int]:
    """The loop with the largest share in an interval and which way it works; an empty name where none is worth a word."""
    shares = {} if scores.at_rest[place] else {name: float(row[place]) for name, row in scores.declared.items()}
    name = max(shares, key=lambda one: abs(shares[one]), default="")
    if not name or abs(shares[name]) < NOTICED:
        return "", 0
    return name, 1 if shares[name] > 0 else -1


def mean_share(scores: LoopScores, name: str, start: float, end: float) -> float:
    """The mean share of a loop over some intervals, those without any loop at work left out."""
    if not name:
        return 0.0
    rows = zip(scores.time, scores.declared[name], scores.at_rest, strict=True)
    found = [float(share) for time, share, rest in rows if start <= time < end and not rest]
    return math.fsum(found) / len(found) if found else 0.0


def loops_said(scores: LoopScores, strategy: str, horizon: float, tongue: Tongue, *, attributed: bool) -> Iterator[str]:
    """Which loop is the strongest when, as far as shares can tell.

    Args:
        scores: of a run, stages and labels taken together.
        strategy: whose run.
        horizon: when it ends.
        tongue: how things are written.
        attributed: whether it is known what each loop is worth.
    """
    working = [place for place, rest in enumerate(scores.at_rest) if not rest]
    if not working:
        yield f"No loop of {called(strategy)} is at work: nothing changes, or all changes evenly."
        return
    ways = ways_said(scores)
    if not scores.declared:
        yield f"The model declares no loops; the strongest that was found is {strongest_found(scores)}. {ways}"
        return
    overlap, apart = mean_overlap(scores), not mingled(scores)
    found = reigns(scores, horizon)
    if not any(one.name for one in found):
        yield f"No declared loop of {called(strategy)} keeps a share of {LITTLE} of what all loops do: its course is made by ways round that no loop is declared for."
    elif apart:
        yield from reigns_said(found, strategy, tongue)
    else:
        yield from mixed_said(scores, working, strategy)
    quiet = [name for name, row in scores.declared.items() if max(abs(float(row[place])) for place in working) < NOTICED]
    if quiet and len(quiet) < len(scores.declared):
        yield f"Never as much as {LITTLE}: {listed([name_in_words(name) for name in quiet])}."
    if overlap >= SHARED:
        yield f"{capital(percent(overlap))} of what loops do goes round through two of the declared ones or more and counts for each{'' if apart else ', so that shares do not tell them apart'}."
    yield ways
    if attributed:
        yield "A share tells which loop shapes the course, not what it is worth: that is the contribution above."


def ways_said(scores: LoopScores) -> str:
    """How many ways round there are, and whether that is all."""
    count = len(scores.names)
    if not scores.exhaustive:
        return f"Of its ways round, the {count:,} strongest that were found were looked at, not all."
    return "There is one way round." if count == 1 else f"All {count:,} ways round were looked at."


def mean_overlap(scores: LoopScores) -> float:
    """The part of what loops do that is counted for several declared ones, on average while any is at work."""
    found = [float(one) for one, rest in zip(scores.overlap, scores.at_rest, strict=True) if not rest]
    return math.fsum(found) / len(found) if found else 0.0


def mingled(scores: LoopScores) -> bool:
    """Whether most ways round run through several declared loops, so that shares do not tell these apart."""
    return mean_overlap(scores) >= MIXED


def strongest_found(scores: LoopScores) -> str:
    """The loop with the largest mean share of those that are contested; by its variables."""
    order = sorted(range(len(scores.names)), key=lambda place: -float(abs(scores.share[place]).mean()))
    place = next((one for one in order if not scores.uncontested[one]), order[0])
    return " → ".join(name_in_words(name) for name in scores.variables[place])


def reigns_said(found: Sequence[Reign], strategy: str, tongue: Tongue) -> Iterator[str]:
    """Who leads at first, and who takes over when."""
    first, *others = found
    if not others:
        yield f"{capital(loop_of(first))} is the strongest declared loop of {called(strategy)} throughout: {does(first)}."
        return
    if first.name:
        yield f"At first {loop_of(first)} is the strongest declared loop of {called(strategy)}: {does(first)}, until {tongue.moment(first.end)}."
    else:
        yield f"Until {tongue.moment(first.end)} no declared loop of {called(strategy)} has a share of {LITTLE} of what all loops do."
    parts = [
        f"from {tongue.moment(one.start)} on {f'{loop_of(one)} ({does(one)})' if one.name else f'none has as much as {LITTLE}'}"
        for one in others
    ]
    if len(parts) > MOST_REIGNS:
        yield f"It changes {len(parts)} times; the last of them: {'; '.join(parts[-MOST_REIGNS // 2 :])}."
    else:
        yield f"Then {'; '.join(parts)}."


def loop_of(one: Reign) -> str:
    return f"the {name_in_words(one.name)} loop"


def does(one: Reign) -> str:
    """``it reinforces, 45 % of what all loops do``."""
    return f"it {'reinforces' if one.share > 0 else 'balances'}, {percent(abs(one.share))} of what all loops do"


def mixed_said(scores: LoopScores, working: Sequence[int], strategy: str) -> Iterator[str]:
    """What can be said where most ways round run through several declared loops."""
    means = {name: math.fsum(abs(float(row[place])) for place in working) / len(working) for name, row in scores.declared.items()}
    order = sorted(means, key=lambda name: -means[name])[:2]
    parts = [f"{name_in_words(name)} ({percent(means[name])})" for name in order]
    yield f"Shares of what all loops of {called(strategy)} do are largest for {listed(parts)}, on average and whatever their sign, but the two cannot be told apart from others."
