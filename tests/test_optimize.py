"""The best investment: splits known in closed form, constraints that hold, and plans that can be written back."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import flywheel_sim as fw
from flywheel_sim import Model, constant, dimension, flow, lever, metric, outside, param, split, sqrt, stock, time, where
from flywheel_sim.errors import UsageError
from flywheel_sim.measures import so_far, trailing
from flywheel_sim.scenario import read_scenario
from flywheel_sim.study.optimize import optimize, scenario_text
from flywheel_sim.study.plans import Plans, Space, statistic, water_filled
from flywheel_sim.study.problem import problem_of

outlet = dimension("left", "middle", "right")
dollar, month = constant(1, "$/month"), constant(1, "month")


class Roots(Model):
    """Each outlet gives a coefficient times the root of its money: the best shares are as the squares of the coefficients."""

    budget = lever(100, "$/month", (1, 400), "what is spent", force=True)
    spread = split(outlet(left=0.2, middle=0.2, right=0.6), "on what")
    gives = param(
        outlet(left=3, middle=2, right=1), "item/month", outlet(left=(0, 9), middle=(0, 9), right=(0, 9)), "what a first $ brings"
    )
    later = param(2, "item/month", (0, 9), "what the left brings from month 6 on")
    swaps = param(0, "1", None, "whether it does")
    worth = param(2, "$/item", (0, 9), "what an item brings in")
    weight = param(0, "1", None, "how much of all this counts evenly")
    money = (budget * spread) / dollar
    left = where(time < constant(6, "month"), gives["left"], gives["left"] + swaps * (later - gives["left"]))
    curved = left * sqrt(money["left"]) + gives["middle"] * sqrt(money["middle"]) + gives["right"] * sqrt(money["right"])
    even = (gives["left"] * money["left"] + gives["middle"] * money["middle"] + gives["right"] * money["right"]) * 0.01
    made = stock(0, "item", "what has been made")
    make = flow(outside >> made, rate=curved + weight * (even - curved))
    short = metric(1_000_000 / (constant(1, "1/item") * (made + constant(1, "item"))), "1", "of what is made", better="lower")
    recent = metric(trailing(make, month), "item/month")
    spent = metric(so_far(budget), "$", better=None)
    earned = metric(so_far(worth * make - budget), "$")
    headline = made
    outlay, balance = spent, earned


def roots(months=12, budget=100, split="", moves="", **values):
    stated = "\n".join(f"{name} = {value}" for name, value in values.items())
    text = f"""# a comment
