"""A plan written back: as a strategy, and as the text of a scenario."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.analysis.plans import Plan
    from flywheel_sim.scenario import Move
    from flywheel_sim.study.plans import Plans
    from flywheel_sim.study.problem import Problem
    from flywheel_sim.study.study import Study

__all__ = ["scenario_text", "stated"]


def stated(problem: Problem, best: Plans) -> Mapping[str, Any]:
    """A plan as a scenario file states a strategy, beside ``like``."""
    space, strategy = problem.space, problem.study.scenario.strategies[problem.strategy]
    split = problem.study.declaration.split
    decided = {split, *(() if best.spend is None else (problem.lever,))}
    moves = [as_stated(move) for move in strategy.moves if move.lever not in decided]
    rows = [{label: float(value) for label, value in zip(space.outlets, row, strict=True) if value > 0} for row in best.shares[0]]
    found: dict[str, Any] = {"note": f"The best plan found for {problem.goal.name}", "split": rows[0]}
    for start, row, before in zip(space.starts[1:], rows[1:], rows[:-1], strict=True):
        if row != before:
            moves.append({"lever": "split", "kind": "step", "at": start, "to": row})
    if best.spend is not None and problem.lever is not None:
        money = [float(one) for one in best.spend[0]]
        found["set"] = {problem.lever: money[0]}
        moves += [
            {"lever": problem.lever, "kind": "step", "at": start, "to": one} for start, one in zip(space.starts[1:], money[1:], strict=True)
        ]
    return {**found, "moves": sorted(moves, key=lambda move: move["at"])}


def as_stated(move: Move) -> dict[str, Any]:
    """A move of another lever as a file states it."""
    length = {"ramp": {"over": move.length}, "pulse": {"for": move.length}}.get(move.kind, {})
    return {"lever": move.lever, "kind": move.kind, "at": move.at, "to": move.to[None], **length}


def scenario_text(study: Study, plan: Plan, name: str) -> str:
    """The scenario with a plan as one more strategy, as the text of a file.

    The file's own text stays as it is, comments and all, where there is one and the strategy can be added at its end.

    Args:
        study: the scenario that the plan was found in.
        plan: the plan.
        name: of the new strategy.

    Raises:
        UsageError: if no strategy can have this name, there is one already, or there is no plan.
    """
    if name in study.scenario.strategies:
        raise UsageError(f"there is a strategy {name!r} already", fix="give the plan a name of its own")
    strategy = plan.as_strategy()
    study.with_strategy(name, **strategy)  # refuses a name that cannot be one
    import tomllib

    data = with_added(study.scenario.data, name, strategy)
    whole = table(data)
    if study.scenario.text:
        added = f"{study.scenario.text.rstrip()}\n\n{strategy_table(name, strategy)}"
        try:
            return added if tomllib.loads(added) == tomllib.loads(whole) else whole
        except tomllib.TOMLDecodeError:  # the file has its strategies in one line
            return whole
    return whole


def with_added(data: Mapping[str, Any], name: str, strategy: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "strategies": {**data["strategies"], name: strategy}}


def strategy_table(name: str, strategy: Mapping[str, Any]) -> str:
    """A strategy as a table of its own, each move as another."""
    path = f"strategies.{key(name)}"
    lines = [f"[{path}]", *(f"{key(one)} = {value(inner)}" for one, inner in strategy.items() if one != "moves")]
    for move in strategy.get("moves", ()):
        lines += ["", f"[[{path}.moves]]", *(f"{key(one)} = {value(inner)}" for one, inner in move.items())]
    return "\n".join(lines) + "\n"


def table(data: Mapping[str, Any]) -> str:
    """A whole scenario: what is no table first, then the tables, each strategy one of its own."""
    lines = [f"{key(name)} = {value(inner)}" for name, inner in data.items() if name not in {"values", "strategies"}]
    if "values" in data:
        lines += ["", "[values]", *(f"{key(name)} = {value(inner)}" for name, inner in data["values"].items())]
    tables = [strategy_table(name, one) for name, one in data["strategies"].items()]
    return "\n".join(lines) + "\n\n" + "\n".join(tables)


def key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else text(name)


def text(given: str) -> str:
    """Text in quotes; what JSON escapes, TOML reads."""
    return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(given: object) -> str:
    """A number, text, list or table in one line. A number is written so that the same number is read."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return text(given)
    if isinstance(given, float):
        return repr(int(given)) if given.is_integer() and abs(given) < 1e15 else repr(given)
    if isinstance(given, dict):
        return "{ " + ", ".join(f"{key(str(name))} = {value(inner)}" for name, inner in given.items()) + " }" if given else "{}"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(map(value, given)) + "]"
    return str(given)
