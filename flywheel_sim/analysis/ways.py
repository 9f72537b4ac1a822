"""Which way leads on: the stocks of single accounts as a map, with a way from the start to the headline.

What is right and what is wrong follows from the flows alone, whatever the model. An account that leaves the
headline has gone the wrong way, and so has one that must start over: that cannot come to the headline any more
without passing again a stock which all who come to where it was must pass.

::

    strangers ─► prospects ─► discovery ─► deals ─► customers
        ▲            └─────────────────────►┘ │
        └───────────────── lost ◄─────────────┘

From prospects both discovery and deals lead on. From deals, lost does not: from there one can only begin again.
Flows that run only because a loop does (lost accounts that are won back) do not make a way, unless there is no other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.expressions import Apply, Expression, Gate, Labelled, Number, Pick, Total
from flywheel_sim.model.symbols import Auxiliary, Flow, Loop
from flywheel_sim.program import OUTSIDE
from flywheel_sim.program.counting import counting
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.program import Lowered

__all__ = ["OUTSIDE_NAME", "Ways", "ways"]

OUTSIDE_NAME = "outside"  # as the log of journeys calls it

Edge = tuple[str, str]
Graph = dict[str, set[str]]


class Ways(Record):
    """The stocks whose members are single accounts, and what each move between them means.

    Attributes:
        order: every such stock: first those on the way, from the start on, then those off it.
        off: the stocks that are off the way: accounts come there only by going wrong.
        goal: the headline's stocks, or the last stock of those that are connected where none is in the headline.
        wrong: the moves, from stock to stock or outside, that go the wrong way. Whoever is off the way has nothing left
            to lose, so that no move from there is among them.
    """

    order: tuple[str, ...]
    off: frozenset[str]
    goal: frozenset[str]
    wrong: frozenset[Edge]

    def outcome(self, source: str, destination: str) -> str:
        """What a move means: ``won``, ``lost`` (before it was won), ``churned`` (after), or nothing in particular."""
        enters, leaves = destination in self.goal, source in self.goal
        if enters or leaves:
            return "" if enters and leaves else "won" if enters else "churned"
        return "lost" if (source, destination) in self.wrong else ""


@lru_cache(maxsize=32)
def ways(lowered: Lowered, headline: str) -> Ways:
    """The ways of a model.

    Args:
        lowered: the model.
        headline: the series that decides. If it is no stock or group of accounts, the model's own headline is the
            goal, if that is one.
    """
    stocks, edges, looped = arrows(lowered)
    goal = goal_of(lowered, headline, stocks)
    order: list[str] = []
    off: list[str] = []
    wrong: set[Edge] = set()
    goals: set[str] = set()
    parts = connected(stocks, edges)
    for part in sorted(parts, key=goal.isdisjoint):  # those that the headline is part of come first
        here = goal.intersection(part) or {part[-1]}
        inside = [edge for edge in edges if edge[0] in part or edge[1] in part]
        plain = [edge for edge in inside if edge not in looped]
        entries = entries_of(part, inside)
        reached = reach(entries, graph_of(plain))
        found = Part(part, plain if here & reached else inside, inside, here, entries)
        goals |= here
        wrong |= found.wrong
        on = found.on_the_way()
        order += on
        off += [stock for stock in part if stock not in on]
    return Ways((*order, *off), frozenset(off), frozenset(goals), frozenset(edge for edge in wrong if edge[0] not in off))


class Part:
    """Stocks that are connected, and the way through them.

    Args:
        stocks: in the order declared.
        making: the arrows that make a way.
        edges: all arrows.
        goal: where the way leads.
        entries: where it begins.
    """

    def __init__(self, stocks: list[str], making: Iterable[Edge], edges: list[Edge], goal: set[str], entries: list[str]) -> None:
        self.stocks, self.edges, self.goal, self.entries = stocks, edges, goal, entries
        self.graph = graph_of(making)
        passed = {stock: self.passed_before(stock) for stock in stocks}
        self.wrong = {edge for edge in edges if edge[0] != OUTSIDE_NAME and not self.leads_on(edge, passed[edge[0]])}

    def passed_before(self, stock: str) -> frozenset[str]:
        """The stocks that all who come to a stock must pass, itself among them; only itself where nobody can come."""
        if stock not in reach(self.entries, self.graph):
            return frozenset({stock})
        return frozenset(
            one
            for one in self.stocks
            if one == stock or stock not in reach([entry for entry in self.entries if entry != one], self.graph, {one})
        )

    def leads_on(self, edge: Edge, passed: frozenset[str]) -> bool:
        source, destination = edge
        if source in self.goal:
            return destination in self.goal
        return not self.goal.isdisjoint(reach([destination], self.graph, passed))

    def on_the_way(self) -> list[str]:
        """The stocks that can be reached without going wrong, each after those that lead to it, as far as that can be."""
        right = graph_of(edge for edge in self.edges if edge not in self.wrong and OUTSIDE_NAME not in edge)
        left = [stock for stock in self.stocks if stock in reach(self.entries, right)]
        depth = depths(self.entries, right)
        ordered: list[str] = []
        while left:
            free = [stock for stock in left if not any(stock in right.get(other, ()) for other in left if other != stock)]
            ordered.append(min(free or left, key=lambda stock: (depth[stock], self.stocks.index(stock))))
            left.remove(ordered[-1])
        return ordered


# The arrows


def arrows(lowered: Lowered) -> tuple[list[str], list[Edge], set[Edge]]:
    """The stocks of accounts in the order declared, the arrows between them and outside, and those that only loops drive."""
    declaration, program = lowered.declaration, lowered.program
    names = {state: declaration.names[cell.stock] for cell, state in lowered.cells.items()}
    names[OUTSIDE] = OUTSIDE_NAME
    read = counting(program)
    stocks = list(dict.fromkeys(names[state] for state in read.states))
    driven: dict[Edge, bool] = {}
    for number in read.moves:
        move = program.moves[number]
        edge = names[move.source], names[move.destination]
        if edge[0] != edge[1] and move.flow != OUTSIDE:
            flow = declaration.symbols[lowered.layout.flows[move.flow][0]]
            assert isinstance(flow, Flow)
            driven[edge] = driven.get(edge, True) and stands_still(flow.rate if flow.hazard is None else flow.hazard)
    return stocks, list(driven), {edge for edge, only in driven.items() if only}


def stands_still(node: object) -> bool:
    """Whether an equation is 0 wherever the loops that can be switched off do not run."""
    match node:
        case Number(value=value):
            return value == 0
        case Gate(switch=Loop(), off=Expression() as off):
            return stands_still(off)
        case Gate(signal=signal):
            return stands_still(signal)
        case Apply("*", (left, right)):
            return stands_still(left) or stands_still(right)
        case Apply("/", (left, _)) | Apply("negative", (left,)):
            return stands_still(left)
        case Apply("+" | "-", (left, right)):
            return stands_still(left) and stands_still(right)
        case Auxiliary(expression=inner) | Pick(of=inner) | Total(of=inner):
            return stands_still(inner)
        case Labelled():
            return all(map(stands_still, node.values.values()))
        case _:
            return False


def goal_of(lowered: Lowered, headline: str, stocks: list[str]) -> set[str]:
    """The stocks of accounts that a headline, or else the model's own, is made of."""
    declaration = lowered.declaration
    for node in (declaration.symbols.get(headline), declaration.headline):
        if isinstance(node, Expression):
            found = {declaration.names[cell.stock] for cell in declaration.transfers.cells_of(node)}
            if found and found.issubset(stocks):
                return found
    return set()


