"""The rows that a block of draws works in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.journey import WRITTEN_OUT
from flywheel_sim.emit.llvm.matrices import scratch_needed
from flywheel_sim.emit.llvm.tiers import FIXED, TIMED, Tiers
from flywheel_sim.program.births import births
from flywheel_sim.program.metrics import LoopGain, Still
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flywheel_sim.emit.llvm.lines import Lines
    from flywheel_sim.expressions import Expression
    from flywheel_sim.program import Program

__all__ = ["Output", "Steps", "Workspace"]


class Output(Record):
    """Something to save.

    Attributes:
        expression: over slots and measured nodes.
        defined: whether it has a value always; a metric may have none.
    """

    expression: Expression
    defined: bool


class Steps(Record):
    """A method of Runge and Kutta whose every stage rests on the one before alone.

    Attributes:
        nodes: when each stage takes its slopes, as a share of the step.
        ahead: how far the next stage looks along these slopes, as a share of the step; 0 for the last.
        weights: of the slopes of each stage.
    """

    nodes: tuple[float, ...]
    ahead: tuple[float, ...]
    weights: tuple[float, ...]


class Workspace:
    """Where everything lies in the rows that a block of draws works in.

    Args:
        program: the slots.
        outputs: what to save.
        steps: the method.
        moving: parameters that change within a step.
        windows: how many windows there are in the outputs.
        lanes: how many draws a block holds.

    Attributes:
        tiers: what is computed how often.
        states: how many states there are.
        numbers: how many states and integrals.
        rows: the row of everything that has one for the whole run.
        instant: the place of everything that is settled once an instant, within the rows of an instant.
        nodes: the instants of a step, where anything is settled once an instant.
        instants: the first row of each.
        sizes: of the matrices that outputs need memory for.
        scratch: the first row of that memory.
        count: how many rows there are.
    """

    def __init__(
        self, program: Program, outputs: Sequence[Output], steps: Steps, moving: tuple[int, ...], windows: int, lanes: int
    ) -> None:
        self.program = program
        self.outputs = outputs
        self.steps = steps
        self.moving = moving
        self.windows = windows
        self.lanes = lanes
        self.tiers = Tiers(program, frozenset(moving))
        self.states = len(program.initial)
        self.numbers = self.states + len(program.integrals)
        self.rows: dict[tuple[str, int], int] = {}
        self.count = 0
        self.lay_out()

    def lay_out(self) -> None:
        program = self.program
        self.take("parameter", range(program.parameters))
        self.take("moving", range(2 * (len(self.moving) + 1)))
        self.take("switch", range(program.switches))
        for row, _ in self.tiers.lines[FIXED]:
            self.take(row.kind, [row.index])
        self.instant = {("parameter", parameter): place for place, parameter in enumerate(self.moving)}
        for row, _ in self.tiers.lines[TIMED]:
            self.instant[row.kind, row.index] = len(self.instant)
        self.nodes = sorted(set(self.steps.nodes)) if self.instant else []
        self.instants = [self.skip(len(self.instant)) for _ in self.nodes]
        for kind in ("point", "added"):
            self.take(kind, range(self.numbers))
        self.take("ahead", range(self.states))
        for check in ("first", "peak", "worst"):
            self.take(check, range(len(program.counted)))
        self.take("failed", [0])
        self.sizes = set(self.matrices())
        self.scratch = self.skip(max(map(scratch_needed, self.sizes), default=0))

    def matrices(self) -> Iterator[int]:
        """The sizes of the matrices that some outputs need memory for."""
        for output in self.outputs:
            for node in measured(output.expression):
                if isinstance(node, Still):
                    yield len(node.inside)
                elif isinstance(node, LoopGain) and (found := births(self.program)) is not None and len(found.born) > WRITTEN_OUT:
                    yield len(found.born)

    def take(self, kind: str, indices: Sequence[int]) -> None:
        for index in indices:
            self.rows[kind, index] = self.skip(1)

    def skip(self, rows: int) -> int:
        self.count += rows
        return self.count - rows

    def row(self, lines: Lines, kind: str, index: int) -> str:
        """The address of a row."""
        return lines.place("%w", self.rows[kind, index] * self.lanes)

    def instant_rows(self, lines: Lines, place: int) -> str:
        """The address of the rows of an instant; of any row where nothing is settled once an instant."""
        return lines.place("%w", self.instants[place] * self.lanes) if self.instants else "%w"


def measured(node: Expression) -> Iterator[Expression]:
    """A node and all nodes below it, measured ones included."""
    yield node
    below = node.arguments if hasattr(node, "arguments") else ()
    for part in below:
        yield from measured(part)
