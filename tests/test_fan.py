"""The fan chart: what it says of many futures, and how it is drawn."""

import json

import numpy as np
import pytest
from charted import CUSTOMERS, MEASURES, NAN, growing, made
from futured import fanned, made_futures

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.charts.drawing.place import words, wrapped
from flywheel_sim.records import replace
from flywheel_sim.result import QUANTILES, Result, Series

CASH, CHURN = MEASURES[3], Series("annual_churn", (None,), "metric", "1", "who leave within a year", "lower", percent=True)
DETRACTORS = Series("detractors", (None,), "metric", "account", "who warn others", "lower")
AHEAD = {"funnel": fanned(100, 252, 40), "flywheel": fanned(100, 283, 60, seed=3)}
SAME = fanned(100, 250, 30)
DIP = 4e6 * np.sin(np.linspace(0, np.pi, 61))


def share(result):
    return f"{100 * result.comparison['win_probability']:.0f} %"


# What it says


def test_the_title_says_in_how_many_futures_who_has_more():
    result = made_futures(AHEAD)
    assert 0.7 < result.comparison["win_probability"] < 0.95
    assert charts.fan(result).title == f"The flywheel has more customers than the funnel after 60 months in {share(result)} of 400 futures"
    other = made_futures({"funnel": AHEAD["flywheel"], "flywheel": AHEAD["funnel"]})
    rest = f"{100 * (1 - other.comparison['win_probability']):.0f} %"
    assert charts.fan(other).title == f"The funnel has more customers than the flywheel after 60 months in {rest} of 400 futures"


TITLES = {
    "all of them": (
        {"funnel": SAME, "flywheel": SAME + np.linspace(0, 50, 61)},
        CUSTOMERS,
        "The flywheel has more customers than the funnel after 60 months in all 400 futures",
    ),
    "next to nothing": (
        {"funnel": SAME, "flywheel": SAME + np.linspace(0, 0.1, 61)},
        CUSTOMERS,
        "The flywheel and the funnel are level after 60 months in nine of ten of 400 futures",
    ),
    "money": (
        {"funnel": SAME, "flywheel": SAME + np.linspace(0, 50, 61)},
        CASH,
        "The flywheel has more cash than the funnel after 60 months in all 400 futures",
    ),
    "fewer": (
        {"funnel": SAME, "flywheel": SAME - np.linspace(0, 50, 61)},
        DETRACTORS,
        "The flywheel has fewer detractors than the funnel after 60 months in all 400 futures",
    ),
    "a lower share": (
        {"funnel": SAME, "flywheel": SAME - np.linspace(0, 50, 61)},
        CHURN,
        "The flywheel has a lower annual churn than the funnel after 60 months in all 400 futures",
    ),
    "a higher number": (
        {"funnel": SAME, "flywheel": SAME + np.linspace(0, 50, 61)},
        MEASURES[4],
        "The flywheel has a higher score than the funnel after 60 months in all 400 futures",
    ),
    "never defined": (
        {"funnel": SAME, "flywheel": SAME * NAN},
        CUSTOMERS,
        "No comparison: customers not defined for the flywheel in month 60",
    ),
    "one strategy": ({"run": np.full((9, 5), 7.0)}, CUSTOMERS, "After 4 months customers are at 7.00 in 90 % of 9 futures"),
    "one strategy, undefined": ({"run": np.full((9, 5), NAN)}, CUSTOMERS, "Customers: not defined after 4 months"),
}


@pytest.mark.parametrize("case", TITLES)
def test_titles(case):
    strategies, series, title = TITLES[case]
    chart = charts.fan(made_futures(strategies, series))
    assert chart.title == title
    assert charts.lint(chart.draw()) == []


def test_what_is_open_is_called_open():
    rng = np.random.default_rng(5)
    ends = 100 + rng.normal(size=(2, 400)) * 10
    result = made_futures({name: np.linspace(100, end, 13).T for name, end in zip(("funnel", "flywheel"), ends, strict=True)})
    assert result.comparison["ahead"] is None
    assert (
        charts.fan(result).title
        == f"It is open whether the flywheel or the funnel has more customers after 12 months: in {share(result)} of 400 futures it is the flywheel"
    )


