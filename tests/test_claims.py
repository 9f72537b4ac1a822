"""Claims put to the test: each experiment against a closed form, borders, and what is said of flywheels."""

import json
import math

import pytest

import flywheel_sim as fw
from flywheel_sim import Model, claim, constant, dimension, flow, group, lever, loop, metric, outside, param, split, stock
from flywheel_sim.cli import main
from flywheel_sim.experiments import at, falls, holding_force, missing, off, pays_back, rises, shift, steadier, turned
from flywheel_sim.library import Growth
from flywheel_sim.measures import into, trailing
from flywheel_sim.study.bench import Bench

month = constant(1, "month")
outlet = dimension("sowing", "weeding")


class Garden(Model):
    """Everything grows or wilts evenly, so that every experiment has an answer that can be worked out."""

    water = lever(10, "item/month", (0, 100), "what is poured on", force=True)
    care = split(outlet(sowing=0.5, weeding=0.5), "what the gardener does")
    sunny = lever(0, "1", (0, 1), "a sunny place", limits=(0, 1))
    gain = param(5, "item/month", (1, 9), "what sun gives")
    shade = param(4, "item/month", (0, 8), "what shade gives")
    rot = param(0.1, "1/month", (0.01, 0.5), "what rots")
    soil = loop("R1", "leaves become soil")
    leaf_mould = param(2, "item/month", (0, 9), "what soil gives")
    plants = stock(100, "item")
    grow = flow(
        outside >> plants,
        rate=gain * sunny + shade * (1 - sunny) + soil.gate(leaf_mould, off=0) + 4 * care["sowing"] * constant(1, "item/month"),
    )
    compost = stock(40, "item")
    fill = flow(outside >> compost, rate=water)
    wilt = flow(compost >> outside, hazard=rot)
    everything = group(plants, compost)
    grown = metric(trailing(into(plants), month), "item/month", "what grew")
    filled = metric(trailing(into(compost), constant(1, "month")), "item/month", "what was poured on")
    price = metric(1 / plants, "1/item", "what a plant costs", better="lower")
    headline = plants


FILE = """
title = "Garden"
model = "garden"
months = 12
[strategies.plain]
[strategies.sunny]
set = { sunny = 1 }
"""


@pytest.fixture
def garden(tmp_path):
    path = tmp_path / "garden.toml"
    path.write_text(FILE)
    return fw.load(path, Garden)


def one(study, test, hinges=(), **options):
    (finding,) = study.claims(claims=[claim(1, "It is so", test, hinges)], **options)
    return finding


g = Garden


# Experiments


def test_a_trend_is_followed_to_the_end(garden):
    """Sunny: 100 plants and 9 more a month; compost tends to 100 from 40."""
    assert one(garden, rises(g.plants, first=2)).outcome == "holds"
    assert one(garden, falls(g.plants, first=2)).outcome == "fails"
    assert one(garden, rises(g.plants, first=2)).evidence == "plants of sunny goes from 118 in month 2 to 208 in month 12"
    assert one(garden, rises(g.grown, first=2)).here is False  # even growth is no rise


def test_a_trend_of_the_pipeline_is_the_baselines(garden):
    assert "plants of plain goes from 116" in one(garden, rises(g.plants, first=2, pipeline=True)).evidence


def test_a_trend_must_be_weaker_under_the_variation(garden):
    assert one(garden, rises(g.plants, first=2, more_than=off(g.soil))).here is True
    assert one(garden, rises(g.compost, first=2, more_than=off(g.soil))).here is False  # soil does nothing for compost
    found = one(garden, rises(g.plants, first=2, more_than=off(g.soil) & shift("sowing", to="weeding")))
    assert found.evidence.endswith("; without soil and with the share of sowing given to weeding it would be 160")


def test_what_pays_back_is_worse_first_and_better_at_the_end(garden):
    assert one(garden, pays_back(g.plants)).here is False  # better from the start
    dear = garden.with_strategy("plain", set={"sunny": 1}).with_strategy(
        "sunny", moves=[{"lever": "sunny", "kind": "step", "at": 4, "to": 0}], set={"sunny": 1}
    )
    assert one(dear, pays_back(g.plants)).here is False  # worse at the end
    late = (
        garden.with_values(gain=9)
        .with_strategy("sunny", set={"sunny": 0}, moves=[{"lever": "sunny", "kind": "step", "at": 6, "to": 1}])
        .with_strategy("plain", set={"sunny": 0.3})
    )
    found = one(late, pays_back(g.plants))
    assert found.here is True
    assert "in month 6, " in found.evidence


