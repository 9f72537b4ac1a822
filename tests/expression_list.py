"""One list of expressions over the slots of a small program: every function and every kind of node that is computed.

Each is written once and read by all: the tree walk, the Python printer and the reverse printer. Beside each stands
what it must be, as plain Python over parameters ``p0``, switches ``w0``, states ``y0``, the time ``t`` and the start
of the step ``s``.
"""

import math
from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

from flywheel_sim.expressions import Apply, Gate, Number, Slot, Table
from flywheel_sim.program import OUTSIDE, Inputs, Move, Program
from flywheel_sim.program.diagnosis import walk_values

P0, P1, P2 = (Slot("parameter", index) for index in range(3))
W0, W1 = (Slot("switch", index) for index in range(2))
Y0, Y1, Y2 = (Slot("state", index) for index in range(3))
NOW, START = Slot("time", 0), Slot("start", 0)
ACROSS, UP = (0.0, 1.0, 2.5, 4.0), (1.0, 3.0, 2.0, 2.5)


def curve(x):
    """The table of this list, as straight pieces written out."""
    if x < 1:
        return 1 + 2 * max(x, 0)
    if x < 2.5:
        return 3 - (x - 1) / 1.5
    return 2 + 0.5 * (min(x, 4) - 2.5) / 1.5


def less(function, *arguments):
    return Apply(function, arguments)


# What an expression is, and what it must be.
EXPRESSIONS = {
    "number": (Number(2.5) * Y0, lambda at: 2.5 * at.y0),
    "negative number": (Number(-2.5) * Y0 - Number(-1.0), lambda at: -2.5 * at.y0 + 1),
    "parameter": (P0 + Y0, lambda at: at.p0 + at.y0),
    "time": (NOW * Y0, lambda at: at.t * at.y0),
    "start": (START + Y0, lambda at: at.s + at.y0),
    "sum": (Y0 + (Y1 + Y2), lambda at: at.y0 + at.y1 + at.y2),
    "difference": (Y0 - (Y1 - Y2), lambda at: at.y0 - at.y1 + at.y2),
    "differences in a row": (Y0 - Y1 - Y2, lambda at: at.y0 - at.y1 - at.y2),
    "product": (Y0 * (Y1 + P0) * Y2, lambda at: at.y0 * at.y1 * at.y2 + at.y0 * at.p0 * at.y2),
    "quotient": (Y0 / (Y1 / Y2), lambda at: at.y0 * at.y2 / at.y1),
    "quotients in a row": (Y0 / Y1 / P1, lambda at: at.y0 / (at.y1 * at.p1)),
    "negative": (-(Y0 - Y1) * -Y2, lambda at: (at.y0 - at.y1) * at.y2),
    "square": (Y0**2, lambda at: at.y0 * at.y0),
    "power": (Y0**P1, lambda at: math.exp(at.p1 * math.log(at.y0))),
    "exponent that moves": (P1 ** (Y0 / 3), lambda at: math.exp(at.y0 / 3 * math.log(at.p1))),
    "tower": (Y0 ** (Y1**P0), lambda at: math.exp(math.exp(at.p0 * math.log(at.y1)) * math.log(at.y0))),
    "exponential": (less("exp", -Y0 / P0), lambda at: math.e ** (-at.y0 / at.p0)),
    "logarithm": (less("log", Y0 + P1) * Y1, lambda at: math.log2(at.y0 + at.p1) * math.log(2) * at.y1),
    "root": (less("sqrt", Y0 * Y1), lambda at: (at.y0 * at.y1) ** 0.5),
    "minimum": (less("minimum", Y0, Y1) * Y2, lambda at: (min(at.y1, at.y0)) * at.y2),
    "minimum of three": (less("minimum", Y0 * Y0, Y1 + P0, Y2), lambda at: np.sort([at.y0 ** 2, at.y1 + at.p0, at.y2])[0]),
    "maximum": (less("maximum", Y0, P0), lambda at: max(at.p0, at.y0)),
    "maximum of three": (less("maximum", Y0, Y1, P1 * Y2), lambda at: np.sort([at.y0, at.y1, at.p1 * at.y2])[2]),
    "less": (less("where", less("<", Y0, Y1), Y2, P0), lambda at: at.y2 if at.y0 < at.y1 else at.p0),
    "at most": (less("where", less("<=", Y0, P0), Y1 * Y2, -Y1), lambda at: at.y1 * at.y2 if at.y0 <= at.p0 else -at.y1),
    "more": (less("where", less(">", Y0 - Y1, 0 * Y2), Y0, Y2**2), lambda at: at.y0 if at.y0 > at.y1 else at.y2 ** 2),
    "at least": (less("where", less(">=", NOW, P0), Y0, Y1), lambda at: at.y0 if at.t >= at.p0 else at.y1),
    "choice as an operand": (
        P0 / less("where", less("<", Y0, Y1), Y2, P1),
        lambda at: at.p0 / (at.y2 if at.y0 < at.y1 else at.p1),
    ),
    "choice in a choice": (
        less("where", less("<", Y0, Y1), less("where", less(">", Y2, P0), Y0 * Y1, Y1 / Y2), Y2) + Y0,
        lambda at: (((at.y0 * at.y1) if at.y2 > at.p0 else at.y1 / at.y2) if at.y0 < at.y1 else at.y2) + at.y0,
    ),
    "choice between what is shared": (
        less("where", less("<", less("exp", Y0), P0 + 2), less("exp", Y0) * Y1, less("exp", Y0) + Y2),
        lambda at: math.exp(at.y0) * at.y1 if math.exp(at.y0) < at.p0 + 2 else math.exp(at.y0) + at.y2,
    ),
    "ratio": (less("ratio", Y0 * P0, Y1 - Y2, Y0), lambda at: at.y0 * at.p0 / (at.y1 - at.y2) if at.y1 != at.y2 else at.y0),
    "ratio of nothing": (less("ratio", Y0, Y1 * 0, P0 * Y2), lambda at: at.p0 * at.y2),
    "ratio in a ratio": (
        less("ratio", less("ratio", Y0, Y1, P0), less("ratio", Y1, Y2, P1), Number(7.0)),
        lambda at: at.y0 * at.y2 / at.y1 ** 2,
    ),
    "table": (Table(Y0, ACROSS, UP, None) * Y1, lambda at: curve(at.y0) * at.y1),
    "table of an expression": (Table(Y0 - Y1 + P0, ACROSS, UP, None), lambda at: curve(at.y0 - at.y1 + at.p0)),
    "gate": (Gate(W0, Y0 * Y1, P0 + Y2), lambda at: at.y0 * at.y1 if at.w0 else at.p0 + at.y2),
    "gate as an operand": (P0 - Gate(W1, Y0, Y1 * Y1) / Y2, lambda at: at.p0 - (at.y0 if at.w1 else at.y1 ** 2) / at.y2),
    "gate in a gate": (Gate(W0, Gate(W1, Y0, P0) + Y1, P1 * Y2), lambda at: ((at.y0 if at.w1 else at.p0) + at.y1) if at.w0 else at.p1 * at.y2),
    "what rests on parameters": (Y0 * (P0 + P1) ** 2, lambda at: at.y0 * (at.p0 + at.p1) * (at.p0 + at.p1)),
    "one parameter twice": (P0 * Y0 + P0 * P0 * Y1, lambda at: at.p0 * (at.y0 + at.p0 * at.y1)),
}  # fmt: skip


