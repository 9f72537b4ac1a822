"""Steps chosen by error, by SciPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flywheel_sim.emit import Rates

__all__ = ["advance_adaptively"]

RELATIVE = 1e-11
ABSOLUTE = 1e-9


def advance_adaptively(rates: Rates, point: tuple[float, ...], states: int, start: float, end: float) -> tuple[float, ...]:
    """From ``start`` to ``end`` by an explicit Runge-Kutta pair of order 8 (DOP853).

    Args:
        rates: the derivative of states and integrals.
        point: the states, then the integrals, at ``start``.
        states: how many of them are states.
        start: a time.
        end: a later time, with no change of schedule between.

    Raises:
        ArithmeticError: if the solver gives up.
    """
    from scipy.integrate import solve_ivp

    def slope(time: float, values: Any) -> tuple[float, ...]:
        return rates(time, time, values.tolist()[:states])

    solved = solve_ivp(slope, (start, end), point, method="DOP853", rtol=RELATIVE, atol=ABSOLUTE)
    if not solved.success:
        raise ArithmeticError(solved.message)
    return tuple(solved.y[:, -1].tolist())
