"""Numbers and names as sentences need them."""

from __future__ import annotations

import math

__all__ = ["amount", "months", "name_in_words", "percent", "plain_number", "with_unit"]


def name_in_words(name: str) -> str:
    """``new_customers`` as people say it."""
    return name.replace("_", " ")


def amount(value: float, currency: str) -> str:
    """Money, in thousands or millions as its size asks for."""
    if not math.isfinite(value):
        return "–"
    sign, size = ("-" if value < 0 else ""), abs(value)
    for limit, divisor, suffix in ((999_500_000, 1e9, "bn"), (999_500, 1e6, "M"), (9_995, 1e3, "k")):
        if size >= limit:
            digits = 0 if size / divisor >= 99.95 else 1
            return f"{sign}{currency}{size / divisor:,.{digits}f}{suffix}"
    return f"{sign}{currency}{size:,.0f}"


def percent(share: float) -> str:
    """A share in percent, to the whole percent from 10 on."""
    return f"{100 * share:.{0 if abs(share) >= 0.0995 else 1}f} %"


def with_unit(value: float, unit: str, currency: str) -> str:
    """A number with its unit: ``5 months``, ``0.02/month``, ``$9.0k/month``."""
    if unit.startswith("$"):
        return amount(value, currency) + unit.removeprefix("$")
    number = f"{value:.3g}"
    if unit == "1":
        return number
    word, slash, rest = unit.partition("/")
    if word == "1":
        return f"{number}/{rest}"
    return f"{number} {word if value == 1 else word + 's'}{slash}{rest}"


def plain_number(value: float) -> str:
    size = abs(value)
    if size >= 99.5:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.95 else f"{value:.2f}"


def months(value: float) -> str:
    """A month as people count: 16.3 is in month 17."""
    return f"month {math.ceil(value - 1e-9)}"
