"""What one assumption does to an outcome: its ends confirmed by running both strategies there."""

import json
import math

import pytest

import flywheel_sim as fw
from flywheel_sim import Model, constant, dimension, flow, lever, metric, outside, param, stock, where
from flywheel_sim.errors import UsageError
from flywheel_sim.study.sensitivity import tornado

kind = dimension("cold", "warm")


class Hill(Model):
    """What comes in is a sum, in which one assumption rises and falls."""

    slope = param(1, "account/month", (0, 4), "what the lever multiplies")
    peak = param(0.5, "1", (0, 2), "best at 1")
    plain = param(2, "account/month", (1, 3), "the same in both")
    by_kind = param(kind(cold=0.2, warm=0.2), "account/month", (0, 1))
    fixed = param(1, "account/month", note="of which no range is known")
    fragile = param(1, "1", (-1, 1), "nothing is defined where it is below -0.6", limits=(-1, 1))
    push = lever(1, "1", (0, 9), "what a strategy does")
    own = param(0, "account/month", (0, 1), "what one strategy alone has")
    customers = stock(10, "account")
    come = flow(
        outside >> customers,
        rate=push * (slope - 1.5 * fixed)
        + push * fixed * (2 * peak - peak**2)
        + plain
        + own
        + by_kind["cold"]
        + by_kind["warm"]
        + 0 * fixed * (fragile + 0.6) ** 0.5,
    )
    dear = metric(1 / customers, "1/account", "what a customer costs", better="lower")
    kept = metric(where(slope > fixed * 3.9, customers / (0 * push), customers), "account", "undefined where the slope is steep")
    above = metric(customers - constant(30, "account"), "account", "how many more than thirty")
    headline = customers


FILE = """
title = "Hill"
model = "hill"
months = 10
[values]
VALUES
[strategies.calm]
[strategies.keen]
set = { push = 3 }
[strategies.other]
set = { push = 2, own = 1 }
"""


def study_of(tmp_path, values=""):
    path = tmp_path / "hill.toml"
    path.write_text(FILE.replace("VALUES", values))
    return fw.load(path, Hill)


def bars_of(found):
    return {one.name: one for one in found.bars}


def lead_at(study, strategy="keen", by="customers", **values):
    """How far a strategy is ahead, by a run of both."""
    result = study.with_values(**values).run()
    return result[strategy].value(by) - result["calm"].value(by)


def test_both_sides_of_every_assumption(tmp_path):
    study = study_of(tmp_path)
    found = tornado(study, "keen")
    assert found.base == pytest.approx(lead_at(study))
    assert found.base == pytest.approx(10 * 2 * (1 - 1.5 + 0.75))
    bars = bars_of(found)
    for name, (low, high) in {"slope": (0, 4), "peak": (0, 2), "plain": (1, 3)}.items():
        one = bars[name]
        assert (one.low, one.high) == (low, high)
        assert one.at_low == pytest.approx(lead_at(study, **{name: low}), abs=1e-9)
        assert one.at_high == pytest.approx(lead_at(study, **{name: high}), abs=1e-9)
    assert [one.swing for one in found.bars[:3]] == pytest.approx([80, 20, 0], abs=1e-9)
    assert [one.name for one in found.bars[:2]] == ["slope", "peak"]
    assert (found.baseline, found.challenger, found.by, found.of, found.month) == ("calm", "keen", "customers", "lead", 10)
    assert found.runs == 2 * (1 + 7 * len(found.bars))
    assert "fixed" not in bars


def test_a_hill_within_the_range_is_seen(tmp_path):
    """20 (2 p - p^2) - 10, from -10 up to 10 and down again."""
    bars = bars_of(tornado(study_of(tmp_path), "keen"))
    peak = bars["peak"]
    assert (peak.at_low, peak.at_high, peak.least, peak.most) == pytest.approx((-10, -10, -10, 10), abs=1e-9)
    assert not peak.monotone
    assert bars["slope"].monotone
    assert bars["plain"].monotone
    ends_only = bars_of(tornado(study_of(tmp_path), "keen", points=0))["peak"]
    assert ends_only.most == pytest.approx(5)  # where it stands, half way up: what is known without looking further
    assert not ends_only.monotone


def test_which_assumptions_turn_the_winner(tmp_path):
    found = tornado(study_of(tmp_path), "keen")
    assert {one.name for one in found.bars if one.flips} == {"slope", "peak"}
    behind = tornado(study_of(tmp_path, "slope = 0.6"), "keen")
    assert behind.base == pytest.approx(-3)
    assert {one.name for one in behind.bars if one.flips} == {"slope", "peak"}


