"""A program printed as a kernel: many draws stepped at once, a vector of them at a time.

The text is made of slots, operators and numbers alone: no name and no text of a user is in it. Its one function
``@run`` takes addresses; :mod:`flywheel_sim.engines.ensemble` fills them. Inside, each block of draws has a
workspace of rows, one vector to a row, small enough for the first-level cache::

    parameters, switches | settled once a run | settled once an instant, for each node of the method |
    states and integrals: the point, what a step adds to it, where the slopes are taken | checks
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.driver import Driver
from flywheel_sim.emit.llvm.lines import Lines, intrinsics
from flywheel_sim.emit.llvm.loops import Looping
from flywheel_sim.emit.llvm.maths import definitions
from flywheel_sim.emit.llvm.matrices import matrix_functions
from flywheel_sim.emit.llvm.reader import Reader
from flywheel_sim.emit.llvm.tiers import FIXED, TIMED
from flywheel_sim.emit.llvm.workspace import Workspace
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flywheel_sim.emit.llvm.workspace import Output, Steps
    from flywheel_sim.program import Program

__all__ = ["Kernel", "print_kernel"]

ROUNDING = 1e-12  # how far below zero a stock may fall by rounding, relative to all there is


class Kernel(Record):
    """The text of a kernel and the shape of what it is given.

    Attributes:
        text: for LLVM; its function is ``@run``.
        lanes: how many draws a block holds.
        parameters: how many parameters each draw has.
        moving: the parameters that may change within a step; their slopes and origins lie in the rows after those of
            the parameters.
        integrals: how many integrals are kept at each mark.
        windows: how many windows trailing measures look back over.
        outputs: how many numbers each draw gives at each saved time.
        workspace: how many vectors a block works in.
    """

    text: str
    lanes: int
    parameters: int
    moving: tuple[int, ...]
    integrals: int
    windows: int
    outputs: int
    workspace: int

    def moving_rows(self, parameter: int) -> tuple[int, int, int]:
        """The rows of a parameter's value, of how fast it changes, and since when; the last two are one spare row if it never does."""
        place = self.moving.index(parameter) if parameter in self.moving else len(self.moving)
        return parameter, self.parameters + 2 * place, self.parameters + 2 * place + 1


@lru_cache(maxsize=16)
def print_kernel(
    program: Program,
    outputs: tuple[Output, ...],
    steps: Steps,
    *,
    moving: frozenset[int] = frozenset(),
    windows: int = 0,
    lanes: int = 8,
) -> Kernel:
    """Print a program as a kernel.

    Args:
        program: the slots.
        outputs: what to save.
        steps: the method.
        moving: parameters that change within a step.
        windows: how many windows there are in the outputs.
        lanes: how many draws a block holds, 4, 8 or 16.
    """
    return Printer(Workspace(program, outputs, steps, tuple(sorted(moving)), windows, lanes)).kernel()


