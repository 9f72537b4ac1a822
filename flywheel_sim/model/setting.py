"""What is set before a run: parameters, levers and the split, each with its range, limits and source."""

from __future__ import annotations

import math

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import Dimension, Labelled, Number, lift
from flywheel_sim.model.symbols import Parameter, Range
from flywheel_sim.model.word import read_unit, word
from flywheel_sim.records import Record
from flywheel_sim.units import write_number

__all__ = ["Factor", "factor", "lever", "param", "plain", "share", "split", "write_range"]


class Factor(Record):
    """A range from a value over ``times`` to a value times ``times``."""

    times: float


Between = Range | Factor | Labelled | None
Limits = tuple[float | None, float | None] | None


@word
def param(
    default: float | Labelled, unit: str, between: Between = None, note: str = "", source: str = "assumption", limits: Limits = None
) -> Parameter:
    """A number, or one per label, that a scenario may set.

    Args:
        default: the value when nobody sets one.
        unit: such as ``"$/account/month"``, or ``"1"``.
        between: the plausible range: outside it a scenario is warned, inside it sensitivity looks.
        note: what it is, in words.
        source: where the default comes from.
        limits: what is possible at all; either end may be None. Where it is not given, a parameter whose
            plausible range does not reach below 0 cannot be negative.
    """
    return parameter(default, unit, between, note, source, limits, role="parameter")


@word
def share(
    default: float | Labelled, between: Between = None, note: str = "", source: str = "assumption", limits: Limits = (0, 1)
) -> Parameter:
    """A parameter of unit 1 within 0 and 1."""
    return parameter(default, "1", between, note, source, limits, role="parameter")


@word
def lever(
    default: float,
    unit: str,
    between: Between = None,
    note: str = "",
    force: bool = False,
    source: str = "assumption",
    limits: Limits = None,
) -> Parameter:
    """What a strategy sets. ``force`` marks what a coast test zeroes."""
    return parameter(default, unit, between, note, source, limits, role="lever", force=force)


@word
def split(shares: Labelled, note: str = "") -> Parameter:
    """The one lever of shares, together 1; a label that is not named gets nothing."""
    if not isinstance(shares, Labelled):
        raise ModelError("a split is a share per label", fix="write split(outlet(ads=0.6, content=0.4)) with outlet = dimension(...)")
    whole = Labelled(shares.dimension, {label: shares.values.get(label, 0.0) for label in shares.dimension.labels})
    made = parameter(whole, "1", (0, 1), note, "assumption", (0, 1), role="split")
    if not math.isclose(sum(made.default.values()), 1.0, abs_tol=1e-9):
        raise ModelError(
            f"the shares of a split are together {write_number(sum(made.default.values()))}, not 1", fix="make them add up to 1"
        )
    return made


@word
def factor(times: float) -> Factor:
    """The range from a value over ``times`` to a value times ``times``."""
    if not times > 1:
        raise ModelError(f"factor({times}) is no range", fix="use a factor above 1")
    return Factor(float(times))


def parameter(
    default: float | Labelled,
    unit: str,
    between: Between,
    note: str,
    source: str,
    limits: Limits,
    role: str,
    force: bool = False,
) -> Parameter:
    values, over = by_label(default)
    measured_in = read_unit(unit)
    ranges = {label: plausible(between, label, value) for label, value in values.items()}
    lowest = min((low for low, _ in filter(None, ranges.values())), default=-math.inf)
    if limits is None:
        limits = (0.0 if lowest >= 0 else None, None)
    low = -math.inf if limits[0] is None else float(limits[0])
    high = math.inf if limits[1] is None else float(limits[1])
    for label, value in values.items():
        where_ = f" for {label}" if label else ""
        if not low <= value <= high:
            raise ModelError(
                f"the default {write_number(value)}{where_} is outside its limits {write_range((low, high))}",
                fix="change the default or the limits",
            )
        around = ranges[label]
        if around and not around[0] <= value <= around[1]:
            raise ModelError(
                f"the default {write_number(value)}{where_} is outside its own plausible range {write_range(around)}",
                fix="widen the range or change the default",
            )
        if around and not (low <= around[0] and around[1] <= high):
            raise ModelError(
                f"the plausible range {write_range(around)}{where_} reaches outside the limits {write_range((low, high))}",
                fix="narrow the range or widen the limits",
            )
    return Parameter(values, measured_in, ranges, note, source, (low, high), role, force, over)


def by_label(default: float | Labelled) -> tuple[dict[str | None, float], Dimension | None]:
    if not isinstance(default, Labelled):
        return {None: plain(default)}, None
    missing = [label for label in default.dimension.labels if label not in default.values]
    if missing:
        raise ModelError(f"a default is missing for {', '.join(missing)}", fix=f"give every label a value: {missing[0]}=...")
    return {label: plain(value) for label, value in default.values.items()}, default.dimension


def plain(value: object) -> float:
    """The number that a literal is, and nothing that has to be computed."""
    node = lift(value)
    if not isinstance(node, Number):
        raise ModelError("a default is a plain number", fix="use aux(...) or stock(...) for something computed from other values")
    return node.value


def plausible(between: Between, label: str | None, value: float) -> Range | None:
    """The plausible range at one label."""
    if isinstance(between, Labelled):
        if label is None or label not in between.values:
            raise ModelError(f"the plausible range is missing for {label}", fix=f"add {label}=(low, high)")
        return plausible(between.values[label], None, value)
    if between is None:
        return None
    if isinstance(between, Factor):
        return (min(value / between.times, value * between.times), max(value / between.times, value * between.times))
    if not (isinstance(between, tuple) and len(between) == 2):
        raise ModelError(f"{between!r} is not a plausible range", fix="write (low, high), factor(3), or None where none is known")
    low, high = (plain(end) for end in between)
    if not low <= high:
        raise ModelError(f"the plausible range {write_range((low, high))} runs backwards", fix="write the lower end first")
    return (low, high)


def write_range(ends: Range) -> str:
    """A range in a sentence."""
    low, high = ends
    if math.isinf(high):
        return f"{write_number(low)} or more" if not math.isinf(low) else "any number"
    return f"{write_number(low)} to {write_number(high)}" if not math.isinf(low) else f"at most {write_number(high)}"
