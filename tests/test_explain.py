"""The page that explains a scenario: every number in its sentences is one of a record's, and nothing is claimed that is not so."""

import json
import math
import re

import numpy as np
import pytest
from explained import ALONE, SHOP, Bare, shop
from hypothesis import given
from hypothesis import strategies as st
from whys import attributed, contribution, moving, planned, scored, storm, swung

import flywheel_sim as fw
from flywheel_sim.errors import UsageError
from flywheel_sim.result import Series
from flywheel_sim.study import explain as room
from flywheel_sim.study.explain import explain
from flywheel_sim.study.explain_words import Tongue, coasting, gain_beside, held, hinges, next_move, why
from flywheel_sim.study.loop_words import loops_said, mingled, reigns
from flywheel_sim.study.sensitivity import sobol

CUSTOMERS = Series("customers", (None,), "metric", "account", better="higher")
CASH = Series("cash", (None,), "metric", "$", better="higher")
SHARE = Series("referral_share", (None,), "metric", "1", percent=True)
TONGUE = Tongue({one.name: one for one in (CUSTOMERS, CASH, SHARE)}, frozenset({"comfort"}), "$", "month")
TIED = SHOP.replace('off = ["talk", "habit"]', "").replace(
    "middling]\nsplit = { ads = 0.8, care = 0.2 }", "middling]\nset = { price = 80 }"
)


def text_of(sentences):
    return " ".join(sentences)


@pytest.fixture(scope="module")
def page():
    return explain(shop())


@pytest.fixture(scope="module")
def tied():
    """Care against advertising: which wins hangs on reach."""
    return explain(shop(TIED), "rich")


def section(page, title):
    return next(one for one in page.sections if one.title == title).text


# The page


def test_the_sections_come_in_order(page):
    titles = [one.title for one in page.sections]
    assert titles == [
        "The verdict",
        "Why",
        "Which loop does it, and when",
        "Momentum",
        "What it hangs on",
        "The best next move",
    ]
    assert (page.baseline, page.strategy, page.draws) == ("plain", "middling", None)
    assert not any("cannot be told" in one.text for one in page.sections)


def test_the_verdict_is_that_of_the_run(page):
    assert section(page, "The verdict") == shop().run().verdict


def test_another_strategy_may_be_asked_for(tied):
    assert tied.strategy == "rich"
    verdict = next(one["verdict"] for one in shop(TIED).run().comparisons if one["challenger"] == "rich")
    assert section(tied, "The verdict") == verdict
    assert tied.attribution.challenger == tied.tornado.challenger == tied.regime.challenger == tied.plan.strategy == "rich"
    assert list(tied.momentum) == ["plain", "rich"]
    assert tied.as_json()["comparison"]["challenger"] == "rich"


@pytest.mark.parametrize("name", ["plain", "nobody"])
def test_a_strategy_that_there_is_not_is_refused(name):
    with pytest.raises(UsageError, match=f"no strategy '{name}' beside the baseline"):
        explain(shop(), name)


def test_each_part_is_what_the_study_gives_by_itself(page):
    study = shop()
    assert [one.value for one in page.attribution.contributions] == [one.value for one in study.attribution("middling").contributions]
    assert page.tornado.as_json() == study.tornado("middling").as_json()
    assert [one.as_json() for one in page.tipping] == [one.as_json() for one in study.tipping(challenger="middling")]
    assert page.momentum["middling"].coast.won == pytest.approx(study.momentum("middling").coast.won)
    scores = study.loop_scores("middling")
    assert page.loops.names == scores.names
    assert page.loops.declared["talk"] == pytest.approx(scores.declared["talk"])
    assert page.plan.as_json() == study.optimize("middling", periods=3, generations=6).as_json()
    names = (page.regime.across.name, page.regime.up.name)
    assert page.regime.as_json() == study.regime_map(*names, "middling", size=25).as_json()


