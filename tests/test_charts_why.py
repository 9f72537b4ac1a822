"""The charts of reasons as data: what they show, and what their titles find."""

import math

import numpy as np
import pytest
from charted import MEASURES, SAAS
from whys import ABOUT, NAN, attributed, contribution, many_contributions, moving, ramp, scored

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.study.attribution import attribution
from flywheel_sim.study.momentum import momentum
from flywheel_sim.study.sensitivity import tornado
from flywheel_sim.study.tipping import regime_map

CASH = MEASURES[3]

# The waterfall


def three():
    return attributed(
        contribution("referral", 21.0),
        contribution("ads", -9.0, "lever", title="lever: ads share 42 % to 17 %"),
        contribution("proof", 43.0),
    )


def test_the_steps_lead_from_the_baseline_to_the_challenger():
    chart = charts.waterfall(three(), about=ABOUT, command="flywheel explain x")
    assert [(step.name, step.kind) for step in chart.steps] == [
        ("funnel", "strategy"),
        ("proof", "loop"),
        ("referral", "loop"),
        ("ads", "lever"),
        ("flywheel", "strategy"),
    ]
    assert [step.end for step in chart.steps] == [100, 143, 164, 155, 155]
    assert [step.start for step in chart.steps] == [0, 100, 143, 164, 0]
    assert [step.label for step in chart.steps] == ["100", "+43.0", "+21.0", "-9.0", "155"]
    assert chart.steps[3].title == "Ads share 42 % to 17 %"
    assert chart.footer[-1] == "Reproduce: flywheel explain x"


def test_small_contributions_are_gathered_and_nothing_is_lost():
    some = attributed(*many_contributions(14))
    chart = charts.waterfall(some, about=ABOUT)
    *_, others, last = chart.steps
    assert others.title == "3 others"
    assert len(chart.steps) == 14
    assert math.isnan(others.low)
    assert others.end == pytest.approx(some.end)
    assert math.fsum(step.value for step in chart.steps[1:-1]) == pytest.approx(last.end - chart.steps[0].end)
    tiny = charts.waterfall(attributed(contribution("a", 10.0), contribution("b", 0.01), contribution("c", -0.02)), about=ABOUT)
    assert [step.name for step in tiny.steps] == ["funnel", "a", "others", "flywheel"]
    alone = charts.waterfall(attributed(contribution("a", 10.0), contribution("b", 0.01)), about=ABOUT)
    assert [step.name for step in alone.steps] == ["funnel", "a", "b", "flywheel"]


def test_whiskers_stand_where_the_bar_does():
    chart = charts.waterfall(attributed(contribution("a", 30.0), contribution("b", -8.0, low=-12.0, high=2.0), draws=9), about=ABOUT)
    step = chart.steps[2]
    assert (step.start, step.end, step.low, step.high) == (130, 122, 118, 132)
    assert "means of 9 draws, whiskers from 5 to 95 %" in chart.subtitle


def test_an_axis_far_from_zero_says_so():
    near = charts.waterfall(attributed(contribution("a", 10.0), start=200.0), about=ABOUT).across
    assert 190 < near.low < 200
    assert near.high > 210
    assert near.label == "Customers in month 60 (the axis does not begin at 0)"
    far = charts.waterfall(attributed(contribution("a", 300.0), start=200.0), about=ABOUT).across
    assert (far.low, far.label) == (0, "Customers in month 60")
    below = charts.waterfall(attributed(contribution("a", 1.0), start=-200.0), about=ABOUT).across
    assert below.low < -200
    assert -199 < below.high < 0
    through = charts.waterfall(attributed(contribution("a", 1.0), start=-0.5), about=ABOUT).across
    assert through.low < 0 < through.high


