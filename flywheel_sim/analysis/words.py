"""Numbers and names as sentences need them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.result import Series

__all__ = [
    "Format",
    "amount",
    "called",
    "capital",
    "countable",
    "duration",
    "format_of",
    "likelihood",
    "moment",
    "name_in_words",
    "number",
    "of_futures",
    "percent",
    "with_unit",
]

UNDEFINED = "–"
COUNTED = 100  # futures below which they are counted, and not given in percent
ARTICLE = {"funnel", "flywheel"}


def name_in_words(name: str) -> str:
    """``new_customers`` as people say it."""
    return name.replace("_", " ")


def amount(value: float, currency: str) -> str:
    """Money, in thousands or millions as its size asks for."""
    if not math.isfinite(value):
        return "–"
    sign, size = ("-" if value < 0 else ""), abs(value)
    currency += " " if currency[-1:].isalpha() else ""  # CHF 40k, but $40k
    for limit, divisor, suffix in ((999_500_000, 1e9, "bn"), (999_500, 1e6, "M"), (9_995, 1e3, "k")):
        if size >= limit:
            digits = 0 if size / divisor >= 99.95 else 1
            return f"{sign}{currency}{size / divisor:,.{digits}f}{suffix}"
    return f"{sign}{currency}{size:,.0f}"


def percent(share: float) -> str:
    """A share in percent, to the whole percent from 10 on."""
    return f"{100 * share:.{0 if abs(share) >= 0.0995 else 1}f} %"


def likelihood(share: float, draws: int) -> str:
    """A share of so many futures in percent: no finer than they can tell, and never rounded to none, half or all of them."""
    size, fine = 100 * share, draws >= 1000
    least = 0.1 if fine else 1.0
    if 0 < size < least or 100 - least < size < 100:
        return f"under {least:g} %" if size < least else f"over {100 - least:g} %"
    if fine and size != 50 and f"{size:.1f}" == "50.0":
        return f"just {'over' if size > 50 else 'under'} 50 %"
    odd = 0 < size < 1 or 99 < size < 100 or (size != 50 and f"{size:.0f}" == "50")
    return f"{size:.{1 if fine and odd else 0}f} %"


def of_futures(share: float, draws: int) -> str:
    """``83 % of 1,000 futures``, ``all 1,000 futures``, ``12 of 20 futures``."""
    if share >= 1:
        return "the one future" if draws == 1 else f"all {draws:,} futures"
    if share <= 0:
        return f"none of {draws:,} futures"
    return f"{round(share * draws)} of {draws} futures" if draws < COUNTED else f"{likelihood(share, draws)} of {draws:,} futures"


def with_unit(value: float, unit: str, currency: str) -> str:
    """A number with its unit: ``5 months``, ``0.02/month``, ``$9.0k/month``."""
    if unit.startswith("$"):
        return amount(value, currency) + unit.removeprefix("$")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if unit == "1":
        return text
    word, slash, rest = unit.partition("/")
    if word == "1":
        return f"{text}/{rest}"
    return f"{text} {word if value == 1 else word + 's'}{slash}{rest}"


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


def capital(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]


def called(name: str) -> str:
    """A strategy within a sentence: the flywheel, but plan B."""
    return f"the {name}" if name in ARTICLE else name


def moment(time: float, time_unit: str) -> str:
    """``month 17`` for 16.3, as people count."""
    return f"{time_unit} {math.ceil(time - 1e-9)}"


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


def format_of(series: Series, currency: str) -> Format:
    """How the values of a series are written."""
    if series.percent:
        return Format("percent", currency)
    if series.unit.startswith("$"):
        return Format("money", currency)
    return Format("number", currency, f"{series.unit}s" if series.unit in {"day", "month", "year"} else "")


def countable(series: Series) -> bool:
    """Whether one can have more of it: ``20 % more customers``, but no ``20 % more annual churn``."""
    head = re.split(r"[/*]", series.unit)[0]
    return head not in {"1", "$", "day", "month", "year"} and "/account" not in series.unit and series.name.endswith("s")