def test_what_a_study_is_asked_is_what_its_parts_answer():
    study = shop()
    assert study.loop_scores().names == study.loop_scores("middling", merge=True).names
    asked = {"draws": 16, "of": "cash", "seed": 3, "over": "uncertain", "strategy": "rich", "most": 1}
    assert study.sobol(**asked).as_json() == sobol(study, **asked).as_json()
    assert study.sobol(**asked | {"seed": 4}).as_json() != sobol(study, **asked).as_json()
    assert study.takeovers("talk", draws=8, seed=1).draws == 8
    assert study.explain().text == explain(study).text


def test_the_sentences_of_reasons_are_the_numbers_of_the_attribution(page):
    told, found = section(page, "Why"), page.attribution
    assert told.startswith(
        f"{found.start:.0f} customers with plain and {found.end:.0f} with middling in month 12: +{found.end - found.start:.1f}."
    )
    names = [one.name for one in found.contributions]
    assert names == ["talk", "habit", "spread[care]"]
    talk, habit, care = (one.value for one in found.contributions)
    assert f"The talk loop: +{talk:.1f}; the habit loop: +{habit:.1f}; care share 10 % to 20 %: +{care:.2f}." in told
    assert f"Loops together +{talk + habit:.1f} and levers together +{care:.2f}." in told
    assert talk + habit + care == pytest.approx(found.end - found.start)


def test_the_sentences_of_momentum_are_its_numbers(page):
    told = section(page, "Momentum")
    middling, plain = page.momentum["middling"], page.momentum["plain"]
    assert f"in the 36 months after it middling still wins {middling.coast.won[-1]:.0f} customers" in told
    assert f"{100 * middling.coast.share[-1]:.1f} % of what it would win otherwise" in told
    assert plain.coast.won[-1] == pytest.approx(0, abs=1e-9)
    assert "plain still wins 0 customers" in told
    assert f"is halved in {middling.coast.half_life[-1]:.1f} months for middling." in told
    assert f"To keep the speed of month 12, {middling.speed[-1]:.1f} customers a month, for 12 months takes middling" in told
    assert f"${middling.holding.force[-1]:,.0f}/month, {100 * middling.holding.share[-1]:.0f} % of its spending then" in told
    assert f"The loop gain K of middling in month 12 is {middling.gain[-1]:.2f}" in told
    assert f"each one that is pushed in makes {1 / (1 - middling.gain[-1]):.2f}" in told
    assert f"told share is {100 * shop().run()['middling']['told_share'][-1]:.1f} %" in told


def test_the_sentences_of_ties_are_those_of_tipping(tied):
    told = section(tied, "What it hangs on")
    assert [one.name for one in tied.tipping] == ["reach"]
    assert told.startswith(tied.tipping[0].sentence)
    assert tied.regime.sentence in told
    assert "No single assumption" not in told
    bar = tied.tornado.bars[0]
    assert f"In absolute numbers the {'lead' if tied.tornado.base >= 0 else 'gap'} of rich ({abs(tied.tornado.base):.1f} customers" in told
    assert f"moves most with {bar.title} (" in told
    assert bar.flips
    assert "which turns it" in told


def test_no_tie_is_said_to_be_none(page):
    assert page.tipping == ()
    assert section(page, "What it hangs on").startswith("No single assumption within its plausible range turns who wins.")


def test_the_next_move_is_the_plans(page):
    told = section(page, "The best next move")
    assert told.startswith(text_of(page.plan.sentences))
    assert told.endswith(
        f"This is a first look, at 3 periods of 4 months and {page.plan.evaluations:,} runs: "
        "flywheel optimize looks longer and half-year by half-year."
    )
    assert page.plan.best >= page.plan.today