def test_less_is_better(tmp_path):
    study = study_of(tmp_path)
    found = tornado(study, "keen", by="dear")
    assert found.base == pytest.approx(-lead_at(study, by="dear"))
    assert found.base > 0
    assert bars_of(found)["slope"].at_low == pytest.approx(-lead_at(study, by="dear", slope=0))
    assert bars_of(found)["slope"].flips


def test_the_range_that_the_scenario_states(tmp_path):
    stated = 'slope = { low = 2, high = 3, distribution = "uniform" }\nplain = 12'
    bars = bars_of(tornado(study_of(tmp_path, stated), "keen"))
    assert (bars["slope"].low, bars["slope"].high) == (2, 3)
    assert (bars["plain"].low, bars["plain"].high) == (6, 18)  # the model's, in proportion


def test_one_value_for_all_labels_is_one_assumption(tmp_path):
    apart = bars_of(tornado(study_of(tmp_path), "keen", of="customers"))
    assert apart["by_kind[cold]"].swing == pytest.approx(10)
    assert apart["by_kind[cold]"].title == "by kind, cold"
    together = bars_of(tornado(study_of(tmp_path, "by_kind = { low = 0, typical = 0.2, high = 1 }"), "keen", of="customers"))
    assert together["by_kind"].swing == pytest.approx(20)
    assert "by_kind[cold]" not in together


def test_a_series_of_one_strategy(tmp_path):
    study = study_of(tmp_path)
    found = tornado(study, "calm", of="customers")
    assert (found.baseline, found.challenger, found.by, found.of) == (None, "calm", "customers", "customers")
    assert found.base == pytest.approx(study.run()["calm"].value("customers"))
    assert bars_of(found)["plain"].at_high == pytest.approx(study.with_values(plain=3).run()["calm"].value("customers"))
    assert bars_of(tornado(study, "calm", of="above"))["slope"].least < 0 < found.base - 30
    assert not any(one.flips for one in tornado(study, "calm", of="above").bars)  # there is nobody to be ahead of
    assert found.runs == 1 + 7 * len(found.bars)
    assert tornado(study, of="customers").challenger == "other"  # the best


def test_what_strategies_do_not_share_is_no_assumption(tmp_path):
    study = study_of(tmp_path)
    assert "own" in bars_of(tornado(study, "keen"))
    assert "own" not in bars_of(tornado(study, "other"))


def test_where_the_outcome_is_undefined(tmp_path):
    found = tornado(study_of(tmp_path), "keen", of="kept")
    slope = bars_of(found)["slope"]
    assert math.isnan(slope.at_high)
    assert slope.at_low == pytest.approx(slope.least)
    assert slope.most == pytest.approx(10 + 10 * (3 * (4 * 5 / 6 - 1.5 + 0.75) + 2.4))  # at the last point but one
    assert slope.as_json()["at_high"] is None
    fragile = bars_of(found)["fragile"]
    assert math.isnan(fragile.at_low)  # the run fails
    assert fragile.at_high == pytest.approx(found.base)


def test_every_assumption_of_a_shipped_scenario():
    """A few of them, the ends run again by themselves."""
    study = fw.load("scenarios/funnel-wins.toml")
    found = tornado(study)
    swings = [one.swing for one in found.bars]
    assert swings == sorted(swings, reverse=True)
    assert len(swings) > 50
    pair = (found.baseline, found.challenger)
    for one in found.bars[::15]:
        for value, outcome in ((one.low, one.at_low), (one.high, one.at_high)):
            changed = study.with_values(**{one.name.replace("[", ".").rstrip("]"): value})
            stepped = changed.all_stepped("rk4", 0.25, pair)
            first, second = (stepped[name].trace for name in pair)
            column = study.lowered.layout.columns["customers", None]
            lead = sum(second.states[-1][slot] for slot in column.slots) - sum(first.states[-1][slot] for slot in column.slots)
            assert outcome == pytest.approx(lead, rel=1e-6, abs=1e-6)
            assert one.least <= outcome <= one.most


def test_what_cannot_be_meant(tmp_path):
    study = study_of(tmp_path)
    for options, told in (
        ({"challenger": "kene"}, "did you mean 'keen'"),
        ({"challenger": "kene", "of": "customers"}, "did you mean 'keen'"),
        ({"of": "custmers"}, "did you mean 'customers'"),
        ({"by": "custmers"}, "did you mean 'customers'"),
        ({"points": -1}, "points=-1"),
        ({"points": 2.5}, "points=2.5"),
    ):
        with pytest.raises(UsageError, match=told):
            tornado(study, **options)


def test_as_json(tmp_path):
    found = tornado(study_of(tmp_path), "keen", of="kept").as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["bars"][0].keys() == {
        "name", "title", "unit", "low", "high", "at_low", "at_high", "least", "most", "monotone", "flips"
    }  # fmt: skip