def test_the_range_of_a_strategy_that_is_alone():
    result = made_futures({"run": AHEAD["funnel"]}, CASH)
    low, high = np.quantile(AHEAD["funnel"][:, -1], (0.05, 0.95))
    assert charts.fan(result).title == f"After 60 months cash is between ${low:.0f} and ${high:.0f} in 90 % of 400 futures"
    assert len(charts.fan(result).bands) == 1


def test_another_series_is_judged_by_the_draws_or_by_the_medians():
    strategies = {"funnel": [AHEAD["funnel"], SAME], "flywheel": [AHEAD["flywheel"], SAME + np.linspace(0, 50, 61)]}
    kept = charts.fan(made_futures(strategies, CUSTOMERS, CASH), by="cash")
    assert kept.title == "The flywheel has more cash than the funnel after 60 months in all 400 futures"
    summed = charts.fan(made_futures(strategies, CUSTOMERS, CASH, keep=False), by="cash")
    assert summed.title.startswith("Going by the medians, the flywheel leads the funnel from the start and ends with cash of ")
    level = {name: [one, SAME] for name, one in AHEAD.items()}
    renamed = {"a": level["funnel"], "b": level["flywheel"]}
    assert charts.fan(made_futures(renamed, CUSTOMERS, CASH, keep=False), by="cash").title.startswith(
        "Going by the medians: B and a are level"
    )


def test_the_subtitle_says_what_the_bands_are_and_what_is_uncertain():
    result = made_futures(AHEAD, spent={"funnel": 9e6, "flywheel": 9e6}, failed=3)
    assert charts.fan(result).subtitle == (
        "Customers (all who have bought and not left) over 60 months: median of 400 futures, with bands of 50 % (dark) and 90 % "
        "(light, in brackets); uncertain: churn, fit[referred] and usual win; 3 failed and left out; both spend $9.0M"
    )
    many = charts.fan(made_futures({"funnel": SAME, "a": SAME, "b": AHEAD["flywheel"]}, uncertain=tuple("abcde")))
    assert "(light, in brackets) for the funnel and b; 5 uncertain assumptions" in many.subtitle
    long = charts.fan(made_futures(AHEAD, uncertain=("x" * 31, "y" * 31)))
    assert "; 2 uncertain assumptions" in long.subtitle
    assert "uncertain" not in charts.fan(made_futures(AHEAD, uncertain=())).subtitle
    assert "uncertain: churn" in charts.fan(made_futures(AHEAD, uncertain=("churn",))).subtitle
    assert charts.fan(result, command="c", unlike=["price"]).subtitle.endswith("not alike in price")
    assert charts.fan(result, command="flywheel run x").footer[-1] == "Reproduce: flywheel run x"


def test_bands_are_quantiles_and_lines_are_medians():
    result = made_futures({"funnel": SAME, "natural": AHEAD["funnel"], "flywheel": AHEAD["flywheel"]})
    chart = charts.fan(result)
    assert [band.name for band in chart.bands] == ["Funnel", "Flywheel"]
    assert [line.name for line in chart.plot.lines] == ["Funnel", "Natural", "Flywheel"]
    for band in chart.bands:
        run = result[band.name.lower()]
        assert [list(row) for row in band.quantiles] == [run.quantile("customers", probability) for probability in QUANTILES]
        assert band.times == run.times
    low, middle, high = (np.quantile(AHEAD["flywheel"][:, -1], probability) for probability in (0.05, 0.5, 0.95))
    assert chart.plot.lines[2].label == f"{middle:.0f} ({low:.0f} – {high:.0f})"
    assert list(chart.plot.lines[2].values) == result["flywheel"].values("customers")
    assert chart.plot.up.high > high
    assert chart.plot.crossing is None


def test_a_line_without_a_range_has_none_in_its_label():
    chart = charts.fan(made_futures({"a": np.full((5, 4), 3.0), "b": fanned(1, 9, 1, n=5, months=2)}))
    assert chart.plot.lines[0].label == "3.00"
    assert chart.plot.lines[1].label.endswith(") in month 2")


