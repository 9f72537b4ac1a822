"""Labels, groups and staff: every arrow that a flow stands for, against closed forms."""

import math

import numpy as np
import pytest
from models import Kinds, given_or_refused, run_of, unheated, warmth

from flywheel_sim import Model, aux, constant, dimension, flow, group, outside, param, staff, stock, total
from flywheel_sim.errors import ModelError
from flywheel_sim.measures import into, out_of

CLOSE = 1e-9  # relative: the error of fine RK4 steps is some 1e-10
origin = dimension("cold", "referred")


# Labels


def test_values_meet_label_by_label():
    run = run_of(Kinds, until=30)
    for row, (arriving, leaving) in enumerate(((3, 0.2), (1, 0.05))):
        expected = arriving / leaving * (1 - np.exp(-leaving * run.time))
        np.testing.assert_allclose(run["here"][row], expected, rtol=CLOSE, atol=1e-12)
    assert (run["here", "referred"] == run["here"][1]).all()


def test_plain_values_spread_and_totals_add_up():
    class Spread(Model):
        leaving = param(0.1, "1/month")
        fit = param(origin(cold=0.2, referred=0.6), "1")
        leads = stock(origin(cold=30, referred=10), "account")
        good = aux(fit * leads, "account")
        all_good = aux(total(good), "account")
        best = aux(total(leads) * fit["referred"], "account")
        leave = flow(leads >> outside, hazard=leaving)

    run = run_of(Spread)
    left = np.exp(-0.1 * run.time)
    np.testing.assert_allclose(run["leads"], np.outer([30, 10], left), rtol=CLOSE)
    np.testing.assert_allclose(run["all_good"], 12 * left, rtol=CLOSE)
    np.testing.assert_allclose(run["best"], 24 * left, rtol=CLOSE)
    np.testing.assert_allclose(run["good"].sum(axis=0), run["all_good"], rtol=1e-14)


def test_labels_that_are_not_named_start_at_nothing():
    class Start(Model):
        deals = stock(origin(referred=5), "account")
        leave = flow(deals >> outside, hazard=0.1 / constant(1, "month"))

    run = run_of(Start, until=1)
    assert run["deals"][:, 0].tolist() == [0, 5]


def test_a_part_of_a_dimension_meets_the_whole():
    class Outlets(Model):
        ease = param(warmth(cold=0.1, warm=0.2, hot=0.4), "1/month")
        leads = stock(warmth(cold=10, warm=10, hot=10), "account")
        trials = stock(unheated(cold=1, warm=1), "account")
        tried = aux(leads * trials, "account^2")
        try_out = flow(leads >> trials, hazard=ease)

    run = run_of(Outlets, until=5)
    left = np.exp(-np.outer([0.1, 0.2, 0], run.time))  # the hot have nowhere to go
    np.testing.assert_allclose(run["leads"], 10 * left, rtol=CLOSE)
    assert run["try_out"].shape == (2, 6)
    np.testing.assert_allclose(run["tried"], run["leads"][:2] * run["trials"], rtol=1e-14)


