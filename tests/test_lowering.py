"""A lowered model: numbered slots in an order that can be computed, arrows that lose nothing, and names to tell them by."""

import math

import numpy as np
import pytest
from models import MODELS, Assorted, Driven, given_or_refused, lowered_of, run_of

from flywheel_sim import Model, aux, constant, dimension, flow, group, lever, outside, param, staff, stock, time, where
from flywheel_sim.engines.ode import run
from flywheel_sim.errors import ModelError, UsageError
from flywheel_sim.expressions import Apply, Dimension, Gate, Number, Slot, Table, children
from flywheel_sim.library import Growth
from flywheel_sim.measures import into
from flywheel_sim.model.symbols import Flow, Stock
from flywheel_sim.program import OUTSIDE, Bend, Inputs, key, lower
from flywheel_sim.study.inputs import bends, inputs_for
from flywheel_sim.study.simulate import lowered_model

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def nodes_of(node):
    yield node
    for child in children(node):
        yield from nodes_of(child)


# Slots


@each_model
def test_nothing_but_slots_numbers_and_operations_is_left(model):
    program = lowered_of(model).program
    for expression in (*program.values, *program.initial, *program.breaks):
        for node in nodes_of(expression):
            assert type(node) in {Slot, Number, Apply, Table, Gate}
            if isinstance(node, Gate):
                assert isinstance(node.switch, Slot)


@each_model
def test_every_value_rests_on_earlier_ones(model):
    program = lowered_of(model).program
    sizes = {"parameter": program.parameters, "switch": program.switches, "state": len(program.initial), "time": 1, "start": 1}
    for index, value in enumerate(program.values):
        for node in nodes_of(value):
            if isinstance(node, Slot):
                assert node.index < (index if node.kind == "value" else sizes[node.kind])


@each_model
def test_starts_and_flips_rest_on_parameters_alone(model):
    program = lowered_of(model).program
    for expression in (*program.initial, *program.breaks):
        kinds = {node.kind for node in nodes_of(expression) if isinstance(node, Slot)}
        assert kinds <= {"parameter", "switch"}


@each_model
def test_every_slot_has_a_name(model):
    lowered = lowered_of(model)
    program, layout = lowered.program, lowered.layout
    assert len(layout.parameters) == program.parameters
    assert len(layout.switches) == program.switches
    assert len(layout.states) == len(program.initial) == len(lowered.cells)
    assert len(layout.values) == len(program.values)
    assert all(layout.values)
    assert len(set(layout.states)) == len(layout.states)
    assert list(layout.switches) == list(lowered.declaration.switches)


@each_model
def test_every_stock_flow_and_equation_has_its_columns(model):
    lowered = lowered_of(model)
    for name, symbol in lowered.declaration.symbols.items():
        shape = lowered.declaration.shapes.get(name)
        assert shape is None or isinstance(shape, Dimension)
        labels = (None,) if shape is None else shape.labels
        if isinstance(symbol, Stock | Flow):
            for label in labels:
                column = lowered.layout.columns[name, label]
                assert column.kind == ("state" if isinstance(symbol, Stock) else "value")
                assert len(column.slots) == (symbol.stages if isinstance(symbol, Stock) else 1)


# Arrows


@each_model
def test_every_flow_is_the_sum_of_its_arrows(model):
    """The value of each flow at each label names exactly the rates of the moves that belong to it."""
    lowered = lowered_of(model)
    for number, (name, label) in enumerate(lowered.layout.flows):
        rates = [move.rate for move in lowered.program.moves if move.flow == number]
        (slot,) = lowered.layout.columns[name, label].slots
        named = [node.index for node in nodes_of(lowered.program.values[slot]) if isinstance(node, Slot) and node.kind == "value"]
        assert rates == [slot] or sorted(named) == sorted(rates)