def test_many_futures(page):
    found = explain(shop(), draws=16, seed=2)
    assert section(found, "The verdict") == shop().run(draws=16, seed=2, keep="quantiles").verdict
    assert (found.attribution.draws, found.draws, found.seed) == (16, 16, 2)
    first = found.attribution.contributions[0]
    assert f"The talk loop: +{first.value:.1f} (5 to 95 %: +{first.low:.1f} to +{first.high:.0f})" in section(found, "Why")
    assert section(found, "Why").startswith("On average over 16 draws, ")
    assert found.takeovers.loop == "talk"
    assert section(found, "Which loop does it, and when").endswith(found.takeovers.sentence)
    assert page.takeovers is None
    json.dumps(found.as_json(), allow_nan=False)


def test_one_object_without_nan(page, tied):
    for one in (page, tied):
        told = json.loads(json.dumps(one.as_json(), allow_nan=False))
        assert told["sections"][0]["sentences"] == [one.result.comparisons[0 if one is tied else 1]["verdict"]]
        assert told["attribution"]["start"] == one.attribution.start
        assert told["loops"]["declared"]["talk"] == list(one.loops.declared["talk"])
        assert told["loops"]["found"] == len(one.loops.names)
        assert set(told["momentum"]) == set(one.momentum)
        assert told["regime_map"]["share"] == one.regime.share
        assert told["plan"]["gain"] == one.plan.gain


def test_it_shows_itself_as_text_and_as_a_table_that_runs_nothing(page):
    assert repr(page) == page.text
    assert page.text.startswith("A shop & its <customers>\n\nThe verdict\nMiddling wins over plain")
    shown = page._repr_html_()
    assert "A shop &amp; its &lt;customers&gt;" in shown
    assert "<customers>" not in shown
    assert shown.count("<h5>") == len(page.sections)


def test_one_strategy_is_told_without_another():
    found = explain(shop(ALONE))
    assert [one.title for one in found.sections][1] == "Which loop does it, and when"
    assert (found.baseline, found.attribution, found.tipping, found.regime) == (None, None, None, None)
    end = shop(ALONE).run()["only"]["customers"][-1]
    verdict = f"There is one strategy, only, and nothing to compare it with: {end:.0f} customers in month 12."
    assert section(found, "The verdict") == verdict
    assert f"What only ends with ({end:.0f} customers in month 12) moves most with" in section(found, "What it hangs on")
    assert "the contribution above" not in found.text
    assert found.as_json()["attribution"] is found.as_json()["comparison"] is None
    with pytest.raises(UsageError, match="no strategy 'only'"):
        explain(shop(ALONE), "only")


def test_what_cannot_be_computed_says_why():
    found = explain(shop(ALONE, Bare))
    assert found.plan is None
    assert found.momentum == {}
    assert section(found, "Momentum") == "This cannot be told: no lever of Bare pushes: there is nothing to stop."
    assert section(found, "The best next move") == "This cannot be told: Bare has no split to decide."
    assert "declares no loops" in section(found, "Which loop does it, and when")
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("part", "title"),
    [
        ("attribution", "Why"),
        ("loops_in", "Which loop does it, and when"),
        ("momentum_in", "Momentum"),
        ("tipping", ""),
        ("regime_map", ""),
        ("optimize", "The best next move"),
    ],
)
def test_a_part_that_fails_leaves_the_others(monkeypatch, page, part, title):
    def fail(*_, **__):
        raise fw.RunError("it broke")

    monkeypatch.setattr(room, part, fail)
    found = explain(shop())
    assert [one.title for one in found.sections] == [one.title for one in page.sections]
    told = [one.title for one in found.sections if one.text == "This cannot be told: it broke."]
    assert told == ([title] if title else [])
    assert found.tornado is not None


def test_a_run_that_fails_is_no_page():
    broken = SHOP.replace("word = { low = 0.01, typical = 0.03, high = 0.05 }", "word = 100")  # more customers than a number can hold
    with pytest.raises(fw.StateError):
        explain(shop(broken))


# Reasons


