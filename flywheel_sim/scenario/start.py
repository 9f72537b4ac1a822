"""Where a run starts: no counted stock may be below zero."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.expressions import Expression, Walk
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Parameter, Stock
from flywheel_sim.units import write_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.reading import Reading
    from flywheel_sim.scenario.scenario import Strategy

__all__ = ["refuse_impossible_starts"]


def refuse_impossible_starts(reading: Reading, strategies: Mapping[str, Strategy], parents: Mapping[str, str]) -> None:
    """Tell of each counted stock that would start below zero, once for all strategies in which it would be the same."""
    model = reading.model
    told = set()
    for strategy in strategies.values():
        for name, stock in model.of_kind(Stock).items():
            if str(stock.unit) not in model.counts:
                continue
            least = least_start(reading, stock, strategy)
            if least >= 0 or (name, least) in told:
                continue
            told.add((name, least))
            used = [model.names[node] for node in (stock.initial, *descend(stock.initial)) if isinstance(node, Parameter)]
            equation = model.write(stock.initial, top=stock.initial not in model.names)
            cause = f"'{strategy.name}' would start with {write_number(least)} {name}: {equation}"
            fix = f"change {' or '.join(dict.fromkeys(reversed(used)))} so that it is not negative"
            reading.fail(cause, place_of(reading, used, strategy.name, parents), fix)


def least_start(reading: Reading, stock: Stock, strategy: Strategy) -> float:
    """The least that a stock starts with, over its labels; infinite where that is no number."""

    def read(node: Expression) -> Any:
        if not isinstance(node, Parameter):
            return None
        name = reading.model.names[node]
        values = {
            label: strategy.settings[name, label].typical if (name, label) in strategy.settings else default
            for label, default in node.default.items()
        }
        return values[None] if node.dimension is None else values

    try:
        value = Walk(read)(stock.initial)
    except (ArithmeticError, ValueError):  # the run will say so, with its equation
        return math.inf
    return float(min(value.values()) if isinstance(value, dict) else value)


def place_of(reading: Reading, parameters: list[str], strategy: str, parents: Mapping[str, str]) -> Path:
    """Where the file sets one of some parameters: in the strategy, in one that it starts from, or for all."""
    name: str | None = strategy
    while name is not None:
        for parameter in parameters:
            if parameter in (reading.sound("strategies", name, "set") or {}):
                return ("strategies", name, "set", parameter)
        name = parents.get(name)
    for parameter in parameters:
        if parameter in (reading.sound("values") or {}):
            return ("values", parameter)
    return ("strategies", strategy)