def test_a_dial_is_turned(garden):
    """12 (gain - shade) plants more of 136 or so."""
    assert one(garden, turned(g.plants, at(g.sunny, 0), at(g.sunny, 1))).here is True
    assert one(garden, turned(g.plants, at(g.sunny, 1), at(g.sunny, 0))).here is False
    assert one(garden, turned(g.price, at(g.sunny, 0), at(g.sunny, 1))).here is True  # less is better
    found = one(garden, turned(g.plants, at(g.care["sowing"], 0), at(g.care["sowing"], 1)))
    assert found.evidence == "plants of sunny at the end: 232 with care[sowing] at 1, 184 with care[sowing] at 0"


@pytest.mark.parametrize(("before", "after"), [((0.5, 0.5), (0.8, 0.2)), ((0.1, 0.9), (0.8, 0.2)), ((1, 0), (0.8, 0.2))])
def test_one_share_takes_from_the_others(garden, before, after):
    study = garden.with_strategy("sunny", split=dict(zip(("sowing", "weeding"), before, strict=True)))
    bench = Bench.of(study, "sunny")
    given = bench.inputs("sunny", {}, at(g.care["sowing"], 0.8)).parameters
    assert [given[slot] for slot in bench.shares()] == pytest.approx(after)


def test_what_would_be_missing(garden):
    found = one(garden, missing(g.plants, off(g.soil)))
    assert (found.here, found.evidence) == (True, "plants of sunny at the end: 208, 184 without soil")
    assert one(garden, missing(g.compost, off(g.soil))).here is False


@pytest.mark.parametrize("water", [2, 10, 50])
def test_the_force_that_holds_a_speed(garden, water):
    """Compost C' = water - C / 10: at month 6 it is held, 24 months later, by what gives it that value again."""
    study = garden.with_strategy("sunny", set={"water": water})
    there = 10 * water + (40 - 10 * water) * math.exp(-0.6)
    share = (there - there * math.exp(-2.4)) / (1 - math.exp(-2.4)) / 10 / water
    found = one(study, holding_force(g.compost, month=6, most=0.5))
    assert found.here is (share < 0.5)
    told = float(found.evidence.split(" %")[0]) / 100
    assert told == pytest.approx(share, abs=0.01)


def test_a_speed_that_needs_no_force_and_one_that_none_can_hold(garden):
    assert one(garden, holding_force(g.plants, month=6, most=0.5)).evidence.startswith("sunny holds its 154 plants with no water at all")
    gone = garden.with_strategy("sunny", set={"water": 0})
    assert one(gone, holding_force(g.compost, month=6, most=0.5)).evidence.startswith("not even 4 times the water of month 6 holds ")


def test_what_is_uncertain_spreads_more_or_less(garden):
    """Plants differ by the time they have grown; compost forgets how it began."""
    unsure = garden.with_values(shade={"low": 1, "typical": 4, "high": 7}).with_strategy("sunny", set={"sunny": 0})
    found = one(unsure, steadier(g.plants, first=2, draws=50))
    assert found.here is False
    assert found.evidence.startswith("over 50 draws of shade, plants of sunny is spread by ")
    assert one(unsure, steadier(g.plants, first=2, draws=50)).evidence == found.evidence  # drawn alike each time


# Borders


def test_the_border_is_where_the_claim_turns(garden):
    """148 + 12 gain is 1 % above 148 + 12 shade, with 4 of shade, at gain 4.165."""
    found = one(garden, turned(g.plants, at(g.sunny, 0), at(g.sunny, 1)), hinges=(g.gain,))
    assert found.outcome.startswith("holds only when gain (what sun gives) is above ")
    assert found.here is True
    assert found.border.value == pytest.approx(((148 + 48) / 0.99 - 148) / 12, abs=0.01)
    assert found.border.above


@pytest.mark.parametrize("hinges", [(g.gain, g.shade), (g.shade, g.gain), (g.shade, g.rot)])
def test_the_nearest_of_several_borders_is_told(garden, hinges):
    """Shade turns it at 4.827, 0.827 away of a range of 8; gain at 4.165, 0.835 away."""
    found = one(garden, turned(g.plants, at(g.sunny, 0), at(g.sunny, 1)), hinges=hinges)
    assert (found.border.parameter, found.border.above) == ("shade", False)
    assert found.border.value == pytest.approx((208 * 0.99 - 148) / 12, abs=0.01)


def test_a_claim_that_fails_has_a_border_too(garden):
    found = one(garden.with_values(gain=2), turned(g.plants, at(g.sunny, 0), at(g.sunny, 1)), hinges=(g.gain,))
    assert (found.here, found.border.above) == (False, True)


