"""Numbers of a file: plain, or with a unit; in the unit of their parameter and within its limits."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError
from flywheel_sim.records import Record
from flywheel_sim.scenario.shape import described
from flywheel_sim.units import ONE, example, parse_quantity, write_number, write_quantity, write_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.reading import Reading
    from flywheel_sim.units.quantity import Quantity

__all__ = ["Number", "any_number_of", "as_float", "like_this", "number_of", "warn_if_implausible"]

LARGEST = 1e15  # of a plain number: nothing a business counts is larger, and its square is still a number


class Number(Record):
    """A number as a file states it.

    Attributes:
        value: in the parameter's unit.
        write: writes other values of the parameter in the form that the author chose for this one.
        bare: whether it was given without a unit, though the parameter has one.
        quantity: the text it was read from, if it was one.
    """

    value: float
    write: Callable[[float, int], str]
    bare: bool
    quantity: Quantity | None = None


def number_of(reading: Reading, name: str, parameter: Parameter, raw: Any, path: Path) -> Number | None:
    """A number inside a parameter's limits; None, with a fault kept, for anything else."""
    number = any_number_of(reading, name, parameter, raw, path)
    if number is not None and not parameter.limits[0] <= number.value <= parameter.limits[1]:
        reading.fail(f"'{name}' is {number.write(number.value, 6)}, outside its limits", path, inside_limits(parameter, number, raw))
        return None
    return number


def any_number_of(reading: Reading, name: str, parameter: Parameter, raw: Any, path: Path) -> Number | None:
    """A number in a parameter's unit, whatever its limits are."""
    if isinstance(raw, str):
        try:
            quantity = parse_quantity(raw, parameter.unit, counts=frozenset(reading.model.counts), currency=reading.currency)
        except UsageError as error:
            reading.fail(f"'{name}': {error.cause}", path, error.fix)
            return None
        number = Number(quantity.number, quantity.like, bare=False, quantity=quantity)
    elif (value := as_float(raw)) is not None:
        unit = parameter.unit.without(frozenset(reading.model.counts))
        number = Number(value, lambda value, digits: write_quantity(value, unit, reading.currency, digits), bare=unit != ONE)
    else:
        fix = f"write it like {like_this(reading, parameter)}"
        reading.fail(f"'{name}' is {described(raw)}, and must be a number or a quantity", path, fix)
        return None
    if not abs(number.value) < LARGEST:
        fix = f"write it like {like_this(reading, parameter)}"
        reading.fail(f"'{name}' is {described(raw)}, which is no number to plan with", path, fix)
        return None
    return number


def as_float(raw: Any) -> float | None:
    """A number of a file; None for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, Real):
        return None
    try:
        return float(raw)
    except OverflowError:
        return math.inf


def inside_limits(parameter: Parameter, number: Number, raw: object) -> str:
    """The remedy for a number outside the limits of its parameter."""
    if parameter.unit == ONE and parameter.limits[1] <= 1 and 2 <= number.value <= 100 and not isinstance(raw, str):
        percent = f"{write_number(number.value)} %"
        return f'this is a share; for {percent} write {write_number(number.value / 100)} or "{percent}"'
    return f"write {range_text(parameter.limits, number, 6)}"


def warn_if_implausible(reading: Reading, name: str, parameter: Parameter, number: Number, path: Path, label: str | None) -> None:
    """Warn of a value outside its plausible range. A lever at 0 is a decision, and no slip."""
    if parameter.role != "parameter" and number.value == 0:
        return
    for known, ends in parameter.between.items():
        if label in {None, known} and ends is not None and not ends[0] <= number.value <= ends[1]:
            at = "" if known is None else f" at '{known}'"
            fix = "check the number; if it is meant, leave it"
            if number.bare:
                unit = write_unit(parameter.unit.without(frozenset(reading.model.counts)), reading.currency)
                fix = f"a bare number is in {unit}; to say another, write it like {like_this(reading, parameter)}"
            reading.warn(f"'{name}'{at} is {number.write(number.value, 6)}; plausible is {range_text(ends, number, 3)}", path, fix)
            return


def like_this(reading: Reading, parameter: Parameter) -> str:
    """How a value of a parameter may be written."""
    return example(parameter.unit, frozenset(reading.model.counts), reading.currency)


def range_text(ends: tuple[float, float], number: Number, digits: int) -> str:
    """A range, its ends in the form of a number."""
    low, high = (number.write(end, digits) if math.isfinite(end) else "" for end in ends)
    if low and high:
        return f"{low} to {high}"
    return f"{low} or more" if low else f"at most {high}"
