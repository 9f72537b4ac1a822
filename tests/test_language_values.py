"""What is set, in which units, and under which names: levers, splits, ranges, starts, metrics."""

import math

import numpy as np
import pytest
from models import Decay, Driven, run_of

import flywheel_sim as fw
from flywheel_sim import (
    Model,
    aux,
    constant,
    dimension,
    factor,
    flow,
    group,
    lever,
    metric,
    minimum,
    outside,
    param,
    share,
    split,
    staff,
    stock,
    total,
)
from flywheel_sim.errors import ModelError
from flywheel_sim.measures import into, out_of
from flywheel_sim.model import declaration

origin = dimension("cold", "referred")
EXACT = 1e-14


# What is set


def test_a_split_is_shares_and_what_is_not_named_gets_nothing():
    outlet = dimension("ads", "content", "events")

    class Budget(Model):
        money = lever(100, "$/month", force=True)
        spread = split(outlet(ads=0.7, content=0.3))
        spent = stock(outlet(), "$")
        spend = flow(outside >> spent, rate=money * spread)

    assert run_of(Budget)["spend"][:, 0].tolist() == [70, 30, 0]
    moved = run_of(Budget, values={"spread": {"ads": 0, "content": 0.25, "events": 0.75}}, method="euler")
    assert moved["spent"][:, -1].tolist() == [0, 300, 900]
    assert run_of(Budget, values={"spread": {"events": 1}})["spend"][:, 0].tolist() == [0, 0, 100]
    with pytest.raises(fw.UsageError, match=r"the shares of spread are together 0\.9, not 1"):
        run_of(Budget, values={"spread": {"events": 0.9}})
    found = declaration(Budget)
    assert found.split == "spread"
    assert found.parameters["money"].force


def test_ranges_and_limits():
    class Ranges(Model):
        tripled = param(0.3, "1", factor(3))
        negative = param(-0.3, "1", factor(3))
        stated = param(5, "1", (2, 9))
        part = share(0.4)
        labelled = param(origin(cold=1, referred=4), "1", origin(cold=(0, 2), referred=factor(2)))
        open_ended = param(1, "1", (0.5, 2), limits=(0.1, None))
        here = stock(tripled + negative + stated + part + total(labelled) + open_ended, "1")
        leave = flow(here >> outside, hazard=0.1 / constant(1, "month"))

    found = declaration(Ranges).parameters
    assert found["tripled"].between == {None: (pytest.approx(0.1), pytest.approx(0.9))}
    assert found["negative"].between == {None: (pytest.approx(-0.9), pytest.approx(-0.1))}
    assert found["stated"].limits == (0, math.inf)  # its plausible range does not reach below 0
    assert found["negative"].limits == (-math.inf, math.inf)
    assert found["part"].limits == (0, 1)
    assert found["labelled"].between == {"cold": (0, 2), "referred": (2, 8)}
    assert found["open_ended"].limits == (0.1, math.inf)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.2, 0.2),
        ("0.2/month", 0.2),
        ("20 %/month", -math.log(0.8)),
        ("20 %/year", -math.log(0.8) / 12),
        ("20 % a year", -math.log(0.8) / 12),
        (np.int64(1), 1),
        (np.float32(0.5), 0.5),
        ("20 percent", None),
        ("1.2/year", 0.1),
        ("20 %", None),
        (True, None),
        (math.nan, None),
        (-0.1, None),
        ("12 months", None),
    ],
)
def test_values_as_python_gives_them(given, expected):
    if expected is None:
        with pytest.raises(fw.UsageError):
            run_of(Decay, values={"leaving": given})
    else:
        run = run_of(Decay, values={"leaving": given}, until=1)
        assert run["leave"][0] / 100 == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(("name", "remedy"), [("leavin", "did you mean 'leaving'?"), ("wombat", "print(Decay) shows them all")])
def test_a_name_that_is_not_there(name, remedy):
    with pytest.raises(fw.UsageError) as caught:
        run_of(Decay, values={name: 1})
    assert caught.value.fix == remedy


def test_a_share_in_percent_is_a_share():
    class Part(Model):
        fit = share(0.5)
        price = param(10, "$/account/month")
        leads = stock(40, "account")
        good = aux(fit * leads, "account")
        paid = aux(price * leads, "$/month")
        leave = flow(leads >> outside, hazard=0.1 / constant(1, "month"))

    run = run_of(Part, values={"fit": "20 %", "price": "$25,000/year"}, until=1)
    assert run["good"][0] == pytest.approx(8, rel=EXACT)
    assert run["paid"][0] == pytest.approx(40 * 25_000 / 12, rel=EXACT)


