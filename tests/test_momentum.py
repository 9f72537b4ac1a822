"""Momentum against closed forms: coasting, holding, loop gain, and who was on the way when the push stopped."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fw
from flywheel_sim import Model, aux, constant, dimension, exp, flow, friction, lever, loop, metric, outside, param, split, stock, table
from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.analysis.momentum import half_life, holding_ranges
from flywheel_sim.engines.ode import run
from flywheel_sim.errors import UsageError
from flywheel_sim.library import Bass, Growth, Marketplace
from flywheel_sim.measures import gain, into, out_of, so_far, trailing
from flywheel_sim.program import Bend
from flywheel_sim.records import replace
from flywheel_sim.study.inputs import inputs_for, settings_from
from flywheel_sim.study.momentum import Push, momentum, momentum_in, wheel_of
from flywheel_sim.study.simulate import lowered_model

SAAS = Path(__file__).resolve().parent.parent / "scenarios" / "saas.toml"
FINE = 1 / 16
month = constant(1, "month")


class Linear(Model):
    """C' = a + bC - dC: customers come because of spending and because of customers."""

    counts = "account"
    budget = lever(5, "account/month", force=True)
    word = loop("R1", "customers bring customers")
    bring, leave = param(0.03, "1/month"), param(0.05, "1/month")
    customers = stock(100, "account")
    attract = flow(outside >> customers, rate=budget)
    refer = flow(outside >> customers, by=customers, hazard=word.gate(bring, off=0))
    lose = flow(customers >> outside, hazard=leave)
    referred = metric(trailing(refer, constant(12, "month")) / trailing(into(customers), constant(12, "month")), "1")
    loop_gain = metric(gain(), "1", beside=referred)
    headline = customers


class Delayed(Model):
    """The same with a first-order delay between being brought and being won."""

    counts = "account"
    budget = lever(5, "account/month", force=True)
    bring, leave, delay = param(0.03, "1/month"), param(0.05, "1/month"), param(4, "month")
    start_leads, start = param(10, "account"), param(100, "account")
    leads = stock(start_leads, "account")
    customers = stock(start, "account")
    attract = flow(outside >> leads, rate=budget)
    refer = flow(outside >> leads, by=customers, hazard=bring)
    join = flow(leads >> customers, rate=leads / delay)
    lose = flow(customers >> outside, hazard=leave)
    headline = customers


kind = dimension("small", "large")


class Segments(Model):
    """Two kinds of customers, each bringing both kinds, in a market that fills up."""

    counts = "account"
    budget = lever(1, "1", force=True)
    market = param(2_000, "account")
    strangers = stock(market - 100, "account")
    small, large = stock(60, "account"), stock(40, "account")
    free = aux(strangers / market, "1")
    attract = flow(strangers >> small, hazard=0.001 * budget / month)
    small_small = flow(strangers >> small, by=small, hazard=0.03 * free / month)
    small_large = flow(strangers >> small, by=large, hazard=0.05 * free / month)
    large_small = flow(strangers >> large, by=small, hazard=0.02 * free / month)
    large_large = flow(strangers >> large, by=large, hazard=0.04 * free / month)
    lose_small = flow(small >> strangers, hazard=0.06 / month)
    lose_large = flow(large >> strangers, hazard=0.04 / month)
    customers = fw.group(small, large)
    headline = customers


class Funnel(Model):
    """Strangers, leads of two kinds, customers, and the lost, of whom a loop wins some back; one arrow is given in total."""

    counts = "account"
    origin = dimension("cold", "warm")
    budget = lever(1, "1", force=True)
    back = loop("R1", "the lost are won back")
    handoff = friction("F1", "leads wait and are mislaid")
    strangers = stock(5_000, "account")
    leads = stock(origin(cold=80, warm=30), "account")
    offers = stock(20, "account", stages=2)
    customers = stock(50, "account")
    lost = stock(40, "account")
    waiting = aux(handoff.gate(3, off=0), "1")
    reach = flow(strangers >> leads, hazard=origin(cold=0.004, warm=0.001) * budget / month)
    meet = flow(leads >> offers, hazard=1 / ((2 + waiting) * month))
    mislay = flow(leads >> lost, hazard=handoff.gate(0.05, off=0) / month, friction=handoff)
    drop = flow(leads >> strangers, rate=0.1 * leads / month)
    win = flow(offers >> customers, hazard=0.3 / month)
    refuse = flow(offers >> lost, hazard=0.2 / month)
    revive = flow(lost >> offers, hazard=back.gate(0.02, off=0) / month)
    leave = flow(customers >> lost, hazard=0.03 / month)
    won = metric(so_far(into(customers)), "account")
    left = metric(so_far(out_of(customers)), "account")
    headline = customers