WATERFALLS = {
    "ahead": (three(), None, "The proof loop brings 43.0 of the 55.0 customers the flywheel is ahead; ads share 42 % to 17 % costs 9.0"),
    "all": (attributed(contribution()), None, "The referral loop makes up all of the 10.0 customers the flywheel is ahead"),
    "nothing costs": (
        attributed(contribution("a", 7.0), contribution("b", 4.0)),
        None,
        "The a loop brings 7.0 of the 11.0 customers the flywheel is ahead",
    ),
    "more than all": (
        attributed(contribution("a", 20.0), contribution("b", -15.0, "friction", title="friction: b off")),
        None,
        "The a loop brings 20.0, switching off the b friction costs 15.0: the flywheel ends 5.0 customers ahead",
    ),
    "behind": (
        attributed(contribution("a", -20.0, "rest", title="everything else: price"), contribution("b", -5.0)),
        None,
        "Everything else costs 20.0 of the 25.0 customers the flywheel is behind",
    ),
    "level": (
        attributed(contribution("a", 20.0), contribution("b", -20.0)),
        None,
        "The flywheel ends level with the funnel: the a loop brings 20.0; the b loop costs 20.0",
    ),
    "money": (
        attributed(contribution("a", 3e6), contribution("b", -1e6), start=-5e6, by="cash"),
        CASH,
        "The a loop adds $3.0M, the b loop takes away $1.0M: the cash of the flywheel ends $2.0M higher",
    ),
    "most of the money": (
        attributed(contribution("a", -3e6), contribution("b", -1e6), start=-5e6, by="cash"),
        CASH,
        "The a loop takes away $3.0M of the $4.0M by which the cash of the flywheel is lower",
    ),
    "draws": (
        attributed(contribution("a", 7.0), contribution("b", 4.0), draws=3),
        None,
        "On average, the a loop brings 7.0 of the 11.0 customers the flywheel is ahead",
    ),
    "no difference": (attributed(), None, "Nothing is different between the flywheel and the funnel"),
    "no effect": (
        attributed(contribution("a", 0.0)),
        None,
        "Nothing that differs between the flywheel and the funnel changes the customers in month 60",
    ),
}


@pytest.mark.parametrize("case", WATERFALLS)
def test_a_waterfall_finds_what_brings_and_what_costs_most(case):
    some, series, title = WATERFALLS[case]
    assert charts.waterfall(some, series=series, about=ABOUT).title == title


def test_a_waterfall_says_how_exact_it_is():
    some = attributed(contribution("a", 7.0, error=0.25), contribution("b", 1.0, error=0.5), exact=False, draws=4, failed=2)
    assert charts.waterfall(some, about=ABOUT).subtitle.endswith(
        "means of 4 draws, whiskers from 5 to 95 %; 2 failed and left out; orders sampled, standard errors up to 0.50"
    )
    assert "sampled" not in charts.waterfall(three(), about=ABOUT).subtitle


# The shares of loops


def test_shares_are_those_of_the_scores_and_hold_to_the_end():
    scores = scored({"referral": ramp(-0.2, 0.6), "proof": ramp(0.5, 0.1), "practice": 0.01})
    chart = charts.loop_shares(scores, about=ABOUT)
    found = {line.name: line for line in chart.plot.lines}
    assert found.keys() == {"Referral", "Proof"}
    assert found["Referral"].values == (*scores.declared["referral"].tolist(), 0.6)
    assert found["Referral"].times == tuple(range(61))
    assert chart.plot.across.high == 60
    assert "never as much as 2.0 %: practice" in chart.subtitle.replace("2 %", "2.0 %")
    assert chart.plot.up.high > 1.1 * 0.6  # room for who is the strongest
    assert max(chart.plot.up.ticks) <= 0.64


def test_a_loop_reigns_from_where_it_is_the_strongest():
    chart = charts.loop_shares(scored({"referral": ramp(0.0, 0.59), "proof": ramp(-0.59, 0.0)}), about=ABOUT)
    assert [(one.name, one.start, one.end, one.label) for one in chart.reigns] == [
        ("Proof", 0, 30, ""),
        ("Referral", 30, 60, "month 30"),
    ]
    assert chart.title == "Proof is the strongest loop until month 30, then referral takes over"
    blip = np.where(np.arange(60) == 20, 0.9, 0.1)
    calm = charts.loop_shares(scored({"referral": 0.5, "proof": blip}), about=ABOUT)
    assert [one.name for one in calm.reigns] == ["Referral"]
    assert calm.title == "Referral is the strongest loop throughout, with 50 % at the end"


