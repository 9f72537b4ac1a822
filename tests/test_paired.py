"""Every kind of move by its own random numbers: the law of the direct method, and luck in common between strategies."""

import math
from pathlib import Path

import numpy as np
import pytest
from models import Assorted, Decay, lowered_of
from queues import Renewing, Subscribing
from scipy import integrate, stats
from test_chance import (
    LEVEL,
    NEAR,
    Arrivals,
    Skill,
    Undefined,
    chances,
    converted,
    counts,
    errors_away,
    fit,
    given,
    scaled_growth,
    variance_errors_away,
)

import flywheel_sim as fw
from flywheel_sim import Model, constant, flow, outside, param, stock
from flywheel_sim.emit.llvm import chance
from flywheel_sim.emit.llvm.chance import print_chance
from flywheel_sim.engines.chance import Chances, few_at_start
from flywheel_sim.engines.chance.chance import generators
from flywheel_sim.library import Bass, Growth, Marketplace

ROOT = Path(__file__).parent.parent
WAYS = ("direct", "paired")


def paired(model, times, **options):
    return chances(model, times, method="paired", **options)


# The law


class Coming(Model):
    """Customers come, bring others, and leave: nothing changes but at events."""

    time_unit, counts = "month", "account"
    arriving = param(4, "account/month", (0, 100))
    bringing = param(0.03, "1/month", (0, 1))
    leaving = param(0.05, "1/month", (0, 1))
    start = param(20, "account", (0, 1e6))
    customers = stock(start, "account")
    arrive = flow(outside >> customers, rate=arriving)
    bring = flow(outside >> customers, by=customers, hazard=bringing)
    leave = flow(customers >> outside, hazard=leaving)
    headline = customers


def test_those_who_leave_at_one_hazard_are_binomial_at_every_time():
    found = paired(Decay, [0, 5, 10]).run(3, 0, 20_000)
    for save, left in ((1, math.exp(-0.5)), (2, math.exp(-1.0))):
        assert fit(counts(found, save=save), stats.binom(100, left)) > LEVEL


def test_births_and_deaths_have_their_moments():
    a, b, d, first, end = 4.0, 0.03, 0.05, 20.0, 10.0
    grown, steady = math.exp((b - d) * end), a / (d - b)
    mean = steady + (first - steady) * grown
    # V' = 2 (b - d) V + a + (b + d) m
    variance = (a + (b + d) * steady) * (1 - grown**2) / (2 * (d - b)) + (b + d) * (first - steady) * grown * (1 - grown) / (d - b)
    ready = paired(Coming, [0, end])
    assert ready.kernel.exact
    found = ready.run(1, 0, 40_000)
    assert errors_away(counts(found), mean) < NEAR
    assert variance_errors_away(counts(found), variance) < NEAR