class Bumpy(Model):
    """Those won a month, by what is spent: a little, more, less again, and more once more."""

    counts = "account"
    budget = lever(1, "1", force=True)
    customers = stock(0, "account")
    answer = aux(table(budget, {0: 0, 0.5: 6, 1: 5, 1.5: 4, 2: 6}), "1")
    attract = flow(outside >> customers, rate=answer * constant(1, "account/month"))
    headline = customers


class Curved(Model):
    """The linear loop, of which spending brings in ever more."""

    counts = "account"
    zeal = lever(1, "1", force=True)
    bring, leave = param(0.03, "1/month"), param(0.05, "1/month")
    customers = stock(100, "account")
    attract = flow(outside >> customers, rate=exp(zeal) * constant(5, "account/month"))
    refer = flow(outside >> customers, by=customers, hazard=bring)
    lose = flow(customers >> outside, hazard=leave)
    headline = customers


class Nudged(Model):
    """Leads who come in by themselves, and a loop that hurries some of them on."""

    counts = "account"
    budget = lever(5, "account/month", force=True)
    proof = loop("R1", "customers convince leads")
    leads, offers, customers = stock(20, "account"), stock(30, "account"), stock(40, "account")
    attract = flow(outside >> leads, rate=budget)
    meet = flow(leads >> offers, hazard=0.2 / month)
    hurry = flow(leads >> offers, hazard=proof.gate(0.3, off=0) / month)
    win = flow(offers >> customers, hazard=0.4 / month)
    headline = customers


class Emptying(Model):
    """A market that runs empty however much is spent."""

    counts = "account"
    budget = lever(1, "1", force=True)
    market, customers = stock(1_000, "account"), stock(0, "account")
    attract = flow(market >> customers, hazard=table(budget, {0: 0, 1: 0.1, 2: 0.1}) / month)
    headline = customers


def given(model, bends=(), off=(), **values):
    lowered = lowered_model(model)
    return lowered, replace(inputs_for(lowered, settings_from(lowered, values), off), bends=bends)


def measured(model, horizon=24, bends=(), off=(), options=(), **values):
    return momentum_in(*given(model, bends, off, **values), horizon, dt=FINE, **dict(options))


# The linear loop: every number has a closed form


def size_at(time, a=5.0, b=0.03, d=0.05, start=100.0):
    rest = a / (d - b)
    return rest + (start - rest) * math.exp(-(d - b) * time)


def won_between(first, last, a=5.0, b=0.03, d=0.05, start=100.0):
    rest = a / (d - b)
    held = rest * (last - first) + (start - rest) * (math.exp(-(d - b) * first) - math.exp(-(d - b) * last)) / (d - b)
    return a * (last - first) + b * held


def test_the_linear_loop_has_the_gain_and_the_amplifier_of_its_rates():
    found = measured(Linear)
    assert found.months == tuple(map(float, range(25)))
    assert found.gain == pytest.approx([0.03 / 0.05] * 25)
    assert found.amplifier == pytest.approx([1 / (1 - 0.6)] * 25)
    assert found.size == pytest.approx([size_at(time) for time in range(25)], rel=1e-9)
    assert found.speed == pytest.approx([5 + 0.03 * size_at(time) for time in range(25)], rel=1e-9)
    assert found.own_speed == pytest.approx([0.03 * size_at(time) for time in range(25)], rel=1e-9)
    assert found.measure("losses").value == pytest.approx(0.05 * size_at(24))
    assert size_at(1e6) == pytest.approx(5 / 0.05 * found.amplifier[0])  # what spending alone would hold, amplified


