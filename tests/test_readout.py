"""The compiled readout gives what the reader of single runs does: the reader asks the declaration, and is the oracle."""

import math

import numpy as np
import pytest
from models import Assorted, Driven, drawn_parameters, lowered_of

import flywheel_sim as fw
from flywheel_sim import Model, constant, flow, metric, outside, param, sqrt, stock, time, where
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.emit.llvm.replay import print_replay
from flywheel_sim.emit.llvm.workspace import Output
from flywheel_sim.engines import events, ode
from flywheel_sim.engines.chance import Chances
from flywheel_sim.engines.ensemble import Drawn, Draws, Ensemble, Readout
from flywheel_sim.expressions import Slot
from flywheel_sim.library import Bass, Growth, Marketplace
from flywheel_sim.measures import so_far, trailing
from flywheel_sim.program.schedule import parameters_in
from flywheel_sim.study.outputs import outputs_of

COUNT = 5  # draws: no whole number of blocks
NEAR = 1e-12  # of a series' peak: both read the same states, and differ by rounding alone
LIBRARY = (Growth, Bass, Marketplace)
EVERYTHING = (*LIBRARY, Assorted)
MONTHS = [0.0, *map(float, range(1, 15)), 24.5]

named = pytest.mark.parametrize("model", EVERYTHING, ids=lambda model: model.__name__)


def drawn(lowered, count=COUNT, seed=7, switches=None, bends=()):
    """Draws of every parameter inside its plausible range, when a condition on time flips among them."""
    generator = np.random.default_rng(seed)
    rows = np.array([drawn_parameters(lowered, generator) for _ in range(count)]).T
    if switches is None:
        switches = tuple(bool(one) for one in generator.integers(0, 2, len(lowered.layout.switches)))
    return Draws(rows, switches, tuple(bends))


def alike(lowered, count=COUNT, bends=(), **values):
    """The same for every draw: defaults but for some values, by name."""
    row = [float(values.get(name, lowered.declaration.parameters[name].default[label])) for name, label in lowered.layout.parameters]
    return Draws(np.repeat(np.array(row)[:, np.newaxis], count, axis=1), (True,) * len(lowered.layout.switches), tuple(bends))


def readout(lowered, draws, times, **options):
    return Readout(lowered, draws, times, outputs_of(lowered).saved, **options)


def stacked(made, traces):
    """States and integrals of single runs as a readout takes them."""
    states = np.array([trace.states for trace in traces]).transpose(1, 2, 0)
    integrals = np.array([[trace.integrals[mark] for mark in made.marks] for trace in traces]).transpose(1, 2, 0)
    return states, integrals


def solved(lowered, draws, times, dt=0.25):
    """Each draw as a single run of the equations."""
    given = (draws.one(draw) for draw in range(draws.count))
    return [ode.run(lowered, inputs, times, windows=windows(lowered, inputs), method="rk4", dt=dt) for inputs in given]


def furthest(lowered, found, traces):
    """How far each series is from what the reader says, relative to its peak, at worst over runs; NaN in both is no distance."""
    assert np.isnan(found.failed).all()
    assert found.imbalance.max() < 1e-12
    assert found.values.shape == (len(traces[0].times), len(outputs_of(lowered).saved), len(traces))
    worst = {}
    for number, trace in enumerate(traces):
        reader = Reader(lowered, trace)
        for place, output in outputs_of(lowered).places.items():
            expected = np.array(reader.column(*place))
            got = found.values[:, output, number]
            assert (np.isnan(expected) == np.isnan(got)).all(), (place, number)
            peak = np.nanmax(np.abs(expected), initial=0.0)
            distance = np.nanmax(np.abs(got - expected), initial=0.0)
            worst[place] = max(worst.get(place, 0.0), distance / peak if peak else distance)
    return max(worst.values()), max(worst, key=worst.get)


