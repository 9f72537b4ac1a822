"""The chart of a journey map: what it says of stages and handoffs, and how it is drawn."""

import pytest
from charted import NAN
from lucky import ABOUT, STAYS, commands, handoff, many_stages, mapped, stay, texts_of

from flywheel_sim import charts
from flywheel_sim.charts.journey_map import longest, to_error, with_error
from flywheel_sim.records import replace

# What a journey map says


UNSURE = (handoff(gain=3.0, error=2.0), handoff("F2", 1.0, 3.0, title="sales to success"))
WAIT = "Accounts wait longest in deals: 2.50 of 5.00 months (50 %)"
QUICK = (stay("prospects", lost=0.6), stay("deals", lost=0.7, left=50.0))
JOURNEYS = {
    "one certain": (
        mapped(handoffs=(handoff(), *UNSURE[1:])),
        "Removing the handoff from marketing to sales brings the flywheel 14 more customers by month 60, more than any other",
    ),
    "alone": (mapped(), "Removing the handoff from marketing to sales brings the flywheel 14 more customers by month 60"),
    "two alike": (
        mapped(handoffs=(handoff(), handoff("F2", 13.0, title="sales to success"))),
        "Removing the handoff from marketing to sales brings the flywheel 14 more customers by month 60",
    ),
    "another unknown": (
        mapped(handoffs=(handoff(), handoff("F2", NAN, NAN))),
        "Removing the handoff from marketing to sales brings the flywheel 14 more customers by month 60",
    ),
    "a friction": (
        mapped(handoffs=(handoff(title="slow start", gain=0.333, error=0.02),), strategy="plan B"),
        "Removing the friction slow start brings plan B 0.33 more customers by month 60",
    ),
    "none certain": (mapped(handoffs=UNSURE), f"{WAIT}; 20 runs cannot tell that removing any handoff brings a gain"),
    "a loss that is certain": (
        mapped(handoffs=(handoff(gain=-14.0),)),
        f"{WAIT}; 20 runs cannot tell that removing any handoff brings a gain",
    ),
    "few runs": (mapped(replications=3), f"{WAIT}; 3 runs are too few to tell what removing a handoff brings"),
    "one run": (
        mapped(replications=1, handoffs=(handoff(error=NAN),)),
        f"{WAIT}; one run cannot tell what removing a handoff brings",
    ),
    "no handoffs": (mapped(handoffs=()), WAIT),
    "no waits": (mapped(QUICK, ()), "Most accounts are lost in prospects: 60 % of those who leave, 48.0 in all"),
    "no losses": (mapped((stay("visitors", lost=0.0),), ()), "Nobody waits and nobody is lost on the way of the flywheel"),
    "nobody left": (
        mapped((stay("visitors", 0.0, NAN, NAN, NAN, 0.0),), ()),
        "No account of the flywheel moves on within 60 months",
    ),
}


@pytest.mark.parametrize("case", JOURNEYS)
def test_the_title_of_a_map_says_what_is_largest_and_certain(case):
    journeys, title = JOURNEYS[case]
    chart = charts.journey_map(journeys, about=ABOUT)
    assert chart.title == title


def test_a_map_holds_every_stage_with_its_numbers():
    chart = charts.journey_map(mapped(), about=ABOUT, command="flywheel journeys x")
    assert [stage.title for stage in chart.stages] == ["Prospects", "Deals", "Customers"]
    deals = chart.stages[1]
    assert (deals.time, deals.waited, deals.label, deals.waits) == (5.0, 2.5, "5.00", "50 % waiting")
    assert (deals.came, deals.loses) == ("190", "70 %")
    assert chart.stages[0].waits == ""
    assert chart.time_label == "Time in the stage (months)"
    assert (
        chart.subtitle
        == "The flywheel: the way of single accounts, means of 20 runs over 60 months, stage by stage; it ends with 58.7 customers; "
        "times are of those who have left a stage"
    )
    assert chart.footer[-1] == "Reproduce: flywheel journeys x"
    assert "scenario test.toml" in chart.footer[0]
    alone = charts.journey_map(mapped(replications=1), about=ABOUT)
    assert "the way of single accounts of one run over" in alone.subtitle


