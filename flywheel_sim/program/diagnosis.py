"""What went wrong when a run left what is possible: which month, which name, which parameter most likely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.errors import StateError
from flywheel_sim.expressions import Expression, Gate, Slot, Walk, children
from flywheel_sim.model.symbols import Parameter
from flywheel_sim.program.program import Inputs, Program, written
from flywheel_sim.units import write_number

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
    for index in range(len(lowered.program.values)):
        name = lowered.layout.values[index]
        try:
            value = walk(Slot("value", index))
        except (ArithmeticError, ValueError) as reason:
            return explain(lowered, inputs, time, name, f"{name} cannot be computed: {reason}", resting_on(lowered, index))
        if not math.isfinite(value):
            return explain(lowered, inputs, time, name, f"{name} is {value}", resting_on(lowered, index))
    states_at_fault = [index for index, value in enumerate(states) if not math.isfinite(value)]
    if states_at_fault:
        return broken_state(lowered, inputs, time, states_at_fault[0], states[states_at_fault[0]])
    return explain(lowered, inputs, time, "the model", "a number overflowed", set())


def broken_state(lowered: Lowered, inputs: Inputs, time: float, state: int, value: float) -> StateError:
    """The error for a stock that is negative, infinite or undefined."""
    name = lowered.layout.states[state]
    moves = [move for move in lowered.program.moves if state in {move.source, move.destination}]
    parameters = set().union(*(resting_on(lowered, move.rate) for move in moves)) if moves else set()
    drains = sorted({written(*lowered.layout.flows[move.flow]) for move in moves if move.source == state and move.flow >= 0})
    what = f"{name} fell below zero ({value:.4g})" if value < 0 else f"{name} is {value}"
    detail = f"it is drained by {', '.join(drains)}" if drains and value < 0 else ""
    return explain(lowered, inputs, time, name, what, parameters, detail)


def broken_flow(lowered: Lowered, inputs: Inputs, time: float, flow: int, value: float) -> StateError:
    """The error for a flow that runs backwards."""
    name = written(*lowered.layout.flows[flow])
    rates = [move.rate for move in lowered.program.moves if move.flow == flow]
    parameters = set().union(*(resting_on(lowered, rate) for rate in rates))
    return explain(lowered, inputs, time, name, f"the flow {name} runs backwards ({value:.4g})", parameters)


def explain(lowered: Lowered, inputs: Inputs, time: float, name: str, what: str, parameters: set[int], detail: str = "") -> StateError:
    unit = lowered.declaration.time_unit
    likely = likely_parameter(lowered, inputs, parameters)
    lines = [detail] if detail else []
    symbol = lowered.declaration.symbols.get(name.split("[", maxsplit=1)[0].split(",", maxsplit=1)[0])
    if symbol is not None and not isinstance(symbol, Parameter):
        lines.append(f"{name.split('[', maxsplit=1)[0]} = {lowered.declaration.write(symbol, top=True)}" if not detail else "")
    fix = "take a shorter step, or give the outflow a hazard instead of a rate"
    if likely is not None:
        parameter, label = lowered.layout.parameters[likely]
        likely_name = written(parameter, label)
        declared = lowered.declaration.parameters[parameter]
        fix = f"look at {likely_name}: it is {write_number(inputs.parameters[likely])} {declared.unit}, by default {write_number(declared.default[label])}"
        return StateError(
            f"{unit} {time:.4g}: {what}", month=time, name=name, parameter=likely_name, detail="\n".join(filter(None, lines)), fix=fix
        )
    return StateError(f"{unit} {time:.4g}: {what}", month=time, name=name, detail="\n".join(filter(None, lines)), fix=fix)


def likely_parameter(lowered: Lowered, inputs: Inputs, parameters: set[int]) -> int | None:
    """Among some parameters, the one furthest from where it is plausible, or else from its default."""
    best, furthest = None, 0.0
    for index in sorted(parameters):
        name, label = lowered.layout.parameters[index]
        declared = lowered.declaration.parameters[name]
        distance = implausibility(inputs.parameters[index], declared.default[label], declared.between[label])
        if distance > furthest:
            best, furthest = index, distance
    return best


def implausibility(value: float, default: float, between: tuple[float, float] | None) -> float:
    """How far a value is from its default, in widths of its plausible range; more outside that range."""
    low, high = between if between is not None else (default, default)
    width = (high - low) or abs(default) or 1.0
    outside = max(low - value, value - high, 0.0) if between is not None else 0.0
    return (abs(value - default) + 10 * outside) / width


def resting_on(lowered: Lowered, value: int) -> set[int]:
    """The parameters that a value rests on, directly or through other values."""
    found: set[int] = set()
    seen: set[int] = set()
    stack = [value]
    while stack:
        index = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        for slot in slots(lowered.program.values[index]):
            if slot.kind == "parameter":
                found.add(slot.index)
            elif slot.kind == "value":
                stack.append(slot.index)
    return found


def slots(node: Expression) -> Iterator[Slot]:
    if isinstance(node, Slot):
        yield node
    for child in children(node):
        yield from slots(child)
