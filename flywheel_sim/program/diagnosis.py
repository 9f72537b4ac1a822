"""What went wrong when a run left what is possible: which month, which name, which parameter most likely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.errors import StateError
from flywheel_sim.expressions import Apply, Expression, Gate, Slot, Walk, children
from flywheel_sim.program.program import OUTSIDE, Inputs, Move, Program, written
from flywheel_sim.units import ONE, write_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flywheel_sim.program.lower import Lowered

__all__ = ["broken_equation", "broken_flow", "broken_start", "broken_state", "walk_values"]


def walk_values(program: Program, inputs: Inputs, parameters: Sequence[float], states: Sequence[float], time: float, start: float) -> Walk:
    """The tree walk over a program at one instant: the value of any expression over its slots."""

    def read(node: Expression) -> float | bool | None:
        match node:
            case Slot(kind="parameter"):
                return parameters[node.index]
            case Slot(kind="state"):
                return states[node.index]
            case Slot(kind="value"):
                value: float = walk(program.values[node.index])
                return value
            case Slot(kind="switch"):
                return inputs.switches[node.index]
            case Slot():
                return start if node.kind == "start" else time
            case Gate(off=Expression() as off):
                chosen: float = walk(node.signal if walk(node.switch) else off)
                return chosen
            case Apply("ratio", (numerator, denominator, empty)):  # as printed: what is not taken is not computed
                below: float = walk(denominator)
                divided: float = walk(numerator) / below if below else walk(empty)
                return divided
            case _:
                return None

    walk = Walk(read)
    return walk


def broken_equation(
    lowered: Lowered, inputs: Inputs, parameters: Sequence[float], states: Sequence[float], time: float, start: float
) -> StateError:
    """The error for a value that could not be computed, or came out infinite or undefined.

    Args:
        lowered: the model.
        inputs: of the run.
        parameters: at that time.
        states: at that time.
        time: when it happened.
        start: of the step in which it happened.
    """
    walk = walk_values(lowered.program, inputs, parameters, states, time, start)
    for index, name in enumerate(lowered.layout.values):
        node = Slot("value", index)
        try:
            value = walk(node)
        except (ArithmeticError, ValueError) as reason:
            return explain(lowered, inputs, time, name, f"{name} cannot be computed: {reason}", [node], remedy_for(reason))
        if not math.isfinite(value):
            return explain(lowered, inputs, time, name, f"{name} is {value}", [node], REMEDIES[OverflowError])
    largest = max(range(len(states)), key=lambda index: abs(states[index]) if math.isfinite(states[index]) else math.inf)
    return broken_state(lowered, inputs, time, largest, states[largest])


def broken_start(lowered: Lowered, inputs: Inputs) -> StateError | None:
    """The error for the first stock that starts below zero, or whose start cannot be computed; None if all can start."""
    counted = {index for members in lowered.program.counted.values() for index in members}
    walk = walk_values(lowered.program, inputs, inputs.parameters, (), 0.0, 0.0)
    for index, node in enumerate(lowered.program.initial):
        name = lowered.layout.states[index]
        try:
            value = float(walk(node))
        except (ArithmeticError, ValueError) as reason:
            return explain(lowered, inputs, 0.0, name, f"the start of {name} cannot be computed: {reason}", [node], remedy_for(reason))
        if not math.isfinite(value) or (value < 0 and index in counted):
            remedy = "start it at 0 or above, with maximum(0, ...) where it is computed"
            return explain(lowered, inputs, 0.0, name, f"{name} starts at {value:.4g}", [node], remedy)
    return None


def remedy_for(reason: Exception) -> str:
    return next((fix for kind, fix in REMEDIES.items() if isinstance(reason, kind)), "")


REMEDIES: dict[type[Exception], str] = {
    ZeroDivisionError: "write ratio(a, b, empty=c) where b can be 0",
    OverflowError: "a rate may grow without bound, or the step be too long",
    ValueError: "log and powers need positive numbers: keep them so with maximum(...)",
}
EMPTIED = "take a shorter step, or give the outflow a hazard instead of a rate"


def broken_state(lowered: Lowered, inputs: Inputs, time: float, state: int, value: float) -> StateError:
    """The error for a stock that is negative, infinite or undefined, or changes too fast to be computed."""
    name = lowered.layout.states[state]
    out = [move for move in lowered.program.moves if move.source == state]
    into = [move for move in lowered.program.moves if move.destination == state]
    rates = [Slot("value", move.rate) for move in ((*out, *into) if value < 0 else (*into, *out))]
    if not math.isfinite(value):
        return explain(lowered, inputs, time, name, f"{name} is {value}", rates, REMEDIES[OverflowError])
    if value >= 0:
        return explain(lowered, inputs, time, name, f"{name} ({value:.4g}) changes too fast", rates, REMEDIES[OverflowError])
    drains = sorted({written(*lowered.layout.flows[move.flow]) for move in out if move.flow >= 0})
    more = f"it is drained by {', '.join(drains)}" if drains else ""
    return explain(lowered, inputs, time, name, f"{name} fell below zero ({value:.4g})", rates, EMPTIED, more)


def broken_flow(lowered: Lowered, inputs: Inputs, time: float, move: Move, value: float) -> StateError:
    """The error for a flow that runs backwards, or a chain of stages that does."""
    if move.flow == OUTSIDE:
        cell = next(cell for cell, index in lowered.cells.items() if index == move.source)
        name = written(lowered.declaration.names[cell.stock], cell.label)
        cause = f"{name} runs backwards from stage to stage ({value:.4g})"
        rates = [Slot("value", move.rate)]
    else:
        name = written(*lowered.layout.flows[move.flow])
        cause = f"the flow {name} runs backwards ({value:.4g})"
        rates = [Slot("value", other.rate) for other in lowered.program.moves if other.flow == move.flow]
    fix = "declare the way back as a flow of its own, or keep the rate above 0 with maximum(0, ...)"
    return explain(lowered, inputs, time, name, cause, rates, fix)


def explain(
    lowered: Lowered, inputs: Inputs, time: float, name: str, cause: str, nodes: Sequence[Expression], remedy: str, more: str = ""
) -> StateError:
    """Say when, what, which equation, and which parameter most likely.

    Args:
        lowered: the model.
        inputs: of the run.
        time: when it happened.
        name: what it happened to.
        cause: in words.
        nodes: what it rests on, the nearest first.
        remedy: what to do where no parameter stands out.
        more: what else to say of it.
    """
    declaration = lowered.declaration
    base = name.split("[", maxsplit=1)[0].split(",", maxsplit=1)[0]
    symbol = declaration.symbols.get(base)
    equation = declaration.write(symbol, top=True) if isinstance(symbol, Expression) else ""
    likely, stands_out = likely_parameter(lowered, inputs, resting_on(lowered, nodes))
    parameter = ""
    if likely is not None:
        parameter = written(*lowered.layout.parameters[likely])
        declared = declaration.parameters[lowered.layout.parameters[likely][0]]
        default = declared.default[lowered.layout.parameters[likely][1]]
        unit = "" if declared.unit == ONE else f" {declared.unit}"
        if stands_out:
            remedy = f"look at {parameter}: it is {write_number(inputs.parameters[likely])}{unit}, by default {write_number(default)}"
    return StateError(
        f"{declaration.time_unit} {time:.4g}: {cause}",
        month=time,
        name=name,
        parameter=parameter,
        detail="\n".join(filter(None, (f"{base} = {equation}" if equation else "", more))),
        fix=remedy,
    )


def likely_parameter(lowered: Lowered, inputs: Inputs, parameters: Sequence[int]) -> tuple[int | None, bool]:
    """The parameter furthest from where it is plausible and whether it stands out; the nearest where none does."""
    best, furthest = next(iter(parameters), None), 0.0
    for index in parameters:
        name, label = lowered.layout.parameters[index]
        declared = lowered.declaration.parameters[name]
        distance = implausibility(inputs.parameters[index], declared.default[label], declared.between[label])
        if distance > furthest:
            best, furthest = index, distance
    return best, furthest > 0


def implausibility(value: float, default: float, between: tuple[float, float] | None) -> float:
    """How far a value is from its default, in widths of its plausible range; more outside that range."""
    low, high = between if between is not None else (default, default)
    width = (high - low) or abs(default) or 1.0
    outside = max(low - value, value - high, 0.0) if between is not None else 0.0
    return (abs(value - default) + 10 * outside) / width


def resting_on(lowered: Lowered, nodes: Sequence[Expression]) -> list[int]:
    """The parameters that some expressions rest on, the nearest first."""
    found: dict[int, None] = {}
    seen: set[int] = set()
    queue = list(nodes)
    for node in queue:  # the queue grows while it is walked
        for slot in slots(node):
            if slot.kind == "parameter":
                found[slot.index] = None
            elif slot.kind == "value" and slot.index not in seen:
                seen.add(slot.index)
                queue.append(lowered.program.values[slot.index])
    return list(found)


def slots(node: Expression) -> Iterator[Slot]:
    if isinstance(node, Slot):
        yield node
    for child in children(node):
        yield from slots(child)