title = "Three outlets"
model = "roots"
months = {months}
baseline = "now"
[values]
{stated}
[strategies.now]
set = {{ budget = {budget} }}
{split}
{moves}
"""
    return fw.Study(*read_scenario(text, "x.toml", Roots))


def best_split(*coefficients):
    squares = [one * one for one in coefficients]
    return [one / sum(squares) for one in squares]


# Closed forms


def test_shares_as_the_squares_of_the_coefficients():
    plan = optimize(roots(), periods=1)
    assert list(plan.shares[0].values()) == pytest.approx(best_split(3, 2, 1), abs=0.003)
    best = 12 * 10 * math.sqrt(9 + 4 + 1)
    assert plan.best == pytest.approx(best, rel=1e-5)
    today = 12 * 10 * (3 * math.sqrt(0.2) + 2 * math.sqrt(0.2) + math.sqrt(0.6))
    assert plan.today == pytest.approx(today)
    assert plan.gain == pytest.approx(best - today, rel=1e-4)
    assert math.isnan(plan.gain_low)
    assert plan.spend == (100.0,)
    assert plan.feasible
    assert plan.bounds == ()
    assert plan.maximise == "made"
    assert plan.evaluations > 1000
    assert plan.sentences[0].startswith("The best plan found for now brings made in month 12 from 361 to 449, 24 % better.")


def test_shares_that_change_when_the_returns_do():
    """From month 6 on the left gives less; an optimum of a sum of roots period by period."""
    plan = optimize(roots(swaps=1, later=1), periods=2)
    assert plan.periods == (0, 6)
    for row, left in zip(plan.shares, (3, 1), strict=True):
        assert list(row.values()) == pytest.approx(best_split(left, 2, 1), abs=0.005)
    assert plan.best == pytest.approx(6 * 10 * (math.sqrt(14) + math.sqrt(6)), rel=1e-4)


def test_every_half_year_unless_said_otherwise():
    assert optimize(roots(months=15), generations=0).periods == (0, 6, 12)
    assert optimize(roots(months=15), generations=0, periods=4).periods == (0, 4, 8, 11)


def test_the_return_of_the_next_money():
    plan = optimize(roots(), periods=2)
    for row, returns in zip(plan.shares, plan.marginal, strict=True):
        for place, coefficient in (("left", 3), ("middle", 2), ("right", 1)):
            paid = 100 * row[place]
            assert returns[place] == pytest.approx(coefficient * (math.sqrt(paid + 1) - math.sqrt(paid)), rel=0.01)


def test_how_much_to_spend_where_that_is_free():
    """Cash is 2 items' worth less the money: worth * coefficient / (2 sqrt(x)) = 1, so that x = coefficient squared."""
    plan = optimize(roots(), maximise="cash", total="free", periods=1)
    assert plan.budget == pytest.approx((14,), rel=0.02)
    assert list(plan.shares[0].values()) == pytest.approx(best_split(3, 2, 1), abs=0.01)
    assert plan.best == pytest.approx(12 * 14, rel=1e-3)
    assert plan.maximise == "earned"
    assert all(abs(one) < 0.05 for one in plan.marginal[0].values())  # a $ brings back a $
    held = optimize(roots(), maximise="cash", total="free", periods=2, floors={"budget": 50}, caps={"budget": 80})
    assert held.budget == pytest.approx((50, 50))
    assert any(bound.lever == "budget" and bound.side == "floor" for bound in held.bounds)


def test_less_where_less_is_better():
    plan = optimize(roots(), maximise="short", periods=1)
    assert list(plan.shares[0].values()) == pytest.approx(best_split(3, 2, 1), abs=0.01)
    assert plan.best < plan.today
    assert plan.gain == pytest.approx(plan.today - plan.best)
    assert min(plan.marginal[0].values()) > 0


# Constraints


def test_the_optimum_on_bounds_and_said_so():
    plan = optimize(roots(), periods=1, caps={"left": 0.4}, floors={"right": 0.3})
    assert plan.shares[0]["left"] == pytest.approx(0.4)
    assert plan.shares[0]["right"] == pytest.approx(0.3)
    assert {(bound.lever, bound.side, bound.at, bound.own) for bound in plan.bounds} == {
        ("left", "cap", 0.4, True),
        ("right", "floor", 0.3, True),
    }
    told = " ".join(plan.sentences)
    assert "held down by its cap: left at 40 %" in told
    assert "kept up by its floor: right at 30 %" in told


def test_all_of_it_where_every_dollar_brings_the_same():
    plan = optimize(roots(weight=1), periods=2)
    assert [row["left"] for row in plan.shares] == pytest.approx([1, 1])
    assert {(bound.lever, bound.side, bound.own) for bound in plan.bounds} == {
        ("left", "cap", False),
        ("middle", "floor", False),
        ("right", "floor", False),
    }
    assert "The optimum lies on a bound: all goes to left." in plan.sentences


def bounded(numbers):
    floors, rooms = np.array(numbers[0]), np.array(numbers[1])
    floors = floors / max(1.0, floors.sum() * 1.0001)
    caps = np.minimum(floors + rooms, 1.0)
    return floors, (caps if caps.sum() >= 1 else np.minimum(1.0, caps + (1 - caps.sum())))


shares_of = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@given(st.tuples(shares_of, shares_of), st.lists(st.one_of(st.just(0.0), st.floats(0, 1e9)), min_size=4, max_size=4))
def test_no_point_of_the_cube_breaks_a_bound(numbers, weights):
    floors, caps = bounded(numbers)
    found = water_filled(np.array([weights]), floors, caps)[0]
    assert found.sum() == pytest.approx(1, abs=1e-9)
    assert (found >= floors).all()
    assert (found <= caps).all()


