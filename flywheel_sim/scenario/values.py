"""Values of parameters, levers and shares: numbers, quantities, uncertain values, and one of these per label."""

from __future__ import annotations

import itertools
import math
from numbers import Real
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import UsageError, closest, nearest
from flywheel_sim.records import Record
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.scenario import Name, Value
from flywheel_sim.scenario.shape import described
from flywheel_sim.scenario.suggest import UNCERTAIN, where_it_belongs
from flywheel_sim.units import ONE, example, parse_quantity, write_number, write_quantity, write_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.reading import Reading

__all__ = ["Number", "as_float", "number_of", "read_shares", "read_values", "refuse_name", "values_of", "warn_if_implausible"]

LARGEST = 1e15  # of a plain number: nothing a business counts is larger, and its square is still a number
SUM_TOLERANCE = 1e-6


def read_values(reading: Reading) -> dict[Name, Value]:
    """What ``[values]`` sets: the business, the same for every strategy."""
    values: dict[Name, Value] = {}
    for name, raw in (reading.sound("values") or {}).items():
        path = ("values", name)
        parameter = reading.model.parameters.get(name)
        if parameter is not None and parameter.role == "parameter":
            values |= values_of(reading, name, parameter, raw, path)
        elif parameter is not None:
            fix = where_it_belongs(name, reading.model)
            reading.fail(f"'{name}' is what strategies decide, not part of the business", path, fix, at_key=True)
        else:
            refuse_name(
                reading, name, "parameter", (known for known, one in reading.model.parameters.items() if one.role == "parameter"), path
            )
    return values


def refuse_name(reading: Reading, name: str, what: str, allowed: Iterable[str], path: Path) -> None:
    """There is no parameter or lever of that name; say which one may be meant."""
    found = closest(name, allowed)
    fix = where_it_belongs(name, reading.model) or (
        f"did you mean '{found}'?" if found else f"see all {what}s with: flywheel models {reading.data.get('model')}"
    )
    reading.fail(f"the model has no {what} {short(name)}", path, fix, at_key=True)


def values_of(reading: Reading, name: str, parameter: Parameter, raw: Any, path: Path) -> dict[Name, Value]:
    """What one entry sets: one value, or one for each label it names."""
    if parameter.dimension is None or not isinstance(raw, dict) or set(raw) & set(UNCERTAIN):
        value = value_of(reading, name, parameter, raw, path)
        return {} if value is None else {(name, label): value for label in parameter.default}
    labels = parameter.dimension.labels
    if not raw:
        reading.fail(f"'{name}' names no label", path, f"its labels are {', '.join(labels)}", absent=True)
    found: dict[Name, Value] = {}
    for label, inner in raw.items():
        if label not in labels:
            reading.fail(f"'{name}' has no label {short(label)}", (*path, label), nearest(label, labels, "its labels are"), at_key=True)
            continue
        value = value_of(reading, name, parameter, inner, (*path, label), label)
        if value is not None:
            found[name, label] = value
    return found


def value_of(reading: Reading, name: str, parameter: Parameter, raw: Any, path: Path, label: str | None = None) -> Value | None:
    """A value, certain or not; None where it is at fault."""
    if isinstance(raw, dict):
        return uncertain_value(reading, name, parameter, raw, path)
    number = number_of(reading, name, parameter, raw, path)
    if number is None:
        return None
    warn_if_implausible(reading, name, parameter, number, path, label)
    return Value(number.value)


def uncertain_value(reading: Reading, name: str, parameter: Parameter, raw: dict[str, Any], path: Path) -> Value | None:
    """``{ low = ..., typical = ..., high = ... }``. Its author has said how far it may go: no warning."""
    form = "{ low = ..., typical = ..., high = ... }"
    strange = [key for key in raw if key not in UNCERTAIN]
    missing = [key for key in UNCERTAIN if key not in raw]
    if len(missing) == len(UNCERTAIN):
        reading.fail(
            f"'{name}' has no labels, so it is no table", path, f"write one value, like {like_this(reading, parameter)}, or {form}"
        )
        return None
    for key in strange:
        fix = nearest(key, missing, "the missing keys are") if missing else f"write {form}"
        reading.fail(f"an uncertain value has no {short(key)}", (*path, key), fix, at_key=True)
    if missing and not strange:
        reading.fail(f"the uncertain value of '{name}' lacks {' and '.join(missing)}", path, f"write {form}", absent=True)
    read = {key: number_of(reading, name, parameter, raw[key], (*path, key)) for key in UNCERTAIN if key in raw}
    found = {key: number.value for key, number in read.items() if number is not None}
    if strange or len(found) < len(UNCERTAIN):
        return None
    for less, more in itertools.pairwise(UNCERTAIN):
        if found[less] > found[more]:
            reading.fail(f"'{name}': {less} is above {more}", (*path, less), "write the least as low and the greatest as high")
            return None
    return Value(found["typical"], (found["low"], found["high"]))


class Number(Record):
    """A number as a file states it.

    Attributes:
        value: in the parameter's unit.
        write: writes other values of the parameter in the form that the author chose for this one.
        bare: whether it was given without a unit, though the parameter has one.
    """

    value: float
    write: Callable[[float, int], str]
    bare: bool


def number_of(reading: Reading, name: str, parameter: Parameter, raw: Any, path: Path) -> Number | None:
    """A number inside a parameter's limits; None, with a fault kept, for anything else."""
    if isinstance(raw, str):
        try:
            quantity = parse_quantity(raw, parameter.unit, counts=frozenset(reading.model.counts), currency=reading.currency)
        except UsageError as error:
            reading.fail(f"'{name}': {error.cause}", path, error.fix)
            return None
        number = Number(quantity.number, quantity.like, bare=False)
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
    if not parameter.limits[0] <= number.value <= parameter.limits[1]:
        reading.fail(f"'{name}' is {number.write(number.value, 6)}, outside its limits", path, inside_limits(parameter, number, raw))
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
    return example(parameter.unit, frozenset(reading.model.counts), reading.currency)


def range_text(ends: tuple[float, float], number: Number, digits: int) -> str:
    """A range, its ends in the form of a number."""
    low, high = (number.write(end, digits) if math.isfinite(end) else "" for end in ends)
    if low and high:
        return f"{low} to {high}"
    return f"{low} or more" if low else f"at most {high}"


def read_shares(reading: Reading, split: str, raw: dict[str, Any], path: Path) -> dict[str | None, float] | None:
    """A share for every label of the split, together 1; None where it is at fault."""
    parameter = reading.model.parameters[split]
    assert parameter.dimension is not None
    labels = parameter.dimension.labels
    shares: dict[str | None, float] = dict.fromkeys(labels, 0.0)
    sound = True
    for label, one in raw.items():
        number = number_of(reading, label, parameter, one, (*path, label)) if label in labels else None
        if number is not None:
            shares[label] = number.value
        elif label not in labels:
            reading.fail(f"the split has no {short(label)}", (*path, label), nearest(label, labels, "it has"), at_key=True)
        sound = sound and number is not None
    together = math.fsum(shares.values())
    if sound and abs(together - 1) > SUM_TOLERANCE:
        word = "too much" if together > 1 else "missing"
        fix = f"{write_number(abs(1 - together))} is {word}"
        reading.fail(f"the shares are together {write_number(together)}, not 1", path, fix)
    return shares if sound else None
