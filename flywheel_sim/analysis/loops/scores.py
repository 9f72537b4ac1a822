"""Loops That Matter: which feedback loops make a model behave as it does, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.loops.find import components_of, find_loops, instants_of
from flywheel_sim.analysis.loops.graph import graph_of
from flywheel_sim.analysis.loops.links import causes, link_scores
from flywheel_sim.analysis.loops.worlds import Instants, World
from flywheel_sim.model.symbols import Loop as DeclaredLoop
from flywheel_sim.program import key
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from flywheel_sim.analysis.loops.graph import Graph
    from flywheel_sim.engines.ensemble import Drawn
    from flywheel_sim.model import Declaration
    from flywheel_sim.program import Bend, Inputs

    Array = NDArray[np.float64]
    Loop = tuple[int, ...]

__all__ = ["LoopScores", "Loops", "course", "declared_shares", "find_in", "score_loops"]

MOST_LOOPS = 5_000  # that are all listed
MOST_KEPT = 2_000  # of the strongest, where not all are
MOST_NUMBERS = 20_000_000  # of loops times intervals
LONGEST_NAME = 3  # variables in the name of a loop
LARGEST = 709.0  # the logarithm of a score that a float can still be


class LoopScores(Record):
    """The loops of one run, and how strong each was when.

    Attributes:
        names: R and a number for a loop that mostly reinforced, B for one that mostly balanced, U for one never at
            work; then its first variables. Those of a component stand together, the strongest first.
        variables: of each loop in order, each the cause of the next, and the last of the first.
        time: where each interval begins, in the model's time unit.
        score: of shape (loops, intervals): the product of the scores of its links.
        share: likewise: the score, over the sum of the absolute scores of its component.
        component: of each loop: the number of its strongly connected component. Shares are comparable within one only.
        exhaustive: whether these are all loops that are ever at work; if not, they are the strongest that were found.
        uncontested: of each loop: whether no other of its component is ever at work, so that its share says nothing.
        declared: for each loop that the model declares, the sum of the shares of all loops that run through its gate,
            of shape (intervals,); through its gate is what stops where the gate is closed. Of several components the one
            counts in which these loops are strongest.
        overlap: of shape (intervals,): the part of the total absolute score that is counted for more than one of them.
        at_rest: of shape (intervals,): whether no loop is at work: the model is in equilibrium, or changes evenly.
    """

    names: tuple[str, ...]
    variables: tuple[tuple[str, ...], ...]
    time: Array
    score: Array
    share: Array
    component: tuple[int, ...]
    exhaustive: bool
    uncontested: tuple[bool, ...]
    declared: Mapping[str, Array]
    overlap: Array
    at_rest: Array


class Loops(Record):
    """Loops that were found in a model, ready to be scored in any run of it.

    Attributes:
        graph: the model.
        loops: the variables of each.
        links: the links of each, by number.
        component: of each.
        members: for each declared loop that runs, the loops through its gate.
        exhaustive: whether these are all that were ever at work in the run they were found in.
    """

    graph: Graph
    loops: tuple[Loop, ...]
    links: tuple[tuple[int, ...], ...]
    component: tuple[int, ...]
    members: Mapping[str, tuple[int, ...]]
    exhaustive: bool


def score_loops(declaration: Declaration, inputs: Inputs, times: Sequence[float], states: Array, *, merge: bool = False) -> LoopScores:
    """Find and score the loops of a run.

    Args:
        declaration: the model.
        inputs: what it was given.
        times: of its integration grid.
        states: every number of the state at these times, of shape (times, numbers of the state).
        merge: whether stages, and the labels that whole individuals have, are taken together.
    """
    loops, links = find_in(declaration, inputs, times, states, merge=merge)
    return scored(loops, links, np.asarray(times[:-1], dtype=float), declaration)


def find_in(declaration: Declaration, inputs: Inputs, times: Sequence[float], states: Array, *, merge: bool = False) -> tuple[Loops, Array]:
    """The loops of a run, and the score of every link of shape (links, intervals); arguments as for :func:`score_loops`."""
    here, there = course(inputs.parameters, inputs.bends, times, states)
    world = World(graph_of(declaration, inputs.switches, merge=merge), here, there)
    links = link_scores(world)
    return loops_of(declaration, world, links, here, there), links


def course(parameters: Sequence[Any], bends: Sequence[Bend | Drawn], times: Sequence[float], states: Array) -> tuple[Instants, Instants]:
    """What is given at the beginning and at the end of every interval of a run, or of many draws.

    Args:
        parameters: before any bend: numbers, or arrays over draws.
        bends: how they move, in the order of time.
        times: of the integration grid.
        states: of shape (times, numbers of the state), or with a last axis of draws.
    """
    grid = np.asarray(times, dtype=float)
    column = grid.reshape((-1, *[1] * (states.ndim - 2)))
    moving: dict[int, Array] = {}
    for bend in bends:
        start = np.broadcast_to(np.asarray(parameters[bend.parameter], dtype=float), (len(grid), *states.shape[2:]))
        since = np.round(column, 9) >= key(bend.time)
        moving[bend.parameter] = np.where(since, bend.value + bend.slope * (column - bend.time), moving.get(bend.parameter, start))
    inside = (column[:-1] + column[1:]) / 2  # a condition on time holds for a whole step
    starts = np.concatenate([inside, inside[-1:]])

    def instants(part: slice) -> Instants:
        given = [moving[slot][part] if slot in moving else value for slot, value in enumerate(parameters)]
        return Instants(given, np.ascontiguousarray(np.moveaxis(states[part], 1, 0)), column[part], starts[part])

    return instants(slice(None, -1)), instants(slice(1, None))


def loops_of(declaration: Declaration, world: World, links: Array, here: Instants, there: Instants) -> Loops:
    """The loops of a model, the strongest first within each component, and which run through which declared gate."""
    graph = world.graph
    found, exhaustive = find_loops(graph, links, max(100, min(MOST_LOOPS, MOST_NUMBERS // max(1, links.shape[1]))))
    number_of = {link: number for number, link in enumerate(graph.links)}
    ways = [tuple(number_of[pair] for pair in zip(loop, (*loop[1:], loop[0]), strict=True)) for loop in found]
    component_of = components_of(graph)
    component = [component_of[loop[0]] for loop in found]
    _, share = strengths(ways, component, links if exhaustive else links[:, instants_of(links)])
    weight = np.abs(share).mean(axis=1)
    strongest = sorted(range(len(found)), key=lambda loop: -weight[loop])
    kept = sorted(strongest if exhaustive else strongest[:MOST_KEPT], key=lambda loop: component[loop])
    through = gates(declaration, world, here, there)
    members = {
        name: tuple(place for place, loop in enumerate(kept) if any(silent[link] for link in ways[loop]))
        for name, silent in through.items()
    }
    return Loops(
        graph,
        tuple(found[loop] for loop in kept),
        tuple(ways[loop] for loop in kept),
        tuple(component[loop] for loop in kept),
        members,
        exhaustive,
    )


def gates(declaration: Declaration, world: World, here: Instants, there: Instants) -> dict[str, list[bool]]:
    """For every declared loop that runs, which links act only while its gates are open."""
    graph = world.graph
    places = {name: place for place, name in enumerate(declaration.switches)}
    acting = causes(world)
    found = {}
    for name, loop in declaration.of_kind(DeclaredLoop).items():
        if name not in places or graph.switches[places[name]]:
            without = causes(World(graph, here, there, closed=(loop, places.get(name))))
            found[name] = [with_it and not still for with_it, still in zip(acting, without, strict=True)]
    return found


def strengths(ways: Sequence[Sequence[int]], component: Sequence[int], links: Array) -> tuple[Array, Array]:
    """The score and the share of every loop, each of shape (loops, intervals) or (loops, intervals, draws).

    Products of many scores may be larger than a float can be: shares are taken from logarithms.
    """
    shape = (len(ways), *links.shape[1:])
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(links))
    negative = links < 0
    sizes, signs = np.empty(shape), np.empty(shape)
    for loop, way in enumerate(ways):
        sizes[loop] = logs[list(way)].sum(axis=0)
        signs[loop] = 1.0 - 2.0 * np.logical_xor.reduce(negative[list(way)], axis=0)
    signs[np.isneginf(sizes)] = 0.0
    score = signs * np.exp(np.minimum(sizes, LARGEST))
    share = np.zeros(shape)
    numbers = np.asarray(component)
    for number in dict.fromkeys(component):
        rows = numbers == number
        top = sizes[rows].max(axis=0)
        parts = np.exp(sizes[rows] - np.where(np.isneginf(top), 0.0, top))
        whole = parts.sum(axis=0)
        share[rows] = signs[rows] * parts / np.where(whole > 0, whole, 1.0)
    return score, share


def scored(loops: Loops, links: Array, times: Array, declaration: Declaration) -> LoopScores:
    """The scores of one run."""
    score, share = strengths(loops.links, loops.component, links)
    names = [tuple(loops.graph.variables[variable].name for variable in loop) for loop in loops.loops]
    still = np.zeros(len(times))
    declared = dict.fromkeys(declaration.of_kind(DeclaredLoop), still)
    declared |= {name: share_of(members, loops.component, share) for name, members in loops.members.items()}
    return LoopScores(
        names=tuple(named(names, share)),
        variables=tuple(names),
        time=times,
        score=score,
        share=share,
        component=loops.component,
        exhaustive=loops.exhaustive,
        uncontested=uncontested_of(loops, score),
        declared=declared,
        overlap=overlap_of(loops, share),
        at_rest=~(score != 0).any(axis=0) if len(score) else np.ones(len(times), dtype=bool),
    )


def declared_shares(loops: Loops, here: Instants, there: Instants) -> dict[str, Array]:
    """The share of every declared loop that runs, of loops found before: of shape (intervals,) or (intervals, draws)."""
    links = link_scores(World(loops.graph, here, there))
    _, share = strengths(loops.links, loops.component, links)
    return {name: share_of(members, loops.component, share) for name, members in loops.members.items()}


def uncontested_of(loops: Loops, score: Array) -> tuple[bool, ...]:
    """Whether each loop is the only one of its component that is ever at work; never sure where not all are known."""
    acting = (score != 0).any(axis=1)
    at_work = [number for number, acts in zip(loops.component, acting, strict=True) if acts]
    return tuple(
        bool(acts) and loops.exhaustive and at_work.count(number) == 1 for number, acts in zip(loops.component, acting, strict=True)
    )


def named(variables: Sequence[tuple[str, ...]], share: Array) -> list[str]:
    """A short name for each loop, by which way it mostly worked."""
    counts = {"R": 0, "B": 0, "U": 0}
    names = []
    for loop, parts in zip(variables, share, strict=True):
        total = parts.sum()
        letter = "R" if total > 0 else "B" if total < 0 else "U"
        counts[letter] += 1
        names.append(f"{letter}{counts[letter]} {' → '.join(loop[:LONGEST_NAME])} → …")
    return names


def share_of(members: Sequence[int], component: Sequence[int], share: Array) -> Array:
    """The sum of the shares of some loops, of the component in which they are strongest."""
    inside: dict[int, list[int]] = {}
    for loop in members:
        inside.setdefault(component[loop], []).append(loop)
    if not inside:
        return np.zeros(share.shape[1:])
    chosen = max(inside.values(), key=lambda loops: float(np.abs(share[loops]).sum()))
    total: Array = share[chosen].sum(axis=0)
    return total


def overlap_of(loops: Loops, share: Array) -> Array:
    """The part of the total absolute score, in components with declared loops, of loops that are counted more than once."""
    counted = np.zeros(len(loops.loops), dtype=int)
    for members in loops.members.values():
        counted[list(members)] += 1
    numbers = np.asarray(loops.component, dtype=int)
    whole = np.abs(share[np.isin(numbers, numbers[counted > 0])]).sum(axis=0)
    double = np.abs(share[counted > 1]).sum(axis=0)
    made: Array = np.divide(double, whole, out=np.zeros(share.shape[1:]), where=whole > 0)
    return made
