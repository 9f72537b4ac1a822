"""Draws that all contestants share, what the declared model says of a few of them, and how far an answer may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim import simulate

from .model import DT, UNTIL, Wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.program import Lowered

__all__ = ["PARAMETERS", "STOCKS", "Array", "declared", "draw", "error", "lowered"]

Array = np.ndarray[Any, np.dtype[np.float64]]


def lowered() -> Lowered:
    """The model as numbered slots."""
    from flywheel_sim.study.simulate import lowered_model

    return lowered_model(Wheel)


PARAMETERS = tuple(name for name, _ in lowered().layout.parameters)
STOCKS = tuple(lowered().layout.states)


def draw(count: int, seed: int = 0) -> Array:
    """Parameters of shape (42, count), each uniform over the range in which it is plausible.

    The time of the one jump is rounded to a step, as draws that share a grid have it.
    """
    declared = lowered().declaration.parameters
    low, high = np.array([declared[name].between[None] for name in PARAMETERS]).T[:, :, None]
    values: Array = np.random.default_rng(seed).uniform(low, high, (len(PARAMETERS), count))
    switch = PARAMETERS.index("switch")
    values[switch] = np.round(values[switch] / DT) * DT
    return values


def declared(parameters: Array, draws: Sequence[int], method: str = "rk4") -> tuple[Array, Array]:
    """Some draws by the engine that steps one at a time, in plain Python.

    Returns:
        The stocks at the end and the peak of each, both of shape (14, draws).
    """
    ends, peaks = [], []
    for one in draws:
        values = dict(zip(PARAMETERS, parameters[:, one].tolist(), strict=True))
        run = simulate(Wheel, values=values, dt=DT, method=method, until=UNTIL)["run"]
        series = np.array([run[stock] for stock in STOCKS])
        ends.append(series[:, -1])
        peaks.append(np.abs(series).max(axis=1))
    return np.array(ends).T, np.array(peaks).T


def error(answer: Array, right: Array, peaks: Array) -> float:
    """How far an answer is off, relative to the peak of each stock in each draw; infinite where it is no number."""
    off = np.abs(answer - right) / peaks
    return float(off.max()) if np.isfinite(off).all() else float("inf")
