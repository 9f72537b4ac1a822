"""Remedies for names: which keys there are, and where a name belongs that stands in the wrong table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.model.symbols import Loop, Metric, Stock
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration

__all__ = ["ALL_UNCERTAIN", "DISTRIBUTIONS", "KEYS", "UNCERTAIN", "Form", "form", "where_it_belongs"]

# The keys of each kind of table.
KEYS = {
    "scenario": ("title", "model", "months", "note", "currency", "baseline", "compare", "values", "correlations", "strategies"),
    "strategy": ("note", "like", "months", "off", "set", "split", "moves"),
    "move": ("lever", "kind", "at", "to", "over", "for", "note"),
    "compare": ("by",),
    "correlation": ("of", "rank"),
}
# The keys of an uncertain value that says nothing of its distribution.
UNCERTAIN = ("low", "typical", "high")


class Form(Record):
    """The keys of an uncertain value: those it needs, those it may have."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


# By distribution; the first unless said.
DISTRIBUTIONS = {
    "pert": Form(UNCERTAIN),
    "triangular": Form(UNCERTAIN),
    "uniform": Form(("low", "high")),
    "normal": Form(("mean", "deviation")),
    "lognormal": Form(("median", "factor")),
    "beta": Form(("mean", "deviation"), ("low", "high")),
    "discrete": Form(("values",), ("weights",)),
}
ALL_UNCERTAIN = frozenset(key for one in DISTRIBUTIONS.values() for key in (*one.needs, *one.may))


def form(distribution: str) -> str:
    """How an uncertain value is written."""
    keys = ", ".join(f"{key} = {'[..., ...]' if key == 'values' else '...'}" for key in DISTRIBUTIONS[distribution].needs)
    return f"{{ {keys} }}" if distribution == "pert" else f'{{ {keys}, distribution = "{distribution}" }}'


def where_it_belongs(name: str, model: Declaration | None) -> str:
    """The remedy for a name that exists, but not in the table where it stands; empty where it exists nowhere."""
    return (place_in_model(name, model) if model is not None else "") or place_of_key(name)


def place_in_model(name: str, model: Declaration) -> str:
    parameter = model.parameters.get(name)
    if parameter is not None:
        match parameter.role:
            case "parameter":
                return f"'{name}' belongs in the table [values]"
            case "lever":
                return f"'{name}' is a lever; write set = {{ {name} = ... }} in a strategy"
            case _:
                return "write split = { ... } in a strategy"
    split = model.parameters[model.split].dimension if model.split else None
    if split is not None and name in split.labels:
        return f"'{name}' is a share of the split; write split = {{ {name} = ... }} in a strategy"
    symbol = model.symbols.get(name)
    if name in model.switches:
        return f"'{name}' is a loop or friction; write off = [\"{name}\"] in a strategy that goes without it"
    if isinstance(symbol, Loop):
        return f"'{name}' is a loop that always runs; it cannot be set"
    if isinstance(symbol, Metric):
        return f"'{name}' is computed; it cannot be set"
    if isinstance(symbol, Stock):
        return f"'{name}' is computed from its start on; see flywheel models for what can be set"
    return ""


def place_of_key(name: str) -> str:
    if name == "correlations":
        return "correlations stand in tables of their own: [[correlations]]"
    if name in KEYS["scenario"]:
        return f"'{name}' belongs at the top of the file, before the first [table]"
    if name in KEYS["strategy"]:
        return f"'{name}' belongs in a strategy, before its moves: [strategies.NAME]"
    if name in KEYS["move"]:
        return f"'{name}' belongs in a move: [[strategies.NAME.moves]]"
    if name in KEYS["correlation"]:
        return f"'{name}' belongs in a correlation: [[correlations]]"
    return ""
