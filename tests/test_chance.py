"""The law of single events: closed forms, the equations as numbers grow, and every replication by itself.

Chances are held against what is exact, with fixed seeds: a test of a distribution fails where so poor a fit has a chance
below 1e-4, a mean where it lies more than 4 standard errors away.
"""

import math

import numpy as np
import pytest
from models import Advocacy, Assorted, Decay, Driven, lowered_of
from queues import Renewing, Subscribing
from scipy import stats

import flywheel_sim as fw
from flywheel_sim import Model, constant, exp, flow, metric, outside, param, sqrt, stock, time
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.emit.llvm.chance import print_chance
from flywheel_sim.emit.llvm.chance_parts import Block, Parts
from flywheel_sim.engines.chance import Chances
from flywheel_sim.engines.chance.chance import generators, start
from flywheel_sim.engines.ode import run
from flywheel_sim.library import Bass, Growth, Marketplace
from flywheel_sim.measures import into, so_far, trailing
from flywheel_sim.program import Bend, Inputs
from flywheel_sim.records import replace

LEVEL = 1e-4  # of each test of a distribution: some twenty of them
NEAR = 4.0  # standard errors
MIXED = (Marketplace, Assorted, Subscribing, Renewing)


def given(lowered, *, off=(), bends=(), **values):
    """What a run is given: defaults but for some values, by name, or by name and label."""
    parameters = []
    for name, label in lowered.layout.parameters:
        default = lowered.declaration.parameters[name].default[label]
        parameters.append(float(values.get(f"{name}_{label}", values.get(name, default))))
    return Inputs(tuple(parameters), tuple(name not in off for name in lowered.layout.switches), tuple(bends))


def chances(model, times, *, off=(), bends=(), values=None, **options):
    lowered = lowered_of(model)
    return Chances(lowered, given(lowered, off=off, bends=bends, **(values or {})), times, **options)


def counts(replications, state=0, save=-1):
    return replications.states[save, state]


def errors_away(sample, mean):
    """How many standard errors the mean of a sample lies from what it should be."""
    return abs(sample.mean() - mean) / (sample.std(ddof=1) / math.sqrt(sample.size))


def variance_errors_away(sample, variance):
    """The same of its variance."""
    squares = (sample - sample.mean()) ** 2
    return abs(squares.mean() - variance) / (squares.std() / math.sqrt(sample.size))


def fit(sample, distribution):
    """The chance of so poor a fit of whole numbers to a distribution: chi-square over cells of five or more."""
    low, high = distribution.ppf([0.001, 0.999])
    edges = np.unique(np.linspace(low, high, min(40, int(high - low) + 1)).astype(int))
    expected = np.diff(distribution.cdf([-np.inf, *edges, np.inf])) * sample.size
    found = np.histogram(sample, [-np.inf, *(edges + 0.5), np.inf])[0]
    enough = expected >= 5
    expected = [*expected[enough], expected[~enough].sum() + 1e-9]
    found = [*found[enough], found[~enough].sum()]
    return stats.chi2.sf(sum((f - e) ** 2 / e for f, e in zip(found, expected, strict=True) if e > 1), len(expected) - 1)


# Closed forms


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
def test_those_who_leave_at_one_hazard_are_binomial(method):
    found = chances(Decay, [0, 5, 10], method=method).run(3, 0, 20_000)
    assert fit(counts(found, save=1), stats.binom(100, math.exp(-0.5))) > LEVEL
    assert fit(counts(found), stats.binom(100, math.exp(-1.0))) > LEVEL


def test_customers_who_come_bring_and_leave_have_the_moments_of_births_and_deaths():
    a, b, d, first, end = 4.0, 0.03, 0.05, 20.0, 10.0
    grown = math.exp((b - d) * end)
    steady = a / (d - b)
    mean = steady + (first - steady) * grown
    # V' = 2 (b - d) V + a + (b + d) m
    variance = (a + (b + d) * steady) * (1 - grown**2) / (2 * (d - b)) + (b + d) * (first - steady) * grown * (1 - grown) / (d - b)
    found = chances(Advocacy, [0, end]).run(1, 0, 40_000)
    assert errors_away(counts(found), mean) < NEAR
    assert variance_errors_away(counts(found), variance) < NEAR


