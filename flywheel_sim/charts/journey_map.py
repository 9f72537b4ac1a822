"""From a journey map to its chart, without drawing anything."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import called, capital, duration, moment, name_in_words, number, percent
from flywheel_sim.charts.chart import JourneyMapChart, Mark, Stage
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.text import clean, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.analysis.journeys import Handoff, JourneyMap, Stay
    from flywheel_sim.result import About

__all__ = ["journey_map"]

MOST_STAGES, MOST_MARKS = 12, 8
TORN = 3.0  # a stay is torn where it is so many times as long as the longest with a wait (or as most stays)
SLACK = 4.0 / 3.0  # ... but not for a little more than that
SURE = 2.0  # standard errors, of what is drawn
TOLD = 3.0  # and of what a title says: the best of several is chosen, and few runs know their error badly
FEWEST = 8  # runs below which a standard error is itself too unsure to rest a title on
SEEN = 0.005  # the share of a stay that is waited, from which on it is written
NOTICED = 0.05  # the share of a stay that is waited, from which on a title is about it


def journey_map(map: JourneyMap, *, about: About, command: str = "") -> JourneyMapChart:  # noqa: A002  that is what it is
    """What accounts meet on their way: how long they stay in each stage, wait and get lost, and what each handoff costs.

    Args:
        map: of the journeys of single accounts.
        about: of the result they belong to, for the footer.
        command: that makes the chart again, for the footer.
    """
    unit = clean(map.time_unit)
    stays = map.stays[:MOST_STAGES]
    handoffs = sorted(map.handoffs, key=rank)[:MOST_MARKS] if len(map.handoffs) > MOST_MARKS else map.handoffs
    gained = name_in_words(clean(map.headline))
    return JourneyMapChart(
        title(map, unit),
        subtitle(map, unit),
        footer(about, command),
        tuple(stage(stay) for stay in stays),
        tuple(mark(handoff, map.replications) for handoff in handoffs),
        longest(stays),
        f"Time in the stage ({unit}s)",
        f"Without it: {more(gained)} by {moment(map.months, unit)} (± 2 standard errors)",
    )


def rank(handoff: Handoff) -> float:
    """Those that bring most first, those of which that is not known last."""
    return math.inf if math.isnan(handoff.gain) else -handoff.gain


def stage(stay: Stay) -> Stage:
    """One stock, with its numbers as people write them."""
    known = math.isfinite(stay.time)
    waits = percent(stay.waited / stay.time) if known and stay.time > 0 and stay.waited >= SEEN * stay.time else ""
    return Stage(
        name=stay.name,
        title=capital(shortened(stay.title)),
        time=stay.time,
        waited=stay.waited,
        label=number(stay.time) if known else "nobody left",
        waits=f"{waits} waiting" if waits else "",
        came=number(stay.came),
        lost=stay.lost,
        loses="–" if math.isnan(stay.lost) else "none" if stay.lost <= 0 else percent(stay.lost),
    )


def duration_of(time: float, unit: str) -> str:
    """``3.2 months``."""
    return f"{number(time)} {unit}{'' if time == 1 else 's'}"


def mark(handoff: Handoff, replications: int) -> Mark:
    """One handoff, with its numbers as people write them."""
    return Mark(
        tag=clean(handoff.label),
        title=capital(shortened(handoff.title, 60)),
        stages=handoff.places,
        lost="loses nobody" if handoff.lost == 0 else f"loses {number(handoff.lost)} accounts" if math.isfinite(handoff.lost) else "",
        gain=handoff.gain,
        error=handoff.gain_error,
        label=with_error(handoff),
        certain=certain(handoff, replications),
    )


def with_error(handoff: Handoff) -> str:
    """``+14 (± 4)``: no finer than twice its standard error."""
    gain, error = handoff.gain, SURE * handoff.gain_error
    if not math.isfinite(gain):
        return "not known"
    if not math.isfinite(error):
        return f"{signed(number(gain))} (in one run)"
    return f"{signed(to_error(gain, error))} (± {to_error(error, error)})"


def signed(text: str) -> str:
    """With a sign; zero has none."""
    return text if text.startswith("-") or not any(digit in text for digit in "123456789") else f"+{text}"


def to_error(value: float, error: float) -> str:
    """A number with the digits that its error leaves it: two of the error's own where it begins with 1 or 2, else one."""
    if not 0 < error < 100 or abs(value) >= 100_000:
        return number(value)
    power = math.floor(math.log10(error))
    digits = max(0, (1 if error / 10.0**power < 3 else 0) - power)
    return f"{round(value, digits) + 0.0:,.{digits}f}"  # no -0


def certain(handoff: Handoff, replications: int) -> bool:
    """Whether a gain, or a loss, is beyond two standard errors, of runs enough to know these."""
    known = math.isfinite(handoff.gain + handoff.gain_error) and replications >= FEWEST
    return known and abs(handoff.gain) > TOLD * handoff.gain_error


