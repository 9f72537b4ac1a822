"""In which month a loop takes over, across what is uncertain: months known in closed form, and ranks as SciPy has them."""

import json
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

import flywheel_sim as fw
from flywheel_sim import Model, flow, loop, outside, param, stock
from flywheel_sim.analysis.loops import Takeover
from flywheel_sim.errors import RunError, StateError, UsageError
from flywheel_sim.scenario import read_scenario
from flywheel_sim.study.sampling import sampler_for
from flywheel_sim.study.takeover import interval, rank_correlation, takeovers


class Crowd(Model):
    """x' = a x + b x² / size: the second loop is stronger once x is above a size / 2b."""

    slow = param(0.05, "1/month", (0.01, 0.1), "each brings some")
    quick = param(0.5, "1/month", (0.1, 1), "the more there are, the more each brings")
    size = param(1000, "account", (100, 10_000), "how many are many")
    idle = param(1, "1", (0, 2), "what changes nothing")
    start = param(10, "account", (1, 100), "at first")
    people = stock(start, "account")
    one = loop("R1", "by themselves")
    crowd = loop("R2", "by the crowd")
    other = loop("R3", "not used")
    bring = flow(outside >> people, by=people, hazard=one.gate(slow, off=0))
    draw = flow(outside >> people, rate=crowd.gate(quick * people * people / size, off=0) + other.gate(0 * slow * people, off=0) * idle)
    headline = people


FILE = """
title = "A crowd"
model = "growth"
months = MONTHS
baseline = "plain"
[values]
quick = { low = 0.2, high = HIGH, distribution = "uniform" }
idle = { low = 0.5, high = 1.5, distribution = "uniform" }
[strategies.plain]
off = ["crowd"]
[strategies.both]
"""


def crowd(months=30, high=0.9):
    return fw.Study(*read_scenario(FILE.replace("MONTHS", str(months)).replace("HIGH", str(high)), "crowd.toml", Crowd))


def month_of(quick, slow=0.05, size=1000.0, start=10.0):
    """When x reaches slow size / 2 quick, from x' = slow x + quick x²/size."""
    ratio = quick / (slow * size)
    return np.log((1 / start + ratio) / (3 * ratio)) / slow


def drawn(study, count, seed, strategy="both"):
    sampler = sampler_for(study, count, seed)
    slot = study.lowered.layout.parameters.index(("quick", None))
    return sampler.parameters(strategy, 0, count)[slot]


@pytest.fixture(scope="module")
def found():
    return takeovers(crowd(), "crowd", draws=128, seed=4)


def test_months_are_those_of_the_closed_form(found):
    months = month_of(drawn(crowd(), 128, 4))
    there = months < 29.5
    assert 0.2 < there.mean() < 0.9
    assert found.never == pytest.approx(1 - there.mean(), abs=0.02)  # some may be within a step of the end
    for name, probability in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
        assert found.months[name] == pytest.approx(np.quantile(months[there], probability), abs=0.5), name
    assert (found.draws, found.failed, found.exhaustive) == (128, 0, True)
    assert (found.loop, found.strategy) == ("crowd", "both")


def test_what_moves_the_month_comes_first_and_what_does_not_is_near_none(found):
    quick, idle = found.moved_by
    assert (quick.name, idle.name) == ("quick", "idle")
    assert quick.correlation < -0.9
    assert quick.low <= quick.correlation <= quick.high < 0
    assert abs(idle.correlation) < 0.2
    assert idle.low < 0 < idle.high


def test_a_draw_in_which_it_never_does_ranks_last_and_has_no_month(found):
    """Were these counted as the horizon, nothing would change in the ranks; were they left out, the correlation would."""
    quick = drawn(crowd(), 128, 4)
    months = np.minimum(month_of(quick), 1e9)
    late = np.where(months < 29.5, months, 1e9)
    assert found.moved_by[0].correlation == pytest.approx(spearmanr(quick, late).statistic, abs=0.02)
    assert found.moved_by[0].correlation > -0.999  # those that never do tie
    assert found.months["p95"] <= 30


def test_the_sentence_says_all_that(found):
    quick = found.moved_by[0]
    assert found.sentence.startswith(
        f"The crowd loop of both never takes over in {100 * found.never:.0f} % of 128 draws; where it does, it takes over"
    )
    assert f"in month {math.ceil(found.months['p50'])} in the median" in found.sentence
    assert f"(5 to 95 %: month {math.ceil(found.months['p05'])} to month {math.ceil(found.months['p95'])})" in found.sentence
    assert "Quick (the more there are, the more each brings) moves that month most: the more of it, the earlier" in found.sentence
    assert f"(rank correlation {quick.correlation:.2f}, 95 % interval {quick.low:.2f} to {quick.high:.2f}; " in found.sentence
    assert "draws in which it never does rank last" in found.sentence


