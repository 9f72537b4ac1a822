"""Correlations: which uncertain values go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.distributions import triangle
from flywheel_sim.errors import nearest
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.numbers import as_float
from flywheel_sim.scenario.scenario import Correlation
from flywheel_sim.scenario.shape import described
from flywheel_sim.scenario.suggest import form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flywheel_sim.scenario.locate import Path
    from flywheel_sim.scenario.reading import Reading
    from flywheel_sim.scenario.scenario import Name, Value

__all__ = ["read_correlations"]


def read_correlations(reading: Reading, settings: Iterable[Mapping[Name, Value]]) -> tuple[Correlation, ...]:
    """Every correlation of a file.

    Args:
        reading: the file.
        settings: all its values, those of the business and those of each strategy.
    """
    draws = {written(value.draw): value.draw for setting in settings for value in setting.values() if value.draw is not None}
    made: list[Correlation] = []
    entries: list[int] = []
    pairs: set[frozenset[Name]] = set()
    for index, raw in enumerate(reading.sound("correlations")):
        path: Path = ("correlations", index)
        if any(broken[:2] == path for broken in reading.misshapen):
            continue
        names, rank = names_of(reading, raw["of"], (*path, "of"), draws), rank_of(reading, raw["rank"], (*path, "rank"))
        if names is None or rank is None:
            continue
        if frozenset(names) in pairs:
            cause = f"'{written(names[0])}' and '{written(names[1])}' are correlated twice"
            reading.fail(cause, (*path, "of"), "take one of the two out")
            continue
        pairs.add(frozenset(names))
        made.append(Correlation(*names, rank))
        entries.append(index)
    refuse_contradictions(reading, made, entries)
    return tuple(made)


def written(draw: Name) -> str:
    """What is drawn, as a file names it."""
    name, label = draw
    return name if label is None else f"{name}.{label}"


def names_of(reading: Reading, stated: list[str], path: Path, draws: Mapping[str, Name]) -> tuple[Name, Name] | None:
    if len(stated) != 2:
        reading.fail(f"a correlation is between two values, not {len(stated)}", path, 'write of = ["churn", "price"]')
        return None
    first, second = (name_of(reading, one, (*path, index), draws) for index, one in enumerate(stated))
    if first is None or second is None:
        return None
    if first == second:
        reading.fail(f"'{written(first)}' is correlated with itself", path, "name two uncertain values")
        return None
    return first, second


def name_of(reading: Reading, stated: str, path: Path, draws: Mapping[str, Name]) -> Name | None:
    """What is drawn under a name; None, with a fault kept, where nothing is."""
    if stated in draws:
        return draws[stated]
    base, _, label = stated.partition(".")
    parameter = reading.model.parameters.get(base)
    if parameter is None or label not in {"", *map(str, parameter.default)}:
        reading.fail(f"there is no uncertain value {short(stated)}", path, nearest(stated, draws, "those there are:") or none_yet())
        return None
    if any(fault.kind == "error" and base in fault.path for fault in reading.faults):
        return None  # it is at fault itself, and may well be uncertain
    by_label = [name for name, (known, _) in draws.items() if known == base and "." in name]
    if base in draws:
        fix = f"one value is stated for all labels: write '{base}'"
    elif label == "" and by_label:
        fix = f"each label is uncertain by itself: write {' or '.join(map(repr, by_label))}"
    else:
        fix = f"take the correlation out, or write {stated} = {form('pert')} in [values]"
    reading.fail(f"{short(stated)} is not uncertain in this file", path, fix)
    return None


def none_yet() -> str:
    return f"no value of this file is uncertain: write one as {form('pert')}"


def rank_of(reading: Reading, stated: Any, path: Path) -> float | None:
    number = as_float(stated)
    if number is not None and -1 < number < 1:
        return number
    fix = "write a number above -1 and below 1: above 0 if the two rise together, below 0 if one rises as the other falls"
    reading.fail(f"the rank correlation is {described(stated)}", path, fix)
    return None


def refuse_contradictions(reading: Reading, made: Sequence[Correlation], entries: Sequence[int]) -> None:
    """Tell if the correlations cannot all hold together, at the last one that ties the first value which cannot go with the others."""
    order: dict[Name, int] = {}
    for one in made:
        for name in (one.first, one.second):
            order.setdefault(name, len(order))

    def stuck(share: float) -> int | None:
        rows = triangle(len(order), {pair_of(one, order): share * one.rank for one in made})
        return None if len(rows) == len(order) else len(rows)

    at = stuck(1.0)
    if at is None:
        return
    last = max(index for index, one in zip(entries, made, strict=True) if max(pair_of(one, order)) == at)
    name = next(name for name, place in order.items() if place == at)
    share = next(share / 20 for share in range(19, -1, -1) if stuck(share / 20) is None)
    reading.fail(
        f"the correlations of '{written(name)}' cannot hold together with the others",
        ("correlations", last, "rank"),
        f"bring them nearer to 0 ({share:g} times what they are would do), or say how the others are correlated: what is not said is 0",
    )


def pair_of(one: Correlation, order: Mapping[Name, int]) -> tuple[int, int]:
    first, second = order[one.first], order[one.second]
    return min(first, second), max(first, second)
