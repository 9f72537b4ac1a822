"""Runs of single accounts, from Python and from the command: replications as draws, luck told from ignorance."""

import json
import math

import numpy as np
import pytest

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.analysis.luck import split
from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.errors import UsageError
from flywheel_sim.library import Bass
from flywheel_sim.result import Futures, Result
from flywheel_sim.study import futures as study_futures
from flywheel_sim.study.many import Options, prepare
from flywheel_sim.study.replicas import replication

ENGINES = ("events", "chance")
FEW = {"market": 60, "innovation": 0.02, "imitation": 0.2}

SPREAD = """\
title = "Sixty firms that talk"
model = "bass"
months = 12
baseline = "steady"

[values]
market = 60
imitation = { low = 0.05, typical = 0.2, high = 0.4 }
innovation = 0.02

[strategies.steady]

[strategies.burst]
set = { advertising = 2 }
"""
KNOWN = SPREAD.replace("{ low = 0.05, typical = 0.2, high = 0.4 }", "0.2")
THIRD = SPREAD + '\n[strategies.twin]\nlike = "burst"\n'


def study_of(folder, text):
    path = folder / "talk.toml"
    path.write_text(text)
    return fw.load(path)


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("scenarios"), SPREAD)


@pytest.fixture(scope="module", params=ENGINES)
def many(request, spread):
    return spread.run(draws=64, engine=request.param, seed=3)


def bits(result):
    """Everything that was computed, to the bit."""
    arrays = [run.quantiles.tobytes() + run.undefined.tobytes() for run in result.runs.values()]
    return b"".join(arrays), json.dumps(result.comparisons)


# One run


@pytest.mark.parametrize("engine", ENGINES)
def test_one_run_moves_whole_accounts_and_rests_on_its_seed(engine):
    first, again, other = (fw.simulate(Bass, values=FEW, until=12, engine=engine, seed=seed)["run"]["adopters"] for seed in (0, 0, 1))
    assert first.shape == (13,)
    assert (first == np.round(first)).all()
    assert first[-1] > first[0]
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_one_run_of_a_study_says_that_it_is_luck(engine, spread):
    result = spread.run(engine=engine, seed=2)
    assert result.about.engine == engine
    assert result.as_json()["draws"] == 1
    assert result.verdict.startswith("In this one run of luck: ")
    assert result.about.conservation == 0
    assert result["burst"]["adopters"].shape == (13,)


# Replications


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 5])
def test_draws_are_replications(engine, count):
    result = fw.simulate(Bass, values=FEW, until=12, engine=engine, draws=count, seed=4)
    adopters = result["run"]["adopters"]
    assert adopters.shape == (count, 13)
    assert (adopters == np.round(adopters)).all()
    assert len({tuple(one) for one in adopters.tolist()}) == count
    assert adopters[0].tolist() == fw.simulate(Bass, values=FEW, until=12, engine=engine, seed=4)["run"]["adopters"].tolist()
    few = fw.simulate(Bass, values=FEW, until=12, engine=engine, draws=count, seed=4, keep="quantiles")
    assert few["run"]["adopters"].shape == (3, 13)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_array_gives_each_replication_its_own_value(engine):
    reach = np.array([0.0, 0.5])
    values = {"market": 60, "innovation": reach, "imitation": 0.0}
    adopters = fw.simulate(Bass, values=values, until=12, engine=engine)["run"]["adopters"]
    assert adopters.shape == (2, 13)
    assert adopters[0, -1] == adopters[0, 0]
    assert adopters[1, -1] > 50


def test_what_replications_hold_is_what_each_holds_alone(many, spread):
    """Read by the compiled readout, against the reader of single runs."""
    engine = many.about.engine
    work = prepare(spread, Options(64, 3, "sobol", "rk4", None, "all", None, engine=engine)).work
    for draw in (0, 1, 17):
        inputs = work.given.draws("burst", draw, draw + 1).one(0)
        times = work.shape.times["burst"]
        trace = replication(engine, spread.lowered, inputs, times, method=work.method, dt=work.dt, seed=3, number=draw)
        reader = Reader(spread.lowered, trace)
        for name in ("adopters", "new_adopters", "imitate", "loop_gain"):
            alone = [reader.at(name, None, index) for index in range(len(times))]
            assert many["burst"].draws(name)[draw] == pytest.approx(alone, rel=1e-12, nan_ok=True)


def test_two_replications_share_each_draw(many):
    drawn = many["burst"].drawn["imitation"]
    assert (drawn[::2] == drawn[1::2]).all()
    assert len(set(drawn.tolist())) == 32


def test_strategies_are_given_the_same(many):
    for name in ("steady", "burst"):
        assert many[name].drawn["imitation"].tolist() == many["steady"].drawn["imitation"].tolist()


