"""The compiled kernel is the equations: the same numbers as the engine of single runs, draw by draw."""

import math

import numpy as np
import pytest
from expression_list import EXPRESSIONS, point_of, program_of
from models import MODELS, Advocacy, Assorted, Decay, Driven, drawn_parameters, lowered_of

import flywheel_sim as fw
from flywheel_sim import Model, aux, constant, flow, metric, outside, param, share, stock, time, where
from flywheel_sim.analysis.metrics import Reader, windows
from flywheel_sim.emit.llvm.kernel import print_kernel
from flywheel_sim.emit.llvm.workspace import Output
from flywheel_sim.engines.ensemble import Drawn, Draws, Ensemble
from flywheel_sim.engines.ensemble.ensemble import LANES, steps_of
from flywheel_sim.engines.ode import run
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.expressions import Number, Slot
from flywheel_sim.library import Marketplace
from flywheel_sim.measures import gain, trailing
from flywheel_sim.program.schedule import parameters_in
from flywheel_sim.records import replace
from flywheel_sim.study.outputs import outputs_of

STATES, PARAMETERS = (0.73, 1.93, 1.39), (0.31, 1.13, 0.83)
COUNT = 5  # draws: no whole number of blocks


def drawn(lowered, count=COUNT, seed=7, switches=None, bends=()):
    """Draws of every parameter inside its plausible range; what sets when a condition on time flips is alike in all."""
    generator = np.random.default_rng(seed)
    rows = np.array([drawn_parameters(lowered, generator) for _ in range(count)]).T
    for flip in lowered.program.breaks:
        for parameter in parameters_in(flip):
            rows[parameter] = rows[parameter, 0]
    if switches is None:
        switches = tuple(bool(one) for one in generator.integers(0, 2, len(lowered.layout.switches)))
    return Draws(rows, switches, bends)


def futures(lowered, draws, times, *, method="rk4", dt=0.25, **options):
    outputs = outputs_of(lowered)
    return outputs, Ensemble(lowered, draws, times, outputs.saved, method=method, dt=dt).run(draws, **options)


def single(lowered, inputs, times, method, dt):
    return Reader(lowered, run(lowered, inputs, times, windows=windows(lowered, inputs), method=method, dt=dt))


def furthest(lowered, draws, times, *, method="rk4", dt=0.25):
    """How far each series is from the single run, relative to its peak, at worst over draws; NaN in both is no distance."""
    outputs, found = futures(lowered, draws, times, method=method, dt=dt)
    assert np.isnan(found.failed).all()
    assert found.imbalance.max() < 1e-12
    worst = {}
    for draw in range(draws.count):
        reader = single(lowered, draws.one(draw), times, method, dt)
        for place, number in outputs.places.items():
            expected = np.array(reader.column(*place))
            got = found.values[:, number, draw]
            assert (np.isnan(expected) == np.isnan(got)).all(), (place, draw)
            peak = np.nanmax(np.abs(expected)) if not np.isnan(expected).all() else 0.0
            distance = np.nanmax(np.abs(got - expected)) / peak if peak else float(np.nansum(np.abs(got)))
            worst[place] = max(worst.get(place, 0.0), distance)
    return worst


# The same as the engine of single runs


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", [*MODELS, Marketplace], ids=lambda model: model.__name__)
def test_every_series_of_every_draw_is_that_of_its_single_run(model, method):
    lowered = lowered_of(model)
    worst = furthest(lowered, drawn(lowered), [0.0, *range(1, 15), 24.5], method=method)
    columns = lowered.layout.columns
    stocks = {place: far for place, far in worst.items() if place in columns and columns[place].kind == "state"}
    assert max(stocks.values()) < 1e-12, max(stocks, key=stocks.get)
    assert max(worst.values()) < 1e-11, max(worst, key=worst.get)  # a metric is a quotient of what is good to 1e-12