class Lineage(Model):
    """One customer, those it brings, and those they bring."""

    time_unit, counts = "month", "account"
    reach = param(2, "1", (0, 5), "customers that each brings in its time")
    turn = param(1, "1/month", (0, 5))
    customers = stock(1, "account")
    bring = flow(outside >> customers, by=customers, hazard=reach * turn)
    leave = flow(customers >> outside, hazard=turn)
    brought = metric(so_far(bring), "account")
    headline = customers


class StagedLineage(Model):
    """The same where a customer's time is in eight stages."""

    time_unit, counts = "month", "account"
    reach = param(1.5, "1", (0, 5), "customers that each brings in its time")
    turn = param(1, "1/month", (0, 5))
    customers = stock(1, "account", stages=8)
    bring = flow(outside >> customers, by=customers, hazard=reach * turn)
    leave = flow(customers >> outside, hazard=turn)
    headline = customers


@pytest.mark.parametrize("reach", [1.5, 2.0, 3.0])
def test_a_lineage_with_geometric_offspring_dies_out_with_chance_one_over_its_mean(reach):
    end = 12 / reach
    found = chances(Lineage, [0, end], values={"reach": reach}).run(5, 0, 4_000)
    gone = counts(found) == 0
    left = math.exp(-(reach - 1) * end)
    exact = (1 - left) / (reach - left)  # by that time
    assert exact == pytest.approx(1 / reach, abs=2e-2)
    assert abs(gone.mean() - exact) < NEAR * math.sqrt(exact * (1 - exact) / gone.size)


def test_a_lineage_whose_customers_stay_in_stages_dies_out_as_its_offspring_say():
    reach, stages = 1.5, 8
    exact = 0.0
    for _ in range(200):  # each brings a Poisson number in a time that is Erlang
        exact = (1 + reach * (1 - exact) / stages) ** -stages
    found = chances(StagedLineage, [0, 8.0]).run(6, 0, 2_000)
    gone = (found.states[-1].sum(axis=0) == 0).mean()
    assert abs(gone - exact) < NEAR * math.sqrt(exact * (1 - exact) / 2_000)


class Skill(Model):
    """Prospects convert at a hazard that a number which is no count drives."""

    time_unit, counts = "month", "account"
    first = param(0.12, "1/month", (0, 1))
    gain = param(0.0723, "1/month/month", (0, 1))
    fading = param(0, "1/month", (0, 2))
    start = param(500, "account", (0, 1e7))
    waiting = stock(start, "account")
    won = stock(0, "account")
    ease = stock(first, "1/month")
    learn = flow(outside >> ease, rate=gain)
    forget = flow(ease >> outside, hazard=fading)
    win = flow(waiting >> won, hazard=1 * ease)
    seen = metric(so_far(win), "account")
    headline = won


def converted(dt, seed=2, replications=400, method="direct", **values):
    found = chances(Skill, [0, 12.0], dt=dt, method=method, values=values).run(seed, 0, replications)
    return found.states[-1, 1].sum() / found.states[0, 0].sum()