def far_from_the_reader(lowered, draws, times):
    """The same, of draws solved one by one."""
    made = readout(lowered, draws, times)
    traces = solved(lowered, draws, times)
    return furthest(lowered, made.read(draws, *stacked(made, traces)), traces)


# The same as the reader of single runs


@named
def test_every_series_of_solved_draws_is_as_the_reader_reads_it(model):
    lowered = lowered_of(model)
    far, place = far_from_the_reader(lowered, drawn(lowered), MONTHS)
    assert far < NEAR, place


@named
@pytest.mark.parametrize("on", [True, False])
def test_with_every_loop_and_friction_on_or_off(model, on):
    lowered = lowered_of(model)
    draws = drawn(lowered, count=2, seed=3, switches=(on,) * len(lowered.layout.switches))
    far, place = far_from_the_reader(lowered, draws, [0.0, 1.0, 7.0, 13.0])
    assert far < NEAR, place


@named
def test_what_an_ensemble_went_through_is_read_as_the_ensemble_saves_it(model):
    lowered = lowered_of(model)
    draws = drawn(lowered)
    for flip in lowered.program.breaks:  # in an ensemble one that is drawn falls on the nearest step
        for parameter in parameters_in(flip):
            draws.parameters[parameter] = draws.parameters[parameter, 0].round()
    times = [*map(float, range(15))]
    made = readout(lowered, draws, times)
    assert made.marks == tuple(times)
    sizes = {"state": len(lowered.program.initial), "integral": len(lowered.program.integrals)}
    slots = tuple(Output(Slot(kind, index), defined=True) for kind, size in sizes.items() for index in range(size))
    went = Ensemble(lowered, draws, times, slots, dt=0.25).run(draws).values
    saved = Ensemble(lowered, draws, times, outputs_of(lowered).saved, dt=0.25).run(draws)
    found = made.read(draws, went[:, : sizes["state"]], went[:, sizes["state"] :])
    assert (np.isnan(found.values) == np.isnan(saved.values)).all()
    peaks = np.nanmax(np.abs(saved.values), axis=0, initial=0.0)
    assert np.nanmax(np.abs(found.values - saved.values) / np.where(peaks > 0, peaks, 1.0)) < NEAR
    assert found.imbalance == pytest.approx(saved.imbalance, abs=1e-14)


# Single accounts


@named
def test_replications_of_counts_are_as_the_reader_reads_them(model):
    lowered = lowered_of(model)
    draws = alike(lowered, **({"market": 900.0} if model is Bass else {}))
    times = MONTHS[:-1]
    made = readout(lowered, draws, times)
    chances = Chances(lowered, draws.one(0), times, windows=made.windows)
    assert chances.marks == made.marks
    runs = chances.run(2, 0, COUNT)
    assert len(np.unique(runs.states[-1], axis=1).T) > 1  # luck differs
    far, place = furthest(lowered, made.read(draws, runs.states, runs.integrals), [runs.trace(one) for one in range(COUNT)])
    assert far < NEAR, place


FEW = {Bass: {"market": 900}, Marketplace: {"all_buyers": 9_000, "all_sellers": 900, "start_buyers": 500, "start_sellers": 90}}


@named
def test_replications_of_individuals_are_as_the_reader_reads_them(model):
    lowered = lowered_of(model)
    draws = alike(lowered, count=2, **FEW.get(model, {}))
    times = [0.0, 0.5, 2.0] if model in {Growth, Marketplace} else [0.0, 5.0, 5.5, 8.0]  # it takes a second for each month of growth
    made = readout(lowered, draws, times)
    traces = [
        events.run(lowered, draws.one(one), times, windows=made.windows, seed=2, replication=one, log=False).trace for one in range(2)
    ]
    assert set(traces[0].integrals) == set(made.marks)
    assert traces[0].integrals != traces[1].integrals
    far, place = furthest(lowered, made.read(draws, *stacked(made, traces)), traces)
    assert far < NEAR, place


# Levers that move, and conditions on time


