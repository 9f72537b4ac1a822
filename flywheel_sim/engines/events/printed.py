"""The functions that an engine of individuals calls, printed as plain Python over floats.

Each gives some values of a program, computing only what those rest on. The text is made of slots, operators and
numbers alone; what rests on parameters alone is computed once, when they are set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flywheel_sim.emit.python import Printer, compile_function, tuple_of, values_in
from flywheel_sim.program.diagnosis import slots

if TYPE_CHECKING:
    from flywheel_sim.program import Program

__all__ = ["Function", "Make", "compile_functions", "print_functions"]

# At a time, in a step that started at another, with all states (of which the counted are read) and the continuous ones.
Function = Callable[[float, float, Sequence[float], Sequence[float]], tuple[float, ...]]
Make = Callable[[Sequence[float], Sequence[bool], Sequence[float], float], tuple[Function, ...]]


def compile_functions(program: Program, moving: frozenset[int], wanted: tuple[tuple[int, ...], ...], continuous: tuple[int, ...]) -> Make:
    """What makes the functions, for parameters, switches, slopes of parameters, and the time at which those hold.

    Args:
        program: whose values they give.
        moving: parameters that change within a step.
        wanted: the values that each function gives.
        continuous: the states that are not counted, in the order in which a function takes them.
    """
    make: Make = compile_function(print_functions(program, moving, wanted, continuous))
    return make


def print_functions(program: Program, moving: frozenset[int], wanted: tuple[tuple[int, ...], ...], continuous: tuple[int, ...]) -> str:
    """The text of ``make(p, w, slope, origin)``, which returns functions ``(t, s, y, x)``."""
    return Functions(program, moving).print(wanted, {state: place for place, state in enumerate(continuous)})


class Functions(Printer):
    def print(self, wanted: tuple[tuple[int, ...], ...], continuous: dict[int, int]) -> str:
        lines: dict[int, str] = {}
        for index, value in enumerate(self.program.values):
            text = f"v{index} = {self.write(value)}"
            if self.fixed[index]:
                self.before.append(text)
            else:
                lines[index] = text
        bodies = [self.body(number, values, lines, continuous) for number, values in enumerate(wanted)]
        used = sorted(set(range(self.program.parameters)) - self.moving)
        return "\n".join(
            [
                "def make(p, w, slope, origin):",
                *(f"    p{index} = p[{index}]" for index in used),
                *(f"    w{index} = w[{index}]" for index in range(self.program.switches)),
                *(f"    {line}" for line in self.before),
                *(f"    {line}" for body in bodies for line in body),
                f"    return {tuple_of(f'f{number}' for number in range(len(wanted)))}",
            ]
        )

    def body(self, number: int, wanted: tuple[int, ...], lines: dict[int, str], continuous: dict[int, int]) -> list[str]:
        """One function."""
        needed: set[int] = set()
        stack = [index for index in wanted if index in lines]
        while stack:
            index = stack.pop()
            if index not in needed:
                needed.add(index)
                stack.extend(below for below in values_in(self.program.values[index]) if below in lines)
        read = {(slot.kind, slot.index) for index in needed for slot in slots(self.program.values[index])}
        states = sorted(index for kind, index in read if kind == "state")
        return [
            f"def f{number}(t, s, y, x):",
            *(f"    y{state} = " + (f"x[{continuous[state]}]" if state in continuous else f"y[{state}]") for state in states),
            *(
                f"    p{index} = p[{index}] + slope[{index}] * (t - origin)"
                for index in sorted(self.moving)
                if ("parameter", index) in read
            ),
            *(f"    {lines[index]}" for index in sorted(needed)),
            f"    return {tuple_of(f'v{index}' for index in wanted)}",
        ]
