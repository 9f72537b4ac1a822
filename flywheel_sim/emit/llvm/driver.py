"""How a kernel goes through a run: block by block, leg by leg, step by step, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.lines import written
from flywheel_sim.emit.llvm.loops import Looping

if TYPE_CHECKING:
    from flywheel_sim.emit.llvm.workspace import Workspace

__all__ = ["ARGUMENTS", "Driver"]

# What ``@run`` takes, in order: addresses, but for the whole numbers.
ARGUMENTS = {
    "parameters": "ptr",  # numbers, [parameters][draws]
    "stride": "i64",  # from one row of draws to the next
    "draws": "i64",  # to run: a whole number of blocks
    "switches": "ptr",  # numbers, 1 where a loop or friction runs
    "legs": "i64",
    "leg_numbers": "ptr",  # numbers, [legs][3]: the start, the step, a time inside the step that is saved
    "leg_wholes": "ptr",  # whole numbers, [legs][5]: steps, first bend, last bend, mark or -1, save or -1
    "bend_wholes": "ptr",  # whole numbers, [bends][3]: the rows of value, slope and origin
    "bend_times": "ptr",  # numbers, [bends]
    "bend_values": "ptr",  # numbers, [bends][draws]
    "bend_slopes": "ptr",  # numbers, [bends][draws]
    "lookbacks": "ptr",  # whole numbers, [saves][windows]: the mark to look back to
    "spans": "ptr",  # numbers, [saves][windows]: how long ago that is, 0 at the start
    "marks": "ptr",  # numbers, [marks][integrals][lanes], to work in
    "out": "ptr",  # numbers, [saves][outputs][draws]
    "checks": "ptr",  # numbers, [2][draws]: when a draw failed, and the imbalance of its accounts
    "w": "ptr",  # the workspace: numbers, [workspace][lanes], at an address that is a multiple of 128
}


class Driver:
    """Writes ``@run`` and what it does around the equations.

    Args:
        space: the rows of a block.
    """

    arguments = ARGUMENTS
    beginning = "begin"  # the function by which a block begins

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def functions(self) -> list[str]:
        """The text of every function."""
        return [self.take(), self.bend(), self.mark(), self.checked(), self.run()]

    def take(self) -> str:
        """``@take(w, p, stride, switches)``: the parameters of a block of draws, and which switches are on."""
        f = Looping(self.space.lanes)
        with f.loop(0, self.space.program.parameters) as parameter:
            place = f.place("%p", f.times(parameter, "%stride"))
            f.store(f.value(f"load {f.vector}, ptr {place}, align 8"), f.vector_at("%w", parameter))
        for spare in range(2 * (len(self.space.moving) + 1)):
            f.store(f.number(0.0), self.space.row(f, "moving", spare))
        for switch in range(self.space.program.switches):
            f.store(f.spread(f.number_at("%switches", switch)), self.space.row(f, "switch", switch))
        return f.text("define internal void @take(ptr noalias %w, ptr noalias %p, i64 %stride, ptr noalias %switches)")

    def bend(self) -> str:
        """``@bend(w, rows, time, values, slopes)``: a parameter takes another value and another slope."""
        f = Looping(self.space.lanes)
        value, slope, origin = (f.vector_at("%w", f.whole_at("%rows", place)) for place in range(3))
        for source, row in (("%values", value), ("%slopes", slope)):
            f.store(f.value(f"load {f.vector}, ptr {source}, align 8"), row)
        f.store(f.spread("%time"), origin)
        return f.text("define internal void @bend(ptr noalias %w, ptr %rows, double %time, ptr noalias %values, ptr noalias %slopes)")

    def mark(self) -> str:
        """``@mark(w, into)``: every integral is kept."""
        f = Looping(self.space.lanes)
        for integral in range(len(self.space.program.integrals)):
            f.store(f.load(self.space.row(f, "point", self.space.states + integral)), f.vector_at("%into", integral))
        return f.text("define internal void @mark(ptr noalias %w, ptr noalias %into)")

    def checked(self) -> str:
        """``@checked(w, checks, stride)``: when each draw failed, and how far its accounts are out of balance, relative to their peak."""
        f = Looping(self.space.lanes)
        zero = f.number(0.0)
        most = zero
        for unit in range(len(self.space.program.counted)):
            peak, worst = (f.load(self.space.row(f, check, unit)) for check in ("peak", "worst"))
            share = f.choose(f.compare("ogt", peak, zero), f.divide(worst, peak), zero)
            most = f.choose(f.compare("ogt", share, most), share, most)
        for row, value in enumerate((f.load(self.space.row(f, "failed", 0)), most)):
            place = f.place("%checks", f.times("%stride", row))
            f.line(f"store {f.vector} {value}, ptr {place}, align 8")
        return f.text("define internal void @checked(ptr noalias %w, ptr noalias %checks, i64 %stride)")

    def run(self) -> str:
        """``@run(...)``: block by block, leg by leg, step by step, stage by stage."""
        f = Looping(self.space.lanes)
        blocks = f.value(f"sdiv i64 %draws, {self.space.lanes}")
        with f.loop(0, blocks) as block:
            offset = f.times(block, self.space.lanes)
            f.line(f"call void @take(ptr %w, ptr {f.place('%parameters', offset)}, i64 %stride, ptr %switches)")
            f.line("call void @settle(ptr %w)")
            f.line(f"call void @{self.beginning}(ptr %w)")
            with f.loop(0, "%legs") as leg:
                self.leg(f, leg, offset)
            f.line(f"call void @checked(ptr %w, ptr {f.place('%checks', offset)}, i64 %stride)")
        head = ", ".join(f"{kind} %{name}" for name, kind in self.arguments.items())
        return f.text(f"define void @run({head})")

    def leg(self, f: Looping, leg: str, offset: str) -> None:
        numbers, wholes = f.times(leg, 3), f.times(leg, 5)
        start, step, inside = (f.number_at("%leg_numbers", f.sum(numbers, place)) for place in range(3))
        steps, first, last, mark, save = (f.whole_at("%leg_wholes", f.sum(wholes, place)) for place in range(5))
        with f.only_if(f.value(f"icmp slt i64 {first}, {last}")):
            with f.loop(first, last) as bend:
                rows = f.value(f"getelementptr i64, ptr %bend_wholes, i64 {f.times(bend, 3)}")
                column = f.sum(f.times(bend, "%stride"), offset)
                given = f"ptr {f.place('%bend_values', column)}, ptr {f.place('%bend_slopes', column)}"
                f.line(f"call void @bend(ptr %w, ptr {rows}, double {f.number_at('%bend_times', bend)}, {given})")
            f.line("call void @settle(ptr %w)")
        with f.only_if(f.value(f"icmp sge i64 {mark}, 0")):
            self.at_mark(f, mark, start, offset)
        with f.only_if(f.value(f"icmp sge i64 {save}, 0")):
            self.at_save(f, save, start, inside, offset)
        self.onward(f, start, step, steps)

    def at_mark(self, f: Looping, mark: str, start: str, offset: str) -> None:  # noqa: ARG002  where they are given, these say which
        """What is done at a time at which integrals are kept."""
        into = f.vector_at("%marks", f.times(mark, len(self.space.program.integrals)))
        f.line(f"call void @mark(ptr %w, ptr {into})")

    def at_save(self, f: Looping, save: str, start: str, inside: str, offset: str) -> None:
        """What is done at a saved time."""
        self.instant_at(f, 0, start, inside)
        looking = f.times(save, self.space.windows)
        lookbacks = f.value(f"getelementptr i64, ptr %lookbacks, i64 {looking}")
        spans = f.place("%spans", looking)
        out = f.place("%out", f.sum(f.times(f.times(save, len(self.space.outputs)), "%stride"), offset))
        given = f"double {start}, double {inside}, ptr {lookbacks}, ptr {spans}, ptr %marks, ptr {out}, i64 %stride"
        f.line(f"call void @save(ptr %w, ptr {self.space.instant_rows(f, 0)}, {given})")

    def onward(self, f: Looping, start: str, step: str, steps: str) -> None:
        """How the end of a leg is reached."""
        with f.loop(0, steps) as number:
            self.step(f, start, step, number)

    def step(self, f: Looping, start: str, step: str, number: str) -> None:
        """One step: the values of each instant, the slopes of each stage, and the sum."""
        way = f.value(f"fmul double {f.value(f'sitofp i64 {number} to double')}, {step}")
        now = f.value(f"fadd double {start}, {way}")
        half = f.value(f"fmul double {step}, {written(0.5)}")
        inside = f.value(f"fadd double {now}, {half}")

        def after(share: float) -> str:
            return f.value(f"fadd double {now}, {f.value(f'fmul double {step}, {written(share)}')}")

        times = {node: after(node) for node in sorted(set(self.space.steps.nodes))}
        for place, node in enumerate(self.space.nodes):
            self.instant_at(f, place, times[node], inside)
        for node, ahead, weight in zip(self.space.steps.nodes, self.space.steps.ahead, self.space.steps.weights, strict=True):
            b, a = (f.value(f"fmul double {step}, {written(share)}") for share in (weight, ahead))
            rows = self.space.instant_rows(f, self.space.nodes.index(node) if self.space.nodes else 0)
            f.line(f"call void @slopes(ptr %w, ptr {rows}, double {times[node]}, double {now}, double {b}, double {a})")
        f.line("call void @finish(ptr %w)")

    def instant_at(self, f: Looping, place: int, time: str, inside: str) -> None:
        if self.space.instant:
            f.line(f"call void @instant(ptr %w, ptr {self.space.instant_rows(f, place)}, double {time}, double {inside})")
