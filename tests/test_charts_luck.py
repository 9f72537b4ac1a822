"""The charts of luck: replications over the smooth curve, and the chance of stalling."""

import math

import numpy as np
import pytest
from charted import CUSTOMERS, MEASURES, NAN, growing, made, straight
from futured import fanned, made_futures
from lucky import commands, ending, lucky, texts_of, walks

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.analysis.stall import stall, wilson
from flywheel_sim.charts.replications import MOST_THREADS
from flywheel_sim.result import QUANTILES, Series

CASH, CHURN = MEASURES[3], Series("annual_churn", (None,), "metric", "1", "who leave within a year", "lower", percent=True)
NAME_OF_40 = "strategy {:02} with a name of 40 characters"


# The share that stalls


def test_a_wilson_interval_is_that_of_the_textbook():
    assert wilson(10, 100) == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(20, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)
    assert wilson(0, 20)[0] == 0
    assert wilson(20, 20)[1] == 1
    assert wilson(0, 0) == (0, 1)


def test_what_stalls_is_what_is_not_above_its_start():
    found = stall(np.array([[5.0, 6, 4], [5, 5, 5], [5, 4, 6], [7, 8, 8]]))
    assert found.share == (1, 0.5, 0.5)
    assert found.replications == 4
    assert (found.low[1], found.high[1]) == wilson(2, 4)
    assert stall(np.array([[5.0, 6, 4], [7, 8, 8]]), 7.0).share == (1, 0.5, 0.5)
    assert stall(np.array([[5.0, 6, 4], [7, 8, 8]]), np.array([4.0, 8])).share == (0.5, 0.5, 1)


def test_runs_that_failed_do_not_count_and_gaps_count_where_they_are_not():
    found = stall(np.array([[5.0, 6, 7], [5, 4, 4], [5, 4, NAN], [NAN, 4, 7], [5, NAN, 7]]))
    assert found.replications == 3
    assert found.share == (1, 0.5, pytest.approx(1 / 3))
    assert found.high[1] == wilson(1, 2)[1]
    none = stall(np.full((3, 2), NAN))
    assert none.replications == 0
    assert all(map(math.isnan, none.share))
    assert (none.low, none.high) == ((0, 0), (1, 1))


def test_runs_given_the_same_tell_less_the_more_they_agree():
    rng = np.random.default_rng(4)
    own = np.where(rng.random(2000) < 0.3, 4.0, 6.0)
    twins = np.repeat(own[:1000], 2)
    columns = np.stack([np.full(2000, 5.0), own, twins], axis=1)
    plain, paired = stall(columns), stall(columns, each=2)
    assert paired.share == plain.share
    width = [[high - low for low, high in zip(found.low, found.high, strict=True)] for found in (plain, paired)]
    assert width[1][1] == pytest.approx(width[0][1], rel=0.03)  # strangers in pairs: nearly as good as alone
    assert width[1][2] == pytest.approx(width[0][2] * math.sqrt(2), rel=0.02)  # twins: half as many
    assert (paired.low[0], paired.high[0]) == (wilson(1000, 1000)[0], 1)  # all agree: as if pairs were one


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """400 samples of 60 pairs, half of their luck shared: 95 % of the intervals hold the truth, give or take 3.3 standard errors."""
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(400):
        chance = np.repeat(rng.choice([0.1, 0.5], 60), 2)  # 0.3 in the mean
        end = np.where(rng.random(120) < chance, 4.0, 6.0)
        found = stall(np.stack([np.full(120, 5.0), end], axis=1), each=2)
        held += found.low[1] <= 0.3 <= found.high[1]
    assert 0.914 <= held / 400 <= 0.986


# What the chart of stalling says