def test_the_largest_are_named_and_the_rest_gathered():
    values = [30.0, -20.0, 10.0, 5.0, 1.0, 0.5, -0.25]
    found = attributed(
        *(contribution(f"l{place}", value) for place, value in enumerate(values)), contribution("x", 4.0, "lever", title="lever: x 1 to 2")
    )
    told = text_of(why(found, TONGUE))
    assert "100 customers with the funnel and 130 with the flywheel in month 60: +30.2." in told
    assert (
        "The l0 loop: +30.0; the l1 loop: -20.0; the l2 loop: +10.0; the l3 loop: +5.00; x 1 to 2: +4.00; the 3 others together: +1.25."
        in told
    )
    assert "Loops together +26.2 and levers together +4.00." in told


def test_those_below_a_tenth_of_the_largest_are_gathered_after_the_third():
    values = [100.0, 3.0, 2.0, 1.5, 1.0]
    told = text_of(why(attributed(*(contribution(f"l{place}", value) for place, value in enumerate(values))), TONGUE))
    assert "the l2 loop: +2.00; the 2 others together: +2.50." in told
    assert "levers" not in told


def test_what_is_sampled_failed_or_off_is_said():
    found = attributed(
        contribution("delay", 3.0, "friction", low=1.0, high=4.0, error=0.5, title="friction: delay off"),
        contribution("rest", -2.0, "rest", low=-3.0, high=-1.0, title="everything else: churn"),
        exact=False,
        draws=20,
        failed=2,
    )
    told = text_of(why(found, TONGUE))
    assert (
        "Switching off the delay friction: +3.00 (5 to 95 %: +1.00 to +4.00); everything else: churn: -2.00 (5 to 95 %: -3.00 to -1.00)."
        in told
    )
    assert "Frictions together +3.00 and everything else -2.00." in told
    assert "standard errors are up to 0.50" in told
    assert "2 further draws failed" in told


def test_no_difference_is_none():
    for some in ((), (contribution(value=0.0),)):
        told = text_of(why(attributed(*some), TONGUE))
        assert (
            told
            == "100 customers with the funnel and 100 with the flywheel in month 60: 0. Nothing that differs between the two changes that."
        )


def test_money_is_written_as_money():
    told = text_of(why(attributed(contribution(value=-2.5e6), start=4e6, by="cash"), TONGUE))
    assert told.startswith("Cash of $4.0M with the funnel and $1.5M with the flywheel in month 60: -$2.5M. The referral loop: -$2.5M.")


# Loops