def test_an_array_of_values_is_set_by_label():
    class Labels(Model):
        leaving = param(origin(cold=0.1, referred=0.2), "1/month")
        leads = stock(origin(cold=1, referred=1), "account")
        leave = flow(leads >> outside, hazard=leaving)

    by_table = run_of(Labels, values={"leaving": {"referred": 0.5}}, until=1)
    by_name = run_of(Labels, values={"leaving[referred]": 0.5}, until=1)
    for run in (by_table, by_name):
        assert run["leave"][:, 0].tolist() == [0.1, 0.5]
    both = run_of(Labels, values={"leaving": 0.3}, until=1)
    assert both["leave"][:, 0].tolist() == [0.3, 0.3]


def test_a_metric_may_be_in_another_word_for_time():
    class Waiting(Model):
        delay = param(2, "month")
        leads = stock(10, "account")
        leave = flow(leads >> outside, hazard=1 / delay)
        in_months = metric(delay, "month")
        in_days = metric(delay, "day")
        a_year = metric(out_of(leads), "account/year")

    metrics = run_of(Waiting, until=1).metrics
    assert metrics["in_months"] == 2
    assert metrics["in_days"] == pytest.approx(2 * 365.25 / 12, rel=EXACT)
    assert metrics["a_year"] == pytest.approx(12 * 5 * math.exp(-0.5), rel=1e-8)


def test_a_start_is_an_expression_of_parameters():
    class Start(Model):
        market = param(1_000, "account")
        known = share(0.2)
        reached = aux(known * market, "account")
        fresh = stock(market - reached - 10, "account")
        met = stock(minimum(reached, 50), "account")
        open_deals = stock(origin(cold=0.5 * reached, referred=3), "account", stages=2)
        meet = flow(fresh >> met, hazard=0.1 / constant(1, "month"))
        close = flow(open_deals >> met, hazard=0.1 / constant(1, "month"))

    run = run_of(Start, until=1, values={"known": 0.3})
    assert run["fresh"][0] == 690
    assert run["met"][0] == 50
    assert run["open_deals"][:, 0].tolist() == [150, 3]


# Names


def test_names_must_exist_before_they_are_used():
    with pytest.raises(NameError):

        class Backwards(Model):
            double = aux(later * 2, "1")  # noqa: F821
            later = param(1, "1")


def test_pace_into_and_out_of_look_at_flows_declared_later():
    class Later(Model):
        calm = param(0.5, "1/month")
        hurry = param(0.5, "1/month")
        here = stock(10, "account")
        there = stock(0, "account")
        both = group(here, there)
        desk = staff(constant(4, "account"))
        slow = aux(1 - desk.pace, "1")
        went = aux(out_of(here), "account/month")
        came = aux(into(there), "account/month")
        drift = flow(here >> there, hazard=calm * slow)
        serve = flow(here >> there, hazard=hurry, served_by=desk)
        lost = flow(both >> outside, hazard=0.1 / constant(1, "month"))

    run = run_of(Later, until=1)
    assert run["slow"][0] == pytest.approx(0.6, rel=EXACT)
    assert run["came"][0] == pytest.approx(10 * (0.5 * 0.6 + 0.5 * 0.4), rel=EXACT)
    assert run["went"][0] == pytest.approx(run["came"][0] + 1, rel=EXACT)


def test_a_circle_through_out_of_is_refused_by_name():
    class Circle(Model):
        leaving = param(0.1, "1/month")
        here = stock(10, "account")
        losses = aux(out_of(here) * 2, "account/month")
        leave = flow(here >> outside, rate=losses + leaving * here)

    with pytest.raises(ModelError) as caught:
        fw.simulate(Circle)
    assert "Circle: equations define each other in a circle" in caught.value.cause
    assert "losses" in caught.value.cause
    assert "let one of them be a stock" in caught.value.fix


def test_auxiliaries_and_plain_names_are_both_series_and_only_one_states_its_unit():
    class Both(Model):
        here = stock(10, "account")
        leaving = param(0.1, "1/month")
        plain = leaving * here
        stated = aux(leaving * here, "account/month", "what leaves")
        leave = flow(here >> outside, rate=plain)

    run = run_of(Both)
    assert run.about("plain").unit == run.about("stated").unit == "account/month"
    assert run.about("stated").note == "what leaves"
    assert (run["plain"] == run["stated"]).all()


def test_so_far_is_the_integral():
    run = run_of(Driven, until=10)
    np.testing.assert_allclose(run["spent"], 3 * run.time, rtol=1e-13)
    assert run.about("spent").unit == "$"