LOOPS = {
    "one": ({"referral": 0.4}, {}, "flywheel", "Referral of the flywheel does 40 % of what all loops do at the end"),
    "thrice": (
        {"a": [0.9] * 20 + [0.1] * 20 + [0.8] * 20, "b": 0.5},
        {},
        "",
        "The strongest loop changes twice: from month 40 on it is a, with 80 % at the end",
    ),
    "a rival": (
        {"referral": 0.5, "proof": -0.48},
        {},
        "",
        "Referral is the strongest loop throughout, with 50 %, next to proof with -48 % at the end",
    ),
    "at rest": ({"a": 0.4, "b": 0.2}, {"rest": range(60)}, "", "No loop is at work: nothing changes, or all changes evenly"),
    "comes to rest": (
        {"a": 0.4, "b": 0.2},
        {"rest": range(45, 60)},
        "",
        "A is the last loop at work: from month 45 on nothing changes",
    ),
    "begins late": ({"a": 0.4, "b": 0.2}, {"rest": range(20)}, "", "A is the strongest loop from month 20 on, with 40 % at the end"),
}


@pytest.mark.parametrize("case", LOOPS)
def test_loop_shares_find_who_takes_over(case):
    declared, options, strategy, title = LOOPS[case]
    assert charts.loop_shares(scored(declared, **options), strategy=strategy, about=ABOUT).title == title


def test_loop_shares_say_what_they_do_not_know():
    chart = charts.loop_shares(scored({"a": 0.4, "b": 0.2}, overlap=0.5, exhaustive=False, rest=[3]), about=ABOUT)
    assert "a way round through two of these loops counts for both (50 % of all on average)" in chart.subtitle
    assert "from the 1 strongest ways round that were found, not from all" in chart.subtitle
    assert [math.isnan(value) for value in chart.plot.lines[0].values[2:5]] == [False, True, False]
    sure = charts.loop_shares(scored({"a": 0.4, "b": 0.2}), about=ABOUT)
    assert "counts for both" not in sure.subtitle
    assert "strongest ways" not in sure.subtitle


def test_without_declared_loops_those_that_were_found_are_shown():
    found = {"R1 a → b": 0.7, "B1 a → c": -0.3, "B2 z": -1.0}
    scores = scored({}, found=found, component=[0, 0, 1], uncontested=[False, False, True])
    assert {line.name for line in charts.loop_shares(scores, about=ABOUT).plot.lines} == {"R1 a → b", "B1 a → c"}
    chosen = charts.loop_shares(scores, only=["B2 z", "R1 a → b"], about=ABOUT)
    assert {line.name: line.label for line in chosen.plot.lines} == {"B2 z": "alone", "R1 a → b": "70 %"}
    assert "its share says nothing; shares of loops that have nothing in common are not comparable" in chosen.subtitle
    with pytest.raises(fw.UsageError, match="did you mean 'B2 z'"):
        charts.loop_shares(scores, only=["B2 y"], about=ABOUT)
    with pytest.raises(fw.UsageError, match="nothing to show"):
        charts.loop_shares(scored({}, found={}), about=ABOUT)


def test_many_loops_are_too_many():
    chart = charts.loop_shares(scored({f"loop_{number}": 0.05 * number for number in range(1, 12)}), about=ABOUT)
    assert [line.name for line in chart.plot.lines] == [f"Loop {number}" for number in range(11, 3, -1)]
    assert "3 more not shown" in chart.subtitle
    assert len({line.style for line in chart.plot.lines}) == 8


# Coasting and holding


def pair():
    return [moving("funnel", won=(30.0, 12.0), pipeline=11.0, gain=0.0, half=3.0), moving(won=(20.0, 41.0), pipeline=12.0)]


def test_a_coast_shows_who_is_won_and_who_was_on_the_way():
    chart = charts.coast(pair(), about=ABOUT)
    assert [line.name for line in chart.plot.lines] == ["Flywheel", "Funnel"]
    assert chart.plot.lines[0].values == pair()[1].coast.won
    assert chart.plot.lines[0].label == "41.0 (20 %)"
    assert [one.values[-1] for one in chart.pipelines] == [12, 11]
    assert chart.plot.up.label == "Customers won in the 36 months after all spending stops"
    assert chart.title == "Stopped in month 60, the flywheel still wins 41.0 customers in 36 months, the funnel 12.0"
    assert "the flywheel after 5.4 months, the funnel after 3 months" in chart.subtitle
    assert "loop gain at the end: the flywheel 0.50 with referral share 11 %, the funnel 0.00" in chart.subtitle
    assert charts.coast([moving(pipeline=0.0)], about=ABOUT).pipelines == ()


