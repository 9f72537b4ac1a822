"""Referral trees: who brought whom."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from flywheel_sim.program.counting import counting
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flywheel_sim.engines.events import Log
    from flywheel_sim.program import Lowered

__all__ = ["Families", "bringing_stocks", "families"]

NOBODY = -1  # as the log says of moves that no account caused
MOST_LINES = 20  # of a tree that is drawn


class Families(Record):
    """The referral trees of one replication.

    Nobody has two parents, and nobody is their own ancestor: who was brought more than once belongs to whoever did it
    first, and who brought others before ever being brought came on their own.

    Attributes:
        brought_by: for each account that was brought, who brought it.
        generation: for each account in a tree, how far it is from its root: 0 for those who came on their own.
        sizes: of the trees, by root; 1 for one who came alone and has brought nobody.
        by_generation: how many accounts there are in each generation.
        brought: how many each account has brought, in the mean over those who were ever where one can bring; NaN where
            nobody was. The lives of those who are still there are not over: there may be more to come.
        longest_line: from a root to the last of its line, the longest there is.
        sketch: the largest tree as text, cut where it is too large.
    """

    brought_by: Mapping[int, int]
    generation: Mapping[int, int]
    sizes: Mapping[int, int]
    by_generation: tuple[int, ...]
    brought: float
    longest_line: tuple[int, ...]
    sketch: str


def families(log: Log, bringing: Iterable[str] = ()) -> Families:
    """Who brought whom, from the log of one replication.

    Args:
        log: in the order of time.
        bringing: the stocks whose members can bring others. Whoever was ever in one of them is in a tree, be it of one
            alone. Without them only those who brought somebody are, and those whom they brought.
    """
    places = frozenset(bringing)
    brought_by: dict[int, int] = {}
    generation: dict[int, int] = {}
    root: dict[int, int] = {}
    when: dict[int, float] = {}
    able: set[int] = set()
    for account, destination, time, why in zip(log.account, log.to_stock, log.time, log.why, strict=True):
        if why != NOBODY:
            able.add(why)
            if why not in generation:  # it has come on its own: nobody brings it any more
                generation[why], root[why] = 0, why
            if account not in generation:
                brought_by[account], when[account] = why, time
                generation[account], root[account] = generation[why] + 1, root[why]
        if destination in places:
            able.add(account)
    for account in able - generation.keys():
        generation[account], root[account] = 0, account
    sizes = Counter(root.values())
    levels = Counter(generation.values())
    last = min(generation, key=lambda account: (-generation[account], account), default=None)
    largest = min(sizes, key=lambda account: (-sizes[account], account), default=None)
    return Families(
        brought_by=brought_by,
        generation=dict(sorted(generation.items())),
        sizes=dict(sorted(sizes.items())),
        by_generation=tuple(levels[level] for level in range(len(levels))),
        brought=len(brought_by) / len(able) if able else math.nan,
        longest_line=() if last is None else line_to(last, brought_by),
        sketch="" if largest is None else sketch(largest, brought_by, when, sizes[largest]),
    )


def line_to(account: int, brought_by: Mapping[int, int]) -> tuple[int, ...]:
    """From the root of its tree to an account."""
    line = [account]
    while (before := brought_by.get(line[-1])) is not None:
        line.append(before)
    return tuple(reversed(line))


def sketch(root: int, brought_by: Mapping[int, int], when: Mapping[int, float], size: int) -> str:
    """A tree as text: the numbers of the accounts, and in brackets when each was brought."""
    children: dict[int, list[int]] = {}
    for account, parent in brought_by.items():  # in the order of time
        children.setdefault(parent, []).append(account)
    drawn = nearest_first(root, children)
    lines = []
    ahead = [(root, "", "")]
    while ahead:
        account, before, indent = ahead.pop()
        kept = [child for child in children.get(account, ()) if child in drawn]
        hidden = len(children.get(account, ())) - len(kept)
        text = f"{account} ({when[account]:.1f})" if account in when else f"{account}"
        lines.append(f"{before}{text}{f' … and {hidden} more' if hidden else ''}")
        for child in reversed(kept):
            last = child == kept[-1]
            ahead.append((child, f"{indent}{'└─ ' if last else '├─ '}", f"{indent}{'   ' if last else '│  '}"))
    if size > len(lines):
        lines.append(f"{len(lines)} of {size} accounts")
    return "\n".join(lines)


def nearest_first(root: int, children: Mapping[int, Sequence[int]]) -> set[int]:
    """As many accounts as are drawn, those nearest to the root."""
    found = [root]
    for account in found:
        found += children.get(account, ())
        if len(found) >= MOST_LINES:
            break
    return set(found[:MOST_LINES])


def bringing_stocks(lowered: Lowered) -> frozenset[str]:
    """The stocks whose members can bring accounts, or move them: those that any flow with ``by=`` names."""
    declaration, program = lowered.declaration, lowered.program
    cells = {state: cell for cell, state in lowered.cells.items()}
    moves = [program.moves[number] for number in counting(program).moves]
    return frozenset(declaration.names[cells[head].stock] for move in moves if move.by for head in move.heads)