MOVES = (
    ((3.0, 0.7, 0.0),),
    ((2.25, 0.4, 0.1), (6.0, 0.9, 0.0)),
    ((0.0, 0.9, 0.0), (4.9, 0.2, 0.02), (11.9, 5.0, 0.0)),
)


@pytest.mark.parametrize("moves", MOVES)
def test_steps_and_ramps_differ_from_draw_to_draw(moves):
    lowered = lowered_of(Driven)
    scale = np.linspace(1, 2, COUNT)
    bends = [Drawn(at, 0, value * scale, slope * scale) for at, value, slope in moves]
    far, place = far_from_the_reader(lowered, drawn(lowered, bends=bends), [*map(float, range(13))])
    assert far < NEAR, place


def moving_levers(lowered, scale):
    """Steps, a ramp and a split that changes, in the model with everything."""
    slots = lowered.layout.parameters
    shares = [index for index, (name, _) in enumerate(slots) if name == "mix"]
    effort = slots.index(("effort", None))
    still = 0 * scale
    steps = [Drawn(2.0, index, still + 1 / 3, still) for index in shares]
    return [Drawn(1.5, effort, scale, 0.3 * scale), *steps, Drawn(7.0, effort, 3 * scale, still)]


def test_levers_move_in_the_model_with_everything():
    lowered = lowered_of(Assorted)
    draws = drawn(lowered, bends=moving_levers(lowered, np.linspace(0.8, 1.2, COUNT)))
    far, place = far_from_the_reader(lowered, draws, [*map(float, range(13))])
    assert far < NEAR, place


def test_levers_move_in_replications_too():
    lowered = lowered_of(Assorted)
    draws = alike(lowered, bends=moving_levers(lowered, np.ones(COUNT)))
    times = [*map(float, range(9))]
    made = readout(lowered, draws, times)
    runs = Chances(lowered, draws.one(0), times, windows=made.windows).run(5, 0, COUNT)
    far, place = furthest(lowered, made.read(draws, runs.states, runs.integrals), [runs.trace(one) for one in range(COUNT)])
    assert far < NEAR, place


class Switched(Model):
    """Something grows at one of two rates, before and after a time."""

    time_unit = "month"

    when = param(3.0, "month", (0, 12))
    level = stock(0, "1")
    grow = flow(outside >> level, rate=where(time < when, 1, 2) / constant(1, "month"))
    pace = metric(grow, "1/month", better=None)
    recent = metric(trailing(grow, constant(2, "month")), "1/month", better=None)


@pytest.mark.parametrize("close", [0.0, 1e-12, -1e-12])
def test_a_condition_flips_in_each_draw_when_it_does_in_its_own_run(close):
    lowered = lowered_of(Switched)
    whens = np.array([[0.0, 1.0, 2.9, 3.0, 3.1, 3.999999, 6.0, 9.0]]) + close  # on saved times, close to them, at the horizon, beyond
    draws = Draws(whens, ())
    times = [0.0, 1.0, 3.0, 4.0, 6.0]
    far, place = far_from_the_reader(lowered, draws, times)
    assert far < NEAR, place
    made = readout(lowered, draws, times)
    found = made.read(draws, *stacked(made, solved(lowered, draws, times))).values[:, outputs_of(lowered).places["pace", None]]
    after = [time >= round(when, 9) and not time == round(when, 9) == 6.0 for time in times for when in whens[0]]
    assert found.ravel().tolist() == [2.0 if late else 1.0 for late in after]


# What leaves the possible


class Sinking(Model):
    """Money that accounts use up; what it cannot pay for has no root."""

    time_unit, counts = "month", "account"

    use = param(1.0, "$/account/month", (0, 5))
    joining = param(1.0, "account/month", (0, 5))
    money = stock(30, "$")
    accounts = stock(1, "account")
    join = flow(outside >> accounts, rate=joining)
    part = flow(accounts >> outside, hazard=0.2 / constant(1, "month"))
    pay = flow(money >> outside, rate=accounts * use)
    comfort = metric(sqrt(money / constant(1, "$")), "1")
    paid = metric(trailing(pay, constant(3, "month")), "$/month")
    joined = metric(so_far(join), "account")


