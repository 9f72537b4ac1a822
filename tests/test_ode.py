"""Differential equations: against closed forms, at their measured order, landing on every change, and saved when asked.

Errors are relative to the peak of what is measured, unless a line says otherwise.
"""

import math

import numpy as np
import pytest
from models import Assorted, Driven, lowered_of

import flywheel_sim as fw
from flywheel_sim.engines.ode import run
from flywheel_sim.library import Bass
from flywheel_sim.program import Bend, Inputs
from flywheel_sim.study.inputs import inputs_for
from flywheel_sim.study.step import TOLERANCE


def states_of(lowered, inputs, times, **options):
    return np.array(run(lowered, inputs, times, **options).states)


# Bass, in closed form


def bass_share(innovation, imitation, time):
    """The share of the market that has adopted: FACTS 3."""
    gone = np.exp(-(innovation + imitation) * time)
    return (1 - gone) / (1 + imitation / innovation * gone)


@pytest.mark.parametrize(
    ("innovation", "imitation", "market"),
    [(0.03 / 12, 0.38 / 12, 10_000), (0.006594 / 12, 0.6381 / 12, 67_981), (0.00944 / 12, 0.3748 / 12, 18_713)],
    ids=["mean of many fits", "video recorders", "room air conditioners"],
)
def test_bass_is_its_closed_form(innovation, imitation, market):
    result = fw.simulate(Bass, values={"innovation": innovation, "imitation": imitation, "market": market}, until=180, dt=1 / 16)
    run_ = result["run"]
    expected = market * bass_share(innovation, imitation, run_.time)
    # The contract asks for 1e-7 of the market; at a rate of 0.05 a month in steps of 1/16, RK4 is good to some 1e-13.
    np.testing.assert_allclose(run_["adopters"], expected, rtol=0, atol=1e-11 * market)
    assert result.about.conservation < 1e-13


# The order of each method


def driven_level(time, drives, wearing=0.2, start=5.0):
    """y' = drive - wearing y, where the drive is straight pieces (from, value there, slope), in closed form."""
    level = start
    for (since, value, slope), following in zip(drives, [*drives[1:], (math.inf, 0.0, 0.0)], strict=True):
        span = min(time, following[0]) - since
        if span <= 0:
            break
        balance, lag = value / wearing, slope / wearing
        level = (level - balance + lag / wearing) * math.exp(-wearing * span) + balance + lag * span - lag / wearing
    return level


MOVES = {
    "no move": [(0.0, 3.0, 0.0)],
    "a step on the grid": [(0.0, 3.0, 0.0), (24.0, 9.0, 0.0)],
    "a step off the grid": [(0.0, 3.0, 0.0), (24.3, 9.0, 0.0)],
    "a ramp that goes on": [(0.0, 3.0, 0.0), (12.0, 3.0, 0.4)],
    "a ramp": [(0.0, 3.0, 0.0), (12.0, 3.0, 0.4), (22.0, 7.0, 0.0)],
    "a ramp off the grid and a stop": [(0.0, 3.0, 0.0), (12.7, 3.0, 0.4), (19.9, 5.88, 0.0), (24.3, 0.0, 0.0)],
}


def bends_of(drives):
    return tuple(Bend(time, 0, value, slope) for time, value, slope in drives[1:])


# Two steps far enough apart that it does not matter that a stretch is cut into whole steps.
ORDERS = pytest.mark.parametrize(
    ("method", "order", "allowed", "steps"), [("euler", 1, 0.1, (1 / 64, 1 / 512)), ("rk4", 4, 0.2, (1 / 8, 1 / 64))]
)


def order_of(errors, steps):
    """The power of the step by which the error falls."""
    assert min(errors) > 1e-12  # far above rounding, or there is nothing to measure
    return math.log(errors[0] / errors[1]) / math.log(steps[0] / steps[1])


@ORDERS
@pytest.mark.parametrize("moves", MOVES)
def test_the_order_is_what_the_method_claims_whatever_a_lever_does(method, order, allowed, steps, moves):
    """Looked at 1.7 months after the last change, while what it set off still wears off at 2 a month."""
    lowered = lowered_of(Driven)
    horizon = MOVES[moves][-1][0] + 1.7
    exact = driven_level(horizon, MOVES[moves], 2.0)
    inputs = Inputs((3.0, 2.0), (), bends_of(MOVES[moves]))
    errors = [abs(states_of(lowered, inputs, (0.0, horizon), method=method, dt=step)[-1][0] - exact) for step in steps]
    assert order_of(errors, steps) == pytest.approx(order, abs=allowed)


