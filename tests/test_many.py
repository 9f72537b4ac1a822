"""Many futures of a model and of a scenario: shapes, bits, who wins in how many, what failed."""

import json
import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from models import Advocacy, Assorted, drawn_parameters, lowered_of
from test_ensemble import Fragile

import flywheel_sim as fw
from flywheel_sim.library import Bass
from flywheel_sim.study import futures as study_futures
from flywheel_sim.study.many import Options, prepare
from flywheel_sim.study.tally import Tally

SPREAD = """\
title = "Word of mouth, not well known"
model = "bass"
months = 24
baseline = "steady"

[values]
imitation = { low = 0.01, typical = 0.03, high = 0.06 }
discarding = { low = 0.0, high = 0.02, distribution = "uniform" }

[strategies.steady]

[strategies.burst]
set = { advertising = 2 }

[strategies.twin]
"""
DRAWS = 300


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenarios") / "spread.toml"
    path.write_text(SPREAD)
    return fw.load(path)


@pytest.fixture(scope="module")
def many(spread):
    return spread.run(draws=DRAWS)


def bits(result):
    """Everything that was computed, to the bit; who wins included."""
    arrays = [run.quantiles.tobytes() + run.undefined.tobytes() for run in result.runs.values()]
    return b"".join(arrays), json.dumps(result.comparisons)


# Arrays of values


@pytest.mark.parametrize("count", [1, 3, 11])
def test_a_value_may_be_an_array_of_draws(count):
    churn = np.linspace(0.01, 0.02, count)
    result = fw.simulate(Bass, values={"discarding": churn, "imitation": 0.04}, until=12, dt=0.25)
    run = result["run"]
    assert run["adopters"].shape == (count, 13)
    assert result.about.draws == count
    for draw, one in enumerate(churn):
        alone = fw.simulate(Bass, values={"discarding": one, "imitation": 0.04}, until=12, dt=0.25)["run"]
        for name in ("adopters", "new_adopters", "imitate", "loop_gain"):
            assert run[name][draw] == pytest.approx(alone[name], rel=1e-11, nan_ok=True)


@pytest.mark.parametrize("name", ["ease.cold", "ease[cold]"])
def test_a_label_may_be_named_with_a_dot_or_in_brackets(name):
    one, two = (fw.simulate(Assorted, values={name: value}, until=2, dt=0.25)["run"]["leads"] for value in (0.3, np.array([0.3, 0.3])))
    assert two[:, 0] == pytest.approx(one, rel=1e-12)


def test_series_with_labels_have_one_array_for_each():
    lowered = lowered_of(Assorted)
    generator = np.random.default_rng(2)
    rows = np.array([drawn_parameters(lowered, generator) for _ in range(4)])
    values = {}
    for slot, (name, label) in enumerate(lowered.layout.parameters):
        if label is None:
            values[name] = rows[:, slot]
        else:
            values.setdefault(name, {})[label] = rows[:, slot]
    values["opening"] = 5.0
    run = fw.simulate(Assorted, values=values, until=6, dt=0.25)["run"]
    assert run["leads"].shape == (3, 4, 7)
    assert run["leads", "hot"].shape == (4, 7)
    one = {
        name: ({label: rows[0] for label, rows in value.items()} if isinstance(value, dict) else value) for name, value in values.items()
    }
    first = {
        name: value if np.ndim(value) == 0 and not isinstance(value, dict) else value[0] if np.ndim(value) else value
        for name, value in one.items()
    }
    alone = fw.simulate(Assorted, values=first, until=6, dt=0.25)["run"]
    assert run["leads"][:, 0] == pytest.approx(alone["leads"], rel=1e-11)


def test_only_quantiles_where_that_is_enough():
    imitation = np.linspace(0.01, 0.06, 101)
    every = fw.simulate(Bass, values={"imitation": imitation}, until=12, dt=0.25)["run"]
    few = fw.simulate(Bass, values={"imitation": imitation}, until=12, dt=0.25, keep="quantiles")["run"]
    assert few["adopters"].shape == (3, 13)
    assert few["adopters"] == pytest.approx(np.quantile(every["adopters"], [0.05, 0.5, 0.95], axis=0), rel=1e-14)


