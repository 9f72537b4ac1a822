"""Which assumption an outcome's variance goes back to: against functions and models whose indices are known."""

import json
import math

import numpy as np
import pytest

import flywheel_sim as fw
from flywheel_sim import Model, dimension, flow, lever, metric, outside, param, stock
from flywheel_sim.analysis.sobol import points_of, sobol_of
from flywheel_sim.errors import RunError, UsageError
from flywheel_sim.study.assumptions import drawing_of
from flywheel_sim.study.pair import pair_of
from flywheel_sim.study.sampling import sampler_for
from flywheel_sim.study.sensitivity import sobol

# Functions


def ishigami(numbers):
    """Of three angles from -pi to pi, with a = 7 and b = 0.1 (Ishigami and Homma, 1990)."""
    first, second, third = math.pi * (2 * numbers - 1)
    return np.sin(first) + 7 * np.sin(second) ** 2 + 0.1 * third**4 * np.sin(first)


# First order: V1 = (1 + b pi^4/5)^2 / 2, V2 = a^2/8, V13 = b^2 pi^8 (1/18 - 1/50) over the variance.
ISHIGAMI = {"first": (0.3139, 0.4424, 0.0), "total": (0.5576, 0.4424, 0.2437)}
WHOLE = 0.5 + 49 / 8 + 0.1 * math.pi**4 / 5 + 0.01 * math.pi**8 / 18


def test_the_ishigami_function():
    found = sobol_of(ishigami, 3, 2048, seed=0)
    for order, analytic in ISHIGAMI.items():
        low, high = getattr(found, f"{order}_low"), getattr(found, f"{order}_high")
        assert getattr(found, order) == pytest.approx(analytic, abs=0.02)
        for place, value in enumerate(analytic):
            assert low[place] <= value <= high[place]
            assert 0 < high[place] - low[place] < 0.2
    assert (found.mean, found.deviation) == pytest.approx((3.5, math.sqrt(WHOLE)), rel=0.01)
    assert (found.left_out, found.runs) == (0, 5 * 2048)


def test_factors_of_several_numbers():
    """The first angle with the third: what is left is the second's."""
    found = sobol_of(ishigami, 3, 2048, factors=[(0, 2), (1,)])
    assert found.first == pytest.approx((0.5576, 0.4424), abs=0.02)
    assert found.total == pytest.approx((0.5576, 0.4424), abs=0.02)
    assert sobol_of(ishigami, 3, 1024, factors=[(1,)]).first == pytest.approx((0.4424,), abs=0.03)  # the others vary too


