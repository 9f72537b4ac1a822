"""The journey of single individuals through the stocks, all hazards as they are at one moment.

With T the matrix of rates between some states (T_ij from i to j, the diagonal what leaves i in all), the
expected time in each state, how many survive and how long a passage takes are solutions of small linear
systems. -T is an M-matrix: it can be eliminated without looking for pivots, and a pivot of 0 means that there
is no way out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flywheel_sim.program.births import births

if TYPE_CHECKING:
    from flywheel_sim.program import Program

__all__ = ["gain", "lifetime", "passage", "survival"]

Row = Sequence[float]
Matrix = list[list[float]]


def lifetime(program: Program, states: Row, values: Row, inside: Sequence[int], discount: float) -> float:
    """The expected discounted time in ``inside`` of those who enter now: w (discount I - T)^-1 1.

    Args:
        program: the moves.
        states: every state now.
        values: every value now.
        inside: the states that count.
        discount: what later time loses, a unit of time.

    Returns:
        In units of time; NaN where nobody enters or nobody ever leaves.
    """
    entering = entrants(program, values, inside)
    if entering is None:
        return math.nan
    staying = solve(discounted(between(program, states, values, inside), discount), [1.0] * len(inside))
    return math.nan if staying is None else dot(entering, staying)


def survival(program: Program, states: Row, values: Row, inside: Sequence[int], time: float) -> float:
    """The share of those who enter ``inside`` now who are in it after ``time``: w exp(T time) 1."""
    entering = entrants(program, values, inside)
    if entering is None:
        return math.nan
    staying = exponential(between(program, states, values, inside), time)
    return dot(entering, [sum(row) for row in staying])


def passage(program: Program, states: Row, values: Row, inside: Sequence[int], flows: frozenset[int]) -> float:
    """The mean time in ``inside`` of those who enter now and leave by one of ``flows``: w T^-2 r / -w T^-1 r."""
    entering = entrants(program, values, inside)
    if entering is None:
        return math.nan
    leaving = [0.0] * len(inside)
    for move in program.moves:
        if move.flow in flows and move.source in inside:
            leaving[inside.index(move.source)] += per_head(move.hazard, move.rate, move.by, states[move.source], values)
    system = discounted(between(program, states, values, inside), 0.0)
    chance = solve(system, leaving)
    if chance is None:
        return math.nan
    time = solve(system, chance)
    share = dot(entering, chance)
    return math.nan if time is None or share == 0 else dot(entering, time) / share


def gain(program: Program, states: Row, values: Row) -> float:
    """The loop gain K: the spectral radius of F V^-1.

    Only states in which births land can be multiplied, so K is the spectral radius of the small matrix of how
    many births into each of them one individual starting in another brings over its life.

    Returns:
        0 where there are no births, NaN where there is no way out for those who are born.
    """
    found = births(program)
    if found is None:
        return 0.0
    inside = found.inside
    system = discounted(between(program, states, values, inside), 0.0)
    brought: Matrix = []
    for destination in found.born:
        by_head = [0.0] * len(inside)
        for move in found.moves:
            if move.destination == destination:
                for head in move.heads:
                    if head in inside:
                        by_head[inside.index(head)] += values[move.hazard]
        over_life = solve(system, by_head)
        if over_life is None:
            return math.nan
        brought.append([over_life[inside.index(start)] for start in found.born])
    return spectral_radius(brought)


# The matrices


def between(program: Program, states: Row, values: Row, inside: Sequence[int]) -> Matrix:
    """T: the rate per head from each state of ``inside`` to each other, and out of it."""
    place = {state: index for index, state in enumerate(inside)}
    matrix = [[0.0] * len(inside) for _ in inside]
    for move in program.moves:
        row = place.get(move.source)
        if row is None:
            continue
        rate = per_head(move.hazard, move.rate, move.by, states[move.source], values)
        matrix[row][row] -= rate
        column = place.get(move.destination)
        if column is not None:
            matrix[row][column] += rate
    return matrix


def per_head(hazard: int, rate: int, by: bool, heads: float, values: Row) -> float:
    """The hazard of a move for one individual of its source; a rate given in total falls on all alike."""
    if hazard >= 0 and not by:
        return values[hazard]
    return values[rate] / heads if heads else 0.0


def entrants(program: Program, values: Row, inside: Sequence[int]) -> list[float] | None:
    """Where those who enter ``inside`` now arrive, as shares; None where nobody enters."""
    arriving = [0.0] * len(inside)
    for move in program.moves:
        if move.destination in inside and move.source not in inside:
            arriving[inside.index(move.destination)] += values[move.rate]
    total = sum(arriving)
    return [share / total for share in arriving] if total > 0 else None


# Small linear algebra. These systems have a handful of rows; importing NumPy would cost more than a whole run.


def discounted(matrix: Matrix, discount: float) -> Matrix:
    """The matrix discount I - T."""
    return [[(discount if i == j else 0.0) - value for j, value in enumerate(row)] for i, row in enumerate(matrix)]


def solve(matrix: Matrix, right: Row) -> list[float] | None:
    """Solve an M-matrix by elimination; None where it is singular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for pivot in range(size):
        lead = rows[pivot]
        scale = abs(matrix[pivot][pivot])
        if lead[pivot] <= 1e-14 * scale or lead[pivot] == 0:
            return None
        for row in rows[pivot + 1 :]:
            if row[pivot]:
                factor = row[pivot] / lead[pivot]
                for column in range(pivot, size + 1):
                    row[column] -= factor * lead[column]
    solution = [0.0] * size
    for index in reversed(range(size)):
        row = rows[index]
        known = sum(row[column] * solution[column] for column in range(index + 1, size))
        solution[index] = (row[size] - known) / row[index]
    return solution


def exponential(matrix: Matrix, time: float) -> Matrix:
    """exp(T time), by squaring that of a short time, in which nothing but additions of what is positive happens.

    Over a short time t the chain that jumps at one common rate q has made n jumps with a Poisson chance:
    exp(T t) = Σ_n e^-qt (qt)^n / n! (I + T/q)^n.
    """
    size = len(matrix)
    identity = [[float(i == j) for j in range(size)] for i in range(size)]
    q = max(-matrix[i][i] for i in range(size))
    if q * time == 0:
        return identity
    squarings = max(0, math.ceil(math.log2(q * time)))
    short = q * time / 2**squarings
    jump = [[one + value / q for one, value in zip(*rows, strict=True)] for rows in zip(identity, matrix, strict=True)]
    total = [[0.0] * size for _ in range(size)]
    term, weight, jumps = identity, math.exp(-short), 0
    while weight > 1e-18:
        total = [[a + weight * b for a, b in zip(*rows, strict=True)] for rows in zip(total, term, strict=True)]
        term = multiply(term, jump)
        jumps += 1
        weight *= short / jumps
    for _ in range(squarings):
        total = multiply(total, total)
    return total


def multiply(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left]


def spectral_radius(matrix: Matrix) -> float:
    """The largest eigenvalue of a matrix without negative entries."""
    if len(matrix) == 1:
        return matrix[0][0]
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        return (a + d + math.sqrt((a - d) ** 2 + 4 * b * c)) / 2
    import numpy as np

    return float(max(abs(np.linalg.eigvals(np.array(matrix)))))


def dot(left: Row, right: Row) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
