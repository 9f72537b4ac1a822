"""The charts of reasons as pictures: nothing leaves or collides, and what is drawn is what the records hold."""

import struct

import numpy as np
import pytest
from lucky import texts_of
from matplotlib.collections import PathCollection
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from whys import (
    ABOUT,
    FRESH,
    HELD,
    LONG,
    LONG_COMMAND,
    NAN,
    attributed,
    contribution,
    many_contributions,
    mapped,
    moving,
    outlets,
    planned,
    ramp,
    scored,
    side,
    storm,
    swung,
)

from flywheel_sim import charts
from flywheel_sim.charts.drawing.coast import write_note
from flywheel_sim.charts.drawing.page import Page
from flywheel_sim.charts.drawing.place import crosses, overlap
from flywheel_sim.charts.drawing.plot import Frame
from flywheel_sim.result import Series

CASH = Series("cash", (None,), "metric", "$", "margin less spending", "higher")
LONGER = "$x$ [b]bold[/b] _under_ {\\frac12} of 40c"


def waves(count):
    return {f"{LONG[:35]}_{number}": 0.9 * np.sin(np.arange(60) / (3 + number) + number) for number in range(count)}


def storms(count, low=52.0):
    """Bars of all kinds: some turn back, some have both ends on one side, one flips."""
    made = []
    for number in range(count):
        ends = (52.0 - (9 - number) * 4, 52.0 + 3 * number)
        turns = number % 3 == 0
        made.append(
            swung(f"{LONG[:36]}_{number}", *ends, least=min(*ends, low), most=max(*ends) + 20 * turns, monotone=not turns, flips=number == 0, unit="account/person", ends=(1234.5 * number, 987_654.0 * number))
        )  # fmt: skip
    return storm(*made)


def chart_of(make, *args, **options):
    """A case: drawn when its test asks for it."""
    return lambda: make(*args, about=ABOUT, **options)


