"""Measures: what a metric can ask of a whole run, or of the journey through the stocks.

They may stand in :func:`~flywheel_sim.model.declare.metric` expressions only, except :func:`into` and
:func:`out_of`, which are flows like any other.
"""

from __future__ import annotations

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import Expression, Operand, Pick, lift
from flywheel_sim.model.symbols import Edge, Flow, Group, Parameter, Stock
from flywheel_sim.model.word import word

__all__ = [
    "Gain",
    "Lifetime",
    "Marginal",
    "Measure",
    "Passage",
    "SoFar",
    "Survival",
    "Trailing",
    "gain",
    "into",
    "lifetime",
    "marginal",
    "out_of",
    "passage",
    "so_far",
    "survival",
    "trailing",
]


class Measure(Expression):
    """A node that only a metric may hold."""


class SoFar(Measure):
    """The integral since the start."""

    of: Expression


class Trailing(Measure):
    """The mean over the last ``window`` of time, or over what there is."""

    of: Expression
    window: Expression


class Lifetime(Measure):
    """The expected time in a group of those who enter today, discounted, today's hazards holding."""

    group: Expression
    discount: Expression


class Survival(Measure):
    """The share of those who enter a group today who are in it still after some time, today's hazards holding."""

    group: Expression
    time: Expression


class Passage(Measure):
    """The mean time spent in some stocks by those who leave by one flow, today's hazards holding."""

    stocks: tuple[Expression, ...]
    by: Expression


class Gain(Measure):
    """The loop gain: how many each counted individual brings over its life."""


class Marginal(Measure):
    """How much more of one thing for one more of another, when a lever moves by 1 %."""

    cost: Expression
    result: Expression
    lever: Parameter


@word
def so_far(x: Operand) -> Expression:
    """The integral of ``x`` since the start."""
    return SoFar(lift(x))


@word
def trailing(x: Operand, window: Expression) -> Expression:
    """The mean of ``x`` over the last ``window``, or over what there is; at the start, ``x`` itself."""
    return Trailing(lift(x), lift(window))


@word
def lifetime(group: Expression, discount: Operand = 0) -> Expression:
    """The expected time in ``group`` of those who enter it today, with all hazards as they are today.

    Args:
        group: a stock or a group of stocks.
        discount: what later time loses, a unit of time (a hazard).

    Returns:
        In the model's time unit: w (discount I - T)^-1 1, with T the frozen rates between the stocks of the
        group and w where today's entrants enter. Undefined where nobody enters or nobody ever leaves.
    """
    return Lifetime(stocks_only(group, "lifetime"), lift(discount))


@word
def survival(group: Expression, time: Expression) -> Expression:
    """The share of today's entrants to ``group`` who are in it still after ``time``, hazards as they are today."""
    return Survival(stocks_only(group, "survival"), lift(time))


@word
def passage(*stocks: Expression, by: Expression) -> Expression:
    """The mean time in ``stocks`` of those among today's entrants who leave by the flow ``by``.

    Returns:
        In the model's time unit: w T^-2 r / -w T^-1 r, with r the hazard of ``by``. Undefined where nobody does.
    """
    if not stocks:
        raise ModelError("passage needs the stocks that are passed", fix="write passage(stock, ..., by=flow)")
    if not isinstance(by, Flow):
        raise ModelError("passage needs the flow by which they leave", fix="write passage(stock, ..., by=flow)")
    return Passage(tuple(stocks_only(stock, "passage") for stock in stocks), by)


@word
def gain() -> Expression:
    """The loop gain K: the spectral radius of F V^-1 over the counted stocks, hazards as they are today.

    F holds the births (flows with ``by=``) and V the ways between and out of the stocks. The untouched
    market (where births come from) is left out: to return to it is to leave.
    """
    return Gain()


@word
def marginal(cost: Operand, result: Operand, lever: Expression) -> Expression:
    """The further ``cost`` for one further ``result``, from a second run with ``lever`` 1 % higher."""
    if not isinstance(lever, Parameter) or lever.role != "lever":
        raise ModelError("marginal needs a lever", fix="write marginal(cost, result, budget) with budget = lever(...)")
    return Marginal(lift(cost), lift(result), lever)


@word
def into(group: Expression) -> Expression:
    """What enters a stock or group from elsewhere, a unit of time."""
    return Edge("into", stocks_only(group, "into"))


@word
def out_of(group: Expression) -> Expression:
    """What leaves a stock or group for elsewhere, a unit of time."""
    return Edge("out_of", stocks_only(group, "out_of"))


def stocks_only(node: Expression, word: str) -> Expression:
    if isinstance(node, Stock | Group) or (isinstance(node, Pick) and isinstance(node.of, Stock)):
        return node
    raise ModelError(f"{word} speaks of a stock or a group of stocks", fix=f"write {word}(stock) or {word}(group)")