# Small graphs


def graph_of(edges: Iterable[Edge]) -> Graph:
    graph: Graph = {}
    for source, destination in edges:
        graph.setdefault(source, set()).add(destination)
    return graph


def reach(starts: Iterable[str], graph: Mapping[str, set[str]], without: Iterable[str] = ()) -> set[str]:
    """All that can be come to, the starts among them, without passing some; nobody comes back from outside."""
    shut = {*without, OUTSIDE_NAME}
    found: set[str] = set()
    ahead = [start for start in starts if start not in shut]
    while ahead:
        stock = ahead.pop()
        if stock not in found:
            found.add(stock)
            ahead += graph.get(stock, set()) - found - shut
    return found


def depths(starts: Iterable[str], graph: Mapping[str, set[str]]) -> dict[str, int]:
    """How many moves it takes at least to come to each."""
    found: dict[str, int] = {}
    level, front = 0, set(starts)
    while front:
        found |= dict.fromkeys(front, level)
        level, front = level + 1, {further for stock in front for further in graph.get(stock, ())} - found.keys()
    return found


def connected(stocks: list[str], edges: Iterable[Edge]) -> list[list[str]]:
    """The stocks, apart by which of them accounts can pass between; each part in the order declared."""
    both = graph_of([pair for edge in edges for pair in (edge, edge[::-1])])
    parts: list[list[str]] = []
    for stock in stocks:
        if not any(stock in part for part in parts):
            found = reach([stock], both)
            parts.append([one for one in stocks if one in found])
    return parts


def entries_of(part: list[str], edges: Iterable[Edge]) -> list[str]:
    """Where accounts begin: the first stock, those fed from outside, and those that nothing leads to."""
    fed = {destination for source, destination in edges if source != OUTSIDE_NAME}
    outside = {destination for source, destination in edges if source == OUTSIDE_NAME}
    return [stock for stock in part if stock == part[0] or stock in outside or stock not in fed]