def test_what_nobody_left_has_no_time_and_no_share():
    chart = charts.journey_map(mapped((stay("visitors", 3.0, NAN, NAN, NAN, 0.0), stay("buyers", lost=0.0))), about=ABOUT)
    assert [(stage.label, stage.waits, stage.loses) for stage in chart.stages] == [("nobody left", "", "–"), ("2.00", "", "none")]


def test_a_handoff_is_told_no_finer_than_its_error():
    for gain, error, text in [
        (14.2, 2.1, "+14 (± 4)"),
        (5.333, 1.2, "+5.3 (± 2.4)"),
        (-3.0, 0.04, "-3.00 (± 0.08)"),
        (0.04, 3.0, "0 (± 6)"),
        (-0.04, 3.0, "0 (± 6)"),
        (14.0, 0.0, "+14.0 (± 0)"),
        (14.0, NAN, "+14.0 (in one run)"),
        (NAN, NAN, "not known"),
        (2.5e6, 1e5, "+2.50M (± 200,000)"),
    ]:
        assert with_error(handoff(gain=gain, error=error)) == text
    assert to_error(1234.5, 30.0) == "1,234"
    (mark,) = charts.journey_map(mapped(), about=ABOUT).marks
    assert (mark.tag, mark.title, mark.stages, mark.lost, mark.label) == (
        "F1",
        "Marketing to sales",
        ("deals",),
        "loses 30.0 accounts",
        "+14 (± 4)",
    )
    assert mark.certain
    lazy, few = (charts.journey_map(mapped(**given), about=ABOUT).marks[0] for given in ({"handoffs": UNSURE}, {"replications": 7}))
    assert not lazy.certain
    assert not few.certain
    assert charts.journey_map(mapped(handoffs=(handoff(lost=0.0),)), about=ABOUT).marks[0].lost == "loses nobody"


def test_long_stays_do_not_make_short_ones_vanish():
    assert longest([stay("a", time=1.0), stay("b", time=3.5)]) == 3.5
    assert longest([stay("a", time=1.0, waited=0.5), stay("b", time=30.0)]) == 3.0
    assert longest([stay("a", time=1.0), stay("b", time=1.0), stay("c", time=50.0)]) == 3.0
    assert longest([stay("a", time=NAN)]) == 1.0
    assert longest([]) == 1.0


def test_what_there_is_no_room_for_is_said():
    stays = [stay(f"stage_{number}") for number in range(15)]
    handoffs = [handoff(f"F{number}", float(number), 0.1) for number in range(10)]
    chart = charts.journey_map(mapped(stays, handoffs), about=ABOUT)
    assert len(chart.stages) == 12
    assert [mark.tag for mark in chart.marks] == [f"F{number}" for number in range(9, 1, -1)]
    assert chart.subtitle.endswith("3 more stages not shown; 2 more handoffs not shown")


# Drawn


MAPS = {
    "three": mapped(),
    "one stage": mapped((STAYS[1],), ()),
    "one stage, one handoff": mapped((STAYS[1],)),
    "no stage": mapped((), ()),
    "ten stages": mapped(
        many_stages(10),
        [
            handoff(
                f"F{number}", (-2.0) ** number, 3.0, 10.0**number, (f"stage {number} of a long way", f"stage {number + 2} of a long way")
            )
            for number in range(4)
        ],
    ),
    "long names": mapped(
        many_stages(12, "opportunities_{}_of_Donaudampfschifffahrtsgesellschaften_and_others"),
        [
            handoff(f"F{number}", title=f"{number} from a team with a very long name to another with a name as long", lost=1e6)
            for number in range(8)
        ],
        strategy="a strategy whose name has forty characters"[:40],
    ),
    "all at one place": mapped(handoffs=[handoff(f"F{number}", gain=float(number)) for number in range(8)]),
    "0 losses": mapped([replace(one, lost=0.0) for one in STAYS], (handoff(lost=0.0, gain=0.0, error=0.0),)),
    "huge": mapped(
        [replace(one, came=3.2e11, time=9.9e8, waited=9.9e8) for one in STAYS], (handoff(gain=4e10, error=1e9, lost=7e11),), end=9e11
    ),
    "NaN times": mapped([replace(one, time=NAN, waited=NAN, lost=NAN) for one in STAYS], (handoff(gain=NAN, error=NAN, lost=NAN),)),
    "no time at all": mapped([replace(one, time=0.0) for one in STAYS]),
    "a place that is not there": mapped(handoffs=(handoff(places=("nowhere",)),)),
    "markup": mapped([stay("$x$ [b]bold[/b] _a_ \\frac12")], [handoff(title="<script> to $y$")], strategy="<b>"),
    "marketing": mapped([stay("visitors", 1e5, 0.03, 0.02, 0.98), stay("members", 2000, 40.0, 0.0, 1.0)]),
}