HALF = ending(*[8.0] * 100, *[12.0] * 100)
SOME = ending(*[8.0] * 46, *[12.0] * 154)
NONE, ALL = ending(*[12.0] * 200), ending(*[8.0] * 200)
LAST = ": no more customers after 4 months than at the start"
STALLS = {
    "unlike": ({"funnel": HALF, "flywheel": SOME}, CUSTOMERS, f"The flywheel stalls in 23 % of 200 runs, the funnel in 50 %{LAST}"),
    "worse": ({"funnel": SOME, "flywheel": HALF + 0.001}, CUSTOMERS, f"The flywheel stalls in 50 % of 200 runs, the funnel in 23 %{LAST}"),
    "alike": (
        {"funnel": SOME, "flywheel": ending(*[8.0] * 50, *[12.0] * 150)},
        CUSTOMERS,
        f"The flywheel stalls in 25 % of 200 runs, the funnel in 23 %, too close to tell apart{LAST}",
    ),
    "the same": ({"a": SOME, "b": SOME}, CUSTOMERS, f"B stalls in 23 % of 200 runs, a in 23 %, too close to tell apart{LAST}"),
    "few": (
        {"funnel": ALL[:20], "flywheel": HALF[90:110]},
        CUSTOMERS,
        f"The flywheel stalls in 10 of 20 runs, the funnel in all{LAST}",
    ),
    "few, both": (
        {"funnel": ending(*[8.0] * 18, 12, 12), "flywheel": ending(8, 8, *[12.0] * 18)},
        CUSTOMERS,
        f"The flywheel stalls in 2 of 20 runs, the funnel in 18{LAST}",
    ),
    "neither": (
        {"funnel": NONE, "flywheel": NONE},
        CUSTOMERS,
        "Neither the flywheel nor the funnel stalls in any of 200 runs: both always have more customers after 4 months",
    ),
    "both": ({"funnel": ALL, "flywheel": ALL}, CUSTOMERS, f"The flywheel and the funnel both stall in all 200 runs{LAST}"),
    "one not": ({"funnel": ALL, "flywheel": NONE}, CUSTOMERS, f"The flywheel stalls in none of 200 runs, the funnel in all{LAST}"),
    "alone": ({"run": SOME}, CUSTOMERS, f"Run stalls in 23 % of 200 runs{LAST}"),
    "alone, lower is better": (
        {"run": SOME},
        CHURN,
        "Run stalls in 77 % of 200 runs: no lower annual churn after 4 months than at the start",
    ),
    "cash": (
        {"funnel": NONE, "flywheel": NONE + 1},
        CASH,
        "Neither the flywheel nor the funnel stalls in any of 200 runs: both always have more cash after 4 months",
    ),
    "undefined": ({"funnel": SOME, "flywheel": SOME * NAN}, CUSTOMERS, "The flywheel: not defined after 4 months"),
}


@pytest.mark.parametrize("case", STALLS)
def test_the_title_says_in_how_many_runs_who_stalls(case):
    strategies, series, title = STALLS[case]
    chart = charts.stall(lucky(strategies, series))
    assert chart.title == title


def test_a_line_is_the_share_and_its_label_tells_the_interval():
    result = lucky({"funnel": HALF, "natural": NONE, "flywheel": SOME}, failed=3)
    chart = charts.stall(result, command="flywheel run x --engine chance")
    low, high = wilson(46, 200)
    assert [line.name for line in chart.plot.lines] == ["Funnel", "Natural", "Flywheel"]
    assert chart.plot.lines[2].label == f"23 % ({100 * low:.0f} – {100 * high:.0f})"
    assert chart.plot.lines[1].label == "0 % (0 – 2)"
    for line, one in zip(chart.plot.lines, chart.ranges, strict=True):
        found = stall(result[line.name.lower()].draws("customers"))
        assert (line.values, one.low, one.high) == (found.share, found.low, found.high)
        assert (one.name, one.style, one.times) == (line.name, line.style, line.times)
    assert chart.plot.up.label == "Runs with no more customers than at the start"
    assert chart.plot.up.tick_labels == ("0 %", "25 %", "50 %", "75 %", "100 %")
    assert chart.footer[-1] == "Reproduce: flywheel run x --engine chance"
    assert chart.subtitle.startswith("Share of 200 runs with no more customers (all who have bought and not left) than at the start")
    assert chart.subtitle.endswith("bands: where it lies with 95 %; runs differ by chance; 3 failed and left out")


def test_what_makes_runs_unlike_is_said():
    both = lucky({"run": SOME}, uncertain=("churn", "price"), each=2)
    assert "runs differ by chance and 2 uncertain assumptions" in charts.stall(both).subtitle
    futures = made_futures({"run": SOME}, uncertain=("churn",))
    assert "Share of 200 futures" in charts.stall(futures).subtitle
    assert "futures differ by 1 uncertain assumption" in charts.stall(futures).subtitle
    assert charts.stall(futures).title.startswith("Run stalls in 23 % of 200 futures")
    apart = [one.high[-1] - one.low[-1] for one in (charts.stall(both).ranges[0], charts.stall(lucky({"run": SOME})).ranges[0])]
    assert apart[0] > 1.3 * apart[1]  # pairs that all agree are worth half as much