def test_draws_of_nothing_uncertain_are_all_alike():
    run = fw.simulate(Bass, until=6, draws=3, dt=0.25)["run"]
    alone = fw.simulate(Bass, until=6, dt=0.25)["run"]
    assert run["adopters"] == pytest.approx(np.array([alone["adopters"]] * 3), rel=1e-12)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"values": {"imitation": [0.01, 0.02], "discarding": [0.01]}}, "unlike numbers of draws: 1, 2"),
        ({"values": {"imitation": [0.01, math.nan]}}, "imitation is nan in draw 1"),
        ({"values": {"imitation": [0.01, math.inf]}}, "imitation is inf in draw 1"),
        ({"values": {"market": [100, 200, 0.5]}}, "market is 0.5 in draw 2, outside its limits"),
        ({"values": {"imitation": [[0.01, 0.02]]}}, r"shape \(1, 2\)"),
        ({"values": {"imitation": ["much", "more"]}}, "no array of numbers"),
        ({"values": {"imitation": []}}, "empty"),
        ({"values": {"imitate": [0.1, 0.2]}}, "no parameter 'imitate'"),
        ({"values": {"imitation": [0.1, 0.2]}, "draws": 3}, "draws=3, and the arrays have 2"),
        ({"draws": 0}, "draws=0"),
        ({"draws": 2.5}, "draws=2.5"),
        ({"draws": 3, "keep": "some"}, "keep='some'"),
        ({"draws": 3, "threads": 0}, "threads=0"),
        ({"draws": 3, "method": "adaptive"}, "fixed steps"),
        ({"draws": 3, "method": "heun"}, "no method 'heun'"),
        ({"draws": 3, "dt": -1}, "dt=-1"),
        ({"draws": 10**8, "keep": "all"}, "GiB, more than"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, cause):
    with pytest.raises(fw.UsageError, match=cause):
        fw.simulate(Bass, until=6, **options)


def test_shares_are_together_one_in_every_draw():
    shares = {"cold": np.array([0.5, 0.2]), "warm": np.array([0.3, 0.2]), "hot": np.array([0.2, 0.2])}
    with pytest.raises(fw.UsageError, match=r"shares of mix are together 0.6 in draw 1"):
        fw.simulate(Assorted, values={"mix": shares}, until=6)


# The step


def test_the_step_is_chosen_by_what_halving_it_moves():
    imitation = np.linspace(0.01, 0.06, 20)
    chosen = fw.simulate(Bass, values={"imitation": imitation}, until=24)
    assert chosen.about.dt == 0.25
    assert 0 < chosen.about.step_error < chosen.about.tolerance == study_futures.TOLERANCE
    finer = fw.simulate(Bass, values={"imitation": imitation}, until=24, dt=0.125)
    assert finer.about.step_error is None
    moved = 0.0
    for name in chosen["run"].metric_names:
        coarse, fine = chosen["run"][name], finer["run"][name]
        peak = np.nan_to_num(np.abs(fine)).max(axis=1, keepdims=True)
        moved = max(moved, (np.nan_to_num(np.abs(coarse - fine)) / np.where(peak > 0, peak, 1)).max())
    assert chosen.about.step_error == pytest.approx(moved, rel=1e-9)


def test_a_fast_model_gets_a_short_step():
    slow, fast = (
        fw.simulate(Bass, values={"imitation": np.array([speed, speed])}, until=12, method="euler").about for speed in (0.001, 0.5)
    )
    assert fast.dt == 1 / 64
    assert fast.step_error > study_futures.TOLERANCE  # and says that it is not short enough
    assert slow.dt > fast.dt or slow.step_error < fast.step_error


# A scenario in many futures


def test_a_scenario_keeps_every_draw_unless_told_otherwise(many):
    assert many["burst"]["adopters"].shape == (DRAWS, 25)
    assert many.about.draws == DRAWS
    assert many.about.uncertain == ("imitation", "discarding")
    assert many.about.sampling == "sobol"


def test_quantiles_are_those_of_the_draws(many):
    run = many["steady"]
    for place, probability in enumerate((0.05, 0.25, 0.5, 0.75, 0.95)):
        expected = np.quantile(run["adopters"], probability, axis=0)
        assert run.quantiles[place, run.places["adopters", None]] == pytest.approx(expected, rel=1e-14)


def test_the_json_is_as_agreed(many):
    told = json.loads(json.dumps(many.as_json(), allow_nan=False))
    assert told["draws"] == DRAWS
    assert told["engine"] == "ode"
    for strategy in told["strategies"].values():
        assert strategy["series"]["time"] == list(range(25))
        for name, metric in strategy["metrics"].items():
            assert set(metric) == {"p05", "p50", "p95"}, name
            assert metric["p05"] <= metric["p50"] <= metric["p95"]
        assert all(len(strategy["series"]["adopters"][key]) == 25 for key in ("p05", "p50", "p95"))
    comparison = told["comparison"]
    assert 0 <= comparison["win_probability"] <= 1
    assert set(comparison["crossover_month"]) == {"p05", "p50", "p95", "never"}
    assert told["checks"]["conservation"] < 1e-12
    assert told["checks"]["failed_draws"] == 0


