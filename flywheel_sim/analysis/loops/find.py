"""Which loops there are: all of them, or where they are too many the strongest.

A loop is given as its variables in order, each the cause of the next and the last of the first. It begins at the
variable with the lowest number, so that no loop is there twice.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.analysis.loops.graph import Graph

    Array = NDArray[np.float64]
    Link = tuple[int, int]
    Loop = tuple[int, ...]

__all__ = ["components_of", "find_loops", "instants_of", "strongest_loops"]

INSTANTS = 16  # at which the strongest loops are looked for
VISITS = 3_000  # variables that a search from one stock at one instant comes to, at most
# How weak a way to a variable may be, against the best one known, to be followed further. Where the visits do not
# suffice, the next search from that stock is so many times stricter, up to the last of these.
SLACK, STRICTER, STRICTEST = 0.002, 3.0, 0.02


def find_loops(graph: Graph, scores: Array, most: int) -> tuple[list[Loop], bool]:
    """The loops of a model, and whether they are all that are ever at work.

    Args:
        graph: the model.
        scores: of shape (links, intervals).
        most: how many there may be. If there are more, those with a link that never acts are left out; if there are
            more even so, the strongest are looked for.
    """
    acting = [link for link, ever in zip(graph.links, (scores != 0).any(axis=1), strict=True) if ever]
    at_work = list(itertools.islice(all_loops(acting), most + 1))
    if len(at_work) > most:
        return strongest_loops(graph, scores), False
    found = list(itertools.islice(all_loops(graph.links), most + 1))
    return sorted(found if len(found) <= most else at_work), True


def all_loops(links: Iterable[Link]) -> Iterator[Loop]:
    """Every loop once, by Johnson's algorithm."""
    import networkx as nx

    for loop in nx.simple_cycles(nx.DiGraph(links)):
        yield turned(loop)


def components_of(graph: Graph) -> dict[int, int]:
    """The number of the strongly connected component of every variable that is in a loop; in the order of their stocks."""
    import networkx as nx

    found = nx.strongly_connected_components(nx.DiGraph(graph.links))
    ordered = sorted((component for component in found if len(component) > 1), key=min)
    return {variable: number for number, component in enumerate(ordered) for variable in component}


def turned(loop: Sequence[int]) -> Loop:
    """A loop, beginning at its lowest number."""
    first = min(range(len(loop)), key=loop.__getitem__)
    return (*loop[first:], *loop[:first])


def strongest_loops(graph: Graph, scores: Array) -> list[Loop]:
    """Loops found by following the strongest links first, at several instants (Eberlein & Schoenberg 2020).

    From every stock, the ways along links are followed, the strongest first, and given up where they reach a variable
    to which a much stronger way is known. Loops through earlier stocks were looked for from there. What is found is
    not sure to be all of the strongest.
    """
    component = components_of(graph)
    found: dict[Loop, None] = {}
    slack = [SLACK] * graph.stocks
    for instant in instants_of(scores):
        ways: list[list[tuple[float, int]]] = [[] for _ in graph.variables]
        for (cause, effect), strength in zip(graph.links, np.abs(scores[:, instant]).tolist(), strict=True):
            if strength and component.get(cause, -1) == component.get(effect, -2):
                ways[cause].append((strength, effect))
        for way in ways:
            way.sort(reverse=True)
        for stock in range(graph.stocks):
            loops, finished = loops_through(stock, ways, slack[stock])
            found.update(dict.fromkeys(loops))
            if not finished:
                slack[stock] = min(slack[stock] * STRICTER, STRICTEST)
    return sorted(found)


def instants_of(scores: Array) -> Array:
    """Intervals to look for loops in, evenly spread over those in which anything acts."""
    busy = np.flatnonzero((scores != 0).any(axis=0))
    chosen: Array = busy[np.unique(np.linspace(0, max(len(busy) - 1, 0), min(INSTANTS, len(busy))).astype(int))]
    return chosen


def loops_through(target: int, ways: Sequence[Sequence[tuple[float, int]]], slack: float) -> tuple[list[Loop], bool]:
    """Strong loops through one variable and none before it, and whether the visits sufficed to follow all ways."""
    found: list[Loop] = []
    best = [0.0] * len(ways)
    on_path = [False] * len(ways)
    path, strengths, left = [target], [1.0], [iter(ways[target])]
    visits = 0
    while path:
        for step, variable in left[-1]:
            if variable == target:
                found.append(tuple(path))
                continue
            strength = strengths[-1] * step
            if variable < target or on_path[variable] or strength <= slack * best[variable]:
                continue
            visits += 1
            if visits > VISITS:
                return found, False
            best[variable] = max(best[variable], strength)
            on_path[variable] = True
            path.append(variable)
            strengths.append(strength)
            left.append(iter(ways[variable]))
            break
        else:
            on_path[path.pop()] = False
            strengths.pop()
            left.pop()
    return found, True
