"""Names, numbers and units as a chart says them."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import amount, months, name_in_words
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.result import Series

__all__ = [
    "UNDEFINED",
    "Format",
    "capital",
    "clean",
    "countable",
    "duration",
    "format_of",
    "measured",
    "moment",
    "shortened",
    "unit_in_words",
]

UNDEFINED = "–"
LONGEST_NAME = 40


def clean(text: str) -> str:
    """Text on one line, without characters that act instead of being seen."""
    return " ".join("".join(" " if character.isspace() else character for character in text if seen(character)).split())


def seen(character: str) -> bool:
    return character.isprintable() or character.isspace()


def shortened(text: str, most: int = LONGEST_NAME) -> str:
    """Clean text of at most so many characters."""
    text = clean(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def capital(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]


def moment(time: float, time_unit: str) -> str:
    """``month 17`` for 16.3, as people count."""
    return months(time).replace("month", time_unit)


def duration(time: float, time_unit: str) -> str:
    """``60 months``."""
    return f"{time:g} {time_unit}{'' if time == 1 else 's'}"


class Format(Record):
    """How the values of a series are written.

    Attributes:
        kind: ``money``, ``percent`` or ``number``.
        currency: how money is written.
        unit: the word that follows a value in a sentence, such as ``days``.
    """

    kind: str
    currency: str
    unit: str = ""

    def value(self, value: float) -> str:
        """One value, for a label."""
        if not math.isfinite(value):
            return UNDEFINED
        if self.kind == "money":
            return amount(value, self.currency)
        if self.kind == "percent":
            return "0 %" if value == 0 else f"{100 * value:.{0 if abs(value) >= 0.9995 else 1}f} %"
        return number(value)

    def in_sentence(self, value: float) -> str:
        """One value with the unit that a sentence must not leave out."""
        return f"{self.value(value)} {self.unit}".rstrip()

    def ticks(self, ticks: Sequence[float]) -> tuple[str, ...]:
        """The labels of an axis, all at one scale and with the same digits."""
        if self.kind == "percent":
            digits = decimals([100 * tick for tick in ticks])
            return tuple(f"{100 * tick:.{digits}f} %" for tick in ticks)
        largest = max(map(abs, ticks), default=0.0)
        scales = ((1e9, "bn"), (1e6, "M"), (1e3, "k") if self.kind == "money" else (1.0, ""), (1.0, ""))
        divisor, suffix = next(((size, word) for size, word in scales if largest >= (10 * size if size == 1e3 else size)), (1.0, ""))
        currency = self.currency if self.kind == "money" else ""
        digits = decimals([tick / divisor for tick in ticks])
        labels = []
        for tick in ticks:
            size = f"{abs(tick) / divisor:,.{digits}f}" if tick else "0"
            labels.append(f"{'-' if tick < 0 else ''}{currency}{size}{suffix if tick else ''}")
        return tuple(labels)


def decimals(ticks: Sequence[float]) -> int:
    """How many decimals tell neighbouring ticks apart."""
    step = min((high - low for low, high in pairwise(ticks)), default=1.0)
    return max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0


def number(value: float) -> str:
    """A number to three digits, whole from a hundred on."""
    size = abs(value)
    for limit, divisor, suffix in ((999_500_000, 1e9, "bn"), (999_500, 1e6, "M")):
        if size >= limit:
            scaled = size / divisor
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{'-' if value < 0 else ''}{scaled:,.{digits}f}{suffix}"
    if size >= 99.5:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.95 else f"{value:.2f}" if size >= 0.095 else f"{value:.2g}"


def format_of(series: Series, currency: str) -> Format:
    """How the values of a series are written."""
    if series.percent:
        return Format("percent", currency)
    if series.unit.startswith("$"):
        return Format("money", currency)
    return Format("number", currency, f"{series.unit}s" if series.unit in {"day", "month", "year"} else "")


def unit_in_words(series: Series, currency: str) -> str:
    """``accounts per month``; empty where the ticks or the name say it already."""
    if series.percent or series.unit in {"1", "$"}:
        return ""
    head, *below = series.unit.split("/")
    first = currency if head == "$" else "" if head == "1" else f"{head}s"
    words = " ".join(filter(None, (first, *(f"per {word}" for word in below))))
    return "" if words == name_in_words(series.name) else words


def measured(series: Series, currency: str) -> str:
    """What an axis measures, with its unit: ``New customers (accounts per month)``."""
    unit = unit_in_words(series, currency)
    name = capital(name_in_words(series.name))
    return f"{name} ({unit})" if unit else name


def countable(series: Series) -> bool:
    """Whether one can have more of it: ``20 % more customers``, but no ``20 % more annual churn``."""
    head = re.split(r"[/*]", series.unit)[0]
    return head not in {"1", "$", "day", "month", "year"} and "/account" not in series.unit and series.name.endswith("s")