def test_a_flow_with_labels_into_a_plain_stock_adds_up():
    class Gather(Model):
        leaving = param(origin(cold=0.1, referred=0.3), "1/month")
        leads = stock(origin(cold=30, referred=10), "account")
        lost = stock(0, "account")
        lose = flow(leads >> lost, hazard=leaving)

    run = run_of(Gather)
    np.testing.assert_allclose(run["lost"], 40 - run["leads"].sum(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(run["leads"][1], 10 * np.exp(-0.3 * run.time), rtol=CLOSE)


def test_one_label_of_a_stock_can_be_an_end():
    class Pick(Model):
        moving = param(0.1, "1/month")
        leads = stock(origin(cold=30, referred=10), "account")
        warm_up = flow(leads["cold"] >> leads["referred"], hazard=moving)

    run = run_of(Pick)
    np.testing.assert_allclose(run["leads"][0], 30 * np.exp(-0.1 * run.time), rtol=CLOSE)
    np.testing.assert_allclose(run["leads"].sum(axis=0), 40, rtol=1e-13)


# Groups


def test_a_group_is_its_members_as_one():
    class Firm(Model):
        leaving = param(0.1, "1/month")
        joining = param(6, "account/month")
        moving = param(0.2, "1/month")
        quiet = stock(30, "account")
        loud = stock(origin(cold=6, referred=4), "account")
        gone = stock(0, "account")
        customers = group(quiet, loud, note="all")
        join = flow(outside >> quiet, rate=joining)
        wake = flow(quiet >> loud["cold"], hazard=moving)
        leave = flow(customers >> gone, hazard=leaving)
        came = aux(into(customers), "account/month")
        went = aux(out_of(customers), "account/month")

    run = run_of(Firm)
    np.testing.assert_allclose(run["customers"], 60 - 20 * np.exp(-0.1 * run.time), rtol=CLOSE)
    np.testing.assert_allclose(run["leave"], 0.1 * run["customers"], rtol=1e-14)
    np.testing.assert_allclose(run["loud"][1], 4 * np.exp(-0.1 * run.time), rtol=CLOSE)
    np.testing.assert_allclose(run["came"], 6, rtol=1e-15)  # to wake is to stay inside
    np.testing.assert_allclose(run["went"], run["leave"], rtol=1e-14)


def test_a_flow_out_of_a_group_of_labelled_stocks_keeps_to_the_label():
    """A member that is cold arrives among the cold, and nobody leaves twice."""

    class Firm(Model):
        leaving = param(0.1, "1/month")
        here = stock(origin(cold=10, referred=30), "account")
        there = stock(origin(cold=0, referred=0), "account")
        everybody = group(here)
        leave = flow(everybody >> there, hazard=leaving)

    run = run_of(Firm, until=10)
    np.testing.assert_allclose(run["there"][:, -1], (1 - math.exp(-1)) * np.array([10, 30]), rtol=CLOSE)


def test_members_without_labels_leave_a_group_for_every_label():
    """As out of a plain stock; the labels that a member has not got it does not leave for."""

    class Firm(Model):
        leaving = param(0.1, "1/month")
        leads = stock(warmth(cold=10, warm=20, hot=30), "account")
        others = stock(40, "account")
        there = stock(unheated(cold=0, warm=0), "account")
        everybody = group(leads, others)
        leave = flow(everybody >> there, hazard=leaving)

    run = run_of(Firm, until=10)
    left = math.exp(-1)
    np.testing.assert_allclose(run["leads"][:, -1], [10 * left, 20 * left, 30], rtol=CLOSE)
    np.testing.assert_allclose(run["others"][-1], 40 * left**2, rtol=CLOSE)  # by two ways
    np.testing.assert_allclose(run["there"][:, -1] - 20 * (1 - left**2), np.array([10, 20]) * (1 - left), rtol=CLOSE)


@pytest.mark.parametrize("stages", [1, 3])
def test_a_rate_out_of_labels_is_so_much_out_of_each(stages):
    class Firm(Model):
        taking = param(origin(cold=0.2, referred=0.4), "account/month")
        leads = stock(origin(cold=10, referred=40), "account", stages=stages)
        there = stock(origin(cold=0, referred=0), "account")
        both = group(leads)
        take = flow(both >> there, rate=taking, anytime=True)
        drop = flow(leads >> outside, rate=taking, anytime=True)
        rest = flow(leads >> outside, hazard=0 / constant(1, "month"))

    run = run_of(Firm, until=8)
    np.testing.assert_allclose(run["there"], np.outer([0.2, 0.4], run.time), rtol=CLOSE)
    np.testing.assert_allclose(run["leads"], np.array([[10], [40]]) - np.outer([0.4, 0.8], run.time), rtol=CLOSE)


def test_a_rate_out_of_a_group_falls_on_all_heads_alike():
    class Firm(Model):
        taking = param(4, "account/month")
        left = stock(30, "account")
        right = stock(10, "account")
        both = group(left, right)
        take = flow(both >> outside, rate=taking)

    run = run_of(Firm, until=8)
    np.testing.assert_allclose(run["left"], 30 - 3 * run.time, rtol=CLOSE)
    np.testing.assert_allclose(run["right"], 10 - run.time, rtol=CLOSE)


# Staff


def test_a_full_staff_slows_all_alike():
    class Desk(Model):
        serving = param(0.5, "1/month")
        closing = param(0.1, "1/month")
        seats = param(20, "account")
        first = stock(60, "account")
        second = stock(40, "account")
        desk = staff(seats)
        serve = flow(first >> outside, hazard=serving, served_by=desk)
        close = flow(second >> outside, hazard=closing, served_by=desk)
        idle = aux(1 - desk.pace, "1")

    run = run_of(Desk, until=40)
    work = run["first"] + run["second"]
    np.testing.assert_allclose(run["desk.pace"], np.minimum(1, 20 / work), rtol=1e-14)
    np.testing.assert_allclose(run["serve"], 0.5 * run["first"] * run["desk.pace"], rtol=1e-14)
    assert run["idle"][0] == pytest.approx(0.8, rel=1e-15)
    assert run["idle"][-1] == 0


def test_a_full_staff_closes_a_fixed_number():
    # One queue, places 20 of 100: 0.5 * 20 a month leave until only 20 are there; from then on it is exponential.
    class Desk(Model):
        serving = param(0.5, "1/month")
        waiting = stock(100, "account")
        desk = staff(constant(20, "account"))
        serve = flow(waiting >> outside, hazard=serving, served_by=desk)

    run = run_of(Desk)
    full = run.time <= 8
    np.testing.assert_allclose(run["waiting"][full], 100 - 10 * run.time[full], rtol=1e-13)
    np.testing.assert_allclose(run["waiting"][~full], 20 * np.exp(-0.5 * (run.time[~full] - 8)), rtol=3e-9)


def desk_of(first, second):
    def end(word, leads, others, everybody):
        return {"leads": leads, "cold leads": leads["cold"], "others": others, "everybody": everybody}[word]

    class Desk(Model):
        serving = param(0.5, "1/month")
        leads = stock(origin(cold=10, referred=30), "account")
        others = stock(10, "account")
        everybody = group(leads, others)
        desk = staff(constant(5, "account"))
        serve = flow(end(first, leads, others, everybody) >> outside, hazard=serving, served_by=desk)
        close = flow(end(second, leads, others, everybody) >> outside, hazard=serving, served_by=desk)

    return Desk


@pytest.mark.parametrize(
    ("first", "second", "accounts"),
    [
        ("leads", "leads", 40),
        ("leads", "others", 50),
        ("cold leads", "cold leads", 10),
        ("leads", "cold leads", 40),
        ("everybody", "others", 50),
    ],
)
def test_a_staff_counts_every_account_it_serves_once(first, second, accounts):
    run = run_of(desk_of(first, second), until=1)
    assert run["desk.pace"][0] == pytest.approx(5 / accounts, rel=1e-14)


def test_a_staff_does_not_count_whom_its_flow_leaves_behind():
    class Desk(Model):
        serving = param(0.5, "1/month")
        leads = stock(warmth(cold=10, warm=30, hot=60), "account")
        trials = stock(unheated(cold=0, warm=0), "account")
        desk = staff(constant(5, "account"))
        serve = flow(leads >> trials, hazard=serving, served_by=desk)

    assert run_of(Desk, until=1)["desk.pace"][0] == pytest.approx(5 / 40, rel=1e-14)


# What goes nowhere


def test_a_flow_from_a_group_to_its_own_member_makes_nothing():
    """The arrow from the member to itself is either left out or the flow refused; accounts are not made of nothing."""

    def model():
        class Merge(Model):
            moving = param(0.1, "1/month")
            left = stock(10, "account")
            right = stock(5, "account")
            both = group(left, right)
            merge = flow(both >> left, hazard=moving)

        return run_of(Merge, until=10)

    found = given_or_refused(model)
    if isinstance(found, ModelError):
        assert "left" in str(found)
    else:
        np.testing.assert_allclose(found["left"] + found["right"], 15, rtol=1e-13)


def test_a_flow_from_a_stock_to_one_of_its_labels_makes_nothing():
    def model():
        class Relabel(Model):
            moving = param(0.1, "1/month")
            leads = stock(origin(cold=10, referred=10), "account")
            relabel = flow(leads >> leads["cold"], hazard=moving)

        return run_of(Relabel, until=10)

    found = given_or_refused(model)
    if isinstance(found, ModelError):
        assert "cold" in str(found)
    else:
        np.testing.assert_allclose(found["leads"].sum(axis=0), 20, rtol=1e-13)