def test_where_no_parameter_turns_it_there_is_no_border(garden):
    assert one(garden, rises(g.plants, first=2), hinges=(g.rot, g.gain)).outcome == "holds"


# What cannot be asked


def test_what_has_no_value_cannot_be_tested():
    study = fw.load("scenarios/saas.toml").with_strategy("flywheel", set={"budget": 0}, split={"ads": 1})
    nothing = dict.fromkeys(("ads", "attract", "engage", "delight", "practice", "programme", "alignment"), 0)
    study = study.with_values(organic_leads=0, start_customers=0, start_prospects=0, start_deals=0, start_investment=nothing)
    (finding,) = study.claims("flywheel", [claim(1, "It gets cheaper", falls(Growth.acquisition_cost, first=12))])
    assert (finding.outcome, finding.here) == ("cannot be tested", None)
    assert finding.evidence == "acquisition cost is not defined in month 12"


def test_without_claims_or_strategies_there_is_nothing_to_test(garden, tmp_path):
    with pytest.raises(fw.UsageError, match="nothing is claimed of the model garden"):
        garden.claims()
    with pytest.raises(fw.UsageError, match="no strategy 'suny' beside the baseline"):
        one(garden, rises(g.plants, first=1), strategy="suny")
    with pytest.raises(fw.UsageError, match="no strategy 'plain' beside the baseline"):
        one(garden, rises(g.plants, first=1), strategy="plain")
    alone = tmp_path / "alone.toml"
    alone.write_text(FILE.split("[strategies.sunny]", maxsplit=1)[0])
    with pytest.raises(fw.UsageError, match="claims are tested by comparing strategies"):
        one(fw.load(alone, Garden), rises(g.plants, first=1))


# What is said of flywheels


SCENARIOS = ("saas", "early-stage", "funnel-wins")


@pytest.fixture(scope="module")
def found():
    return {name: {one.number: one for one in fw.load(f"scenarios/{name}.toml").claims("flywheel")} for name in SCENARIOS}


def test_there_are_eleven_of_a_business_that_grows(found):
    for findings in found.values():
        assert list(findings) == list(range(1, 12))
        assert all(finding.here is not None for finding in findings.values())


def test_they_come_out_differently_in_different_businesses(found):
    came_out = {name: tuple(one.here for one in findings.values()) for name, findings in found.items()}
    assert len(set(came_out.values())) == 3
    assert found["saas"][2].here
    assert not found["funnel-wins"][2].here


def test_some_hold_some_fail_and_some_have_a_border(found):
    outcomes = {finding.outcome.split(" when")[0] for finding in found["saas"].values()}
    assert outcomes == {"holds", "fails", "holds only"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_turns_when_its_parameter_is_turned_past_its_border(name, found):
    study = fw.load(f"scenarios/{name}.toml")
    turned_over = 0
    for finding in found[name].values():
        border = finding.border
        if border is None:
            continue
        claims = [one for one in fw.library.claims_about(Growth) if one.number == finding.number]
        further = border.value + 0.01 * (border.value - border.here)
        nearer = border.value - 0.01 * (border.value - border.here)
        base, _, label = border.parameter.rstrip("]").partition("[")
        for value, expected in ((further, not finding.here), (nearer, finding.here)):
            changed = study.with_values(**{base: {label: value} if label else value})
            (again,) = changed.claims("flywheel", [claim(one.number, one.sentence, one.test) for one in claims])
            assert again.here is expected, (finding.number, border.parameter, value)
        turned_over += 1
    assert turned_over >= 2


def test_the_twelfth_is_about_marketplaces():
    study = fw.load("scenarios/marketplace.toml")
    (finding,) = study.claims()
    assert (finding.number, finding.here) == (12, True)
    (alone,) = study.with_strategy("flywheel", off=["selection", "prices", "sales", "talk"]).claims("flywheel")
    assert alone.here is False


# The command


def test_as_json(capsys):
    assert main(["claims", "scenarios/marketplace.toml", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["model"] == "marketplace"
    assert [one["number"] for one in printed["claims"]] == [12]
    for one in printed["claims"]:
        assert set(one) == {"number", "claim", "outcome", "holds_here", "evidence", "border"}
        assert one["outcome"].startswith(("holds", "fails"))
        assert (one["border"] is not None) == one["outcome"].startswith("holds only when")


def test_what_the_command_refuses(capsys):
    assert main(["claims", "scenarios/saas.toml", "--strategy", "natual"]) == 2
    assert "did you mean 'natural'?" in capsys.readouterr().err
