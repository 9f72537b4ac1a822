"""Where axes begin and end, and where they are labelled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import capital
from flywheel_sim.charts.chart import Axis
from flywheel_sim.charts.text import tick_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flywheel_sim.analysis.words import Format

__all__ = ["nice_ticks", "time_axis", "value_axis"]

HEADROOM = 0.06  # of the range, above the highest and below the lowest value
# Months to a tick, for horizons up to so many months; longer ones are labelled at whole years.
MONTHS = ((8, 1), (12, 3), (24, 6))
YEARS = (12, 24, 36, 60, 120, 240)


def value_axis(label: str, values: Iterable[float], style: Format, most: int) -> Axis:
    """An axis that shows zero and every defined value.

    Args:
        label: what it measures, with its unit.
        values: that it must show.
        style: how they are written.
        most: steps between ticks.
    """
    finite = [value for value in values if math.isfinite(value)]
    lowest, highest = min(finite, default=0.0), max(finite, default=0.0)
    low, high = min(0.0, lowest), max(0.0, highest)
    if high - low <= 0:  # nothing to show, or nothing but zero
        ticks: tuple[float, ...] = (0.0,) if finite else ()
        return Axis(label, 0.0, 1.0, ticks, tick_labels(ticks, style))
    room = HEADROOM * (high - low)
    low, high = low - room if low < 0 else 0.0, high + room if high > 0 else 0.0
    ticks = nice_ticks(low, high, most)
    return Axis(label, low, high, ticks, tick_labels(ticks, style))


def time_axis(horizon: float, time_unit: str, most: int) -> Axis:
    """Time from the start, labelled at whole years where it runs for some.

    Args:
        horizon: in the time unit.
        time_unit: the model's.
        most: steps between ticks.
    """
    label = f"{capital(time_unit)}s from the start"
    if time_unit == "month" and horizon >= 1:
        short = (step for longest, step in MONTHS if horizon <= longest)
        long = (step for step in YEARS if horizon <= most * step)
        step = next(short, None) or next(long, YEARS[-1])
        ticks = tuple(float(tick) for tick in range(0, math.floor(horizon) + 1, step))
    else:
        ticks = nice_ticks(0.0, horizon, most)
    return Axis(label, 0.0, float(horizon), ticks, tuple(f"{tick:g}" for tick in ticks))


def nice_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten between two numbers, at most so many steps of them."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(count * step for count in range(first, last + 1))
