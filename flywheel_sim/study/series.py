"""What is known of each series of a model, and a run of it as labelled series."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.expressions import Expression
from flywheel_sim.model.measures import Marginal
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Auxiliary, Flow, Group, Metric, Staff, Stock
from flywheel_sim.result import Run, Series

if TYPE_CHECKING:
    from flywheel_sim.analysis.metrics import Reader
    from flywheel_sim.program import Lowered

__all__ = ["labelled", "series_of"]


@lru_cache(maxsize=8)
def series_of(lowered: Lowered, *, marginal: bool = False) -> dict[str, Series]:
    """Every series of a model: the headline and the metrics first, then stocks, flows and equations.

    Args:
        lowered: the model.
        marginal: whether second runs were made, so that marginal metrics have values.
    """
    declaration = lowered.declaration
    found: dict[str, Series] = {}
    for name, node in declaration.metrics.items():
        asks_twice = any(isinstance(part, Marginal) for part in descend(node, declaration.names))
        if asks_twice and not marginal:
            continue
        if isinstance(node, Metric):
            beside = None if node.beside is None else declaration.names[node.beside]
            found[name] = Series(name, (None,), "metric", str(node.unit), node.note, node.better, beside, node.percent)
        else:
            found[name] = Series(name, (None,), "metric", str(declaration.units[name]), getattr(node, "note", ""), "higher")
    for name, symbol in declaration.symbols.items():
        if name in found or (
            (name, None) not in lowered.layout.columns and not isinstance(symbol, Staff) and not has_labels(lowered, name)
        ):
            continue
        if isinstance(symbol, Staff):
            found[f"{name}.pace"] = Series(f"{name}.pace", (None,), "pace", "1", "how fast work goes: 1 unless there is too much of it")
        elif isinstance(symbol, Expression):
            shape = declaration.shapes[name]
            labels = (None,) if shape is None else shape.labels
            found[name] = Series(name, labels, kind_of(symbol), str(declaration.units[name]), getattr(symbol, "note", ""))
    return found


def has_labels(lowered: Lowered, name: str) -> bool:
    shape = lowered.declaration.shapes.get(name)
    return shape is not None and (name, shape.labels[0]) in lowered.layout.columns


def kind_of(symbol: Expression) -> str:
    match symbol:
        case Stock():
            return "stock"
        case Group():
            return "group"
        case Flow():
            return "flow"
        case Auxiliary() | _:
            return "equation"


def labelled(name: str, note: str, reader: Reader) -> Run:
    """A run as labelled series, each computed when it is read."""
    return Run(name, note, reader.trace.times, series_of(reader.lowered, marginal=bool(reader.marginal)), reader.at)