@each_model
def test_every_arrow_keeps_to_one_unit(model):
    lowered = lowered_of(model)
    units = [cell.stock.unit for cell in lowered.cells]
    for move in lowered.program.moves:
        assert move.source != OUTSIDE or move.destination != OUTSIDE
        if OUTSIDE not in {move.source, move.destination}:
            assert units[move.source] == units[move.destination]
            assert move.source != move.destination


def test_the_arrows_of_one_of_everything():
    """Counted by hand: labels, stages and members each make arrows of their own."""
    lowered = lowered_of(Assorted)
    arrows = {}
    for move in lowered.program.moves:
        name = "onward" if move.flow == OUTSIDE else lowered.layout.flows[move.flow][0]
        arrows[name] = arrows.get(name, 0) + 1
    assert arrows == {
        "find": 3,
        "praise": 1,
        "try_out": 2,
        "hurry": 1,
        "convert": 2,
        "refuse": 2,
        "walk_off": 6,
        "leave": 3,
        "ration": 7,
        "forget": 1,
        "hire": 1,
        "depart": 1,
        "earn": 1,
        "spend": 1,
        "onward": 4,
    }
    births = [move for move in lowered.program.moves if move.by]
    assert [lowered.layout.flows[move.flow] for move in births] == [("praise", None)]
    assert [lowered.layout.states[head] for head in births[0].heads] == ["users"]


def test_stages_share_one_hazard():
    class Chain(Model):
        winning = param(0.1, "1/month")
        losing = param(0.3, "1/month")
        deals = stock(9, "account", stages=3)
        win = flow(deals >> outside, hazard=winning)
        lose = flow(deals >> outside, hazard=losing)

    program = lowered_of(Chain).program
    onward = [move for move in program.moves if move.flow == OUTSIDE]
    assert [(move.source, move.destination) for move in onward] == [(0, 1), (1, 2)]
    assert len({move.hazard for move in onward}) == 1
    assert len(program.initial) == 3


# Integrals and what is counted


def test_equal_things_looked_back_over_are_integrated_once():
    lowered = lowered_of(Growth)
    assert len(set(lowered.program.integrals)) == len(lowered.program.integrals)
    spending = lowered.layout.columns["spending", None].slots[0]
    assert lowered.program.integrals.count(spending) == 1


def test_counted_units_and_what_crosses_their_border():
    lowered = lowered_of(Assorted)
    program, states = lowered.program, lowered.layout.states
    assert set(program.counted) == {"account", "person"}
    assert [states[index] for index in program.counted["person"]] == ["crew"]
    assert "fund" not in [states[index] for index in program.counted["account"]]
    assert set(program.crossing) == {"person"}  # no account comes from outside or goes there


def test_one_counted_unit_may_be_written_alone_and_accounts_are_counted_unless_said():
    assert lowered_of(Growth).declaration.counts == ("account",)
    assert lowered_of(Driven).declaration.counts == ("account",)
    assert lowered_of(Driven).program.counted == {"account": ()}


# Conditions on time


def flips_of(model):
    """When the conditions on time of a model flip, with its defaults."""
    lowered = lowered_of(model)
    values = inputs_for(lowered, {}).parameters

    def value(node):
        match node:
            case Slot():
                return values[node.index]
            case Number():
                return node.value
            case Apply("+", (left, right)):
                return value(left) + value(right)
            case Apply("-", (left, right)):
                return value(left) - value(right)
            case Apply("*", (left, right)):
                return value(left) * value(right)

    return [value(node) for node in lowered.program.breaks]


def test_flips_are_found_on_either_side_of_any_comparison():
    class Doors(Model):
        opens = param(3, "month")
        lasts = param(4, "month")
        here = stock(0, "account")
        closes = aux(opens + lasts, "month")
        a = where(time < opens, 1, 0)
        b = where(closes >= time, 1, 0)
        c = where(time > opens + 2 * lasts, 1, 0)
        come = flow(outside >> here, rate=(a + b + c) * constant(1, "account/month"))

    assert flips_of(Doors) == [3, 7, 11]


