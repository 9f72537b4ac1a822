"""Quantities as people write them: ``$25,000/year``, ``12 % a year``, ``84 days``, ``1.5M €``."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from flywheel_sim.errors import UnitError, UsageError
from flywheel_sim.records import Record
from flywheel_sim.units.unit import ONE, TIME_WORDS, Unit, conversion, in_months, parse_unit
from flywheel_sim.units.write import beside, example, write_number, write_unit

__all__ = ["CURRENCIES", "MULTIPLES", "Quantity", "parse_quantity", "read_quantity"]

LONGEST = 80  # characters
MULTIPLES = {"": 1.0, "k": 1e3, "K": 1e3, "m": 1e6, "mn": 1e6, "M": 1e6, "bn": 1e9, "B": 1e9}
CURRENCIES = "$€£¥₹"
CODES = {"USD": "$", "US$": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
SHORT_FORMS = {
    "people": "person",
    "yr": "year",
    "yrs": "year",
    "annum": "year",
    "qtr": "quarter",
    "mo": "month",
    "mos": "month",
    "mth": "month",
    "mths": "month",
    "wk": "week",
    "wks": "week",
}
ADVERBS = {
    "yearly": "year",
    "annually": "year",
    "p.a.": "year",
    "p.a": "year",
    "pa": "year",
    "quarterly": "quarter",
    "monthly": "month",
    "weekly": "week",
    "daily": "day",
}

# A sign, a currency, a number with its thousands parted in one way, a multiple, a percent sign, and the unit.
QUANTITY = r"""
    (?P<sign>[-+])? \ ? (?P<before>[^\d\s.,+*/%()-]{1,3})? \ ? (?P<late_sign>[-+])?
    (?P<number>
        \d{1,3} (?P<parting>[, '’]) \d{3} (?:(?P=parting)\d{3})* (?:\.\d+)? (?![\d.,'’])
        | \d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?
        | \.\d+
    )
    (?: \ ? (?P<multiple>k|K|mn|m|M|bn|B) (?![A-Za-z]) )?
    (?: \ ? (?P<percent>%|per\ ?cent\b|pct\b) )?
    \ ? (?P<unit>(?:[^\d\s.,;:](?:\D|\^\d)*)?)
