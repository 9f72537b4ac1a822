"""What a run is given, from names and values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING

from flywheel_sim.errors import UsageError
from flywheel_sim.model.setting import write_range
from flywheel_sim.program import Bend, Inputs, Lowered, written
from flywheel_sim.units import read_quantity, write_number

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration
    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.scenario import Move

__all__ = ["TOGETHER", "bends", "inputs_for", "is_array", "parts_of", "settings_from", "values_within"]

Name = tuple[str, str | None]
TOGETHER = 1e-9  # how far the shares of a split may be from 1 by rounding


def inputs_for(lowered: Lowered, settings: Mapping[Name, float], off: Iterable[str] = (), moves: Iterable[Move] = ()) -> Inputs:
    """Parameters by slot, with the model's defaults where nothing is set.

    Args:
        lowered: the program and what its slots were called.
        settings: values by name and label.
        off: the loops and frictions that do not run.
        moves: in the order of time.
    """
    parameters = lowered.declaration.parameters
    values = [settings.get((name, label), parameters[name].default[label]) for name, label in lowered.layout.parameters]
    without = set(off)
    return Inputs(tuple(values), tuple(name not in without for name in lowered.layout.switches), tuple(bends(lowered, values, moves)))


def bends(lowered: Lowered, values: list[float], moves: Iterable[Move]) -> list[Bend]:
    """The moves of levers as straight pieces: a step is one bend, a ramp and a pulse are two."""
    slots = {pair: index for index, pair in enumerate(lowered.layout.parameters)}
    now = list(values)
    made: list[Bend] = []
    for move in moves:
        for label, target in move.to.items():
            slot = slots[move.lever, label]
            before = now[slot]
            if move.kind == "ramp":
                made.append(Bend(move.at, slot, before, (target - before) / move.length))
                made.append(Bend(move.at + move.length, slot, target, 0.0))
            else:
                made.append(Bend(move.at, slot, target, 0.0))
            if move.kind == "pulse":
                made.append(Bend(move.at + move.length, slot, before, 0.0))
            else:
                now[slot] = target
    return sorted(made, key=lambda bend: bend.time)


def settings_from(lowered: Lowered, values: Mapping[str, object]) -> dict[Name, float]:
    """Values as Python code gives them: numbers in the declared unit, or quantities as text.

    A parameter with labels takes a dictionary by label, or is named label by label: ``{"fit.cold": 0.05}`` or
    ``{"fit[cold]": 0.05}``.

    Raises:
        UsageError: for an unknown name or label, or a value that is not possible.
    """
    declaration = lowered.declaration
    found: dict[Name, float] = {}
    for name, given in values.items():
        base, rest = parts_of(name)
        parameter = declaration.parameters.get(base)
        if parameter is None:
            raise UsageError(f"{declaration.name} has no parameter {name!r}", fix=nearest_name(base, declaration))
        by_label: Mapping[str | None, object] = (
            {rest: given} if rest else given if isinstance(given, Mapping) else dict.fromkeys(parameter.default, given)
        )
        if parameter.role == "split":
            by_label = whole_split(base, parameter, by_label)
        for label, one in by_label.items():
            if label not in parameter.default:
                fix = (
                    f"its labels are {', '.join(map(str, parameter.default))}"
                    if parameter.dimension
                    else "give one number, or one for each draw"
                )
                raise UsageError(f"{base} has no label {label!r}", fix=fix)
            if isinstance(one, str):
                number = read_quantity(one, parameter.unit, counts=frozenset(declaration.counts))
            elif isinstance(one, bool) or not isinstance(one, Real):  # Real: NumPy's numbers too
                raise UsageError(f"{written(base, label)} is {one!r}, which is no number", fix=f"give a number in {parameter.unit}")
            else:
                number = float(one)
            low, high = parameter.limits
            if not (math.isfinite(number) and low <= number <= high):
                raise UsageError(
                    f"{written(base, label)} is {write_number(number) if math.isfinite(number) else number}, outside its limits",
                    fix=f"use {write_range((low, high))}",
                )
            found[base, label] = number
    return found


def parts_of(name: object) -> tuple[str, str]:
    """A parameter and one of its labels, as ``fit.cold`` or ``fit[cold]``; the label is empty where none is named."""
    base, _, rest = str(name).replace("[", ".", 1).partition(".")
    return base, rest.rstrip("]")


def whole_split(name: str, parameter: Parameter, shares: Mapping[str | None, object]) -> Mapping[str | None, object]:
    """Every share of a split: what is not named gets nothing, as in a scenario file.

    Raises:
        UsageError: if they are not together 1.
    """
    if all(isinstance(share, Real) for share in shares.values()):
        together = math.fsum(float(share) for share in shares.values() if isinstance(share, Real))
        if abs(together - 1) > TOGETHER:
            raise UsageError(f"the shares of {name} are together {together:.6g}, not 1", fix="name every share that is not 0")
    return {**dict.fromkeys(parameter.default, 0.0), **shares}


def values_within(values: Mapping[str, object]) -> Iterator[object]:
    """The values by themselves, those by label too."""
    for value in values.values():
        if isinstance(value, Mapping):
            yield from value.values()
        else:
            yield value


def is_array(value: object) -> bool:
    """Whether a value is one for each of many draws: a list, or an array of NumPy's that is more than one number."""
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) > 0


def nearest_name(name: str, declaration: Declaration) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(declaration.parameters), 1)
    return f"did you mean {close[0]!r}?" if close else f"print({declaration.name}) shows them all"