def test_one_strategy_alone_coasts():
    chart = charts.coast(moving(gain=1.2, half=NAN, won=(60.0, 220.0)), about=ABOUT)
    assert chart.title == "Stopped in month 60, the flywheel still wins 220 customers in 36 months, 110 % of what it would have won"
    assert "loop gain at the end (from 1 on it grows by itself): the flywheel 1.20" in chart.subtitle
    assert "more than 36 months" in chart.subtitle
    failed = charts.coast(moving(won=(NAN, NAN)), about=ABOUT)
    assert failed.title == "Nobody can tell what is won after a stop in month 60: the runs fail"
    with pytest.raises(fw.UsageError, match="there is no momentum to show"):
        charts.coast([], about=ABOUT)


HELD_BY = {
    "falls": ([moving(share=(1.2, 0.4))], "To keep its speed from month 60 on, the flywheel needs 40 % of its spending"),
    "two": (
        [moving("funnel", share=(1.0, 1.0)), moving(share=(1.2, 0.4))],
        "To keep its speed from month 60 on, the flywheel needs 40 % of its spending and the funnel 100 %",
    ),
    "least before": (
        [moving("funnel", share=(1.0, 1.0)), moving(share=(0.5, 0.9))],
        "To keep its speed from month 60 on, the flywheel needs 90 % of its spending and the funnel 100 %; it was least in month 0 for the flywheel, 50 %",
    ),
    "nothing": ([moving(share=(0.0, 0.0))], "To keep its speed from month 60 on, the flywheel needs no spending at all"),
    "one cannot": (
        [moving("funnel", share=(NAN, NAN)), moving(share=(0.7, 0.7))],
        "To keep its speed from month 60 on, the flywheel needs 70 % of its spending",
    ),
    "none can": ([moving(share=(NAN, NAN))], "No spending up to 2 times that of month 60 keeps the speed of the flywheel"),
}


@pytest.mark.parametrize("case", HELD_BY)
def test_holding_finds_what_part_of_the_spending_it_takes(case):
    several, title = HELD_BY[case]
    assert charts.holding(several, about=ABOUT).title == title


def test_holding_shows_shares_money_and_what_is_not_enough():
    chart = charts.holding([moving("funnel", share=(NAN, NAN)), moving(share=(1.2, 0.4), several=(30.0,))], about=ABOUT)
    assert [line.label for line in chart.plot.lines] == ["40 % ($60.0k/month)", "none found"]
    assert chart.several == ((30.0, pytest.approx(0.8)),)
    assert chart.several_label == "ring: somewhat more than that would not keep it"
    assert "for the funnel nothing up to 2 times that keeps the speed of 11 of 11 months" in chart.subtitle
    assert chart.plot.up.high > 1.2
    low = charts.holding(moving(share=(0.3, 0.1), force_unit="1"), about=ABOUT)
    assert low.plot.up.high > 1  # all of the spending is always in sight
    assert (low.several, low.several_label, low.plot.lines[0].label) == ((), "", "10 %")


# On a real scenario


@pytest.fixture(scope="module")
def saas():
    study = fw.load(SAAS)
    return study, study.run().about


def test_the_charts_take_what_the_analyses_give(saas):
    study, about = saas
    found = attribution(study, "natural")
    waterfall = charts.waterfall(found, about=about)
    assert waterfall.steps[-1].end == found.end
    assert len(waterfall.steps) == 2 + len(found.contributions)
    measured = momentum(study, "natural", every=12)
    assert charts.coast(measured, about=about).plot.lines[0].values == measured.coast.won
    assert charts.holding(measured, about=about).plot.lines[0].values == measured.holding.share
    swings = tornado(study, points=0)
    assert [one.name for one in charts.tornado(swings, about=about).swings] == [one.name for one in swings.bars[:12]]
    border = regime_map(study, "churn", "referral_edge", size=5)
    assert charts.regime(border, about=about).gaps == border.gaps


def test_loops_that_overlap_have_no_leader():
    """Where most ways round run through several declared loops, the title names none of them, as the page does not."""
    mixed = scored({"proof": ramp(0.0, 0.4), "referral": 0.2}, overlap=0.9)
    chart = charts.loop_shares(mixed, about=ABOUT, strategy="flywheel")
    assert chart.title == "The loops of the flywheel overlap so much that shares do not tell which of them leads"
    assert chart.reigns == ()
    assert charts.loop_shares(mixed, about=ABOUT, only=["proof"]).reigns
