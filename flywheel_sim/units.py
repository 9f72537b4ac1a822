"""Units of measure, and quantities as people write them.

A unit is a product of free words with powers: ``$/account/month`` is ``$`` to the 1, ``account`` and
``month`` to the -1. ``1`` is dimensionless and ``a/b/c`` reads left to right. No word has a meaning here
except the words for time, which are multiples of each other.

A year is 12 months and 365.25 days.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from flywheel_sim.errors import UnitError, UsageError

__all__ = ["ONE", "TIME_WORDS", "Unit", "conversion", "parse_unit", "read_quantity", "write_number"]

MONTH_DAYS = 365.25 / 12
# Each word for time, in months.
TIME_WORDS = {"day": 1 / MONTH_DAYS, "week": 7 / MONTH_DAYS, "month": 1.0, "quarter": 3.0, "year": 12.0}
IRREGULAR = {"people": "person", "persons": "person"}
CURRENCIES = "$€£¥₹"
MULTIPLES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "bn": 1e9, "B": 1e9}


@dataclass(frozen=True)
class Unit:
    """A product of words with powers, the words in alphabetical order and no power 0."""

    powers: tuple[tuple[str, float], ...] = ()

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


# A number, perhaps with a currency, a multiple and a percent sign, then the unit.
QUANTITY = re.compile(
    rf"""\s*(?P<sign>[-+−]?)\s*(?P<before>[{CURRENCIES}]|[A-Z]{{3}}(?=[\s\d]))?\s*
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    \s?(?P<multiple>k|K|M|bn|B)?(?![A-Za-z])\s*(?P<percent>%)?\s*(?P<unit>(?:[^\d\s,.;:].*?|1)?)\s*""",
    re.VERBOSE,
)


def read_quantity(text: str, unit: Unit, *, counts: frozenset[str] = frozenset(), currency: str = "$") -> float:
    """Read a quantity such as ``$25,000/year``, ``12 % a year`` or ``84 days`` into a declared unit.

    "p % a year" in a unit of 1/time is a hazard: after a year p % are gone, so it is -ln(1-p) a year.

    Args:
        text: what the author wrote.
        unit: the declared unit the number is wanted in.
        counts: the counted units (such as ``account``), which may be left unsaid.
        currency: how money is written in this text; models call it ``$``.

    Returns:
        The number, in ``unit``.

    Raises:
        UsageError: if it is no quantity, or one in another unit; ``cause`` and ``fix`` say what to write.
    """
    match = QUANTITY.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a quantity", fix=f"write it like {example(unit, currency)}")
    number = float(match["number"].replace(",", "").replace("_", ""))
    number *= MULTIPLES[match["multiple"] or ""] * (-1 if match["sign"] in {"-", "−"} else 1)
    written = written_unit(match["unit"], unit, currency)
    if match["before"]:
        written = money(match["before"], currency) * written
    if match["percent"]:
        return read_percentage(text, number, written, unit)
    if written == ONE:
        if in_months(unit)[1].without(counts) != ONE and match["unit"] != "1":
            raise UsageError(f"{text!r} does not say its unit", fix=f"write it like {example(unit, currency)}")
        return number
    factor = conversion(written.without(counts), unit.without(counts))
    if factor is None:
        raise UsageError(
            f"{text!r} is in {shown(written, currency)}, not in {shown(unit, currency)}", fix=f"write it like {example(unit, currency)}"
        )
    return number * factor


def read_percentage(text: str, number: float, written: Unit, unit: Unit) -> float:
    share = number / 100
    _scale, plain = in_months(unit)
    if unit == ONE:
        if written != ONE:
            raise UsageError(f"{text!r} is a percentage {per(written)}; this is a share, without time", fix=f'write "{number:g} %"')
        return share
    if plain != ONE / parse_unit("month"):
        raise UsageError(f"{text!r} is a percentage, not {shown(unit, '$')}", fix=f"write it like {example(unit, '$')}")
    if written == ONE:
        raise UsageError(f"{text!r} does not say per what time", fix=f'write "{number:g} %/year" or "{number:g} %/month"')
    factor = conversion(written, unit)
    if factor is None:
        raise UsageError(f"{text!r} is a percentage {per(written)}, not per time", fix=f'write "{number:g} %/year" or "{number:g} %/month"')
    if share >= 1:
        raise UsageError(f"{text!r} leaves nobody: a hazard has no 100 %", fix='write less than 100 %, or a plain rate such as "2/month"')
    return -math.log1p(-share) * factor


def written_unit(text: str, wanted: Unit, currency: str) -> Unit:
    """The unit as written: ``a year`` and ``per year`` for ``/year``, plurals, the currency anywhere."""
    text = re.sub(r"(?:^|\s+)(?:per|an?)\s+", "/", text.strip())
    unit = ONE
    for word, power in (parse_or_refuse(text) if text else ONE).powers:
        money_word = word == currency or word in CURRENCIES
        name = money(word, currency) if money_word else Unit(((singular(word, wanted), 1.0),))
        unit *= name**power
    return unit


def parse_or_refuse(text: str) -> Unit:
    try:
        return parse_unit(text if text[0] not in "*/" else "1" + text)
    except UnitError as error:
        raise UsageError(error.cause, fix=error.fix) from None


def singular(word: str, wanted: Unit) -> str:
    if word in wanted.words or word in TIME_WORDS:
        return word
    one = IRREGULAR.get(word) or word.removesuffix("s")
    return one if one in wanted.words or one in TIME_WORDS else word


def money(sign: str, currency: str) -> Unit:
    if sign != currency:
        raise UsageError(
            f"{sign} is not this scenario's currency, which is {currency}", fix=f'write {currency}, or set currency = "{sign}" at the top'
        )
    return parse_unit("$")


def per(unit: Unit) -> str:
    return "per " + str(ONE / unit) if unit != ONE else ""


def shown(unit: Unit, currency: str) -> str:
    return "a plain number" if unit == ONE else str(unit).replace("$", currency)


def example(unit: Unit, currency: str) -> str:
    """A quantity in this unit, as somebody might write it."""
    plain = in_months(unit)[1]
    if unit == ONE:
        return '0.2 or "20 %"'
    if plain == ONE / parse_unit("month"):
        return f'"12 %/year" or "0.02/{unit.powers[0][0]}"'
    if plain == parse_unit("month"):
        return '"3 months"'
    if unit.powers[0] == ("$", 1.0):
        return f'"{currency}25,000{str(unit).removeprefix("$")}"'
    return f'"10 {unit}"' if not str(unit).startswith("1/") else f'"10{str(unit).removeprefix("1")}"'


def write_number(value: float) -> str:
    """A number as a person would write it: no needless zeros, thousands parted, six digits at most."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.6g}"
