"""What a model declares: stocks and what flows between them, loops, staff, metrics.

Each word makes one node and refuses at once what can be refused without knowing the rest of the model; units and
everything that needs names is checked when the class is complete (:mod:`flywheel_sim.model.build`).
"""

from __future__ import annotations

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import Expression, Operand, Outside, Pick, Route, lift
from flywheel_sim.model.symbols import Auxiliary, Claim, End, Flow, Friction, Group, Loop, Metric, Staff, Stock
from flywheel_sim.model.word import read_unit, word

__all__ = ["aux", "claim", "flow", "friction", "group", "loop", "metric", "staff", "stock"]

MOST_STAGES = 64


# What accumulates and moves


@word
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
    return Stock(lift(initial), read_unit(unit), note, stages, [])


@word
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
    if by is not None and not (isinstance(by, Stock | Group) or (isinstance(by, Pick) and isinstance(by.of, Stock))):
        raise ModelError(
            "by= names the stock or group whose members cause the flow", fix="write by=customers, with customers a stock or group"
        )
    for argument, given, kind in (("served_by", served_by, Staff), ("friction", friction, Friction)):
        if given is not None and not isinstance(given, kind):
            word_for = kind.__name__.lower()
            raise ModelError(
                f"{argument}= takes a {word_for}, not {given!r}", fix=f"write some_name = {word_for}(...) above, and that name here"
            )
    if by is not None and served_by is not None:
        raise ModelError("a flow is caused by members (by=) or served by staff (served_by=), not both", fix="leave one of the two out")
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


@word
def aux(expression: Operand, unit: str, note: str = "") -> Auxiliary:
    """A named equation with its unit stated."""
    return Auxiliary(lift(expression), read_unit(unit), note)


@word
def group(*members: Expression | str, note: str = "") -> Group:
    """Stocks as one; a flow out of it leaves each member. The last argument may be the note."""
    stocks = list(members)
    if stocks and isinstance(stocks[-1], str):
        note = stocks.pop()  # type: ignore[assignment]
    nodes: list[Expression] = []
    for member in stocks:
        node = end(member)
        if isinstance(node, Outside):
            raise ModelError("outside cannot be a member of a group", fix="leave it out: what comes from it is into(group)")
        nodes.extend(node.members if isinstance(node, Group) else (node,))
    if not nodes:
        raise ModelError("a group needs members", fix="write group(stock, stock, ..., note=...)")
    return Group(tuple(nodes), note)


@word
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


@word
def loop(label: str, note: str = "") -> Loop:
    """A feedback loop, such as ``loop("R1", "customers bring customers")``."""
    return Loop(label, note)


@word
def friction(label: str, note: str = "") -> Friction:
    """Something that holds accounts up or loses them; listed in ``off`` like a loop, but none."""
    return Friction(label, note)


# What is measured


@word
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
    return Metric(lift(expression), read_unit(unit), note, better, beside, percent)


@word
def claim(number: int, sentence: str, test: object, hinges: tuple[Expression, ...] = ()) -> Claim:
    """A sentence about the model, and the experiment that can find it true or false.

    Args:
        number: by which it is called.
        sentence: what is said.
        test: an experiment, made with the words of :mod:`flywheel_sim.experiments`.
        hinges: the parameters, or labels of parameters, along which its border is looked for.
    """
    return Claim(number, sentence, test, hinges)
