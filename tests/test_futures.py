"""Many futures: what a result holds of them, who wins in how many, and the sentences that say so."""

import json
import math

import numpy as np
import pytest
from charted import CUSTOMERS, MEASURES
from futured import NAN, SPENT, fanned, futures, made_futures, odds_between
from hypothesis import given
from hypothesis import strategies as st

import flywheel_sim as fw
from flywheel_sim.analysis.compare import compare, crossover
from flywheel_sim.analysis.futures import Odds, crossover_of_draws, ends, odds_from, odds_of_draws, win_interval
from flywheel_sim.analysis.sensitivity import HangsOn
from flywheel_sim.analysis.verdict import verdict
from flywheel_sim.analysis.words import likelihood, of_futures
from flywheel_sim.records import replace
from flywheel_sim.result import QUANTILES, Failure, Futures, Result, Series, columns_of

PROSPECTS = Series("prospects", ("cold", "referred"), "stock", "account", "in touch")
COST = MEASURES[1]
N, T = 200, 7


@pytest.fixture(scope="module")
def kept():
    """Two strategies, every draw of which is kept; the cost is not defined in some draws, nor at the start."""
    return made_futures({"funnel": blocks(1), "flywheel": blocks(2)}, CUSTOMERS, COST, PROSPECTS)


@pytest.fixture(scope="module")
def summed():
    """The same, of which only quantiles are kept."""
    return made_futures({"funnel": blocks(1), "flywheel": blocks(2)}, CUSTOMERS, COST, PROSPECTS, keep=False)


