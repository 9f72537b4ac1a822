"""Units, and quantities as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flywheel_sim.errors import UnitError, UsageError
from flywheel_sim.units import (
    ONE,
    conversion,
    example,
    parse_quantity,
    parse_unit,
    read_quantity,
    write_number,
    write_quantity,
    write_unit,
)

COUNTS = frozenset({"account"})
PRICE, RATE, BUDGET = "$/account/month", "1/month", "$/month"


def read(text, unit, currency="$"):
    return read_quantity(text, parse_unit(unit), counts=COUNTS, currency=currency)


def refusal(text, unit, currency="$"):
    with pytest.raises(UsageError) as caught:
        read(text, unit, currency)
    return caught.value


def number_or_refusal(text, unit, currency="$"):
    try:
        return read(text, unit, currency)
    except UsageError as error:
        return error


# Units


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1", "1"),
        ("account", "account"),
        ("$/account/month", "$/account/month"),
        ("$/month/account", "$/account/month"),
        ("1/month", "1/month"),
        ("account*month", "account*month"),
        ("account^2/month", "account^2/month"),
        ("month/month", "1"),
        (" $ / month ", "$/month"),
        ("item/account/year*year", "item/account"),
    ],
)
def test_a_unit_reads_left_to_right(text, written):
    assert str(parse_unit(text)) == written


@pytest.mark.parametrize("text", ["", "  ", "a b", "a//b", "a/(b)", "a^x", "a^", "*", "a,b"])
def test_what_is_no_unit(text):
    with pytest.raises(UnitError):
        parse_unit(text)


def test_equal_units_are_equal():
    assert parse_unit("$/month") == parse_unit("$") / parse_unit("month")
    assert hash(parse_unit("$/month")) == hash(parse_unit("$") / parse_unit("month"))
    assert parse_unit("month") * (ONE / parse_unit("month")) == ONE
    assert parse_unit("month") ** 2 == parse_unit("month*month")
    assert parse_unit("month") != parse_unit("year")
    assert ONE != "1"


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [
        ("year", "month", 12),
        ("quarter", "month", 3),
        ("day", "year", 1 / 365.25),
        ("week", "day", 7),
        ("1/year", "1/month", 1 / 12),
        ("$/account/year", "$/account/month", 1 / 12),
        ("year^2", "month^2", 144),
        ("$", "$", 1),
    ],
)
def test_time_words_are_multiples_of_each_other(source, target, factor):
    assert conversion(parse_unit(source), parse_unit(target)) == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(("source", "target"), [("$", "account"), ("1/month", "month"), ("account/month", "account")])
def test_other_words_are_not(source, target):
    assert conversion(parse_unit(source), parse_unit(target)) is None


# Quantities that are read


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        # a year is 12 months; the counted unit may be left unsaid
        ("$25,000/year", PRICE, 25_000 / 12),
        ("$25,000/account/year", PRICE, 25_000 / 12),
        ("$25,000/year/account", PRICE, 25_000 / 12),
        ("$25,000 per account per year", PRICE, 25_000 / 12),
        ("$25,000 per account a year", PRICE, 25_000 / 12),
        ("$25,000 a year", PRICE, 25_000 / 12),
        ("$25,000 each year", PRICE, 25_000 / 12),
        ("$25,000 yearly", PRICE, 25_000 / 12),
        ("$25,000 annually", PRICE, 25_000 / 12),
        ("$25,000 p.a.", PRICE, 25_000 / 12),
        ("$25,000 per annum", PRICE, 25_000 / 12),
        ("$25,000/yr", PRICE, 25_000 / 12),
        ("$2,000/mo", PRICE, 2_000),
        ("$2,000 monthly", PRICE, 2_000),
        ("$500/wk", PRICE, 500 * 365.25 / 12 / 7),
        ("$6k/qtr", PRICE, 2_000),
        # spaces of all kinds
        ("$ 25k / year", PRICE, 25_000 / 12),
        ("  $25,000/year  ", PRICE, 25_000 / 12),
        ("25\N{NO-BREAK SPACE}000\N{NARROW NO-BREAK SPACE}$/year", PRICE, 25_000 / 12),
        ("25\N{THIN SPACE}000 $ / year", PRICE, 25_000 / 12),
        ("25 000 $/year", PRICE, 25_000 / 12),
        ("1 234 567.5 $/month", BUDGET, 1_234_567.5),
        ("$25'000/year", PRICE, 25_000 / 12),
        ("$25’000/year", PRICE, 25_000 / 12),
        # multiples, and money on either side
        ("$150k/month", BUDGET, 150_000),
        ("150k $/month", BUDGET, 150_000),
        ("150k$/month", BUDGET, 150_000),
        ("150K $/month", BUDGET, 150_000),
        ("1.5M$", "$", 1_500_000),
        ("$1.5m", "$", 1_500_000),
        ("$1.5mn", "$", 1_500_000),
        ("$2bn", "$", 2e9),
        ("$2B", "$", 2e9),
        ("USD 90k", "$", 90_000),
        ("90k USD", "$", 90_000),
        ("US$ 90k", "$", 90_000),
        ("$1e5", "$", 100_000),
        ("$1_000_000", "$", 1_000_000),
        # counts
        ("10", "account", 10),
        ("10k", "account", 10_000),
        ("1,500 accounts", "account", 1_500),
        ("1 account", "account", 1),
        ("10 per month", "account/month", 10),
        ("10 accounts/month", "account/month", 10),
        ("10 Accounts / Month", "account/month", 10),
        ("10 a month", "account/month", 10),
        ("120/year", "account/month", 10),
        ("6 people", "person", 6),
        ("1 person", "person", 1),
        ("8 accounts/person", "account/person", 8),
        ("2 items/month", "item/account/month", 2),
        # time
        ("84 days", "month", 84 / (365.25 / 12)),
        ("3 months", "month", 3),
        ("18mo", "month", 18),
        ("1.5yr", "month", 18),
        ("2 years", "month", 24),
        ("1 quarter", "month", 3),
        # shares and plain numbers
        ("12 %", "1", 0.12),
        ("12%", "1", 0.12),
        ("12 percent", "1", 0.12),
        ("12 per cent", "1", 0.12),
        ("12 pct", "1", 0.12),
        ("0.5", "1", 0.5),
        (".5", "1", 0.5),
        ("1.250", "1", 1.25),
        ("1e-3", "1", 0.001),
        # rates
        ("0.02/month", RATE, 0.02),
        ("0.025/month", RATE, 0.025),
        ("2/year", RATE, 1 / 6),
        ("0.02 per month", RATE, 0.02),
        # signs
        ("-5 %", "1", -0.05),
        ("−5 %", "1", -0.05),
        ("+5 %", "1", 0.05),
        ("-$5/month", BUDGET, -5),
        ("$-5/month", BUDGET, -5),
    ],
)
def test_a_quantity_as_people_write_it(text, unit, number):
    assert read(text, unit) == pytest.approx(number, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "share", "months"),
    [
        ("12 %/year", 0.12, 12),
        ("12%/yr", 0.12, 12),
        ("12 % a year", 0.12, 12),
        ("12 % per year", 0.12, 12),
        ("12 % p.a.", 0.12, 12),
        ("12 percent a year", 0.12, 12),
        ("3 %/month", 0.03, 1),
        ("5 % a quarter", 0.05, 3),
        ("1 %/week", 0.01, 7 / (365.25 / 12)),
        ("99.9 %/year", 0.999, 12),
    ],
)
def test_a_percentage_of_time_is_what_is_gone_after_it(text, share, months):
    hazard = read(text, RATE)
    assert hazard == pytest.approx(-math.log(1 - share) / months, rel=1e-13)
    assert 1 - math.exp(-hazard * months) == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "currency"),
    [("€25,000/year", "€"), ("25.5k€/year", "€"), ("25k EUR/year", "€"), ("EUR 25k/year", "EUR"), ("25,000 €/year", "EUR"), ("kr 25k a year", "kr"), ("25k kr/year", "kr"), ("CHF 25'000/year", "CHF"), ("R$25k/year", "R$")],
)  # fmt: skip
def test_money_is_in_the_currency_of_the_scenario(text, currency):
    assert read(text, PRICE, currency) == pytest.approx(25_500 / 12 if "25.5" in text else 25_000 / 12)


# Quantities that are refused


@pytest.mark.parametrize(
    ("text", "unit", "cause", "fix"),
    [
        # a comma is no decimal point, and a point none between thousands
        ("1,5", "1", "comma where a point is wanted", 'write "1.5"'),
        ("1,5 %/year", RATE, "comma where a point is wanted", 'write "1.5 %/year"'),
        ("0,02/month", RATE, "comma where a point is wanted", 'write "0.02/month"'),
        ("$1,50", "$", "comma where a point is wanted", 'write "$1.50"'),
        ("1.234,56 $", "$", "cannot be read as one number", "1,234,567.8"),
        ("$25,00,000", "$", "cannot be read as one number", "1,234,567.8"),
        ("1.000.000 $", "$", "cannot be read as one number", "1,234,567.8"),
        ("$25.000/year", PRICE, "could mean 25 or 25,000", "write 25,000 or 25"),
        ("$1.125/month", BUDGET, "could mean 1.125 or 1,125", "write 1,125 or 1.125"),
        ("25.000 accounts", "account", "could mean 25 or 25,000", "write 25,000 or 25"),
        ("25 0000 $", "$", "is not a quantity", '"$25,000"'),
        ("1,000 000 $", "$", "cannot be read as one number", "1,234,567.8"),
        # another unit, or none
        ("$25,000", PRICE, "is in $, not in $/account/month", 'write it like "$25,000/year"'),
        ("25,000", PRICE, "does not say its unit", 'write it like "$25,000/year"'),
        ("25,000/year", PRICE, "is in 1/year, not in $/account/month", '"$25,000/year"'),
        ("3 months", PRICE, "is in months, not in $/account/month", '"$25,000/year"'),
        ("$5", RATE, "is in $, not in 1/month", '"12 %/year" or "0.02/month"'),
        ("10", "account/month", "does not say its unit", '"10 accounts/month"'),
        ("10 customers/month", "account/month", "is in customers/month", '"10 accounts/month"'),
        ("5 accounts/month", RATE, "is in accounts/month, not in 1/month", '"12 %/year"'),
        ("5 account/month", RATE, "is in accounts/month, not in 1/month", '"12 %/year"'),
        ("3 months", "1", "is in months, not a plain number", '0.2 or "20 %"'),
        ("3", "month", "does not say its unit", '"3 months"'),
        ("6", "person", "does not say its unit", '"10 people"'),
        ("$25,000/yeer", PRICE, "is in $/yeer", '"$25,000/year"'),
        ("$150/person/month", "$/person/month", None, None),
        ("$150/month", "$/person/month", "is in $/month, not in $/person/month", '"$25,000/person/year"'),
        # percentages
        ("12 %", RATE, "does not say per what time", 'write "12 %/year" or "12 %/month"'),
        ("12 %/account", RATE, "is a percentage per account, not per time", 'write "12 %/year"'),
        ("79 %/year", "1", "is a percentage per year; this is a share, without time", 'write "79 %"'),
        ("100 %/year", RATE, "leaves nobody", "less than 100 %"),
        ("250 %/month", RATE, "leaves nobody", "less than 100 %"),
        ("10 %", PRICE, "is a percentage; this is in $/account/month", '"$25,000/year"'),
        ("10 %", "account", "is a percentage; this is in accounts", '"10 accounts"'),
        # other money
        ("€25,000/year", PRICE, "€ is not this scenario's currency, which is $", 'write $, or set currency = "€"'),
        ("EUR 25,000/year", PRICE, "EUR is not this scenario's currency", 'set currency = "EUR"'),
        ("25,000 CHF/year", PRICE, "CHF is not this scenario's currency", 'set currency = "CHF"'),
        # no quantity
        ("", PRICE, "is not a quantity", '"$25,000/year"'),
        ("   ", "1", "is not a quantity", '"20 %"'),
        ("lots", "1", "is not a quantity", '"20 %"'),
        ("~5", "1", "is not a quantity", '"20 %"'),
        ("nan", "1", "is not a quantity", '"20 %"'),
        ("inf", "1", "is not a quantity", '"20 %"'),
        ("10-20 %", "1", "holds two numbers", "{ low = ..., typical = ..., high = ... }"),
        ("10 to 20 %", "1", "holds two numbers", "low"),
        ("$10 – $20", "$", "holds two numbers", "low"),
        ("1 year 6 months", "month", "is not a quantity", '"3 months"'),
        ("18m", "month", "could mean millions or months", '"3 months"'),
        ("12 % of budget", "1", "is not a quantity", '"20 %"'),
        ("(5)", "1", "is not a quantity", '"20 %"'),
        ("1e999 $", "$", "too large a number", '"$25,000"'),
        ("9" * 79, "1", None, None),
        ("9" * 81, "1", "is not a quantity", '"20 %"'),
        ("x" * 100_000, "1", "xxxx…' is not a quantity", '"20 %"'),
    ],
)
def test_what_is_refused_says_why_and_what_to_write(text, unit, cause, fix):
    if cause is None:
        assert read(text, unit) > 0
        return
    error = refusal(text, unit)
    assert cause in error.cause
    assert fix in error.fix
    assert len(error.cause) < 200


@pytest.mark.parametrize("spaces", [" " * 50_000, "\t" * 50_000, "\N{NO-BREAK SPACE}" * 50_000])
def test_a_flood_of_spaces_takes_no_time(spaces):
    assert "'1 a b' is in 1/b" in refusal(f"1{spaces}a{spaces}b", "1").cause


# The way back


@pytest.mark.parametrize(
    ("text", "unit", "number", "again"),
    [
        ("$25,000/year", PRICE, 4_200, "$50,400/year"),
        ("$25k a year", PRICE, 800, "$9,600 a year"),
        ("25,000 $/year", PRICE, 800, "9,600 $/year"),
        ("12 %/year", RATE, 0.03, "30.2 %/year"),
        ("12 % a year", RATE, 0.0, "0 % a year"),
        ("12 %", "1", 0.5, "50 %"),
        ("0.02/month", RATE, 0.03, "0.03/month"),
        ("1 day", "month", 0.05, "1.52188 days"),
        ("2 years", "month", 12, "1 year"),
        ("10", "account", 1_000, "1,000"),
        ("$10", "$", -5, "-$5"),
        ("CHF 10/month", BUDGET, 2_000, "CHF 2,000/month"),
    ],
)
def test_another_number_in_the_form_the_author_chose(text, unit, number, again):
    currency = "CHF" if "CHF" in text else "$"
    assert parse_quantity(text, parse_unit(unit), counts=COUNTS, currency=currency).like(number) == again


UNITS = [PRICE, RATE, BUDGET, "$", "account", "account/month", "month", "person", "1", "item/account/month", "account/person"]


@given(st.floats(1e-6, 1e12), st.sampled_from(UNITS), st.sampled_from(["$", "€", "kr"]))
def test_what_is_written_can_be_read(number, unit, currency):
    again = number_or_refusal(write_quantity(number, parse_unit(unit), currency, digits=15), unit, currency)
    if isinstance(again, UsageError):
        assert "could mean" in again.cause  # $1.125 is ambiguous to people
    else:
        assert again == pytest.approx(number, rel=1e-9)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("currency", ["$", "€", "kr", "CHF"])
def test_every_example_can_be_read(unit, currency):
    for one in example(parse_unit(unit), COUNTS, currency).split(" or "):
        assert read(one.strip('"'), unit, currency) > 0


@given(st.text(max_size=100), st.sampled_from(UNITS))
def test_any_text_is_a_finite_number_or_a_clear_refusal(text, unit):
    found = number_or_refusal(text, unit)
    assert (found.cause and found.fix) if isinstance(found, UsageError) else math.isfinite(found)


PIECES = st.sampled_from(["$", "€", "%", "k", "M", "m", "1", "25", "000", ",", ".", "-", " ", "/", "*", "^", "per", "a", "year", "month", "account", "p.a.", "e", "'"])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(UNITS))
def test_any_heap_of_the_right_pieces_too(text, unit):
    found = number_or_refusal(text, unit)
    assert (found.cause and found.fix) if isinstance(found, UsageError) else math.isfinite(found)


# Numbers for people


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (1, "1"), (1_000, "1,000"), (-1_500_000, "-1,500,000"), (0.1, "0.1"), (1 / 3, "0.333333"), (2_083.3333, "2,083.33"),
        (-2_083.3333, "-2,083.33"), (1_234_567.89, "1,234,568"), (123_456.7, "123,457"), (1_000.5, "1,000.5"), (1e15, "1e+15"), (math.inf, "inf"), (math.nan, "nan"), (1e-7, "1e-07"),
    ],
)  # fmt: skip
def test_a_number_as_a_person_writes_it(value, text):
    assert write_number(value) == text


def test_fewer_digits_where_fewer_will_do():
    assert write_number(0.0583333, 3) == "0.0583"
    assert write_number(2_083.3333, 3) == "2,083"
    assert write_number(30_123.4, 3) == "30,123"


def test_units_in_the_plural():
    assert [write_unit(parse_unit(unit)) for unit in UNITS] == [
        "$/account/month", "1/month", "$/month", "$", "accounts", "accounts/month", "months", "people", "1", "items/account/month", "accounts/person",
    ]  # fmt: skip
    assert write_unit(parse_unit(PRICE), "€") == "€/account/month"
