"""When something changes during a run: the times on which every engine's steps land."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from flywheel_sim.errors import UsageError
from flywheel_sim.expressions import Expression, Slot, children
from flywheel_sim.program.diagnosis import walk_values
from flywheel_sim.program.program import Inputs, Program, key, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flywheel_sim.program.lower import Lowered

__all__ = ["changes", "flip_time", "parameters_in", "refuse_ramps_of_flips"]


def changes(program: Program, inputs: Inputs, end: float, flips: Iterable[Expression] | None = None) -> list[float]:
    """The times from 0 to ``end`` at which a parameter bends or a condition on time flips, both ends among them.

    Args:
        program: what runs.
        inputs: what it is given.
        end: the horizon.
        flips: the conditions to look for; all unless said.
    """
    flips = program.breaks if flips is None else tuple(flips)
    bends = {key(bend.time) for bend in inputs.bends}
    edges = sorted({0.0, key(end)} | {bend for bend in bends if 0 < bend < key(end)})
    found = edges[:1]
    for start, stop in itertools.pairwise(edges):
        times = {key(flip_time(program, inputs, flip, inputs.course(start)[0])) for flip in flips}
        found += [*sorted(time for time in times if start < time < stop), stop]
    return found


def flip_time(program: Program, inputs: Inputs, flip: Expression, values: Sequence[float]) -> float:
    """When a condition on time flips at some values of the parameters; never where that cannot be computed."""
    try:
        return float(walk_values(program, inputs, values, (), 0.0, 0.0)(flip))
    except (ArithmeticError, ValueError):
        return math.inf  # where the condition itself is computed, this is told with its equation


def parameters_in(node: Expression) -> set[int]:
    """The parameters that an expression over parameters uses."""
    if isinstance(node, Slot):
        return {node.index} if node.kind == "parameter" else set()
    return set().union(*map(parameters_in, children(node)))


def refuse_ramps_of_flips(lowered: Lowered, ramped: Iterable[int]) -> None:
    """See that no parameter that moves in a ramp sets when a condition on time flips.

    Args:
        lowered: the program.
        ramped: the parameters that do.

    Raises:
        UsageError: if one does.
    """
    setters = {parameter for flip in lowered.program.breaks for parameter in parameters_in(flip)}
    for parameter in ramped:
        if parameter in setters:
            name = written(*lowered.layout.parameters[parameter])
            raise UsageError(f"{name} sets when a condition on time flips: it cannot move in a ramp", fix="move it in steps")
