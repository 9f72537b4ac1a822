"""Strategies: what each says itself, and what it takes over from the one it is like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import listed, nearest
from flywheel_sim.model.symbols import Loop
from flywheel_sim.records import Record, replace
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.moves import read_moves
from flywheel_sim.scenario.scenario import Move, Name, Strategy, Value
from flywheel_sim.scenario.values import read_shares, refuse_name, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flywheel_sim.scenario.reading import Reading

__all__ = ["parents_of", "read_strategies", "refuse_bad_names", "strategy_names"]

LONGEST_NAME = 40


def strategy_names(reading: Reading) -> list[str]:
    """The names of the strategies of a file, in its order."""
    return list(reading.sound("strategies") or {})


def refuse_bad_names(reading: Reading) -> None:
    """Names become names of files and columns: short, of plain characters, and different in more than those."""
    names: dict[str, str] = {}
    for name in strategy_names(reading):
        path = ("strategies", name)
        if len(name) > LONGEST_NAME or not re.fullmatch(r"[^\W_](?:[\w \-]*\w)?", name):
            fix = f"use up to {LONGEST_NAME} letters, digits, spaces, - and _"
            reading.fail(f"{short(name)} cannot be the name of a strategy", path, fix, at_key=True)
        first = names.setdefault(re.sub(r"[\W_]+", "-", name.casefold()), name)
        if first != name:
            fix = "give the two strategies names that differ in more than that"
            reading.fail(f"{short(name)} and {short(first)} are too alike", path, fix, at_key=True)


def parents_of(reading: Reading) -> dict[str, str]:
    """Which strategy each one starts from, as far as that can be."""
    names = strategy_names(reading)
    parents: dict[str, str] = {}
    for name in names:
        like = reading.sound("strategies", name, "like")
        if like in names:
            parents[name] = like
        elif like is not None:
            others = [other for other in names if other != name]
            fix = nearest(like, others, "the strategies are")
            reading.fail(f"there is no strategy {short(like)} to start from", ("strategies", name, "like"), fix)
    for name in names:
        circle = [name]
        while parents.get(circle[-1]) not in {None, *circle}:
            circle.append(parents[circle[-1]])
        if parents.get(circle[-1]) == name:
            cause = f"{short(name)} starts from itself: {' → '.join([*circle, name])}"
            reading.fail(cause, ("strategies", name, "like"), "take one like = ... out")
            del parents[name]
    return parents


class Stated(Record):
    """What a strategy itself says; None and nothing where it leaves a thing to the one it is like."""

    months: int | None
    off: tuple[str, ...] | None
    settings: Mapping[Name, Value]
    moves: tuple[Move, ...] | None


def read_strategies(reading: Reading, parents: Mapping[str, str], values: Mapping[Name, Value], months: int | None) -> dict[str, Strategy]:
    """Every strategy, complete.

    Args:
        reading: the file.
        parents: which strategy each one starts from.
        values: the business.
        months: the horizon of the file; None where that is at fault.
    """
    lines = {name: line_of(name, parents) for name in strategy_names(reading) if isinstance(reading.sound("strategies", name), dict)}
    stated = {name: read_stated(reading, name, horizon(reading, line, months)) for name, line in lines.items()}
    made = {}
    for name, line in lines.items():
        note = reading.text("strategies", name, "note")
        start = Strategy(name, note, (), values, (), months or 0)
        made[name] = complete(start, [stated[ancestor] for ancestor in line if ancestor in stated])
    return made


def line_of(name: str, parents: Mapping[str, str]) -> list[str]:
    """The strategies that one rests on, the first first, and itself."""
    line = [name]
    while line[0] in parents:
        line.insert(0, parents[line[0]])
    return line


def horizon(reading: Reading, line: Sequence[str], months: int | None) -> int | None:
    """The horizon stated last along a line of strategies."""
    for name in reversed(line):
        own = reading.sound("strategies", name, "months")
        if own is not None:
            return int(own)
    return months


def complete(start: Strategy, line: Sequence[Stated]) -> Strategy:
    """A strategy from all that is stated along its line; the later word holds."""
    for one in line:
        start = replace(
            start,
            months=start.months if one.months is None else one.months,
            off=start.off if one.off is None else one.off,
            settings={**start.settings, **one.settings},
            moves=start.moves if one.moves is None else one.moves,
        )
    return start


def read_stated(reading: Reading, name: str, months: int | None) -> Stated:
    return Stated(
        months=reading.sound("strategies", name, "months"),
        off=read_off(reading, name),
        settings=read_set(reading, name) | read_split(reading, name),
        moves=read_moves(reading, name, months),
    )


def read_off(reading: Reading, strategy: str) -> tuple[str, ...] | None:
    """The loops and frictions that a strategy goes without."""
    stated = reading.sound("strategies", strategy, "off")
    if stated is None:
        return None
    switches = reading.model.switches
    labels = {switch.label: known for known, switch in switches.items()}
    found = []
    for index, name in enumerate(stated):
        path = ("strategies", strategy, "off", index)
        if path in reading.misshapen:
            continue
        if name in switches:
            found.append(name)
        elif isinstance(reading.model.symbols.get(name), Loop):
            fix = listed("take it out; those that can be off are", list(switches))
            reading.fail(f"the loop '{name}' is part of the world and always runs", path, fix)
        else:
            fix = f"did you mean '{labels[name]}'?" if name in labels else nearest(name, switches, "those that can be off are")
            reading.fail(f"there is no loop or friction {short(name)}", path, fix)
    return tuple(dict.fromkeys(found))


def read_set(reading: Reading, strategy: str) -> dict[Name, Value]:
    """The levers that a strategy sets, and whatever of the business differs in it."""
    parameters = reading.model.parameters
    found: dict[Name, Value] = {}
    for name, raw in (reading.sound("strategies", strategy, "set") or {}).items():
        path = ("strategies", strategy, "set", name)
        parameter = parameters.get(name)
        if parameter is not None and parameter.role != "split":
            found |= values_of(reading, name, parameter, raw, path)
        elif parameter is not None or name == "split":
            reading.fail(
                f"'{name}' is the split of the budget, and not set like a lever", path, "write split = { ... } beside set", at_key=True
            )
        else:
            refuse_name(reading, name, "lever", [known for known, one in parameters.items() if one.role != "split"], path)
    return found


def read_split(reading: Reading, strategy: str) -> dict[Name, Value]:
    raw: Any = reading.sound("strategies", strategy, "split")
    path = ("strategies", strategy, "split")
    name = reading.model.split
    if raw is None:
        return {}
    if name is None:
        reading.fail(f"the model {reading.model.name} has no split", path, "take it out", at_key=True)
        return {}
    shares = read_shares(reading, name, raw, path)
    return {(name, label): Value(share) for label, share in (shares or {}).items()}