def test_stalling_needs_every_draw():
    with pytest.raises(fw.UsageError, match="run again with keep='all'"):
        charts.stall(lucky({"funnel": SOME, "flywheel": HALF}, keep=False))
    with pytest.raises(fw.UsageError, match="one run has no chance of stalling"):
        charts.stall(made({"funnel": growing(1, 0.1)}))
    with pytest.raises(fw.UsageError, match="there is no series 'custommers'"):
        charts.stall(lucky({"run": SOME}), "custommers")


# What replications say


def over(strategies, *series):
    return made(strategies, *series)


def test_the_title_is_about_those_who_get_nowhere_where_there_are_some():
    runs = {"funnel": NONE, "flywheel": ending(*[6.0] * 60, *np.linspace(14, 40, 140))}
    result = lucky(runs)
    low, high = np.quantile(runs["flywheel"][:, -1], (0.25, 0.75))
    text = "The flywheel has no more customers after 4 months than at the start in 30 % of 200 runs; "
    rest = f"the smooth curve promises 21, half of the runs end with {low:.0f} to {high:.0f}"
    assert (low, high) == pytest.approx((6, 30.7), abs=0.1)
    assert charts.replications(result, smooth=over({name: straight(10, 21, 4) for name in runs})).title == (text + rest).replace(
        "6 to", "6 to"
    )
    assert charts.replications(result).title == text + f"half of the runs end with {low:.0f} to {high:.0f}"


REPLICATED = {
    "over the curve": (
        {"funnel": NONE, "flywheel": ending(*np.linspace(14, 34, 200))},
        CUSTOMERS,
        straight(10, 30, 4),
        "The smooth curve promises the flywheel 30 customers after 4 months; half of 200 runs end with 19 to 29",
    ),
    "without a curve": (
        {"funnel": NONE, "flywheel": ending(*np.linspace(14, 34, 200))},
        CUSTOMERS,
        None,
        "The flywheel: half of 200 runs end with 19 to 29 customers after 4 months",
    ),
    "money": (
        {"run": ending(*np.linspace(1e6, 2e6, 200))},
        CASH,
        straight(10, 2.5e6, 4),
        "The smooth curve promises run cash of $2.5M after 4 months; half of 200 runs end with $1.2M to $1.8M",
    ),
    "money without a curve": (
        {"run": ending(*np.linspace(1e6, 2e6, 200))},
        CASH,
        None,
        "Run: half of 200 runs end with cash of $1.2M to $1.8M after 4 months",
    ),
    "no spread": ({"run": NONE}, CUSTOMERS, None, "Run: at least half of 200 runs end with 12 customers after 4 months"),
    "undefined": ({"funnel": NONE, "flywheel": NONE * NAN}, CUSTOMERS, None, "Customers: not defined for the flywheel after 4 months"),
}


@pytest.mark.parametrize("case", REPLICATED)
def test_the_title_says_how_far_runs_scatter(case):
    strategies, series, smooth, title = REPLICATED[case]
    curves = None if smooth is None else over(dict.fromkeys(strategies, smooth), series)
    chart = charts.replications(lucky(strategies, series), smooth=curves)
    assert chart.title == title


def test_single_runs_bands_and_the_curve_are_those_of_the_results():
    draws = {"funnel": walks(20, 0.1), "natural": walks(20, 0.2, seed=2), "flywheel": walks(20, 0.4, seed=3)}
    result, smooth = lucky(draws), over({name: straight(20, 44) for name in draws})
    chart = charts.replications(result, smooth=smooth)
    for name in ("Funnel", "Flywheel"):
        mine = [thread for thread in chart.threads if thread.name == name]
        assert np.array_equal([thread.values for thread in mine], draws[name.lower()][:MOST_THREADS])
    assert len(chart.threads) == 2 * MOST_THREADS
    assert [band.name for band in chart.bands] == ["Funnel", "Flywheel"]
    assert [list(row) for row in chart.bands[1].quantiles] == [result["flywheel"].quantile("customers", one) for one in QUANTILES]
    assert [(line.name, line.values) for line in chart.smooth] == [
        ("Funnel", tuple(straight(20, 44))),
        ("Flywheel", tuple(straight(20, 44))),
    ]
    assert chart.start == 20
    low, middle, high = (result["flywheel"].quantile("customers", one)[-1] for one in (0.05, 0.5, 0.95))
    assert chart.plot.lines[2].label == f"{middle:.0f} ({low:.0f} – {high:.0f})"
    assert chart.plot.up.high >= max(max(thread.values) for thread in chart.threads)
    assert "for the funnel and the flywheel; thin: the first 40; long dashes: the smooth curve" in chart.subtitle


