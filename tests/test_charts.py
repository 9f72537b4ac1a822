"""What charts say: titles, subtitles, labels and axes, none of it drawn."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from charted import CUSTOMERS, LEAD_LOST, MEASURES, NAN, SAAS, made, straight
from hypothesis import given
from hypothesis import strategies as st

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.analysis.words import Format
from flywheel_sim.charts.axis import nice_ticks, time_axis, value_axis
from flywheel_sim.charts.style import COLOURS, DASHES, ROLES, styles
from flywheel_sim.charts.text import clean, shortened, tick_labels
from flywheel_sim.result import Series

# What a title says


TITLES = {
    "challenger overtakes": (
        {"funnel": straight(100, 160), "flywheel": straight(90, 210)},
        "The flywheel overtakes the funnel in month 10 and ends with 31 % more customers",
    ),
    "challenger from the start": (
        {"funnel": straight(100, 100), "flywheel": straight(100, 290)},
        "The flywheel leads the funnel from the start and ends with 2.9× the customers",
    ),
    "level, then ahead": (
        {"funnel": straight(100, 200), "flywheel": [straight(100, 200)[month] + max(0, month - 30) - 0.1 for month in range(61)]},
        "The flywheel is level with the funnel until month 31, then pulls ahead and ends with 15 % more customers",
    ),
    "baseline from the start": (
        {"funnel": straight(100, 200), "flywheel": straight(100, 150)},
        "The funnel stays ahead of the flywheel and ends with 33 % more customers",
    ),
    "lead lost": (
        {"funnel": straight(100, 100), "flywheel": LEAD_LOST},
        "The flywheel leads until month 37, then falls behind: the funnel ends with 10× the customers",
    ),
    "level at the end": (
        {"funnel": straight(100, 200), "flywheel": straight(90, 201)},
        "The flywheel and the funnel are level after 60 months: 201 customers against 200",
    ),
    "the same": (
        {"funnel": straight(100, 200), "flywheel": straight(100, 200)},
        "The flywheel and the funnel are level after 60 months: 200 customers each",
    ),
    "nothing at all": (
        {"funnel": [0.0] * 61, "flywheel": [0.0] * 61},
        "The flywheel and the funnel are level after 60 months: 0 customers each",
    ),
    "to and fro": (
        {"funnel": [100.0] * 61, "flywheel": [100 + 10 * math.sin(month / 6) for month in range(61)]},
        "The lead changes hands 3 times: the funnel is ahead for good from month 57 and ends with 5.8 % more customers",
    ),
    "others behind": (
        {"funnel": straight(100, 200), "natural": straight(100, 220), "flywheel": straight(100, 180)},
        "Natural leads the funnel from the start and ends with 10 % more customers; the flywheel ends behind both",
    ),
    "others behind after a crossing": (
        {
            "funnel": straight(100, 160),
            "flywheel": straight(90, 210),
            "plan B": straight(50, 99),
            "plan C": straight(50, 98),
            "natural": straight(100, 200),
        },
        "The flywheel overtakes the funnel in month 10 and ends with 31 % more customers; 2 others end behind the funnel",
    ),
    "unlike horizons": (
        {"funnel": straight(100, 160), "flywheel": straight(90, 150, 30)},
        "The flywheel overtakes the funnel in month 10 and in month 30 has 15 % more customers",
    ),
    "undefined at the end": (
        {"funnel": straight(100, 160), "flywheel": [*straight(90, 150, 59), NAN]},
        "No comparison: customers not defined for the flywheel in month 60",
    ),
    "from nothing": (
        {"funnel": [0.0] * 61, "flywheel": straight(0, 50)},
        "The flywheel leads the funnel from the start and ends with 50.0 customers against 0",
    ),
    "one strategy": ({"run": straight(100, 328)}, "Customers grow from 100 to 328 in 60 months"),
    "one that falls": ({"run": straight(328, 100)}, "Customers fall from 328 to 100 in 60 months"),
    "one that stays": ({"run": [5.0] * 61}, "Customers stay at 5.00 for 60 months"),
    "one that peaks": ({"run": straight(100, 200, 24) + straight(200, 50, 35)}, "Customers peak at 200 in month 25 and end at 50.0"),
    "one that is not there": ({"run": [NAN] * 61}, "Customers: not defined at any time of this run"),
}


@pytest.mark.parametrize("case", TITLES)
def test_the_title_of_an_overlay_says_who_leads_from_when_and_by_how_much(case):
    strategies, title = TITLES[case]
    assert charts.overlay(made(strategies)).title == title


@pytest.mark.parametrize(
    ("series", "values", "end"),
    [
        (MEASURES[1], (straight(30_000, 31_900), straight(32_000, 25_200)), "ends with acquisition cost of $25.2k against $31.9k"),
        (MEASURES[2], (straight(0, 0), straight(0, 0.112)), "ends with referral share of 11.2 % against 0 %"),
        (MEASURES[3], (straight(-3e6, 3e6), straight(-5e6, 4e6)), "ends with cash of $4.0M against $3.0M"),
        (MEASURES[5], (straight(70, 70.4), straight(80, 62.5)), "ends with time to close of 62.5 days against 70.4"),
    ],
    ids=lambda value: value.name if isinstance(value, Series) else "",
)
def test_what_cannot_be_counted_is_told_with_both_values(series, values, end):
    title = charts.overlay(made({"funnel": values[0], "flywheel": values[1]}, series)).title
    assert title.startswith("The flywheel ")
    assert title.endswith(end)


def test_a_title_does_not_call_more_better_where_nothing_says_so():
    lost = Series("lost", (None,), "stock", "account", "deals that came to nothing")
    result = made({"funnel": [straight(1, 2), straight(0, 90)], "flywheel": [straight(1, 3), straight(9, 60)]}, CUSTOMERS, lost)
    assert (
        charts.overlay(result, by="lost").title
        == "The funnel is above the flywheel from month 14 on and ends with lost of 90.0 against 60.0"
    )


def test_the_title_of_a_panel_counts_who_ends_better():
    down, up, flat = straight(10, 5), straight(10, 20), straight(10, 10)
    funnel = [flat] * 6
    better_by_all = [up, down, up, up, up, down]
    cases = {
        "The flywheel ends better than the funnel on all 6 measures": better_by_all,
        "The flywheel ends better than the funnel on 5 of 6 measures, worse on time to close": [*better_by_all[:5], up],
        "The flywheel ends better than the funnel on 4 of 6 measures, worse on score, level on time to close": [
            up,
            down,
            up,
            up,
            down,
            flat,
        ],
        "The funnel ends better than the flywheel on 4 of 6 measures, worse on new customers and cash": [up, up, down, up, down, up],
        "The flywheel and the funnel each end better on 3 of 6 measures": [up, down, up, down, down, up],
        "The flywheel and the funnel end level on all 6 measures": funnel,
    }
    for title, flywheel in cases.items():
        result = made({"funnel": funnel, "flywheel": flywheel}, *MEASURES)
        assert charts.panel(result, [series.name for series in MEASURES]).title == title


def test_the_title_of_a_shipped_scenario_agrees_with_its_verdict(shipped):
    result = fw.load(shipped).run()
    chart = charts.overlay(result)
    comparison = result.comparison
    winner = comparison["ahead"]
    loser = next(comparison[side] for side in ("baseline", "challenger") if comparison[side] != winner)
    by = comparison["by"]
    ratio = result[winner].value(by) / result[loser].value(by)
    more = f"{ratio:.1f}× the" if ratio >= 2 else f"{100 * (ratio - 1):.{0 if ratio >= 1.0995 else 1}f} % more"
    assert f"{more} {by}" in chart.title
    assert re.search(rf"{winner}.*ends with", chart.title, re.IGNORECASE)
    if chart.plot.crossing is None:
        assert "from the start" in chart.title
        assert "ahead from the start" in result.verdict
    else:
        assert chart.plot.crossing.label in chart.title
        assert f"ahead for good from {chart.plot.crossing.label}" in result.verdict


# What is around a plot


def test_the_subtitle_states_the_conditions():
    strategies = {"funnel": straight(100, 200), "flywheel": straight(100, 300)}
    both = charts.overlay(made(strategies, spent={"funnel": 9e6, "flywheel": 9e6}))
    assert both.subtitle == "Customers (all who have bought and not left) over 60 months; both spend $9.0M"
    unlike = charts.overlay(made(strategies, spent={"funnel": 9e6, "flywheel": 6.2e6}), unlike=["start_customers"])
    assert unlike.subtitle.endswith("; the funnel spends $9.0M, the flywheel spends $6.2M; not alike in start customers")
    shorter = charts.overlay(made({"funnel": straight(100, 200), "flywheel": straight(100, 300, 36)}))
    assert shorter.subtitle.endswith("over 60 months; compared at month 36")


def test_the_footer_says_where_it_comes_from_and_how_to_make_it_again():
    chart = charts.overlay(made({"funnel": straight(100, 200), "flywheel": straight(100, 300)}), command="flywheel run folder/test.toml")
    source, command = chart.footer
    for part in ("A test.", "not company data", "model test", "1.2.3", "scenario test.toml"):
        assert part in source
    assert command == "Reproduce: flywheel run folder/test.toml"
    assert len(charts.overlay(made({"run": straight(1, 2)})).footer) == 1


# Lines, crossings and axes


def test_a_line_is_the_series_and_is_labelled_with_its_end():
    values = straight(90, 210)
    plot = charts.overlay(made({"funnel": straight(100, 160), "flywheel": values})).plot
    funnel, flywheel = plot.lines
    assert (funnel.name, funnel.label) == ("Funnel", "160")
    assert (flywheel.name, flywheel.label) == ("Flywheel", "210")
    assert flywheel.values == tuple(values)
    assert flywheel.times == tuple(map(float, range(61)))
    assert plot.up.label == "Customers (accounts)"
    assert plot.across.label == "Months from the start"


def test_the_crossing_is_where_the_winner_passes_the_loser():
    crossing = charts.overlay(made({"funnel": straight(100, 160), "flywheel": straight(90, 210.5)})).plot.crossing
    assert crossing.time == pytest.approx(600 / 60.5)
    assert crossing.value == pytest.approx(100 + crossing.time)
    assert crossing.label == "month 10"
    lost = charts.overlay(made({"funnel": straight(100, 160), "flywheel": straight(110, 110)})).plot.crossing
    assert lost.time == pytest.approx(10)


@pytest.mark.parametrize("flywheel", [straight(100, 210), straight(100, 90), straight(90, 160.5), straight(100, 160)])
def test_a_lead_from_the_start_is_no_crossing_and_level_ends_have_none(flywheel):
    assert charts.overlay(made({"funnel": straight(100, 160), "flywheel": flywheel})).plot.crossing is None


def test_roles_have_their_looks():
    found = styles(["Flywheel 2026", "funnel", "natural", "plan B"], "funnel", "plan B")
    assert found["Flywheel 2026"].colour == "#0072B2"
    assert found["Flywheel 2026"].dash == ()
    assert found["funnel"].colour == "#B84F00"
    assert found["funnel"].dash
    assert found["natural"] is ROLES["natural"]
    others = styles(["a", "b", "c"], "a", "c")
    assert others["a"] is ROLES["funnel"]
    assert others["c"] is ROLES["flywheel"]
    assert others["b"].colour == COLOURS[0]
    assert styles(["run"])["run"] is ROLES["flywheel"]
    assert styles(["flywheel-lite", "flywheel"], "flywheel-lite", "flywheel")["flywheel"] is ROLES["flywheel"]


def test_no_two_strategies_look_alike_and_all_can_be_read():
    found = styles([f"plan {number}" for number in range(20)], "plan 0", "plan 1")
    assert len({(style.colour, style.dash) for style in found.values()}) == 20
    assert math.gcd(len(COLOURS), len(DASHES)) == 1

    def brightness(colour):
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for style in found.values():
        assert 1.05 / (brightness(style.colour) + 0.05) >= 4.5  # WCAG 2, level AA for text


@pytest.mark.parametrize(
    ("horizon", "most", "ticks"),
    [(1, 10, (0, 1)), (12, 10, (0, 3, 6, 9, 12)), (24, 10, (0, 6, 12, 18, 24)), (60, 10, (0, 12, 24, 36, 48, 60)), (50, 5, (0, 12, 24, 36, 48)), (600, 10, tuple(range(0, 601, 60))), (600, 5, (0, 120, 240, 360, 480, 600)), (0.5, 5, (0, 0.1, 0.2, 0.3, 0.4, 0.5))],
)  # fmt: skip
def test_months_are_labelled_at_whole_years(horizon, most, ticks):
    assert time_axis(horizon, "month", most).ticks == pytest.approx(ticks)


def test_ticks_are_round():
    assert nice_ticks(0, 321, 7) == pytest.approx(tuple(range(0, 301, 50)))
    assert nice_ticks(-3.1, 4.2, 4) == pytest.approx((-2, 0, 2, 4))
    assert nice_ticks(0, 0.95, 5) == pytest.approx((0, 0.2, 0.4, 0.6, 0.8))


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 10))
def test_ticks_are_few_even_and_within(low, length, most):
    high = low + max(length, abs(low) * 1e-6)
    ticks = nice_ticks(low, high, most)
    assert len(ticks) <= most + 1
    slack = 1e-6 * (high - low)
    assert all(low - slack <= tick <= high + slack for tick in ticks)


def test_an_axis_shows_zero_and_all_values():
    axis = value_axis("", [3.0, NAN, -2.0], Format("number", "$"), 6)
    assert axis.low < -2
    assert axis.high > 3
    assert 0 in axis.ticks
    assert value_axis("", [5.0, 6.0], Format("number", "$"), 6).low == 0
    assert value_axis("", [0.0, NAN], Format("number", "$"), 6).tick_labels == ("0",)
    assert value_axis("", [NAN], Format("number", "$"), 6).ticks == ()


@pytest.mark.parametrize(
    ("style", "ticks", "labels"),
    [
        (Format("money", "$"), (0, 10_000, 20_000), ("$0", "$10k", "$20k")),
        (Format("money", "€"), (-2e6, 0, 2e6), ("-€2M", "€0", "€2M")),
        (Format("money", "$"), (0, 500, 1000), ("$0", "$500", "$1,000")),
        (Format("percent", "$"), (0, 0.05, 0.1), ("0 %", "5 %", "10 %")),
        (Format("percent", "$"), (0, 0.002, 0.004), ("0.0 %", "0.2 %", "0.4 %")),
        (Format("number", "$"), (0, 0.5, 1), ("0", "0.5", "1.0")),
        (Format("number", "$"), (0, 2000, 4000), ("0", "2,000", "4,000")),
        (Format("number", "$"), (0, 1e6, 2e6), ("0", "1M", "2M")),
    ],
)
def test_ticks_of_an_axis_are_written_alike(style, ticks, labels):
    assert tick_labels(ticks, style) == labels


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        (Format("number", "$"), 303.3, "303"),
        (Format("number", "$"), 63.6, "63.6"),
        (Format("number", "$"), 5.03, "5.03"),
        (Format("number", "$"), 0.0, "0"),
        (Format("number", "$"), 2_314_000, "2.31M"),
        (Format("number", "$"), -1_234.0, "-1,234"),
        (Format("number", "$"), 0.000012, "1.2e-05"),
        (Format("number", "$"), NAN, "–"),
        (Format("money", "$"), 29_792.7, "$29.8k"),
        (Format("percent", "$"), 0.1123, "11.2 %"),
        (Format("percent", "$"), 1.0, "100 %"),
    ],
)
def test_values_are_written_short(style, value, text):
    assert style.value(value) == text


def test_a_panel_has_units_notes_and_gaps():
    cost = [NAN] * 5 + straight(30_000, 25_000, 55)
    columns = [straight(5, 6), cost, straight(0, 0.1), straight(-1e6, 1e6), straight(20, 30), [NAN] * 61]
    panel = charts.panel(made({"funnel": columns, "flywheel": columns}, *MEASURES), [series.name for series in MEASURES])
    notes = [plot.note for plot in panel.plots]
    assert notes[:4] == [
        "accounts per month",
        "$ per account; lower is better",
        "new customers who were referred",
        "margin less growth spending, to date",
    ]
    assert panel.plots[5].note == "days; lower is better"
    assert [plot.lines[0].label for plot in panel.plots] == ["6.00", "$25.0k", "10.0 %", "$1.0M", "30.0", "–"]
    assert math.isnan(panel.plots[1].lines[0].values[4])
    (axes, *_) = [axes for axes in panel.draw().axes if len(axes.lines[0].get_xdata()) == 61 and math.isnan(axes.lines[0].get_ydata()[0])]
    assert [math.isnan(value) for value in axes.lines[0].get_ydata()] == [True] * 5 + [False] * 56


def test_without_names_a_panel_shows_the_metrics_that_are_judged(shipped):
    result = fw.load(shipped).run()
    names = [plot.series for plot in charts.panel(result).plots]
    assert len(names) == 6
    assert all(result.longest.about(name).better for name in names)
    assert result.comparison["by"] not in names


def test_what_cannot_be_drawn_is_refused():
    result = fw.load(SAAS).run()
    with pytest.raises(fw.UsageError, match="there is no series 'custommers'"):
        charts.overlay(result, by="custommers")
    with pytest.raises(fw.UsageError, match="a value for each of cold, referred"):
        charts.overlay(result, by="win")
    with pytest.raises(fw.UsageError, match="no metrics for a panel"):
        charts.panel(made({"run": straight(1, 2)}))


# Text of a file never acts


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x00b", "a\u202eb", "a\u2066b\ud800"])
def test_characters_that_act_are_taken_out(text):
    assert clean(text).replace("[31m", "") == "ab"


def test_text_is_on_one_line_and_of_a_length():
    assert clean("a\n\tb \r c") == "a b c"
    assert shortened("x" * 50) == "x" * 39 + "…"


def test_mathematics_and_markup_stay_what_they_are():
    result = made(
        {"$x$ [b]a[/b]": straight(1, 2), "<script>_b_ \\frac{1}{2}": straight(1, 3)}, title="<svg onload='$y$'> &amp; ]]>", currency="$z$"
    )
    chart = charts.overlay(result)
    figure = chart.draw()
    texts = {text.get_text() for text in figure.texts}
    assert any("$x$ [b]a[/b]" in text for text in texts)
    assert not any(text.get_parse_math() for text in figure.texts)
    assert not any(text.get_parse_math() for axes in figure.axes for text in axes.get_xticklabels())
    root = ET.fromstring(chart.svg())  # noqa: S314  our own file
    assert not [element for element in root.iter() if element.tag.endswith(("script", "foreignObject"))]
    shown = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("$x$ [b]a[/b]" in text for text in shown)
    assert any("<script>_b_ \\frac{1}{2}" in text for text in shown)


# What moves during a run


def moved(*moves, name="flywheel"):
    study = fw.load(SAAS).with_strategy(name, moves=list(moves))
    return charts.overlay(study.run()).subtitle


def test_the_subtitle_says_what_stops_for_everybody():
    subtitle = charts.overlay(fw.load(SAAS.with_name("budget-cut.toml")).run()).subtitle
    assert subtitle.endswith("; every strategy spends $3.6M; budget goes to $0/month in month 24")


def test_the_subtitle_says_whose_levers_move():
    step = {"lever": "budget", "kind": "step", "at": 24, "to": "$0/month"}
    ramp = {"lever": "rigidity", "kind": "ramp", "at": 6, "to": 0, "over": 6}
    pulse = {"lever": "budget", "kind": "pulse", "at": 12, "to": "$200k/month", "for": "3 months"}
    split = {"lever": "split", "kind": "step", "at": 30, "to": {"ads": 0.5, "sellers": 0.5}}
    assert moved(ramp).endswith("; the flywheel: rigidity moves to 0 from month 6 to month 12")
    assert moved(pulse, name="natural").endswith("; natural: budget goes to $200k/month in month 12 for 3 months")
    assert moved(split).endswith("; the flywheel: split goes to a new one in month 30")
    assert moved(pulse, step, ramp).endswith("; 3 moves of levers on the way")
