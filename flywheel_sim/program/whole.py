"""The start in whole individuals."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.model.symbols import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flywheel_sim.program.lower import Lowered

__all__ = ["largest_remainder", "whole_start"]

FUZZ = 1e-9  # what rounding of sums and shares may have left a number below the whole number it is meant to be

Members = frozenset[int]


def largest_remainder(shares: Sequence[float], total: int | None = None) -> list[int]:
    """Whole numbers near some numbers.

    Each is rounded down; what is then missing goes one by one to those that lost most, to the earlier of equals.

    Args:
        shares: none below 0.
        total: what they are to add up to: their sum rounded down or up; the nearer of the two unless said (a half goes up).
    """
    floors = [math.floor(share + FUZZ) for share in shares]
    if total is None:
        total = math.floor(math.fsum(shares) + 0.5 + FUZZ)
    order = sorted(range(len(shares)), key=lambda index: (round(floors[index] - shares[index], 9), index))
    for index in order[: max(total - sum(floors), 0)]:
        floors[index] += 1
    return floors


def whole_start(lowered: Lowered, states: Sequence[float]) -> list[float]:
    """A start with whole individuals: all together first, then groups, stocks, labels and stages, each by largest remainder.

    So eight customers are eight, however many of them are which part of an advocate.

    Args:
        lowered: the model.
        states: as the model says, those that are counted not below 0.
    """
    whole = list(states)
    for members in lowered.program.counted.values():
        everybody = frozenset(members)
        if not everybody:
            continue
        share_out(everybody, largest_remainder([math.fsum(states[state] for state in members)])[0], states, parts_of(lowered), whole)
    return whole


def share_out(
    members: Members, total: int, states: Sequence[float], parts: Mapping[Members, Sequence[Members]], whole: list[float]
) -> None:
    """Give each part of some members its whole number, and go on within it."""
    if len(members) == 1:
        (state,) = members
        whole[state] = float(total)
        return
    inside = parts[members]
    shares = [math.fsum(states[state] for state in sorted(part)) for part in inside]
    for part, number in zip(inside, largest_remainder(shares, total), strict=True):
        share_out(part, number, states, parts, whole)


@lru_cache(maxsize=32)
def parts_of(lowered: Lowered) -> dict[Members, tuple[Members, ...]]:
    """Of which parts everybody consists, and each part in turn, down to single states; in the order of these."""
    found: list[Members] = [frozenset(members) for members in lowered.program.counted.values()]
    for some in sorted(named_parts(lowered), key=lambda members: -len(members)):
        inside = [one for one in found if some <= one]
        if inside and some not in found and all(some <= one or not some & one for one in found):
            found.append(some)
    singles = [frozenset([state]) for members in lowered.program.counted.values() for state in members]
    found += [one for one in singles if one not in found]
    return {one: tuple(sorted(largest_within(one, found), key=min)) for one in found if len(one) > 1}


def named_parts(lowered: Lowered) -> Iterable[Members]:
    """The states of every group, of every stock, and of every label of one."""
    transfers = lowered.declaration.transfers
    for group in lowered.declaration.of_kind(Group).values():
        yield frozenset(lowered.cells[cell] for cell in transfers.cells_of(group))
    stocks: dict[object, set[int]] = {}
    for cell, state in lowered.cells.items():
        stocks.setdefault(cell.stock, set()).add(state)
        stocks.setdefault((cell.stock, cell.label), set()).add(state)
    yield from map(frozenset, stocks.values())


def largest_within(whole: Members, sets: Iterable[Members]) -> list[Members]:
    """The largest of some sets that lie within another; no two of them overlap."""
    within = [one for one in sets if one < whole]
    return [one for one in within if not any(one < other for other in within)]