def test_the_spread_at_the_end_counts_every_run_once():
    draws = {"funnel": walks(20, 0.1), "flywheel": walks(20, 0.4, seed=3)}
    chart = charts.replications(lucky(draws), smooth=over({name: straight(20, 44) for name in draws}))
    for spread in chart.spreads:
        ends = draws[spread.name.lower()][:, -1]
        assert sum(spread.shares) == pytest.approx(1)
        assert len(spread.edges) == len(spread.shares) + 1
        counts = [((low <= ends) & (ends < high)).mean() for low, high in zip(spread.edges, spread.edges[1:], strict=False)]
        assert spread.shares[:-1] == pytest.approx(counts[:-1])
        widths = np.diff(spread.edges)
        assert np.all(widths == widths[0])
        assert widths[0] == round(widths[0]), "every bin holds as many whole numbers as the next"
        assert spread.edges[0] % 1 == 0.5
        assert spread.smooth == 44
        assert spread.quantiles == pytest.approx(np.quantile(ends, QUANTILES))
    outlier = np.vstack([ending(*np.linspace(14, 34, 200)), ending(1000.0)])
    (spread,) = charts.replications(lucky({"run": outlier})).spreads
    assert sum(spread.shares) == pytest.approx(1)
    assert spread.edges[-1] < 100
    assert spread.shares[-1] >= 1 / 201


def test_without_the_draws_there_is_the_band_alone():
    chart = charts.replications(lucky({"funnel": walks(20, 0.1), "flywheel": walks(20, 0.4, seed=3)}, keep=False))
    assert chart.threads == ()
    assert [spread.shares for spread in chart.spreads] == [(), ()]
    assert len(chart.bands) == 2
    assert "thin" not in chart.subtitle
    assert "right" not in chart.subtitle
    assert chart.title.startswith("The flywheel: half of 200 runs end with ")


def test_failed_runs_are_not_drawn_and_unlike_starts_have_no_line():
    draws = walks(20, 0.2)
    draws[3] = NAN
    chart = charts.replications(lucky({"run": draws}, failed=1))
    assert len(chart.threads) == MOST_THREADS
    assert chart.threads[3].values == tuple(draws[4])
    assert chart.start == 20
    assert math.isnan(charts.replications(lucky({"funnel": draws, "flywheel": draws + 1})).start)


def test_one_run_does_not_scatter():
    with pytest.raises(fw.UsageError, match="one run does not scatter"):
        charts.replications(made({"run": growing(1, 0.1)}))
    with pytest.raises(fw.UsageError, match="there is no series 'custommers'"):
        charts.replications(lucky({"run": SOME}), "custommers")


def test_the_curve_of_another_horizon_promises_nothing_for_this_end():
    chart = charts.replications(lucky({"run": ending(*np.linspace(14, 34, 200))}), smooth=over({"run": straight(10, 30, 3)}))
    assert chart.title.startswith("Run: half of 200 runs")
    assert len(chart.smooth) == 1
    assert math.isnan(chart.spreads[0].smooth)


# Drawn