def test_a_seed_gives_the_same_bits():
    one, again, other = (sobol_of(ishigami, 3, 64, seed=seed) for seed in (0, 0, 1))
    for name in ("first", "first_low", "total", "total_high"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
        assert getattr(one, name).tobytes() != getattr(other, name).tobytes()


def test_points_are_even_and_go_on():
    whole = points_of(3, 0, 64, 5)
    assert whole.shape == (2, 3, 64)
    assert points_of(3, 32, 64, 5).tobytes() == np.ascontiguousarray(whole[..., 32:]).tobytes()
    assert 0 < whole.min() < whole.max() < 1
    for row in whole.reshape(6, 64):
        assert sorted(np.floor(row * 64)) == list(range(64))  # one in every 64th


def test_draws_without_an_outcome_are_replaced():
    def partly(numbers):
        return np.where(numbers[1] > 0.9, math.nan, 3 * numbers[0])

    found = sobol_of(partly, 2, 512)
    assert found.left_out > 0
    assert found.runs == 2 * 4 * 512
    assert found.first == pytest.approx((1, 0), abs=0.05)
    with pytest.raises(RunError, match="undefined in"):
        sobol_of(lambda numbers: np.where(numbers[0] > 0.3, math.nan, 1.0), 2, 64)


def test_an_outcome_that_does_not_vary():
    found = sobol_of(lambda numbers: np.ones(numbers.shape[1]), 2, 16)
    assert found.total.tolist() == found.first_high.tolist() == [0, 0]
    assert found.deviation == 0


@pytest.mark.parametrize(("draws", "near"), [(1000, 1024), (1, 2), (12, 16), (3 << 20, 1 << 20)])
def test_draws_are_a_power_of_two(draws, near):
    with pytest.raises(UsageError, match=f"use draws={near}$"):
        sobol_of(ishigami, 3, draws)


# Models

kind = dimension("cold", "warm")


class Sum(Model):
    """What comes in is a sum: indices are shares of squared widths."""

    first = param(1, "account/month", (0, 2))
    second = param(1, "account/month", (0, 1), limits=(0, 4))
    third = param(1, "account/month", (0, 2), "what changes nothing")
    by_kind = param(kind(cold=0.2, warm=0.2), "account/month")
    push = lever(0, "account/month", (0, 9), "what a strategy adds")
    more = lever(1, "1", (0, 2), "how often it has the first")
    customers = stock(10, "account")
    come = flow(outside >> customers, rate=more * first + second + 0 * third + push + by_kind["cold"] + by_kind["warm"])
    apiece = metric(first / push, "1", "undefined without a push")
    headline = customers


FILE = """
title = "Sum"
model = "sum"
months = 10
[values]
VALUES
[strategies.calm]
[strategies.eager]
set = { push = 0.5, more = 2 }
[strategies.lazy]
set = { more = 0.5 }
"""
UNIFORM = 'NAME = { low = 0, high = HIGH, distribution = "uniform" }\n'


def study_of(tmp_path, values="", text=FILE):
    path = tmp_path / "sum.toml"
    path.write_text(text.replace("VALUES", values))
    return fw.load(path, Sum)


def uniform(name, high):
    return UNIFORM.replace("NAME", name).replace("HIGH", str(high))


def assert_indices(found, expected, within):
    """First and total index of each factor, and no other factor."""
    assert {one.name for one in found.indices} == expected.keys()
    for one in found.indices:
        assert (one.first, one.total) == pytest.approx(expected[one.name], abs=within)


def test_a_sum_over_plausible_ranges(tmp_path):
    """Widths 2, 1 and 2, of which the last does not count: 4/5 and 1/5."""
    found = sobol(study_of(tmp_path), of="customers", strategy="calm", over="between")
    assert_indices(found, {"first": (0.8, 0.8), "second": (0.2, 0.2), "third": (0, 0)}, 0.02)
    assert [one.name for one in found.indices] == ["first", "second", "third"]
    assert found.indices[2].total == pytest.approx(0, abs=1e-9)
    assert all(one.first_low <= one.first <= one.first_high and one.total_low <= one.total <= one.total_high for one in found.indices)
    assert found.mean == pytest.approx(10 + 10 * (1 + 0.5 + 0.4), rel=1e-3)
    assert found.deviation == pytest.approx(10 * math.sqrt(5 / 12), rel=0.01)
    assert (found.baseline, found.strategy, found.by, found.over, found.never) == (None, "calm", "customers", "between", None)
    assert found.runs == 5 * 1024


def test_a_lead_as_the_scenario_draws_it(tmp_path):
    """The eager lead by the push and the first once more: the second, in both alike, is not in it."""
    study = study_of(tmp_path, uniform("first", 2) + uniform("second", 3))
    found = sobol(study, draws=512)
    assert_indices(found, {"first": (1, 1), "second": (0, 0)}, 1e-3)
    assert (found.mean, found.deviation) == pytest.approx((10 * 1.5, 10 * 2 / math.sqrt(12)), rel=0.01)
    assert (found.baseline, found.strategy, found.runs) == ("calm", "eager", 2 * 4 * 512)
    lazy = sobol(study, strategy="lazy", draws=512)
    assert lazy.mean == pytest.approx(-5, rel=0.01)


def test_only_what_both_of_the_two_draw(tmp_path):
    text = FILE.replace(
        "[strategies.lazy]\nset = { more = 0.5 }", "[strategies.lazy]\nset = { second = { low = 0, typical = 1, high = 4 } }"
    )
    study = study_of(tmp_path, uniform("first", 2), text)
    assert {one.name for one in sobol(study, draws=64).indices} == {"first"}
    assert {one.name for one in sobol(study, strategy="lazy", draws=64).indices} == {"first", "second"}
    assert_indices(sobol(study, of="customers", strategy="calm", draws=64), {"first": (1, 1)}, 0.1)


CORRELATED = '[[correlations]]\nof = ["first", "second"]\nrank = 0.6\n'


def test_what_is_correlated_is_one_factor(tmp_path):
    """Together 4 + 4 and twice the covariance, beside 1."""
    values = uniform("first", 2) + uniform("second", 2) + uniform("third", 2) + uniform("by_kind.cold", 1)
    study = study_of(tmp_path, values, FILE + CORRELATED)
    found = sobol(study, of="customers", strategy="calm", draws=2048)
    together = 8 * (1 + 0.6) / (8 * (1 + 0.6) + 1)  # of uniform values the rank correlation is the correlation
    assert_indices(found, {"first with second": (together, together), "third": (0, 0), "by_kind[cold]": (1 - together, 1 - together)}, 0.02)
    titles = {one.title for one in found.indices}
    assert titles == {"first with second", "third", "by kind, cold"}
    assert [one.name for one in found.indices] == ["first with second", "by_kind[cold]", "third"]


def test_one_value_for_all_labels_is_one_factor(tmp_path):
    study = study_of(tmp_path, uniform("by_kind", 1) + uniform("first", 2))
    found = sobol(study, of="customers", strategy="calm", over="between", draws=512)
    assert_indices(found, {"by_kind": (4 / 9, 4 / 9), "first": (4 / 9, 4 / 9), "second": (1 / 9, 1 / 9), "third": (0, 0)}, 0.03)


def test_what_is_drawn_is_what_a_run_draws(tmp_path):
    """From the same numbers come the same parameters and moves, correlated alike."""
    text = (
        FILE.replace("set = { push = 0.5, more = 2 }", "set = { more = 2, push = { low = 0, typical = 1, high = 3 } }\n" + RAMP)
        + CORRELATED
    )
    study = study_of(tmp_path, uniform("first", 2) + uniform("second", 2), text)
    drawing = drawing_of(pair_of(study), "uncertain")
    sampler = sampler_for(study, 6, 4)
    given = drawing.given("eager", sampler.source.uniform(0, 6))
    assert np.array([one.parameters for one in given]).T.tolist() == sampler.parameters("eager", 0, 6).tolist()
    for time, slot, value, slope in sampler.bends("eager", 0, 6):
        for number, one in enumerate(given):
            bends = [bend for bend in one.bends if (bend.time, bend.parameter) == (time, slot)]
            expected = tuple(float(np.broadcast_to(part, 6)[number]) for part in (value, slope))
            assert [(bend.value, bend.slope) for bend in bends] == [expected]
    assert len({one.bends[0].slope for one in given}) == 6


RAMP = 'moves = [{ lever = "push", kind = "ramp", at = 2, over = "4 months", to = 5 }]'


def test_the_crossover_month(tmp_path, monkeypatch):
    """Behind by half the first and 0.25 a month, from month 4 on ahead by the first less 0.25: level again at 6 + 1.5 / (first - 0.25)."""
    moves = 'set = { more = 0.5 }\nmoves = [{ lever = "more", kind = "step", at = 4, to = 2 }]'
    text = FILE.replace("set = { push = 0.5, more = 2 }", moves).replace("[strategies.calm]", "[strategies.calm]\nset = { push = 0.25 }")
    study = study_of(tmp_path, uniform("first", 2) + uniform("second", 2), text)
    found = sobol(study, of="crossover", strategy="eager", draws=512)
    least = 0.625  # with which it is level at month 10, the horizon
    mean = (10 * least + 6 * (2 - least) + 1.5 * math.log((2 - 0.25) / (least - 0.25))) / 2
    assert found.mean == pytest.approx(mean, abs=0.02)
    assert found.never == pytest.approx(least / 2, abs=0.005)
    assert found.notes == ("Where eager never leads until the end, the crossover is taken to be 10.",)
    assert_indices(found, {"first": (1, 1), "second": (0, 0)}, 0.05)
    assert (found.of, found.by, found.baseline, found.month) == ("crossover", "customers", "calm", 10)
    monkeypatch.setattr("flywheel_sim.study.sensitivity.AT_ONCE", 600)
    part = sobol(study, of="crossover", strategy="eager", draws=512, most=1)
    assert_indices(part, {"first": (1, 1)}, 0.05)
    assert part.never == pytest.approx(least / 2, abs=0.005)


def test_the_most_telling_of_many(tmp_path):
    found = sobol(study_of(tmp_path), of="customers", strategy="calm", over="between", draws=512, most=2)
    assert_indices(found, {"first": (0.8, 0.8), "second": (0.2, 0.2)}, 0.04)
    assert found.notes == ("3 assumptions vary; the 2 that move the outcome most, each by itself, are shown.",)


def test_in_portions_it_is_the_same(tmp_path, monkeypatch):
    study = study_of(tmp_path)
    whole = sobol(study, over="between", draws=64)
    monkeypatch.setattr("flywheel_sim.study.sensitivity.AT_ONCE", 50)
    assert sobol(study, over="between", draws=64).as_json() == whole.as_json()


def test_what_cannot_be_meant(tmp_path):
    plain = study_of(tmp_path)
    for options, told in (
        ({}, "nothing as uncertain"),
        ({"over": "all"}, "over='all'"),
        ({"over": "between", "draws": 100}, "use draws=128"),
        ({"over": "between", "of": "custmers"}, "did you mean 'customers'"),
        ({"over": "between", "strategy": "eagre"}, "did you mean 'eager'"),
        ({"over": "between", "of": "customers", "strategy": "eagre"}, "did you mean 'eager'"),
        ({"over": "between", "strategy": "calm"}, "beside the baseline"),
        ({"over": "between", "most": 0}, "most=0"),
        ({"over": "between", "seed": -1}, "seed=-1"),
    ):
        with pytest.raises(UsageError, match=told):
            sobol(plain, **options)
    with pytest.raises(RunError, match="undefined in"):
        sobol(plain, of="apiece", strategy="calm", over="between", draws=16)


def test_as_json(tmp_path):
    found = sobol(study_of(tmp_path), over="between", draws=16).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {"name", "title", "first", "first_low", "first_high", "total", "total_low", "total_high"} == found["indices"][0].keys()