@pytest.mark.parametrize(("dt", "together"), [(1 / 8, 500), (1.0, 500), (1.0, 1), (6.0, 1)])
def test_a_hazard_that_grows_while_they_wait_is_integrated(dt, together):
    exact = 1 - math.exp(-(0.12 * 12 + 0.0723 * 12**2 / 2))
    assert exact == pytest.approx(0.9987, abs=5e-5)  # the hazard at entry would give 0.763
    assert 1 - math.exp(-0.12 * 12) == pytest.approx(0.763, abs=5e-4)
    assert abs(converted(dt, replications=200_000 // together, start=together) - exact) < NEAR * math.sqrt(exact * (1 - exact) / 200_000)


def test_the_error_of_the_integrated_hazard_is_of_second_order_in_the_step():
    # The hazard fades from 1/2 at 1/2 a month, so that the trapezium rule makes its integral z coth z as large, z = dt/4.
    whole = 1 - math.exp(-6)
    errors = [converted(dt, replications=4, gain=0, first=0.5, fading=0.5, start=2_000_000) - 1 + math.exp(-whole) for dt in (1.0, 0.5)]
    assert errors[0] == pytest.approx(math.exp(-1) * (0.25 / math.tanh(0.25) - 1), rel=0.1)
    assert 3 < errors[0] / errors[1] < 5.5  # 4, as well as 8 million accounts can tell


class Season(Model):
    """A hazard that the clock drives."""

    time_unit, counts = "month", "account"
    start = param(300, "account")
    span = param(8, "month")
    here = stock(start, "account")
    gone = stock(0, "account")
    leave = flow(here >> gone, hazard=exp(-time / span) / span)
    headline = gone


def test_a_hazard_that_the_clock_drives_is_integrated():
    found = chances(Season, [0, 8.0]).run(1, 0, 4_000)
    assert fit(counts(found, 1), stats.binom(300, 1 - math.exp(math.exp(-1) - 1))) > LEVEL


class Purse(Model):
    """Customers leave one by one; what they pay goes on as an equation."""

    time_unit, counts = "month", "account"
    leaving = param(0.5, "1/month")
    here = stock(1_000, "account")
    fund = stock(0, "$")
    leave = flow(here >> outside, hazard=leaving)
    pay = flow(outside >> fund, rate=here * constant(2, "$/account/month"))
    paid = metric(so_far(pay), "$")
    headline = fund


def test_what_events_do_to_the_equations_within_a_step_is_made_up_for():
    lowered = lowered_of(Purse)
    inputs = given(lowered)
    off = []
    for dt in (1.0, 0.25):
        found = Chances(lowered, inputs, [0, 4.0], dt=dt).run(1, 0, 2_000)
        fund = counts(found, 1)
        assert found.integrals[-1, lowered.integrals[Purse.paid.expression.of, None]] == pytest.approx(fund, rel=1e-12)
        off.append(fund.mean() / (2 * 1_000 * (1 - math.exp(-2)) / 0.5) - 1)
    # the trapezium rule makes the integral z coth z as large, z = dt/4; 2 million accounts tell to some 0.07 %
    assert off == pytest.approx([0.25 / math.tanh(0.25) - 1, 0.0625 / math.tanh(0.0625) - 1], abs=3e-3)


# The equations


@pytest.mark.parametrize("bends", [(), (Bend(2.25, 0, 4.0, 0.3), Bend(6.0, 0, 9.0, 0.0))])
def test_where_nobody_is_counted_it_is_the_engine_of_equations(bends):
    lowered = lowered_of(Driven)
    inputs, times = given(lowered, bends=bends), [0, 1.5, 6, 12]
    back = windows(lowered, inputs)
    found = Chances(lowered, inputs, times, windows=back, dt=0.25).run(0, 0, 2)
    expected = run(lowered, inputs, times, windows=back, dt=0.25)
    trace = found.trace(1)
    assert np.allclose(trace.states, expected.states, rtol=1e-13, atol=0)
    assert np.allclose(trace.values, expected.values, rtol=1e-13, atol=0)
    assert trace.integrals.keys() == expected.integrals.keys()
    assert all(np.allclose(trace.integrals[at], expected.integrals[at], rtol=1e-13) for at in expected.integrals)


def scaled_growth(lowered, scale):
    """Whatever is measured in accounts or money, or either a month, so many times as large."""
    declared = lowered.declaration.parameters
    extensive = {"account", "account/month", "$", "$/month"}
    values = (
        declared[name].default[label] * (scale if str(declared[name].unit) in extensive else 1) for name, label in lowered.layout.parameters
    )
    return replace(given(lowered), parameters=tuple(values))


def scaled_bass(lowered, scale):
    return given(lowered, market=100 * scale, start=2 * scale, innovation=0.01, imitation=0.4, discarding=0.05)


@pytest.mark.parametrize(
    ("model", "scaled", "until", "scales", "replications"),
    [(Bass, scaled_bass, 12.0, (1, 10, 100), 2_000), (Growth, scaled_growth, 12.0, (0.1, 1, 10), 200)],
    ids=["bass", "growth"],
)
def test_the_mean_nears_the_equations_as_numbers_grow(model, scaled, until, scales, replications):
    lowered = lowered_of(model)
    counted = [state for members in lowered.program.counted.values() for state in members]
    headline = lowered.layout.columns[lowered.declaration.names[lowered.declaration.headline], None].slots
    away = []
    for scale in scales:
        inputs = scaled(lowered, scale)
        found = Chances(lowered, inputs, [0, until]).run(8, 0, replications)
        expected = np.array(run(lowered, inputs, [0, until], dt=1 / 16).states[-1])
        assert np.isnan(found.failed).all()
        away.append(np.abs(found.states[-1].mean(axis=1) - expected)[counted].sum() / scale)
        sample = found.states[-1][list(headline)].sum(axis=0)
        target = expected[list(headline)].sum()
        bias = 0.06 / scale * target  # of order one over the numbers
        assert errors_away(sample, target) < NEAR or abs(sample.mean() - target) < bias
    assert away[0] > 5 * away[2]


def test_the_spread_around_the_equations_is_that_of_linear_noise():
    lowered = lowered_of(Bass)
    scale = 400
    market, innovation, imitation, discarding, end = 100.0 * scale, 0.01, 0.4, 0.05, 12.0
    share, variance, steps = 0.02, 0.0, 40_000  # V' = 2 f' V + up + down, along x' = up - down
    for _ in range(steps):
        up, down = (innovation + imitation * share) * (1 - share), discarding * share
        bend = imitation * (1 - 2 * share) - innovation - discarding
        share, variance = share + (up - down) * end / steps, variance + (2 * bend * variance + up + down) * end / steps
    found = Chances(lowered, scaled_bass(lowered, scale), [0, end]).run(2, 0, 2_000)
    assert variance_errors_away(counts(found, 1) / math.sqrt(market), variance) < NEAR


# What is kept


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Bass, {"market": 40_000, "start": 800, "imitation": 0.4}),
        (Assorted, {"market": 900}),
        (Advocacy, {"arriving": 10_000}),
        (Skill, {"start": 100_000}),
    ],
)
def test_accounts_are_whole_never_negative_and_balance_exactly(model, values, method):
    lowered = lowered_of(model)
    found = chances(model, [0, 1.5, 7, 12], method=method, values=values).run(4, 0, 10)
    counted = sorted({state for members in lowered.program.counted.values() for state in members})
    whole = found.states[:, counted]
    assert (whole == np.floor(whole)).all()
    assert (whole >= 0).all()
    assert (found.conservation == 0).all()
    assert (found.events > 0).all()