MANY = {f"{NAME_OF_40.format(place)}"[:40]: fanned(100, 250 + place, 9, n=40) for place in range(20)}
RUNS = {
    "overlapping": lucky({"funnel": walks(20, 0.3), "flywheel": walks(20, 0.4, seed=5)}),
    "extinct": lucky({"funnel": walks(2, 0.02), "flywheel": walks(2, 0.1, seed=5)}),
    "alone": lucky({"run": walks(20, 0.3)}, uncertain=tuple("abcde"), failed=4),
    "twenty": lucky(MANY),
    "undefined at first": lucky({"funnel": walks(20, 0.3), "flywheel": np.where(np.arange(61) < 20, NAN, walks(20, 0.4, seed=5))}),
    "never defined": lucky({"funnel": walks(20, 0.3), "flywheel": walks(20, 0.4) * NAN}),
    "nothing": lucky({"funnel": np.zeros((5, 61)), "flywheel": np.zeros((5, 61))}),
    "huge": lucky({"funnel": walks(20, 0.3) * 1e12, "flywheel": walks(20, 0.4, seed=5) * 1e12}),
    "negative money": lucky({"funnel": -1e5 * walks(20, 0.3), "flywheel": 1e5 - 1e5 * walks(20, 0.4, seed=5)}, CASH, currency="CHF"),
    "unlike horizons": lucky({"funnel": walks(20, 0.3), "flywheel": walks(20, 0.4, months=36, seed=5)}),
    "shares": lucky({"funnel": walks(20, 0.3) / 300, "flywheel": walks(20, 0.4, seed=5) / 300}, CHURN),
}


@pytest.mark.parametrize("case", RUNS)
def test_no_text_of_replications_leaves_or_collides(case):
    result = RUNS[case]
    smooth = over(
        {name: straight(20, 50, len(run.times) - 1) for name, run in result.runs.items()}, next(iter(result.longest.series.values()))
    )
    figure = charts.replications(result, smooth=smooth, command=commands(case)).draw()
    assert charts.lint(figure) == []
    (axes,) = figure.axes
    assert axes.get_position().width > 0.45
    assert axes.get_position().height > 0.35


@pytest.mark.parametrize("case", ["extinct", "alone", "twenty", "never defined", "nothing"])
def test_no_text_of_stalling_leaves_or_collides(case):
    figure = charts.stall(RUNS[case], command=commands(case)).draw()
    assert charts.lint(figure) == []
    (axes,) = figure.axes
    assert axes.get_position().width > 0.55
    assert axes.get_position().height > 0.35


def test_replications_are_drawn_as_the_record_says():
    result = RUNS["overlapping"]
    chart = charts.replications(result, smooth=over({name: straight(20, 50) for name in result.runs}))
    figure = chart.draw()
    (axes,) = figure.axes
    threads = [one for one in axes.lines if one.get_linewidth() == 0.75]
    assert sorted(tuple(one.get_ydata()) for one in threads) == sorted(thread.values for thread in chart.threads)
    colours = [one.get_color() for one in threads]
    assert colours[0] != colours[1], "in turn, so that none hides the other"
    assert len(axes.collections) == 2
    curves = [one for one in axes.lines if tuple(one.get_ydata()) == tuple(straight(20, 50)) and one.get_color() != "white"]
    assert {one.get_color() for one in curves} == {line.style.colour for line in chart.smooth}
    assert all(one.is_dashed() for one in curves)
    bars = [one for one in figure.get_children() if str(one.get_gid() or "").startswith("end ")]
    assert len(bars) == sum(share > 0 for spread in chart.spreads for share in spread.shares)
    widest = max(bars, key=lambda one: one.get_width())
    longest_share = max(share for spread in chart.spreads for share in spread.shares)
    assert [one.get_width() / widest.get_width() for one in bars] == pytest.approx(
        [share / longest_share for spread in chart.spreads for share in spread.shares if share]
    )


def test_stalling_is_drawn_as_the_record_says():
    chart = charts.stall(RUNS["overlapping"])
    (axes,) = chart.draw().axes
    assert len(axes.collections) == 2
    for line, one in zip(chart.plot.lines, chart.ranges, strict=True):
        edges = [drawn for drawn in axes.lines if tuple(drawn.get_ydata()) in {one.low, one.high}]
        assert len(edges) == 2
        assert {drawn.is_dashed() for drawn in edges} == {bool(one.style.dash)}, "told apart in grey"
        assert len([drawn for drawn in axes.lines if tuple(drawn.get_ydata()) == line.values]) == 1


def test_where_strategies_are_many_only_those_compared_have_bands():
    chart = charts.stall(RUNS["twenty"])
    assert len(chart.plot.lines) == 20
    assert [one.name for one in chart.ranges] == [chart.plot.lines[0].name, chart.plot.lines[19].name]


@pytest.mark.parametrize("draw", [charts.replications, charts.stall])
def test_drawings_hold_text_as_text(draw):
    chart = draw(RUNS["overlapping"])
    assert chart.title in texts_of(chart.svg())
    assert chart.title in repr(chart)
