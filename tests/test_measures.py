"""Measures against closed forms: lifetimes, survival, passage, loop gain, and means over time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import FINE, Advocacy, Decay, Driven, Kinds, run_of
from scipy.linalg import expm

import flywheel_sim as fw
from flywheel_sim import Model, constant, dimension, flow, group, lever, metric, outside, param, share, stock
from flywheel_sim.analysis import journey
from flywheel_sim.measures import gain, into, lifetime, marginal, passage, so_far, survival, trailing


def end(model, name, values=None, **options):
    return run_of(model, values=values or {}, **options)[name][-1]


# The loop gain K


HAZARDS = st.floats(0.001, 0.2)


@given(arriving=st.floats(0, 10), bringing=HAZARDS, leaving=HAZARDS)
def test_the_gain_of_a_linear_loop_is_births_over_deaths(arriving, bringing, leaving):
    """FACTS: K = b/d."""
    values = {"arriving": arriving, "bringing": bringing, "leaving": leaving}
    assert end(Advocacy, "loop_gain", values, until=1, dt=1) == pytest.approx(bringing / leaving, rel=1e-12)


@pytest.mark.parametrize(("bringing", "leaving"), [(0.03, 0.05), (0.0, 0.1), (0.08, 0.1)])
def test_below_one_the_loop_is_an_amplifier(bringing, leaving):
    """C* = a / (d - b), which is 1 / (1 - K) times what would be there without the loop."""
    values = {"arriving": 4, "bringing": bringing, "leaving": leaving}
    found = run_of(Advocacy, values=values, until=1_500, dt=1 / 4, every=1_500)
    loop_gain = found["loop_gain"][-1]
    assert found["customers"][-1] == pytest.approx(4 / leaving / (1 - loop_gain), rel=1e-9)


def test_the_coast_half_life():
    """Nobody arrives any more: half are left after ln 2 / (d - b)."""
    values = {"arriving": 0, "bringing": 0.03, "leaving": 0.05}
    half_life = math.log(2) / 0.02
    found = run_of(Advocacy, values=values, until=half_life, every=half_life)
    assert found["customers"][-1] == pytest.approx(10, rel=1e-9)


def test_above_one_it_grows_of_itself():
    values = {"arriving": 0, "bringing": 0.05, "leaving": 0.03}
    found = run_of(Advocacy, values=values, until=24)
    np.testing.assert_allclose(found["customers"], 20 * np.exp(0.02 * found.time), rtol=1e-9)
    assert found["loop_gain"][-1] > 1


def test_saturation_scales_the_gain_by_the_free_share_of_the_market():
    found = run_of(Saturated, until=60)
    np.testing.assert_allclose(found["loop_gain"], 0.05 / 0.02 * found["strangers"] / 10_000, rtol=1e-12)


class Saturated(Model):
    """Customers bring those of a market who have not come yet."""

    strangers = stock(9_000, "account")
    customers = stock(1_000, "account")
    adopt = flow(strangers >> customers, by=customers, hazard=constant(0.05, "1/month") * strangers / (strangers + customers))
    leave = flow(customers >> strangers, hazard=constant(0.02, "1/month"))
    loop_gain = metric(gain(), "1")
    headline = customers


class Delayed(Model):
    """The linear loop with a first-order delay of T before a new customer talks."""

    bringing = param(0.05, "1/month")
    leaving = param(0.04, "1/month")
    delay = param(6, "month")
    quiet = stock(0, "account")
    talking = stock(10, "account")
    bring = flow(outside >> quiet, by=talking, hazard=bringing)
    open_up = flow(quiet >> talking, hazard=1 / delay)
    leave = flow(talking >> outside, hazard=leaving)
    loop_gain = metric(gain(), "1")
    headline = talking


@pytest.mark.parametrize("delay", [0.5, 6, 30])
def test_a_delay_leaves_the_gain_and_slows_the_growth(delay):
    """(x + d)(1 + xT) = b: the threshold stays at K = 1, only the speed changes."""
    found = run_of(Delayed, values={"delay": delay}, until=800, dt=1 / 8, every=400)
    assert found["loop_gain"][-1] == pytest.approx(1.25, rel=1e-12)
    speed = math.log(found["talking"][2] / found["talking"][1]) / 400
    assert (speed + 0.04) * (1 + speed * delay) == pytest.approx(0.05, rel=1e-6)


def test_at_a_gain_of_one_it_neither_grows_nor_dies():
    found = run_of(Delayed, values={"bringing": 0.04, "delay": 12}, until=2_000, dt=1 / 4, every=1_000)
    assert found["talking"][2] == pytest.approx(found["talking"][1], rel=1e-9)


others = dimension("few", "many")


class Segments(Model):
    """Two kinds of customer, each of whom brings both kinds: K is the spectral radius of F V^-1."""

    leaving = param(others(few=0.1, many=0.05), "1/month")
    few_few = param(0.02, "1/month")
    few_many = param(0.01, "1/month")
    many_few = param(0.03, "1/month")
    many_many = param(0.015, "1/month")
    here = stock(others(few=3, many=5), "account")
    a = flow(outside >> here["few"], by=here["few"], hazard=few_few)
    b = flow(outside >> here["many"], by=here["few"], hazard=few_many)
    c = flow(outside >> here["few"], by=here["many"], hazard=many_few)
    d = flow(outside >> here["many"], by=here["many"], hazard=many_many)
    leave = flow(here >> outside, hazard=leaving)
    loop_gain = metric(gain(), "1")
    everybody = group(here)
    headline = everybody


def test_the_gain_of_several_segments_is_that_of_the_next_generation_matrix():
    births = np.array([[0.02, 0.03], [0.01, 0.015]])  # of a row's kind, by a column's
    expected = max(abs(np.linalg.eigvals(births @ np.linalg.inv(np.diag([0.1, 0.05])))))
    assert end(Segments, "loop_gain", until=1, dt=1) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.floats(0, 5), min_size=9, max_size=9))
def test_the_spectral_radius_of_three_and_of_two(entries):
    matrix = np.array(entries).reshape(3, 3)
    for size in (1, 2, 3):
        part = matrix[:size, :size]
        expected = max(abs(np.linalg.eigvals(part)))
        assert journey.spectral_radius(part.tolist()) == pytest.approx(expected, rel=1e-7, abs=1e-7)


class Members(Model):
    """Those who leave are kept in a stock that nobody ever leaves, and have nothing more to say."""

    members = stock(10, "account")
    gone = stock(0, "account")
    bring = flow(outside >> members, by=members, hazard=constant(0.02, "1/month"))
    leave = flow(members >> gone, hazard=constant(0.05, "1/month"))
    loop_gain = metric(gain(), "1")
    headline = members


class Strays(Model):
    """Whoever is brought ends in a stock from which nobody brings anybody."""

    members = stock(10, "account")
    guests = stock(0, "account")
    bring = flow(outside >> guests, by=members, hazard=constant(0.02, "1/month"))
    loop_gain = metric(gain(), "1")
    headline = members


def test_a_stock_that_nobody_leaves_is_no_part_of_the_loop():
    assert end(Members, "loop_gain", until=1) == pytest.approx(0.4, rel=1e-12)
    assert end(Strays, "loop_gain", until=1) == 0


def test_there_is_no_gain_where_nobody_is_brought_and_none_is_defined_where_nobody_leaves():
    assert end(Decay, "here", until=1) > 0
    assert end(Advocacy, "loop_gain", {"bringing": 0}, until=1) == 0
    assert math.isnan(end(Advocacy, "loop_gain", {"leaving": 0}, until=1))


# The journey of those who enter now


def test_the_lifetime_of_two_kinds_is_the_mean_of_both():
    found = run_of(Kinds, until=1)
    assert found["stay"][-1] == pytest.approx(0.75 / 0.2 + 0.25 / 0.05, rel=1e-12)
    assert found["valued"][-1] == pytest.approx(0.75 / 0.21 + 0.25 / 0.06, rel=1e-12)
    assert found["still"][-1] == pytest.approx(0.75 * math.exp(-1.2) + 0.25 * math.exp(-0.3), rel=1e-12)
    assert found["still_days"][-1] == pytest.approx(found["stay"][-1] * 365.25 / 12, rel=1e-12)


def test_nobody_entering_leaves_a_lifetime_undefined():
    assert math.isnan(end(Kinds, "stay", {"arriving": {"cold": 0, "referred": 0}}, until=1))


@pytest.mark.parametrize("time", [0, 0.01, 1, 24, 240, 5_000])
@pytest.mark.parametrize("seed", range(3))
def test_survival_is_the_matrix_exponential(time, seed):
    generator = np.random.default_rng(seed)
    rates = generator.uniform(0, 0.3, (4, 4)) * (1 - np.eye(4))
    matrix = rates - np.diag(rates.sum(axis=1) + generator.uniform(0, 0.1, 4))
    found = np.array(journey.exponential(matrix.tolist(), float(time)))
    np.testing.assert_allclose(found, expm(time * matrix), rtol=1e-9, atol=1e-13)


@given(st.integers(1, 6), st.integers(0, 1_000))
def test_small_systems_are_solved(size, seed):
    generator = np.random.default_rng(seed)
    rates = generator.uniform(0, 1, (size, size)) * (1 - np.eye(size))
    matrix = np.diag(rates.sum(axis=1) + generator.uniform(0.01, 1, size)) - rates
    right = generator.uniform(-1, 1, size)
    np.testing.assert_allclose(journey.solve(matrix.tolist(), right.tolist()), np.linalg.solve(matrix, right), rtol=1e-9, atol=1e-12)


def test_a_system_without_a_way_out_has_no_solution():
    assert journey.solve([[1.0, -1.0], [-1.0, 1.0]], [1.0, 1.0]) is None


class Decisions(Model):
    """Two ways out of a chain, one of which is asked for."""

    stages_time = param(4, "month")
    chance = share(0.3)
    talking = stock(0, "account")
    weighing = stock(0, "account", stages=3)
    won = stock(0, "account")
    lost = stock(0, "account")
    arrive = flow(outside >> talking, rate=constant(5, "account/month"))
    offer = flow(talking >> weighing, hazard=constant(0.5, "1/month"))
    balk = flow(talking >> lost, hazard=constant(0.1, "1/month"))
    win = flow(weighing >> won, hazard=chance / stages_time)
    lose = flow(weighing >> lost, hazard=(1 - chance) / stages_time)
    everybody = group(talking, weighing)
    way = metric(passage(talking, weighing, by=win), "month")
    days = metric(passage(talking, weighing, by=win), "day")
    late = metric(survival(everybody, constant(3, "month")), "1")
    stay = metric(lifetime(everybody), "month")
    headline = won


def test_passage_is_the_time_of_those_who_leave_that_way():
    """Who is offered waits 1 / (0.5 + 0.1) on average, whatever comes after; then four months in the chain."""
    found = run_of(Decisions, until=2)
    assert found["way"][-1] == pytest.approx(1 / 0.6 + 4, rel=1e-12)
    assert found["days"][-1] == pytest.approx((1 / 0.6 + 4) * 365.25 / 12, rel=1e-12)
    assert found["stay"][-1] == pytest.approx(1 / 0.6 + 5 / 6 * 4, rel=1e-12)


# Over time


def test_a_trailing_mean_is_of_the_window_or_of_what_there_is():
    found = run_of(Driven, values={"drive": 3}, until=12)
    np.testing.assert_allclose(found["recent"], 3, rtol=1e-12)
    np.testing.assert_allclose(found["spent"], 3 * found.time, rtol=1e-12)


def test_a_trailing_mean_looks_back_as_far_as_it_says(tmp_path):
    file = tmp_path / "stop.toml"
    file.write_text(
        'title = "Stop"\nmodel = "driven"\nmonths = 12\n[strategies.stop]\nset = { drive = 6 }\n'
        "[[strategies.stop.moves]]\nlever = 'drive'\nkind = 'step'\nat = 5\nto = 0\n"
    )
    recent = fw.load(file, Driven).run()["stop"]["recent"]
    np.testing.assert_allclose(recent[[0, 4, 5, 6, 7, 8, 12]], [6, 6, 6, 4, 2, 0, 0], atol=1e-12)


class Bought(Model):
    """Money buys customers, each further one at a higher price."""

    money = lever(10_000, "$/month", (1, 100_000), force=True)
    customers = stock(0, "account")
    buy = flow(outside >> customers, rate=(money / constant(1, "$/month")) ** 0.5 * constant(1, "account/month"))
    cost = metric(so_far(money) / so_far(into(customers)), "$/account")
    further = metric(marginal(so_far(money), so_far(into(customers)), money), "$/account")
    steady = metric(trailing(into(customers), constant(12, "month")), "account/month")
    headline = customers


def test_a_marginal_cost_is_that_of_one_further_customer(tmp_path):
    """Customers are the root of money: one more costs twice the average."""
    file = tmp_path / "bought.toml"
    file.write_text('title = "Bought"\nmodel = "bought"\nmonths = 12\n[strategies.one]\n[strategies.other]\nset = { money = 40_000 }\n')
    result = fw.load(file, Bought).run(marginal=True)
    for name, root in (("one", 100), ("other", 200)):
        metrics = result.metrics[name]
        assert metrics["cost"] == pytest.approx(root, rel=1e-12)
        assert metrics["further"] == pytest.approx(2 * root, rel=0.005)  # 1 % more money: a secant, not the slope
    assert "further" not in fw.load(file, Bought).run().metrics["one"]  # only where asked: it takes a second run


def test_a_ratio_of_nothing_is_undefined():
    assert run_of(Bought, values={"money": 0}, until=1, dt=FINE).metrics["cost"] is None