def test_one_future_has_no_fan():
    with pytest.raises(fw.UsageError, match="one future has no fan"):
        charts.fan(made({"funnel": growing(1, 0.1), "flywheel": growing(1, 0.2)}))
    with pytest.raises(fw.UsageError, match="there is no series 'custommers'"):
        charts.fan(made_futures(AHEAD), by="custommers")


def test_a_result_that_was_kept_gives_the_same_fan(tmp_path):
    result = made_futures(AHEAD, keep=False, failed=2)
    result.save(tmp_path / "x.fw")
    before, after = charts.fan(result), charts.fan(fw.Result.load(tmp_path / "x.fw"))
    assert (after.title, after.subtitle) == (before.title, before.subtitle)
    assert [band.quantiles for band in after.bands] == [band.quantiles for band in before.bands]


# The other charts


def test_other_charts_say_that_they_show_medians():
    strategies = {name: [one, one] for name, one in AHEAD.items()}
    result = made_futures(strategies, CUSTOMERS, CASH, failed=3)
    overlay, panel = charts.overlay(result), charts.panel(result, ["cash"])
    assert overlay.subtitle == "Customers (all who have bought and not left) over 60 months: medians of 400 futures"
    assert panel.subtitle == "Each measure over 60 months, with its value at the end: medians of 400 futures"
    assert list(overlay.plot.lines[1].values) == result["flywheel"].values("customers")
    for chart in (overlay, panel):
        assert charts.lint(chart.draw()) == []


def test_pictures_include_the_fan_where_there_are_futures(monkeypatch):
    class Study:
        by = "customers"

        @staticmethod
        def unlike(*_):
            return ()

    monkeypatch.setattr("flywheel_sim.charts.save.declared_panel", lambda *_: ["cash"])
    monkeypatch.setattr("flywheel_sim.charts.chart.Chart.images", lambda chart: (chart.title.encode(), b""))
    result = made_futures({name: [one, one] for name, one in AHEAD.items()}, CUSTOMERS, CASH)
    files = charts.pictures(Study, result, command="c")
    assert sorted(files) == sorted(f"{name}.{kind}" for name in ("fan", "panel") for kind in ("png", "svg"))
    assert files["fan.png"].decode() == charts.fan(result).title
    one = charts.pictures(Study, made({name: [growing(1, 0.1)] * 2 for name in AHEAD}, CUSTOMERS, CASH), command="c")
    assert sorted(one) == sorted(f"{name}.{kind}" for name in ("customers", "panel") for kind in ("png", "svg"))


# Drawn


NASTY = {
    "overlapping": made_futures(AHEAD),
    "identical": made_futures({"funnel": SAME, "flywheel": SAME}),
    "crossing": made_futures({"funnel": fanned(0, 3e6, 2e6), "flywheel": fanned(0, 4e6, 4e6, seed=3) - DIP}, CASH),
    "skewed": made_futures({"funnel": fanned(100, 150, 60, skew=1.5), "flywheel": fanned(100, 160, 80, seed=3, skew=1.5)}),
    "one strategy": made_futures({"run": AHEAD["flywheel"]}),
    "five strategies": made_futures(
        {
            name: fanned(100, 250 + 12 * place, 40, seed=place)
            for place, name in enumerate(("funnel", "natural", "flywheel", "Plan B", "Wait"))
        }
    ),
    "twenty strategies": made_futures(
        {f"strategy {place:02} with a name of 40 characters"[:40]: fanned(100, 250 + place, 9, n=40) for place in range(20)}
    ),
    "undefined": made_futures({"funnel": AHEAD["funnel"], "flywheel": np.where(np.arange(61) < 20, NAN, AHEAD["flywheel"])}),
    "no spread": made_futures({"funnel": np.full((3, 61), 5.0), "flywheel": np.full((3, 61), 6.0)}),
    "nothing": made_futures({"funnel": np.zeros((3, 61)), "flywheel": np.zeros((3, 61))}),
    "a long list of words": made_futures(
        AHEAD,
        failed=12,
        spent={"funnel": 9e6, "flywheel": 8e6},
        uncertain=tuple(f"an_assumption_of_many_words_{number}" for number in range(4)),
    ),
    "unlike horizons": made_futures({"funnel": AHEAD["funnel"], "flywheel": fanned(90, 200, 20, months=36)}),
    "negative": made_futures({"funnel": fanned(-3e6, -2e6, 4e5), "flywheel": fanned(-3e6, -1e6, 9e5, seed=2)}, CASH, currency="CHF"),
}


