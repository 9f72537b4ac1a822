"""How the outcome that a chart of reasons is about is called and written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import capital, countable, format_of, name_in_words
from flywheel_sim.charts.text import clean
from flywheel_sim.result import Series

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Outcome", "finite"]


class Outcome:
    """A series, read in one month of one strategy, or the difference of two.

    Args:
        name: of the series.
        series: what is known of it; its values are plain numbers where nothing is.
        currency: how money is written.
    """

    def __init__(self, name: str, series: Series | None, currency: str) -> None:
        plural = name.endswith("s") and not name.endswith("ss")
        self.series = series or Series(name, (None,), "metric", "account" if plural else "1")
        self.words = name_in_words(clean(name))
        self.style = format_of(self.series, clean(currency))
        self.countable = countable(self.series)
        self.lower = self.series.better == "lower"

    def value(self, value: float) -> str:
        """One value, for a label."""
        return self.style.value(value)

    def between(self, low: float, high: float) -> str:
        """``38 to 110``, one number where both read alike."""
        one, other = self.alike((low, high))
        return one if one == other else f"{one} to {other}"

    def alike(self, values: Iterable[float]) -> list[str]:
        """Values written with the same number of decimals, as many as the largest needs."""
        values = list(values)
        largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
        if self.style.kind != "number" or not 0.0995 <= largest < 999_500:
            return [self.value(value) for value in values]
        digits = 0 if largest >= 99.95 else 1 if largest >= 9.995 else 2
        # No -0.0: what rounds to nothing has no sign.
        return [f"{round(value, digits) + 0.0:,.{digits}f}" if math.isfinite(value) else self.value(value) for value in values]

    def measured(self, when: str) -> str:
        """What an axis measures: ``Customers in month 60``."""
        return f"{capital(self.words)} {when}"


def finite(values: Iterable[float]) -> list[float]:
    """Those that are defined."""
    return [value for value in values if math.isfinite(value)]
