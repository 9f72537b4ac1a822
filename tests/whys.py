"""Reasons made up for charts: attributions, scores of loops, momentum, tornados, maps and plans."""

import math

import numpy as np
from charted import growing, made

from flywheel_sim.analysis.loops import LoopScores
from flywheel_sim.analysis.momentum import Coast, Holding, Momentum
from flywheel_sim.analysis.plans import Bound, OutOfSample, Plan
from flywheel_sim.analysis.tipping import Axis, RegimeMap, nearest_on, tie_lines
from flywheel_sim.study.attribution import Attribution, Contribution
from flywheel_sim.study.sensitivity import Bar, Tornado

NAN = math.nan
ABOUT = made({"run": growing(1, 0.1)}).about
LONG = "a_name_that_has_exactly_forty_characters"
LONG_COMMAND = f"flywheel explain {'folder/' * 20}test.toml"

# Attributions


def contribution(name="referral", value=10.0, kind="loop", low=NAN, high=NAN, error=0.0, title=None):
    return Contribution(name, title or f"{kind}: {name.replace('_', ' ')}", kind, value, low, high, error)


def attributed(*contributions, start=100.0, by="customers", exact=True, draws=None, failed=0, names=("funnel", "flywheel"), month=60.0):
    """An attribution that adds up."""
    ordered = tuple(sorted(contributions, key=lambda one: -abs(one.value)))
    end = start + math.fsum(one.value for one in contributions)
    return Attribution(*names, by, month, start, end, ordered, exact, 8, draws, failed)


def many_contributions(count, scale=1.0, kinds=("loop", "lever", "friction", "rest")):
    """As many as wanted, some of them negative, each with whiskers."""
    values = [scale * (-1) ** (place % 3 == 2) * 20.0 / (1 + place) for place in range(count)]
    return [
        contribution(
            f"{LONG[: 34 + place % 6]}_{place}", value, kinds[place % len(kinds)], value - 0.4 * abs(value), value + 0.7 * abs(value), 0.3
        )
        for place, value in enumerate(values)
    ]


# Loops


def scored(declared, *, found=None, months=60, component=None, uncontested=None, exhaustive=True, overlap=0.0, rest=(), dt=1.0):
    """Scores from the shares of declared loops, and of found ones where they are given.

    Args:
        declared: shares over time by name.
        found: likewise, of loops that were found.
        months: the horizon.
        component: of each found loop.
        uncontested: whether each found loop is.
        exhaustive: whether these are all.
        overlap: counted twice, at all times.
        rest: intervals in which no loop is at work.
        dt: length of an interval.
    """
    time = np.arange(0, months, dt)
    found = {"R1 a → b": np.ones(len(time))} if found is None else found
    share = np.array([np.broadcast_to(one, len(time)) for one in found.values()]).reshape(len(found), len(time))
    at_rest = np.isin(np.arange(len(time)), list(rest))
    return LoopScores(
        tuple(found),
        tuple(("a", "b") for _ in found),
        time,
        10 * share,
        share,
        tuple(component or [0] * len(found)),
        exhaustive,
        tuple(uncontested or [False] * len(found)),
        {name: np.broadcast_to(np.asarray(one, dtype=float), len(time)) for name, one in declared.items()},
        np.full(len(time), overlap),
        at_rest,
    )


def ramp(start, end, count=60):
    return np.linspace(start, end, count)


# Momentum


def moving(
    strategy="flywheel",
    won=(60.0, 78.0),
    pipeline=20.0,
    normal=200.0,
    share=(1.2, 0.8),
    gain=0.5,
    several=(),
    half=5.4,
    months=60,
    headline="customers",
    force_unit="$/month",
    beside="referral_share",
):
    """Momentum of one strategy, all in straight lines; holding every six months."""
    stops = tuple(float(month) for month in range(months + 1))
    held = tuple(float(month) for month in range(0, months + 1, 6))
    line = lambda ends, count: tuple(np.linspace(*ends, count).tolist())  # noqa: E731  a ruler
    flat = lambda value: (float(value),) * len(stops)  # noqa: E731  likewise
    wins, shares = line(won, len(stops)), line(share, len(held))
    coast = Coast(stops, wins, flat(pipeline), flat(normal), tuple(one / normal for one in wins), flat(half), flat(half), flat(0.3))
    holding = Holding(
        held, tuple(150_000.0 * one for one in shares), (150_000.0,) * len(held), shares, tuple(month in several for month in held)
    )
    amplifier = 1 / (1 - gain) if gain < 1 else NAN
    return Momentum(
        strategy, "month", headline, "account", force_unit, ("budget",), stops, float(months), 36.0, 12.0, (), flat(300), flat(6), flat(1.5),
        flat(gain), flat(amplifier), beside, flat(0.11) if beside else (), coast, holding,
    )  # fmt: skip