@pytest.mark.parametrize("case", MAPS)
def test_no_text_of_a_map_leaves_or_collides(case):
    chart = charts.journey_map(MAPS[case], about=ABOUT, command=commands(case))
    figure = chart.draw()
    assert charts.lint(figure) == []
    texts = {text.get_text() for text in figure.texts}
    assert {stage.came for stage in chart.stages} <= texts
    assert {mark.tag for mark in chart.marks} <= texts


def test_the_bars_of_a_map_are_to_scale():
    chart = charts.journey_map(MAPS["three"], about=ABOUT)
    figure = chart.draw()
    bars = {one.get_gid(): one for one in figure.get_children() if str(one.get_gid() or "").startswith(("rest ", "waited "))}
    unit = bars["rest prospects"].get_height() / 3.0
    assert bars["rest deals"].get_height() == pytest.approx(2.5 * unit)
    assert bars["waited deals"].get_height() == pytest.approx(2.5 * unit)
    assert bars["waited deals"].get_y() == pytest.approx(bars["rest deals"].get_y() + bars["rest deals"].get_height())
    assert bars["waited deals"].get_hatch()
    assert not bars["rest deals"].get_hatch()
    assert "waited prospects" not in bars
    assert bars["rest customers"].get_height() == pytest.approx(chart.longest * unit), "torn"
    assert len([one for one in figure.get_children() if one.get_gid() == "torn customers"]) == 1
    assert not [one for one in figure.get_children() if one.get_gid() == "torn deals"]
    lost = [one for one in figure.get_children() if str(one.get_gid() or "").startswith("lost ")]
    track = [one for one in figure.get_children() if str(one.get_gid() or "").startswith("left ")]
    assert [one.get_width() / whole.get_width() for one, whole in zip(lost, track, strict=True)] == pytest.approx([0.6, 0.7, 0.4])


def test_a_handoff_is_marked_where_it_bites_and_full_where_it_is_certain():
    chart = charts.journey_map(mapped(handoffs=(handoff(places=("prospects", "deals")), UNSURE[1])), about=ABOUT)
    figure = chart.draw()
    discs = [one for one in figure.get_children() if one.get_gid() == "handoff F1"]
    assert len(discs) == 3  # at both places and in the table
    assert {one.get_facecolor()[:3] == (1.0, 1.0, 1.0) for one in discs} == {False}
    others = [one for one in figure.get_children() if one.get_gid() == "handoff F2"]
    assert {one.get_facecolor()[:3] == (1.0, 1.0, 1.0) for one in others} == {True}
    at = sorted(one.get_center()[0] for one in discs)
    first, second, third = (one for one in figure.get_children() if str(one.get_gid() or "").startswith("rest "))
    assert first.get_x() + first.get_width() < at[1] < second.get_x()
    assert second.get_x() + second.get_width() < at[2] < third.get_x()


@pytest.mark.parametrize("case", ["markup", "ten stages"])
def test_the_name_of_a_stage_is_whole_and_within_its_box(case):
    chart = charts.journey_map(MAPS[case], about=ABOUT)
    figure = chart.draw()
    boxes = [one.get_window_extent() for one in figure.get_children() if str(one.get_gid() or "").startswith("stage ")]
    assert len(boxes) == len(chart.stages)
    for stage, box in zip(chart.stages, boxes, strict=True):
        extents = [(text.get_text(), text.get_window_extent()) for text in figure.texts]
        inside = [text for text, one in extents if box.x0 <= one.x0 and one.x1 <= box.x1 and box.y0 <= one.y0 and one.y1 <= box.y1]
        assert " ".join(inside) == stage.title


def test_the_same_map_gives_the_same_bytes():
    first, second = (charts.journey_map(MAPS["three"], about=ABOUT) for _ in range(2))
    assert first.images() == second.images()


def test_a_drawing_holds_text_as_text():
    chart = charts.journey_map(MAPS["markup"], about=ABOUT)
    assert chart.title in texts_of(chart.svg())
    assert chart.title in repr(chart)