def switching(*values):
    """A share that is one value after the other, for as long."""
    return np.repeat(values, 60 // len(values))


def loops_text(scores, *, attributed=True):
    return text_of(loops_said(scores, "flywheel", 60.0, TONGUE, attributed=attributed))


def test_who_leads_at_first_and_who_takes_over():
    scores = scored({"talk": switching(0.1, 0.6, 0.6), "crowd": switching(-0.4, -0.2, -0.2), "idle": 0.01})
    assert [(one.name, one.start, one.end) for one in reigns(scores, 60.0)] == [("crowd", 0, 20), ("talk", 20, 60)]
    assert [one.share for one in reigns(scores, 60.0)] == pytest.approx([-0.4, 0.6])
    told = loops_text(scores)
    assert told.startswith(
        "At first the crowd loop is the strongest declared loop of the flywheel: it balances, 40 % of what all loops do, until month 20. "
        "Then from month 20 on the talk loop (it reinforces, 60 % of what all loops do). Never as much as 5 %: idle. There is one way round."
    )
    assert told.endswith("that is the contribution above.")
    assert "contribution" not in loops_text(scores, attributed=False)


def test_one_loop_throughout():
    told = loops_text(scored({"talk": 0.5}))
    assert told.startswith(
        "The talk loop is the strongest declared loop of the flywheel throughout: it reinforces, 50 % of what all loops do."
    )


def test_a_loop_that_turns_is_told_twice():
    found = reigns(scored({"talk": switching(0.5, -0.5)}), 60.0)
    assert [(one.name, one.end, one.share) for one in found] == [("talk", 30, 0.5), ("talk", 60, -0.5)]


def test_what_is_short_is_left_to_the_loop_before_it():
    talk = np.full(60, 0.5)
    talk[0] = talk[30:32] = 0.0
    crowd = np.where(talk == 0, -0.4, -0.1)
    (one,) = reigns(scored({"talk": talk, "crowd": crowd}), 60.0)
    assert (one.name, one.start, one.end) == ("talk", 0, 60)
    assert one.share == pytest.approx(0.5 * 57 / 60)


def test_what_is_short_between_two_or_at_the_end_is_left_to_the_one_before():
    month = np.arange(60)
    talk = np.where(month < 30, 0.5, 0.1)
    crowd = np.where((month >= 30) & (month < 32), -0.4, 0.05)
    care = np.where((month >= 32) & (month < 58), 0.6, 0.05)
    found = reigns(scored({"talk": talk, "crowd": crowd, "care": care}), 60.0)
    assert [(one.name, one.start, one.end) for one in found] == [("talk", 0, 32), ("care", 32, 60)]


def test_nobody_leads_where_no_share_is_worth_a_word():
    scores = scored({"talk": switching(0.01, 0.5, 0.02)})
    assert [one.name for one in reigns(scores, 60.0)] == ["", "talk", ""]
    told = loops_text(scores)
    assert told.startswith("Until month 20 no declared loop of the flywheel has a share of 5 % of what all loops do.")
    assert "from month 40 on none has as much as 5 %" in told
    assert "keeps a share of 5 %" in loops_text(scored({"talk": 0.04}))


def test_many_changes_are_counted():
    told = loops_text(scored({"talk": switching(*[0.5, 0.1] * 5), "crowd": switching(*[-0.1, -0.5] * 5)}))
    assert "It changes 9 times; the last of them: from month 42 on" in told


def test_shares_that_cannot_be_told_apart_are_no_takeover():
    scores = scored({"talk": switching(0.1, 0.5), "proof": -0.4}, overlap=0.9, exhaustive=False)
    assert mingled(scores)
    told = loops_text(scores)
    assert "largest for proof (40 %) and talk (30 %), on average and whatever their sign" in told
    assert (
        "90 % of what loops do goes round through two of the declared ones or more and counts for each, so that shares do not tell them apart."
        in told
    )
    assert "the 1 strongest that were found were looked at, not all" in told
    assert "takes over" not in told
    assert "Then from" not in told


def test_some_overlap_is_said():
    told = loops_text(scored({"talk": 0.5}, overlap=0.4))
    assert "40 % of what loops do goes round through two of the declared ones or more and counts for each." in told
    assert "counts for each" not in loops_text(scored({"talk": 0.5}, overlap=0.1))


def test_no_loop_at_work_is_said():
    assert (
        loops_text(scored({"talk": 0.5}, rest=range(60))) == "No loop of the flywheel is at work: nothing changes, or all changes evenly."
    )
    assert "declares no loops; the strongest that was found is a → b." in loops_text(scored({}))


# Momentum


def momentum_text(*several):
    return text_of([*coasting(several, TONGUE), *held(several[0], TONGUE), *gain_beside(several[0], TONGUE)])


def test_a_coast_is_told_for_both():
    told = momentum_text(moving(), moving("funnel", won=(50.0, 40.0), pipeline=0.0, half=math.nan))
    assert told.startswith(
        "If all spending stops in month 60, then in the 36 months after it the flywheel still wins 78.0 customers, 39 % of what it would win "
        "otherwise, 20.0 of them on their way already; the funnel still wins 40.0 customers, 20 % of what it would win otherwise. "
        "After the stop, what speed is left is halved in 5.4 months for the flywheel, and not within 36 months for the funnel."
    )
    assert "not halved within 36 months for the flywheel or the funnel" in momentum_text(
        moving(half=math.nan), moving("funnel", half=math.nan)
    )


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((1.2, 0.8), "that share falls over the run, from 120 % in month 0 to 80 % in month 60"),
        ((0.8, 1.2), "that share rises over the run, from 80 % in month 0 to 120 % in month 60"),
        ((1.0, 0.98), "that share hardly changes over the run: 100 % in month 0, 98 % in month 60"),
    ],
)
def test_which_way_the_holding_force_goes(shares, said):
    assert said[0].upper() + said[1:] in momentum_text(moving(share=shares))


