"""The printed program says what the tree walk says: of one list of expressions, of any expression, of every model.

Both compute the same operations in the same order, so that nothing but the very same number will do: where numbers
are compared, they must be equal to the last digit.
"""

import io
import keyword
import math
import re
import tokenize

import numpy as np
import pytest
from expression_list import EXPRESSIONS, expressions, point_of, points, program_of, walked
from hypothesis import assume, given
from models import MODELS, drawn_inputs, drawn_states, lowered_of

from flywheel_sim import Model, aux, constant, dimension, flow, friction, lever, loop, outside, param, split, stock, time, where
from flywheel_sim.emit import compile_python, print_python
from flywheel_sim.emit.reverse import ReversePrinter, compile_reverse
from flywheel_sim.engines.ode.fixed import print_step
from flywheel_sim.engines.tableau import METHODS
from flywheel_sim.expressions import FUNCTIONS, Apply, Expression, Number, Slot, Walk, children
from flywheel_sim.model.oracle import Oracle

PARAMETERS, STATES, TIME, START = (1.3, 1.7, 0.6), (0.8, 2.2, 1.4), 2.0, 1.25


def nodes_of(node):
    yield node
    for child in children(node):
        yield from nodes_of(child)


def printed(program, parameters, switches, states, time, start, moving=frozenset()):
    rates = compile_python(program, moving)(parameters, switches, (0.0,) * len(parameters), 0.0)
    return rates(time, start, states, full=True)


# One list through every printer


