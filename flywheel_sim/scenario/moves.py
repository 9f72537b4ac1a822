"""Moves: what changes a lever during the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, nearest
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.scenario import Move
from flywheel_sim.scenario.shape import described
from flywheel_sim.scenario.values import as_float, number_of, read_shares, warn_if_implausible
from flywheel_sim.units import parse_unit, read_quantity, write_number

if TYPE_CHECKING:
    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.reading import Reading

__all__ = ["read_moves"]

# What says how long each kind of move takes.
LENGTH = {"ramp": "over", "pulse": "for"}
LONGEST = 1e9  # of a time: what is beyond is a slip


def read_moves(reading: Reading, strategy: str, months: int | None) -> tuple[Move, ...] | None:
    """The moves of a strategy in the order of time; None where it states none.

    Args:
        reading: the file.
        strategy: its name.
        months: its horizon; None where that is at fault.
    """
    path: Path = ("strategies", strategy, "moves")
    stated = reading.sound(*path)
    if stated is None:
        return None
    made = []
    for index in range(len(stated)):
        here = (*path, index)
        if not any(broken[: len(here)] == here for broken in reading.misshapen):
            move = read_move(reading, stated[index], here, months)
            if move is not None:
                made.append((move, here))
    made.sort(key=lambda item: item[0].at)
    refuse_overlaps(reading, made)
    return tuple(move for move, _ in made)


def refuse_overlaps(reading: Reading, moves: list[tuple[Move, Path]]) -> None:
    """A lever follows one move at a time."""
    latest: dict[str, Move] = {}
    for move, path in moves:
        before = latest.get(move.lever)
        if before is not None and move.at < before.at + before.length:
            cause = f"'{move.lever}' is still moving until month {write_number(before.at + before.length)}"
            reading.fail(cause, (*path, "at"), "let one move end before the next begins")
        elif before is not None and move.at == before.at:
            reading.fail(f"two moves of '{move.lever}' begin in month {write_number(move.at)}", (*path, "at"), "take one of the two out")
        latest[move.lever] = move


def read_move(reading: Reading, raw: dict[str, Any], path: Path, months: int | None) -> Move | None:
    lever = lever_of(reading, raw["lever"], path)
    at = month_of(reading, raw["at"], (*path, "at"), months)
    length = length_of(reading, raw, path)
    reading.text(*path, "note")
    to = None if lever is None else target_of(reading, lever, raw["to"], (*path, "to"))
    if lever is None or at is None or length is None or to is None:
        return None
    return Move(lever, raw["kind"], at, to, length)


def lever_of(reading: Reading, name: str, path: Path) -> str | None:
    model = reading.model
    if name == "split" and model.split is not None:
        return model.split
    known = model.parameters.get(name)
    if known is not None and known.role != "parameter":
        return name
    levers = [lever for lever, one in model.parameters.items() if one.role == "lever"]
    if known is not None:
        fix = f"only levers move during a run; set '{name}' once, in [values] or in a strategy"
        reading.fail(f"'{name}' is no lever", (*path, "lever"), fix)
    else:
        splits = [] if model.split is None else ["split"]
        reading.fail(f"there is no lever {short(name)}", (*path, "lever"), nearest(name, [*levers, *splits], "the levers are"))
    return None


def target_of(reading: Reading, lever: str, raw: Any, path: Path) -> dict[str | None, float] | None:
    """Where a move leads: a number, or all the shares of a split."""
    if lever == reading.model.split:
        if isinstance(raw, dict):
            return read_shares(reading, lever, raw, path)
        reading.fail(f"the split moves to a whole new split, not to {described(raw)}", path, "write to = { ads = 0.5, sellers = 0.5 }")
        return None
    parameter = reading.model.parameters[lever]
    number = number_of(reading, lever, parameter, raw, path)
    if number is None:
        return None
    warn_if_implausible(reading, lever, parameter, number, path, None)
    return {None: number.value}


def month_of(reading: Reading, raw: Any, path: Path, months: int | None) -> float | None:
    """When a move begins."""
    at = duration_of(reading, raw, path)
    if at is not None and at < 0:
        reading.fail("a move cannot begin before month 0", path, "write a month from 0 on")
        return None
    if at is not None and months is not None and at >= months:
        fix = f"write a month below {months}, or make months longer"
        reading.fail(f"this move comes too late: the run ends with month {months}", path, fix)
        return None
    return at


def length_of(reading: Reading, raw: dict[str, Any], path: Path) -> float | None:
    """How long a ramp takes or a pulse lasts; 0 for a step."""
    kind = raw["kind"]
    wanted, wrong = LENGTH.get(kind), False
    for other, key in LENGTH.items():
        if key in raw and key != wanted:
            first = f"write {wanted} instead" if wanted and wanted not in raw else "take it out"
            reading.fail(f"a {kind} has no '{key}'", (*path, key), f'{first}, or write kind = "{other}"', at_key=True)
            wrong = True
    if wanted is None:
        return 0.0
    if wanted not in raw and wrong:
        return None
    if wanted not in raw:
        reading.fail(f"a {kind} needs '{wanted}'", path, f'write {wanted} = "6 months"', at_key=True, absent=True)
        return None
    length = duration_of(reading, raw[wanted], (*path, wanted))
    if length is not None and length <= 0:
        reading.fail(f"a {kind} takes some time", (*path, wanted), f'write {wanted} = "6 months"')
        return None
    return length


def duration_of(reading: Reading, raw: Any, path: Path) -> float | None:
    """A time: a number in the model's unit of time, or a quantity."""
    unit = reading.model.time_unit
    if isinstance(raw, str):
        try:
            return read_quantity(raw, parse_unit(unit), currency=reading.currency)
        except UsageError as error:
            reading.fail(f"'{path[-1]}': {error.cause}", path, error.fix)
            return None
    number = as_float(raw)
    if number is not None and abs(number) < LONGEST:
        return number
    fix = f'write a number of {unit}s, or a quantity such as "2 years"'
    reading.fail(f"'{path[-1]}' is {described(raw)}, and must be a number of {unit}s", path, fix)
    return None