@pytest.mark.parametrize("switches", [(True, True), (True, False), (False, True), (False, False)])
def test_every_expression_is_what_it_says(switches):
    program = replace(program_of(*(expression for expression, _ in EXPRESSIONS.values())), initial=tuple(map(Number, STATES)))
    lowered = replace(lowered_of(Decay), program=program)
    draws = Draws(np.repeat(np.array(PARAMETERS)[:, np.newaxis], 3, axis=1), switches)
    outputs = tuple(Output(Slot("value", index), defined=True) for index in range(len(program.values)))
    found = Ensemble(lowered, draws, [0.0, 0.5], outputs, dt=0.5).run(draws).values[0]
    at = point_of(PARAMETERS, switches, STATES, 0.0, 0.25)  # a condition sees the middle of the step
    expected = [meant(at) for _, meant in EXPRESSIONS.values()]
    for name, column, one in zip(EXPRESSIONS, found, expected, strict=True):
        assert column == pytest.approx([one] * 3, rel=1e-14, abs=1e-14), name


MOVES = (
    ((3.0, 0.7, 0.0),),
    ((2.25, 0.4, 0.1), (6.0, 0.9, 0.0)),
    ((0.0, 0.9, 0.0), (4.9, 0.2, 0.02), (12.0, 5.0, 0.0)),
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("moves", MOVES)
def test_levers_that_move_do_so_in_every_draw(moves, method):
    lowered = lowered_of(Driven)
    draws = drawn(lowered)
    slot = 0
    scale = np.linspace(1, 2, COUNT)
    bends = tuple(Drawn(float(at), slot, value * scale, slope * scale) for at, value, slope in moves)
    assert max(furthest(lowered, replace(draws, bends=bends), [0.0, *map(float, range(1, 13))], method=method).values()) < 1e-12


def test_steps_and_ramps_of_a_lever_in_the_model_with_everything():
    lowered = lowered_of(Assorted)
    slot = lowered.layout.parameters.index(("effort", None))
    share_slots = [index for index, (name, _) in enumerate(lowered.layout.parameters) if name == "mix"]
    ones = np.ones(COUNT)
    bends = (
        Drawn(1.5, slot, ones, 0.3 * ones),
        *(Drawn(2.0, index, ones / 3, 0 * ones) for index in share_slots),
        Drawn(7.0, slot, 3 * ones, 0 * ones),
    )
    draws = drawn(lowered, bends=bends)
    assert max(furthest(lowered, draws, [0.0, *range(1, 13)]).values()) < 1e-11


# Conditions on time


class Switched(Model):
    """Something grows at one of two rates, before and after a time."""

    time_unit = "month"

    when = param(3.0, "month", (0, 12))
    early = param(1.0, "1/month", (0, 2))
    late = param(2.0, "1/month", (0, 2))
    level = stock(0, "1")
    rate = aux(where(time < when, early, late), "1/month")
    grow = flow(outside >> level, rate=rate)


def switched(whens, until=6.0, dt=0.25):
    lowered = lowered_of(Switched)
    rows = np.array([whens, np.full(len(whens), 1.0), np.full(len(whens), 2.0)])
    outputs, found = futures(lowered, Draws(rows, ()), [0.0, until], dt=dt)
    return found.values[-1, outputs.places["level", None]]


def test_steps_land_on_a_flip_that_all_draws_share():
    assert switched([2.9, 2.9]) == pytest.approx([2.9 + 2 * 3.1] * 2, rel=1e-14)


def test_a_drawn_flip_falls_on_the_nearest_step():
    whens = np.array([2.9, 3.0, 3.1, 3.2, 0.0, 9.0])
    rounded = np.array([3.0, 3.0, 3.0, 3.25, 0.0, 6.0])
    assert switched(whens) == pytest.approx(rounded + 2 * (6 - rounded), rel=1e-14)


def test_what_a_flip_rests_on_moves_in_no_ramp():
    lowered = lowered_of(Switched)
    draws = drawn(lowered, bends=(Drawn(1.0, 0, np.full(COUNT, 2.0), np.full(COUNT, 0.1)),))
    with pytest.raises(fw.UsageError, match="when sets when a condition on time flips"):
        futures(lowered, draws, [0.0, 6.0])


class Looking(Model):
    """A metric whose window is a parameter."""

    time_unit = "month"

    window = param(3.0, "month", (1, 12))
    fill = param(1.0, "1/month", (0, 2))
    level = stock(0, "1")
    rise = flow(outside >> level, rate=fill)
    usual = metric(trailing(level, window), "1")


def test_a_window_is_the_same_in_every_draw():
    lowered = lowered_of(Looking)
    alike = Draws(np.array([[3.5, 3.5], [1.0, 2.0]]), ())
    outputs, found = futures(lowered, alike, [0.0, 1.0, 10.0])
    usual = found.values[:, outputs.places["usual", None]]
    assert usual == pytest.approx(np.array([[0, 0], [0.5, 1], [8.25, 16.5]]), rel=1e-13)
    with pytest.raises(fw.UsageError, match="window sets how far back a metric looks"):
        futures(lowered, Draws(np.array([[3.5, 3.0], [1.0, 2.0]]), ()), [0.0, 10.0])


# Bits


def all_bits(found):
    return found.values.tobytes() + found.failed.tobytes() + found.imbalance.tobytes()


def test_a_draw_is_the_same_to_the_bit_in_any_company():
    lowered = lowered_of(Assorted)
    draws = drawn(lowered, count=3 * LANES + 2)
    times = [0.0, 1.0, 7.0]
    _, whole = futures(lowered, draws, times)
    for start, stop in ((0, 1), (1, 4), (5, 26), (25, 26)):
        _, part = futures(lowered, replace(draws, parameters=draws.parameters[:, start:stop]), times)
        assert part.values.tobytes() == np.ascontiguousarray(whole.values[:, :, start:stop]).tobytes()


def test_threads_change_no_bit():
    lowered = lowered_of(Advocacy)
    draws = drawn(lowered, count=1000)
    (_, one), (_, three) = (futures(lowered, draws, [0.0, 6.0], threads=threads) for threads in (1, 3))
    assert all_bits(one) == all_bits(three)


@pytest.mark.parametrize("lanes", [4, 16])
def test_the_width_of_a_vector_changes_nothing(lanes, monkeypatch):
    lowered = lowered_of(Assorted)
    draws = drawn(lowered)
    _, usual = futures(lowered, draws, [0.0, 6.0])
    monkeypatch.setattr("flywheel_sim.engines.ensemble.ensemble.LANES", lanes)
    _, other = futures(lowered, draws, [0.0, 6.0])
    assert all_bits(usual) == all_bits(other)


def test_a_run_that_is_stopped_runs_no_further():
    lowered = lowered_of(Decay)
    asked = []
    draws = drawn(lowered, count=4000)
    outputs = outputs_of(lowered)

    def stop():
        asked.append(True)
        return len(asked) > 1

    Ensemble(lowered, draws, [0.0, 1.0], outputs.saved, dt=0.25).run(draws, threads=1, stop=stop)
    assert len(asked) == 2


# What leaves the possible


class Fragile(Model):
    """Explodes where growth is fast, runs dry where the drain is strong."""

    time_unit, counts = "month", "account"

    growth = param(0.1, "1/month", (0, 1))
    drain = param(0.0, "account/month", (0, 100))
    sagging = param(1.0, "1", (0, 1))
    accounts = stock(10, "account")
    burden = aux(1 / sagging, "1")
    breed = flow(outside >> accounts, rate=accounts * growth * burden)
    waste = flow(accounts >> outside, rate=drain)


def fragile(**changed):
    lowered = lowered_of(Fragile)
    rows = np.array([[0.1, 0.0, 1.0]] * 3).T
    for name, value in changed.items():
        rows[lowered.layout.parameters.index((name, None)), 1] = value
    return futures(lowered, Draws(rows, ()), [0.0, *map(float, range(1, 61))])[1]


@pytest.mark.parametrize(
    ("changed", "month"),
    [({"drain": 4.0}, 3.0), ({"drain": -5.0}, 0.0), ({"growth": 1e30}, 1.0), ({"sagging": 0.0}, 0.0), ({"growth": math.nan}, 0.0)],
)
def test_a_draw_that_leaves_the_possible_fails_by_itself(changed, month):
    found = fragile(**changed)
    assert math.isnan(found.failed[0])
    assert math.isnan(found.failed[2])
    assert found.failed[1] == month
    assert found.values[:, :, 0].tobytes() == found.values[:, :, 2].tobytes()


def test_the_month_of_a_failure_is_that_of_the_single_run():
    lowered = lowered_of(Fragile)
    with pytest.raises(fw.StateError) as failure:
        fw.simulate(Fragile, values={"drain": 4.0}, until=60, dt=0.25)
    assert math.ceil(failure.value.month) == fragile(drain=4.0).failed[1]
    assert lowered.program.parameters == 3


class Leaky(Model):
    """Accounts that nothing conserves are brought by something that is counted as coming from outside."""

    time_unit, counts = "month", "account"

    inflow = param(3.0, "account/month", (0, 5))
    part = share(0.25, (0, 1))
    accounts = stock(10, "account")
    come = flow(outside >> accounts, rate=inflow)
    go = flow(accounts >> outside, hazard=part / constant(1, "month"))


def test_accounts_are_checked_in_every_draw():
    lowered = lowered_of(Leaky)
    outputs, found = futures(lowered, drawn(lowered), [0.0, 3.0, 12.0])
    assert found.imbalance.max() < 1e-14
    crooked = replace(lowered.program, crossing={})  # what came from outside is not counted: the accounts cannot balance
    _, wrong = futures(replace(lowered, program=crooked), drawn(lowered), [0.0, 3.0, 12.0])
    assert wrong.imbalance.min() > 0.01
    assert outputs.places


# Measures over more than two kinds that are born


kinds = fw.dimension("one", "two", "three")


class Three(Model):
    """Three kinds of account, each brings others of all three."""

    time_unit, counts = "month", "account"

    brings = param(kinds(one=0.02, two=0.05, three=0.01), "1/month", kinds(one=(0, 0.1), two=(0, 0.1), three=(0, 0.1)))
    taste = param(kinds(one=0.2, two=0.3, three=0.5), "1", kinds(one=(0, 1), two=(0, 1), three=(0, 1)))
    leaving = param(kinds(one=0.05, two=0.1, three=0.2), "1/month", kinds(one=(0.01, 0.5), two=(0.01, 0.5), three=(0.01, 0.5)))
    accounts = stock(kinds(one=10, two=5, three=1), "account")
    bring_one = flow(outside >> accounts, by=accounts["one"], hazard=brings["one"] * taste)
    bring_two = flow(outside >> accounts, by=accounts["two"], hazard=brings["two"] * taste)
    bring_three = flow(outside >> accounts, by=accounts["three"], hazard=brings["three"] * taste)
    leave = flow(accounts >> outside, hazard=leaving)
    loop_gain = metric(gain(), "1")


def test_the_loop_gain_of_three_kinds():
    lowered = lowered_of(Three)
    draws = drawn(lowered)
    outputs, found = futures(lowered, draws, [0.0, 1.0])
    brings, taste, leaving = (draws.parameters[start : start + 3] for start in (0, 3, 6))
    expected = (brings * taste / leaving).sum(axis=0)  # each brings in the same mix: one life brings so many on average
    assert found.values[0, outputs.places["loop_gain", None]] == pytest.approx(expected, rel=1e-12)


# The text


def test_no_word_of_a_model_is_printed():
    lowered = lowered_of(Assorted)
    text = print_kernel(lowered.program, outputs_of(lowered).saved, steps_of(METHODS["rk4"]), windows=1).text
    words = {name for name in lowered.declaration.symbols if len(name) > 4} - {"power"}  # which is a function of ours too
    assert not [word for word in words if word in text]


def test_a_method_of_many_looks_back_is_refused():
    crooked = replace(METHODS["rk4"], name="crooked", rows=((), (0.5,), (0.25, 0.25), (0.0, 0.0, 1.0)))
    with pytest.raises(fw.UsageError, match="crooked rests on more than one earlier stage"):
        steps_of(crooked)


def test_another_method_is_refused():
    lowered = lowered_of(Decay)
    with pytest.raises(fw.UsageError, match="no method 'heun'"):
        futures(lowered, drawn(lowered), [0.0, 1.0], method="heun")
