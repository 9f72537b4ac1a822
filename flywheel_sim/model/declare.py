"""The words a model is written in.

Each makes one node and refuses at once what can be refused without knowing the rest of the model; units and
everything that needs names is checked when the class is complete (:mod:`flywheel_sim.model.check`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import (
    Apply,
    Dimension,
    Expression,
    Labelled,
    Number,
    Operand,
    Outside,
    Pick,
    Quantity,
    Route,
    Table,
    Time,
    Total,
    lift,
)
from flywheel_sim.model.symbols import (
    Auxiliary,
    Claim,
    End,
    Flow,
    Friction,
    Group,
    Loop,
    Metric,
    Parameter,
    Range,
    Staff,
    Stock,
)
from flywheel_sim.records import Record
from flywheel_sim.units import parse_unit, write_number

__all__ = [
    "Factor",
    "aux",
    "claim",
    "constant",
    "dimension",
    "exp",
    "factor",
    "flow",
    "friction",
    "group",
    "lever",
    "log",
    "loop",
    "maximum",
    "metric",
    "minimum",
    "outside",
    "param",
    "ratio",
    "share",
    "split",
    "sqrt",
    "staff",
    "stock",
    "table",
    "time",
    "total",
    "where",
]

MOST_STAGES = 64

time = Time()
outside = Outside()


class Factor(Record):
    """A range from a value over ``times`` to a value times ``times``."""

    times: float


Between = Range | Factor | Labelled | None
Limits = tuple[float | None, float | None] | None


# What is set


def param(
    default: float | Labelled, unit: str, between: Between = None, note: str = "", source: str = "assumption", limits: Limits = None
) -> Parameter:
    """A number, or one per label, that a scenario may set.

    Args:
        default: the value when nobody sets one.
        unit: such as ``"$/account/month"``, or ``"1"``.
        between: the plausible range: outside it a scenario is warned, inside it sensitivity looks.
        note: what it is, in words.
        source: where the default comes from.
        limits: what is possible at all; either end may be None. Where it is not given, a parameter whose
            plausible range does not reach below 0 cannot be negative.
    """
    return parameter(default, unit, between, note, source, limits, role="parameter")


def share(
    default: float | Labelled, between: Between = None, note: str = "", source: str = "assumption", limits: Limits = (0, 1)
) -> Parameter:
    """A parameter of unit 1 within 0 and 1."""
    return parameter(default, "1", between, note, source, limits, role="parameter")


def lever(
    default: float,
    unit: str,
    between: Between = None,
    note: str = "",
    force: bool = False,
    source: str = "assumption",
    limits: Limits = None,
) -> Parameter:
    """What a strategy sets. ``force`` marks what a coast test zeroes."""
    return parameter(default, unit, between, note, source, limits, role="lever", force=force)


def split(shares: Labelled, note: str = "") -> Parameter:
    """The one lever of shares, together 1; a label that is not named gets nothing."""
    if not isinstance(shares, Labelled):
        raise ModelError("a split is a share per label", fix="write split(outlet(ads=0.6, content=0.4)) with outlet = dimension(...)")
    whole = Labelled(shares.dimension, {label: shares.values.get(label, 0.0) for label in shares.dimension.labels})
    made = parameter(whole, "1", (0, 1), note, "assumption", (0, 1), role="split")
    if not math.isclose(sum(made.default.values()), 1.0, abs_tol=1e-9):
        raise ModelError(
            f"the shares of a split are together {write_number(sum(made.default.values()))}, not 1", fix="make them add up to 1"
        )
    return made


def factor(times: float) -> Factor:
    """The range from a value over ``times`` to a value times ``times``."""
    if not times > 1:
        raise ModelError(f"factor({times}) is no range", fix="use a factor above 1")
    return Factor(float(times))


def parameter(
    default: float | Labelled,
    unit: str,
    between: Between,
    note: str,
    source: str,
    limits: Limits,
    role: str,
    force: bool = False,
) -> Parameter:
    values, over = by_label(default)
    ranges = {label: plausible(between, label, value) for label, value in values.items()}
    lowest = min((low for low, _ in filter(None, ranges.values())), default=-math.inf)
    if limits is None:
        limits = (0.0 if lowest >= 0 else None, None)
    low = -math.inf if limits[0] is None else float(limits[0])
    high = math.inf if limits[1] is None else float(limits[1])
    for label, value in values.items():
        where_ = f" for {label}" if label else ""
        if not low <= value <= high:
            raise ModelError(f"the default {write_number(value)}{where_} is outside its limits {write_range((low, high))}")
        around = ranges[label]
        if around and not around[0] <= value <= around[1]:
            raise ModelError(
                f"the default {write_number(value)}{where_} is outside its own plausible range {write_range(around)}",
                fix="widen the range or change the default",
            )
        if around and not (low <= around[0] and around[1] <= high):
            raise ModelError(f"the plausible range {write_range(around)}{where_} reaches outside the limits {write_range((low, high))}")
    return Parameter(values, parse_unit(unit), ranges, note, source, (low, high), role, force, over)


def by_label(default: float | Labelled) -> tuple[dict[str | None, float], Dimension | None]:
    if not isinstance(default, Labelled):
        return {None: plain(default)}, None
    missing = [label for label in default.dimension.labels if label not in default.values]
    if missing:
        raise ModelError(f"a default is missing for {', '.join(missing)}", fix=f"give every label a value: {missing[0]}=...")
    return {label: plain(value) for label, value in default.values.items()}, default.dimension


def plain(value: object) -> float:
    node = lift(value)
    if not isinstance(node, Number):
        raise ModelError("a default is a plain number", fix="use aux(...) or stock(...) for something computed from other values")
    return node.value


def plausible(between: Between, label: str | None, value: float) -> Range | None:
    """The plausible range at one label."""
    if isinstance(between, Labelled):
        if label is None or label not in between.values:
            raise ModelError(f"the plausible range is missing for {label}", fix=f"add {label}=(low, high)")
        return plausible(between.values[label], None, value)
    if between is None:
        return None
    if isinstance(between, Factor):
        return (min(value / between.times, value * between.times), max(value / between.times, value * between.times))
    if not (isinstance(between, tuple) and len(between) == 2):
        raise ModelError(f"{between!r} is not a plausible range", fix="write (low, high), factor(3), or None where none is known")
    low, high = (plain(end) for end in between)
    if not low <= high:
        raise ModelError(f"the plausible range {write_range((low, high))} runs backwards", fix="write the lower end first")
    return (low, high)


def write_range(ends: Range) -> str:
    low, high = ends
    if math.isinf(high):
        return f"{write_number(low)} or more" if not math.isinf(low) else "any number"
    return f"{write_number(low)} to {write_number(high)}" if not math.isinf(low) else f"at most {write_number(high)}"


# What accumulates and moves


def stock(initial: Operand, unit: str, note: str = "", stages: int = 1) -> Stock:
    """What accumulates.

    Args:
        initial: its value at time 0: a number in ``unit``, an expression of parameters, or a value per label.
        unit: of the stock.
        note: what it is, in words.
        stages: above 1, a chain of so many, so that the time in it is Erlang distributed.
    """
    if not isinstance(stages, int) or not 1 <= stages <= MOST_STAGES:
        raise ModelError(f"stages={stages!r} is not possible", fix=f"use a whole number from 1 to {MOST_STAGES}")
    return Stock(lift(initial), parse_unit(unit), note, stages, [])


def flow(
    route: Route,
    *,
    hazard: Operand | None = None,
    rate: Operand | None = None,
    by: Expression | None = None,
    served_by: Staff | None = None,
    anytime: bool = False,
    friction: Friction | None = None,
    note: str = "",
) -> Flow:
    """What moves along ``source >> destination``.

    Args:
        route: the two ends; ``outside`` is the source or sink of whatever comes or goes.
        hazard: per head of the source (or of ``by``), in 1/time.
        rate: in total, in the stock's unit per time. Give one of the two.
        by: whose members cause it, when those are not the source's: births, referrals.
        served_by: the staff whose pace it goes at.
        anytime: leaves from every stage of its source, not only from the last.
        friction: the friction it belongs to.
        note: what it is, in words.
    """
    if not isinstance(route, Route):
        raise ModelError(
            "a flow needs both its ends", fix="write flow(source >> destination, ...), with outside where it comes from or goes to nowhere"
        )
    if (hazard is None) == (rate is None):
        raise ModelError(
            "a flow needs either hazard= or rate=", fix="give hazard= (per head of its source) or rate= (in total), one of the two"
        )
    source, destination = end(route.source), end(route.destination)
    if isinstance(source, Outside) and isinstance(destination, Outside):
        raise ModelError("a flow from outside to outside moves nothing", fix="name a stock at one end")
    if isinstance(destination, Group):
        raise ModelError("a flow cannot end in a group", fix="name the member it ends in")
    if isinstance(source, Outside) and hazard is not None and by is None:
        raise ModelError(
            "outside has no heads, so a flow from it has no hazard", fix="give rate= (in total), or by= (whose members cause it)"
        )
    if rate is not None and (by is not None or served_by is not None):
        raise ModelError("by= and served_by= go with hazard=, which is per head", fix="give hazard= instead of rate=")
    if by is not None and not isinstance(end(by), Stock | Group | Pick):
        raise ModelError("by= names the stock or group whose members cause the flow")
    if by is not None and served_by is not None:
        raise ModelError("a flow is caused by members (by=) or served by staff (served_by=), not both")
    made = Flow(
        source,
        destination,
        None if hazard is None else lift(hazard),
        None if rate is None else lift(rate),
        by,
        served_by,
        anytime,
        friction,
        note,
    )
    for place in (source, destination):
        for member in place.members if isinstance(place, Group) else (place,):
            bottom = member.of if isinstance(member, Pick) else member
            if isinstance(bottom, Stock):
                bottom.flows.append(made)
    return made


def end(place: object) -> End:
    """One end of a flow: a stock, one label of a stock, a group, or outside."""
    if isinstance(place, Stock | Group | Outside) or (isinstance(place, Pick) and isinstance(place.of, Stock)):
        return place
    raise ModelError("a flow runs between stocks", fix="make both ends a stock, stock[label], a group (as source) or outside")


def aux(expression: Operand, unit: str, note: str = "") -> Auxiliary:
    """A named equation with its unit stated."""
    return Auxiliary(lift(expression), parse_unit(unit), note)


def group(*members: Expression | str, note: str = "") -> Group:
    """Stocks as one; a flow out of it leaves each member. The last argument may be the note."""
    stocks = list(members)
    if stocks and isinstance(stocks[-1], str):
        note = stocks.pop()  # type: ignore[assignment]
    nodes: list[Expression] = []
    for member in stocks:
        node = end(member)
        if isinstance(node, Outside):
            raise ModelError("outside cannot be a member of a group")
        nodes.extend(node.members if isinstance(node, Group) else (node,))
    if not nodes:
        raise ModelError("a group needs members", fix="write group(stock, stock, ..., note=...)")
    return Group(tuple(nodes), note)


def staff(places: Operand, *, loop: Loop | None = None, queue: bool = False, note: str = "") -> Staff:
    """How many accounts can be served at once.

    Args:
        places: in the counted unit.
        loop: the balancing loop that a full staff closes.
        queue: first come first served in the event engines, instead of all slowing alike.
        note: what it is, in words.
    """
    return Staff(lift(places), loop, queue, note)


# Loops and frictions


def loop(label: str, note: str = "") -> Loop:
    """A feedback loop, such as ``loop("R1", "customers bring customers")``."""
    return Loop(label, note)


def friction(label: str, note: str = "") -> Friction:
    """Something that holds accounts up or loses them; listed in ``off`` like a loop, but none."""
    return Friction(label, note)


# What is measured


def metric(
    expression: Operand, unit: str, note: str = "", better: str | None = "higher", beside: Metric | None = None, *, percent: bool = False
) -> Metric:
    """What a run is judged by.

    Args:
        expression: over names and measures. Division by 0 makes it undefined, not infinite.
        unit: may differ from the expression's in the word for time (days for months).
        note: what it is, in words.
        better: ``"higher"``, ``"lower"``, or None where neither is.
        beside: a metric without which this one misleads.
        percent: whether people read it in percent; its value stays a fraction.
    """
    if better not in {"higher", "lower", None}:
        raise ModelError(f"better={better!r} is not possible", fix='use "higher", "lower" or None')
    return Metric(lift(expression), parse_unit(unit), note, better, beside, percent)


def claim(number: int, sentence: str, test: object) -> Claim:
    """A sentence about the model, and the test that can find it true or false."""
    return Claim(number, sentence, test)


# What equations are made of


def constant(value: float, unit: str) -> Quantity:
    """A number with a unit that nobody sets."""
    return Quantity(plain(value), parse_unit(unit))


def dimension(*labels: str) -> Dimension:
    """A list of labels over which stocks, flows and values can be arrayed."""
    return Dimension(labels)


def table(x: Operand, points: Mapping[float, float] | Iterable[tuple[float, float]], unit: str = "1") -> Expression:
    """A curve through points: straight between them, level outside.

    Args:
        x: where to read it.
        points: pairs of x (in the unit of ``x``) and height (in ``unit``), x increasing.
        unit: of the height.
    """
    pairs = [(plain(across), plain(up)) for across, up in (points.items() if isinstance(points, Mapping) else points)]
    if len(pairs) < 2 or any(left[0] >= right[0] for left, right in itertools.pairwise(pairs)):
        raise ModelError("a table needs at least two points with increasing x", fix="write table(x, {0: 1.0, 12: 1.5, 24: 1.8})")
    return Table(lift(x), tuple(x for x, _ in pairs), tuple(y for _, y in pairs), parse_unit(unit))


def exp(x: Operand) -> Expression:
    """Euler's number to the power of ``x``."""
    return Apply("exp", (lift(x),))