def test_what_has_gone_along_a_flow_is_how_many_went():
    found = chances(Bass, [0, 12.0], values={"start": 10, "innovation": 0.05}).run(1, 0, 20)
    lowered = lowered_of(Bass)
    for replication in range(20):
        reader = Reader(lowered, found.trace(replication))
        assert reader.column("ever_adopted")[-1] == counts(found, 1)[replication] - 10


def test_a_so_far_of_what_is_no_flow_is_the_area_under_its_path():
    """Every account is one of here and gone: the time spent in both is the time there was, to the last bit or so."""

    class Spent(Model):
        leaving = param(0.1, "1/month")
        here = stock(100, "account")
        gone = stock(0, "account")
        leave = flow(here >> gone, hazard=leaving)
        spent = metric(so_far(here + gone), "account*month")
        here_only = metric(so_far(here), "account*month")
        headline = here

    lowered = lowered_of(Spent)
    found = Chances(lowered, given(lowered), [0, 12.0]).run(1, 0, 4_000)
    names = [lowered.integrals[node.of, None] for node in (Spent.spent.expression, Spent.here_only.expression)]
    assert found.integrals[-1, names[0]] == pytest.approx(np.full(4_000, 1200.0), rel=1e-12)
    assert errors_away(found.integrals[-1, names[1]], 100 * (1 - math.exp(-1.2)) / 0.1) < NEAR


# Each replication by itself


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
@pytest.mark.parametrize(("model", "values"), [(Bass, {"market": 10_000, "imitation": 2}), (Assorted, {}), (Skill, {"start": 20_000})])
def test_a_replication_is_the_same_alone_in_a_batch_and_on_threads(model, values, method):
    ready = chances(model, [0, 3.0, 10], method=method, values=values, windows=(6.0,))
    whole = ready.run(9, 0, 23, threads=2)
    for first, last in ((7, 8), (0, 5), (11, 23)):
        part = ready.run(9, first, last)
        for name in ("states", "values", "integrals", "events"):
            assert (getattr(part, name) == getattr(whole, name)[..., first:last]).all()
    assert (ready.run(10, 0, 23).states != whole.states).any()
    assert len({tuple(whole.integrals[-1, :, one]) + tuple(whole.states[1, :, one]) for one in range(23)}) > 20


def test_words_of_generators_differ_and_rest_on_seed_and_number_alone():
    words = generators(5, 0, 1000)
    assert len(np.unique(words)) == 4000
    assert (generators(5, 700, 1000) == words[700:]).all()
    assert not np.isin(generators(6, 0, 1000), words).any()
    ones = np.unpackbits(words.view(np.uint8)).mean()
    assert abs(ones - 0.5) < NEAR * 0.5 / math.sqrt(words.size * 64)


