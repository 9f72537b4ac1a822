"""How much of the change of each variable comes from each of those it is computed from, interval by interval.

Schoenberg, Davidsen & Eberlein 2020, with the score from flow to stock as corrected by Schoenberg, Hayward & Eberlein
2023. Over the interval from p to c, the score of the link from x to an equation z is |Δₓz / Δz| with the sign of
Δₓz / Δx, where Δₓz is the change of z if x alone had changed; it is 0 where z or x did not change. From a flow to a
stock it is ±|Δflow / Δnet|, where net is all that flows in less all that flows out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flywheel_sim.analysis.loops.worlds import World

    Array = NDArray[np.float64]

__all__ = ["causes", "link_scores", "score"]

# A change smaller than this, relative to what changes, is rounding: a model at rest trembles in its last digits.
ROUNDING = 1e-14


def score(alone: Array, change: Array, cause: Array) -> Array:
    """The score of a link: ``alone`` is the change it makes by itself, of ``change`` in all, for a change of the cause."""
    there = (change != 0) & (cause != 0) & np.isfinite(alone)
    part = np.divide(alone, change, out=np.zeros(np.shape(alone)), where=there)
    signed: Array = np.abs(part) * np.sign(alone) * np.sign(cause)
    return np.where(there, signed, 0.0)


def change(before: Array, after: Array, scale: Array | None = None) -> Array:
    """The change of a number; 0 where it is within rounding of its scale, which is its own size unless said."""
    size = np.maximum(np.abs(before), np.abs(after)) if scale is None else scale
    difference = after - before
    there = (np.abs(difference) > ROUNDING * size) & np.isfinite(difference)
    made: Array = np.where(there, difference, 0.0)
    return made


def link_scores(world: World) -> Array:
    """The score of every link of the graph, of shape (links, intervals) or (links, intervals, draws)."""
    graph = world.graph
    changes = [change(before, after) for before, after in zip(world.before, world.after, strict=True)]
    equations = graph.links[: len(graph.links) - len(graph.streams)]
    made = np.zeros((len(graph.links), *world.shape))
    for number, (cause, effect) in enumerate(equations):
        if changes[cause].any() and changes[effect].any():
            made[number] = score(world.changed(cause, effect), changes[effect], changes[cause])
    nets = net_changes(world)
    for number, stream in enumerate(graph.streams, len(equations)):
        made[number] = stream.sign * np.abs(score(changes[stream.flow], nets[stream.stock], changes[stream.flow]))
    return made


def net_changes(world: World) -> dict[int, Array]:
    """How much the net flow into each stock changes, for those that any flow reaches."""
    before: dict[int, Array] = {}
    after: dict[int, Array] = {}
    turnover: dict[int, Array] = {}
    for stream in world.graph.streams:
        stock, first, last = stream.stock, world.before[stream.flow], world.after[stream.flow]
        before[stock] = before.get(stock, 0.0) + stream.sign * first
        after[stock] = after.get(stock, 0.0) + stream.sign * last
        turnover[stock] = turnover.get(stock, 0.0) + np.maximum(np.abs(first), np.abs(last))
    return {stock: change(before[stock], after[stock], turnover[stock]) for stock in before}


def causes(world: World) -> list[bool]:
    """For every link, whether a change of its cause ever moves what it leads to."""
    graph = world.graph
    equations = graph.links[: len(graph.links) - len(graph.streams)]
    moved = [bool((world.changed(cause, effect) != 0).any()) for cause, effect in equations]
    return moved + [bool((world.after[stream.flow] != world.before[stream.flow]).any()) for stream in graph.streams]