@pytest.mark.parametrize("switches", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_is_what_it_says(name, switches):
    expression, meant = EXPRESSIONS[name]
    program = program_of(expression)
    expected = meant(point_of(PARAMETERS, switches, STATES, TIME, START))
    (found,) = walked(program, PARAMETERS, switches, STATES, TIME, START)
    assert found == pytest.approx(expected, rel=1e-14)  # the expectation is worked out another way
    assert printed(program, PARAMETERS, switches, STATES, TIME, START) == (found,)
    assert printed(program, PARAMETERS, switches, STATES, TIME, START, moving=frozenset({0, 1, 2})) == (found,)


def test_the_list_holds_every_function_and_every_kind_of_node():
    found = [node for expression, _ in EXPRESSIONS.values() for node in nodes_of(expression)]
    assert {node.function for node in found if isinstance(node, Apply)} == set(FUNCTIONS)
    assert {type(node).__name__ for node in found} == {"Number", "Slot", "Apply", "Table", "Gate"}
    assert {node.kind for node in found if isinstance(node, Slot)} == {"parameter", "state", "time", "start"}


@given(expressions, points)
def test_any_expression_prints_as_it_walks(expression, point):
    parameters, switches, states = point
    program = program_of(expression, Slot("value", 0) * 2 + expression)
    try:
        expected = walked(program, parameters, switches, states, TIME, START)
    except ArithmeticError:
        assume(False)  # a division by 0 on the way: nothing to compare  # noqa: FBT003
    assume(all(map(math.isfinite, expected)))
    assert list(printed(program, parameters, switches, states, TIME, START)) == expected


@pytest.mark.parametrize("moving", [frozenset(), frozenset({0}), frozenset({0, 1, 2})])
def test_a_parameter_that_moves_is_where_it_is_at_that_time(moving):
    program = program_of(*(expression for expression, _ in EXPRESSIONS.values()))
    slopes = tuple(0.25 * (index in moving) for index in range(3))
    rates = compile_python(program, moving)(PARAMETERS, (True, False), slopes, START)
    there = tuple(value + slope * (TIME - START) for value, slope in zip(PARAMETERS, slopes, strict=True))
    assert list(rates(TIME, START, STATES, full=True)) == walked(program, there, (True, False), STATES, TIME, START)


class Strange(Expression):
    """A node that nobody knows."""


def test_unknown_nodes_are_refused_by_name():
    with pytest.raises(TypeError, match=r"the Python printer does not know Strange"):
        print_python(program_of(Strange()))
    with pytest.raises(TypeError, match=r"the Python printer does not know Strange"):
        print_python(program_of(Slot("state", 0) + Strange()))
    with pytest.raises(TypeError, match=r"does not know Strange"):
        ReversePrinter(program_of(Slot("state", 0) * Strange()), frozenset(), frozenset({0})).text()
    with pytest.raises(TypeError, match=r"the tree walk does not know Strange"):
        Walk(lambda _: None)(Strange())


def test_an_unknown_function_is_refused():
    with pytest.raises(TypeError, match=r"does not know"):
        print_python(program_of(Apply("sine", (Slot("state", 0),))))
    with pytest.raises(KeyError):
        Walk(lambda _: None)(Apply("sine", (Number(1.0),)))


# Every model against the oracle


def oracle_at(lowered, inputs, states, time, start):
    names = zip(lowered.layout.parameters, inputs.parameters, strict=True)
    off = {name for name, on in zip(lowered.layout.switches, inputs.switches, strict=True) if not on}
    cells = {cell: states[index] for cell, index in lowered.cells.items()}
    return Oracle(lowered.declaration, dict(names), off, cells, time, start)


def draws_of(lowered, count):
    generator = np.random.default_rng(20)
    for _ in range(count):
        start = float(generator.uniform(0, 24))
        yield drawn_inputs(lowered, generator), drawn_states(lowered, generator), start + float(generator.uniform(0, 1)), start


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_printed_program_is_the_oracle(model):
    lowered = lowered_of(model)
    for inputs, states, now, start in draws_of(lowered, 40):
        oracle = oracle_at(lowered, inputs, states, now, start)
        rates = compile_python(lowered.program)(inputs.parameters, inputs.switches, (0.0,) * len(inputs.parameters), 0.0)
        expected = oracle.derivatives()
        found = dict(zip(lowered.cells, rates(now, start, states), strict=False))
        assert found == expected
        values = rates(now, start, states, full=True)
        for (name, label), column in lowered.layout.columns.items():
            symbol = lowered.declaration.symbols.get(name)
            if symbol is None or column.kind != "value":
                continue
            meant = oracle.value(symbol)
            assert values[column.slots[0]] == (meant[label] if label else meant), (name, label)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_program_starts_where_the_oracle_starts(model):
    lowered = lowered_of(model)
    for inputs, _, _, _ in draws_of(lowered, 10):
        oracle = oracle_at(lowered, inputs, [0.0] * len(lowered.cells), 0.0, 0.0)
        program = lowered.program
        walk = walked(program_of(*program.initial), inputs.parameters, inputs.switches, (), 0.0, 0.0)
        assert walk == [oracle.initial(cell) for cell in lowered.cells]


def test_the_oracle_holds_a_condition_on_time_for_the_whole_step():
    class Door(Model):
        opens = param(3, "month")
        inside = stock(0, "account")
        enter = flow(outside >> inside, rate=where(time < opens, constant(2, "account/month"), 0) * (time / opens))

    lowered = lowered_of(Door)
    (cell,) = lowered.cells
    inputs = next(iter(draws_of(lowered, 1)))[0]
    inputs = type(inputs)((3.0,), inputs.switches)
    assert oracle_at(lowered, inputs, (0.0,), 4.5, 2.5).derivatives()[cell] == 2 * 4.5 / 3
    assert oracle_at(lowered, inputs, (0.0,), 4.5, 3.5).derivatives()[cell] == 0


# Nothing of a model or a user in what is printed


marked = dimension("lurking_label", "other_label")


class Intruder(Model):
    """intruding docstring"""

    time_unit, counts = "week", "intruding_unit"
    intruding_lever = lever(1, "intruding_unit/week", note="intruding note'); raise SystemExit('")
    intruding_split = split(marked(lurking_label=1))
    intruding_param = param(0.1, "1/week", (0, 1), "intruding note", "intruding source")
    intruding_loop = loop("intruding label", "intruding note")
    intruding_friction = friction("intruding label too")
    intruding_stock = stock(marked(lurking_label=1), "intruding_unit", "intruding note", stages=2)
    intruding_aux = aux(intruding_loop.gate(intruding_param, off=0) * 2, "1/week", "intruding note")
    intruding_flow = flow(intruding_stock >> outside, hazard=intruding_aux, note="intruding note", friction=intruding_friction)
    intruding_hold = intruding_friction.gate(intruding_param * 2, off=1 * intruding_param)
    intruding_come = flow(outside >> intruding_stock, rate=intruding_lever * intruding_split)


PLAIN = re.compile(
    r"make|rates|pull|step|full|slope|origin|point|power|exp|log|sqrt|min|max|interpolate|slope_of|True|False"
    r"|[pwyvcdtshazb]\d*|[kw]\d+(_\d+)?|h\d*(_\d+)?|[gar]_?[a-z]?\d*|r\d+"
)


@pytest.mark.parametrize("model", [*MODELS, Intruder], ids=lambda model: model.__name__)
def test_no_word_of_a_model_is_printed(model):
    lowered = lowered_of(model)
    every = frozenset(range(lowered.program.parameters))
    texts = [
        print_python(lowered.program),
        print_python(lowered.program, every),
        ReversePrinter(lowered.program, frozenset(), frozenset(range(len(lowered.program.integrals)))).text(),
        *(print_step(method, len(lowered.program.initial), 3) for method in METHODS.values()),
    ]
    for text in texts:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        assert not [token for token in tokens if token.type in {tokenize.STRING, tokenize.COMMENT}]
        names = {token.string for token in tokens if token.type == tokenize.NAME and not keyword.iskeyword(token.string)}
        assert {name for name in names if not PLAIN.fullmatch(name)} == set()
        assert "intruding" not in text
        assert "lurking" not in text


def test_a_program_is_compiled_once():
    program = lowered_of(MODELS[0]).program
    assert compile_python(program, frozenset()) is compile_python(program, frozenset())
    assert compile_reverse(program, frozenset(), frozenset()) is compile_reverse(program, frozenset(), frozenset())