def test_what_an_event_leaves_alone_need_not_be_computed_again(monkeypatch):
    """The dependency graph loses nothing: everything computed again after every event gives the same."""
    times = [0, 2.0, 6.0]
    ready = [chances(model, times) for model in MIXED]
    found = [one.run(1, 0, 5) for one in ready]

    def everything(self, states, hot):
        hot = tuple(sorted(hot))
        smooth = tuple(number for number, value in self.smooth.items() if value in hot) if self.exact else ()
        return Block(states, hot, tuple(range(len(self.channels))), smooth)

    monkeypatch.setattr(Parts, "block", everything)
    print_chance.cache_clear()
    for one, model, kept in zip(found, MIXED, ready, strict=True):
        slow = chances(model, times)
        assert slow.kernel.text != kept.kernel.text or model in {Subscribing, Renewing}  # there, everything rests on everything
        again = slow.run(1, 0, 5)
        assert (again.events == one.events).all()
        assert np.allclose(again.states, one.states, rtol=1e-12)
    print_chance.cache_clear()


def test_initial_counts_are_rounded_by_largest_remainder():
    class Parted(Model):
        time_unit, counts = "month", "account"
        many = param(10, "account", (0, 100))
        few = param(0.4, "account")
        staged = stock(many, "account", stages=4)
        rest = stock(few, "account")
        money = stock(2.5, "$")
        leave = flow(staged >> rest, hazard=constant(0.1, "1/month"))
        earn = flow(outside >> money, rate=constant(0.1, "$/month"))
        headline = rest

    lowered = lowered_of(Parted)
    assert start(lowered, given(lowered)) == [3, 3, 2, 2, 0, 2.5]
    assert start(lowered, given(lowered, many=11, few=0.9)) == [3, 3, 3, 2, 1, 2.5]
    # A stock whose stages are no whole numbers is one number first.
    assert start(lowered, given(lowered, many=10, few=0.5 + 1e-12)) == [3, 3, 2, 2, 1, 2.5]


# Leaps


class Arrivals(Model):
    """Customers who come of themselves: a Poisson number, in one leap."""

    time_unit, counts = "month", "account"
    arriving = param(3, "account/month", (0, 1e9))
    customers = stock(0, "account")
    arrive = flow(outside >> customers, rate=arriving)
    headline = customers


@pytest.mark.parametrize("mean", [12.0, 60.0, 1e4, 1e7])
def test_a_leap_is_a_poisson_number(mean):
    found = chances(Arrivals, [0, 1.0], method="leap", values={"arriving": mean}).run(3, 0, 20_000)
    assert fit(counts(found), stats.poisson(mean)) > LEVEL


def test_small_poisson_numbers_are_inverted():
    # two kinds of arrivals in one leap, the second seldom
    class Two(Model):
        time_unit, counts = "month", "account"
        often = param(100, "account/month")
        seldom = param(3, "account/month")
        customers = stock(0, "account")
        guests = stock(0, "account")
        arrive = flow(outside >> customers, rate=often)
        visit = flow(outside >> guests, rate=seldom)
        headline = customers

    found = chances(Two, [0, 1.0], method="leap").run(3, 0, 20_000)
    assert fit(counts(found, 1), stats.poisson(3)) > LEVEL


class Busy(Model):
    """Few leave while very many come."""

    time_unit, counts = "month", "account"
    arriving = param(100_000, "account/month")
    here = stock(9, "account")
    gone = stock(0, "account")
    guests = stock(0, "account")
    arrive = flow(outside >> guests, rate=arriving)
    leave = flow(here >> gone, hazard=constant(1, "1/month"))
    headline = gone


def test_leaps_take_the_few_one_by_one():
    found = chances(Busy, [0, 1.0], method="leap").run(3, 0, 20_000)
    assert fit(counts(found, 1), stats.binom(9, 1 - math.exp(-1))) > LEVEL
    assert found.events.mean() > 90_000


class Till(Model):
    """A rate in total out of a stock that runs empty."""

    time_unit, counts = "month", "account"
    rate = param(4, "account/month")
    here = stock(20, "account")
    gone = stock(0, "account")
    take = flow(here >> gone, rate=rate)
    headline = gone


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
def test_a_rate_in_total_ends_where_nobody_is_left(method):
    found = chances(Till, [0, 2.0, 40.0], method=method).run(3, 0, 20_000)
    assert (found.states[2] == [[0.0], [20.0]]).all()
    assert fit(counts(found, 1, 1)[counts(found, 1, 1) < 20], stats.poisson(8)) > LEVEL  # 20 of a Poisson number of mean 8 is rare


