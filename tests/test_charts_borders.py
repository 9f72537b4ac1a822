"""The charts of what a lead rests on, where its border lies and what to do next, as data."""

import pytest
from charted import MEASURES
from whys import ABOUT, FRESH, HELD, NAN, mapped, outlets, planned, side, storm, swung

from flywheel_sim import charts
from flywheel_sim.result import Series

COST = MEASURES[1]
GAIN = Series("win_rate", (None,), "metric", "1", "offers that are taken", "higher", percent=True)

# The tornado


def test_swings_are_those_of_the_bars():
    bars = [swung(f"part_{number}", 50.0 - number, 55.0 + number) for number in range(14)]
    chart = charts.tornado(storm(*bars), about=ABOUT)
    assert [one.name for one in chart.swings] == [f"part_{number}" for number in range(13, 1, -1)]
    assert (chart.swings[0].at_low, chart.swings[0].at_high, chart.base) == (37, 68, 52)
    assert (chart.swings[0].low_label, chart.swings[0].high_label) == ("0.01/month", "0.05/month")
    assert chart.subtitle.endswith("the 12 widest of 14")
    assert chart.across.low < 37
    assert chart.across.high > 68
    assert "thin line" not in chart.subtitle


def test_what_flips_turns_or_is_undefined_is_marked():
    chart = charts.tornado(
        storm(
            swung("a", -5.0, 90.0, flips=True),
            swung("b", 45.0, 50.0, most=70.0, monotone=False),
            swung("c", 40.0, NAN),
            swung("d", NAN, NAN),
        ),
        about=ABOUT,
    )
    notes = {one.name: one.note for one in chart.swings}
    assert notes == {"a": "The funnel can win", "b": "Turns back", "c": "Undefined at the upper end", "d": "Undefined throughout"}
    assert chart.title == "One of 4 assumptions can change who wins; a matters most, with a lead of -5.0 to 90.0 customers"
    assert "thin line" in chart.subtitle
    behind = charts.tornado(storm(swung("a", -90.0, 5.0, flips=True), base=-40.0), about=ABOUT)
    assert behind.swings[0].note == "The flywheel can win"


TORNADOS = {
    "sure": (
        storm(swung()),
        None,
        "No single assumption takes the lead from the flywheel; churn matters most, with a lead of 30.0 to 80.0 customers",
    ),
    "behind": (
        storm(swung("churn", -80.0, -30.0), base=-50.0),
        None,
        "No single assumption takes the lead from the funnel; churn matters most, with a lead of -80.0 to -30.0 customers",
    ),
    "a metric": (
        storm(swung("churn", 0.2, 0.35), base=0.25, of="win_rate", by="win_rate"),
        GAIN,
        "Churn moves the win rate of the flywheel most: 20.0 % to 35.0 %",
    ),
    "nothing moves": (storm(swung("churn", 52.0, 52.0)), None, "The one assumption with a range does not move the lead in customers"),
    "none": (storm(), None, "No assumption with a range bears on the lead in customers"),
    "undefined": (storm(swung(), base=NAN), None, "Customers of the flywheel: not defined in month 60 as things stand"),
}


@pytest.mark.parametrize("case", TORNADOS)
def test_a_tornado_finds_what_matters_most(case):
    some, series, title = TORNADOS[case]
    assert charts.tornado(some, series=series, about=ABOUT).title == title


# The map


def sloped(x, y):
    return 80 * (y - 0.2 - x)


def test_a_map_shows_the_border_the_own_point_and_the_way_between():
    some = mapped(sloped)
    chart = charts.regime(some, about=ABOUT)
    assert chart.gaps == some.gaps
    assert chart.own == (0.02, 400)
    tie, *others = chart.contours
    assert (tie.level, tie.label, tie.lines) == (0, "tie", some.border)
    assert {one.label for one in others} == {"+50", "-50"}
    for one in others:
        for x, y in one.lines[0]:
            assert sloped(x / 0.1, (y - 100) / 900) == pytest.approx(one.level)
    assert chart.nearest == some.nearest
    assert chart.nearest_label == "tie at churn 0.0167/month and price $430/account/month"
    assert [(one.label, one.sign) for one in chart.regions] == [("The funnel wins", -1), ("The flywheel wins", 1)]
    assert (chart.across.label, chart.up.label) == (
        "Churn (per month): customers lost",
        "Price ($ per account per month): what a customer pays",
    )
    assert (chart.across.low, chart.across.high) == (0, 0.1)
    assert chart.title == (
        "The funnel wins here and on 67 % of the map; the border is nearest at churn 0.0167/month and price $430/account/month"
    )
    assert chart.subtitle.endswith(f"the border is {100 * some.distance:.1f} % of the ranges away")


