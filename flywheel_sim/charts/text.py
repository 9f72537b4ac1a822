"""Names, units and the labels of ticks as a chart says them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import capital, name_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.analysis.words import Format
    from flywheel_sim.result import Series

__all__ = ["clean", "measured", "shortened", "tick_labels", "unit_in_words"]

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


def tick_labels(ticks: Sequence[float], style: Format) -> tuple[str, ...]:
    """The labels of an axis, all at one scale and with the same digits."""
    if style.kind == "percent":
        digits = decimals([100 * tick for tick in ticks])
        return tuple(f"{100 * tick:.{digits}f} %" for tick in ticks)
    largest = max(map(abs, ticks), default=0.0)
    scales = ((1e9, "bn"), (1e6, "M"), (1e3, "k") if style.kind == "money" else (1.0, ""), (1.0, ""))
    divisor, suffix = next(((size, word) for size, word in scales if largest >= (10 * size if size == 1e3 else size)), (1.0, ""))
    currency = style.currency if style.kind == "money" else ""
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
