"""What the outcome hangs on: reverse differentiation against differences, node by node, run by run, verdict by verdict.

Differences are taken to both sides. Their own error is some 1e-9 of the values (rounding over the step), which sets
the tolerances; numbers that rest on parameters alone are themselves differenced inside (1e-6 to one side), so that
gradients by parameters are good to some 1e-6.
"""

import math

import numpy as np
import pytest
from expression_list import EXPRESSIONS, P0, P1, W0, Y0, Y1, Y2, expressions, less, points, program_of, walked
from hypothesis import assume, given, settings
from models import Advocacy, Assorted, Driven, Referral, drawn_parameters, lowered_of

from flywheel_sim import Model, constant, flow, outside, param, stock, time, where
from flywheel_sim.analysis.metrics import windows
from flywheel_sim.emit.reverse import compile_reverse
from flywheel_sim.engines.ode import run
from flywheel_sim.engines.ode.adjoint import gradient, parameters_in
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.expressions import Gate, Slot
from flywheel_sim.library import Bass, Growth
from flywheel_sim.program import Bend, Inputs
from flywheel_sim.records import replace
from flywheel_sim.study.inputs import inputs_for

PARAMETERS, STATES, TIME, START = (1.3, 1.7, 0.6), (0.8, 2.2, 1.4), 2.0, 1.25
NUDGE = 1e-5
# Differences to both sides over 1e-5 lose rounding (1e-16 / 1e-5) and the third derivative (1e-10 times some 10).
CLOSE = 1e-7


def moved(values, index, by):
    return (*values[:index], values[index] + by, *values[index + 1 :])


def value_of(program, parameters, switches, states):
    """What the first value of a program is worth as a rate into the first state and, twice, as an integral."""
    return 3 * walked(program, parameters, switches, states, TIME, START)[0]


def pulled(program, parameters, switches, states):
    """The weights that reverse hands to states and parameters, for that worth."""
    reverse = compile_reverse(program, frozenset(), frozenset({0}))
    _, pull = reverse.make(parameters, switches, (0.0,) * 3, 0.0)
    weights = (1.0, *(0.0,) * (len(program.initial) - 1), 2.0, *(0.0,) * (len(program.integrals) - 1))
    result = pull(TIME, START, states, weights)
    by_state, by_leaf = result[: len(states)], result[len(states) :]
    by_parameter = []
    for index in range(3):
        worth = by_leaf[reverse.bare[index]] if index in reverse.bare else 0.0
        if index in reverse.behind:
            up, _ = reverse.make(moved(parameters, index, 1e-6), switches, (0.0,) * 3, 0.0)
            down, _ = reverse.make(moved(parameters, index, -1e-6), switches, (0.0,) * 3, 0.0)
            worth = sum(weight * (high - low) / 2e-6 for weight, high, low in zip(by_leaf, up, down, strict=True))
        by_parameter.append(worth)
    return list(by_state), by_parameter


def differenced(program, parameters, switches, states, nudge=NUDGE):
    def difference(at):
        return (at(nudge) - at(-nudge)) / (2 * nudge)

    by_state = [difference(lambda by, i=i: value_of(program, parameters, switches, moved(states, i, by))) for i in range(3)]
    by_parameter = [difference(lambda by, i=i: value_of(program, moved(parameters, i, by), switches, states)) for i in range(3)]
    return by_state, by_parameter


@pytest.mark.parametrize("switches", [(True, False), (False, True)])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_pullback_is_what_differences_give(name, switches):
    program = program_of(EXPRESSIONS[name][0])
    for states in (STATES, (2.6, 0.9, 0.4), (0.35, 0.36, 3.2)):
        found = pulled(program, PARAMETERS, switches, states)
        for one, other in zip(found, differenced(program, PARAMETERS, switches, states), strict=True):
            assert one == pytest.approx(other, rel=CLOSE, abs=CLOSE)


def test_the_pullback_of_all_of_them_at_once():
    """Values that use one another, in one program: the weight of the last reaches all it rests on."""
    everything = [expression for expression, _ in EXPRESSIONS.values()]
    together = Slot("value", 0)
    for index in range(1, len(everything)):
        together = together + Slot("value", index) * (1 + 0.1 * index)
    shifted = program_of(*everything, together)
    last = len(everything)
    shifted = replace(shifted, moves=(replace(shifted.moves[0], rate=last),), integrals=(last,))
    reverse = compile_reverse(shifted, frozenset(), frozenset({0}))
    _, pull = reverse.make(PARAMETERS, (True, False), (0.0,) * 3, 0.0)
    found = pull(TIME, START, STATES, (1.0, 0.0, 0.0, 2.0))[:3]

    def worth(states):
        return 3 * walked(shifted, PARAMETERS, (True, False), states, TIME, START)[last]

    expected = [(worth(moved(STATES, i, NUDGE)) - worth(moved(STATES, i, -NUDGE))) / (2 * NUDGE) for i in range(3)]
    assert found == pytest.approx(expected, rel=CLOSE)