def longest(stays: Sequence[Stay]) -> float:
    """The top of the scale: stays of years must not make those of weeks vanish."""
    times = [stay.time for stay in stays if math.isfinite(stay.time) and stay.time > 0]
    if not times:
        return 1.0
    waiting = [stay.time for stay in stays if math.isfinite(stay.time) and stay.waited > NOTICED * stay.time]
    top = TORN * (max(waiting) if waiting else median(times))
    return max(times) if max(times) <= SLACK * top else top


# Words


def more(name: str) -> str:
    """``more customers``, ``more cash``."""
    return f"more {name}"


def title(map: JourneyMap, unit: str) -> str:  # noqa: A002
    """The largest gain that is certain, else the longest wait, else the largest loss."""
    best = max((one for one in map.handoffs if certain(one, map.replications) and one.gain > 0), key=lambda one: one.gain, default=None)
    if best is not None:
        others = [one for one in map.handoffs if one is not best]
        beaten = all(beyond(best, other) for other in others)
        most = ", more than any other" if others and beaten else ""
        what = f"{to_error(best.gain, SURE * best.gain_error)} more {name_in_words(clean(map.headline))} by {moment(map.months, unit)}"
        return capital(f"removing {the(best)} brings {called(shortened(map.strategy))} {what}{most}")
    rest = waiting(map, unit) or losing(map) or nothing(map, unit)
    if not map.handoffs:
        return capital(rest)
    if all(math.isnan(one.gain) for one in map.handoffs):
        return capital(rest)  # nobody has tried
    if map.replications < 2:
        return capital(f"{rest}; one run cannot tell what removing a handoff brings")
    runs = f"{map.replications:,} runs"
    if map.replications < FEWEST:
        return capital(f"{rest}; {runs} are too few to tell what removing a handoff brings")
    return capital(f"{rest}; {runs} cannot tell that removing any handoff brings a gain")


def beyond(best: Handoff, other: Handoff) -> bool:
    """Whether one brings more than another, surely; what is not known is beaten by nothing."""
    gap = best.gain - other.gain
    return math.isfinite(gap + other.gain_error) and gap > SURE * math.hypot(best.gain_error, other.gain_error)


def the(handoff: Handoff) -> str:
    """``the handoff from marketing to sales``."""
    name = clean(handoff.title)
    return f"the handoff from {name}" if " to " in name else f"the friction {name}"


def left(stay: Stay) -> float:
    """How many left a stage."""
    return math.fsum(stay.went.values())


def waiting(map: JourneyMap, unit: str) -> str:  # noqa: A002
    """Where accounts wait longest, if they wait."""
    known = [stay for stay in map.stays if math.isfinite(stay.time) and stay.time > 0 and stay.waited >= NOTICED * stay.time]
    worst = max(known, key=lambda stay: stay.waited * left(stay), default=None)
    if worst is None or not worst.waited * left(worst) > 0:
        return ""
    share = percent(worst.waited / worst.time)
    return f"accounts wait longest in {clean(worst.title)}: {number(worst.waited)} of {duration_of(worst.time, unit)} ({share})"


def losing(map: JourneyMap) -> str:  # noqa: A002
    """Where most are lost, if any are."""
    known = [stay for stay in map.stays if math.isfinite(stay.lost)]
    worst = max(known, key=lambda stay: stay.lost * left(stay), default=None)
    if worst is None or not worst.lost * left(worst) > 0:
        return ""
    return f"most accounts are lost in {clean(worst.title)}: {percent(worst.lost)} of those who leave, {number(worst.lost * left(worst))} in all"


def nothing(map: JourneyMap, unit: str) -> str:  # noqa: A002
    """That there is nothing to mend."""
    whose = called(shortened(map.strategy))
    if not any(left(stay) for stay in map.stays):
        return f"no account of {whose} moves on within {duration(map.months, unit)}"
    return f"nobody waits and nobody is lost on the way of {whose}"


def subtitle(map: JourneyMap, unit: str) -> str:  # noqa: A002
    """What is plotted, and of how many runs."""
    runs = "one run" if map.replications == 1 else f"{map.replications:,} runs"
    of = "single accounts" if map.replications == 1 else "single accounts, means"
    parts = [
        f"{capital(called(shortened(map.strategy)))}: the way of {of} of {runs} over {duration(map.months, unit)}, stage by stage",
        f"it ends with {number(map.end)} {name_in_words(clean(map.headline))}",
        "times are of those who have left a stage",
    ]
    for count, most, what in ((len(map.stays), MOST_STAGES, "stages"), (len(map.handoffs), MOST_MARKS, "handoffs")):
        if count > most:
            parts.append(f"{count - most} more {what} not shown")
    return "; ".join(parts)