def point_of(parameters, switches, states, time, start):
    """What the right-hand side of an entry reads."""
    named = {
        f"{letter}{index}": value
        for letter, row in zip("pwy", (parameters, switches, states), strict=True)
        for index, value in enumerate(row)
    }
    return SimpleNamespace(**named, t=time, s=start)


def program_of(*values):
    """A program that computes these: each flows into a state of its own, the first three, and each is integrated."""
    moves = tuple(Move(OUTSIDE, index % 3, index, OUTSIDE, (), False, index) for index in range(len(values)))  # noqa: FBT003
    return Program(
        parameters=3,
        switches=2,
        initial=(Number(1.0), Number(2.0), Number(3.0)),
        values=values,
        moves=moves,
        integrals=tuple(range(len(values))),
        breaks=(),
        counted={"account": (0, 1, 2)},
        crossing={},
    )


def walked(program, parameters, switches, states, time, start):
    """Every value of a program by the tree walk."""
    walk = walk_values(program, Inputs(parameters, switches), parameters, states, time, start)
    return [walk(value) for value in program.values]


def one_of(*values):
    return st.sampled_from(values)


# No two of these, nor of the numbers below, are equal: a point is never exactly at a corner where two values meet.
points = st.tuples(
    st.tuples(one_of(0.31, 2.29), one_of(1.13, 0.57), one_of(0.83, 3.07)),
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(one_of(0.73, 2.83), one_of(1.93, 0.41), one_of(1.39, 2.57)),
)

leaves = st.sampled_from([P0, P1, P2, Y0, Y1, Y2, Number(0.5), Number(-1.5), Number(2.0), NOW])


def compounds(inner):
    """One step up: any function or kind of node over smaller expressions."""
    pairs = st.tuples(inner, inner)
    conditions = st.builds(Apply, st.sampled_from(["<", "<=", ">", ">="]), pairs)
    return st.one_of(
        st.builds(Apply, st.sampled_from(["+", "-", "*", "/", "minimum", "maximum"]), pairs),
        st.builds(Apply, st.sampled_from(["minimum", "maximum"]), st.tuples(inner, inner, inner)),
        st.builds(Apply, st.just("negative"), st.tuples(inner)),
        st.builds(lambda base, power: Apply("**", (less("maximum", base, Number(0.25)), power)), inner, leaves),
        st.builds(lambda x: less("exp", less("minimum", x, Number(3.0))), inner),
        st.builds(lambda x: less("log", less("maximum", x, Number(0.1))), inner),
        st.builds(lambda x: less("sqrt", less("maximum", x, Number(0.1))), inner),
        st.builds(lambda test, pair: Apply("where", (test, *pair)), conditions, pairs),
        st.builds(Apply, st.just("ratio"), st.tuples(inner, inner, inner)),
        st.builds(lambda x: Table(x, ACROSS, UP, None), inner),
        st.builds(lambda switch, pair: Gate(switch, *pair), st.sampled_from([W0, W1]), pairs),
    )


# Any expression: trees of up to some 12 leaves.
expressions = st.recursive(leaves, compounds, max_leaves=12)
