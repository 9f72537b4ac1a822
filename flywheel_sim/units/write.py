"""Numbers and quantities for people to read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.units.unit import ONE, TIME_WORDS, in_months, parse_unit

if TYPE_CHECKING:
    from flywheel_sim.units.unit import Unit

__all__ = ["example", "write_number", "write_quantity", "write_unit"]

PLURALS = {"person": "people"}


def write_number(value: float, digits: int = 6) -> str:
    """A number as a person would write it: no needless zeros, thousands parted, so many digits unless it is whole."""
    if not math.isfinite(value) or abs(value) >= 1e15:
        return f"{value:.{digits}g}"
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < 1000:
        return f"{value:.{digits}g}"
    decimals = max(0, digits - len(str(int(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def write_unit(unit: Unit, currency: str = "$") -> str:
    """A unit in the plural: ``accounts/month``."""
    head, slash, rest = str(unit).partition("/")
    if head.islower() and not head.endswith("s"):
        head = PLURALS.get(head, f"{head}s")
    return (head + slash + rest).replace("$", currency)


def write_quantity(number: float, unit: Unit, currency: str = "$", digits: int = 6) -> str:
    """A number with its unit: ``$2,083.33/account/month``, ``0.02/month``, ``12 accounts``, ``12``."""
    sign, text = "-" if number < 0 else "", write_number(abs(number), digits)
    if unit == ONE:
        return sign + text
    rest = str(unit) if abs(number) == 1 else write_unit(unit)
    if rest.startswith("$"):
        return f"{sign}{beside(currency)}{text}{rest[1:]}"
    return f"{sign}{text}{rest[1:]}" if rest.startswith("1/") else f"{sign}{text} {rest}"


def beside(currency: str) -> str:
    """A currency as it stands before a number: ``$`` directly, ``kr`` with a space."""
    return currency + (" " if currency[-1:].isalpha() else "")


def example(unit: Unit, counts: frozenset[str] = frozenset(), currency: str = "$") -> str:
    """A quantity in this unit, as somebody might write it: without what may be left unsaid, and money by the year."""
    plain = in_months(unit)[1]
    if unit == ONE:
        return '0.2 or "20 %"'
    if plain == parse_unit("month"):
        return '"3 months"'
    above = [word for word, power in unit.powers if power > 0]
    below = "".join(f"/{word}" for word in sorted(unit.words - {*above, *counts}, key=lambda word: (word in TIME_WORDS, word)))
    if plain == ONE / parse_unit("month"):
        return f'"12 %/year" or "0.02{below}"'
    if above == ["$"]:
        return f'"{beside(currency)}25,000{below.replace("/month", "/year")}"'
    things = f" {PLURALS.get(above[0], above[0] + 's')}" if above else ""
    return f'"10{things}{below}"'
