"""Explicit Runge-Kutta methods, as tables of numbers.

A method with s stages takes slopes k_i = f(t + c_i h, y + h Σ_j a_ij k_j) and steps to y + h Σ_i b_i k_i.
"""

from __future__ import annotations

from flywheel_sim.records import Record

__all__ = ["EULER", "METHODS", "RK4", "Tableau"]


class Tableau(Record):
    """The numbers of a method.

    Attributes:
        name: as users write it.
        order: how the error falls with the step.
        nodes: c, one for each stage.
        rows: a, one row for each stage.
        weights: b.
    """

    name: str
    order: int
    nodes: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


EULER = Tableau("euler", 1, (0.0,), ((),), (1.0,))
RK4 = Tableau("rk4", 4, (0.0, 1 / 2, 1 / 2, 1.0), ((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6))
METHODS = {method.name: method for method in (EULER, RK4)}