def blocks(seed, months=T - 1):
    shape = {"n": N, "months": months, "seed": seed}
    cost = fanned(30_000, 25_000, 3_000, **shape)
    cost[:, 0] = NAN
    cost[: N // 4] = NAN
    return [fanned(100, 150 + 20 * seed, 30, **shape), cost, fanned(5, 9, 1, **shape), fanned(0, 3, 1, **shape)]


# What is held


def test_it_reads_like_a_run_of_medians(kept, summed):
    draws = blocks(2)[0]
    for result in (kept, summed):
        run = result["flywheel"]
        assert isinstance(run, fw.Run)
        assert run.values("customers") == np.median(draws, axis=0).tolist()
        assert run.value("customers", 3) == run.values("customers")[3] == run.quantile("customers", 0.5)[3]
        assert run.value("prospects", label="referred") == np.median(blocks(2)[3][:, -1])
        assert result.has_futures
        assert result.time.tolist() == list(range(T))


def test_quantiles_are_of_the_draws_in_which_it_is_defined(summed):
    run = summed["funnel"]
    for probability in QUANTILES:
        assert run.quantile("acquisition_cost", probability)[-1] == np.quantile(blocks(1)[1][N // 4 :, -1], probability)
    assert math.isnan(run.value("acquisition_cost", 0))
    assert run.share_undefined("acquisition_cost") == [1.0, *[0.25] * (T - 1)]
    assert run.share_undefined("prospects", "cold") == [0.0] * T


def test_with_draws_kept_a_series_is_all_of_them(kept):
    run = kept["flywheel"]
    assert run["customers"].tolist() == blocks(2)[0].tolist()
    assert run["prospects"].shape == (2, N, T)
    assert run["prospects", "referred"].tolist() == run["prospects"][1].tolist() == blocks(2)[3].tolist()
    run["customers"][:] = 0
    assert run["customers"].min() > 0, "an array is one's own to change"
    one = futures("one", [CUSTOMERS], [fanned(1, 2, 0, n=1, months=4)])
    assert one["customers"].shape == (1, 5)


def test_without_a_series_is_three_quantiles(summed):
    run = summed["flywheel"]
    assert run["customers"].tolist() == [run.quantile("customers", probability) for probability in (0.05, 0.5, 0.95)]
    assert run["prospects"].shape == (2, 3, T)
    assert run["prospects", "cold"].tolist() == run["prospects"][0].tolist()
    run["customers"][:] = 0
    assert run["customers"].min() > 0


@pytest.mark.parametrize(
    ("ask", "cause", "fix"),
    [
        (lambda run: run.quantile("customers", 0.1), "there is no quantile 0.1", "use 0.05, 0.25, 0.5, 0.75, 0.95"),
        (lambda run: run.quantile("custmers", 0.5), "there is no series 'custmers'", "did you mean 'customers'?"),
        (lambda run: run.quantile("prospects", 0.5), "prospects has no label None", "its labels are cold, referred"),
        (lambda run: run.share_undefined("wombat"), "there is no series 'wombat'", "the series are customers"),
        (lambda run: run["prospects", "x"], "prospects has no label 'x'", "its labels are cold, referred"),
        (lambda run: run["wombat"], "there is no series 'wombat'", "the series are customers"),
        (lambda run: run.value("customers", T), f"there is no saved time number {T}", f"use 0 to {T - 1}, or -1 for the end"),
        (lambda run: run.draws("customers"), "the draws were not kept", "keep='all'"),
    ],
)
def test_what_is_not_there(summed, ask, cause, fix):
    with pytest.raises(fw.UsageError) as caught:
        ask(summed["funnel"])
    assert cause in caught.value.cause
    assert fix in caught.value.fix


def test_arrays_that_do_not_fit_together_are_refused():
    def build(places=None, quantiles=(5, 1, 3), kept=(1, 3, 4), undefined=(1, 3), series=(CUSTOMERS,)):
        places = {("customers", None): 0} if places is None else places
        arrays = np.zeros(quantiles), None if kept is None else np.zeros(kept), np.zeros(undefined)
        return Futures("a", "", [0.0, 1.0, 2.0], {one.name: one for one in series}, places, *arrays)

    assert build()["customers"].shape == (4, 3)
    assert build(kept=None)["customers"].shape == (3, 3)
    for wrong in (
        {"places": {}},
        {"places": {("customers", "x"): 0}},
        {"places": {("customers", None): -1}},
        {"places": {("customers", None): 0, ("more", None): 0}},
        {"places": {("customers", None): 0, ("cash", None): -1}, "series": (CUSTOMERS, SERIES["cash"])},
        {"quantiles": (3, 1, 3)},
        {"quantiles": (5, 2, 3)},
        {"undefined": (3, 1)},
        {"kept": (4, 3, 1)},
        {"kept": (1, 3)},
        {"kept": (1, 3, 0)},
    ):
        with pytest.raises(ValueError, match=r"row|shape"):
            build(**wrong)


# JSON and tables


def test_the_json_has_three_quantiles_of_everything(kept, summed):
    run = kept["flywheel"]
    for result in (kept, summed):
        found = json.loads(json.dumps(result.as_json(), allow_nan=False))
        flywheel = found["strategies"]["flywheel"]
        assert flywheel["metrics"] == result.metrics["flywheel"] == run.metrics
        assert flywheel["metrics"]["customers"] == {
            "p05": run.quantile("customers", 0.05)[-1],
            "p50": run.quantile("customers", 0.5)[-1],
            "p95": run.quantile("customers", 0.95)[-1],
        }
        assert flywheel["series"]["time"] == list(range(T))
        assert flywheel["series"]["acquisition_cost"]["p50"][0] is None
        assert flywheel["series"]["prospects[referred]"]["p95"] == run.quantile("prospects", 0.95, "referred")
        assert set(flywheel["series"]) == {"time", "customers", "acquisition_cost", "prospects[cold]", "prospects[referred]"}
        assert found["draws"] == N


def test_the_json_tells_what_failed_and_what_is_not_defined(summed):
    failure = Failure(17, "funnel", 8.5, {"churn": 0.2, "x": math.inf}, "customers became negative")
    about = replace(summed.about, failed=3, failures=(failure,), quantile_error=0.001, processor="this one", conservation=NAN)
    checks = json.loads(json.dumps(Result(about, summed.runs).as_json(), allow_nan=False))["checks"]
    assert (checks["failed_draws"], checks["quantile_error"], checks["processor"]) == (3, 0.001, "this one")
    assert checks["failures"] == [
        {"draw": 17, "strategy": "funnel", "month": 8.5, "values": {"churn": 0.2, "x": None}, "reason": "customers became negative"}
    ]
    assert checks["undefined"] == {"funnel": {"acquisition_cost": 0.25}, "flywheel": {"acquisition_cost": 0.25}}
    assert (checks["sampling"], checks["uncertain"]) == ("sobol", ["churn", "fit[referred]", "usual_win"])
    assert checks["conservation"] is None


def test_a_metric_that_no_future_has_is_null():
    run = futures("a", [COST], [np.full((5, 2), NAN)], keep=False)
    assert run.metrics == {"acquisition_cost": {"p05": None, "p50": None, "p95": None}}


def test_a_table_has_a_row_for_each_draw_or_columns_for_quantiles(kept, summed):
    frame = kept.to_dataframe()
    assert frame.columns[:3].tolist() == ["strategy", "draw", "month"]
    assert len(frame) == 2 * N * T
    one = frame[(frame.strategy == "flywheel") & (frame.draw == 7)]
    assert one["month"].tolist() == list(range(T))
    assert one["customers"].tolist() == blocks(2)[0][7].tolist()
    assert one["prospects[referred]"].tolist() == blocks(2)[3][7].tolist()

    frame = summed.to_dataframe()
    assert frame.columns[:5].tolist() == ["strategy", "month", "customers.p05", "customers.p50", "customers.p95"]
    assert len(frame) == 2 * T
    flywheel = frame[frame.strategy == "flywheel"]
    assert flywheel["prospects[cold].p95"].tolist() == summed["flywheel"].quantile("prospects", 0.95, "cold")
    assert [column for column, _ in columns_of(summed["funnel"])] == frame.columns[2:].tolist()
    assert next(column for column, _ in columns_of(summed["funnel"], {"stock"})) == "prospects[cold].p05"


def test_a_dataset_has_a_dimension_for_draws_or_quantiles(kept, summed):
    dataset = kept.to_xarray()
    assert dict(dataset.sizes) == {"strategy": 2, "draw": N, "time": T}
    assert dataset["customers"].sel(strategy="flywheel", draw=7).to_numpy().tolist() == blocks(2)[0][7].tolist()
    assert dataset["prospects[cold]"].attrs == {"units": "account", "long_name": "in touch"}
    dataset = summed.to_xarray()
    assert dict(dataset.sizes) == {"strategy": 2, "quantile": 5, "time": T}
    found = dataset["customers"].sel(strategy="funnel", quantile=0.25).to_numpy()
    assert found.tolist() == summed["funnel"].quantile("customers", 0.25)


@pytest.mark.parametrize("keep", [True, False])
def test_a_shorter_run_ends_undefined_in_a_dataset(keep):
    result = made_futures({"a": fanned(1, 2, 1, n=9, months=6), "b": fanned(1, 2, 1, n=9, months=4)}, keep=keep)
    found = result.to_xarray()["customers"].sel(strategy="b").to_numpy()
    assert np.isfinite(found[:, :5]).all()
    assert np.isnan(found[:, 5:]).all()
    assert len(result.to_dataframe()) == (9 * (7 + 5) if keep else 7 + 5)


# Files


@pytest.mark.parametrize("which", ["kept", "summed"])
def test_futures_are_kept_bit_for_bit(which, request, tmp_path):
    made = request.getfixturevalue(which)
    failure = Failure(17, "funnel", 8.5, {"churn": 0.2}, "customers became negative")
    before = replace(made, about=replace(made.about, failed=1, failures=(failure,), quantile_error=1e-3, tolerance=1e-4))
    before.save(tmp_path / "kept.fw")
    after = fw.Result.load(tmp_path / "kept.fw")
    assert {name: value for name, value in vars(after.about).items() if name != "failures"} == {
        name: value for name, value in vars(before.about).items() if name != "failures"
    }
    assert [vars(one) for one in after.about.failures] == [vars(failure)]
    for name, run in before.runs.items():
        found = after[name]
        assert (found.name, found.note, found.times, found.places) == (run.name, run.note, run.times, run.places)
        assert found.quantiles.tobytes() == run.quantiles.tobytes()
        assert found.undefined.tobytes() == run.undefined.tobytes()
        assert (found.kept is None) == (run.kept is None)
        assert run.kept is None or found.kept.tobytes() == run.kept.tobytes()
    assert json.dumps(after.as_json()) == json.dumps(before.as_json())
    after.save(tmp_path / "again.fw")
    assert (tmp_path / "again.fw").read_bytes() == (tmp_path / "kept.fw").read_bytes()


def test_saved_arrays_that_do_not_fit_are_no_saved_result(summed, tmp_path):
    summed.save(tmp_path / "x.fw")
    with np.load(tmp_path / "x.fw", allow_pickle=False) as arrays:
        held = dict(arrays)
    for name, wrong in {
        "quantiles 0": held["quantiles 0"][:3],
        "undefined 1": held["undefined 1"].T,
        "times 0": held["times 0"][:-1],
        "kept 0": np.zeros((2, 2, 2)),
        "quantiles 1": held["quantiles 1"].astype(np.float32),
    }.items():
        with (tmp_path / "y.fw").open("wb") as file:
            np.savez(file, **held | {name: wrong})
        with pytest.raises(fw.UsageError, match="is no saved result"):
            fw.Result.load(tmp_path / "y.fw")


# Shown


def test_ranges_are_shown(summed):
    low, middle, high = (summed["flywheel"].quantile("customers", probability)[-1] for probability in (0.05, 0.5, 0.95))
    cell = f"{middle:.4g} ({low:.4g} – {high:.4g})"
    assert f"flywheel {cell}" in repr(summed)
    assert f"{N} futures, customers at the end" in repr(summed)
    page = summed._repr_html_()
    assert f"<td>{cell}</td>" in page
    assert f"the median of {N} futures (5 – 95 %)" in page
    assert ", not defined in 25 %</td>" in page
    assert repr(summed["funnel"]) == "<futures of 'funnel': 3 series over 7 times>"


def test_draws_that_are_kept_are_counted(kept):
    assert repr(kept["funnel"]) == "<200 futures of 'funnel': 3 series over 7 times>"


# When the challenger takes the lead, draw by draw

GAP = st.one_of(st.sampled_from([-1.0, -0.0, 0.0, 1.0, math.nan, math.inf, -math.inf]), st.floats(-1e6, 1e6))


@given(st.integers(1, 9).flatmap(lambda length: st.lists(st.lists(st.tuples(GAP, GAP), min_size=length, max_size=length), min_size=1)))
def test_the_crossover_of_every_draw_is_that_of_one_run(pairs):
    below, above = (np.array([[pair[side] for pair in row] for row in pairs]) for side in (0, 1))
    times = [1.5 * index for index in range(below.shape[1])]
    found = crossover_of_draws(times, below, above)
    assert found.shape == (len(pairs),)
    for one, low, high in zip(found.tolist(), below.tolist(), above.tolist(), strict=True):
        expected = crossover(times, low, high)
        assert one == expected or (expected is None and math.isnan(one)) or (math.isnan(one) and math.isnan(expected))


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [([NAN, 1, 1], 0.0), ([0, 1, 1], 0.0), ([-1, 1, 1], 0.5), ([1, NAN, 1], 2.0), ([1, -1, 1], 1.5), ([1, 1, NAN], NAN), ([1, 1, 0], NAN)],
)
def test_the_crossover_of_one_draw(gaps, expected):
    found = crossover_of_draws([0.0, 1.0, 2.0], np.zeros((1, 3)), np.array([gaps], float))
    assert found.tolist() == pytest.approx([expected], nan_ok=True)


def test_the_crossover_of_no_draws_is_none():
    assert crossover_of_draws([0.0, 1.0], np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


# Odds


def test_odds_are_counted_within_each_future():
    below = np.array([[1.0, 2], [1, 2], [1, 2], [1, NAN], [1, 2]])
    above = np.array([[0.0, 4], [2, 3], [2, 1], [1, 1], [0, 2]])
    cost = np.array([[10.0, 0, 4, 1, 5], [5.0, 1, 8, 1, 5]])
    found = odds_of_draws([0.0, 1.0], below, above, metrics={"cost": tuple(cost)}, failed=2)
    assert (found.draws, found.undefined, found.failed) == (4, 1, 2)
    assert (found.win, found.level, found.never) == (0.5, 0.25, 0.5)
    assert found.loss == 0.25
    assert found.win_interval is None
    assert found.crossover == pytest.approx({"p05": 1 / 60, "p50": 1 / 6, "p95": 19 / 60})  # 1/3 and 0
    assert found.lead["p50"] == 0.5  # of -1, 0, 1 and 2
    assert found.ratios["cost"]["p50"] == 1  # of 1/2, 2 and 1
    cash = odds_of_draws([0.0, 1.0], below, above, metrics={"cash": (-cost[0], cost[1])})
    assert math.isnan(cash.ratios["cash"]["p50"]), "of what is not positive there is no ratio"
    less = odds_of_draws([0.0, 1.0], below, above, better="lower")
    assert (less.win, less.loss) == (0.25, 0.5)
    assert less.lead["p50"] == -0.5


def test_nothing_to_compare_has_no_odds():
    found = odds_of_draws([0.0], np.array([[NAN]]), np.array([[1.0]]), metrics={"cost": (np.array([1.0]), np.array([2.0]))})
    assert (found.draws, found.undefined, found.crossover) == (0, 1, None)
    assert found.open
    told = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert told["win_probability"] is None
    assert told["lead"] == told["ratio_at_end"]["cost"] == {"p05": None, "p50": None, "p95": None}
    assert told["crossover_month"] == {"p05": None, "p50": None, "p95": None, "never": None}


def test_the_interval_comes_of_eight_scrambles():
    shares = [0.5, 0.6, 0.5, 0.6, 0.5, 0.6, 0.5, 0.6]
    low, high = win_interval(shares, 800)
    assert (low + high) / 2 == pytest.approx(0.55)
    assert (high - low) / 2 == pytest.approx(2.364624 * np.std(shares, ddof=1) / math.sqrt(8))
    assert win_interval([0.5] * 8, 800) == pytest.approx((0.5 - 1 / 800, 0.5 + 1 / 800))  # agreement by chance is no certainty
    assert win_interval([0.0] * 8, 1000) == pytest.approx((0.0, 0.0036821), abs=1e-6)  # 1 - 0.025 ** (1 / 1000)
    assert win_interval([1.0] * 8, 1000) == pytest.approx((0.9963179, 1.0), abs=1e-6)
    assert win_interval([0.99, *[1.0] * 7], 800)[1] == 1.0
    assert win_interval(shares, 63) is None
    assert win_interval(shares[:7], 800) is None
    assert win_interval([], 800) is None


def test_without_scrambles_the_draws_count_as_independent():
    odds = replace(ODDS, win=0.6, draws=50, win_interval=None)
    assert odds.interval == pytest.approx((0.46181, 0.72389), abs=1e-4)  # Wilson's, by hand
    assert odds.open
    assert not replace(odds, win=0.7).open
    assert not replace(odds, win=0.6, win_interval=(0.55, 0.65)).open
    assert replace(odds, win=0.4, level=0.2, win_interval=(0.38, 0.42)).open  # 40 to 40


def test_odds_are_the_same_again_from_what_was_told(kept):
    told = json.loads(json.dumps(kept.comparison))
    found = odds_from(told)
    assert found.as_json() == {key: told[key] for key in found.as_json()}
    expected = odds_between(kept["funnel"], kept["flywheel"], "customers")
    assert vars(found) == vars(expected) | {"ratios": found.ratios}
    assert odds_from({"ahead": "a"}) is None
    never = replace(expected, win=0.0, crossover=None, never=1.0)
    assert odds_from(never.as_json()).crossover is None


def test_a_comparison_tells_its_odds_in_place_of_one_number(kept):
    told = kept.comparison
    draws = [kept[name].draws("customers")[:, -1] for name in ("funnel", "flywheel")]
    assert told["win_probability"] == (draws[1] > draws[0]).mean()
    assert told["futures"] == N
    assert told["crossover_month"]["never"] == pytest.approx(1 - told["win_probability"])
    assert told["lead"]["p50"] == np.median(draws[1] - draws[0])
    assert told["ratio_at_end"]["customers"]["p95"] == pytest.approx(np.quantile(draws[1] / draws[0], 0.95))
    assert told["ahead"] == "flywheel"
    assert len(told["win_interval"]) == 2


def test_who_is_ahead_in_many_futures():
    def ahead(**changes):
        found = compare(plain("funnel"), plain("flywheel"), "customers", odds=replace(ODDS, **changes))
        return found.as_json()["ahead"]

    assert ahead() == "flywheel"
    assert ahead(win=0.2, win_interval=(0.17, 0.23)) == "funnel"
    assert ahead(win=0.52, win_interval=(0.48, 0.56)) is None
    assert ahead(lead={"p05": 0.1, "p50": 1.0, "p95": 1.9}) is None  # of 200 customers
    assert ahead(lead={"p05": 0.1, "p50": 1.0, "p95": 2.1}) == "flywheel"


def test_a_plain_run_has_no_range():
    found = compare(plain("funnel"), plain("flywheel"), "customers")
    assert ends(found, found.baseline) == (200, 200, 200)


def plain(name, end=200.0):
    return fw.Run(name, "", [0.0, 60.0], {"customers": CUSTOMERS}, lambda *_: end)


# Words


@pytest.mark.parametrize(
    ("share", "draws", "text"),
    [
        (0.83, 1000, "83 % of 1,000 futures"),
        (1.0, 1000, "all 1,000 futures"),
        (0.0, 1000, "none of 1,000 futures"),
        (1.0, 1, "the one future"),
        (0.6, 20, "12 of 20 futures"),
        (0.997, 1000, "99.7 % of 1,000 futures"),
        (0.9996, 10_000, "over 99.9 % of 10,000 futures"),
        (0.003, 1000, "0.3 % of 1,000 futures"),
        (0.0003, 10_000, "under 0.1 % of 10,000 futures"),
        (0.995, 200, "over 99 % of 200 futures"),
        (0.005, 200, "under 1 % of 200 futures"),
        (0.826, 200, "83 % of 200 futures"),
        (0.503, 100_000, "50.3 % of 100,000 futures"),
        (0.497, 100_000, "49.7 % of 100,000 futures"),
        (0.5001, 10_000_000, "just over 50 % of 10,000,000 futures"),
        (0.4999, 10_000_000, "just under 50 % of 10,000,000 futures"),
        (0.5, 1000, "50 % of 1,000 futures"),
        (0.055, 1000, "6 % of 1,000 futures"),
    ],
)
def test_shares_of_futures_are_rounded_honestly(share, draws, text):
    assert of_futures(share, draws) == text


@given(st.integers(100, 3000).flatmap(lambda draws: st.tuples(st.integers(1, draws - 1), st.just(draws))))
def test_some_futures_are_never_told_as_none_or_all(counts):
    won, draws = counts
    text = likelihood(won / draws, draws)
    assert not text.startswith(("0 %", "0.0 %", "100"))
    if won * 2 != draws and draws >= 1000:
        assert not text.startswith(("50 %", "50.0 %"))


# Verdicts

ODDS = Odds(
    draws=1000,
    win=0.83,
    win_interval=(0.81, 0.85),
    crossover={"p05": 8.4, "p50": 17.3, "p95": 40.2},
    never=0.17,
    lead={"p05": -20.0, "p50": 48.0, "p95": 130.0},
    ratios={"customers": {"p05": 0.9, "p50": 1.2, "p95": 1.5}},
)
LOST = replace(ODDS, win=0.17, win_interval=(0.15, 0.19), never=0.83, lead={"p05": -130.0, "p50": -48.0, "p95": 20.0})
WORST = HangsOn("churn", "customers who leave", 0.03, "1/month", 120.0, 100.0, flips=True)
SERIES = {"customers": CUSTOMERS, "spent": SPENT, "cash": MEASURES[3], "referral_share": MEASURES[2], "time_to_close": MEASURES[5]}


def ended(name, months=60, **series):
    """Futures of which 5, 50 and 95 % at the end are given."""
    quantiles = np.zeros((5, len(series), 2))
    for row, (low, middle, high) in enumerate(series.values()):
        quantiles[:, row, 1] = [low, (low + middle) / 2, middle, (middle + high) / 2, high]
    places = {(one, None): row for row, one in enumerate(series)}
    return Futures(
        name, "", [0.0, float(months)], {one: SERIES[one] for one in series}, places, quantiles, None, np.zeros((len(series), 2))
    )


def said(baseline, challenger, odds, by="customers", **more):
    money = {"outlay": "spent" if "spent" in baseline else None, "balance": "cash" if "cash" in baseline else None}
    comparison = compare(baseline, challenger, by, odds=odds, **money)
    return verdict(comparison, time_unit="month", currency="$", **more)


FUNNEL, FLYWHEEL = ended("funnel", customers=(190, 252, 310)), ended("flywheel", customers=(210, 303, 420))
LEAD = "Within one future the lead of the flywheel is 48.0 customers (5 to 95 %: -20.0 to 130). "
ENDS = "after 60 months a median of 303 customers (5 to 95 %: 210 to 420) against 252 (190 to 310)"
SWAPPED = "after 60 months a median of 252 customers (5 to 95 %: 190 to 310) against 303 (210 to 420)"
VERDICTS = {
    "the challenger wins": (
        said(FUNNEL, FLYWHEEL, ODDS),
        (
            f"The flywheel wins over the funnel in 83 % of 1,000 futures: {ENDS}. {LEAD}"
            "Where it wins, it is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "in all futures": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, win=1.0, never=0.0, win_interval=(0.996, 1.0), lead={"p05": 9.0, "p50": 48.0, "p95": 130.0})),
        (
            f"The flywheel wins over the funnel in all 1,000 futures: {ENDS}. "
            "Within one future the lead of the flywheel is 48.0 customers (5 to 95 %: 9.00 to 130). "
            "It is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "in none": (
        said(FLYWHEEL, FUNNEL, replace(LOST, win=0.0, never=1.0, win_interval=(0.0, 0.004), crossover=None)),
        f"The flywheel wins over the funnel in all 1,000 futures: {ENDS}. {LEAD}".strip(),
    ),
    "the baseline wins": (
        said(FLYWHEEL, FUNNEL, LOST),
        (
            f"The flywheel wins over the funnel in 83 % of 1,000 futures: {ENDS}. {LEAD}"
            "In the other 17 %, the funnel is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "the baseline wins, some are the same": (
        said(FLYWHEEL, FUNNEL, replace(LOST, level=0.1)),
        (
            f"The flywheel wins over the funnel in 73 % of 1,000 futures (behind in 17 %, level in 10 %): {ENDS}. {LEAD}"
            "In 17 %, the funnel is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "few draws": (
        said(FLYWHEEL, FUNNEL, replace(LOST, draws=20, win=0.15, win_interval=None)),
        (
            f"The flywheel wins over the funnel in 17 of 20 futures: {ENDS}. {LEAD}"
            "In the other 3, the funnel is ahead for good from about month 18."
        ),
    ),
    "one draw": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, draws=1, win=1.0, win_interval=None, crossover={"p05": 0.0, "p50": 0.0, "p95": 0.0})),
        (
            f"It is open whether the flywheel or the funnel wins: the flywheel is ahead in the one future (95 % sure: 21 to 100 %); {ENDS}. "
            f"{LEAD}It is ahead from the start."
        ),
    ),
    "narrowly": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, win=0.55, win_interval=(0.53, 0.57))),
        (
            f"The flywheel wins narrowly over the funnel in 55 % of 1,000 futures (95 % sure: 53 to 57 %): {ENDS}. "
            f"{LEAD}Where it wins, it is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "narrowly, the baseline": (
        said(FLYWHEEL, FUNNEL, replace(LOST, win=0.41, win_interval=(0.39, 0.43))),
        (
            f"The flywheel wins narrowly over the funnel in 59 % of 1,000 futures (95 % sure: 57 to 61 %): {ENDS}. {LEAD}"
            "In the other 41 %, the funnel is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "only one has a range": (
        said(FUNNEL, ended("flywheel", customers=(303, 303, 303)), ODDS),
        (
            "The flywheel wins over the funnel in 83 % of 1,000 futures: after 60 months a median of 303 customers "
            f"against 252 (5 to 95 %: 190 to 310). {LEAD}Where it wins, it is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "open": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, win=0.52, win_interval=(0.493, 0.547))),
        (
            f"It is open whether the flywheel or the funnel wins: the flywheel is ahead in 52 % of 1,000 futures (95 % sure: 49 to 55 %); {ENDS}. "
            f"{LEAD}Where the flywheel wins, it is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "level": (
        said(FUNNEL, ended("flywheel", customers=(190, 253, 311)), replace(ODDS, lead={"p05": 0.1, "p50": 1.0, "p95": 2.0})),
        (
            "The flywheel and the funnel are level: after 60 months a median of 253 customers (5 to 95 %: 190 to 311) against 252 (190 to 310), "
            "less than 1 % apart in nine of ten of 1,000 futures."
        ),
    ),
    "the same": (
        said(FUNNEL, ended("flywheel", customers=(190, 252, 310)), replace(ODDS, win=0.0, level=1.0, lead=dict.fromkeys(ODDS.lead, 0.0))),
        (
            "The flywheel and the funnel are level: after 60 months a median of 252 customers (5 to 95 %: 190 to 310) each, "
            "less than 1 % apart in nine of ten of 1,000 futures."
        ),
    ),
    "the medians are the other way round": (
        said(FLYWHEEL, FUNNEL, ODDS),
        (
            f"The funnel wins over the flywheel in 83 % of 1,000 futures: {SWAPPED}, although its median is not the better one. "
            "Within one future the lead of the funnel is 48.0 customers (5 to 95 %: -20.0 to 130). "
            "Where it wins, it is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "nothing uncertain about it": (
        said(
            ended("funnel", customers=(2, 2, 2)), ended("flywheel", customers=(3, 3, 3)), replace(ODDS, lead=dict.fromkeys(ODDS.lead, 1.0))
        ),
        (
            "The flywheel wins over the funnel in 83 % of 1,000 futures: after 60 months a median of 3.00 customers against 2.00. "
            "Within one future the lead of the flywheel is 1.00 customers. Where it wins, it is ahead for good from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "failed": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, draws=997, failed=3, crossover=None)),
        f"The flywheel wins over the funnel in 83 % of 997 futures: {ENDS}. {LEAD}3 of 1,000 futures failed and are left out.",
    ),
    "one failed, one undefined": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, draws=998, failed=1, undefined=1, crossover=None)),
        (
            f"The flywheel wins over the funnel in 83 % of 998 futures: {ENDS}. {LEAD}1 of 1,000 futures failed and is left out. "
            "In 1 of 1,000 futures customers is not defined for one of the two: it is left out."
        ),
    ),
    "several undefined": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, draws=990, undefined=10, crossover=None)),
        (
            f"The flywheel wins over the funnel in 83 % of 990 futures: {ENDS}. {LEAD}"
            "In 10 of 1,000 futures customers is not defined for one of the two: they are left out."
        ),
    ),
    "what it hangs on": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, crossover=None), hangs_on=WORST, runner_up=ended("natural", customers=(200, 260, 300))),
        (
            f"The flywheel wins over the funnel in 83 % of 1,000 futures: {ENDS}; the next best, natural, has a median of 260. {LEAD}"
            "With all else at its typical value, the outcome hangs most on churn (customers who leave): "
            "at 0.03/month, the funnel would be ahead by 20 %, 120 against 100."
        ),
    ),
    "the runner-up is the baseline": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, crossover=None), runner_up=FUNNEL),
        f"The flywheel wins over the funnel in 83 % of 1,000 futures: {ENDS}. {LEAD}".strip(),
    ),
    "the next best is not told where the baseline wins": (
        said(FLYWHEEL, FUNNEL, replace(LOST, crossover=None), runner_up=ended("natural", customers=(200, 260, 300))),
        f"The flywheel wins over the funnel in 83 % of 1,000 futures: {ENDS}. {LEAD}".strip(),
    ),
    "money": (
        said(
            ended("funnel", customers=(190, 252, 310), spent=(9e6, 9e6, 9e6), cash=(10e6, 13.4e6, 16e6)),
            ended("flywheel", customers=(210, 303, 420), spent=(9e6, 9e6, 9e6), cash=(12e6, 16e6, 19e6)),
            replace(ODDS, crossover=None),
            unlike=("price",),
        ),
        (
            f"The flywheel wins over the funnel in 83 % of 1,000 futures: {ENDS}. {LEAD}"
            "Both spend $9.0M; the flywheel has a median of $16.0M in cash (5 to 95 %: $12.0M to $19.0M) against $13.4M ($10.0M to $16.0M); "
            "and they are not alike in price."
        ),
    ),
    "spending unequally": (
        said(
            ended("funnel", customers=(210, 303, 420), spent=(8e6, 9e6, 9.5e6)),
            ended("flywheel", customers=(190, 252, 310), spent=(7e6, 7e6, 7e6)),
            replace(LOST, crossover=None),
        ),
        (
            f"The funnel wins over the flywheel in 83 % of 1,000 futures: {ENDS}. "
            "Within one future the lead of the funnel is 48.0 customers (5 to 95 %: -20.0 to 130). "
            "They spend unequally, the funnel $9.0M (5 to 95 %: $8.0M to $9.5M) and the flywheel $7.0M."
        ),
    ),
    "unlike horizons": (
        said(FUNNEL, futures("flywheel", [CUSTOMERS], [np.full((3, 3), 303.0)], keep=False), replace(ODDS, crossover=None)).partition(
            " of 303"
        )[0],
        "The flywheel wins over the funnel in 83 % of 1,000 futures: after 60 months (where the shorter run ends) a median",
    ),
    "shares": (
        said(
            ended("funnel", referral_share=(0.0, 0.05, 0.1)),
            ended("flywheel", referral_share=(0.1, 0.15, 0.2)),
            replace(ODDS, crossover=None, lead={"p05": 0.02, "p50": 0.1, "p95": 0.15}),
            by="referral_share",
        ),
        (
            "The flywheel wins over the funnel in 83 % of 1,000 futures: after 60 months a median referral share of 15.0 % "
            "(5 to 95 %: 10.0 % to 20.0 %) against 5.0 % (0 % to 10.0 %). "
            "Within one future the lead of the flywheel is 10.0 percentage points (5 to 95 %: 2.00 to 15.0)."
        ),
    ),
    "days": (
        said(
            ended("funnel", time_to_close=(70, 80, 90)),
            ended("flywheel", time_to_close=(60, 70, 80)),
            replace(ODDS, crossover=None, lead={"p05": 5.0, "p50": 10.0, "p95": 20.0}),
            by="time_to_close",
        ),
        (
            "The flywheel wins over the funnel in 83 % of 1,000 futures: after 60 months a median time to close of 70.0 days "
            "(5 to 95 %: 60.0 to 80.0) against 80.0 (70.0 to 90.0). "
            "Within one future the lead of the flywheel is 10.0 days (5 to 95 %: 5.00 to 20.0)."
        ),
    ),
    "neither is better": (
        said(
            ended("funnel", spent=(1e6, 1e6, 1e6)),
            ended("flywheel", spent=(2e6, 2e6, 3e6)),
            replace(ODDS, lead={"p05": 1e6, "p50": 1e6, "p95": 2e6}),
            by="spent",
        ).partition(" They spend")[0],
        (
            "The flywheel ends above the funnel in 83 % of 1,000 futures: after 60 months a median spent of $2.0M (5 to 95 %: $2.0M to $3.0M) "
            "against $1.0M. Within one future the distance of the flywheel is $1.0M (5 to 95 %: $1.0M to $2.0M). "
            "Where it does, it is above to the end from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "neither is better, and it is open": (
        said(
            ended("funnel", spent=(1e6, 1e6, 1e6)),
            ended("flywheel", spent=(1e6, 2e6, 3e6)),
            replace(ODDS, win=0.5, win_interval=(0.48, 0.52), lead={"p05": NAN, "p50": NAN, "p95": NAN}),
            by="spent",
        ).partition(" They spend")[0],
        (
            "It is open whether the flywheel or the funnel ends higher: the flywheel ends above in 50 % of 1,000 futures (95 % sure: 48 to 52 %); "
            "after 60 months a median spent of $2.0M (5 to 95 %: $1.0M to $3.0M) against $1.0M. "
            "Where the flywheel ends higher, it is above to the end from month 18 (5 to 95 %: 9 to 41)."
        ),
    ),
    "nothing is left": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, draws=0, failed=5)),
        "No comparison: no future is left. 5 of 5 futures failed and are left out.",
    ),
    "never both": (
        said(FUNNEL, FLYWHEEL, replace(ODDS, draws=0, undefined=5)),
        (
            "No comparison: in no future is customers defined for both. "
            "In 5 of 5 futures customers is not defined for one of the two: they are left out."
        ),
    ),
    "not defined for one": (
        said(FUNNEL, ended("flywheel", customers=(NAN, NAN, NAN)), replace(ODDS, draws=0, undefined=5)).partition(" In 5")[0],
        "No comparison: customers not defined for the flywheel in month 60.",
    ),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_what_a_verdict_says_of_many_futures(case):
    found, expected = VERDICTS[case]
    assert found == expected


@pytest.mark.parametrize(
    ("crossing", "draws", "text"),
    [
        ((0.0, 0.0, 0.0), 1000, "it is ahead from the start."),
        ((0.0, 0.0, 12.5), 1000, "it is mostly ahead from the start, and in 95 % of these futures ahead for good by month 13."),
        ((0.0, 5.5, 12.5), 1000, "it is ahead for good from month 6 (5 to 95 %: from the start to month 13)."),
        ((5.2, 5.5, 5.9), 1000, "it is ahead for good from month 6."),
        ((1.0, 5.5, 12.5), 21, "it is ahead for good from about month 6."),
        ((0.0, 0.0, 12.5), 21, "it is ahead from the start."),
        ((3.0, 5.0, 12.0), 1000, "it is ahead for good from month 5 (5 to 95 %: 3 to 12)."),
    ],
)
def test_from_when_on_it_is_ahead(crossing, draws, text):
    odds = replace(ODDS, draws=draws, crossover=dict(zip(("p05", "p50", "p95"), crossing, strict=True)))
    assert said(FUNNEL, FLYWHEEL, odds).endswith(f"Where it wins, {text}")