def test_the_linear_loop_coasts_as_its_closed_form_says():
    coast = measured(Linear, options={"coast_months": 40}).coast
    assert coast.half_life == pytest.approx([math.log(2) / 0.02] * 25, rel=1e-6)
    assert coast.size_half_life == pytest.approx([math.log(2) / 0.02] * 25, rel=1e-6)
    for month_number, won, normal, share, at_once in zip(coast.months, coast.won, coast.normal, coast.share, coast.at_once, strict=True):
        start = size_at(month_number)
        assert won == pytest.approx(won_between(0, 40, a=0.0, start=start), rel=1e-7)
        assert normal == pytest.approx(won_between(month_number, month_number + 40), rel=1e-7)
        assert share == pytest.approx(won / normal)
        assert at_once == pytest.approx(5 / (5 + 0.03 * start))
    assert coast.pipeline == (0.0,) * 25


def test_a_half_life_beyond_the_coast_is_not_told():
    assert all(map(math.isnan, measured(Linear, options={"coast_months": 30}).coast.half_life))


def test_beyond_a_gain_of_one_there_is_no_amplifier_and_the_wheel_grows_by_itself():
    found = measured(Linear, bring=0.06)
    assert found.gain == pytest.approx([1.2] * 25)
    assert all(map(math.isnan, found.amplifier))
    assert all(map(math.isnan, found.coast.half_life))
    start = found.size[-1]
    assert found.coast.won[-1] == pytest.approx(0.06 * start * (math.exp(0.01 * 36) - 1) / 0.01, rel=1e-7)


def test_a_loop_that_is_off_brings_nobody():
    found = measured(Linear, off=("word",))
    assert (found.gain[-1], found.amplifier[-1], found.own_speed[-1], found.coast.won[-1]) == (0.0, 1.0, 0.0, 0.0)
    assert math.isnan(found.coast.half_life[-1])  # nothing is left to be halved
    assert found.coast.at_once[-1] == 1.0


def test_the_gain_is_shown_beside_the_share_referred():
    found = measured(Linear)
    assert found.beside == "referred"
    assert found.beside_values[-1] == pytest.approx(found.measure("beside").value)
    assert found.beside_values[0] == pytest.approx(3 / 8)
    assert measured(Delayed).beside == ""


# What holds a speed


def held_closed(time, hold=12.0, a=5.0, b=0.03, d=0.05):
    """The force that keeps the speed of a month: mean speed f + b (f/(d-b) + (C - f/(d-b)) w) is a + b C."""
    size, w = size_at(time), (1 - math.exp(-(d - b) * hold)) / ((d - b) * hold)
    return (a + b * size - b * size * w) / (1 + b / (d - b) * (1 - w))


def test_the_holding_force_is_that_of_the_closed_form():
    found = measured(Linear, 30).holding
    assert found.months == (0, 6, 12, 18, 24, 30)
    assert found.force == pytest.approx([held_closed(time) for time in found.months], rel=1e-6)
    assert found.spend == (5.0,) * 6
    assert found.share == pytest.approx([force / 5 for force in found.force])
    assert found.several == (False,) * 6
    assert all(later > earlier for earlier, later in pairwise(found.force))  # growth towards rest fades: ever more is needed


def test_a_wheel_that_grows_fast_enough_needs_no_force():
    found = measured(Linear, 12, bring=0.2, budget=0.5).holding
    assert found.force == (0.0, 0.0, 0.0)
    assert found.share == (0.0, 0.0, 0.0)


def test_the_holding_force_is_found_on_a_curve():
    found = measured(Curved, 30).holding
    rest = 5 * math.e / 0.02
    for time, force in zip(found.months, found.force, strict=True):
        size, w = rest + (100 - rest) * math.exp(-0.02 * time), (1 - math.exp(-0.24)) / 0.24
        inflow = (5 * math.e + 0.03 * size * (1 - w)) / (1 + 1.5 * (1 - w))
        assert force == pytest.approx(math.log(inflow / 5), rel=1e-7)


def test_of_several_ranges_of_spending_the_least_is_told_and_that_there_are_more():
    found = measured(Bumpy, 6).holding
    assert found.force == pytest.approx([5 / 12] * 2)  # on the first rise, 6 for 0.5
    assert found.several == (True, True)


