"""Who is ahead, since when, and the sentences that say so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flywheel_sim as fw
from flywheel_sim.analysis.compare import best, compare, crossover, level
from flywheel_sim.analysis.sensitivity import HangsOn
from flywheel_sim.analysis.verdict import verdict
from flywheel_sim.analysis.words import amount, called, countable, moment, number, percent, with_unit
from flywheel_sim.result import Run, Series

SERIES = {
    "customers": Series("customers", (None,), "metric", "account", better="higher"),
    "churn": Series("churn", (None,), "metric", "1", better="lower", percent=True),
    "cash": Series("cash", (None,), "metric", "$", better="higher"),
    "spent": Series("spent", (None,), "metric", "$"),
}
FINITE = st.floats(-1e6, 1e6)


def made(name, **columns):
    """A run with these series, saved every month."""
    times = [float(month) for month in range(len(next(iter(columns.values()))))]
    return Run(name, "", times, {one: SERIES[one] for one in columns}, lambda one, _, index: columns[one][index])


# Crossing


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ([1, 2, 3], [2, 3, 4], 0.0),  # ahead from the start
        ([1, 2, 3], [1, 3, 4], 0.0),  # from the same value: no crossing
        ([2, 2, 2], [1, 2.5, 3], 2 / 3),
        ([2, 2, 2], [1, 1, 1], None),
        ([2, 2, 2], [3, 3, 1], None),  # the lead is lost
        ([2, 2, 2, 2], [3, 1, 1, 3], 2.5),  # the last crossing counts
        ([1, 1, 1], [1, 1, 1], None),
        ([1, 1, 1, 1], [1, 1, 1, 2], 2.0),  # level, then ahead
        ([math.nan, 1, 1], [math.nan, 2, 2], 0.0),  # not defined on the first day: ahead ever since there is something to compare
        ([1, math.nan, 1], [2, math.nan, 2], 2.0),
        ([1, 1, math.nan], [2, 2, math.nan], None),
        ([1], [2], 0.0),
    ],
)
def test_the_month_after_which_one_leads_until_the_end(below, above, expected):
    found = crossover([float(month) for month in range(len(below))], below, above)
    assert found == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=30))
def test_the_crossing_lies_after_the_last_saved_time_without_a_lead(pairs):
    below, above = (list(column) for column in zip(*pairs, strict=True))
    times = [float(month) for month in range(len(pairs))]
    found = crossover(times, below, above)
    leads = [high > low for low, high in pairs]
    if found is None:
        assert not leads[-1]
        return
    behind = [index for index, lead in enumerate(leads) if not lead]
    if found > 0:
        assert behind[-1] <= found <= behind[-1] + 1
    else:
        assert behind in ([], [0])


@given(FINITE, FINITE)
def test_level_is_a_hundredth_of_the_larger_either_way_round(first, second):
    assert level(first, second) == level(second, first)
    assert level(first, second) == (abs(first - second) <= 0.01 * max(abs(first), abs(second)))


# Comparisons


def test_less_is_ahead_where_less_is_better():
    found = compare(made("a", churn=[0.2, 0.2, 0.2]), made("b", churn=[0.3, 0.2, 0.1]), "churn")
    assert found.lead == pytest.approx(0.1)
    assert found.crossover == pytest.approx(1)
    assert found.as_json()["ahead"] == "b"


def test_unlike_horizons_are_compared_where_the_shorter_ends():
    longer = compare(made("a", customers=[1, 2, 3]), made("b", customers=[2, 3, 4, 5, 60]), "customers")
    assert (longer.months, longer.lead) == (2, 1)
    found = compare(made("a", customers=[1, 2, 3, 4, 50]), made("b", customers=[2, 3, 4]), "customers")
    assert (found.months, found.lead) == (2, 1)
    assert found.as_json()["ratio_at_end"] == {"customers": pytest.approx(4 / 3)}


def test_the_best_is_by_what_decides_and_nothing_defined_is_worst():
    runs = [made("a", customers=[1, 5]), made("b", customers=[1, 7]), made("c", customers=[1, math.nan]), made("d", customers=[1, 7])]
    assert best(runs, "customers").name == "b"
    runs = [made("a", churn=[1, 0.3]), made("b", churn=[1, 0.2]), made("c", churn=[1, math.nan])]
    assert best(runs, "churn").name == "b"


def test_ratios_that_cannot_be_said_are_null():
    one = made("a", customers=[1, 2], cash=[0, -5], churn=[0, math.nan])
    other = made("b", customers=[1, 3], cash=[0, 5], churn=[0, 0.1])
    assert compare(one, other, "customers").as_json()["ratio_at_end"] == {"customers": 1.5, "cash": None, "churn": None}


def test_break_even_is_when_cash_stays_above_nothing():
    one = made("a", customers=[1, 1, 1, 1], cash=[0, -10, -5, 5])
    other = made("b", customers=[1, 2, 3, 4], cash=[0, -10, -20, -30])
    found = compare(one, other, "customers", balance="cash").as_json()
    assert found["break_even_month"] == {"a": pytest.approx(2.5), "b": None}
    assert found["cash_crossover_month"] is None


# Verdicts


def said(baseline, challenger, by="customers", hangs_on=None, unlike=(), runner_up=None, **more):
    comparison = compare(baseline, challenger, by, **more)
    return verdict(comparison, time_unit="month", currency="$", hangs_on=hangs_on, unlike=unlike, runner_up=runner_up)


MONEY = {"outlay": "spent", "balance": "cash"}
WORST = HangsOn("churn", "customers who leave", 0.03, "1/month", 120.0, 100.0, flips=True)

VERDICTS = {
    "the challenger overtakes": (
        said(
            made("funnel", customers=[100, 110, 120], spent=[0, 5e5, 1e6], cash=[0, 1e5, 2e5]),
            made("flywheel", customers=[100, 105, 150], spent=[0, 5e5, 1e6], cash=[0, 0, 3e5]),
            hangs_on=WORST,
            **MONEY,
        ),
        (
            "The flywheel wins over the funnel: after 2 months 150 customers against 120 (25 % more), ahead for good from month 2. "
            "Both spend $1.0M; the flywheel has $300k in cash against $200k, ahead for good from month 2. "
            "That hangs most on churn (customers who leave): at 0.03/month, the funnel would be ahead by 20 %, 120 against 100."
        ),
    ),
    "the baseline wins, after being behind": (
        said(
            made("funnel", customers=[100, 110, 120], spent=[0, 0, 1000], cash=[0, 0, 50]),
            made("plan B", customers=[100, 120, 60], spent=[0, 0, 2000], cash=[0, 0, 20]),
            hangs_on=HangsOn("price", "", 100, "$/account/month", 65.0, 60.0, flips=False),
            unlike=("price", "usual_win"),
            **MONEY,
        ),
        (
            "The funnel wins over plan B: after 2 months 120 customers against 60.0 (2.0 times as much), ahead for good from month 2. "
            "They spend unequally, the funnel $1,000 and plan B $2,000; the funnel has $50 in cash against $20, ahead for good from month 1; "
            "and they are not alike in price, usual win. "
            "That hangs most on price: at $100/account/month, the funnel is ahead by only 8.3 %, 65.0 against 60.0."
        ),
    ),
    "from the start": (
        said(made("a", customers=[100, 110]), made("b", customers=[100, 500])),
        "B wins over a: after 1 month 500 customers against 110 (4.5 times as much), ahead from the start.",
    ),
    "level": (
        said(made("funnel", customers=[100, 200]), made("flywheel", customers=[100, 201]), hangs_on=WORST),
        (
            "The flywheel and the funnel are level: after 1 month 201 customers against 200, 0.5 % apart. "
            "It hangs most on churn (customers who leave): at 0.03/month, the funnel would be ahead by 20 %, 120 against 100."
        ),
    ),
    "nobody at all": (
        said(made("funnel", customers=[0, 0]), made("flywheel", customers=[0, 0])),
        "The flywheel and the funnel are level: after 1 month 0 customers each, 0.0 % apart.",
    ),
    "less is better": (
        said(made("funnel", churn=[0.2, 0.2]), made("flywheel", churn=[0.2, 0.1]), by="churn"),
        "The flywheel wins over the funnel: after 1 month churn of 10.0 % against 20.0 % (50 % less), ahead from the start.",
    ),
    "by cash, below nothing": (
        said(made("funnel", cash=[0.0, -3e6]), made("flywheel", cash=[0.0, 2e6]), by="cash"),
        "The flywheel wins over the funnel: after 1 month cash of $2.0M against -$3.0M, ahead from the start.",
    ),
    "unlike horizons": (
        said(made("funnel", customers=[100, 200, 300]), made("flywheel", customers=[100, 250])),
        "The flywheel wins over the funnel: after 1 month (where the shorter run ends) 250 customers against 200 (25 % more), ahead from the start.",
    ),
    "both have lost some": (
        said(made("funnel", customers=[100, 40]), made("flywheel", customers=[100, 50])),
        (
            "The flywheel wins over the funnel: after 1 month 50.0 customers against 40.0 (25 % more), both fewer than the 100 of the start, "
            "ahead from the start."
        ),
    ),
    "the next best": (
        said(made("funnel", customers=[100, 140]), made("flywheel", customers=[100, 150]), runner_up=made("natural", customers=[100, 145])),
        (
            "The flywheel wins over the funnel: after 1 month 150 customers against 140 (7.1 % more), ahead from the start; "
            "the next best, natural, has 145."
        ),
    ),
    "level where it hangs": (
        said(made("a", customers=[1, 2]), made("b", customers=[1, 3]), hangs_on=HangsOn("x", "", 1, "1", 200.0, 199.0, flips=True)),
        (
            "B wins over a: after 1 month 3.00 customers against 2.00 (50 % more), ahead from the start. "
            "That hangs most on x: at 1, the two would be level, 200 against 199."
        ),
    ),
    "neither is better": (
        said(made("funnel", spent=[0.0, 1e6]), made("flywheel", spent=[0.0, 2e6]), by="spent"),
        "The flywheel ends above the funnel: after 1 month spent of $2.0M against $1.0M (2.0 times as much), above throughout.",
    ),
    "money may be negative": (
        said(
            made("funnel", cash=[0.0, 1.0]),
            made("flywheel", cash=[0.0, 2e6]),
            by="cash",
            hangs_on=HangsOn("x", "", 1, "1", -5e5, 1e6, flips=False),
        ),
        (
            "The flywheel wins over the funnel: after 1 month cash of $2.0M against $1, ahead from the start. "
            "That hangs most on x: at 1, the flywheel is ahead with only $1.0M against -$500k."
        ),
    ),
    "not defined": (
        said(made("funnel", churn=[0.2, math.nan]), made("flywheel", churn=[0.2, 0.1]), by="churn"),
        "No comparison: churn not defined for the funnel in month 1.",
    ),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_what_a_verdict_says(case):
    found, expected = VERDICTS[case]
    assert found == expected


def test_the_verdict_of_the_default_scenario_turns_with_the_numbers():
    study = fw.load("scenarios/saas.toml")
    assert study.run().verdict.startswith("The flywheel wins over the funnel: after 60 months ")
    starved = study.with_strategy("flywheel", set={"budget": "$20k/month"}).with_strategy("natural", set={"budget": "$20k/month"})
    verdict_then = starved.run().verdict
    assert verdict_then.startswith("The funnel wins over ")
    assert "They spend unequally, " in verdict_then


def test_the_same_strategy_twice_is_level():
    study = fw.load("scenarios/saas.toml").with_strategy("natural", like="funnel", off=study_off())
    result = study.run()
    judged = {one["challenger"]: one for one in result.comparisons}["natural"]
    assert judged["ahead"] is None
    assert judged["crossover_month"] is None
    assert judged["verdict"].startswith("Natural and the funnel are level: ")


def study_off():
    return list(fw.load("scenarios/saas.toml").scenario.strategies["funnel"].off)


# Words


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (amount(0, "$"), "$0"),
        (amount(9_994, "$"), "$9,994"),
        (amount(9_995, "$"), "$10.0k"),
        (amount(150_000, "€"), "€150k"),
        (amount(-40_000, "CHF"), "-CHF 40.0k"),
        (amount(-1_234_567, "$"), "-$1.2M"),
        (amount(999_600, "$"), "$1.0M"),
        (amount(2.5e9, "$"), "$2.5bn"),
        (amount(math.nan, "$"), "–"),
        (percent(0.0949), "9.5 %"),
        (percent(0.2), "20 %"),
        (number(0), "0"),
        (number(0.0514), "0.051"),
        (number(0.494), "0.49"),
        (number(20.84), "20.8"),
        (number(302.6), "303"),
        (number(1_234_567), "1.23M"),
        (number(-0.25), "-0.25"),
        (with_unit(5, "month", "$"), "5 months"),
        (with_unit(1, "month", "$"), "1 month"),
        (with_unit(0.02, "1/month", "$"), "0.02/month"),
        (with_unit(0.5, "1", "$"), "0.5"),
        (with_unit(1_000, "account", "$"), "1,000 accounts"),
        (with_unit(25_000, "$/month", "£"), "£25.0k/month"),
        (moment(16.3, "month"), "month 17"),
        (moment(17, "year"), "year 17"),
        (called("flywheel"), "the flywheel"),
        (called("plan B"), "plan B"),
    ],
)
def test_numbers_and_names_as_sentences_need_them(found, expected):
    assert found == expected


def test_what_can_be_counted():
    assert countable(SERIES["customers"])
    assert not countable(SERIES["churn"])
    assert not countable(SERIES["cash"])
    assert not countable(Series("days_open", (None,), "metric", "day"))