@settings(max_examples=150)
@given(expressions, points)
def test_the_pullback_of_any_expression(expression, point):
    parameters, switches, states = point
    program = program_of(expression)
    try:
        near = [differenced(program, parameters, switches, states, nudge) for nudge in (1e-4, 1e-5)]
        found = pulled(program, parameters, switches, states)
    except ArithmeticError:
        assume(False)  # noqa: FBT003  a division by 0, or a corner where one side has no value
    first, second = (np.concatenate(rows) for rows in near)
    # Where a corner or a jump lies within reach, differences of two sizes disagree and say nothing about the slope.
    assume(np.isfinite(first).all() and np.allclose(first, second, rtol=1e-4, atol=1e-4) and np.abs(second).max() < 1e4)
    np.testing.assert_allclose(np.concatenate(found), second, rtol=2e-4, atol=2e-4)


def test_a_branch_that_is_not_taken_is_never_computed_in_reverse_either():
    risky = less("where", less(">", Y0, Y1), less("exp", P0 * 1000) * Y0, Y1 * P1) + Y2 * Gate(W0, 1 / (P0 - P0), P1)
    program = program_of(risky)
    found = pulled(program, PARAMETERS, (False, True), STATES)
    for one, other in zip(found, differenced(program, PARAMETERS, (False, True), STATES), strict=True):
        assert one == pytest.approx(other, rel=CLOSE, abs=CLOSE)


def test_a_weight_of_nothing_pulls_nothing():
    program = program_of(EXPRESSIONS["product"][0])
    reverse = compile_reverse(program, frozenset(), frozenset({0}))
    _, pull = reverse.make(PARAMETERS, (True, True), (0.0,) * 3, 0.0)
    assert not any(pull(TIME, START, STATES, (0.0, 5.0, 5.0, 0.0)))


def test_a_rate_that_rests_on_parameters_alone_is_worth_something_too():
    """A flow at a fixed rate: what arrives hangs on the parameter that is the rate, or that the rate is computed from."""
    for rate in (Slot("parameter", 0), Slot("parameter", 0) * 2 + 1):
        program = program_of(rate)
        found = pulled(program, PARAMETERS, (True, True), STATES)
        for one, other in zip(found, differenced(program, PARAMETERS, (True, True), STATES), strict=True):
            assert one == pytest.approx(other, rel=CLOSE, abs=CLOSE)


# Whole runs


def outcome(lowered, inputs, horizon, states, integrals, method, dt):
    """A weighed sum of states at the end and of integrals at several times."""
    back = [horizon - when for when in integrals if when < horizon]
    trace = run(lowered, inputs, (0.0, horizon), windows=back, method=method, dt=dt)
    looked_back = sum(np.dot(weights, trace.integrals[when]) for when, weights in integrals.items())
    return float(np.dot(states, trace.states[-1]) + looked_back)


def flip_setters(lowered):
    """The parameters that set when a condition on time flips."""
    return {slot for flip in lowered.program.breaks for slot in parameters_in(flip)}