def test_a_map_without_a_tie_or_without_an_answer():
    won = charts.regime(mapped(lambda x, y: 1 + x + y), about=ABOUT)
    assert won.title == "The flywheel wins whatever churn and price are within their ranges"
    assert (won.nearest, won.nearest_label, len(won.regions)) == (None, "", 1)
    assert "tie" not in won.subtitle
    level = charts.regime(mapped(lambda *_: 0.0), about=ABOUT)
    assert level.title == "The funnel and the flywheel are level, whatever churn and price are within their ranges"
    assert (level.regions, level.contours) == ((), ())
    blank = charts.regime(mapped(lambda *_: NAN), about=ABOUT)
    assert blank.title == "Nobody can tell who wins, whatever churn and price are within their ranges"
    assert blank.blank_label == "nobody can tell: a run fails, or has no value"
    partly = charts.regime(mapped(lambda x, y: NAN if x > 0.9 else 1 + y), about=ABOUT)
    assert partly.title == "The flywheel wins wherever the runs do not fail, whatever churn and price are within their ranges"


def test_an_own_point_outside_stands_on_the_rim():
    chart = charts.regime(mapped(sloped, side(own=0.3)), about=ABOUT)
    assert chart.own == (0.1, 400)
    assert chart.own_label == "as the scenario has it, outside the map"


def test_where_less_is_better_the_map_says_so():
    chart = charts.regime(mapped(sloped, by="acquisition_cost"), series=COST, about=ABOUT)
    assert chart.subtitle.startswith("Who ends with less acquisition cost, over")
    assert {one.label for one in chart.contours[1:]} == {"+$50", "-$50"}


# The plan


def test_a_plan_is_stacked_period_by_period_beside_today():
    chart = charts.plan(planned(), about=ABOUT)
    assert [name for name, _ in chart.outlets] == ["ads", "sellers", "practice"]
    assert [(one.low, one.high, one.label) for one in chart.today.portions] == [
        (0, pytest.approx(0.2), "20"),
        (pytest.approx(0.2), pytest.approx(0.7), "50"),
        (pytest.approx(0.7), pytest.approx(1), "30"),
    ]
    assert [one.title for one in chart.splits] == ["0–6", "6–12"]
    assert [one.label for one in chart.splits[1].portions] == ["30", "70", ""]
    for bar in (chart.today, *chart.splits):
        assert bar.portions[-1].high == pytest.approx(1)
    assert chart.spend_label == ""
    assert (
        chart.title
        == "The best plan found gives the flywheel 330 customers in month 12 instead of 300 (10 % better): more for sellers, less for practice"
    )
    assert (
        "$150k is spent a month; the optimum is steep: moving a tenth of the money at random costs 40 % of the gain in the middle case"
        in chart.subtitle
    )


def test_what_is_spent_stands_below_where_it_changes():
    chart = charts.plan(planned(spend=(100_000.0, 250_000.0)), about=ABOUT)
    assert [one.spend for one in chart.splits] == ["$100k", "$250k"]
    assert chart.spend_label == "Spent a month"
    assert "is spent a month" not in chart.subtitle
    many = charts.plan(planned(shares=[outlets(3)] * 20, today=outlets(3)), about=ABOUT)
    assert [one.title for one in many.splits[:3]] == ["0", "6", "12"]
    assert many.across_label == "Month from which the split holds"


PLANS = {
    "money": (
        planned(maximise="cash", unit="$", before=-2e6, gain=5e6),
        "The best plan found gives the flywheel cash of $3.0M instead of -$2.0M in month 12 (250 % better): more for sellers, less for practice",
    ),
    "nothing to gain": (planned(gain=0.1), "No split was found that betters today's of the flywheel by anything that counts"),
    "infeasible": (planned(feasible=False, shares=()), "No plan for the flywheel keeps cash above its floor until month 6"),
    "nothing moves": (
        planned(shares=({"ads": 0.2, "sellers": 0.5, "practice": 0.3},)),
        "The best plan found gives the flywheel 330 customers in month 6 instead of 300 (10 % better)",
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_finds_what_it_gains(case):
    some, title = PLANS[case]
    assert charts.plan(some, about=ABOUT).title == title


def test_a_plan_says_how_sure_how_flat_and_how_bound_it_is():
    some = planned(between=(-4.0, 55.0), draws=256, of="cvar10", flat=0.8, flat_loss=0.001, fresh=FRESH, bounds=(HELD,))
    subtitle = charts.plan(some, about=ABOUT).subtitle
    assert "found for the mean of the worst 10 % of draws" in subtitle
    assert "the gain is -4.0 to 55.0 in 90 % of 256 draws" in subtitle
    assert "in 256 other draws it gains 25.0 and beats today's in 91 %" in subtitle
    assert "the optimum is flat" in subtitle
    assert subtitle.endswith("held by a constraint: sellers at its cap")
    assert charts.plan(planned(feasible=False, shares=()), about=ABOUT).splits == ()
