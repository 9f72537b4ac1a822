"""Remedies for names: the nearest one that exists, or where a name belongs that stands in the wrong table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.model.symbols import Loop, Metric, Stock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flywheel_sim.model import Declaration

__all__ = ["KEYS", "UNCERTAIN", "closest", "listed", "nearest", "where_it_belongs"]

# The keys of each kind of table.
KEYS = {
    "scenario": ("title", "model", "months", "note", "currency", "baseline", "compare", "values", "strategies"),
    "strategy": ("note", "like", "months", "off", "set", "split", "moves"),
    "move": ("lever", "kind", "at", "to", "over", "for", "note"),
    "compare": ("by",),
}
# The keys of an uncertain value.
UNCERTAIN = ("low", "typical", "high")

MOST_LISTED = 12


def closest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that is most like another, if any is like it at all."""
    import difflib

    folded = {folded_name(known): known for known in allowed}
    found = difflib.get_close_matches(folded_name(name), folded, 1, 0.6)
    return folded[found[0]] if found else None


def folded_name(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def nearest(name: str, allowed: Iterable[str], what: str) -> str:
    """The remedy for a name that does not exist: the nearest one that does, or else all of them.

    Args:
        name: as written.
        allowed: the names there are.
        what: how a list of them begins, such as ``the models are``.
    """
    names = list(allowed)
    found = closest(name, names)
    return listed(what, names) if found is None else f"did you mean '{found}'?"


def listed(what: str, names: Sequence[str]) -> str:
    """A sentence that lists names, the first of them where there are many."""
    more = f", ... ({len(names)} in all)" if len(names) > MOST_LISTED else ""
    return f"{what} {', '.join(names[:MOST_LISTED])}{more}" if names else ""


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
    if name in KEYS["scenario"]:
        return f"'{name}' belongs at the top of the file, before the first [table]"
    if name in KEYS["strategy"]:
        return f"'{name}' belongs in a strategy, before its moves: [strategies.NAME]"
    if name in KEYS["move"]:
        return f"'{name}' belongs in a move: [[strategies.NAME.moves]]"
    return ""