@pytest.mark.parametrize(("dt", "together"), [(1 / 8, 500), (1.0, 500), (1.0, 1), (6.0, 1)])
def test_a_hazard_that_grows_while_they_wait_is_integrated(dt, together):
    exact = 1 - math.exp(-(0.12 * 12 + 0.0723 * 12**2 / 2))
    assert exact == pytest.approx(0.9987, abs=5e-5)
    share = converted(dt, replications=200_000 // together, method="paired", start=together)
    assert abs(share - exact) < NEAR * math.sqrt(exact * (1 - exact) / 200_000)


class Staying(Model):
    """Leads are won at a hazard that grows along the step, and stay for a time of one hazard."""

    time_unit, counts = "month", "account"
    start = param(1, "account", (0, 1e6))
    leads = stock(start, "account")
    won = stock(0, "account")
    gone = stock(0, "account")
    ease = stock(0.05, "1/month")
    learn = flow(outside >> ease, rate=constant(0.1, "1/month/month"))
    win = flow(leads >> won, hazard=1 * ease)
    leave = flow(won >> gone, hazard=constant(0.4, "1/month"))
    headline = gone


@pytest.mark.parametrize("dt", [1.0, 6.0])
def test_events_happen_when_they_are_due_within_a_step(dt):
    """Whoever is won early in the one step of six months has more of it to leave in."""

    def gone(when):
        return (0.05 + 0.1 * when) * math.exp(-0.05 * when - 0.05 * when**2) * (1 - math.exp(-0.4 * (6 - when)))

    share = integrate.quad(gone, 0, 6)[0]
    for together, replications in ((1, 40_000), (200, 200)):
        ready = paired(Staying, [0, 6.0], dt=dt, values={"start": together})
        assert not ready.kernel.exact
        found = counts(ready.run(4, 0, replications), 2)
        assert abs(found.sum() / 40_000 - share) < NEAR * math.sqrt(share * (1 - share) / 40_000)


def small_growth(lowered):
    return scaled_growth(lowered, 0.1)


@pytest.mark.parametrize(
    ("model", "inputs", "until", "replications"),
    [
        (Bass, lambda lowered: given(lowered, market=200, start=4, imitation=0.5), 9.0, 2_000),
        (Assorted, given, 9.0, 500),
        (Growth, small_growth, 12.0, 400),
        (Subscribing, given, 12.0, 1_000),
        (Renewing, given, 12.0, 1_000),
        (Marketplace, given, 8.0, 100),
    ],
    ids=["bass", "assorted", "growth", "subscribing", "renewing", "marketplace"],
)
def test_it_has_the_law_of_the_direct_method(model, inputs, until, replications):
    lowered = lowered_of(model)
    one, other = (
        Chances(lowered, inputs(lowered), [0, until / 3, until], method=method).run(seed, 0, replications)
        for seed, method in enumerate(WAYS)
    )
    assert np.isnan(other.failed).all()
    for save in (1, 2):
        for first, second in zip(one.states[save], other.states[save], strict=True):
            if len(np.unique(np.concatenate([first, second]))) > 1:
                assert stats.ks_2samp(first, second, method="asymp").pvalue > LEVEL / 10  # some hundred of them
    for first, second in zip(one.integrals[-1], other.integrals[-1], strict=True):
        error = math.sqrt((first.var() + second.var()) / replications)
        assert abs(first.mean() - second.mean()) <= 5 * error + 1e-12 * abs(first.mean())


def next_of(words, channel, number):
    """The exponential numbers of a kind of move, once more: SplitMix64's finalizer over what counts them."""

    def mixed(word):
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        word = (word ^ word >> 27) * 0x94D049BB133111EB % 2**64
        return word ^ word >> 31

    golden = 0x9E3779B97F4A7C15
    word = mixed((mixed((words[0] + channel * golden) % 2**64) + number * golden) % 2**64)
    return -math.log(1 - (mixed(word ^ words[1]) >> 11) * 2.0**-53)


def test_every_path_is_that_of_a_plain_program():
    ready = paired(Coming, [0, 10.0])
    found = ready.run(7, 0, 100)
    for replication, words in enumerate(generators(7, 0, 100).tolist()):
        many, now, moves, drawn = 20, 0.0, 0, [1, 1, 1]
        left = [next_of(words, channel, 1) for channel in range(3)]
        while True:
            rates = (4.0, 0.03 * many, 0.05 * many)
            waits = [rest / rate if rate > 0 else math.inf for rest, rate in zip(left, rates, strict=True)]
            fired = waits.index(min(waits))
            if now + waits[fired] > 10:
                break
            now += waits[fired]
            left = [rest - rate * waits[fired] for rest, rate in zip(left, rates, strict=True)]
            drawn[fired] += 1
            left[fired] = next_of(words, fired, drawn[fired])
            many += (1, 1, -1)[fired]
            moves += 1
        assert (found.states[-1, 0, replication], found.events[replication]) == (many, moves)


# Luck in common


def test_a_move_goes_through_the_same_numbers_at_whatever_pace():
    """Of what comes at random, as many come in one month at 20 a month as in two at 10, in every replication; never fewer at more."""
    ends = {
        (rate, end): counts(paired(Arrivals, [0, end], values={"arriving": rate}).run(4, 0, 500))
        for rate, end in ((20, 1.0), (10, 2.0), (22, 1.0))
    }
    assert (ends[20, 1.0] == ends[10, 2.0]).all()
    assert (ends[22, 1.0] >= ends[20, 1.0]).all()
    assert fit(ends[20, 1.0], stats.poisson(20)) > LEVEL


class Apart(Model):
    """Two markets that know nothing of each other, in the second of which a hazard goes on as an equation."""

    time_unit, counts = "month", "account"
    pace = param(0.2, "1/month", (0, 9))
    here = stock(200, "account")
    gone = stock(0, "account")
    leave = flow(here >> gone, hazard=pace)
    back = flow(gone >> here, hazard=constant(0.1, "1/month"))
    ease = stock(0.1, "1/month")
    leads = stock(150, "account")
    won = stock(0, "account")
    learn = flow(outside >> ease, rate=constant(0.002, "1/account/month/month") * won)
    win = flow(leads >> won, hazard=1 * ease)
    tire = flow(won >> leads, hazard=constant(0.1, "1/month"))
    headline = won


def test_what_is_independent_stays_the_same_to_the_last_bit():
    times = [0, 0.7, 3, 10]
    changed = {}
    for method in WAYS:
        slow, quick = (chances(Apart, times, method=method, values={"pace": pace}).run(6, 0, 50) for pace in (0.2, 2.5))
        assert (slow.states[:, :2] != quick.states[:, :2]).any()
        changed[method] = (slow.states[:, 2:] != quick.states[:, 2:]).any()
    assert changed == {"direct": True, "paired": False}


def test_moves_and_replications_have_numbers_of_their_own():
    """Two moves that are given the same are not alike, nor are they related; nor are two replications or two seeds."""

    class Twins(Model):
        time_unit, counts = "month", "account"
        pace = param(30, "account/month")
        first = stock(0, "account")
        second = stock(0, "account")
        one = flow(outside >> first, rate=pace)
        other = flow(outside >> second, rate=pace)
        headline = first

    ready = paired(Twins, [0, 1.0])
    found, another = ready.run(2, 0, 4_000), ready.run(3, 0, 4_000)
    first, second = counts(found), counts(found, 1)
    for a, b in ((first, second), (first[1:], first[:-1]), (first[1:], second[:-1]), (first, counts(another))):
        assert abs(np.corrcoef(a, b)[0, 1]) < NEAR / math.sqrt(len(a))
    assert fit(first + second, stats.poisson(60)) > LEVEL


@pytest.fixture(scope="module")
def hires():
    return fw.load(ROOT / "scenarios" / "third-seller.toml")


def test_strategies_of_one_firm_share_their_luck(hires):
    """A firm of ten with eight clients, that hires one or another."""
    lowered = hires.lowered
    headline = list(lowered.layout.columns[lowered.declaration.names[lowered.declaration.headline], None].slots)
    lead = {}
    for method in WAYS:
        ends = [
            Chances(lowered, hires.inputs(name), [0.0, 36.0], method=method).run(1, 0, 200).states[-1, headline].sum(axis=0)
            for name in ("seller", "manager")
        ]
        lead[method] = (np.corrcoef(*ends)[0, 1], (ends[1] - ends[0]).std())
    assert lead["direct"][0] < 0.35
    assert lead["paired"][0] > 0.7
    assert lead["paired"][1] < 0.6 * lead["direct"][1]


# Runs that stop on their way, and those that go wrong


@pytest.mark.parametrize("model", [Bass, Coming, Subscribing])
def test_it_does_not_matter_when_a_run_asks_whether_to_go_on(model, monkeypatch):
    whole = paired(model, [0, 1.5, 6.0], dt=1.0).run(5, 0, 20)
    for pause in (1, 3):
        monkeypatch.setattr(chance, "PAUSE", pause)
        print_chance.cache_clear()
        parts = paired(model, [0, 1.5, 6.0], dt=1.0).run(5, 0, 20)
        assert (parts.states == whole.states).all()
        assert (parts.integrals == whole.integrals).all()
        assert (parts.events == whole.events).all()
    print_chance.cache_clear()


def test_a_number_that_is_none_ends_its_replication_when_it_does_by_the_direct_method():
    single, own = (chances(Undefined, [0, 1.0, 2.0, 4.0], method=method).run(1, 0, 3) for method in WAYS)
    assert (own.failed == single.failed).all()
    assert (own.failed == 3.125).all()
    assert np.isfinite(own.states[:3]).all()
    assert np.isnan(own.states[3]).all()


def test_what_is_too_many_ends_it_at_the_same_number():
    for most in (10, 57):
        with pytest.raises(fw.errors.RunError, match=rf"replication 2 had {most} events by month"):
            paired(Decay, [0, 100.0], most_events=most).run(1, 2, 3)
    assert (paired(Decay, [0, 1000.0], most_events=101).run(1, 2, 3).events == 100).all()


def test_who_starts_with_few():
    lowered = lowered_of(Skill)
    assert few_at_start(lowered, given(lowered, start=99_999))
    assert not few_at_start(lowered, given(lowered, start=100_000))