def test_where_no_spending_keeps_the_speed_there_is_no_holding_force():
    found = measured(Emptying, 6).holding
    assert all(map(math.isnan, found.force))
    assert found.spend == (1.0, 1.0)


def test_where_nothing_is_spent_the_search_goes_by_the_most_that_ever_is():
    lowered, inputs = given(Linear)
    pause = replace(inputs, bends=(Bend(6.0, 0, 0.0, 0.0), Bend(18.0, 0, 4.0, 0.0)))
    found = momentum_in(lowered, pause, 24, dt=FINE).holding
    assert found.spend == (5.0, 5.0, 5.0, 4.0, 4.0)
    assert 0 < found.force[1] < 5


# What was scheduled


def test_what_was_to_come_after_the_stop_is_cancelled():
    lowered, inputs = given(Linear)
    pulse = replace(inputs, bends=(Bend(6.0, 0, 5.0, 2.0), Bend(10.0, 0, 50.0, 0.0), Bend(13.0, 0, 5.0, 0.0)))
    found = momentum_in(lowered, pulse, 20, dt=FINE)
    for number in (4, 8):  # before the ramp, and within it
        assert found.coast.won[number] == pytest.approx(won_between(0, 36, a=0.0, start=found.size[number]), rel=1e-7)
    assert found.coast.normal[4] == pytest.approx(36 * 5 + 16 + 135 + 0.03 * held_by(lowered, pulse, 4, 40), rel=1e-4)


def held_by(lowered, inputs, first, last):
    """The integral of the customers between two months."""
    times = [number / 16 for number in range(16 * last + 1)]
    column = Reader(lowered, run(lowered, inputs, times, windows=(12,), dt=FINE)).column("customers")
    return float(np.trapezoid(column[16 * first :], times[16 * first :]))


def test_the_split_of_a_month_is_held_with_its_force():
    lowered, inputs = given(Growth)
    places = lowered.layout.parameters
    budget, ads, sellers = (places.index(name) for name in (("budget", None), ("spread", "ads"), ("spread", "sellers")))
    shifted = replace(inputs, bends=(Bend(6.0, ads, 0.2, 0.0), Bend(6.0, sellers, 0.72, 0.0), Bend(9.0, budget, 3e5, 0.0)))
    values, _ = Push(lowered, shifted).held(3.0, 0.5).course(20.0)
    assert (values[budget], values[ads], values[sellers]) == (75_000, 0.42, 0.50)
    values, _ = Push(lowered, shifted).stopped(3.0).course(20.0)
    assert (values[budget], values[ads]) == (0.0, 0.2)


# With a delay


def rate_of(b, d, delay):
    """The larger root of (x + d)(1 + x T) = b."""
    return float(max(np.roots([delay, 1 + d * delay, d - b]).real))


@pytest.mark.parametrize(("bring", "delay"), [(0.03, 4), (0.03, 0.5), (0.05, 4), (0.06, 4)])
def test_a_delay_leaves_the_threshold_and_changes_the_speed(bring, delay):
    rate = rate_of(bring, 0.05, delay)
    leads = delay * (rate + 0.05) * 100  # so that leads and customers go the same way from the start
    found = measured(Delayed, 1, options={"coast_months": 60}, bring=bring, delay=delay, start_leads=leads, budget=1e-9)
    assert found.gain[0] == pytest.approx(bring / 0.05)
    expected = math.log(2) / -rate if rate < -1e-9 else math.nan
    for halved in (found.coast.half_life[0], found.coast.size_half_life[0]):
        assert halved == pytest.approx(expected, rel=1e-5, nan_ok=True)
    speed, growth = leads / delay, (math.exp(rate * 60) - 1) / rate if abs(rate) > 1e-9 else 60
    assert found.coast.won[0] == pytest.approx(speed * growth, rel=1e-5)


def test_who_was_on_the_way_is_told_apart():
    found = measured(Delayed, 12, options={"coast_months": 10})
    leads = Reader(*reader_of(Delayed, 12)).column("leads")
    assert found.coast.pipeline == pytest.approx([lead * (1 - math.exp(-10 / 4)) for lead in leads], rel=1e-6)
    assert all(won > pipeline for won, pipeline in zip(found.coast.won, found.coast.pipeline, strict=True))
    assert found.measure("way").value == pytest.approx(4)