"""
DECIMAL_COMMA = r"[^,.]*\d,\d{1,2}(?![\d,.]).*"
STRANGE_COMMA = r".*\d[.,]\d+[.,]\d.* | .*\d,\d.*"
TWO_NUMBERS = r"\D*\d[\d.,]*\D*(?:-|–|\bto\b|\.\.)\D*\d.*"
# To some 25.000 is twenty-five, to others twenty-five thousand. It is refused where thousandths make no sense:
# in money, and where the last digit is an idle 0.
POINT_OR_THOUSANDS = r"[1-9]\d{0,2}\.\d{3}"


@lru_cache(maxsize=8)
def pattern(text: str) -> re.Pattern[str]:
    """A pattern, compiled when it is first needed: a run without quantities has no use for one."""
    return re.compile(text, re.VERBOSE | re.ASCII)


class Quantity(Record):
    """A quantity as somebody wrote it.

    Attributes:
        number: in the declared unit.
        scale: how many of the declared unit one of the written is.
        before: what stands before the number: a currency.
        after: what stands after it: a unit.
        percent: whether it is a percentage.
        hazard: whether it is a percentage that is gone after some time.
    """

    number: float
    scale: float
    before: str
    after: str
    percent: bool = False
    hazard: bool = False

    def like(self, number: float, digits: int = 6) -> str:
        """Another number of the declared unit, in the form of this one."""
        if self.hazard:
            return f"{-100 * math.expm1(-number / self.scale):.3g} %{self.after}"
        if self.percent:
            return f"{write_number(100 * number, digits)} %"
        text = write_number(abs(number) / self.scale, digits)
        plural = "s" if self.after.strip() in TIME_WORDS and text != "1" else ""
        return f"{'-' if number < 0 else ''}{self.before}{text}{self.after}{plural}"


def read_quantity(text: str, unit: Unit, *, counts: frozenset[str] = frozenset(), currency: str = "$") -> float:
    """The number of a quantity in a declared unit; see :func:`parse_quantity`."""
    return parse_quantity(text, unit, counts=counts, currency=currency).number


def parse_quantity(text: str, unit: Unit, *, counts: frozenset[str] = frozenset(), currency: str = "$") -> Quantity:
    """Read a quantity such as ``$25,000/year``, ``12 % a year`` or ``84 days`` into a declared unit.

    "p % a year" in a unit of 1/time is a hazard: after a year p % are gone, so it is -ln(1-p) a year.

    Args:
        text: what the author wrote.
        unit: the declared unit the number is wanted in.
        counts: the counted units (such as ``account``), which may be left unsaid.
        currency: how money is written in this text; models call it ``$``.

    Raises:
        UsageError: if it is no quantity, or one in another unit; ``cause`` and ``fix`` say what to write.
    """
    return Reader(text, unit, counts, currency).read()


class Reader:
    """Reads one quantity; every refusal names the text and shows how it could be written."""

    def __init__(self, text: str, wanted: Unit, counts: frozenset[str], currency: str) -> None:
        self.wanted = wanted
        self.counts = counts
        self.currency = currency
        tidy = " ".join(text.replace("−", "-").split())  # split() knows every kind of space
        self.text = tidy if len(tidy) <= LONGEST else f"{tidy[:20]}…"
        self.tidy = re.sub(r" ?([*/]) ?", r"\1", tidy) if len(tidy) <= LONGEST else ""

    def refusal(self, why: str, fix: str = "") -> UsageError:
        return UsageError(f"'{self.text}' {why}", fix=fix or f"write it like {example(self.wanted, self.counts, self.currency)}")

    def read(self) -> Quantity:
        match = pattern(QUANTITY).fullmatch(self.tidy)
        if match is None:
            raise self.no_quantity()
        said = match["unit"]
        after = said if said[:1] in {"", "/"} else f" {said.removesuffix('s') if said.removesuffix('s') in TIME_WORDS else said}"
        written = self.unit(said)
        if match["before"]:
            written = self.money(match["before"]) * written
        number = self.number(match, in_money="$" in written.words)
        if match["percent"]:
            return self.percentage(number, written, after)
        if written == ONE:
            if in_months(self.wanted)[1].without(self.counts) != ONE:
                raise self.refusal("does not say its unit")
            return Quantity(number, 1.0, "", after)
        declared = dict(self.wanted.powers)
        factor = conversion(written.without(self.counts), self.wanted.without(self.counts))
        if factor is None or any(declared.get(word) != power for word, power in written.powers if word in self.counts):
            wanted = "a plain number" if self.wanted == ONE else f"in {write_unit(self.wanted, self.currency)}"
            raise self.refusal(f"is in {write_unit(written, self.currency)}, not {wanted}")
        return Quantity(number * factor, factor, beside(match["before"] or ""), after)

    def number(self, match: re.Match[str], *, in_money: bool) -> float:
        digits, multiple = match["number"], match["multiple"] or ""
        if multiple == "m" and not in_money:
            raise self.refusal("could mean millions or months")
        unclear = pattern(POINT_OR_THOUSANDS).fullmatch(digits) and not multiple and not match["percent"] and self.wanted != ONE
        if unclear and (in_money or digits.endswith("0")):
            point, comma = f"{float(digits):g}", digits.replace(".", ",")
            raise self.refusal(f"could mean {point} or {comma}", f"write {comma} or {point}")
        number = float(re.sub("[, _'’]", "", digits)) * MULTIPLES[multiple]
        if not math.isfinite(number):
            raise self.refusal("is too large a number")
        return -number if "-" in {match["sign"], match["late_sign"]} else number

    def percentage(self, number: float, written: Unit, after: str) -> Quantity:
        """A share where nothing is said of time; what is gone after some time where the unit is 1/time."""
        share, per = number / 100, f"a percentage per {ONE / written}"
        if self.wanted == ONE:
            if written != ONE:
                raise self.refusal(f"is {per}; this is a share, without time", f'write "{number:g} %"')
            return Quantity(share, 1.0, "", after, percent=True)
        if in_months(self.wanted)[1] != ONE / parse_unit("month"):
            raise self.refusal(f"is a percentage; this is in {write_unit(self.wanted, self.currency)}")
        factor = None if written == ONE else conversion(written, self.wanted)
        if factor is None:
            why = "does not say per what time" if written == ONE else f"is {per}, not per time"
            raise self.refusal(why, f'write "{number:g} %/year" or "{number:g} %/month"')
        if share >= 1:
            raise self.refusal("leaves nobody: a hazard has no 100 %", 'write less than 100 %, or a plain rate such as "2/month"')
        return Quantity(-math.log1p(-share) * factor, factor, "", after, hazard=True)

    def no_quantity(self) -> UsageError:
        """What to say of a text that is no quantity at all."""
        if pattern(DECIMAL_COMMA).fullmatch(self.tidy):
            return self.refusal("has a comma where a point is wanted", f'write "{self.tidy.replace(",", ".")}"')
        if pattern(STRANGE_COMMA).fullmatch(self.tidy):
            return self.refusal("cannot be read as one number", "write a decimal point, and commas between thousands only: 1,234,567.8")
        if pattern(TWO_NUMBERS).fullmatch(self.tidy):
            return self.refusal("holds two numbers", "write one number, or an uncertain value: { low = ..., typical = ..., high = ... }")
        return self.refusal("is not a quantity")

    def unit(self, said: str) -> Unit:
        """The unit as written: ``a year`` and ``per year`` for ``/year``, short forms, plurals, the currency anywhere."""
        words = said.split(" ")
        if words[-1].lower() in ADVERBS:
            words[-1] = f"/{ADVERBS[words[-1].lower()]}"
        said = re.sub(r"(?:^|\s+)(?:per|an?|each|every)\s+", "/", " ".join(words))
        try:
            powers = parse_unit(said if said[0] not in "*/" else "1" + said).powers if said else ()
        except UnitError:
            raise self.refusal("is not a quantity") from None
        unit = ONE
        for word, power in powers:
            name = self.known(word)
            unit *= (self.money(name) if self.is_money(name) else Unit(((name, 1.0),))) ** power
        return unit

    def known(self, word: str) -> str:
        """A word as the declared unit or the words for time have it; as it is where neither knows it."""
        for one in (word, word.lower()):
            for form in (one, SHORT_FORMS.get(one, one), one.removesuffix("s")):
                if form in self.wanted.words or form in TIME_WORDS:
                    return form
        return word

    def is_money(self, word: str) -> bool:
        looks_like_a_code = len(word) == 3 and word.isalpha() and word.isupper()
        return (word not in self.wanted.words and (word == self.currency or word in CODES or looks_like_a_code)) or word in CURRENCIES

    def money(self, sign: str) -> Unit:
        if CODES.get(sign, sign) == CODES.get(self.currency, self.currency):
            return parse_unit("$")
        if self.is_money(sign):
            raise UsageError(
                f"{sign} is not this scenario's currency, which is {self.currency}",
                fix=f'write {self.currency}, or set currency = "{sign}" at the top',
            )
        raise self.refusal("is not a quantity")
