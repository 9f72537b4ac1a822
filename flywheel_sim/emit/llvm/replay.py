"""A program printed as a kernel that reads runs whose states and integrals are known, and takes no steps.

Its rows, its equations and its outputs are those of :mod:`flywheel_sim.emit.llvm.kernel`; where that takes steps, this
puts the given numbers into the rows of the point.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.driver import ARGUMENTS, Driver
from flywheel_sim.emit.llvm.kernel import Kernel, Printer
from flywheel_sim.emit.llvm.loops import Looping
from flywheel_sim.emit.llvm.workspace import Output, Steps, Workspace

if TYPE_CHECKING:
    from flywheel_sim.program import Program

__all__ = ["REPLAY_ARGUMENTS", "print_replay"]

# What ``@run`` takes, in order: what a kernel that takes steps does, and the numbers that are known.
REPLAY_ARGUMENTS = ARGUMENTS | {
    "states": "ptr",  # numbers, [saves][states][draws]
    "integrals": "ptr",  # numbers, [marks][integrals][draws]
}

# One instant, that of a saved time itself.
STILL = Steps((0.0,), (0.0,), (1.0,))


@lru_cache(maxsize=16)
def print_replay(
    program: Program, outputs: tuple[Output, ...], *, moving: frozenset[int] = frozenset(), windows: int = 0, lanes: int = 8
) -> Kernel:
    """Print what reads runs of a program.

    Args:
        program: the slots.
        outputs: what to save.
        moving: parameters that change between saved times.
        windows: how many times each saved one looks back to.
        lanes: how many draws a block holds, 4, 8 or 16.
    """
    return ReplayPrinter(Workspace(program, outputs, STILL, tuple(sorted(moving)), windows, lanes)).kernel()


class ReplayPrinter(Printer):
    """Writes the equations that are read, and none of those by which time advances."""

    def kernel(self) -> Kernel:
        return self.assembled([self.settle(), self.blank(), self.save()], Replay(self.space))

    def blank(self) -> str:
        """``@blank(w)``: nothing has been checked yet."""
        lines = Looping(self.space.lanes)
        self.unchecked(lines)
        return lines.text("define internal void @blank(ptr noalias %w)")


class Replay(Driver):
    """Writes ``@run`` for runs that are known.

    Args:
        space: the rows of a block.
    """

    arguments = REPLAY_ARGUMENTS
    beginning = "blank"

    def functions(self) -> list[str]:
        return [self.take(), self.bend(), self.mark(), self.states(), self.integrals(), self.checked(), self.run()]

    def states(self) -> str:
        """``@states(w, given, stride)``: the states of a block of draws at a saved time."""
        f = Looping(self.space.lanes)
        for state in range(self.space.states):
            f.store(self.given(f, state), self.space.row(f, "point", state))
        return f.text("define internal void @states(ptr noalias %w, ptr noalias %given, i64 %stride)")

    def integrals(self) -> str:
        """``@integrals(w, given, stride, t)``: the integrals at a mark; a draw in which one is not finite has failed by time ``t``."""
        f = Looping(self.space.lanes)
        zero = f.number(0.0)
        naught = zero
        for integral in range(len(self.space.program.integrals)):
            value = self.given(f, integral)
            naught = f.fma(value, zero, naught)
            f.store(value, self.space.row(f, "point", self.space.states + integral))
        failed = f.load(self.space.row(f, "failed", 0))
        now = f.both(f.compare("une", naught, zero), f.compare("uno", failed, failed))
        f.store(f.choose(now, f.spread("%t"), failed), self.space.row(f, "failed", 0))
        return f.text("define internal void @integrals(ptr noalias %w, ptr noalias %given, i64 %stride, double %t)")

    def given(self, f: Looping, row: int) -> str:
        """A row of what is given, for a block of draws: it lies wherever the caller's array does."""
        return f.value(f"load {f.vector}, ptr {f.place('%given', f.times('%stride', row))}, align 8")

    def at_mark(self, f: Looping, mark: str, start: str, offset: str) -> None:
        given = f.place("%integrals", f.sum(f.times(f.times(mark, len(self.space.program.integrals)), "%stride"), offset))
        f.line(f"call void @integrals(ptr %w, ptr {given}, i64 %stride, double {start})")
        super().at_mark(f, mark, start, offset)

    def at_save(self, f: Looping, save: str, start: str, inside: str, offset: str) -> None:
        given = f.place("%states", f.sum(f.times(f.times(save, self.space.states), "%stride"), offset))
        f.line(f"call void @states(ptr %w, ptr {given}, i64 %stride)")
        super().at_save(f, save, start, inside, offset)

    def onward(self, f: Looping, start: str, step: str, steps: str) -> None:
        """Nothing leads from one leg to the next: what comes of it is given."""
