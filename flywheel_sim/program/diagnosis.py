"""What went wrong when a run left what is possible: which month, which name, which parameter most likely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.errors import StateError
from flywheel_sim.expressions import Expression, Gate, Slot, Walk, children
from flywheel_sim.program.program import Inputs, Program, written
from flywheel_sim.units import ONE, write_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flywheel_sim.program.lower import Lowered

__all__ = ["broken_equation", "broken_flow", "broken_state", "walk_values"]


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
            case _:
                return None

    walk = Walk(read)
    return walk


def broken_equation(lowered: Lowered, inputs: Inputs, parameters: Sequence[float], states: Sequence[float], time: float) -> StateError:
    """The error for a value that could not be computed, or came out infinite or undefined."""
    walk = walk_values(lowered.program, inputs, parameters, states, time, time)
    for index, name in enumerate(lowered.layout.values):
        try:
            value = walk(Slot("value", index))
        except (ArithmeticError, ValueError) as reason:
            remedy = next((fix for kind, fix in REMEDIES.items() if isinstance(reason, kind)), "")
            return explain(lowered, inputs, time, name, f"{name} cannot be computed: {reason}", [index], remedy)
        if not math.isfinite(value):
            return explain(lowered, inputs, time, name, f"{name} is {value}", [index], REMEDIES[OverflowError])
    for index, value in enumerate(states):
        if not math.isfinite(value):
            return broken_state(lowered, inputs, time, index, value)
    return explain(lowered, inputs, time, lowered.declaration.name, "a number overflowed", [], REMEDIES[OverflowError])


REMEDIES: dict[type[Exception], str] = {
    ZeroDivisionError: "write ratio(a, b, empty=c) where b can be 0",
    OverflowError: "a rate may grow without bound, or the step be too long",
    ValueError: "log and powers need positive numbers: keep them so with maximum(...)",
}
EMPTIED = "take a shorter step, or give the outflow a hazard instead of a rate"


def broken_state(lowered: Lowered, inputs: Inputs, time: float, state: int, value: float) -> StateError:
    """The error for a stock that is negative, infinite or undefined."""
    name = lowered.layout.states[state]
    out = [move for move in lowered.program.moves if move.source == state]
    into = [move for move in lowered.program.moves if move.destination == state]
    if value < 0:
        drains = sorted({written(*lowered.layout.flows[move.flow]) for move in out if move.flow >= 0})
        cause = f"{name} fell below zero ({value:.4g}), drained by {', '.join(drains) or 'nothing'}"
        return explain(lowered, inputs, time, name, cause, [move.rate for move in (*out, *into)], EMPTIED)
    return explain(lowered, inputs, time, name, f"{name} is {value}", [move.rate for move in (*into, *out)], REMEDIES[OverflowError])


def broken_flow(lowered: Lowered, inputs: Inputs, time: float, flow: int, value: float) -> StateError:
    """The error for a flow that runs backwards."""
    name = written(*lowered.layout.flows[flow])
    rates = [move.rate for move in lowered.program.moves if move.flow == flow]
    fix = "declare the way back as a flow of its own, or keep the rate above 0 with maximum(0, ...)"
    return explain(lowered, inputs, time, name, f"the flow {name} runs backwards ({value:.4g})", rates, fix)


def explain(lowered: Lowered, inputs: Inputs, time: float, name: str, cause: str, values: Sequence[int], remedy: str) -> StateError:
    """Say when, what, which equation, and which parameter most likely.

    Args:
        lowered: the model.
        inputs: of the run.
        time: when it happened.
        name: what it happened to.
        cause: in words.
        values: those that it rests on, the nearest first.
        remedy: what to do where no parameter stands out.
    """
    declaration = lowered.declaration
    symbol = declaration.symbols.get(name.split("[", maxsplit=1)[0].split(",", maxsplit=1)[0])
    equation = declaration.write(symbol, top=True) if isinstance(symbol, Expression) else ""
    likely, stands_out = likely_parameter(lowered, inputs, resting_on(lowered, values))
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
        detail=f"{name.split('[', maxsplit=1)[0]} = {equation}" if equation else "",
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


def resting_on(lowered: Lowered, values: Sequence[int]) -> list[int]:
    """The parameters that some values rest on, the nearest first."""
    found: dict[int, None] = {}
    queue = list(values)
    seen = set(queue)
    for index in queue:  # the queue grows while it is walked
        for slot in slots(lowered.program.values[index]):
            if slot.kind == "parameter":
                found[slot.index] = None
            elif slot.kind == "value" and slot.index not in seen:
                seen.add(slot.index)
                queue.append(slot.index)
    return list(found)


def slots(node: Expression) -> Iterator[Slot]:
    if isinstance(node, Slot):
        yield node
    for child in children(node):
        yield from slots(child)