def reader_of(model, horizon, **values):
    lowered, inputs = given(model, **values)
    return lowered, run(lowered, inputs, [float(time) for time in range(horizon + 1)], dt=FINE)


def test_in_the_long_run_the_share_that_the_wheel_wins_itself_is_its_gain():
    found = measured(Delayed, 60, options={"every": 60}, start=250, start_leads=50)  # at rest
    assert found.speed == pytest.approx([12.5, 12.5])
    assert found.own_speed[-1] == pytest.approx(0.6 * 12.5, rel=1e-5)
    assert found.own_speed[0] == 0.0  # who brought those on the way at the start is not known


# Several segments


def test_the_gain_of_segments_is_the_spectral_radius_and_scales_with_the_free_share():
    found = measured(Segments, 60, options={"every": 5})
    brought = np.array([[0.03 / 0.06, 0.05 / 0.04], [0.02 / 0.06, 0.04 / 0.04]])
    radius = max(abs(np.linalg.eigvals(brought)))
    free = [1 - size / 2_000 for size in found.size]
    assert found.gain == pytest.approx([radius * share for share in free], rel=1e-9)
    assert found.gain[0] > 1.3
    assert found.gain[-1] < found.gain[0]
    assert found.amplifier == pytest.approx([1 / (1 - one) if one < 1 else math.nan for one in found.gain], nan_ok=True)


# Accounts


def test_won_and_accounts_conserve():
    lowered, inputs = given(Funnel)
    found = measured(Funnel, 24, options={"every": 8})
    push = Push(lowered, inputs)
    for number, first in enumerate((0, 8, 16, 24)):
        times = [float(time) for time in range(first + 37)]
        reader = Reader(lowered, run(lowered, push.stopped(first), times, dt=FINE))
        won, left, size = (reader.column(name) for name in ("won", "left", "customers"))
        assert found.coast.won[number] == pytest.approx(won[-1] - won[first], rel=1e-9)
        assert found.coast.won[number] == pytest.approx(size[-1] - size[first] + left[-1] - left[first], rel=1e-9)
        normal = Reader(lowered, run(lowered, inputs, times, dt=FINE)).column("won")
        assert found.coast.normal[number] == pytest.approx(normal[-1] - normal[first], rel=1e-9)


def test_the_way_of_a_funnel_is_what_leads_on():
    lowered, _ = given(Funnel)
    wheel = wheel_of(lowered, "customers")
    assert [lowered.layout.states[state] for state in wheel.way] == [
        "leads[cold]",
        "leads[warm]",
        "offers, stage 1",
        "offers, stage 2",
    ]
    assert wheel_of(lowered_model(Linear), "").way == ()


@pytest.mark.parametrize("model", [Funnel, Growth])
def test_those_on_the_way_are_who_a_cohort_followed_forward_would_be(model):
    """The marks tell who set out later; here those who were there are followed by their own equations along the same run."""
    lowered, inputs = given(model)
    wheel, first, last, steps = wheel_of(lowered, "customers"), 6, 18, 32
    times = [number / steps for number in range(steps * last + 1)]
    trace = run(lowered, Push(lowered, inputs).stopped(first), times, dt=1 / steps)
    place = {state: number for number, state in enumerate(wheel.way)}

    def rates(number):
        """Who goes where of the cohort, as a matrix; the last row is won."""
        matrix = np.zeros((len(place) + 1, len(place) + 1))
        for move in lowered.program.moves:
            if move.source in place:
                values, heads = trace.values[number], trace.states[number][move.source]
                each = values[move.rate] / heads if heads else 0.0
                matrix[place[move.source], place[move.source]] -= each
                if move.destination in place:
                    matrix[place[move.destination], place[move.source]] += each
                elif move.destination in wheel.inside:
                    matrix[-1, place[move.source]] += each
        return matrix

    cohort = np.array([*(trace.states[steps * first][state] for state in wheel.way), 0.0])
    there = cohort[:-1].sum()
    for number in range(steps * first, steps * last):
        now, following = rates(number), rates(number + 1)
        slope = now @ cohort
        cohort = cohort + (slope + following @ (cohort + slope / steps)) / (2 * steps)
    found = momentum_in(lowered, inputs, 12, coast_months=last - first, every=6, dt=1 / steps)
    assert found.coast.pipeline[1] == pytest.approx(cohort[-1], rel=1e-3)
    assert 0 < found.coast.pipeline[1] < min(there, found.coast.won[1])


