"""Values of parameters, levers and shares: numbers, quantities, uncertain values, and one of these per label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import closest, nearest
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.numbers import Number, as_float, number_of, warn_if_implausible
from flywheel_sim.scenario.scenario import Name, Value
from flywheel_sim.scenario.suggest import ALL_UNCERTAIN, DISTRIBUTIONS, UNCERTAIN, where_it_belongs
from flywheel_sim.units import write_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.reading import Reading

__all__ = ["Number", "as_float", "number_of", "read_shares", "read_values", "refuse_name", "values_of", "warn_if_implausible"]

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
    if parameter.dimension is None or not isinstance(raw, dict) or is_for_all(raw, parameter.dimension.labels):
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


def is_for_all(raw: dict[str, Any], labels: Iterable[str]) -> bool:
    """Whether the table of a parameter with labels is one uncertain value for all of them, rather than one value for each.

    A model may call its labels ``mean`` or ``distribution`` (though not ``low``, ``typical`` or ``high``), so the table
    as a whole decides. The name of a distribution is no value of anything and settles it, and so does a key of
    three-point values or ``distribution`` where that is no label. The other keys of uncertain values settle it where
    no label stands beside them. A table of labels and numbers is always one value for each.
    """
    kind = raw.get("distribution")
    if isinstance(kind, str) and kind in DISTRIBUTIONS:
        return True
    strange = set(raw) - set(labels)
    return not strange.isdisjoint({*UNCERTAIN, "distribution"}) or (strange == set(raw) and not strange.isdisjoint(ALL_UNCERTAIN))


def value_of(reading: Reading, name: str, parameter: Parameter, raw: Any, path: Path, label: str | None = None) -> Value | None:
    """A value, certain or not; None where it is at fault."""
    if isinstance(raw, dict):
        from flywheel_sim.scenario.uncertain import uncertain_value

        return uncertain_value(reading, name, parameter, raw, path, label)
    number = number_of(reading, name, parameter, raw, path)
    if number is None:
        return None
    warn_if_implausible(reading, name, parameter, number, path, label)
    return Value(number.value)


def read_shares(reading: Reading, split: str, raw: dict[str, Any], path: Path) -> dict[str | None, float] | None:
    """A share for every label of the split, together 1; None where it is at fault."""
    parameter = reading.model.parameters[split]
    assert parameter.dimension is not None
    labels = parameter.dimension.labels
    shares: dict[str | None, float] = dict.fromkeys(labels, 0.0)
    sound = True
    for label, one in raw.items():
        if label in labels and isinstance(one, dict):
            cause = f"'{label}' is a share of the split, and the shares must always be together 1: it cannot be uncertain by itself"
            reading.fail(cause, (*path, label), "write one number for each share; compare two splits as two strategies")
            sound = False
            continue
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
