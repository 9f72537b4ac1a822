"""From a tornado's numbers to its chart, without drawing anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import capital, moment, with_unit
from flywheel_sim.charts.axis import nice_ticks, value_axis
from flywheel_sim.charts.chart import Axis
from flywheel_sim.charts.finding import called
from flywheel_sim.charts.footer import footer
from flywheel_sim.charts.outcome import Outcome, finite
from flywheel_sim.charts.text import clean, shortened, tick_labels
from flywheel_sim.charts.why import Swing, TornadoChart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.result import About, Series
    from flywheel_sim.study.sensitivity import Bar, Tornado

__all__ = ["tornado"]

MOST_BARS = 12
LEAD = "lead"
TICKS = 8
ROOM = 0.08  # of the range, at both ends


def tornado(tornado: Tornado, *, about: About, series: Series | None = None, command: str = "") -> TornadoChart:
    """What each assumption does to an outcome when it moves through its plausible range alone, the widest swing first.

    Args:
        tornado: the numbers.
        about: of the result they belong to, for the footer.
        series: what is known of the series that is read, for how it is written; plain numbers where nothing is.
        command: that makes the chart again, for the footer.
    """
    outcome = Outcome(tornado.by, series, about.currency)
    lead = tornado.of == LEAD
    bars = tornado.bars[:MOST_BARS]
    currency, unit = clean(about.currency), clean(about.time_unit)
    return TornadoChart(
        title(tornado, outcome, unit),
        subtitle(tornado, outcome, unit),
        footer(about, command),
        tuple(swing(one, tornado, currency) for one in bars),
        axis_of(tornado, bars, outcome, moment(tornado.month, unit)),
        tornado.base,
        outcome.value(tornado.base),
        lead,
    )


def swing(one: Bar, tornado: Tornado, currency: str) -> Swing:
    """One assumption, with its numbers as people write them."""
    missing = [label for label, value in (("lower", one.at_low), ("upper", one.at_high)) if math.isnan(value)]
    notes = []
    if one.flips:
        other = tornado.baseline if tornado.base > 0 else tornado.challenger
        notes.append(f"{called(shortened(other or '', 24))} can win")
    if not one.monotone:
        notes.append("turns back")
    if missing:
        notes.append("undefined throughout" if math.isnan(one.least) else f"undefined at the {' and '.join(missing)} end")
    ends = [with_unit(value, one.unit, currency) for value in (one.low, one.high)]
    return Swing(
        one.name,
        capital(shortened(clean(one.title))),
        ends[0],
        ends[1],
        one.at_low,
        one.at_high,
        one.least,
        one.most,
        one.monotone,
        one.flips,
        capital(", ".join(notes)),
    )


def axis_of(tornado: Tornado, bars: Sequence[Bar], outcome: Outcome, when: str) -> Axis:
    """The outcome as far as it goes; with 0 where that is near, and always of a lead that is lost."""
    label = (
        f"{capital(outcome.words)} by which {called(shortened(tornado.challenger))} is ahead of {called(shortened(tornado.baseline or ''))} in {when}"
        if tornado.of == LEAD
        else f"{outcome.measured(f'of {called(shortened(tornado.challenger))} in {when}')}"
    )
    values = finite([tornado.base, *(value for one in bars for value in (one.least, one.most, one.at_low, one.at_high))])
    lowest, highest = min(values, default=0.0), max(values, default=0.0)
    reach = highest - lowest
    if reach <= 0:
        return value_axis(label, values, outcome.style, TICKS)
    low, high = lowest - ROOM * reach, highest + ROOM * reach
    near = 0.5 * reach
    low, high = (0.0 if 0 <= lowest < near else low), (0.0 if -near < highest <= 0 else high)
    ticks = nice_ticks(low, high, TICKS)
    return Axis(label, low, high, ticks, tick_labels(ticks, outcome.style))


# Words


def title(tornado: Tornado, outcome: Outcome, unit: str) -> str:
    """What matters most, and whether anything changes who is ahead."""
    moved = [one for one in tornado.bars if math.isfinite(one.least + one.most)]
    who = called(tornado.challenger)
    if math.isnan(tornado.base):
        return capital(f"{outcome.words} of {who}: not defined in {moment(tornado.month, unit)} as things stand")
    if not moved or not any(one.swing > 0 for one in moved):
        what = f"the lead in {outcome.words}" if tornado.of == LEAD else f"the {outcome.words} of {who}"
        several = f"none of {len(tornado.bars)} assumptions moves" if tornado.bars else "no assumption with a range bears on"
        return capital(f"{'the one assumption with a range does not move' if len(tornado.bars) == 1 else several} {what}")
    top = moved[0]
    name, reach = shortened(clean(top.title)), outcome.between(top.least, top.most)
    if tornado.of != LEAD:
        return capital(f"{name} moves the {outcome.words} of {who} most: {reach}")
    flips = sum(one.flips for one in tornado.bars)
    most = f"{name} matters most, with a lead of {reach} {outcome.words if outcome.countable else ''}".rstrip()
    if not flips:
        ahead = winner(tornado)
        return capital(f"no single assumption takes the lead from {called(ahead)}; {most}" if ahead else most)
    count = f"{'one' if flips == 1 else flips} of {len(tornado.bars)} assumptions" if len(tornado.bars) > 1 else "the one assumption"
    return capital(f"{count} can change who wins; {most}")


def winner(tornado: Tornado) -> str:
    """Who is ahead as things stand; empty where nobody is."""
    return (tornado.challenger if tornado.base > 0 else tornado.baseline or "") if tornado.base else ""


def subtitle(tornado: Tornado, outcome: Outcome, unit: str) -> str:
    """What is moved, and how far."""
    what = f"the lead in {outcome.words}" if tornado.of == LEAD else f"{outcome.words} of {called(shortened(tornado.challenger))}"
    parts = [
        f"{capital(what)} in {moment(tornado.month, unit)} when one assumption moves through its plausible range, all others as they stand",
        "light: its lower end, dark: its upper end",
    ]
    shown = tornado.bars[:MOST_BARS]
    if not all(one.monotone for one in shown):
        parts.append("thin line: how far it goes in between, where it turns back")
    if len(tornado.bars) > MOST_BARS:
        parts.append(f"the {MOST_BARS} widest of {len(tornado.bars)}")
    return "; ".join(parts)
