"""Scenarios changed from Python, through the same checks as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, closest
from flywheel_sim.library import MODELS
from flywheel_sim.records import replace
from flywheel_sim.scenario.interpret import interpret
from flywheel_sim.scenario.suggest import ALL_UNCERTAIN, DISTRIBUTIONS

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration
    from flywheel_sim.scenario.scenario import Scenario

__all__ = ["edited", "nested"]


def edited(scenario: Scenario, declaration: Declaration, changes: Mapping[str, Any]) -> Scenario:
    """The scenario with some keys changed.

    Args:
        scenario: to start from.
        declaration: its model.
        changes: tables as in a file; tables are joined, anything else replaces what was there. The shares of a
            split replace the whole split, and a whole uncertain value the one that was there; a part of one, such as
            ``{"typical": 3}``, changes that part.

    Raises:
        UsageError: with everything that cannot be meant.
    """
    refuse_misspelt_strategies(scenario, changes)
    made, faults = interpret(without_certain(joined(scenario.data, changes), changes), declaration, MODELS)
    errors = [fault for fault in faults if fault.kind == "error"]
    if errors or made is None:
        first, *rest = errors
        more = "".join(f"\nalso: {fault.cause}" for fault in rest)
        raise UsageError(first.cause + more, fix=first.fix)
    warnings = tuple(f"warning: {fault.cause}" for fault in faults)
    return replace(made, file=scenario.file, warnings=warnings)


def without_certain(data: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Data without the correlations of a value that has just been given for certain: what is certain goes with nothing."""
    certain = {name for name, value in changes.get("values", {}).items() if not isinstance(value, Mapping)}
    certain |= {
        f"{name}.{label}"
        for name, value in changes.get("values", {}).items()
        if isinstance(value, Mapping) and ALL_UNCERTAIN.isdisjoint(value)
        for label, one in value.items()
        if not isinstance(one, Mapping)
    }
    stated = data.get("correlations")
    if not certain or not isinstance(stated, list):
        return data
    kept = [one for one in stated if not (isinstance(one, Mapping) and certain.intersection(one.get("of", ())))]
    return {**data, "correlations": kept} if kept else {key: value for key, value in data.items() if key != "correlations"}


def refuse_misspelt_strategies(scenario: Scenario, changes: Mapping[str, Any]) -> None:
    """A strategy that is added under a name much like another must say so, with ``like``."""
    for name, stated in changes.get("strategies", {}).items():
        meant = closest(name, scenario.strategies)
        if name not in scenario.strategies and meant is not None and meant.casefold() != name.casefold() and "like" not in stated:
            raise UsageError(f"there is no strategy {name!r}", fix=f"did you mean {meant!r}? To add one, give like={meant!r} too")


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """``{"fit.cold": 0.05}`` as the file's ``fit.cold = 0.05``: a table in a table."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        base, dot, label = str(name).partition(".")
        if dot:
            made.setdefault(base, {})[label] = value
        else:
            made[base] = value
    return made


def joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(old)
    for key, value in new.items():
        before = made.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping) and key != "split" and not is_new(before, value)
        made[key] = joined(before or {}, value) if both else as_in_a_file(value)
    return made


def is_new(before: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Whether a table has nothing to do with the one before: either is a whole uncertain value, the other something else."""
    return is_whole(value) or (is_whole(before) and ALL_UNCERTAIN.isdisjoint(value))


def is_whole(value: Mapping[str, Any]) -> bool:
    """Whether a table says all that an uncertain value needs."""
    kind = value.get("distribution", "pert")
    return isinstance(kind, str) and kind in DISTRIBUTIONS and value.keys() >= set(DISTRIBUTIONS[kind].needs)


def as_in_a_file(value: Any) -> Any:
    """Tables and lists as TOML has them, from whatever Python has for them."""
    if isinstance(value, Mapping):
        return {str(key): as_in_a_file(inner) for key, inner in value.items()}
    return [as_in_a_file(inner) for inner in value] if isinstance(value, list | tuple | set | frozenset) else value
