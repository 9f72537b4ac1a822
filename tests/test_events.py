"""Single accounts: against laws that are known, against the equations in the mean, and whole numbers throughout.

Where a mean over replications is held against an exact value, it must lie within 4 standard errors; with fixed seeds
the tests are the same on every run.
"""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from models import Assorted, Decay, Driven, Kinds, lowered_of
from queues import Desk, Entangled, Explosion, Family, Impatient, Learning, Paying, Rationed, Staged
from scipy import stats

import flywheel_sim as fw
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.engines import ode
from flywheel_sim.engines.events import run
from flywheel_sim.engines.events.reading import read
from flywheel_sim.engines.events.shares import degree, per_head
from flywheel_sim.expressions import Apply, Number, Slot, Walk
from flywheel_sim.library import Bass, Growth
from flywheel_sim.measures import so_far
from flywheel_sim.program import Bend, Inputs, lower
from flywheel_sim.program.counting import counting
from flywheel_sim.study.inputs import inputs_for, settings_from


def given(model, bends=(), **values):
    """A model as a program, and what its run is given."""
    lowered = lowered_of(model)
    inputs = inputs_for(lowered, settings_from(lowered, values), ())
    return lowered, Inputs(inputs.parameters, inputs.switches, bends)


def slot_of(lowered, name):
    return lowered.layout.parameters.index((name, None))


def months(until):
    return [float(month) for month in range(until + 1)]


def at_end(journey, lowered, name):
    return Reader(lowered, journey.trace).at(name, None, -1)


def within(sample, expected, errors=4.0, bias=0.0):
    """Whether the mean of a sample is its expected value, within so many standard errors."""
    error = np.std(sample, ddof=1) / math.sqrt(len(sample))
    assert error > 0
    return abs(np.mean(sample) - expected) <= errors * error + bias


# Whole numbers


@pytest.mark.parametrize(
    "model", [Decay, Kinds, Assorted, Bass, Growth, Paying, Impatient, Entangled, Staged], ids=lambda model: model.__name__
)
def test_accounts_are_whole_and_none_is_lost(model):
    lowered, inputs = given(model, **({"market": 400} if model is Bass else {}))
    times = months(3)
    journey = run(lowered, inputs, times, windows=windows(lowered, inputs), seed=3)
    trace = journey.trace
    assert trace.conservation == 0.0
    assert journey.events > 0
    for unit, counted in lowered.program.counted.items():
        crossing = lowered.program.crossing.get(unit)
        start = sum(trace.states[0][state] for state in counted)
        for time, row in zip(times, trace.states, strict=True):
            assert all(row[state] >= 0 and row[state] == int(row[state]) for state in counted)
            assert sum(row[state] for state in counted) == start + (trace.integrals[time][crossing] if crossing is not None else 0)


@pytest.mark.parametrize("model", [Assorted, Growth, Impatient, Rationed], ids=lambda model: model.__name__)
def test_the_log_tells_what_the_counts_are(model):
    """Replayed from nothing, it fills every stock as it is at the end; nobody leaves where they are not."""
    lowered, inputs = given(model)
    journey = run(lowered, inputs, months(2), seed=8)
    log = journey.log
    place, since = {}, {}
    for account, source, destination, time, waited in zip(log.account, log.from_stock, log.to_stock, log.time, log.waited, strict=True):
        assert place.get(account, "outside") == source
        assert waited == pytest.approx(time - since.get(account, time), abs=1e-12)
        place[account] = destination
        if source != destination:
            since[account] = time
    assert sorted(log.time) == log.time
    found = Counter(place.values())
    expected = Counter()
    for cell, state in lowered.cells.items():
        if state in counting(lowered.program).states:
            expected[lowered.declaration.names[cell.stock]] += int(journey.trace.states[-1][state])
    assert {name: found[name] for name in expected} == dict(expected)


# Laws


def test_pure_death_is_binomial():
    lowered, inputs = given(Decay)
    left = [int(run(lowered, inputs, [0.0, 10.0], seed=5, replication=number, log=False).trace.states[-1][0]) for number in range(600)]
    share = math.exp(-1.0)
    edges = [0, 31, 34, 36, 38, 41, 101]
    law = stats.binom(100, share)
    expected = [600 * (law.cdf(high - 1) - law.cdf(low - 1)) for low, high in itertools.pairwise(edges)]
    found = [sum(low <= one < high for one in left) for low, high in itertools.pairwise(edges)]
    assert stats.chisquare(found, expected, sum_check=False).pvalue > 1e-4
    assert within(left, 100 * share)
    assert np.var(left) == pytest.approx(100 * share * (1 - share), rel=4 * math.sqrt(2 / 600))