def test_a_condition_on_state_flips_nowhere_in_particular():
    class Doors(Model):
        here = stock(0, "account")
        come = flow(outside >> here, rate=where(here < constant(3, "account"), constant(1, "account/month"), 0))

    assert flips_of(Doors) == []


def test_a_condition_that_hides_when_it_flips_is_refused():
    class Hidden(Model):
        opens = param(3, "month")
        here = stock(0, "account")
        come = flow(outside >> here, rate=where(time**2 > opens**2, constant(1, "account/month"), 0))

    with pytest.raises(ModelError) as caught:
        lowered_of(Hidden)
    assert "Hidden: the condition time ** 2 > opens ** 2 hides when it flips" in caught.value.cause
    assert "time < start + length" in caught.value.fix


def test_a_lever_that_sets_a_flip_may_move_or_is_refused():
    """The door is to close in month 8; in month 2 somebody decides to close it in month 5.3 instead."""

    class Door(Model):
        closes = lever(8, "month")
        here = stock(0, "account")
        come = flow(outside >> here, rate=where(time < closes, constant(1, "account/month"), 0))

    def model():

        lowered = lowered_of(Door)
        return run(lowered, Inputs((8.0,), (), (Bend(2.0, 0, 5.3, 0.0),)), [0.0, 10.0], dt=1.0)

    found = given_or_refused(model)
    if not isinstance(found, ModelError):
        assert found.states[-1][0] == pytest.approx(5.3, abs=1e-12)


def test_a_ramp_of_what_sets_a_flip_is_refused_by_name():
    class Door(Model):
        closes = lever(8, "month")
        here = stock(0, "account")
        come = flow(outside >> here, rate=where(time < closes, constant(1, "account/month"), 0))

    with pytest.raises(UsageError) as caught:
        run(lowered_of(Door), Inputs((8.0,), (), (Bend(2.0, 0, 8.0, -1.0), Bend(4.0, 0, 6.0, 0.0))), [0.0, 10.0])
    assert caught.value.cause.startswith("closes sets when a condition on time flips")


def test_flips_are_found_under_names_and_where_the_time_is_shifted():
    class Doors(Model):
        opens = param(3, "month")
        here = stock(0, "account")
        since = aux(time - opens, "month")
        years = time / constant(12, "month")
        a = where(since >= 1 * opens, 1, 0)
        b = where(constant(9, "month") > opens + time, 1, 0)
        c = where(years < 2, 1, 0)
        come = flow(outside >> here, rate=(a + b + c) * constant(1, "account/month"))

    assert flips_of(Doors) == [6, 6, 24]


def test_a_flip_that_rests_on_another_condition_is_refused():
    class Doors(Model):
        opens = param(3, "month")
        here = stock(0, "account")
        late = aux(where(time > opens, opens, 2 * opens), "month")
        come = flow(outside >> here, rate=where(time < late, constant(1, "account/month"), 0))

    with pytest.raises(ModelError, match="hides when it flips"):
        lowered_of(Doors)


def test_a_condition_on_another_condition_flips_with_it():
    class Doors(Model):
        opens = param(3, "month")
        here = stock(0, "account")
        open_ = aux(where(time > opens, 1, 0), "1")
        come = flow(outside >> here, rate=where(open_ > 0.5, constant(1, "account/month"), 0))

    assert flips_of(Doors) == [3]
    assert run_of(Doors)["here"][-1] == pytest.approx(9, rel=1e-13)


# Circles


def circle_of_two():
    class Circle(Model):
        here = stock(10, "account")
        losses = aux(into(here) * 2, "account/month")
        gains = aux(losses + constant(1, "account/month"), "account/month")
        come = flow(outside >> here, rate=gains)

    return Circle


def circle_through_pace():
    class Circle(Model):
        serving = param(1, "1/month")
        here = stock(10, "account")
        there = stock(0, "account")
        desk = staff(constant(1, "month") * into(there))
        serve = flow(here >> there, hazard=serving, served_by=desk)

    return Circle