def test_who_is_won_back_by_a_loop_is_won_by_the_wheel():
    without, found = (measured(Funnel, 24, off=off, options={"every": 24}) for off in (("back",), ()))
    assert without.own_speed[-1] == 0.0
    assert 0 < found.own_speed[-1] < found.speed[-1]
    more = found.coast.won[-1] - without.coast.won[-1]
    assert more > 0
    assert found.coast.pipeline[0] == pytest.approx(without.coast.pipeline[0], rel=1e-9)  # who starts over is not on the way


def test_whoever_a_loop_hurries_on_is_won_by_the_wheel():
    found = measured(Nudged, 60, options={"every": 60})
    assert found.own_speed == pytest.approx([0.0, 5 * 0.3 / 0.5], rel=1e-6)  # at rest, three in five of all five
    assert measured(Nudged, 60, off=("proof",), options={"every": 60}).own_speed == (0.0, 0.0)


@pytest.mark.parametrize(("model", "values"), [(Bass, {"discarding": 0.01}), (Marketplace, {})])
def test_every_model_of_the_library_coasts(model, values):
    found = measured(model, 24, options={"every": 12}, **values)
    assert all(0 < won < normal for won, normal in zip(found.coast.won[1:], found.coast.normal[1:], strict=True))
    assert found.coast.pipeline == (0.0, 0.0, 0.0)
    assert all(gain > 0 for gain in found.gain)
    assert found.beside


def test_where_nobody_ever_leaves_there_is_no_gain_and_no_amplifier():
    found = measured(Bass, 12, options={"every": 12})
    assert all(map(math.isnan, (*found.gain, *found.amplifier)))
    assert found.coast.won[-1] > 0


# Friction


def test_friction_is_what_is_lost_and_what_takes_longer():
    found = measured(Funnel, 24)
    lowered, trace = reader_of(Funnel, 24)
    reader = Reader(lowered, trace)
    leads = sum(reader.column("leads", label)[-1] for label in ("cold", "warm"))
    assert found.measure("lost_to_frictions").value == pytest.approx(0.05 * leads)
    assert found.measure("delay").value > 0
    smooth = measured(Funnel, 24, off=("handoff",))
    assert smooth.measure("delay").value == 0
    assert smooth.measure("lost_to_frictions").value == 0
    assert smooth.measure("way").value < found.measure("way").value
    assert not {"lost_to_frictions", "way", "delay"} & {one.name for one in measured(Linear).measures}


# What is said


def test_every_number_has_a_unit_and_a_meaning():
    found = measured(Funnel, 12)
    for one in found.measures:
        assert one.unit
        assert one.meaning.endswith(".")
        assert one.meaning.count(". ") == 0
    assert found.measure("speed").unit == "account/month"
    assert found.measure("force").value == 1.0


def test_it_can_be_written_as_json():
    found = measured(Linear, 12, bring=0.06)
    read = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert read["amplifier"] == [None] * 13
    assert read["coast"]["won"] == list(found.coast.won)
    assert read["holding"]["several"] == [False] * 3
    assert {one["name"]: one["value"] for one in read["measures"]}["gain"] == pytest.approx(1.2)


class TwoLevers(Model):
    """Two levers that push, in one unit."""

    counts = "account"
    ads, events = lever(5, "$/month", force=True), lever(3, "$/month", force=True)
    customers = stock(10, "account")
    attract = flow(outside >> customers, rate=(ads + events) * constant(1, "account/$"))
    headline = customers


class Unlike(Model):
    """Two levers that push, in different units, the first in two shares."""

    counts = "account"
    ads, zeal = lever(5, "$/month", force=True), lever(2, "1", force=True)
    shares = split(dimension("near", "far")(near=1))
    customers = stock(10, "account")
    attract = flow(outside >> customers, rate=zeal * ads * (shares["near"] + 0.5 * shares["far"]) * constant(1, "account/$"))
    headline = customers