def test_batches_threads_and_processes_change_no_bit(many, spread, monkeypatch):
    engine = many.about.engine
    for size, threads in ((2, 1), (8, 3)):
        monkeypatch.setitem(study_futures.BATCH_OF_LUCK, engine, size)
        assert bits(spread.run(draws=64, engine=engine, seed=3, threads=threads)) == bits(many)
    monkeypatch.setitem(study_futures.CHUNK_OF_LUCK, engine, 16)
    from flywheel_sim.batch import process_executor

    chunks = spread.run(draws=64, engine=engine, seed=3, keep="quantiles", executor=lambda: process_executor(2))
    assert bits(chunks) == bits(many)
    assert {name: run.luck for name, run in chunks.runs.items()} == {name: run.luck for name, run in many.runs.items()}
    for name, run in chunks.runs.items():
        assert run.some_draws("adopters").tolist() == many[name].draws("adopters").tolist()


def test_a_further_strategy_changes_no_other(many, tmp_path):
    more = study_of(tmp_path, THIRD).run(draws=64, engine=many.about.engine, seed=3)
    for name in ("steady", "burst"):
        assert more[name].draws("adopters").tolist() == many[name].draws("adopters").tolist()
    assert more["twin"].draws("adopters").tolist() == more["burst"].draws("adopters").tolist()


def test_another_seed_gives_other_luck(many, spread):
    other = spread.run(draws=64, engine=many.about.engine, seed=4)
    assert other["burst"].draws("adopters").tolist() != many["burst"].draws("adopters").tolist()


def test_both_engines_have_the_same_law_by_way_of_a_study(spread):
    ends = [spread.run(draws=512, engine="chance", seed=0)["steady"].draws("adopters")[:, -1]]
    ends.append(spread.run(draws=128, engine="events", seed=1)["steady"].draws("adopters")[:, -1])
    error = math.sqrt(sum(np.var(end, ddof=1) / len(end) for end in ends))
    assert abs(ends[0].mean() - ends[1].mean()) < 4 * error


# The same luck


def test_strategies_that_are_compared_are_paired(spread, tmp_path):
    """Each move by numbers of its own where there is something to compare, and no method was asked for."""
    assert spread.run(draws=4, engine="chance").about.method == "paired"
    assert spread.run(draws=4, engine="chance", method="leap").about.method == "leap"
    assert spread.run(engine="chance").about.method == "paired"
    assert spread.run(draws=4, engine="chance", method="direct").about.method == "direct"
    assert spread.run(engine="chance", method="direct").about.method == "direct"
    alone = study_of(tmp_path, SPREAD.split("[strategies.burst]", maxsplit=1)[0])
    assert alone.run(draws=4, engine="chance").about.method == "direct"
    assert alone.run(engine="chance").about.method == "direct"
    assert fw.simulate(Bass, values=FEW, until=3, engine="chance").about.method == "direct"
    assert fw.simulate(Bass, values=FEW, until=3, engine="chance", draws=3).about.method == "direct"
    assert fw.simulate(Bass, values=FEW, until=3, engine="chance", method="paired").about.method == "paired"


def test_where_very_many_are_compared_they_leap(tmp_path):
    many = study_of(tmp_path, KNOWN.replace("market = 60", "market = 150_000").replace("months = 12", "months = 2"))
    assert many.run(draws=2, engine="chance").about.method == "leap"
    assert many.run(engine="chance").about.method == "leap"
    assert many.run(draws=2, engine="chance", method="paired").about.method == "paired"


@pytest.mark.parametrize("engine", ENGINES)
def test_one_run_of_a_study_is_the_first_of_many(engine, tmp_path):
    study = study_of(tmp_path, KNOWN)
    one, many = study.run(engine=engine, seed=5), study.run(draws=3, engine=engine, seed=5)
    for name in ("steady", "burst"):
        assert many[name].draws("adopters")[0].tolist() == one[name]["adopters"].tolist()


# Luck and ignorance


def pairs_of(share, count, generator):
    """Pairs whose variance is 1, of which a share is luck."""
    known = generator.normal(size=(count, 1)) * math.sqrt(1 - share)
    return known + generator.normal(size=(count, 2)) * math.sqrt(share)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_luck_is_told_from_ignorance(share):
    found = split(pairs_of(share, 20_000, np.random.default_rng(5)))
    assert found.share == pytest.approx(share, abs=0.03)
    assert found.luck == pytest.approx(math.sqrt(share), rel=0.03)
    assert found.ignorance == pytest.approx(math.sqrt(1 - share), rel=0.06)
    assert found.low < share < found.high
    assert found.pairs == 20_000


def test_the_interval_of_the_share_of_luck_covers_it():
    generator = np.random.default_rng(6)
    found = [split(pairs_of(0.4, 60, generator)) for _ in range(400)]
    covered = sum(one.low <= 0.4 <= one.high for one in found)
    assert 0.91 * 400 <= covered <= 0.99 * 400