@pytest.mark.parametrize(("make", "names"), [(circle_of_two, ("losses", "gains")), (circle_through_pace, ("desk.pace",))])
def test_circles_are_refused_by_name(make, names):
    with pytest.raises(ModelError) as caught:
        lowered_of(make())
    for name in names:
        assert name in caught.value.cause
    assert caught.value.fix == "let one of them be a stock, which remembers"


def test_a_flow_across_one_edge_may_follow_what_crosses_another():
    class Chain(Model):
        here = stock(10, "account")
        there = stock(0, "account")
        books = stock(0, "$")
        both = group(here, there)
        move = flow(here >> there, hazard=0.1 / constant(1, "month"))
        earn = flow(outside >> books, rate=into(there) * constant(5, "$/account") + into(both) * constant(1, "$/account"))

    found = run_of(Chain)
    np.testing.assert_allclose(found["earn"], 5 * found["move"], rtol=1e-14)


# What a run is given


def test_the_course_of_a_lever_through_its_bends():
    inputs = Inputs((10.0, 1.0), (), (Bend(2.0, 0, 12.0, 0.5), Bend(6.0, 0, 14.0, 0.0)))
    assert inputs.course(0) == ((10, 1), (0, 0))
    assert inputs.course(2) == ((12, 1), (0.5, 0))
    assert inputs.course(5) == ((13.5, 1), (0.5, 0))
    assert inputs.course(6) == ((14, 1), (0, 0))
    assert inputs.course(60) == ((14, 1), (0, 0))


class Moved:
    """A move of a lever, as a scenario holds it."""

    def __init__(self, kind, at, to, length=0.0):
        self.lever, self.kind, self.at, self.to, self.length = "drive", kind, at, {None: to}, length


def test_moves_become_bends():
    lowered = lowered_of(Driven)
    moves = [Moved("step", 2.0, 5.0), Moved("ramp", 4.0, 9.0, 8.0), Moved("pulse", 20.0, 0.0, 3.0), Moved("ramp", 30.0, 3.0, 6.0)]
    made = bends(lowered, [3.0, 0.2], moves)
    assert [(bend.time, bend.parameter, bend.value, bend.slope) for bend in made] == [
        (2, 0, 5, 0),
        (4, 0, 5, 0.5),
        (12, 0, 9, 0),
        (20, 0, 0, 0),
        (23, 0, 9, 0),
        (30, 0, 9, -1),
        (36, 0, 3, 0),
    ]


def test_moves_that_touch_follow_each_other():
    made = bends(lowered_of(Driven), [3.0, 0.2], [Moved("pulse", 2.0, 8.0, 3.0), Moved("step", 5.0, 4.0)])
    course = Inputs((3.0, 0.2), (), tuple(made)).course
    assert [course(month)[0][0] for month in (0, 2, 4.9, 5, 9)] == [3, 8, 8, 4, 4]


def test_times_that_differ_by_rounding_alone_are_one():
    assert key(0.1 + 0.2) == key(0.3)
    assert key(24.3) != key(24.300001)


def test_a_model_is_lowered_once():
    assert lowered_model(Growth) is lowered_model(Growth)
    assert lower(lowered_model(Growth).declaration) is not lowered_model(Growth)


def test_a_dimension_is_expanded_label_by_label():
    kinds = dimension("one", "two", "three")

    class Labels(Model):
        size = param(kinds(one=1, two=2, three=3), "account")
        here = stock(size * 2, "account")
        leave = flow(here >> outside, hazard=0.1 / constant(1, "month"))

    lowered = lowered_of(Labels)
    assert lowered.layout.parameters == (("size", "one"), ("size", "two"), ("size", "three"))
    assert lowered.layout.states == ("here[one]", "here[two]", "here[three]")
    assert run_of(Labels, until=1)["here"][:, 0].tolist() == [2, 4, 6]
    assert math.isclose(run_of(Labels, until=1)["here"][2][-1], 6 * math.exp(-0.1), rel_tol=1e-9)
