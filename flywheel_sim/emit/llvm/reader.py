"""Slots as values within one function of a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.expressions import Writer
from flywheel_sim.emit.llvm.journey import Journey
from flywheel_sim.emit.llvm.tiers import STATE
from flywheel_sim.expressions import Slot
from flywheel_sim.program.metrics import LoopGain, Mean, Stay, Still, Way

if TYPE_CHECKING:
    from flywheel_sim.emit.llvm.loops import Looping
    from flywheel_sim.emit.llvm.workspace import Workspace
    from flywheel_sim.expressions import Expression

__all__ = ["Reader"]


class Reader:
    """Reads slots within one function: from rows, or by computing what is not in a row.

    Args:
        space: the rows.
        lines: of the function.
        state: which rows hold the states, where it has any.
        time: the time, as a vector or as the name of a number.
        start: of the step, likewise.
    """

    def __init__(self, space: Workspace, lines: Looping, *, state: str = "", time: str = "", start: str = "") -> None:
        self.space = space
        self.lines = lines
        self.rows_of_states = state
        self.time = time
        self.start = start
        self.known: dict[tuple[str, int], str] = {}
        self.write = Writer(lines, self.read)
        self.metric = Writer(lines, self.read, guarded=True)
        self.journey = Journey(lines, space.program, self.state, self.value, lines.place("%w", space.scratch * space.lanes))

    def read(self, node: Expression) -> str:
        match node:
            case Slot():
                return self.slot(node.kind, node.index)
            case Mean(integral, now, window):
                return self.mean(integral, self.metric(now), window)
            case Stay(inside, discount):
                return self.journey.stay(inside, self.metric(discount))
            case Still(inside, time):
                return self.journey.still(inside, self.metric(time))
            case Way(inside, flows):
                return self.journey.way(inside, flows)
            case LoopGain():
                return self.journey.gain()
            case _:
                raise TypeError(f"the kernel printer does not know {type(node).__name__}")

    def state(self, index: int) -> str:
        return self.slot("state", index)

    def value(self, index: int) -> str:
        return self.slot("value", index)

    def slot(self, kind: str, index: int) -> str:
        key = (kind, index)
        if key not in self.known:
            self.known[key] = self.found(kind, index)
        return self.known[key]

    def found(self, kind: str, index: int) -> str:
        space, lines = self.space, self.lines
        match kind:
            case "time" | "start":
                given = self.time if kind == "time" else self.start
                return lines.spread(given) if given in {"%t", "%s"} else given
            case "state":
                return lines.load(space.row(lines, self.rows_of_states, index))
            case "integral":
                return lines.load(space.row(lines, "point", space.states + index))
            case _ if (kind, index) in space.instant:
                return lines.load(lines.place("%i", space.instant[kind, index] * space.lanes))
            case "value" if space.tiers.value_tiers[index] == STATE:
                return self.write(space.tiers.evaluated[index])
            case _:
                return lines.load(space.row(lines, kind, index))

    def mean(self, integral: int, now: str, window: int) -> str:
        """What an integral has gained over a window, a unit of time; what it gains now, at the start."""
        lines, space = self.lines, self.space
        mark = lines.whole_at("%lookbacks", window)
        span = lines.spread(lines.number_at("%spans", window))
        past = lines.load(lines.vector_at("%marks", lines.sum(lines.times(mark, len(space.program.integrals)), integral)))
        gained = lines.divide(lines.subtract(self.slot("integral", integral), past), span)
        return lines.choose(lines.compare("oeq", span, lines.number(0.0)), now, gained)