NASTY = {
    "one difference": chart_of(charts.waterfall, attributed(contribution(value=20.0))),
    "no difference": chart_of(charts.waterfall, attributed()),
    "14 differences": chart_of(charts.waterfall, attributed(*many_contributions(14), draws=9, exact=False), command=LONG_COMMAND),
    "below zero": chart_of(
        charts.waterfall,
        attributed(
            contribution("a", -3e6, "lever", title="lever: budget $150k/month to $80k/month, as it moves"), contribution("b", 1e6),
            contribution("c", 4e5, "friction", title="friction: c off"), start=-5e6, by="cash",
        ),
        series=CASH,
    ),
    "huge": chart_of(charts.waterfall, attributed(contribution("a", 1e15), contribution("b", 1e-7, "rest"), start=1e12, names=(LONG, LONGER))),
    "one loop": chart_of(charts.loop_shares, scored({"referral": 0.4})),
    "14 loops": chart_of(charts.loop_shares, scored(waves(14), overlap=0.5, exhaustive=False), strategy=LONG, command=LONG_COMMAND),
    "at rest": chart_of(charts.loop_shares, scored({"referral": ramp(0.2, 0.9), "proof": ramp(-0.5, -0.1)}, rest=range(40, 60))),
    "runs on": chart_of(charts.coast, moving(gain=1.3, half=NAN, won=(60.0, 900.0))),
    "6 strategies coast": chart_of(
        charts.coast, [moving(f"{number} {LONG}"[:40], (60.0 + number, 78.0 - number), 20 + number) for number in range(6)], command=LONG_COMMAND
    ),
    "nobody coasts": chart_of(charts.coast, [moving("funnel", (NAN, NAN)), moving(won=(0.0, 0.0), pipeline=0.0)]),
    "rings": chart_of(
        charts.holding, [moving("funnel", share=(1.0, 1.0)), moving("natural", share=(NAN, NAN)), moving(share=(1.2, 0.4), several=(30.0,))]
    ),
    "nothing holds": chart_of(charts.holding, moving(share=(NAN, NAN))),
    "one assumption": chart_of(charts.tornado, storm(swung())),
    "no assumption": chart_of(charts.tornado, storm(base=3.0)),
    "14 assumptions": chart_of(charts.tornado, storms(14), command=LONG_COMMAND),
    "behind": chart_of(
        charts.tornado,
        storm(swung("a", -80.0, 20.0, flips=True), swung("b", -60.0, NAN), swung("c", NAN, NAN), swung("d", -40.0, -40.0), swung("e", -30.0, -20.0), base=-40.0),
    ),
    "huge swings": chart_of(
        charts.tornado,
        storm(swung(LONG, 1e17, 9e17, ends=(1e5, 9e5), unit="account/person", most=9.4e17, monotone=False, flips=True), base=5e17),
    ),
    "near a tie": chart_of(charts.tornado, storm(swung("a", -80.0, 20.0, flips=True), base=1.0)),
    "one border": chart_of(charts.regime, mapped(lambda x, y: 80 * (y - 0.2 - x))),
    "an island": chart_of(charts.regime, mapped(lambda x, y: 100 * ((x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.08))),
    "several borders": chart_of(charts.regime, mapped(lambda x, y: np.sin(12 * x) + 0.1 * y)),
    "nobody can tell": chart_of(charts.regime, mapped(lambda x, y: NAN if x > 0.6 and y > 0.5 else 50 * (x - 0.3))),
    "never told": chart_of(charts.regime, mapped(lambda *_: NAN, size=5)),
    "level": chart_of(charts.regime, mapped(lambda *_: 0.0, size=5)),
    "2 by 2": chart_of(charts.regime, mapped(lambda x, _: x - 0.98, size=2)),
    "long sides": chart_of(
        charts.regime,
        mapped(
            lambda x, y: 1e6 * (y - 0.5 - 0.3 * np.sin(9 * x)), side(LONG, own=0.3, note="a note that goes on " * 8),
            side(LONG, 1e5, 1e9, 4e8, "$/account/month"), names=(LONG, LONGER), by="cash",
        ),
        series=CASH,
        command=LONG_COMMAND,
    ),
    "one period": chart_of(charts.plan, planned(shares=({"ads": 1.0},), today={"ads": 1.0})),
    "20 periods": chart_of(
        charts.plan,
        planned(
            shares=[outlets(12, 0.05 * number) for number in range(20)], today=outlets(12), between=(-4.0, 55.0), draws=256, of="cvar10",
            spend=[1e5 * (number + 1) for number in range(20)], bounds=(HELD,), fresh=FRESH, strategy=LONG,
        ),
        command=LONG_COMMAND,
    ),
    "no plan": chart_of(charts.plan, planned(feasible=False, shares=())),
}  # fmt: skip


@pytest.mark.parametrize("case", NASTY)
def test_no_text_leaves_or_collides(case):
    assert charts.lint(NASTY[case]().draw()) == []


TYPICAL = {
    "waterfall": chart_of(
        charts.waterfall, attributed(contribution("a", 30.0, low=20.0, high=44.0), contribution("b", -8.0, "lever"), draws=9)
    ),
    "loop_shares": chart_of(charts.loop_shares, scored({"referral": ramp(0.0, 0.59), "proof": ramp(-0.59, 0.0)})),
    "coast": chart_of(charts.coast, [moving("funnel", (30.0, 12.0)), moving(won=(20.0, 41.0))]),
    "holding": chart_of(charts.holding, [moving("funnel", share=(1.0, 1.0)), moving(several=(30.0,))]),
    "tornado": chart_of(
        charts.tornado, storm(swung("a", 30.0, 80.0), swung("b", 60.0, 45.0), swung("c", 60.0, 70.0, least=40.0, monotone=False))
    ),
    "regime": chart_of(charts.regime, mapped(lambda x, y: 80 * (y - 0.2 - x))),
    "plan": chart_of(charts.plan, planned()),
}


@pytest.mark.parametrize("name", TYPICAL)
def test_a_picture_has_its_size_and_a_drawing_its_text(name):
    chart = TYPICAL[name]()
    png, svg = chart.images()
    assert struct.unpack(">II", png[16:24]) == (1920, 1080)
    assert chart.title in texts_of(svg)
    assert chart.images() == (png, svg)
    assert repr(chart) == f"<{type(chart).__name__.lower()}: {chart.title}>"


def patches(figure):
    """What is drawn, by name, with its edges in pixels."""
    found = {}
    for patch in figure.findobj(Patch):
        if patch.get_gid():
            extent = patch.get_path().get_extents(patch.get_transform())
            found.setdefault(patch.get_gid(), []).append((extent.x0, extent.y0, extent.x1, extent.y1))
    return found


def test_the_bars_of_a_waterfall_stand_end_to_end():
    chart = TYPICAL["waterfall"]()
    drawn = patches(chart.draw())
    (first,), (a,), (b,), (last,) = (drawn[name] for name in ("total funnel", "step a", "step b", "total flywheel"))
    assert first[2] == pytest.approx(a[0])
    assert a[2] == pytest.approx(b[2])  # b goes left, from where a ends
    assert b[0] == pytest.approx(last[2])
    assert (a[2] - a[0]) / (b[2] - b[0]) == pytest.approx(30 / 8)
    assert first[1] > a[3] > a[1] > b[3] > b[1] > last[3]
    assert drawn.keys() >= {"torn funnel", "torn flywheel"}
    whole = patches(charts.waterfall(attributed(contribution("a", 300.0)), about=ABOUT).draw())
    assert not any(name.startswith("torn") for name in whole)


def test_kinds_are_told_apart_without_colour():
    kinds = ("loop", "lever", "friction", "rest")
    figure = charts.waterfall(attributed(*(contribution(kind, 10.0, kind) for kind in kinds)), about=ABOUT).draw()
    found = {patch.get_gid(): patch for patch in figure.findobj(Patch) if patch.get_gid()}
    assert len({found[f"step {kind}"].get_hatch() for kind in kinds}) == 4
    assert {"Loop", "Lever", "Friction"} <= {text.get_text() for text in figure.texts}


def test_the_ribbon_covers_all_of_the_time():
    drawn = patches(TYPICAL["loop_shares"]().draw())
    (before,), (after,) = drawn["reign Proof"], drawn["reign Referral"]
    assert before[2] == pytest.approx(after[0])
    assert before[2] - before[0] == pytest.approx(after[2] - after[0])


def test_a_coast_draws_those_on_their_way_thin():
    chart = TYPICAL["coast"]()
    (axes,) = chart.draw().axes
    for line, thread in zip(chart.plot.lines, chart.pipelines, strict=True):
        (thick,) = [one for one in axes.lines if tuple(one.get_ydata()) == line.values]
        (thin,) = [one for one in axes.lines if tuple(one.get_ydata()) == thread.values and one.get_color() == line.style.colour]
        assert thin.get_linewidth() < thick.get_linewidth() / 2
        assert thin.is_dashed() == thick.is_dashed() == bool(line.style.dash)


def test_rings_mark_where_more_is_not_always_enough():
    (axes,) = TYPICAL["holding"]().draw().axes
    (ring,) = [one for one in axes.lines if one.get_marker() == "o" and one.get_markersize() == 10]
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([30], [pytest.approx(1.0)])
    assert any(list(one.get_ydata()) == [1, 1] for one in axes.lines)


def test_notes_keep_clear_of_lines_and_of_each_other():
    chart = TYPICAL["holding"]()
    frame = Frame(chart.plot, (100, 100, 1500, 700))
    lines = [frame.path(line) for line in chart.plot.lines]
    page, boxes = Page(), []
    for _ in range(6):
        box = write_note(page, frame, "a note that says something", lines, taken=boxes)
        assert not any(crosses(line, box) for line in lines)
        assert not any(overlap(box, other) for other in boxes)
        boxes.append(box)


def test_bars_begin_at_the_base_and_go_to_both_ends():
    drawn = patches(TYPICAL["tornado"]().draw())
    (low,), (high,) = drawn["low a"], drawn["high a"]
    assert low[2] == pytest.approx(high[0])
    assert (low[2] - low[0]) / (high[2] - high[0]) == pytest.approx(22 / 28)
    (other_low,), (other_high,) = drawn["low b"], drawn["high b"]
    assert other_low[0] == pytest.approx(other_high[2]) == pytest.approx(low[2])
    (upper,), (lower,) = drawn["low c"], drawn["high c"]  # both to the right: one above the other
    assert upper[0] == pytest.approx(lower[0])
    assert upper[1] == pytest.approx(lower[3])


def test_a_map_is_tinted_by_the_winner_and_hatched_for_the_baseline():
    chart = TYPICAL["regime"]()
    (axes,) = chart.draw().axes
    (image,) = axes.findobj(AxesImage)
    tints = np.asarray(image.get_array())
    below, above = tints[5, -5], tints[-5, 5]
    assert below[0] > below[2]  # rather red: the funnel
    assert above[2] > above[0]  # rather blue: the flywheel
    assert not axes.findobj(PathCollection)
    (hatched,) = [one for one in axes.collections if one.get_gid() == "hatched"]
    assert "///" in hatched.hatches
    left, low, right, high = hatched.get_datalim(axes.transData).extents
    assert (left, low, right) == pytest.approx((0, 100, 0.1))
    assert high == pytest.approx(1000)
    xs, ys = zip(*chart.contours[0].lines[0], strict=True)
    (tie,) = [one for one in axes.lines if tuple(one.get_xdata()) == xs and tuple(one.get_ydata()) == ys]
    assert tie.get_linewidth() == max(one.get_linewidth() for one in axes.lines)
    ways = [one for one in axes.lines if list(one.get_xdata()) == [chart.own[0], chart.nearest[0]]]
    assert len(ways) == 1


def test_the_parts_of_a_plan_fill_their_bars():
    chart = TYPICAL["plan"]()
    drawn = patches(chart.draw())
    for bar in (chart.today, *chart.splits):
        parts = [drawn[f"{bar.title} {one.name}"][0] for one in bar.portions if one.high > one.low]
        heights = [top - bottom for _, bottom, _, top in parts]
        shares = [one.high - one.low for one in bar.portions if one.high > one.low]
        assert np.array(heights) / sum(heights) == pytest.approx(shares)
    assert f"{chart.splits[1].title} practice" not in drawn  # nothing goes there
    assert "key practice" in drawn