@pytest.mark.parametrize("case", NASTY)
def test_no_text_of_a_fan_leaves_or_collides(case):
    figure = charts.fan(NASTY[case], command=f"flywheel run {'folder/' * 20}test.toml --draws 1000 --out out").draw()
    assert charts.lint(figure) == []
    (axes,) = figure.axes
    assert axes.get_position().width > 0.55
    assert axes.get_position().height > 0.35


def test_what_is_drawn_is_what_the_record_says():
    chart = charts.fan(NASTY["overlapping"])
    figure = chart.draw()
    (axes,) = figure.axes
    assert len(axes.collections) == 4  # two bands for each of the two
    for band in chart.bands:
        edges = [one for one in axes.lines if tuple(one.get_ydata()) in band.quantiles and one.get_linewidth() < 2]
        assert len(edges) == 4
        assert {one.get_color() for one in edges} == {band.style.colour}
        assert {one.is_dashed() for one in edges} == {bool(band.style.dash)}, "told apart in grey"
        mine = [one for one in axes.collections if one.get_facecolor()[0][:3] == pytest.approx(rgb(band.style.colour))]
        assert sorted(one.get_facecolor()[0][3] for one in mine) == [0.13, 0.21]
        for one, (low, high) in zip(sorted(mine, key=lambda one: one.get_facecolor()[0][3]), ((0, 4), (1, 3)), strict=True):
            corners = one.get_paths()[0].vertices
            ends = corners[corners[:, 0] == band.times[-1], 1]
            assert (ends.min(), ends.max()) == pytest.approx((band.quantiles[low][-1], band.quantiles[high][-1]))
    medians = [one for one in axes.lines if one.get_linewidth() > 3]
    assert sorted(tuple(one.get_ydata()) for one in medians) == sorted(line.values for line in chart.plot.lines)
    bars = [one for one in figure.get_children() if hasattr(one, "get_linewidth") and one.get_linewidth() in {1.6, 5.0}]
    assert len(bars) == 4


def rgb(colour):
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def test_a_run_that_ends_early_has_no_bar_at_the_end():
    figure = charts.fan(NASTY["unlike horizons"]).draw()
    assert len([one for one in figure.get_children() if hasattr(one, "get_linewidth") and one.get_linewidth() in {1.6, 5.0}]) == 2


def test_a_gap_in_a_band_is_a_gap():
    chart = charts.fan(NASTY["undefined"])
    assert all(value != value for value in chart.bands[1].quantiles[0][:20])  # noqa: PLR0124  NaN is not itself
    (axes,) = chart.draw().axes
    starts = [one.get_paths()[0].vertices[:, 0].min() for one in axes.collections]
    assert starts == [0, 0, 20, 20]


def test_the_same_result_gives_the_same_bytes():
    chart = charts.fan(NASTY["overlapping"])
    assert chart.images() == (chart.png(), chart.svg())
    assert repr(chart) == f"<fan: {chart.title}>"


def test_ranges_are_never_broken_across_lines():
    assert words("Plan B $3.8M (-$2.4M – $9.9M) in 20 % of month 4") == [
        "Plan",
        "B",
        "$3.8M",
        "(-$2.4M – $9.9M)",
        "in",
        "20 %",
        "of",
        "month 4",
    ]
    assert wrapped("Flywheel 281 (188 – 372)", 20, len) == ["Flywheel 281", "(188 – 372)"]


def test_a_result_without_odds_by_another_name_is_not_lost():
    """What the command wrote as JSON and a fan made of the result agree."""
    result = made_futures(AHEAD)
    told = json.loads(json.dumps(result.as_json()["comparison"]))
    again = Result(replace(result.about, draws=400), result.runs, told, (told,))
    assert charts.fan(again).title == charts.fan(result).title