class Printer:
    """Writes the equations into functions over the rows of a block.

    Args:
        space: the rows.
    """

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def kernel(self) -> Kernel:
        """A kernel that takes steps."""
        return self.assembled([self.settle(), self.begin(), self.slopes(), self.finish(), self.save()], Driver(self.space))

    def assembled(self, equations: list[str], driver: Driver) -> Kernel:
        """A kernel of some functions over the rows, and of what calls them."""
        functions = list(equations)
        if self.space.instant:
            functions.append(self.instant_values())
        functions += driver.functions()
        reduce = f"declare i64 @llvm.vector.reduce.smax.v{self.space.lanes}i64(<{self.space.lanes} x i64>)"
        parts = [
            intrinsics(self.space.lanes),
            reduce,
            definitions(self.space.lanes),
            matrix_functions(self.space.lanes, self.space.sizes),
            *functions,
        ]
        return Kernel(
            text="\n".join(parts) + "\n",
            lanes=self.space.lanes,
            parameters=self.space.program.parameters,
            moving=self.space.moving,
            integrals=len(self.space.program.integrals),
            windows=self.space.windows,
            outputs=len(self.space.outputs),
            workspace=self.space.count,
        )

    def settle(self) -> str:
        """``@settle(w)``: what rests on the parameters alone."""
        lines = Looping(self.space.lanes)
        reader = Reader(self.space, lines)
        for row, expression in self.space.tiers.lines[FIXED]:
            made = reader.write(expression)
            reader.known[row.kind, row.index] = made
            lines.store(made, self.space.row(lines, row.kind, row.index))
        return lines.text("define internal void @settle(ptr noalias %w)")

    def instant_values(self) -> str:
        """``@instant(w, i, t, s)``: what rests on the time too, at a time ``t`` of a step around ``s``, into the rows at ``i``."""
        lines = Looping(self.space.lanes)
        reader = Reader(self.space, lines, time=lines.spread("%t"), start=lines.spread("%s"))
        for place, parameter in enumerate(self.space.moving):
            value, slope, origin = (lines.load(self.space.row(lines, *key)) for key in self.moving_keys(parameter, place))
            made = lines.fma(slope, lines.subtract(reader.time, origin), value)
            reader.known["parameter", parameter] = made
            lines.store(made, lines.place("%i", self.space.instant["parameter", parameter] * self.space.lanes))
        for row, expression in self.space.tiers.lines[TIMED]:
            made = reader.write(expression)
            reader.known[row.kind, row.index] = made
            lines.store(made, lines.place("%i", self.space.instant[row.kind, row.index] * self.space.lanes))
        return lines.text("define internal void @instant(ptr %w, ptr %i, double %t, double %s)")

    def moving_keys(self, parameter: int, place: int) -> tuple[tuple[str, int], ...]:
        return ("parameter", parameter), ("moving", 2 * place), ("moving", 2 * place + 1)

    def begin(self) -> str:
        """``@begin(w)``: every state at time 0, and every integral and check."""
        lines = Looping(self.space.lanes)
        reader = Reader(self.space, lines)
        zero = lines.number(0.0)
        for number in range(self.space.numbers):
            made = reader.write(self.space.program.initial[number]) if number < self.space.states else zero
            lines.store(made, self.space.row(lines, "point", number))
            lines.store(zero, self.space.row(lines, "added", number))
            if number < self.space.states:
                lines.store(made, self.space.row(lines, "ahead", number))
        self.unchecked(lines)
        return lines.text("define internal void @begin(ptr noalias %w)")

    def unchecked(self, lines: Looping) -> None:
        """Every check as it is before anything was looked at."""
        zero = lines.number(0.0)
        for unit in range(len(self.space.program.counted)):
            lines.store(lines.number(math.nan), self.space.row(lines, "first", unit))
            lines.store(zero, self.space.row(lines, "peak", unit))
            lines.store(zero, self.space.row(lines, "worst", unit))
        lines.store(lines.number(math.nan), self.space.row(lines, "failed", 0))

    def slopes(self) -> str:
        """``@slopes(w, i, t, s, b, a)``: the slopes k at the state ahead; b k is added to the step, the next stage looks a k ahead."""
        lines = Looping(self.space.lanes)
        reader = Reader(self.space, lines, state="ahead", time="%t", start="%s")
        weight, ahead = lines.spread("%b"), lines.spread("%a")
        for number, slope in enumerate(list(self.derivatives(reader))):  # all are read before a row is written
            added = self.space.row(lines, "added", number)
            lines.store(lines.fma(slope, weight, lines.load(added)), added)
            if number < self.space.states:
                point = lines.load(self.space.row(lines, "point", number))
                lines.store(lines.fma(slope, ahead, point), self.space.row(lines, "ahead", number))
        return lines.text("define internal void @slopes(ptr noalias %w, ptr noalias %i, double %t, double %s, double %b, double %a)")

    def derivatives(self, reader: Reader) -> Iterator[str]:
        lines = reader.lines
        slopes: list[str | None] = [None] * self.space.states
        for move in self.space.program.moves:
            rate = reader.value(move.rate)
            if move.source >= 0:
                left = slopes[move.source]
                slopes[move.source] = lines.negate(rate) if left is None else lines.subtract(left, rate)
            if move.destination >= 0:
                came = slopes[move.destination]
                slopes[move.destination] = rate if came is None else lines.add(came, rate)
        values = (reader.value(index) for index in self.space.program.integrals)
        yield from itertools.chain((slope or lines.number(0.0) for slope in slopes), values)

    def finish(self) -> str:
        """``@finish(w)``: the step is taken."""
        lines = Looping(self.space.lanes)
        for number in range(self.space.numbers):
            point, added = self.space.row(lines, "point", number), self.space.row(lines, "added", number)
            reached = lines.add(lines.load(point), lines.load(added))
            lines.store(reached, point)
            lines.store(lines.number(0.0), added)
            if number < self.space.states:
                lines.store(reached, self.space.row(lines, "ahead", number))
        return lines.text("define internal void @finish(ptr noalias %w)")

    def save(self) -> str:
        """``@save(...)``: every output, at the time ``t`` of a step around ``s``; and the checks."""
        lines = Looping(self.space.lanes)
        reader = Reader(self.space, lines, state="point", time="%t", start="%s")
        for number, output in enumerate(self.space.outputs):
            if output.defined:
                made = reader.write(output.expression)
            else:
                value = reader.metric(output.expression)
                finite = lines.compare("olt", lines.absolute(value), lines.number(math.inf))
                made = lines.choose(finite, value, lines.number(math.nan))
            place = lines.value(f"getelementptr double, ptr %out, i64 {lines.times('%stride', number)}")
            lines.line(f"store {lines.vector} {made}, ptr {place}, align 8")
        self.check(lines, reader)
        head = "ptr noalias %w, ptr noalias %i, double %t, double %s, ptr %lookbacks, ptr %spans, ptr %marks, ptr noalias %out, i64 %stride"
        return lines.text(f"define internal void @save({head})")

    def check(self, lines: Looping, reader: Reader) -> None:
        """Whether everything is finite, no counted stock below zero, no flow backwards; and what the accounts add up to."""
        zero = lines.number(0.0)
        naught = zero
        everything = [reader.state(index) for index in range(self.space.states)]
        everything += [reader.value(index) for index in range(len(self.space.program.values))]
        for value in everything:
            naught = lines.fma(value, zero, naught)
        bad = lines.compare("une", naught, zero)
        rates = [reader.value(rate) for rate in dict.fromkeys(move.rate for move in self.space.program.moves)]
        bad = self.unless_above(lines, bad, rates, largest=True)
        for number, (unit, members) in enumerate(self.space.program.counted.items()):
            states = [reader.state(index) for index in members]
            bad = self.unless_above(lines, bad, states, largest=False)
            total = zero
            for state in states:
                total = lines.add(total, state)
            crossing = self.space.program.crossing.get(unit)
            came = zero if crossing is None else lines.load(self.space.row(lines, "point", self.space.states + crossing))
            first, peak, worst = (lines.load(self.space.row(lines, check, number)) for check in ("first", "peak", "worst"))
            first = lines.choose(lines.compare("uno", first, first), total, first)
            off = lines.absolute(lines.subtract(lines.subtract(total, first), came))
            for check, value in (
                ("first", first),
                ("peak", self.greater(lines, lines.absolute(total), peak)),
                ("worst", self.greater(lines, off, worst)),
            ):
                lines.store(value, self.space.row(lines, check, number))
        failed = lines.load(self.space.row(lines, "failed", 0))
        never = lines.compare("uno", failed, failed)
        now = lines.value(f"and {lines.truths} {bad}, {never}")
        lines.store(lines.choose(now, lines.spread("%t"), failed), self.space.row(lines, "failed", 0))

    def unless_above(self, lines: Lines, bad: str, values: list[str], *, largest: bool) -> str:
        """Bad also where one of some values is below zero by more than rounding."""
        if not values:
            return bad
        least, scale = values[0], lines.absolute(values[0])
        for value in values[1:]:
            least = lines.choose(lines.compare("olt", value, least), value, least)
            size = lines.absolute(value)
            scale = self.greater(lines, size, scale) if largest else lines.add(scale, size)
        below = lines.compare("olt", least, lines.multiply(scale, lines.number(-ROUNDING)))
        return lines.value(f"or {lines.truths} {bad}, {below}")

    def greater(self, lines: Lines, a: str, b: str) -> str:
        return lines.choose(lines.compare("ogt", a, b), a, b)