class Faltering(Model):
    """Accounts use up the money that draws in others: once it is gone, that cannot be computed."""

    time_unit, counts = "month", "account"

    joining = param(1.0, "account/month", (0, 5))
    money = stock(30, "$")
    accounts = stock(1, "account")
    join = flow(outside >> accounts, rate=joining * sqrt(money / constant(30, "$")))
    part = flow(accounts >> outside, hazard=0.2 / constant(1, "month"))
    pay = flow(money >> outside, rate=accounts * constant(1, "$/account/month"))
    paid = metric(trailing(pay, constant(3, "month")), "$/month")


def sunk(change):
    """Three draws of which one is changed before it is read."""
    lowered = lowered_of(Sinking)
    draws = alike(lowered, count=3, use=0.5)
    times = [*map(float, range(6))]
    made = readout(lowered, draws, times)
    states, integrals = stacked(made, solved(lowered, draws, times))
    before = made.read(draws, states, integrals)
    change(draws.parameters, states, integrals)
    found = made.read(draws, states, integrals)
    for one in (0, 2):
        assert found.values[:, :, one].tobytes() == before.values[:, :, one].tobytes()
        assert math.isnan(found.failed[one])
    return lowered, found


def put(which, place, value):
    """A change of the middle draw: of its parameters, states or integrals."""

    def change(*arrays):
        arrays[which][(*place, 1)] = value

    return change


@pytest.mark.parametrize(
    ("change", "month"),
    [
        (put(1, (slice(3, None), slice(None)), math.nan), 3.0),
        (put(1, (2, 0), math.inf), 2.0),
        (put(1, (2, 1), -1.0), 2.0),
        (put(2, (4, 1), math.nan), 4.0),
        (put(2, (4, 1), -math.inf), 4.0),
        (put(0, (0,), math.nan), 0.0),
        (put(0, (0,), -1.0), 0.0),
    ],
    ids=["no states", "infinite", "below zero", "no integral", "infinite integral", "no parameter", "backwards"],
)
def test_a_draw_that_leaves_the_possible_fails_by_itself(change, month):
    _, found = sunk(change)
    assert found.failed[1] == month


def test_accounts_that_are_missing_are_told():
    _, found = sunk(put(1, (3, 1), 100.0))
    assert found.imbalance[1] > 0.9
    assert found.imbalance[[0, 2]].max() < 1e-14


def test_what_is_undefined_is_no_failure():
    lowered, found = sunk(put(1, (3, 0), -1.0))
    assert math.isnan(found.failed[1])
    comfort = found.values[:, outputs_of(lowered).places["comfort", None], 1]
    assert np.isnan(comfort).tolist() == [False, False, False, True, False, False]


def test_replications_that_fail_are_read_as_failed_and_the_others_as_ever():
    lowered = lowered_of(Faltering)
    count = 40
    draws = alike(lowered, count=count, joining=0.8)
    times = [*map(float, range(11))]
    made = readout(lowered, draws, times)
    runs = Chances(lowered, draws.one(0), times, windows=made.windows).run(1, 0, count)
    failed = ~np.isnan(runs.failed)
    assert 5 < failed.sum() < count - 5
    found = made.read(draws, runs.states, runs.integrals)
    assert found.failed.tolist() == pytest.approx(np.ceil(runs.failed).tolist(), nan_ok=True)
    kept = np.flatnonzero(~failed)
    same = made.read(Draws(draws.parameters[:, kept], ()), runs.states[:, :, kept], runs.integrals[:, :, kept])
    assert same.values.tobytes() == np.ascontiguousarray(found.values[:, :, kept]).tobytes()
    far, place = furthest(lowered, same, [runs.trace(int(one)) for one in kept])
    assert far < NEAR, place