@pytest.mark.parametrize("scale", [20, 500])
def test_leaps_have_the_law_of_single_events(scale):
    lowered = lowered_of(Bass)
    inputs = scaled_bass(lowered, scale)
    by = {method: Chances(lowered, inputs, [0, 6.0, 12.0], method=method).run(2, 0, 1_000) for method in ("direct", "leap")}
    for save in (1, 2):
        one, other = (counts(by[method], 1, save) for method in ("direct", "leap"))
        assert stats.ks_2samp(one, other).pvalue > LEVEL
    both = [by[method].integrals[-1].mean(axis=1) for method in ("direct", "leap")]
    assert both[1] == pytest.approx(both[0], rel=0.01)


def test_leaps_along_a_step_integrate_the_hazard_too():
    exact = 1 - math.exp(-(0.12 * 3 + 0.0723 * 3**2 / 2))
    leapt, single = (chances(Skill, [0, 3.0], method=method, values={"start": 100_000}).run(2, 0, 100) for method in ("leap", "direct"))
    assert (leapt.states != single.states).any()
    for found in (leapt, single):
        assert errors_away(counts(found, 1) / 100_000, exact) < NEAR
        assert (found.integrals[-1, 0] == counts(found, 1)).all()


def test_auto_leaps_where_there_are_many():
    assert chances(Bass, [0, 1.0], method="auto").method == "direct"
    assert chances(Bass, [0, 1.0], method="auto", values={"market": 100_000}).method == "leap"


# What cannot be


class Runaway(Model):
    """Each brings the more the more there are: infinitely many within finite time."""

    time_unit, counts = "month", "account"
    pull = param(0.01, "1/account/month")
    customers = stock(50, "account")
    bring = flow(outside >> customers, by=customers, hazard=pull * customers)
    headline = customers


@pytest.mark.parametrize("method", ["direct", "leap", "paired"])
def test_a_model_that_explodes_says_so(method):
    with pytest.raises(fw.errors.RunError, match=r"replication 3 had [\d,]+ events by month 2\.\d*: the model grows without bound"):
        chances(Runaway, [0, 5.0], method=method, most_events=100_000).run(1, 3, 4)


class Undefined(Model):
    """An equation that the day comes for."""

    time_unit, counts = "month", "account"
    limit = param(3, "month")
    here = stock(10, "account")
    gone = stock(0, "account")
    leave = flow(here >> gone, hazard=sqrt((limit - time) / limit) / limit)
    headline = gone


def test_a_number_that_is_none_ends_its_replication_alone():
    found = chances(Undefined, [0, 1.0, 2.0, 4.0]).run(1, 0, 3)
    assert (found.failed == 3.125).all()  # the end of the first step in which it has no value
    assert np.isfinite(found.states[:3]).all()
    assert np.isnan(found.states[3]).all()
    assert np.isnan(chances(Undefined, [0, 1.0]).run(1, 0, 3).failed).all()


@pytest.mark.parametrize(
    ("options", "cause"),
    [({"method": "slow"}, "no method"), ({"dt": 0.0}, "no step"), ({"dt": math.inf}, "no step"), ({"dt": 1e-9}, "steps are more")],
)
def test_what_cannot_be_meant_is_refused(options, cause):
    with pytest.raises(fw.errors.UsageError, match=cause):
        chances(Decay, [0, 12.0], **options)


def test_trailing_measures_look_back_at_counts():
    class Flowing(Model):
        leaving = param(0.1, "1/month")
        here = stock(100, "account")
        gone = stock(0, "account")
        leave = flow(here >> gone, hazard=leaving)
        lately = metric(trailing(into(gone), constant(3, "month")), "account/month")
        headline = here

    lowered = lowered_of(Flowing)
    inputs = given(lowered)
    found = Chances(lowered, inputs, [0, 2.0, 4.0, 6.0], windows=windows(lowered, inputs)).run(1, 0, 2)
    assert found.marks == (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
    trace = found.trace(0)
    gone = [row[1] for row in trace.states]
    got = Reader(lowered, trace).column("lately")
    assert got[:2] == pytest.approx([10.0, gone[1] / 2])
    assert [one * 3 for one in got[2:]] == pytest.approx([round(one * 3) for one in got[2:]])
    assert sum(one * 3 for one in got[3:]) == pytest.approx(gone[3] - trace.integrals[3.0][0])