@given(st.lists(st.floats(0.01, 2.0), min_size=2, max_size=12))
def test_it_is_never_said_to_fall_where_it_does_not(shares):
    """By more than a twentieth of the largest, over any stretch."""
    from flywheel_sim.study.explain_words import trend

    told = trend([(6.0 * place, share, 1000 * share) for place, share in enumerate(shares)], TONGUE)
    rises = max(later - earlier for place, earlier in enumerate(shares) for later in shares[place:])
    falls = max(earlier - later for place, earlier in enumerate(shares) for later in shares[place:])
    slack = 0.05 * max(shares)
    assert ("falls over" in told) == (rises <= slack < falls)
    assert ("rises over" in told) == (falls <= slack < rises)
    assert ("does not simply fall" in told) == (rises > slack and falls > slack)


def test_a_speed_that_nothing_keeps_is_said():
    told = momentum_text(moving(share=(math.nan, math.nan)))
    assert "No spending up to twice today's keeps the speed of the flywheel" in told


def test_the_gain_never_stands_alone():
    told = text_of(gain_beside(moving(gain=0.5), TONGUE))
    assert told == (
        "The loop gain K of the flywheel in month 60 is 0.50 over a lifetime: each one that is pushed in makes 2.00, itself included; "
        "beside it, referral share is 11.0 %."
    )
    assert "each brings more than itself" in text_of(gain_beside(moving(gain=1.2), TONGUE))
    assert text_of(gain_beside(moving(gain=math.nan), TONGUE)) == ""


def test_a_push_in_many_units_is_told_as_a_share():
    told = text_of(held(moving(force_unit="1"), TONGUE))
    assert "takes the flywheel 80 % of its spending then." in told


# What it hangs on


def test_the_widest_bars_are_told():
    bars = [
        swung("churn", 30, 80),
        swung("comfort", -5, 60, flips=True, unit="1", ends=(0.2, 0.9)),
        swung("word", 50, 55, least=20.0, most=70.0, monotone=False),
        swung("price", 51, 53),
    ]
    told = text_of(hinges(None, storm(*bars), None, TONGUE))
    assert told == (
        "In absolute numbers the lead of the flywheel (52.0 customers) moves most with comfort (-5.00 at 20 %, +60.0 at 90 %, which turns it); "
        "churn (+30.0 at 0.01/month, +80.0 at 0.05/month); word (+50.0 at 0.01/month, +55.0 at 0.05/month, but 20.0 to 70.0 on the way)."
    )
    assert "the gap of the flywheel (3.00 customers behind)" in text_of(hinges(None, storm(*bars, base=-3.0), None, TONGUE))


def test_bars_that_do_nothing_are_none():
    told = text_of(hinges((), storm(swung(low=52, high=52), swung(low=math.nan, high=math.nan)), None, TONGUE))
    assert told == (
        "No single assumption within its plausible range turns who wins. No assumption by itself moves it within its plausible range."
    )


def test_two_ties_are_told_and_the_others_counted(tied):
    many = tuple(tied.tipping[:1]) * 4
    told = text_of(hinges(many, None, None, TONGUE))
    assert told == f"{many[0].sentence} {many[1].sentence} 2 more turn it too, each by itself and further away."


# The next move


def test_one_period_is_one():
    plan = planned()
    told = list(next_move(plan, TONGUE))
    assert tuple(told[:-1]) == plan.sentences
    assert re.search(rf"at {len(plan.periods)} periods? of [\d.]+ months? and {plan.evaluations:,} runs", told[-1])