def converted(**options):
    lowered, inputs = given(Learning)
    return run(lowered, inputs, [0.0, 12.0], seed=1, **options).trace.states[-1][lowered.layout.states.index("won")] / 20_000


def test_a_hazard_that_grows_is_followed_and_not_drawn_at_entry():
    """The integral of the hazard over a year is 0.12 (12 + 0.6 × 72): 0.9987 are won; drawn at entry it would be 0.763."""
    exact = 1 - math.exp(-0.12 * (12 + 0.6 * 72))
    assert exact == pytest.approx(0.9987, abs=5e-5)
    assert abs(converted(log=False) - exact) <= 4 * math.sqrt(exact * (1 - exact) / 20_000)


def test_times_of_going_follow_the_integral_of_the_hazard():
    lowered, inputs = given(Learning)
    log = run(lowered, inputs, [0.0, 3.0], seed=4, dt=1.0).log
    times = [time for time, activity in zip(log.time, log.activity, strict=True) if activity == "convert"]

    def gone(time):
        return 1 - np.exp(-0.12 * (time + 0.3 * time**2))

    assert stats.kstest(times, lambda time: gone(time) / gone(3.0)).pvalue > 1e-3


@pytest.mark.parametrize(
    ("bends", "integral"),
    [
        ([(2.5, 0.3, 0.0)], 2.5 * 0.1 + 3.5 * 0.3),
        ([(1.0, 0.1, 0.05), (4.3, 0.0, 0.0)], 0.1 + 3.3 * 0.1 + 0.05 * 3.3**2 / 2),
    ],
    ids=["a step", "a ramp"],
)
def test_hazards_follow_the_schedule(bends, integral):
    lowered = lowered_of(Decay)
    moved = tuple(Bend(time, 0, value, slope) for time, value, slope in bends)
    left = [
        run(lowered, Inputs((0.1,), (), moved), [0.0, 6.0], seed=9, replication=number, log=False).trace.states[-1][0]
        for number in range(60)
    ]
    assert within(left, 100 * math.exp(-integral))


