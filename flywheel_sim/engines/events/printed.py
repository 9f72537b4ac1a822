"""The functions that an engine of individuals calls, printed as plain Python over floats.

Each gives some values of a program, computing only what those rest on. The text is made of slots, operators and
numbers alone; what rests on parameters alone is computed once, when they are set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flywheel_sim.emit.python import Printer, compile_function, tuple_of, values_in
from flywheel_sim.program.diagnosis import slots

if TYPE_CHECKING:
    from flywheel_sim.program import Program

__all__ = ["Curve", "Function", "Make", "compile_functions", "print_functions"]

# A number at a time d after it had a value: value + a d + b d² + c d³.
Curve = tuple[float, float, float, float]
# At a time, in a step that started at another, with all states (of which the counted are read), the curves of the continuous
# ones, and how long ago those had their values.
Function = Callable[[float, float, Sequence[float], Sequence[Curve], float], tuple[float, ...]]
Make = Callable[[Sequence[float], Sequence[bool], Sequence[float], float], tuple[Any, ...]]


def compile_functions(
    program: Program, moving: frozenset[int], wanted: tuple[tuple[int, ...], ...], slopes: tuple[int, ...], continuous: tuple[int, ...]
) -> Make:
    """What makes the functions, for parameters, switches, slopes of parameters, and the time at which those hold.

    Args:
        program: whose values they give.
        moving: parameters that change within a step.
        wanted: the values that each function gives.
        slopes: those that one more gives, the last, which takes continuous states as numbers, not as curves.
        continuous: the states that are not counted, in the order in which a function takes them.
    """
    make: Make = compile_function(print_functions(program, moving, wanted, slopes, continuous))
    return make


def print_functions(
    program: Program, moving: frozenset[int], wanted: tuple[tuple[int, ...], ...], slopes: tuple[int, ...], continuous: tuple[int, ...]
) -> str:
    """The text of ``make(p, w, slope, origin)``, which returns functions ``(t, s, y, x, d)``, and a last one ``(t, s, y, x)``."""
    return Functions(program, moving).print(wanted, slopes, {state: place for place, state in enumerate(continuous)})


class Functions(Printer):
    def print(self, wanted: tuple[tuple[int, ...], ...], slopes: tuple[int, ...], continuous: dict[int, int]) -> str:
        lines: dict[int, str] = {}
        for index, value in enumerate(self.program.values):
            text = f"v{index} = {self.write(value)}"
            if self.fixed[index]:
                self.before.append(text)
            else:
                lines[index] = text
        bodies = [self.body(number, values, lines, continuous, curved=True) for number, values in enumerate(wanted)]
        bodies.append(self.body(len(wanted), slopes, lines, continuous, curved=False))
        used = sorted(set(range(self.program.parameters)) - self.moving)
        return "\n".join(
            [
                "def make(p, w, slope, origin):",
                *(f"    p{index} = p[{index}]" for index in used),
                *(f"    w{index} = w[{index}]" for index in range(self.program.switches)),
                *(f"    {line}" for line in self.before),
                *(f"    {line}" for body in bodies for line in body),
                f"    return {tuple_of(f'f{number}' for number in range(len(bodies)))}",
            ]
        )

    def body(self, number: int, wanted: tuple[int, ...], lines: dict[int, str], continuous: dict[int, int], *, curved: bool) -> list[str]:
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
        reads: list[str] = []
        for state in states:
            if state not in continuous:
                reads.append(f"    y{state} = y[{state}]")
            elif curved:
                reads += [f"    n, a, b, c = x[{continuous[state]}]", f"    y{state} = n + d * (a + d * (b + d * c))"]
            else:
                reads.append(f"    y{state} = x[{continuous[state]}]")
        return [
            f"def f{number}(t, s, y, x{', d' if curved else ''}):",
            *reads,
            *(
                f"    p{index} = p[{index}] + slope[{index}] * (t - origin)"
                for index in sorted(self.moving)
                if ("parameter", index) in read
            ),
            *(f"    {lines[index]}" for index in sorted(needed)),
            f"    return {tuple_of(f'v{index}' for index in wanted)}",
        ]