def test_strategies_are_compared_in_the_same_future(many):
    burst, twin = (next(one for one in many.comparisons if one["challenger"] == name) for name in ("burst", "twin"))
    lead = many["burst"]["adopters"][:, -1] - many["steady"]["adopters"][:, -1]
    assert burst["win_probability"] == (lead > 0).mean()
    assert burst["lead"] == pytest.approx(dict(zip(("p05", "p50", "p95"), np.quantile(lead, [0.05, 0.5, 0.95]), strict=True)), rel=1e-12)
    assert twin["win_probability"] == 0
    assert twin["level_probability"] == 1
    assert twin["lead"] == {"p05": 0, "p50": 0, "p95": 0}


def test_the_verdict_speaks_of_futures(many):
    assert "all 300 futures" in many.verdict


@pytest.mark.parametrize("sampling", ["sobol", "random"])
def test_another_seed_gives_other_futures_and_the_same_one_the_same(spread, sampling):
    one, again, other = (spread.run(draws=70, seed=seed, sampling=sampling, keep="quantiles") for seed in (0, 0, 1))
    assert bits(one) == bits(again)
    assert bits(one) != bits(other)


def test_one_strategy_is_compared_with_nobody(tmp_path):
    path = tmp_path / "alone.toml"
    path.write_text(SPREAD.partition("[strategies.burst]")[0])
    result = fw.load(path).run(draws=20)
    assert result.comparisons == ()
    assert result["steady"]["adopters"].shape == (20, 25)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"draws": 0}, "draws=0"),
        ({"draws": 3, "sampling": "halton"}, "no way 'halton' to draw"),
        ({"draws": 3, "keep": 1}, "keep=1"),
        ({"draws": 3, "marginal": True}, "one further customer"),
        ({"draws": 3, "method": "adaptive"}, "fixed steps"),
        ({"draws": 3, "threads": -1}, "threads=-1"),
    ],
)
def test_what_cannot_be_meant_of_a_scenario_is_refused(spread, options, cause):
    with pytest.raises(fw.UsageError, match=cause):
        spread.run(**options)


# The same bits whatever the batches, threads and chunks


@pytest.mark.parametrize(("batch", "threads"), [(64, 1), (8, 3), (1000, 2)])
def test_batches_and_threads_change_no_bit(spread, many, monkeypatch, batch, threads):
    monkeypatch.setattr(study_futures, "BATCH", batch)
    assert bits(spread.run(draws=DRAWS, threads=threads, keep="quantiles")) == bits(many)


def test_any_executor_runs_the_chunks_and_a_folder_keeps_them(spread, many, tmp_path):
    options = {"draws": 5000, "keep": "quantiles"}
    alone = bits(spread.run(**options))
    assert bits(spread.run(**options, executor=lambda: ThreadPoolExecutor(2), folder=tmp_path / "kept")) == alone
    assert len(list((tmp_path / "kept").glob("chunk-*.bin"))) == 2

    def none_needed():
        raise AssertionError

    assert bits(spread.run(**options, executor=none_needed, folder=tmp_path / "kept")) == alone
    context = multiprocessing.get_context("spawn")
    assert bits(spread.run(draws=DRAWS, keep="quantiles", executor=lambda: ProcessPoolExecutor(1, mp_context=context))) == bits(many)
    with pytest.raises(fw.UsageError, match="not every draw"):
        spread.run(draws=10, folder=tmp_path / "kept")


@pytest.mark.parametrize("exact", [64 * 2**20, 0])
def test_pieces_in_any_order_have_the_same_bits(spread, monkeypatch, exact):
    monkeypatch.setattr("flywheel_sim.study.tally.EXACT", exact)
    work = prepare(spread, Options(DRAWS, 0, "sobol", "rk4", None, "quantiles", 1)).work
    whole = work.tally(0, DRAWS)
    pieces = [work(start, stop) for start, stop in ((200, 300), (0, 8), (8, 131), (131, 200))]
    total = Tally(work.shape)
    for piece in pieces:
        total.merge(Tally.from_bytes(work.shape, piece))
    assert total.to_bytes("a kind") == whole.to_bytes("a kind")
    assert (whole.series["steady"].error == 0) == bool(exact)


