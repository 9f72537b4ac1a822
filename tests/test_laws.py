"""Single accounts and counts have one law: two-sample tests on what both engines of individuals make of the same models.

For each of many models, one sample of each engine: of counts, of stocks that are no counts, of integrals, and of waiting times.
Samples of few different numbers are compared by chi-square, others by Kolmogorov and Smirnov (whose p is too large
where numbers repeat, never too small). The level is 1e-3 for all comparisons together, by Holm: where the law is one, one
set of seeds in a thousand fails, and these seeds are fixed.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from models import Advocacy, Assorted, Bass, Decay, Growth, Kinds
from queues import Desk, Entangled, Family, Impatient, Paying, Rationed, Renewing, Staged, Subscribing, Twins
from scipy import stats
from test_events import given

import flywheel_sim as fw
from flywheel_sim.emit.llvm import chance, chance_parts
from flywheel_sim.engines import events, ode
from flywheel_sim.engines.chance import Chances
from flywheel_sim.expressions import Apply, Number, Slot
from flywheel_sim.library import Marketplace
from flywheel_sim.program import OUTSIDE
from flywheel_sim.program.counting import counting
from flywheel_sim.records import replace

FAMILY = 1e-3  # the level of all comparisons together
FEW = 12  # different numbers, up to which they are compared one by one
ENOUGH = 5  # expected in a cell of chi-square
MANY = 2_000  # replications of counts: they cost little

# What is small enough to be run account by account, some hundreds of times.
MARKET = {
    "all_buyers": 400,
    "start_buyers": 25,
    "reached": 20,
    "all_sellers": 60,
    "start_sellers": 12,
    "enough": 10,
    "rivals": 10,
}
BUSINESS = {
    "market": 400,
    "start_customers": 12,
    "start_prospects": 40,
    "start_deals": 12,
    "organic_leads": 5,
    "ads_leads": 20,
    "content_leads": 10,
    "budget": 5_000,
    "reinvest": 0.4,
    "start_sellers": 0.5,
    "founders": 1,
    "half": {"ads": 5_000, "attract": 9_000, "engage": 9_000, "delight": 9_000, "practice": 9_000, "programme": 3_000, "alignment": 4_000},
    "start_investment": {"ads": 3_000, "attract": 4_000, "practice": 2_000},
}
CASES = {
    "decay": (Decay, {}, 6.0, 1_000),
    "kinds": (Kinds, {}, 8.0, 400),
    "assorted": (Assorted, {}, 4.0, 150),
    "advocacy": (Advocacy, {}, 6.0, 400),
    "bass": (Bass, {"market": 60, "start": 3, "imitation": 0.4}, 8.0, 400),
    "desk": (Desk, {"arriving": 3}, 6.0, 300),
    "impatient": (Impatient, {}, 4.0, 300),
    "entangled": (Entangled, {}, 4.0, 180),
    "paying": (Paying, {}, 5.0, 200),
    "family": (Family, {}, 3.0, 600),
    "rationed": (Rationed, {}, 5.0, 600),
    "subscribing": (Subscribing, {}, 6.0, 250),
    "renewing": (Renewing, {}, 6.0, 400),
    "twins": (Twins, {}, 2.0, 400),
    "marketplace": (Marketplace, MARKET, 2.0, 60),
    "growth": (Growth, BUSINESS, 3.0, 50),
}


def singly(lowered, inputs, until, replications, seed=1):
    """States and integrals at the end, of single accounts: (numbers, replications)."""
    traces = [events.run(lowered, inputs, [0.0, until], seed=seed, replication=number, log=False).trace for number in range(replications)]
    return np.array([[*trace.states[-1], *trace.integrals[until]] for trace in traces]).T


def together(lowered, inputs, until, replications=MANY, seed=2):
    """The same of counts."""
    found = Chances(lowered, inputs, [0.0, until]).run(seed, 0, replications)
    assert np.isnan(found.failed).all()
    assert (found.conservation == 0).all()
    return np.concatenate([found.states[-1], found.integrals[-1]])


@cache
def single_accounts(name):
    """The sample of a case by single accounts: (numbers, replications)."""
    model, values, until, replications = CASES[name]
    return singly(*given(model, **values), until, replications)


def likeness(one, other):
    """The chance that two samples of one law are as different as these; None where there is nothing to tell apart."""
    # A stock on which nothing has happened is one number, of which the two engines' steps may leave different last digits.
    one, other = (np.array([float(f"{value:.4g}") for value in sample]) for sample in (one, other))
    kinds = np.unique([*one, *other])
    if len(kinds) == 1:
        return None
    if len(kinds) > FEW:
        return stats.ks_2samp(one, other, method="asymp").pvalue
    table = np.array([[(sample == kind).sum() for kind in kinds] for sample in (one, other)])
    rare = table.sum(axis=0) * len(one) / table.sum() < ENOUGH
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    return stats.chi2_contingency(table, correction=False).pvalue if table.shape[1] > 1 else None


def rejected(chances):
    """Those that Holm rejects, of named chances."""
    order = sorted(chances, key=chances.get)
    found = []
    for rank, name in enumerate(order):
        if chances[name] > FAMILY / (len(order) - rank):
            break
        found.append((name, chances[name]))
    return found


def compared(name, one, other):
    """Every number of two samples, by name."""
    chances = {(name, number): likeness(*pair) for number, pair in enumerate(zip(one, other, strict=True))}
    return {key: chance for key, chance in chances.items() if chance is not None}


def test_single_accounts_and_counts_have_one_law():
    chances = {}
    for name, (model, values, until, _) in CASES.items():
        lowered, inputs = given(model, **values)
        chances |= compared(name, single_accounts(name), together(lowered, inputs, until))
    assert len(chances) > 120
    assert {name for name, _ in chances} == set(CASES)
    assert rejected(chances) == []
    # Of one law, the chances are spread evenly, but that those of counts lie higher, as Kolmogorov and Smirnov take ties, and
    # those of one model hang together. A sample that is compared with itself has none below a half.
    assert 0.1 < np.mean([chance < 0.5 for chance in chances.values()]) < 0.6


@pytest.mark.parametrize(
    ("name", "parameter", "factor"),
    [("decay", "leaving", 1.04), ("impatient", "arriving", 1.15), ("entangled", "learned", 1.05)],
)
def test_another_law_is_seen(name, parameter, factor):
    """One number of a model a little larger, for counts alone."""
    model, values, until, _ = CASES[name]
    lowered, inputs = given(model, **values)
    slot = lowered.layout.parameters.index((parameter, None))
    larger = tuple(value * (factor if index == slot else 1) for index, value in enumerate(inputs.parameters))
    assert rejected(compared(name, single_accounts(name), together(lowered, replace(inputs, parameters=larger), until)))


def expected_rates(program):
    """A program read so that no stock jumps: all go on at the rates that are to be expected."""
    found = counting(program)
    slopes = {}
    for number, move in enumerate(program.moves):
        if number not in found.moves:
            for state, sign in ((move.destination, "+"), (move.source, "-")):
                if state != OUTSIDE:
                    slopes[state] = Apply(sign, (slopes.get(state, Number(0.0)), Slot("value", move.rate)))
    jumps = {number: tuple(jump for jump in of_move if jump.kind == "integral") for number, of_move in found.jumps.items()}
    return replace(found, slopes=slopes, jumps=jumps)


@pytest.mark.parametrize(("name", "stock"), [("subscribing", "cash"), ("paying", "recurring"), ("growth", "recurring")])
def test_that_stocks_follow_rates_and_not_those_who_came_is_seen(monkeypatch, name, stock):
    model, values, until, _ = CASES[name]
    lowered, inputs = given(model, **values)
    monkeypatch.setattr(chance_parts, "counting", expected_rates)
    chance.print_chance.cache_clear()
    smooth = together(lowered, inputs, until)
    chance.print_chance.cache_clear()
    chances = compared(name, single_accounts(name), smooth)
    assert (name, lowered.layout.states.index(stock)) in dict(rejected(chances))


# Waiting times


def first_times(grid, so_far):
    """The cell of a grid in which a count first rose above 0, of each replication; its last where it never did."""
    return np.where((so_far > 0).any(axis=0), (so_far > 0).argmax(axis=0), len(grid))


@pytest.mark.parametrize(
    ("model", "values", "activity", "until", "replications"),
    [
        (Subscribing, {}, "win", 0.8, 300),
        (Subscribing, {}, "leave", 2.0, 300),
        (Subscribing, {"start": 1, "first": 12, "ease": 1}, "win", 3.0, 400),
        (Renewing, {}, "come_back", 5.0, 300),
        (Twins, {}, "one", 0.5, 400),
    ],
    ids=["the first won", "the first lost", "the only lead", "the first to come back", "one of twins"],
)
def test_waiting_times_have_one_law(model, values, activity, until, replications):
    """The time of the first move along a flow: from the log, and from when the count of those who made it first rises."""
    lowered, inputs = given(model, **values)
    grid = np.linspace(0.0, until, 61)
    metric = {"win": "won", "leave": "left", "come_back": "returned", "one": "first"}[activity]
    flow = lowered.declaration.metrics[metric].expression.of
    found = Chances(lowered, inputs, grid.tolist()).run(4, 0, MANY)
    waits = first_times(grid, found.integrals[:, lowered.integrals[flow, None]])
    logged = []
    for number in range(replications):
        log = events.run(lowered, inputs, [0.0, until], seed=3, replication=number).log
        times = [time for time, one in zip(log.time, log.activity, strict=True) if one == activity]
        logged.append(np.searchsorted(grid, times[0]) if times else len(grid))
    assert len(np.unique(logged)) > FEW
    assert likeness(logged, waits) > FAMILY / 5
    assert likeness(np.asarray(logged) * 1.4 // 1, waits) < FAMILY  # so much longer would be seen


@pytest.mark.parametrize("activity", ["win", "lose"])
def test_the_time_through_stages_has_one_law(activity):
    """One account in three stages: the time until it is gone, and by which way."""
    lowered, inputs = given(Staged)
    grid = np.linspace(0.0, 12.0, 49)
    one = Chances(lowered, inputs, grid.tolist())
    one.initial = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    way = lowered.layout.states.index({"win": "won", "lose": "lost"}[activity])
    found = first_times(grid, one.run(5, 0, MANY).states[:, way])
    log = events.run(lowered, inputs, [0.0, 30.0], seed=6).log
    start = {
        account for account, to, name in zip(log.account, log.to_stock, log.activity, strict=True) if name == "start" and to == "leads"
    }
    first_stage = set(sorted(start)[: len(start) // 3 + 1])  # who began in the first stage has all three before it
    went = {
        account: (name, time) for account, name, time in zip(log.account, log.activity, log.time, strict=True) if name in {"win", "lose"}
    }
    waited = [np.searchsorted(grid, went[one][1]) if went[one][0] == activity else len(grid) for one in sorted(first_stage) if one in went]
    assert len(waited) > 1_000
    assert likeness(waited, found) > FAMILY / 2


# Exactly


def test_twins_are_told_apart_by_both_engines():
    """What went along a flow is who did: with the count of those who arrived to the last one, and binomial."""
    lowered, inputs = given(Twins)
    first, second, both = (lowered.integrals[lowered.declaration.metrics[name].expression.of, None] for name in ("first", "second", "both"))
    law = stats.binom(30, (1 - math.exp(-1.2)) / 2)
    for sample in (single_accounts("twins"), together(lowered, inputs, 2.0)):
        here, left, right = sample[:3]
        went = sample[3:]
        assert (went[first] == left).all()
        assert (went[second] == right).all()
        assert (went[both] == 30 - here).all()
        assert (left != right).any()
        low, high = law.ppf([0.02, 0.98]).astype(int)
        found = np.bincount(np.clip(left, low, high).astype(int) - low, minlength=high - low + 1)
        shares = np.diff(law.cdf([-np.inf, *range(low, high), np.inf]))
        assert stats.chisquare(found, shares * len(left)).pvalue > FAMILY / 2


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
@pytest.mark.parametrize("customers", [10, 20_000])
def test_each_pays_the_same_whoever_comes_and_goes(method, customers):
    """What is paid is the price times how many there are, in every replication: a jump for each who came or went."""
    lowered, inputs = given(Paying, won_a_month=0.4 * customers)
    ready = Chances(lowered, inputs, [0.0, 3.0, 24.0], method=method)
    ready.initial = np.array([customers, 7.0 * customers, 0.0])
    found = ready.run(7, 0, 20)
    there, recurring = found.states[:, 0], found.states[:, 1]
    assert len(np.unique(there[-1])) > 5
    assert recurring == pytest.approx(7 * there, rel=1e-9)


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
def test_who_leaves_as_the_last_takes_all_there_is(method):
    """What grew by itself does not go on as if somebody were there, not even to the end of the step."""
    lowered, inputs = given(Subscribing, start=4, first=2)
    found = Chances(lowered, inputs, [0.0, 4.0, 8.0, 16.0], dt=1.0, method=method).run(13, 0, 2_000)
    customers, recurring = (found.states[:, lowered.layout.states.index(name)] for name in ("customers", "recurring"))
    assert np.isnan(found.failed).all()
    assert (customers[1] == 0).any()
    assert np.abs(recurring[customers == 0]).max() < 1e-12
    assert recurring[customers > 0].min() > 9.99  # what one pays only grows


def test_where_stocks_move_by_jumps_alone_there_is_no_step():
    lowered, inputs = given(Renewing)
    short, long = (Chances(lowered, inputs, [0.0, 6.0], dt=dt) for dt in (1 / 64, 6.0))
    assert short.kernel.exact
    assert (short.run(8, 0, 50).states == long.run(8, 0, 50).states).all()
    assert not Chances(*given(Subscribing), [0.0, 6.0]).kernel.exact


def test_leaps_have_the_law_of_jumps_too():
    """Means and spreads of what jumps, grows and feeds back, with leaps and event by event."""
    lowered, inputs = given(Subscribing, start=6_000, first=800, heard=10_000)
    leapt, single = (Chances(lowered, inputs, [0.0, 6.0], method=method).run(9, 0, 1_000).states[-1] for method in ("leap", "direct"))
    assert (leapt != single).any()
    for one, other in zip(leapt, single, strict=True):
        assert stats.ks_2samp(one, other).pvalue > FAMILY / 5
        assert abs(one.mean() - other.mean()) < 4 * math.hypot(one.std(), other.std()) / math.sqrt(1_000)
        assert one.std() == pytest.approx(other.std(), rel=4 / math.sqrt(1_000))


def test_the_tolerance_of_the_step_is_as_stated():
    """Hazards that rest on a stock which jumps and grows: the error falls with the square of the step.

    The same random numbers are drawn in long and in short steps, so that millions of events leave little noise between them.
    """
    lowered, inputs = given(Subscribing, start=600_000, first=80_000, heard=1_000_000)
    times = [0.0, 6.0]
    means = {dt: Chances(lowered, inputs, times, dt=dt).run(10, 0, 4).states[-1].mean(axis=1) for dt in (1 / 32, 1 / 2, 1.0)}
    error = {dt: np.abs(mean / means[1 / 32] - 1) for dt, mean in means.items()}
    leads, cash = (lowered.layout.states.index(name) for name in ("leads", "cash"))
    for number in (leads, cash):
        assert math.log2(error[1.0][number] / error[1 / 2][number]) == pytest.approx(2, abs=0.3)
    assert max(error[1.0]) < 1 / 12  # (r dt)² / 12, where nothing but cash changes by more than itself a month
    few = given(Subscribing, start=3, first=1, growing=0.6)
    coarse, fine = (Chances(*few, times, dt=dt).run(10, 0, 10_000).states[-1].mean(axis=1) for dt in (1.0, 1 / 32))
    assert coarse == pytest.approx(fine, rel=0.05)  # of what grows by more than a half a month, from wherever it jumped to
    exact = np.array(ode.run(lowered, inputs, times, dt=1 / 64).states[-1])
    assert means[1 / 32] == pytest.approx(exact, rel=4e-3)


# Who never gets going


def test_the_chance_of_stalling_is_the_same():
    """The share of runs that are not above their start, of the shipped early stage, inside 4 standard errors of the difference.

    An account at a time costs a tenth of a second for half a quarter, so that it is few runs, over its first quarter, in
    which it is decided whether the first customers are lost before the next are won.
    """
    study = fw.load(Path(__file__).parent.parent / "scenarios" / "early-stage.toml")
    lowered, inputs = study.lowered, study.inputs("flywheel")
    slots = list(lowered.layout.columns["customers", None].slots)
    times = [0.0, 1.0, 2.0, 3.0]
    many = Chances(lowered, inputs, times).run(11, 0, 1_000).states[:, slots].sum(axis=1)
    runs = [events.run(lowered, inputs, times, seed=12, replication=number, log=False).trace for number in range(30)]
    few = np.array([[sum(row[slot] for slot in slots) for row in trace.states] for trace in runs]).T
    for later in (1, 2, 3):
        stalled = [(sample[later] <= sample[0]).mean() for sample in (many, few)]
        error = math.sqrt(stalled[0] * (1 - stalled[0]) * (1 / many.shape[1] + 1 / few.shape[1]))
        assert 0.1 < stalled[0] < 0.9
        assert abs(stalled[0] - stalled[1]) <= 4 * error
        assert likeness(few[later], many[later]) > FAMILY