def test_what_cannot_be_split():
    assert split(np.ones((50, 2))) is None
    assert split(np.arange(14.0).reshape(7, 2)) is None
    half = np.full((50, 2), math.nan)
    half[:, 0] = 1.0
    assert split(half) is None
    same = np.repeat(np.arange(20.0)[:, np.newaxis], 2, axis=1)
    assert (split(same).share, split(same).luck) == (0.0, 0.0)


def test_undefined_pairs_are_left_out():
    pairs = pairs_of(0.5, 100, np.random.default_rng(7))
    holes = np.concatenate([pairs, [[math.nan, 1.0], [math.inf, 0.0]]])
    assert split(holes).as_json() == split(pairs).as_json()


def test_a_study_splits_its_spread(many):
    luck = many["burst"].luck["adopters"]
    pairs = many["burst"].draws("adopters")[:, -1].reshape(-1, 2)
    within = float(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2) / 2)
    assert luck["luck"] == pytest.approx(math.sqrt(within), rel=1e-9)
    assert luck["pairs"] == 32
    assert many.about.each == 2
    lead = many.comparison["luck"]
    assert 0 < lead["share"] <= 1
    assert "is luck (95 % sure: " in many.verdict


def test_where_nothing_is_uncertain_all_is_luck(tmp_path):
    result = study_of(tmp_path, KNOWN).run(draws=16, engine="chance")
    assert result.about.each == 1
    assert "all of that spread of the lead is luck" in result.verdict
    assert result.comparison["luck"]["share"] == 1
    assert result["burst"].luck == {}


def test_equations_have_no_luck(spread):
    result = spread.run(draws=16)
    assert "luck" not in result.comparison
    assert "luck" not in result.verdict
    assert result["burst"].luck == {}
    assert result["burst"].paths == {}


# Kept and shown


def test_a_result_with_luck_is_saved_and_read(many, tmp_path):
    many.save(tmp_path / "luck.npz")
    again = Result.load(tmp_path / "luck.npz")
    assert again.about.engine == many.about.engine
    assert again.comparisons == many.comparisons
    assert again["burst"].luck == many["burst"].luck
    assert again["burst"].paths["adopters"].tolist() == many["burst"].paths["adopters"].tolist()
    assert isinstance(again["burst"], Futures)


def test_some_draws_are_those_that_were_kept(spread):
    kept = spread.run(draws=8, engine="chance")
    few = spread.run(draws=8, engine="chance", keep="quantiles")
    assert few["burst"].some_draws("adopters").tolist() == kept["burst"].draws("adopters").tolist()
    with pytest.raises(UsageError, match="not kept"):
        few["burst"].some_draws("new_adopters")


def test_quantiles_of_accounts_are_whole_however_they_are_kept(spread, monkeypatch):
    monkeypatch.setattr("flywheel_sim.study.tally.EXACT", 1000)
    few = spread.run(draws=99, engine="chance", keep="quantiles")
    assert few.about.quantile_error > 0
    quantiles = few["burst"]["adopters"]
    assert (quantiles == np.round(quantiles)).all()
    exact = spread.run(draws=99, engine="chance")["burst"]
    assert (np.abs(quantiles - np.quantile(exact["adopters"], [0.05, 0.5, 0.95], axis=0)) < 1.2).all()


# What cannot be meant


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"engine": "event"}, "no engine 'event'"),
        ({"engine": "events", "method": "leap"}, "no method 'leap' for the engine events"),
        ({"engine": "chance", "method": "euler"}, "no method 'euler' for the engine chance"),
        ({"engine": "chance", "method": "adaptive", "draws": 4}, "no method 'adaptive'"),
        ({"engine": "chance", "dt": -1.0}, "no step"),
        ({"engine": "events", "draws": 0}, "draws"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, cause, spread):
    with pytest.raises(UsageError, match=cause):
        spread.run(**options)
    with pytest.raises(UsageError, match=cause):
        fw.simulate(Bass, values=FEW, until=3, **options)


def test_a_marginal_cost_is_not_told_from_luck(spread):
    with pytest.raises(UsageError, match="cannot be told from luck"):
        spread.run(engine="chance", marginal=True)


def test_more_than_can_be_followed_one_by_one():
    with pytest.raises(UsageError, match="9,000,000 accounts are more than"):
        fw.simulate(Bass, values={"market": 9_000_000}, until=1, engine="events")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_slide_of_one_run_says_that_it_is_one(engine, spread):
    result = spread.run(engine=engine, seed=9)
    for chart in (charts.overlay(result), charts.panel(result, ["new_adopters"])):
        assert chart.title.startswith("In one run of luck, ")
        assert chart.subtitle.startswith("One run of luck (seed 9), and no forecast; ")
    assert "luck" not in charts.overlay(spread.run()).title
    assert "luck" not in charts.overlay(spread.run()).subtitle


def test_no_friction_of_that_name(spread):
    with pytest.raises(UsageError, match="no friction 'sand'"):
        spread.journeys("burst").without("sand")