def test_bins_are_as_near_as_they_say(spread, many, monkeypatch):
    monkeypatch.setattr("flywheel_sim.study.tally.EXACT", 0)
    binned = spread.run(draws=DRAWS, keep="quantiles")
    assert 0 < binned.about.quantile_error <= 0.005
    for name, run in binned.runs.items():
        exact = many[name].quantiles
        assert np.nanmax(np.abs(run.quantiles - exact) / np.maximum(np.abs(exact), 1e-300)) <= binned.about.quantile_error
    assert binned.comparison["win_probability"] == many.comparison["win_probability"]


# Draws that fail


def test_a_failed_draw_is_counted_listed_and_left_out():
    drain = np.array([0.0, 0.5, 4.0, 0.2, 100.0])
    result = fw.simulate(Fragile, values={"drain": drain}, until=24, dt=0.25)
    assert result.about.failed == 2
    first, second = result.about.failures
    assert (first.draw, first.month, first.values) == (2, 3.0, {"drain": 4.0})
    assert "accounts fell below zero" in first.reason
    assert (second.draw, second.month) == (4, 1.0)
    accounts = result["run"]["accounts"]
    assert np.isnan(accounts[[2, 4]]).all()
    assert not np.isnan(accounts[[0, 1, 3]]).any()
    assert result["run"].value("accounts") == np.median(accounts[[0, 1, 3], -1])
    assert result["run"].undefined.max() == 0
    assert "5 futures, 2 of them failed" in repr(result)


def test_where_every_draw_fails_the_run_does():
    with pytest.raises(fw.StateError, match="accounts fell below zero"):
        fw.simulate(Fragile, values={"drain": [4.0, 5.0]}, until=24, dt=0.25)


@pytest.mark.parametrize(("advertising", "failing"), [((2.0,), "burst"), ((1.0, 2.0), "steady, burst, twin")])
def test_what_fails_in_one_strategy_is_left_out_of_all(spread, monkeypatch, advertising, failing):
    real = study_futures.Ensemble.run

    def run(self, draws, **options):
        found = real(self, draws, **options)
        if draws.parameters[0, 0] in advertising and draws.count > study_futures.PILOT:
            found.failed[5] = 7.0
        return found

    monkeypatch.setattr(study_futures.Ensemble, "run", run)
    result = spread.run(draws=100)
    assert result.about.failed == 1
    assert result.about.failures[0].strategy == failing
    assert all(np.isnan(run["adopters"][5]).all() for run in result.runs.values())
    assert result.comparison["futures"] == 99
    assert result.comparison["left_out"]["failed"] == 1


# Sobol draws


def test_evenly_spread_draws_come_nearer_than_their_number_would_tell(spread):
    truth = spread.run(draws=2**15, seed=99, keep="quantiles")["steady"].value("adopters")

    def error(draws):
        ends = [spread.run(draws=draws, seed=seed, keep="quantiles")["steady"].value("adopters") for seed in range(6)]
        return math.sqrt(np.mean([(end - truth) ** 2 for end in ends]))

    few, more = error(64), error(4096)
    assert few / more > 2 * math.sqrt(4096 / 64)


def test_intervals_hold_the_truth_and_narrow(spread):
    truth = spread.run(draws=2**14, seed=99, keep="quantiles")["steady"].metrics["adopters"]
    few, more = (spread.run(draws=draws, seed=3, keep="quantiles")["steady"].intervals["adopters"] for draws in (64, 2048))
    for key, (low, high) in more.items():
        assert low < truth[key] < high
        assert high - low < few[key][1] - few[key][0]
    assert spread.run(draws=63, keep="quantiles")["steady"].intervals == {}


def test_what_was_drawn_is_kept_with_the_draws(many, spread):
    drawn = many["steady"].drawn
    assert set(drawn) == {"imitation", "discarding"}
    assert 0.01 <= drawn["imitation"].min() < drawn["imitation"].max() <= 0.06
    more = np.argsort(drawn["imitation"])[[0, -1]]
    assert np.diff(many["steady"]["adopters"][more, -1]) > 0
    assert spread.run(draws=70, keep="quantiles")["steady"].drawn == {}


def test_a_result_of_futures_is_saved_whole(many, tmp_path):
    many.save(tmp_path / "many.npz")
    again = fw.Result.load(tmp_path / "many.npz")
    assert bits(again) == bits(many)
    assert again["burst"].intervals == many["burst"].intervals
    assert again["burst"].drawn["imitation"].tobytes() == many["burst"].drawn["imitation"].tobytes()
    assert json.dumps(again.as_json()) == json.dumps(many.as_json())


def test_advocacy_has_draws_too():
    run = fw.simulate(Advocacy, draws=2, until=3)["run"]
    assert all(np.isfinite(run[name]).all() for name in run if run.series[name].kind == "stock")