def test_levers_that_push_are_added_up_where_their_units_agree():
    found = measured(TwoLevers, 6)
    assert (found.levers, found.force_unit) == (("ads", "events"), "$/month")
    assert found.holding.force == pytest.approx([8.0, 8.0])
    assert found.coast.won == (0.0,) * 7
    unlike = measured(Unlike, 6)
    assert (unlike.force_unit, unlike.holding.spend) == ("1", (1.0, 1.0))
    assert unlike.holding.share == pytest.approx([1.0, 1.0])


class Pushless(Model):
    """A model whose lever is not what is spent."""

    counts = "account"
    price = lever(1, "1")
    customers = stock(10, "account")
    lose = flow(customers >> outside, hazard=0.1 * price / month)
    headline = customers


class Headless(Model):
    """A model without a headline."""

    counts = "account"
    budget = lever(1, "1", force=True)
    customers = stock(10, "account")
    attract = flow(outside >> customers, rate=budget * constant(1, "account/month"))


def test_what_cannot_coast_is_refused():
    with pytest.raises(UsageError, match="no lever of Pushless pushes"):
        measured(Pushless)
    with pytest.raises(UsageError, match="Headless has no headline"):
        measured(Headless)
    assert measured(Headless, 6, options={"by": "customers"}).headline == "customers"
    with pytest.raises(UsageError, match="every=0 is no time"):
        measured(Linear, options={"every": 0})
    with pytest.raises(UsageError, match="2400 coasts are more than 1000"):
        measured(Linear, options={"every": 0.01})


def test_a_half_life_is_found_between_saved_times():
    times = [float(time) for time in range(20)]
    assert half_life(times, [math.exp(-time / 5) for time in times]) == pytest.approx(5 * math.log(2))
    assert half_life([3.0, 4.0], [2.0, 0.0]) == 0.5
    assert half_life([0.0, 1.0, 2.0], [4.0, 5.0, 1.0]) == pytest.approx(1 + math.log(2.5) / math.log(5))
    assert math.isnan(half_life(times, [1.0] * 20))
    assert math.isnan(half_life(times, [0.0] * 20))


def test_ranges_that_keep_a_speed_are_told_apart():
    assert holding_ranges([-1, 0, 1, -1, math.nan, 2], 1.0) == [(1, 2), (5, 5)]
    assert holding_ranges([-1, -2e-10], 1.0) == [(1, 1)]  # rounding
    assert holding_ranges([-1, -2], 1.0) == []


# A scenario


@pytest.fixture(scope="module")
def study():
    return fw.load(SAAS)


def test_the_momentum_of_a_scenario_is_that_of_the_best_strategy_unless_said(study):
    found = momentum(study, every=12)
    assert (found.strategy, found.headline, found.time_unit, found.force_unit) == ("flywheel", "customers", "month", "$/month")
    assert found.months == (0, 12, 24, 36, 48, 60)
    assert found.beside == "referral_share"
    funnel = momentum(study, "funnel", every=60)
    assert funnel.gain == (0.0, 0.0)
    assert funnel.own_speed == (0.0, 0.0)
    assert found.coast.won[-1] > funnel.coast.won[-1]
    for one in (found, funnel):
        assert all(
            0 < pipeline < won < normal for pipeline, won, normal in zip(one.coast.pipeline, one.coast.won, one.coast.normal, strict=True)
        )
    with pytest.raises(UsageError, match="did you mean 'funnel'"):
        momentum(study, "funel")


def test_the_speed_of_a_scenario_is_that_of_its_run(study):
    found, ran = momentum(study, "flywheel"), study.run()["flywheel"]
    assert found.size == pytest.approx(ran["customers"].tolist(), rel=1e-5)
    assert found.speed == pytest.approx((ran["win", "cold"] + ran["win", "referred"] + 0).tolist(), rel=1e-5)
    assert found.gain == pytest.approx(ran["loop_gain"].tolist(), rel=1e-9)
    assert found.beside_values == pytest.approx(ran["referral_share"].tolist(), rel=1e-9)
    assert found.holding.spend == (150_000.0,) * 11
    assert all(0.5 < share < 1.5 for share in found.holding.share)
