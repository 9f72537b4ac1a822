"""Units: products of free words with powers.

``$/account/month`` is ``$`` to the 1, ``account`` and ``month`` to the -1. ``1`` is dimensionless and ``a/b/c``
reads left to right. No word has a meaning here except the words for time, which are multiples of each other.

A year is 12 months and 365.25 days.
"""

from __future__ import annotations

import re
from functools import lru_cache

from flywheel_sim.errors import UnitError
from flywheel_sim.records import Record

__all__ = ["ONE", "TIME_WORDS", "Unit", "conversion", "in_months", "parse_unit"]

MONTH_DAYS = 365.25 / 12
# Each word for time, in months.
TIME_WORDS = {"day": 1 / MONTH_DAYS, "week": 7 / MONTH_DAYS, "month": 1.0, "quarter": 3.0, "year": 12.0}


class Unit(Record):
    """A product of words with powers, the words in alphabetical order and no power 0. Equal products are equal."""

    powers: tuple[tuple[str, float], ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unit) and self.powers == other.powers

    def __hash__(self) -> int:
        return hash(self.powers)

    def __mul__(self, other: Unit) -> Unit:
        return product(self, other, 1.0)

    def __truediv__(self, other: Unit) -> Unit:
        return product(self, other, -1.0)

    def __pow__(self, power: float) -> Unit:
        return Unit(tuple((word, exponent * power) for word, exponent in self.powers if power))

    def __str__(self) -> str:
        """The unit as a model's author would write it, time last."""
        ordered = sorted(self.powers, key=lambda item: (item[0] in TIME_WORDS, item[0]))
        above = [power_text(word, power) for word, power in ordered if power > 0]
        below = [power_text(word, -power) for word, power in ordered if power < 0]
        return "/".join(["*".join(above) or "1", *below])

    @property
    def words(self) -> frozenset[str]:
        """The words this unit is made of."""
        return frozenset(word for word, _ in self.powers)

    def without(self, words: frozenset[str]) -> Unit:
        """This unit with some words left unsaid."""
        return Unit(tuple(item for item in self.powers if item[0] not in words))


ONE = Unit()


def power_text(word: str, power: float) -> str:
    return word if power == 1 else f"{word}^{power:g}"


@lru_cache(maxsize=4096)
def product(left: Unit, right: Unit, sign: float) -> Unit:
    powers = dict(left.powers)
    for word, power in right.powers:
        powers[word] = powers.get(word, 0.0) + sign * power
    return Unit(tuple(sorted((word, power) for word, power in powers.items() if power)))


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Read a unit: words and ``1`` joined by ``*`` and ``/``, each with an optional ``^power``.

    Raises:
        UnitError: if the text is anything else.
    """
    unit, sign = ONE, 1.0
    for mark, factor in re.findall(r"([*/]?)\s*([^*/]*)", text.strip()):
        if not mark and not factor:
            continue
        word, caret, power = factor.strip().partition("^")
        if not word or any(character.isspace() or character in "()[]{},;" for character in word):
            raise UnitError(f"{text!r} is not a unit", fix='write words joined by * and /, such as "$/account/month", or "1"')
        sign = -1.0 if mark == "/" else 1.0
        try:
            exponent = sign * (float(power) if caret else 1.0)
        except ValueError:
            raise UnitError(f"{text!r} is not a unit: {power!r} is no power") from None
        if word != "1":
            unit = product(unit, Unit(((word, exponent),)), 1.0)
    if not text.strip():
        raise UnitError("a unit is missing", fix='write "1" for a number without a unit')
    return unit


def conversion(source: Unit, target: Unit) -> float | None:
    """How many of ``target`` one ``source`` is, or None where one cannot become the other."""
    (scale, left), (other_scale, right) = in_months(source), in_months(target)
    return scale / other_scale if left == right else None


@lru_cache(maxsize=1024)
def in_months(unit: Unit) -> tuple[float, Unit]:
    """The unit with every word for time replaced by months, and the factor that costs."""
    scale, plain = 1.0, ONE
    for word, power in unit.powers:
        scale *= TIME_WORDS.get(word, 1.0) ** power
        plain = product(plain, Unit((("month" if word in TIME_WORDS else word, power),)), 1.0)
    return scale, plain