@ORDERS
@pytest.mark.parametrize("jump", [None, 3.0, 4.3])
def test_the_order_on_a_curve_that_bends(method, order, allowed, steps, jump):
    """Bass, with advertising doubled in the middle or not; after the jump it is again a closed form."""
    innovation, imitation, horizon = 0.03, 0.9, 7.0
    lowered = lowered_of(Bass)
    base = inputs_for(lowered, {("innovation", None): innovation, ("imitation", None): imitation, ("market", None): 1.0})
    slot = lowered.layout.parameters.index(("advertising", None))
    bends = () if jump is None else (Bend(jump, slot, 2.0, 0.0),)

    def adopted(share, advertised, span):
        # (1 - F) / (p + q F) falls at p + q.
        left = (1 - share) / (advertised + imitation * share) * math.exp(-(advertised + imitation) * span)
        return (1 - advertised * left) / (1 + imitation * left)

    first = adopted(0.0, innovation, jump or horizon)
    exact = first if jump is None else adopted(first, 2 * innovation, horizon - jump)
    adopters = lowered.layout.states.index("adopters")
    errors = []
    for step in steps:
        trace = run(lowered, Inputs(base.parameters, base.switches, bends), (0.0, horizon), method=method, dt=step)
        errors.append(abs(trace.states[-1][adopters] - exact))
    assert order_of(errors, steps) == pytest.approx(order, abs=allowed)


@pytest.mark.parametrize("moves", MOVES)
def test_fixed_steps_and_chosen_steps_agree_with_the_closed_form(moves):
    lowered = lowered_of(Driven)
    inputs = Inputs((3.0, 0.2), (), bends_of(MOVES[moves]))
    times = [float(month) for month in range(41)]
    exact = np.array([driven_level(time, MOVES[moves]) for time in times])
    for options in ({"dt": 1 / 16}, {"method": "adaptive"}):
        found = states_of(lowered, inputs, times, **options)[:, 0]
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-10 * exact.max())


def test_steps_land_on_every_change_of_schedule():
    """A drive in steps, without wear: any step across a change would miss some of it, however small the step."""
    lowered = lowered_of(Driven)
    drives = [(0.0, 3.0, 0.0), (0.1, 7.0, 0.0), (2.75, 1.0, 0.0), (2.8, 9.0, 0.0), (7.123456789, 0.0, 0.0), (8.0, 5.0, 0.0)]
    inputs = Inputs((3.0, 0.0), (), bends_of(drives))
    expected = 5 + 0.1 * 3 + 2.65 * 7 + 0.05 * 1 + (7.123456789 - 2.8) * 9 + 2 * 5
    for method in ("euler", "rk4", "adaptive"):
        found = states_of(lowered, inputs, (0.0, 10.0), method=method, dt=1.0)[-1][0]
        assert found == pytest.approx(expected, rel=1e-13)


def test_a_change_at_the_start_and_one_after_the_end():
    lowered = lowered_of(Driven)
    inputs = Inputs((3.0, 0.0), (), (Bend(0.0, 0, 4.0, 0.0), Bend(10.0, 0, 99.0, 0.0), Bend(12.0, 0, 7.0, 0.0)))
    trace = run(lowered, inputs, (0.0, 5.0, 10.0), dt=1.0)
    assert [row[0] for row in trace.states] == pytest.approx([5, 25, 45], rel=1e-14)


# When values are saved


@pytest.mark.parametrize(
    ("until", "every", "expected"),
    [
        (3, 1, [0, 1, 2, 3]),
        (3.5, 1, [0, 1, 2, 3, 3.5]),
        (2, 0.5, [0, 0.5, 1, 1.5, 2]),
        (2, 5, [0, 2]),
        (1, 0.3, [0, 0.3, 0.6, 0.9, 1]),
        (0.3, 0.1, [0, 0.1, 0.2, 0.3]),
        (0.25, 1, [0, 0.25]),
    ],
)
def test_saved_times(until, every, expected):
    result = fw.simulate(Driven, until=until, every=every)
    assert result.time.tolist() == pytest.approx(expected, rel=1e-15)
    assert result.time[0] == 0
    assert result.time[-1] == until
    exact = [driven_level(time, MOVES["no move"]) for time in expected]
    np.testing.assert_allclose(result["run"]["level"], exact, rtol=1e-5)