# Sensitivity


def swung(
    name="churn", low=30.0, high=80.0, *, least=None, most=None, monotone=True, flips=False, unit="1/month", ends=(0.01, 0.05), title=None
):
    known = [one for one in (low, high) if not math.isnan(one)]
    least = (min(known) if known else NAN) if least is None else least
    most = (max(known) if known else NAN) if most is None else most
    return Bar(name, title or name.replace("_", " "), unit, *ends, low, high, least, most, monotone, flips)


def storm(*bars, base=52.0, of="lead", by="customers", names=("funnel", "flywheel")):
    ordered = tuple(sorted(bars, key=lambda one: -math.inf if math.isnan(one.swing) else one.swing, reverse=True))
    return Tornado(of, by, names[0] if of == "lead" else None, names[1], 60.0, base, ordered, 100)


# Maps


def side(name="churn", low=0.0, high=0.1, own=0.02, unit="1/month", note="customers lost", title=None):
    return Axis(name, title or name.replace("_", " "), note, unit, low, high, own)


def mapped(gap, across=None, up=None, size=41, names=("funnel", "flywheel"), by="customers"):
    """A map of a function of two shares, from 0 to 1 along both sides."""
    across, up = across or side(), up or side("price", 100.0, 1000.0, 400.0, "$/account/month", "what a customer pays")
    spots = [place / (size - 1) for place in range(size)]
    gaps = tuple(tuple(float(gap(x, y)) for x in spots) for y in spots)
    xs, ys = ([axis.at(place, size) for place in range(size)] for axis in (across, up))
    border = tie_lines(xs, ys, gaps)
    here = float(gap(*((axis.own - axis.low) / (axis.high - axis.low) for axis in (across, up))))
    winner = "" if not here or math.isnan(here) else names[here > 0]
    wins = [names[one > 0] if one and not math.isnan(one) else "" for row in gaps for one in row]
    near = nearest_on(border, (across.own, up.own), (across.high - across.low, up.high - up.low))
    return RegimeMap(across, up, gaps, border, *near, "", *names, by, winner, wins.count(winner) / len(wins))


# Plans


def planned(
    shares=({"ads": 0.1, "sellers": 0.6, "practice": 0.3}, {"ads": 0.3, "sellers": 0.7, "practice": 0.0}),
    today=None,
    before=300.0,
    gain=30.0,
    between=(NAN, NAN),
    maximise="customers",
    of="typical",
    unit="account",
    spend=None,
    flat=0.2,
    flat_loss=0.4,
    feasible=True,
    draws=None,
    bounds=(),
    fresh=None,
    strategy="flywheel",
    length=6,
):
    """A plan of as many periods as there are rows of shares."""
    count = max(len(shares), 1)
    rows = (today or {"ads": 0.2, "sellers": 0.5, "practice": 0.3},) * count
    return Plan(
        strategy, maximise, of, unit, float(length * count), before, before + gain if feasible else NAN, gain if feasible else NAN, *between,
        tuple(float(length * place) for place in range(count)), tuple(shares), rows, tuple(spend or (150_000.0,) * count), (), (), flat,
        flat_loss, tuple(bounds), feasible, 1000, draws, 0, fresh, (), {},
    )  # fmt: skip


def outlets(count, first=0.1):
    """A split over many outlets, the first with as much as said, as long names as there can be."""
    rest = [1.0 / (place + 1) for place in range(count - 1)]
    shares = [first, *((1 - first) * one / sum(rest) for one in rest)] if count > 1 else [1.0]
    return {f"{LONG[: 30 + place]}_{place}" if place % 3 else f"outlet_{place}": share for place, share in enumerate(shares)}


FRESH = OutOfSample(256, 1, 290.0, 315.0, 25.0, -5.0, 60.0, 0.91, 1.0)
HELD = Bound("sellers", (0.0, 6.0), "cap", 0.7, own=True)