# Company, shapes and text


def test_a_draw_is_the_same_to_the_bit_in_any_company():
    lowered = lowered_of(Assorted)
    count = 26
    draws = drawn(lowered, count=count)
    made = readout(lowered, draws, [0.0, 1.0, 7.0])
    states, integrals = stacked(made, solved(lowered, draws, [0.0, 1.0, 7.0]))
    whole = made.read(draws, states, integrals)
    for part in (slice(0, 1), slice(1, 4), slice(5, 26), slice(0, 24, 3)):
        found = made.read(Draws(draws.parameters[:, part], draws.switches), states[:, :, part], integrals[:, :, part])
        assert found.values.tobytes() == np.ascontiguousarray(whole.values[:, :, part]).tobytes()
        assert found.imbalance.tobytes() == np.ascontiguousarray(whole.imbalance[part]).tobytes()


def test_other_shapes_than_those_wanted_are_refused():
    lowered = lowered_of(Sinking)
    draws = alike(lowered)
    made = readout(lowered, draws, [0.0, 1.0, 5.0])
    assert made.marks == (0.0, 1.0, 2.0, 5.0)
    assert made.windows == (3.0,)
    states, integrals = np.zeros((3, 2, COUNT)), np.zeros((4, len(lowered.program.integrals), COUNT))
    assert made.read(draws, states, integrals).values.shape[2] == COUNT
    with pytest.raises(fw.UsageError, match=r"states of shape \(2, 2, 5\) cannot be read"):
        made.read(draws, states[1:], integrals)
    with pytest.raises(fw.UsageError, match=r"integrals of shape \(3, 3, 5\) cannot be read"):
        made.read(draws, states, integrals[1:])
    with pytest.raises(fw.UsageError, match="parameters of shape"):
        made.read(Draws(draws.parameters[1:], ()), states, integrals)


def test_bends_are_those_of_the_sample():
    lowered = lowered_of(Driven)
    one, none = np.ones(COUNT), np.zeros(COUNT)
    plain = alike(lowered)
    stepping = Draws(plain.parameters, (), (Drawn(1.0, 0, one, none),))
    made = readout(lowered, stepping, [0.0, 5.0])
    states, integrals = np.ones((2, 1, COUNT)), np.ones((len(made.marks), len(lowered.program.integrals), COUNT))
    assert np.isnan(made.read(stepping, states, integrals).failed).all()
    for bends in ((), (Drawn(2.0, 0, one, none),), (Drawn(1.0, 1, one, none),), (Drawn(1.0, 0, one, one),)):
        with pytest.raises(fw.UsageError, match="than the sample"):
            made.read(Draws(plain.parameters, (), bends), states, integrals)


class Looking(Model):
    """A metric whose window is a parameter."""

    time_unit = "month"

    window = param(3.0, "month", (1, 12))
    level = stock(0, "1")
    rise = flow(outside >> level, rate=1 / constant(1, "month"))
    usual = metric(trailing(level, window), "1")


def test_a_window_is_the_same_in_every_draw():
    lowered = lowered_of(Looking)
    assert readout(lowered, Draws(np.array([[3.5, 3.5]]), ()), [0.0, 10.0]).marks == (0.0, 6.5, 10.0)
    for options in ({}, {"drawn": frozenset({0})}):
        with pytest.raises(fw.UsageError, match="window sets how far back a metric looks"):
            readout(lowered, Draws(np.array([[3.5, 3.5 if options else 3.0]]), ()), [0.0, 10.0], **options)


def test_no_word_of_a_model_is_printed_and_no_step_is_taken():
    lowered = lowered_of(Assorted)
    text = print_replay(lowered.program, outputs_of(lowered).saved, windows=2).text
    words = {name for name in lowered.declaration.symbols if len(name) > 4} - {"power"}  # which is a function of ours too
    assert not [word for word in words if word in text]
    assert "@save" in text
    assert "@slopes" not in text