def test_what_is_saved_does_not_depend_on_how_often():
    monthly = fw.simulate(Assorted, until=12, dt=1 / 8)["run"]
    often = fw.simulate(Assorted, until=12, dt=1 / 8, every=0.25)["run"]
    seldom = fw.simulate(Assorted, until=12, dt=1 / 8, every=6)["run"]
    for name in ("users", "leads", "fund", "won", "usual", "convert"):
        np.testing.assert_allclose(often[name][..., ::4], monthly[name], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(monthly[name][..., ::6], seldom[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{"until": 0}, {"until": -1}, {"until": math.nan}, {"every": 0}, {"every": -1}, {"dt": -1}, {"dt": 0}])
def test_times_that_cannot_be_meant(options):
    with pytest.raises(fw.UsageError) as caught:
        fw.simulate(Driven, **options)
    assert next(iter(options)) in caught.value.cause
    assert caught.value.fix


@pytest.mark.parametrize("options", [{"method": "heun"}, {"engine": "abacus"}])
def test_what_there_is_none_of(options):
    with pytest.raises(fw.UsageError) as caught:
        fw.simulate(Driven, **options)
    assert caught.value.fix


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None])
def test_what_is_no_seed(seed):
    with pytest.raises(fw.UsageError, match="is no seed"):
        fw.simulate(Bass, until=1, seed=seed)
    with pytest.raises(fw.UsageError, match="is no seed"):
        fw.load("scenarios/saas.toml").run(seed=seed)


def test_numbers_of_numpy_are_numbers():
    result = fw.simulate(Bass, until=np.int64(2), every=np.float64(0.5), seed=np.int64(0))
    assert result.time.tolist() == [0, 0.5, 1, 1.5, 2]
    assert result.about.seed == 0


def test_too_many_saved_times_are_refused():
    with pytest.raises(fw.UsageError, match="saved times"):
        fw.simulate(Driven, until=1e9, every=1e-3)


@pytest.mark.parametrize("options", [{"until": 1e9, "every": 1e9}, {"until": 1, "dt": 1e-9}])
def test_too_many_steps_are_refused(options):
    with pytest.raises(fw.UsageError, match="steps are more than"):
        fw.simulate(Driven, **options)


# The step chosen by error


def test_the_chosen_step_keeps_its_promise():
    exact = driven_level(40.0, MOVES["no move"], 0.2)
    result = fw.simulate(Driven, until=40)
    assert result.about.dt == 0.25
    assert 0 < result.about.step_error <= TOLERANCE
    assert abs(result["run"]["level"][-1] - exact) / exact <= max(TOLERANCE, result.about.step_error)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_the_error_that_is_told_is_no_smaller_than_the_error_that_is_made(method):
    """At the horizon, relative to the peak, for curves that are not yet settled."""
    for wearing in (0.2, 0.9, 2.0):
        result = fw.simulate(Driven, values={"wearing": wearing}, until=3, method=method)
        levels = result["run"]["level"]
        made = abs(levels[-1] - driven_level(3.0, MOVES["no move"], wearing)) / max(abs(levels))
        assert made <= result.about.step_error + 1e-14


def test_the_error_that_is_told_is_a_number_json_can_hold():
    class Fast(fw.Model):
        leaving = fw.param(50, "1/month")
        here = fw.stock(1, "account")
        leave = fw.flow(here >> fw.outside, hazard=leaving)

    # Euler falls below zero in one step of 1/32; only 1/64 is possible, and there is nothing to compare it with.
    result = fw.simulate(Fast, until=1 / 32, method="euler")
    told = result.about.step_error
    assert told is None or math.isfinite(told)


def test_a_given_step_is_taken_as_given():
    result = fw.simulate(Driven, until=4, dt=2, method="euler")
    # Two steps of two months, landing on every saved month: one month each.
    assert result.about.dt == 2
    level = 5.0
    for _ in range(4):
        level += 3 - 0.2 * level
    assert result["run"]["level"][-1] == pytest.approx(level, rel=1e-14)
    assert result.about.step_error is None