def test_always_and_never():
    always = takeovers(crowd(months=43), "crowd", draws=16)
    assert always.never < 0.2
    one = takeovers(crowd(), "one", draws=16)  # is ahead at once: until the crowd is
    assert one.never == 0
    assert one.months == {"p05": 0.0, "p50": 0.0, "p95": 0.0}
    assert one.sentence.startswith("The one loop of both is ahead of the others from the start in the median of 16 draws.")
    assert one.moved_by == ()
    never = takeovers(crowd(months=8), "crowd", draws=16)
    assert never.never == 1
    assert all(math.isnan(month) for month in never.months.values())
    assert never.sentence == "The crowd loop of both takes over in none of 16 draws: another declared loop always has the larger share."


def test_draws_that_fail_are_left_out():
    """Above some speed the crowd is beyond any number before the end."""
    study = crowd(months=34, high=1.5)
    lost = takeovers(study, "crowd", draws=32)
    ratio = drawn(study, 32, 0) / 50
    beyond = np.log((0.1 + ratio) / ratio) / 0.05 < 34
    assert beyond.any()
    assert lost.draws + lost.failed == 32
    assert lost.failed == pytest.approx(beyond.sum(), abs=2)
    assert f"{lost.failed} more failed and are left out." in lost.sentence


def test_nothing_can_be_told_where_all_fails(monkeypatch):
    with pytest.raises(StateError, match="strategy both, "):
        takeovers(crowd(months=34, high=9), "crowd", draws=4)
    monkeypatch.setattr(
        "flywheel_sim.study.takeover.takeover",
        lambda *_, **__: Takeover("crowd", np.full(4, np.nan), np.ones(4, bool), np.nan, exhaustive=True),
    )
    with pytest.raises(RunError, match="both fails in all of 4 draws"):
        takeovers(crowd(), "crowd", draws=4)


def test_one_object(found):
    never = takeovers(crowd(months=8), "crowd", draws=4)
    for one in (found, never):
        told = json.loads(json.dumps(one.as_json(), allow_nan=False))
        assert told["sentence"] == one.sentence
        assert told["moved_by"] == [mover.as_json() for mover in one.moved_by]
    assert told["months"] == {"p05": None, "p50": None, "p95": None}


def test_few_draws_tell_nothing_of_what_moves_it():
    few = takeovers(crowd(), "crowd", draws=8, seed=1)
    assert math.isnan(few.moved_by[0].low)
    assert "So few draws do not tell" in few.sentence


def test_the_seed_and_the_threads():
    again = takeovers(crowd(), "crowd", draws=16, seed=4, threads=1).as_json()
    assert again == takeovers(crowd(), "crowd", draws=16, seed=4, threads=2).as_json()
    assert again != takeovers(crowd(), "crowd", draws=16, seed=5).as_json()


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(UsageError, match="there is no loop 'crowds' at work"):
        takeovers(crowd(), "crowds", draws=4)
    with pytest.raises(UsageError, match="there is no loop 'crowd' at work"):
        takeovers(crowd(), "crowd", "plain", draws=4)
    with pytest.raises(UsageError, match="there is no strategy 'nobody'"):
        takeovers(crowd(), "crowd", "nobody", draws=4)
    with pytest.raises(UsageError, match="draws=0"):
        takeovers(crowd(), "crowd", draws=0)


# Ranks


def test_ranks_are_those_of_scipy():
    generator = np.random.default_rng(3)
    first = generator.normal(size=60).round(1)
    second = (first + generator.normal(size=60)).round(0)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)
    endless = np.where(second > 1, math.inf, second)
    assert rank_correlation(first, endless) == pytest.approx(spearmanr(first, np.where(second > 1, 99, second)).statistic, abs=1e-12)
    assert rank_correlation(first, first**3) == pytest.approx(1)
    assert math.isnan(rank_correlation(first, np.ones(60)))
    assert math.isnan(rank_correlation(first[:1], second[:1]))


def test_the_interval_holds_what_it_should():
    """Of samples from a normal distribution with a rank correlation of one half, some 95 % have it within."""
    generator, target = np.random.default_rng(0), 0.5
    pearson = 2 * math.sin(math.pi * target / 6)
    inside = 0
    for _ in range(400):
        first = generator.normal(size=40)
        second = pearson * first + math.sqrt(1 - pearson**2) * generator.normal(size=40)
        low, high = interval(rank_correlation(first, second), 40)
        inside += low <= target <= high
    assert 0.92 <= inside / 400 <= 0.98  # two standard deviations of 400 trials are 0.022
    assert interval(1.0, 40) == (1.0, 1.0)
    assert all(math.isnan(end) for end in interval(0.5, 5))