@given(st.tuples(shares_of, shares_of), st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_every_plan_between_the_bounds_is_a_point_of_the_cube(numbers, weights):
    floors, caps = bounded(numbers)
    space = Space(("a", "b", "c", "d"), (0.0,), floors, caps, None)
    wanted = Plans(water_filled(np.array([[weights]]), floors, caps))
    again = space.plans(space.cube(wanted))
    assert again.shares == pytest.approx(wanted.shares, abs=1e-6)
    assert space.exact(wanted).shares == pytest.approx(wanted.shares, abs=1e-5)


def test_random_plans_keep_every_bound_and_are_spread_evenly():
    space = Space(("a", "b", "c"), (0.0, 6.0), np.array([0.1, 0.0, 0.0]), np.array([1.0, 0.4, 1.0]), (10.0, 20.0))
    plans = space.random(4000, np.random.default_rng(0))
    assert plans.shares.sum(axis=2) == pytest.approx(1)
    assert plans.shares[..., 0].min() >= 0.1
    assert plans.shares[..., 1].max() <= 0.4
    assert 10 <= plans.spend.min() < 11
    assert 19 < plans.spend.max() <= 20
    free = Space(("a", "b", "c"), (0.0,), np.zeros(3), np.ones(3), None).random(20_000, np.random.default_rng(0)).shares[:, 0]
    # Evenly spread over a triangle, a share is below x with chance 1 - (1 - x)^2.
    for limit in (0.1, 0.5, 0.9):
        assert (free < limit).mean(axis=0) == pytest.approx([1 - (1 - limit) ** 2] * 3, abs=0.015)


def test_cash_keeps_above_its_floor():
    """Money goes out before it comes in: the floor binds, and is kept at every month."""
    study = roots(worth=0.1, budget=100)
    free = optimize(study, total="free", periods=2, caps={"budget": 200})
    assert free.budget == pytest.approx((200, 200))
    held = optimize(study, total="free", periods=2, caps={"budget": 200}, cash_floor=-900)
    assert held.best < free.best
    run = study.with_strategy("plan", **held.as_strategy()).run()["plan"]
    assert -900 <= run["earned"].min() < -850
    assert run["made"][-1] == pytest.approx(held.best)
    # 900 more than what comes in is to be spent, evenly: 12 (budget - 0.1 sqrt(14 budget)) = 900
    even = next(one for one in np.arange(70, 90, 0.001) if 12 * (one - 0.1 * math.sqrt(14 * one)) >= 900)
    assert held.best == pytest.approx(12 * math.sqrt(14 * even), rel=0.005)


def test_the_same_seed_finds_the_same_plan():
    first, second, other = (
        optimize(roots(), periods=2, generations=3, seed=seed, threads=threads) for seed, threads in ((5, 1), (5, 2), (6, 1))
    )
    assert first.as_json() == second.as_json()
    assert first.flat_loss != other.flat_loss  # the plans around it are others


def test_no_plan_at_all():
    plan = optimize(roots(worth=0), cash_floor=-100, periods=1)
    assert not plan.feasible
    assert math.isnan(plan.best)
    assert plan.shares == ()
    assert plan.sentences == ("No plan keeps cash above -$100: the one that comes nearest falls to -$1,200.",)
    assert plan.as_json()["best"] is None
    with pytest.raises(UsageError, match="there is no plan"):
        plan.as_strategy()


def test_today_is_never_bettered_by_something_worse():
    """Where today's plan is the best, it stays."""
    shares = best_split(3, 2, 1)
    study = roots(split=f"split = {{ left = {shares[0]}, middle = {shares[1]}, right = {1 - shares[0] - shares[1]} }}")
    plan = optimize(study, periods=1, generations=2)
    assert plan.best >= plan.today * (1 - 1e-9)
    assert plan.gain == pytest.approx(0, abs=1e-3)
    assert "No split was found that betters today's" in plan.sentences[0]
    assert plan.flat > 0.3


def test_plans_in_round_numbers():
    plan = optimize(roots(), periods=2)
    for row in plan.shares:
        assert all(round(1000 * one, 6) == round(1000 * one) for one in row.values())
        assert math.fsum(row.values()) == pytest.approx(1, abs=1e-12)
    space = Space(("a", "b", "c"), (0.0,), np.array([0.0, 0.12345, 0.0]), np.array([0.33333, 1.0, 1.0]), (0.0, 99_999.0))
    exact = Plans(np.array([[[0.33333, 0.12345, 0.54322]], [[0.1004, 0.3003, 0.5993]]]), np.array([[12_345.0], [99_999.0]]))
    found = space.rounded(exact)
    assert found.shares[:, 0].tolist() == [[0.33333, 0.12345, 0.54322], [0.101, 0.3, 0.599]]
    assert found.spend[:, 0].tolist() == [12_300, 99_999]


@given(st.tuples(shares_of, shares_of), st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_round_numbers_keep_every_bound(numbers, weights):
    floors, caps = bounded(numbers)
    space = Space(("a", "b", "c", "d"), (0.0,), floors, caps, None)
    plans = space.exact(Plans(water_filled(np.array([[weights]]), floors, caps)))
    found = space.rounded(plans).shares[0, 0]
    assert (found >= floors).all()
    assert (found <= caps).all()
    assert np.abs(found - plans.shares[0, 0]).max() <= 0.0011
    assert found.sum() == pytest.approx(1, abs=1e-6)


# Draws

UNCERTAIN = {"gives.left": "{ low = 0, typical = 3, high = 6 }", "gives.middle": "{ low = 1, typical = 2, high = 3 }"}


def test_what_is_best_on_average_and_in_bad_draws():
    study = roots(**UNCERTAIN)
    mean = optimize(study, of="mean", draws=64, periods=1)
    bad = optimize(study, of="cvar10", draws=64, periods=1)
    # The mean of c sqrt(x) over draws is the mean of c times sqrt(x).
    assert list(mean.shares[0].values()) == pytest.approx(best_split(3, 2, 1), abs=0.01)
    assert bad.shares[0]["left"] < mean.shares[0]["left"] - 0.1
    assert bad.best < mean.best
    for plan in (mean, bad):
        assert plan.draws == 64
        assert plan.gain_low < plan.gain_high
        fresh = plan.out_of_sample
        assert (fresh.draws, fresh.seed, fresh.kept) == (64, 1, 1.0)
        assert fresh.gain == pytest.approx(fresh.best - fresh.today)
        assert fresh.gain == pytest.approx(plan.gain, rel=0.3)
        assert "64 draws that it was not found on" in plan.sentences[-1]


def test_the_fresh_draws_are_others_and_each_gain_is_within_one():
    study = roots(split="split = { left = 0.05, middle = 0.65, right = 0.3 }", **UNCERTAIN)
    plan = optimize(study, of="mean", draws=32, periods=1, generations=2, seed=3)
    result = study.with_strategy("plan", **plan.as_strategy()).run(draws=32, seed=4)
    made, now = (result[name]["made"][:, -1] for name in ("plan", "now"))
    fresh = plan.out_of_sample
    assert fresh.best == pytest.approx(made.mean(), rel=1e-6)
    assert (fresh.gain_low, fresh.gain_high) == pytest.approx(tuple(np.quantile(made - now, (0.05, 0.95))), rel=1e-4)
    assert fresh.wins == (made > now).mean()


def test_a_typical_plan_tried_on_draws():
    plan = optimize(roots(**UNCERTAIN), draws=16, periods=1, generations=2)
    assert plan.draws is None
    assert plan.out_of_sample.draws == 16


def test_what_is_told_of_draws():
    values = np.array([np.arange(20.0), np.arange(20.0)[::-1] + 1])
    assert statistic(values, "typical", 1.0).tolist() == [0, 20]
    assert statistic(values, "mean", 1.0).tolist() == [9.5, 10.5]
    assert statistic(values, "p05", 1.0) == pytest.approx([0.95, 1.95])
    assert statistic(values, "cvar10", 1.0) == pytest.approx([0.5, 1.5])
    assert statistic(values, "cvar10", -1.0) == pytest.approx([18.5, 19.5])  # where less is better, the worst are the largest
    assert statistic(values, "cvar07", 1.0) == pytest.approx([0.4 / 1.4, 1 + 0.4 / 1.4])
    assert np.isnan(statistic(np.array([[1.0, math.nan]]), "cvar10", 1.0)).all()


# Written back


def test_a_plan_is_a_strategy(tmp_path):
    study = roots(swaps=1, later=1, moves='[[strategies.now.moves]]\nlever = "budget"\nkind = "ramp"\nat = 3\nto = 200\nover = 4')
    plan = optimize(study, periods=2)
    grown = quad(lambda now: math.sqrt(100 + 25 * (now - 3)), 3, 6)[0]
    first, last = 10 * 3 + grown, quad(lambda now: math.sqrt(100 + 25 * (now - 3)), 6, 7)[0] + 5 * math.sqrt(200)
    assert plan.best == pytest.approx(first * math.sqrt(14) + last * math.sqrt(6), rel=1e-3)
    run = study.with_strategy("plan", **plan.as_strategy()).run()["plan"]
    assert run["made"][-1] == pytest.approx(plan.best, rel=1e-6)
    assert run["spent"][-1] == pytest.approx(study.run()["now"]["spent"][-1])
    text = scenario_text(study, plan, "plan B")
    assert text.startswith("# a comment\n")
    file = tmp_path / "planned.toml"
    file.write_text(text, "utf-8")
    again = fw.load(file, Roots)
    assert again.scenario.strategies["plan B"].moves[0].lever == "budget"
    assert again.run()["plan B"]["made"][-1] == pytest.approx(plan.best, rel=1e-6)
    with pytest.raises(UsageError, match="there is a strategy 'now' already"):
        scenario_text(study, plan, "now")
    with pytest.raises(UsageError, match="cannot be the name"):
        scenario_text(study, plan, "a/b")


def test_a_scenario_without_a_text_of_its_own(tmp_path):
    study = roots().with_values(worth=3).with_strategy("now", note='a "quoted" \\ note é')
    plan = optimize(study, total="free", periods=2, generations=1)
    file = tmp_path / "planned.toml"
    file.write_text(scenario_text(study, plan, "plan"), "utf-8")
    again = fw.load(file, Roots)
    assert again.scenario.strategies["now"].note == 'a "quoted" \\ note é'
    assert again.run()["plan"]["made"][-1] == pytest.approx(plan.best, rel=1e-6)
    assert again.inputs("plan").parameters == study.with_strategy("plan", **plan.as_strategy()).inputs("plan").parameters


def test_strategies_in_one_line(tmp_path):
    text = 'title = "Roots"\nmodel = "roots"\nmonths = 12\nstrategies = { now = { set = { budget = 100 } } }\n'
    study = fw.Study(*read_scenario(text, "x.toml", Roots))
    plan = optimize(study, periods=1, generations=1)
    file = tmp_path / "planned.toml"
    file.write_text(scenario_text(study, plan, "plan"), "utf-8")
    assert fw.load(file, Roots).run()["plan"]["made"][-1] == pytest.approx(plan.best)


def test_everything_as_json():
    import json

    plan = optimize(roots(**UNCERTAIN), of="p05", draws=8, periods=2, generations=1, caps={"left": 0.3})
    found = json.loads(json.dumps(plan.as_json(), allow_nan=False))
    assert found["periods"] == [0, 6]
    assert found["bounds"][0]["lever"] == "left"
    assert set(found["out_of_sample"]) == {"draws", "seed", "today", "best", "gain", "gain_low", "gain_high", "wins", "kept"}


# Shipped scenarios


def best_of_random(study, count, **asked):
    """The best of so many random plans that change and as many that do not, by the runs that judge a plan."""
    problem = problem_of(study, **asked)
    generator = np.random.default_rng(7)
    space, found = problem.space, []
    for plans in (space.random(count, generator), space.repeated(space.constant().random(count, generator))):
        values = problem.field.run(plans).values
        found.append(np.nanmax(problem.goal.sign * statistic(values, problem.goal.of, problem.goal.sign)))
    return problem.goal.sign * float(max(found))


@pytest.mark.parametrize("name", ["saas", "marketplace"])
def test_it_beats_2000_random_plans(name):
    """Here over a year, in two half-years; every shipped scenario at full length: ``python tests/test_optimize.py``."""
    study = fw.load(f"scenarios/{name}.toml")
    for strategy in study.scenario.strategies:
        study = study.with_strategy(strategy, months=12) if not study.scenario.strategies[strategy].moves else study
    plan = optimize(study, "natural", generations=20)
    assert plan.months == 12
    assert plan.best > best_of_random(study, 1000, strategy="natural")
    assert plan.best > plan.today
    again = study.with_strategy("plan", **plan.as_strategy()).run()
    assert again["plan"][plan.maximise][-1] == pytest.approx(plan.best, rel=1e-5)
    assert sum(plan.shares[0].values()) == pytest.approx(1, abs=1e-9)


def test_what_customers_are_yet_to_bring():
    study = fw.load("scenarios/saas.toml").with_strategy("flywheel", months=12)
    plan = optimize(study, "flywheel", maximise="value", periods=1, generations=2)
    run = study.with_strategy("plan", **plan.as_strategy()).run()["plan"]
    assert plan.best == pytest.approx(run["cash"][-1] + run["customers"][-1] * run["lifetime_value"][-1], rel=1e-6)
    assert plan.unit == "$"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "then"}, "no strategy 'then'"),
        ({"maximise": "nothing"}, "no series 'nothing'"),
        ({"maximise": "value"}, "does not say what a customer is worth"),
        ({"maximise": "money"}, "money has labels"),
        ({"of": "best"}, "of='best'"),
        ({"of": "p0"}, "of='p0'"),
        ({"total": "some"}, "total='some'"),
        ({"periods": 0}, "periods=0"),
        ({"periods": 13}, "periods=13"),
        ({"draws": 0}, "draws=0"),
        ({"generations": -1}, "generations=-1"),
        ({"floors": {"lft": 0.1}}, "nothing called 'lft'.*\n.*did you mean 'left'"),
        ({"floors": {"left": -0.1}}, "the floor of left is -0.1"),
        ({"caps": {"left": "10 %"}}, "the cap of left is '10 %'"),
        ({"floors": {"left": 0.6, "right": 0.6}}, "floors are together more"),
        ({"caps": {"left": 0.2, "right": 0.2, "middle": 0.2}}, "caps are together less"),
        ({"floors": {"left": 0.3}, "caps": {"left": 0.2}}, "the floor of left is above its cap"),
        ({"floors": {"budget": 10}}, "nothing called 'budget'"),
        ({"total": "free", "floors": {"budget": 20}, "caps": {"budget": 10}}, "no range of budget"),
        ({"cash_floor": math.nan}, "cash_floor=nan"),
        ({"cash_floor": 10}, "cash begins at 0"),
    ],
)
def test_what_cannot_be_meant(options, message):
    with pytest.raises(UsageError, match=message):
        optimize(roots(), **options)


def test_a_model_without_a_split():
    text = 'title = "B"\nmodel = "bass"\nmonths = 6\n[strategies.now]\n'
    with pytest.raises(UsageError, match="has no split to decide"):
        optimize(fw.Study(*read_scenario(text)))


if __name__ == "__main__":
    for file in sorted(Path("scenarios").glob("*.toml")):
        shipped = fw.load(file)
        found = optimize(shipped)
        random = best_of_random(shipped, 2000, strategy=found.strategy)
        sign = -1 if found.best < found.today else 1
        print(f"{file.stem:20} today {found.today:12.1f}  best {found.best:12.1f}  best of 4,000 random plans {random:12.1f}")  # noqa: T201
        assert sign * found.best > sign * random