def log(x: Operand) -> Expression:
    """The natural logarithm."""
    return Apply("log", (lift(x),))


def sqrt(x: Operand) -> Expression:
    """The square root."""
    return Apply("sqrt", (lift(x),))


def minimum(*values: Operand) -> Expression:
    """The least of its arguments."""
    return Apply("minimum", at_least_two("minimum", values))


def maximum(*values: Operand) -> Expression:
    """The greatest of its arguments."""
    return Apply("maximum", at_least_two("maximum", values))


def at_least_two(word: str, values: tuple[Operand, ...]) -> tuple[Expression, ...]:
    if len(values) < 2:
        raise ModelError(f"{word} compares at least two values")
    return tuple(map(lift, values))


def where(condition: Expression, then: Operand, otherwise: Operand) -> Expression:
    """``then`` where the condition holds, else ``otherwise``."""
    if not isinstance(condition, Expression):
        raise ModelError(
            "where needs a condition made with < <= > or >=", fix="compare two expressions; there is no == between measured numbers"
        )
    return Apply("where", (condition, lift(then), lift(otherwise)))


def ratio(numerator: Operand, denominator: Operand, *, empty: Operand) -> Expression:
    """``numerator / denominator``, and ``empty`` where the denominator is 0."""
    return Apply("ratio", (lift(numerator), lift(denominator), lift(empty)))


def total(x: Expression) -> Expression:
    """The sum over all labels."""
    return Total(lift(x))
