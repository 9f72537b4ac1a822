"""The journey measures written as lines for LLVM: small linear systems, eliminated entry by entry.

What is computed is what :mod:`flywheel_sim.analysis.journey` computes, and is tested against it. Which entries are
not 0 is known beforehand, so an elimination is written out with those alone. What is undefined (nobody enters, no
way out) is not a number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.program.births import births

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flywheel_sim.emit.llvm.lines import Lines
    from flywheel_sim.program import Move, Program

__all__ = ["WRITTEN_OUT", "Journey"]

Entry = str | None  # a value, or None for 0
Row = list[Entry]
WRITTEN_OUT = 2  # rows of a matrix, up to which its eigenvalue has a formula
TINY = 1e-14  # of its first size, below which a pivot has no way out


class Journey:
    """Writes journey measures into a function.

    Args:
        lines: of the function.
        program: the moves.
        state: gives the value of a state.
        value: gives the value of a value slot.
        scratch: the address of memory for matrices.
    """

    def __init__(self, lines: Lines, program: Program, state: Callable[[int], str], value: Callable[[int], str], scratch: str) -> None:
        self.lines = lines
        self.program = program
        self.state = state
        self.value = value
        self.scratch = scratch
        self.per_heads: dict[int, str] = {}
        self.undefined = lines.number(math.nan)

    # Measures

    def stay(self, inside: Sequence[int], discount: Entry) -> str:
        """W (discount I - T)^-1 1."""
        entering, nobody = self.entrants(inside)
        one = self.lines.number(1.0)
        solved, singular = self.solve(self.system(inside, discount), [[one] * len(inside)])
        return self.unless(self.either(nobody, singular), self.dot(entering, solved[0]))

    def way(self, inside: Sequence[int], flows: frozenset[int]) -> str:
        """W T^-2 r / -w T^-1 r."""
        entering, nobody = self.entrants(inside)
        leaving: Row = [None] * len(inside)
        for number, move in enumerate(self.program.moves):
            if move.flow in flows and move.source in inside:
                at = inside.index(move.source)
                leaving[at] = self.plus(leaving[at], self.per_head(number, move))
        system = self.system(inside, None)
        chance, singular = self.solve(system, [leaving])
        time, _ = self.solve(system, chance)
        share = self.dot(entering, chance[0])
        none = self.either(self.either(nobody, singular), self.lines.compare("oeq", share, self.lines.number(0.0)))
        return self.unless(none, self.lines.divide(self.dot(entering, time[0]), share))

    def gain(self) -> str:
        """The spectral radius of F V^-1."""
        found = births(self.program)
        if found is None:
            return self.lines.number(0.0)
        bringing: list[Row] = []
        for destination in found.born:
            by_head: Row = [None] * len(found.inside)
            for move in found.moves:
                if move.destination == destination:
                    for head in move.heads:
                        if head in found.inside:
                            at = found.inside.index(head)
                            by_head[at] = self.plus(by_head[at], self.value(move.hazard))
            bringing.append(by_head)
        over_life, singular = self.solve(self.system(found.inside, None), bringing)
        starts = [found.inside.index(start) for start in found.born]
        return self.unless(singular, self.radius([[row[start] for start in starts] for row in over_life]))

    def still(self, inside: Sequence[int], time: str) -> str:
        """W exp(T time) 1."""
        entering, nobody = self.entrants(inside)
        size = len(inside)
        lines = self.lines
        for row, entries in enumerate(self.between(inside)):
            for column, entry in enumerate(entries):
                lines.store(entry or lines.number(0.0), lines.place(self.scratch, (row * size + column) * lines.lanes))
        lines.line(f"call void @staying{size}(ptr {self.scratch}, {lines.vector} {time})")
        staying: Row = [lines.load(lines.place(self.scratch, row * lines.lanes)) for row in range(size)]
        return self.unless(nobody, self.dot(entering, staying))

    # Rates

    def per_head(self, number: int, move: Move) -> str:
        """The hazard of a move for one individual of its source; a rate given in total falls on all alike."""
        if move.hazard >= 0 and not move.by:
            return self.value(move.hazard)
        if number not in self.per_heads:
            heads = self.state(move.source)
            none = self.lines.compare("oeq", heads, self.lines.number(0.0))
            shared = self.lines.divide(self.value(move.rate), heads)
            self.per_heads[number] = self.lines.choose(none, self.lines.number(0.0), shared)
        return self.per_heads[number]

    def between(self, inside: Sequence[int]) -> list[Row]:
        """T: the rate per head from each state to each other, and on the diagonal what leaves it."""
        place = {state: index for index, state in enumerate(inside)}
        matrix: list[Row] = [[None] * len(inside) for _ in inside]
        for number, move in enumerate(self.program.moves):
            row = place.get(move.source)
            if row is None:
                continue
            rate = self.per_head(number, move)
            matrix[row][row] = self.minus(matrix[row][row], rate)
            column = place.get(move.destination)
            if column is not None:
                matrix[row][column] = self.plus(matrix[row][column], rate)
        return matrix

    def system(self, inside: Sequence[int], discount: Entry) -> list[Row]:
        """The matrix discount I - T."""
        matrix: list[Row] = [[None if entry is None else self.lines.negate(entry) for entry in row] for row in self.between(inside)]
        for index, row in enumerate(matrix):
            row[index] = self.plus(row[index], discount)
        return matrix

    def entrants(self, inside: Sequence[int]) -> tuple[Row, str]:
        """Where those who enter arrive, as shares; and whether nobody enters."""
        arriving: Row = [None] * len(inside)
        for move in self.program.moves:
            if move.destination in inside and move.source not in inside:
                at = inside.index(move.destination)
                arriving[at] = self.plus(arriving[at], self.value(move.rate))
        total: Entry = None
        for entry in arriving:
            total = self.plus(total, entry)
        if total is None:
            return arriving, self.lines.compare("oeq", self.lines.number(0.0), self.lines.number(0.0))
        share = self.lines.divide(self.lines.number(1.0), total)
        nobody = self.lines.compare("ule", total, self.lines.number(0.0))
        return [self.times(entry, share) for entry in arriving], nobody

    # Linear algebra over entries of which most are 0

    def solve(self, matrix: list[Row], rights: Sequence[Row]) -> tuple[list[Row], str]:
        """Solve an M-matrix for some right sides by elimination; and whether it is singular."""
        lines, size = self.lines, len(matrix)
        rows = [[*row, *(right[index] for right in rights)] for index, row in enumerate(matrix)]
        singular = lines.compare("one", lines.number(0.0), lines.number(0.0))
        inverses: list[str] = []
        for pivot in range(size):
            lead = rows[pivot]
            first, last = matrix[pivot][pivot] or lines.number(0.0), lead[pivot] or lines.number(0.0)
            smallest = lines.multiply(lines.absolute(first), lines.number(TINY))
            singular = self.either(singular, lines.compare("ule", last, smallest))
            inverses.append(lines.divide(lines.number(1.0), last))
            for row in rows[pivot + 1 :]:
                if row[pivot] is not None:
                    factor = self.times(row[pivot], inverses[pivot])
                    for column in range(pivot + 1, len(row)):
                        row[column] = self.minus(row[column], self.times(factor, lead[column]))
        solutions: list[Row] = []
        for number in range(len(rights)):
            solution: Row = [None] * size
            for index in reversed(range(size)):
                rest = rows[index][size + number]
                for column in range(index + 1, size):
                    rest = self.minus(rest, self.times(rows[index][column], solution[column]))
                solution[index] = self.times(rest, inverses[index])
            solutions.append(solution)
        return solutions, singular

    def radius(self, matrix: list[Row]) -> str:
        """The largest eigenvalue of a matrix without negative entries."""
        lines = self.lines
        full = [[entry or lines.number(0.0) for entry in row] for row in matrix]
        if len(full) == 1:
            return full[0][0]
        if len(full) == 2:
            (a, b), (c, d) = full
            apart = lines.subtract(a, d)
            under = lines.add(lines.multiply(apart, apart), lines.multiply(lines.multiply(lines.number(4.0), b), c))
            return lines.multiply(lines.number(0.5), lines.add(lines.add(a, d), lines.sqrt(under)))
        size = len(full)
        for row, entries in enumerate(full):
            for column, entry in enumerate(entries):
                lines.store(entry, lines.place(self.scratch, (row * size + column) * lines.lanes))
        return lines.value(f"call {lines.vector} @radius{size}(ptr {self.scratch})")

    def dot(self, left: Row, right: Row) -> str:
        total: Entry = None
        for a, b in zip(left, right, strict=True):
            total = self.plus(total, self.times(a, b))
        return total or self.lines.number(0.0)

    def plus(self, a: Entry, b: Entry) -> Entry:
        return b if a is None else a if b is None else self.lines.add(a, b)

    def minus(self, a: Entry, b: Entry) -> Entry:
        return a if b is None else self.lines.negate(b) if a is None else self.lines.subtract(a, b)

    def times(self, a: Entry, b: Entry) -> Entry:
        return None if a is None or b is None else self.lines.multiply(a, b)

    def either(self, one: str, other: str) -> str:
        return self.lines.value(f"or {self.lines.truths} {one}, {other}")

    def unless(self, undefined: str, value: str) -> str:
        return self.lines.choose(undefined, self.undefined, value)