CASES = {
    "referral": (Referral, 30.0, ()),
    "driven": (Driven, 20.0, ()),
    "driven by a step and a ramp": (Driven, 20.0, (Bend(4.3, 0, 6.0, 0.0), Bend(7.0, 0, 6.0, -0.5), Bend(13.0, 0, 3.0, 0.0))),
    "advocacy": (Advocacy, 30.0, ()),
    "bass with a pulse": (Bass, 30.0, (Bend(5.0, 0, 3.0, 0.0), Bend(9.7, 0, 1.0, 0.0))),
    "one of everything": (Assorted, 12.0, (Bend(2.5, 0, 4.0, 0.0), Bend(6.0, 0, 4.0, -0.25), Bend(10.0, 0, 3.0, 0.0))),
    "growth": (Growth, 24.0, ()),
    "growth whose budget stops and returns": (Growth, 24.0, (Bend(6.0, 0, 0.0, 0.0), Bend(12.3, 0, 0.0, 2e4), Bend(18.0, 0, 1e5, 0.0))),
}


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("case", CASES)
def test_the_gradient_of_a_run_is_what_differences_of_runs_give(case, method):
    model, horizon, moves = CASES[case]
    lowered = lowered_of(model)
    generator = np.random.default_rng(5)
    inputs = replace(inputs_for(lowered, {}), bends=moves)
    inputs = replace(inputs, parameters=tuple(value * float(generator.uniform(0.95, 1.05)) for value in inputs.parameters))
    count, integrals = len(lowered.program.initial), len(lowered.program.integrals)
    states = tuple(generator.uniform(-1, 1, count))
    # Weights on what was integrated until three times: the horizon, an earlier month, and a time off every grid.
    looked_back = {when: tuple(generator.uniform(-1, 1, integrals) / 50) for when in (horizon, horizon / 2, 5.45)}
    apart = {bend.parameter for bend in moves} | flip_setters(lowered)  # these have tests of their own
    wanted = [slot for slot in range(lowered.program.parameters) if slot not in apart and inputs.parameters[slot]]
    found = gradient(lowered.program, inputs, horizon, states, looked_back, wanted, dt=0.25, method=METHODS[method])

    def at(slot, value):
        changed = replace(inputs, parameters=(*inputs.parameters[:slot], value, *inputs.parameters[slot + 1 :]))
        return outcome(lowered, changed, horizon, states, looked_back, method, 0.25)

    scale = abs(outcome(lowered, inputs, horizon, states, looked_back, method, 0.25))
    assert scale > 0
    for slot in wanted:
        value = inputs.parameters[slot]
        expected = (at(slot, value * (1 + 1e-6)) - at(slot, value * (1 - 1e-6))) / 2e-6
        # In units of the outcome for a change by its whole size; two corners of a staff that fills up set the 1e-5.
        assert found[slot] * value == pytest.approx(expected, rel=1e-5, abs=1e-5 * scale), lowered.layout.parameters[slot]


def test_the_gradient_by_a_lever_that_moves_is_that_by_its_value_before_the_move():
    lowered = lowered_of(Driven)
    inputs = Inputs((3.0, 0.2), (), (Bend(4.0, 0, 6.0, 0.0),))
    found = gradient(lowered.program, inputs, 10.0, (1.0,), {}, [0], dt=0.125)
    # A dollar a month more until month 4, worn off until month 10: (1 - e^-0.8) / 0.2 e^-1.2.
    assert found[0] == pytest.approx((1 - math.exp(-0.8)) / 0.2 * math.exp(-1.2), rel=1e-6)


def test_the_gradient_by_what_sets_when_a_condition_flips():
    class Door(Model):
        closes = param(5.3, "month", (2, 8))
        inside = stock(0, "account")
        come = flow(outside >> inside, rate=where(time < closes, constant(5, "account/month"), 0))

    found = gradient(lowered_of(Door).program, Inputs((5.3,), ()), 10.0, (1.0,), {}, [0], dt=0.25)
    assert found[0] == pytest.approx(5, rel=1e-6)  # a month longer open, five more inside


def test_the_gradient_by_what_only_the_start_rests_on():
    lowered = lowered_of(Bass)
    slot = lowered.layout.parameters.index(("start", None))
    inputs = inputs_for(lowered, {("start", None): 100.0, ("imitation", None): 0.0})
    adopters = [1.0 if name == "adopters" else 0.0 for name in lowered.layout.states]
    found = gradient(lowered.program, inputs, 24.0, adopters, {}, [slot], dt=0.25)
    assert found[slot] == pytest.approx(math.exp(-0.03 / 12 * 24), rel=1e-6)  # one more to begin with is one less to win


def test_the_gradient_in_the_second_half_of_a_ramp():
    """While a lever moves, other parameters are worth what they are worth at each of its values."""
    lowered = lowered_of(Driven)
    ramp = (Bend(0.0, 0, 3.0, 0.5),)
    found = gradient(lowered.program, Inputs((3.0, 0.2), (), ramp), 8.0, (1.0,), {}, [1], dt=0.125)

    def level(wearing):
        # y' = 3 + t/2 - wearing y from 5, in closed form
        particular = 3 / wearing - 0.5 / wearing**2
        return (5 - particular) * math.exp(-wearing * 8) + particular + 0.5 * 8 / wearing

    expected = (level(0.2 + 1e-5) - level(0.2 - 1e-5)) / 2e-5
    assert found[1] == pytest.approx(expected, rel=1e-6)


def test_the_windows_that_trailing_metrics_look_back_over():
    assert windows(lowered_of(Growth), inputs_for(lowered_of(Growth), {})) == (12.0,)
    assert windows(lowered_of(Driven), inputs_for(lowered_of(Driven), {})) == (3.0,)


def test_draws_for_gradients_lie_where_models_allow_them():
    lowered = lowered_of(Growth)
    drawn = drawn_parameters(lowered, np.random.default_rng(1))
    for (name, label), value in zip(lowered.layout.parameters, drawn, strict=True):
        low, high = lowered.declaration.parameters[name].limits
        assert low <= value <= high, (name, label)