@pytest.mark.parametrize(
    ("model", "values", "name", "until", "bias"),
    [
        (Bass, {"market": 300, "start": 30, "innovation": 0.02, "imitation": 0.1}, "adopters", 12, 1.5),
        (Kinds, {}, "here", 12, 0.0),
        (Entangled, {}, "users", 12, 1.0),
        (Paying, {}, "customers", 12, 0.0),
        (Staged, {}, "won", 4, 0.0),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_mean_is_what_the_equations_say(model, values, name, until, bias):
    """The bias allowed is of the order of one account, where the equations are not linear."""
    lowered, inputs = given(model, **values)
    times = [0.0, float(until)]

    def total(trace):
        return sum(trace.states[-1][state] for cell, state in lowered.cells.items() if lowered.declaration.names[cell.stock] == name)

    sample = [
        total(run(lowered, inputs, times, seed=2, replication=number, log=False).trace) for number in range(3 if model is Staged else 150)
    ]
    assert within(sample, total(ode.run(lowered, inputs, times)), bias=bias)


def test_growth_is_near_its_equations():
    """One replication with many accounts, within 5 standard deviations of independent accounts."""
    lowered, inputs = given(Growth)
    times = months(6)
    accounts = run(lowered, inputs, times, windows=(12.0,), seed=1)
    smooth = ode.run(lowered, inputs, times, windows=(12.0,))
    single, even = Reader(lowered, accounts.trace), Reader(lowered, smooth)
    for name in ("strangers", "passives", "advocates", "lost", "customers"):
        assert single.at(name, None, -1) == pytest.approx(even.at(name, None, -1), abs=5 * math.sqrt(even.at(name, None, -1)))
    assert single.at("total_spend", None, -1) == pytest.approx(even.at("total_spend", None, -1), rel=1e-9)
    assert single.at("new_customers", None, -1) * 6 == pytest.approx(accounts.log.activity.count("win"), rel=1e-12)


@pytest.mark.parametrize(("ratio", "replications"), [(1.5, 600), (2.0, 400)])
def test_how_likely_a_family_dies_out(ratio, replications):
    """Geometric offspring: 1/R (FACTS 3). Who has come to 20 members is as good as safe."""
    lowered, inputs = given(Family, bringing=ratio)
    gone = [
        run(lowered, inputs, [0.0, 15.0], seed=6, replication=number, log=False).trace.states[-1][0] == 0 for number in range(replications)
    ]
    expected = 1 / ratio
    assert abs(np.mean(gone) - expected) <= 4 * math.sqrt(expected * (1 - expected) / replications)


def test_time_in_stages_is_erlang():
    """Three stages at 1.5 a month each, left two ways in proportion 3 to 2."""
    lowered, inputs = given(Staged)
    journey = run(lowered, inputs, [0.0, 30.0], seed=7)
    log = journey.log
    waited = [one for one, activity in zip(log.waited, log.activity, strict=True) if activity in {"win", "lose"}]
    assert len(waited) == 4_000
    # A third starts in each stage.
    mixture = [stats.gamma(stages, scale=1 / 1.5) for stages in (1, 2, 3)]
    starts = Counter(lowered.layout.states[state] for state in range(3) for _ in range(int(journey.trace.states[0][state])))
    shares = np.array(sorted(starts.values())) / 4_000
    assert stats.kstest(waited, lambda time: sum(share * law.cdf(time) for share, law in zip(shares, mixture, strict=True))).pvalue > 1e-3
    won = log.activity.count("win") / 4_000
    assert abs(won - 0.6) <= 4 * math.sqrt(0.24 / 4_000)
    assert set(log.activity) == {"start", "win", "lose"}


@pytest.mark.parametrize(("model", "name", "stock"), [(Desk, "present", "line"), (Staged, "waiting", "leads")])
def test_littles_law(model, name, stock):
    """The time that accounts spend in a stock, added up, is its number integrated: on every path, not only in the mean."""
    lowered, inputs = given(model)
    journey = run(lowered, inputs, [0.0, 7.0], seed=11)
    spent, entered = 0.0, {}
    log = journey.log
    for account, source, destination, time, waited in zip(log.account, log.from_stock, log.to_stock, log.time, log.waited, strict=True):
        if destination == stock and source != stock:
            entered[account] = time
        if source == stock and destination != stock:
            spent += waited
            del entered[account]
    spent += sum(7.0 - since for since in entered.values())
    assert at_end(journey, lowered, name) == pytest.approx(spent, rel=1e-10)


# Queues


@pytest.mark.parametrize(("places", "load", "waits"), [(2, 1, 1 / 3), (3, 2, 4 / 9), (5, 4, 0.554113)])
def test_erlang_c(places, load, waits):
    """How many wait, and how long (FACTS 3)."""
    lowered, inputs = given(Desk, arriving=load, places=places)
    shares, means = [], []
    for number in range(12):
        log = run(lowered, inputs, [0.0, 400.0], seed=12, replication=number).log
        waited = [one for one, activity, time in zip(log.waited, log.activity, log.time, strict=True) if activity == "desk" and time > 60]
        shares.append(np.mean([one > 0 for one in waited]))
        means.append(np.mean(waited))
    assert within(shares, waits)
    assert within(means, waits / (places - load))


def test_first_come_first_served():
    lowered, inputs = given(Desk, arriving=5, places=2)
    log = run(lowered, inputs, [0.0, 40.0], seed=13).log
    served = [account for account, activity in zip(log.account, log.activity, strict=True) if activity == "desk"]
    assert served == sorted(served)
    assert len(served) > 50
    busy = 0
    for activity in log.activity:
        busy += {"desk": 1, "finish": -1}.get(activity, 0)
        assert 0 <= busy <= 2


def test_places_that_come_and_go():
    """None until month 5, then three, then one: nobody is sent away, and nobody is taken on above the number."""
    lowered, _ = given(Desk)
    slot = slot_of(lowered, "places")
    bends = (Bend(0.0, slot, 0.0, 0.0), Bend(5.0, slot, 3.0, 0.0), Bend(30.0, slot, 1.9, 0.0))
    log = run(*given(Desk, bends, arriving=4), [0.0, 60.0], seed=14).log
    busy = 0
    for activity, time in zip(log.activity, log.time, strict=True):
        if activity == "desk":
            busy += 1
            assert time >= 5.0
            assert busy <= (3 if time <= 30 else 1)
        busy -= activity == "finish"
    assert [time for activity, time in zip(log.activity, log.time, strict=True) if activity == "desk"][:3] == [5.0] * 3


def test_those_who_give_up_leave_the_queue():
    """In the mean as the equations say, which for numbers alone hold for a queue too where they are linear: all places busy."""
    lowered, inputs = given(Impatient)
    log = run(lowered, inputs, [0.0, 200.0], seed=15).log
    began = {}
    tally = Counter()
    for account, activity, time, why in zip(log.account, log.activity, log.time, log.why, strict=True):
        if activity == "desk":
            began[account] = time
        if activity in {"finish", "give_up"}:
            tally[activity, account in began] += 1
        assert (why >= 0) == (activity == "talk")
    assert tally["finish", False] == 0
    assert min(tally["finish", True], tally["give_up", True], tally["give_up", False]) > 50


def test_a_queue_is_for_one_stock_of_one_stage():
    class Two(fw.Model):
        desk = fw.staff(fw.constant(2, "account"), queue=True)
        line = fw.stock(3, "account", stages=2)
        finish = fw.flow(line >> fw.outside, hazard=fw.constant(1, "1/month"), served_by=desk)

    with pytest.raises(fw.ModelError, match="desk has a queue") as caught:
        run(*given(Two), [0.0, 1.0], seed=0)
    assert caught.value.fix


# What goes on smoothly


def test_without_accounts_it_is_the_equations():
    lowered, inputs = given(Driven, (Bend(2.3, 0, 5.0, 0.5), Bend(4.0, 0, 1.0, 0.0)))
    times = months(7)
    for method in ("euler", "rk4"):
        alone = run(lowered, inputs, times, windows=(3.0,), seed=0, dt=1 / 4, method=method).trace
        smooth = ode.run(lowered, inputs, times, windows=(3.0,), dt=1 / 4, method=method)
        np.testing.assert_allclose(alone.states, smooth.states, rtol=1e-14)
        np.testing.assert_allclose(
            [alone.integrals[time] for time in sorted(alone.integrals)],
            [smooth.integrals[time] for time in sorted(smooth.integrals)],
            rtol=1e-13,
        )
        assert alone.integrals.keys() == smooth.integrals.keys()


def path_of(dt, method="rk4"):
    lowered, inputs = given(Entangled)
    journey = run(lowered, inputs, [0.0, 3.0], seed=16, dt=dt, method=method)
    return np.array(journey.log.time), journey.log.activity, journey.trace.states[-1][lowered.layout.states.index("skill")]


def test_the_step_hardly_matters():
    """The same numbers drawn, in long and in short steps: each move comes at the same time, to the tolerance stated."""
    fine, coarse, long = path_of(1 / 64), path_of(1 / 8), path_of(1 / 2)
    assert fine[1] == coarse[1] == long[1]
    assert len(fine[0]) > 40
    errors = [np.abs(other[0] - fine[0]).max() for other in (coarse, long)]
    assert errors[0] < 1e-5
    assert math.log(errors[1] / errors[0], 4) == pytest.approx(3.5, abs=0.5)
    assert coarse[2] == pytest.approx(fine[2], rel=1e-5)


def seasoned(*, queued=False):
    class Seasoned(fw.Model):
        """Skill comes of itself, so that moves leave its path as it is, and change hazards and integrals that rest on it."""

        arriving = fw.param(12, "account/month")
        skill = fw.stock(1, "item")
        leads = fw.stock(20, "account")
        users = fw.stock(5, "account")
        learn = fw.flow(fw.outside >> skill, rate=fw.constant(0.5, "item/month"))
        forget = fw.flow(skill >> fw.outside, hazard=fw.constant(0.2, "1/month"))
        arrive = fw.flow(fw.outside >> leads, rate=arriving)
        convert = fw.flow(leads >> users, hazard=fw.constant(0.3, "1/item/month") * skill * users / (users + fw.constant(5, "account")))
        leave = fw.flow(users >> fw.outside, hazard=fw.constant(0.2, "1/month") / (1 + skill / fw.constant(1, "item")))
        worked = fw.metric(so_far(users * skill), "account*item*month")
        paired = fw.metric(so_far(users * leads * skill), "account^2*item*month")
        rooted = fw.metric(so_far(fw.sqrt(users / fw.constant(1, "account")) * skill), "item*month")
        headline = users
        if queued:
            desk = fw.staff(fw.constant(1, "account"), queue=True)
            line = fw.stock(0, "account")
            finish = fw.flow(line >> fw.outside, hazard=fw.constant(1, "1/month"), served_by=desk)

    return Seasoned


def skilled(time):
    """The integral of skill, which goes from 1 to 2.5 by a fifth of what is left a month."""
    return 2.5 * time - 1.5 * (1 - math.exp(-0.2 * time)) / 0.2


def test_what_moves_change_along_a_path_that_they_leave_as_it_is():
    """Integrals of counts times skill, against the log and the exact integral of skill: in each step dozens of moves."""
    lowered, inputs = given(seasoned())
    ways = read(lowered).passages.values()
    assert not any(way.bends for way in ways)
    assert all(any(getattr(way, kind) for way in ways) for kind in ("turned", "tilted", "spoils"))
    journey = run(lowered, inputs, [0.0, 7.9], seed=40, dt=1.0)
    counts, since = {"leads": 20, "users": 5}, 0.0
    expected = dict.fromkeys(("worked", "paired", "rooted"), 0.0)
    moves = zip(journey.log.activity, journey.log.time, journey.log.from_stock, journey.log.to_stock, strict=True)
    for activity, time, source, destination in [*moves, ("end", 7.9, "", "")]:
        skill = skilled(time) - skilled(since)
        for name, times in (
            ("worked", counts["users"]), ("paired", counts["users"] * counts["leads"]), ("rooted", math.sqrt(counts["users"]))
        ):  # fmt: skip
            expected[name] += times * skill
        since = time
        if activity != "start":
            for stock, one in ((source, -1), (destination, 1)):
                if stock in counts:
                    counts[stock] += one
    assert journey.events > 100
    assert counts["users"] == at_end(journey, lowered, "users")
    for name, total in expected.items():
        assert at_end(journey, lowered, name) == pytest.approx(total, rel=1e-5), name


def test_the_error_along_a_path_falls_with_the_fourth_power_of_the_step():
    """Measured where a step holds hardly more than one move."""
    lowered, inputs = given(seasoned())
    fine, *others = (np.array(run(lowered, inputs, [0.0, 6.0], seed=41, dt=dt).log.time) for dt in (1 / 256, 1 / 64, 1 / 32, 1 / 8))
    errors = [np.abs(other - fine).max() for other in others]
    assert math.log2(errors[1] / errors[0]) == pytest.approx(4, abs=0.4)
    assert errors[2] < 1e-6


def test_a_queue_that_nobody_needs_changes_nothing():
    """With a queue somewhere the clock of SimPy is asked after every move; without one it is not."""

    plain, queued = (run(*given(seasoned(queued=queued)), [0.0, 4.0], seed=42).log for queued in (False, True))
    assert columns(plain) == columns(queued)
    assert len(plain) > 50


def test_what_falls_on_all_heads_alike_does_not_rest_on_their_number():
    """A rate in proportion to a stock is a hazard without it; any other rate is shared out."""
    here, there, share, one = Slot("state", 0), Slot("state", 1), Slot("parameter", 0), Number(1.0)
    values = [Apply("*", (share, here)), Apply("+", (Slot("value", 0), Apply("/", (Apply("negative", (here,)), there))))]
    walk = Walk(lambda node: {here: 7.0, there: 3.0, share: 0.5}.get(node) if isinstance(node, Slot) else None)
    for node, expected in (
        (here, 1.0),
        (values[0], 0.5),
        (Apply("where", (Apply("<", (here, there)), here, Apply("*", (there, here)))), 3.0),
        (values[1], 0.5 - 1 / 3),
        (Slot("value", 1), 0.5 - 1 / 3),
        (Apply("-", (Apply("*", (here, here)), Number(0.0))), 7.0),
    ):
        assert walk(per_head(node, 0, values)) == pytest.approx(expected, rel=1e-15)
    for node in (share, there, Apply("+", (here, one)), Apply("/", (one, here)), Apply("minimum", (here, one))):
        assert per_head(node, 0, values) is None


def test_straight_lines():
    here, there, share = Slot("state", 0), Slot("state", 1), Slot("parameter", 0)
    values = [Apply("*", (here, there))]
    for node, states, expected in (
        (here, {0}, 1),
        (here, {1}, 0),
        (Slot("value", 0), {0}, 1),
        (Slot("value", 0), {0, 1}, 2),
        (Apply("/", (here, share)), {0}, 1),
        (Apply("/", (share, here)), {0}, 2),
        (Apply("exp", (here,)), {0}, 2),
        (Apply("exp", (here,)), {1}, 0),
        (Apply("where", (Apply("<", (here, share)), there, share)), {1}, 1),
        (Apply("where", (Apply("<", (here, share)), there, share)), {0}, 2),
        (Apply("-", (Slot("value", 0), here)), {0}, 1),
    ):
        assert degree(node, states, values) == expected


def test_money_follows_those_who_came_and_went():
    lowered, inputs = given(Paying)
    times = months(24)
    journey = run(lowered, inputs, times, windows=windows(lowered, inputs), seed=17)
    read = Reader(lowered, journey.trace)
    customers, recurring = read.column("customers"), read.column("recurring")
    assert recurring == pytest.approx([7 * one for one in customers], rel=1e-9, abs=1e-9)
    assert len(set(customers)) > 3
    log = journey.log
    paid = sum(
        7 * (24 - time) * (1 if activity == "win" else -1)
        for activity, time in zip(log.activity, log.time, strict=True)
        if activity in {"win", "leave"}
    )
    assert read.at("cash", None, -1) == pytest.approx(70 * 24 + paid, rel=1e-9)
    assert read.at("won", None, -1) == log.activity.count("win")
    assert read.at("lost", None, -1) == log.activity.count("leave")
    assert read.at("recently", None, -1) == pytest.approx((customers[-1] - customers[-4]) / 3)


# Who


def test_a_rate_takes_anyone_alike():
    """30 cold and 10 referred, and about 20 taken: of the cold three times as many."""
    lowered, inputs = given(Rationed)
    cold, numbers = [], []
    for number in range(200):
        log = run(lowered, inputs, [0.0, 5.0], seed=18, replication=number).log
        taken = [
            (account, origin) for account, origin, activity in zip(log.account, log.origin, log.activity, strict=True) if activity == "take"
        ]
        cold.append(sum(origin == "cold" for _, origin in taken) - 0.75 * len(taken))
        numbers += [account for account, _ in taken]
    assert within(cold, 0.0)
    assert stats.chisquare(np.bincount(numbers, minlength=40)).pvalue > 1e-4


def test_an_empty_stock_gives_nothing():
    lowered, inputs = given(Rationed, taken_a_month=50)
    trace = run(lowered, inputs, [0.0, 5.0], seed=19).trace
    assert sorted(trace.states[-1]) == [0.0, 0.0, 40.0]


def test_who_referred_whom():
    """The cause is there at that time, and any one alike: of the two who are there throughout, each brings half."""

    class Pair(fw.Model):
        pair = fw.stock(2, "account")
        brought = fw.stock(0, "account")
        bring = fw.flow(fw.outside >> brought, by=pair, hazard=fw.constant(1, "1/month"))

    log = run(*given(Pair), [0.0, 1_000.0], seed=20).log
    causes = Counter(why for why, activity in zip(log.why, log.activity, strict=True) if activity == "bring")
    assert set(causes) == {0, 1}
    assert abs(causes[0] - causes.total() / 2) <= 4 * math.sqrt(causes.total() / 4)
    assert causes.total() == pytest.approx(2_000, abs=4 * math.sqrt(2_000))

    lowered, inputs = given(Bass, market=200, start=5, imitation=0.3, discarding=0.05)
    log = run(lowered, inputs, [0.0, 24.0], seed=21).log
    here = set()
    brought = 0
    for account, activity, destination, why in zip(log.account, log.activity, log.to_stock, log.why, strict=True):
        if activity == "imitate":
            assert why in here
            brought += 1
        (here.add if destination == "adopters" else here.discard)(account)
    assert brought > 50


def test_the_origin_stays_with_the_account():
    lowered, inputs = given(Growth)
    log = run(lowered, inputs, months(4), seed=22).log
    origin = {}
    for account, activity, label, source in zip(log.account, log.activity, log.origin, log.from_stock, strict=True):
        if activity == "introduce":
            assert label == "referred"
        elif activity == "reach":
            assert label == "cold"
        elif source != "strangers" and account in origin:
            assert label == origin[account]
        origin[account] = label
    assert {"cold", ""} <= set(origin.values())


# Draws


def columns(log):
    return [getattr(log, name) for name in log.__match_args__]


def test_the_same_seed_gives_the_same_log_and_another_another():
    lowered, inputs = given(Assorted)
    first, again = (run(lowered, inputs, months(4), seed=23) for _ in range(2))
    assert repr(columns(first.log)).encode() == repr(columns(again.log)).encode()
    assert first.trace.states == again.trace.states
    assert first.trace.integrals == again.trace.integrals
    for other in ({"seed": 24}, {"seed": 23, "replication": 1}):
        assert columns(run(lowered, inputs, months(4), **other).log) != columns(first.log)


def test_what_is_not_logged_happens_all_the_same():
    lowered, inputs = given(Assorted)
    assert run(lowered, inputs, months(3), seed=25, log=False).trace.states == run(lowered, inputs, months(3), seed=25).trace.states


def test_one_flow_does_not_move_the_draws_of_another():
    """Two groups that have nothing to do with each other: what one does leaves the other as it is."""

    class Apart(fw.Model):
        fast = fw.param(0.1, "1/month")
        slow = fw.param(0.2, "1/month")
        left = fw.stock(50, "account")
        right = fw.stock(50, "account")
        done = fw.stock(0, "account")
        go = fw.flow(left >> done, hazard=fast)
        leave = fw.flow(right >> done, hazard=slow)

    def times(**values):
        log = run(*given(Apart, **values), [0.0, 9.0], seed=26).log
        return [(account, time) for account, time, activity in zip(log.account, log.time, log.activity, strict=True) if activity == "leave"]

    assert times() == times(fast=0.9) != times(slow=0.3)


# What cannot be


def test_an_explosion_stops():
    lowered, inputs = given(Explosion)
    with pytest.raises(fw.StateError, match=r"more than 5,000 moves.*along bring") as caught:
        run(lowered, inputs, [0.0, 12.0], seed=27, most_events=5_000)
    assert 0 < caught.value.month < 3
    assert caught.value.name == "bring"
    assert caught.value.fix


class Hype(fw.Model):
    """Buzz feeds on itself without bound in finite time, and accounts follow it."""

    pull = fw.param(0.001, "1/item/month")
    buzz = fw.stock(1, "item")
    here = fw.stock(50, "account")
    there = fw.stock(0, "account")
    grow = fw.flow(fw.outside >> buzz, rate=fw.constant(1, "1/item/month") * buzz * buzz)
    go = fw.flow(here >> there, hazard=pull * buzz)
    back = fw.flow(there >> here, hazard=pull * buzz)


class Blown(fw.Model):
    """Money grows the faster the more there is, until it is no number; accounts do not mind."""

    money = fw.stock(1, "item")
    here = fw.stock(50, "account")
    earn = fw.flow(fw.outside >> money, rate=fw.exp(money / fw.constant(1, "item")) * fw.constant(1, "item/month"))
    go = fw.flow(here >> fw.outside, hazard=fw.constant(0.1, "1/month"))


class Doubling(fw.Model):
    """Who comes doubles the money, and money brings the next."""

    money = fw.stock(1, "item")
    here = fw.stock(5, "account")
    come = fw.flow(fw.outside >> here, rate=fw.constant(1, "account/item/month") * money)
    earn = fw.flow(fw.outside >> money, rate=come * fw.constant(1, "1/account") * money)


@pytest.mark.parametrize(
    ("model", "values", "told", "before"),
    [
        (Hype, {}, "more than 3,000 moves.*along (go|back)", 2),
        (Hype, {"pull": 0}, "buzz is (nan|inf)", 2),
        (Blown, {}, "money .*changes too fast", 1),
        (Doubling, {}, "(money|earn|come) (is inf|cannot be computed)|more than 3,000 moves.*along come", 10),
    ],
    ids=["moves", "a stock", "a slope", "jumps"],
)
def test_an_explosion_in_what_goes_on_smoothly_stops(model, values, told, before):
    with pytest.raises(fw.StateError, match=told) as caught:
        run(*given(model, **values), [0.0, 100.0], seed=43, most_events=3_000)
    assert 0 <= caught.value.month < before
    assert caught.value.fix


def test_as_many_moves_as_are_allowed():
    lowered, inputs = given(Decay)
    moves = run(lowered, inputs, [0.0, 12.0], seed=27).events
    assert run(lowered, inputs, [0.0, 12.0], seed=27, most_events=moves).events == moves > 50
    with pytest.raises(fw.StateError, match="more than"):
        run(lowered, inputs, [0.0, 12.0], seed=27, most_events=moves - 1)


def test_hazards_below_zero_and_beyond_bounds_are_told_by_name():
    class Backward(fw.Model):
        here = fw.stock(20, "account")
        there = fw.stock(0, "account")
        go = fw.flow(here >> there, hazard=fw.constant(0.1, "1/account/month") * (here - fw.constant(9.5, "account")))

    class Divided(fw.Model):
        here = fw.stock(20, "account")
        go = fw.flow(here >> fw.outside, hazard=fw.constant(1, "1/month") / (here - fw.constant(5, "account")) * fw.constant(1, "account"))

    class Cooling(fw.Model):
        heat = fw.stock(1, "item")
        here = fw.stock(20, "account")
        cool = fw.flow(heat >> fw.outside, rate=fw.constant(1, "item/month"))
        go = fw.flow(here >> fw.outside, hazard=fw.constant(0.1, "1/item/month") * heat)

    for model, told in ((Backward, "go runs backwards"), (Divided, "go cannot be computed"), (Cooling, "go runs backwards")):
        with pytest.raises(fw.StateError, match=told) as caught:
            run(*given(model), [0.0, 1_000.0], seed=28)
        assert 0 < caught.value.month < 100  # when it happens, not when it is saved


def test_a_start_below_zero_is_told():
    lowered, inputs = given(Bass, market=10, start=20)
    with pytest.raises(fw.StateError, match="potential starts at -10"):
        run(lowered, inputs, [0.0, 1.0], seed=0)


@pytest.mark.parametrize(
    "options", [{"method": "adaptive"}, {"dt": 0}, {"dt": math.nan}, {"dt": 1e-9}, {"seed": -1}, {"seed": 0.5}, {"replication": -1}]
)
def test_what_cannot_be_meant(options):
    lowered, inputs = given(Decay)
    with pytest.raises(fw.UsageError, match=next(iter(options)) if "dt" not in options else "step") as caught:
        run(lowered, inputs, [0.0, 12.0], **({"seed": 0} | options))
    assert caught.value.fix


def test_it_says_how_far_it_is_and_can_be_stopped():
    lowered, inputs = given(Learning)
    told = []
    journey = run(lowered, inputs, [0.0, 12.0], seed=29, log=False, advance=told.append)
    assert sum(told) == journey.events
    assert len(told) > 3

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(lowered, inputs, [0.0, 12.0], seed=29, log=False, advance=stop)


def test_many_accounts_run_to_the_end_and_can_be_stopped_on_the_way():
    """Growth with a market of thousands: every report on the way, and no account lost; stopped, it stops at once."""
    lowered, inputs = given(Growth, market=8_000, reopening=0.01)
    told = []
    journey = run(lowered, inputs, months(12), seed=44, advance=told.append)
    assert sum(told) == journey.events > 8_000
    assert len(told) == journey.events // 4_096 + 1
    assert journey.trace.conservation == 0.0
    assert len(set(journey.log.account)) == 8_000

    def stop(moves):
        told.append(-moves)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(lowered, inputs, months(12), seed=44, advance=stop)
    assert told[-1] == -4_096
    assert told[-2] > 0


# What jumps and what does not


def test_what_is_no_multiple_of_a_rate_goes_on_as_a_rate():
    class Bent(fw.Model):
        here = fw.stock(10, "account")
        leave = fw.flow(here >> fw.outside, hazard=fw.constant(0.3, "1/month"))
        straight = fw.metric(so_far(2 * leave), "account")
        shared = fw.metric(so_far(fw.where(here < fw.constant(5, "account"), leave, 0)), "account")
        bent = fw.metric(so_far(fw.maximum(leave, fw.constant(1, "account/month"))), "account")

    lowered = lower(lowered_of(Bent).declaration)
    found = counting(lowered.program)
    names = {
        lowered.integrals[node.of, None]: name
        for name, node in ((name, lowered.declaration.metrics[name].expression) for name in ("straight", "shared", "bent"))
    }
    jumping = {names[jump.index] for jump in found.jumps[0] if jump.index in names}
    assert jumping == {"straight", "shared"}
    assert {names[index] for index in found.integrands if index in names} == {"bent"} | (
        {"shared"} & {names[index] for index in found.integrands if index in names}
    )
    journey = run(lowered, Inputs((), ()), [0.0, 40.0], seed=30)
    assert at_end(journey, lowered, "straight") == 20.0
    assert at_end(journey, lowered, "shared") == 4.0
    assert at_end(journey, lowered, "bent") > 30.0


def test_flows_at_one_hazard_each_count_who_went_by_them():

    class Twins(fw.Model):
        here = fw.stock(30, "account")
        left = fw.stock(0, "account")
        right = fw.stock(0, "account")
        one = fw.flow(here >> left, hazard=fw.constant(0.3, "1/month"))
        other = fw.flow(here >> right, hazard=fw.constant(0.3, "1/month"))
        both = fw.metric(so_far(one + other), "account")
        first = fw.metric(so_far(one), "account")

    lowered, inputs = given(Twins)
    journey = run(lowered, inputs, [0.0, 2.0], seed=31)
    one, other = (journey.log.activity.count(name) for name in ("one", "other"))
    assert min(one, other) > 2
    assert at_end(journey, lowered, "both") == one + other
    assert at_end(journey, lowered, "first") == one
