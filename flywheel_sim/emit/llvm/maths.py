"""exp, log and power over vectors, as text for LLVM.

Calls into a library would be made draw by draw. These are straight lines of arithmetic instead: no table, no branch, and
every draw of a vector goes through the same operations, so that what a draw gives depends on nothing beside it.

All stay within 1.2 units in the last place, gradual underflow included, and follow C at every edge. Sums and products
carry no licence to be put together or in another order: where one operation is to round once, ``fma`` says so. Thus
the bits are the same on every processor.

The polynomials are minimax for the error relative to the function: found by Remez's exchange in 60 digits, then rounded to
doubles one by one from the lowest, the others fitted anew each time (a linear program over 700 points). The first are
nearly those of Taylor, the last make up for what is cut off. Each says what error it leaves; a unit in the last place is
between 2**-53 and 2**-52 of the number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["definitions"]

# Adding 1.5 * 2**52 to a number rounds it to a whole one, which then stands in the lowest bits of the sum. 2046 more make
# every exponent that can follow positive: see scaled().
ROUNDING = 1.5 * 2.0**52 + 2046

LN2 = 0.6931471805599453
LN2_HIGH = 0.6931471803691238  # ends in 21 zeros, so that its product with an exponent is exact
LN2_LOW = 1.9082149292705877e-10  # what it leaves out

# exp(r) = 1 + r + r² q(r) for |r| <= ln(2)/2, to 2**-57.9
EXPONENTIAL = (
    0.5000000000000011,
    0.16666666666666466,
    0.0416666666665288,
    0.00833333333347019,
    0.0013888888943700353,
    0.00019841269546302836,
    2.4801493170231868e-05,
    2.755755841983086e-06,
    2.7630195344039964e-07,
    2.5007238267864167e-08,
)
# 2**r = 1 + ln(2) r + r² q(r) for |r| <= 1/2, to 2**-57.7
EXPONENTIAL_OF_TWO = (
    0.24022650695910108,
    0.05550410866482172,
    0.009618129107601604,
    0.0013333558146546365,
    0.00015403530449037723,
    1.5252733633938227e-05,
    1.3215438834642554e-06,
    1.0178160051647063e-07,
    7.073233342696334e-09,
    4.4388632553892985e-10,
)

# The logarithm of m rests on s = (m - 1) / (m + 1), which is at most 0.1716 for m from the root of 1/2 to that of 2, and
# z = s²: log(m) = 2 s + s z q(z), to 2**-59.4
LOGARITHM = (
    0.6666666666666734,
    0.3999999999941664,
    0.28571428742028343,
    0.22222198605020363,
    0.18183562853789623,
    0.15314084765147193,
    0.14795634175271738,
)
# log2(m) = s (2/ln(2) + 2/(3 ln(2)) z + FIFTH z² + z³ q(z)), to 2**-66.2. The two first coefficients are sums of two numbers.
LOGARITHM_TO_TWO = (
    0.4121985830919392,
    0.3205989022738615,
    0.26230770108609214,
    0.22198400015409042,
    0.19125509245615338,
    0.19038617381743744,
)
FIRST, FIRST_REST = 2.8853900817779268, 4.0710547481862066e-17
THIRD, THIRD_REST = 0.9617966939259756, 5.0577616648125907e-17
FIFTH = 0.577078016355618

# Bits of numbers
ONE = 0x3FF0000000000000
ROOT_OF_HALF = 0x3FE6A09E667F3BCD
FRACTION = 0x000FFFFFFFFFFFFF
TWO_TO_52 = 0x4330000000000000
SIGN = -(2**63)

EXACT = ""  # sums and products that round by themselves


def definitions(lanes: int) -> str:
    """The functions ``@exp(x)``, ``@log(x)`` and ``@power(x, y)`` over vectors of so many draws.

    They call what :func:`flywheel_sim.emit.llvm.lines.intrinsics` declares.
    """
    return "\n".join(
        [
            function(lanes, "exp", ("%x",), exponential),
            function(lanes, "log", ("%x",), logarithm),
            function(lanes, "power", ("%x", "%y"), power),
        ]
    )


def function(lanes: int, name: str, arguments: Sequence[str], body: Callable[..., str]) -> str:
    """The text of one function.

    It is laid open where it is called: a call would put aside every vector that its caller holds, and what rests on an
    argument that is a constant is then worked out once, as whether an exponent is odd.
    """
    lines = Lines(lanes)
    result = body(lines, *arguments)
    taken = ", ".join(f"{lines.vector} {argument}" for argument in arguments)
    head = f"define internal {lines.vector} @{name}({taken}) alwaysinline nounwind willreturn memory(none) {{"
    return "\n".join([head, *lines.lines, f"  ret {lines.vector} {result}", "}"])


def exponential(lines: Lines, x: str) -> str:
    """The exponential function: x = n ln(2) + r, and 2**n is put together from bits."""
    # Beyond these the result is 0 or infinite. What is no number fails the comparisons and stays.
    x = lines.choose(lines.compare("ogt", lines.number(-746), x), lines.number(-746), x)
    x = lines.choose(lines.compare("olt", lines.number(710), x), lines.number(710), x)
    rounded = lines.fma(x, lines.number(1 / LN2), lines.number(ROUNDING))
    n = lines.subtract(rounded, lines.number(ROUNDING), EXACT)
    r = lines.fma(n, lines.number(-LN2_HIGH), x)
    r = lines.fma(n, lines.number(-LN2_LOW), r)
    squared = lines.multiply(r, r, EXACT)
    beyond = lines.fma(squared, polynomial(lines, EXPONENTIAL, r, squared), r)
    return scaled(lines, lines.add(beyond, lines.number(1), EXACT), rounded)


def logarithm(lines: Lines, x: str) -> str:
    """The natural logarithm: x = 2**k (1 + f), and log(1 + f) = f - f²/2 + s (f²/2 + z q(z)).

    The first two terms stand alone so that the rounding of s hardly counts (as in FDLIBM, by Sun Microsystems, 1993).
    """
    k, m = parted(lines, x)
    f = lines.subtract(m, lines.number(1), EXACT)
    s = lines.divide(f, lines.add(m, lines.number(1), EXACT))
    z = lines.multiply(s, s, EXACT)
    q = polynomial(lines, LOGARITHM, z, lines.multiply(z, z, EXACT))
    half = lines.multiply(f, lines.number(0.5), EXACT)
    bent = lines.fma(half, f, lines.multiply(z, q, EXACT))
    bent = lines.fma(s, bent, lines.multiply(k, lines.number(LN2_LOW), EXACT))
    bent = lines.fma(lines.negate(half), f, bent)
    result = lines.fma(k, lines.number(LN2_HIGH), lines.add(f, bent, EXACT))
    result = lines.choose(lines.compare("olt", x, lines.number(0)), lines.number(math.nan), result)
    return at_ends(lines, x, result)


def power(lines: Lines, x: str, y: str) -> str:
    """C's pow: 2**(y log2|x|) with the sign that an odd y keeps.

    y log2|x| goes up to 1075 and counts to its last bit behind the point, so that the logarithm and its product with y
    are sums of two numbers: together some 66 bits.
    """
    size = lines.absolute(x)
    high, low = logarithm_to_two(lines, size)

    # How far y lies from a multiple of 2: numbers beyond 2**53 are all such, so that adding as much rounds to one.
    length = lines.absolute(y)
    even = lines.subtract(lines.add(length, lines.number(2.0**53), EXACT), lines.number(2.0**53), EXACT)
    left = lines.absolute(lines.subtract(length, even, EXACT))
    odd = lines.compare("oeq", left, lines.number(1))
    between = lines.both(lines.compare("ogt", left, lines.number(0)), lines.compare("olt", left, lines.number(1)))
    impossible = lines.both(between, lines.compare("olt", x, lines.number(0)))
    high = lines.choose(impossible, lines.number(math.nan), high)
    high = at_ends(lines, size, high)

    # A y beyond 2**70 gives what 2**70 gives, and 0 times it stays 0.
    y = lines.choose(lines.compare("ogt", lines.number(-(2.0**70)), y), lines.number(-(2.0**70)), y)
    y = lines.choose(lines.compare("olt", lines.number(2.0**70), y), lines.number(2.0**70), y)
    product = lines.multiply(high, y, EXACT)
    rest = lines.fma(low, y, lines.fma(high, y, lines.negate(product)))

    rounded = lines.add(product, lines.number(ROUNDING), EXACT)
    n = lines.subtract(rounded, lines.number(ROUNDING), EXACT)
    r = lines.add(lines.subtract(product, n, EXACT), rest, EXACT)
    squared = lines.multiply(r, r, EXACT)
    q = polynomial(lines, EXPONENTIAL_OF_TWO, r, squared, lines.multiply(squared, squared, EXACT))
    bent = lines.multiply(squared, q, EXACT)
    beyond = lines.fma(r, lines.number(LN2), bent)
    result = scaled(lines, lines.add(beyond, lines.number(1), EXACT), rounded)
    result = lines.choose(lines.compare("ogt", product, lines.number(1100)), lines.number(math.inf), result)
    result = lines.choose(lines.compare("olt", product, lines.number(-1100)), lines.number(0), result)

    sign = lines.integer("and", lines.bits(x), lines.whole(SIGN))
    sign = lines.choose_whole(odd, sign, lines.whole(0))
    result = lines.from_bits(lines.integer("or", lines.bits(result), sign))
    one = lines.either(lines.compare("oeq", y, lines.number(0)), lines.compare("oeq", x, lines.number(1)))
    return lines.choose(one, lines.number(1), result)


def logarithm_to_two(lines: Lines, x: str) -> tuple[str, str]:
    """log2(x) as the sum of two numbers, for x above 0 and finite.

    Every product and sum comes with what its rounding leaves out, its rest. Where a is the larger part of
    c = fma(a', b', a), it is fma(a', b', a - c), for a - c is exact (Sterbenz, 1974).
    """
    k, m = parted(lines, x)
    # First s, the ratio of m - 1 and m + 1
    above = lines.subtract(m, lines.number(1), EXACT)
    below = lines.add(m, lines.number(1), EXACT)
    below_rest = lines.subtract(m, lines.subtract(below, lines.number(1), EXACT), EXACT)
    inverse = lines.divide(lines.number(1), below)
    s = lines.multiply(above, inverse, EXACT)
    minus = lines.negate(s)
    s_rest = lines.fma(minus, below_rest, lines.fma(minus, below, above))
    s_rest = lines.multiply(s_rest, inverse, EXACT)
    # Its square, z
    z = lines.multiply(s, s, EXACT)
    z_rest = lines.fma(s, s, lines.negate(z))
    z_rest = lines.fma(lines.add(s, s, EXACT), s_rest, z_rest)
    # THIRD + FIFTH z + z² q(z), then FIRST + z times that, then k + s times that
    squared = lines.multiply(z, z, EXACT)
    q = polynomial(lines, LOGARITHM_TO_TWO, z, squared, lines.multiply(squared, squared, EXACT))
    c, c_rest = joined(lines, (z, z_rest), (lines.number(FIFTH), ""), lines.number(THIRD))
    c_rest = lines.fma(squared, q, lines.add(c_rest, lines.number(THIRD_REST), EXACT))
    c, c_rest = joined(lines, (z, z_rest), (c, c_rest), lines.number(FIRST))
    c_rest = lines.add(c_rest, lines.number(FIRST_REST), EXACT)
    return joined(lines, (s, s_rest), (c, c_rest), k)


def joined(lines: Lines, a: tuple[str, str], b: tuple[str, str], larger: str) -> tuple[str, str]:
    """The product of two numbers with rests, added to a number that is larger or 0, and what its rounding leaves out."""
    result = lines.fma(a[0], b[0], larger)
    rest = lines.fma(a[0], b[0], lines.subtract(larger, result, EXACT))
    if b[1]:
        rest = lines.fma(a[0], b[1], rest)
    return result, lines.fma(a[1], b[0], rest)


def parted(lines: Lines, x: str) -> tuple[str, str]:
    """The k and m of x = 2**k m, m between the root of 1/2 and that of 2, for x above 0 and finite."""
    # A subnormal number has leading zeros: it is made 2**54 times as large first.
    subnormal = lines.compare("olt", x, lines.number(2.0**-1022))
    x = lines.choose(subnormal, lines.multiply(x, lines.number(2.0**54), EXACT), x)
    offset = lines.choose(subnormal, lines.number(2.0**52 + 1023 + 54), lines.number(2.0**52 + 1023))
    shifted = lines.integer("add", lines.bits(x), lines.whole(ONE - ROOT_OF_HALF))
    exponent = lines.integer("lshr", shifted, lines.whole(52))
    k = lines.from_bits(lines.integer("or", exponent, lines.whole(TWO_TO_52)))  # 2**52 + exponent
    fraction = lines.integer("and", shifted, lines.whole(FRACTION))
    m = lines.from_bits(lines.integer("add", fraction, lines.whole(ROOT_OF_HALF)))
    return lines.subtract(k, offset, EXACT), m


def at_ends(lines: Lines, x: str, result: str) -> str:
    """A logarithm where x is 0, infinite or no number."""
    result = lines.choose(lines.compare("oeq", x, lines.number(0)), lines.number(-math.inf), result)
    return lines.choose(lines.compare("olt", x, lines.number(math.inf)), result, x)


def scaled(lines: Lines, value: str, rounded: str) -> str:
    """A number between 1/2 and 2, times 2**n.

    ``rounded`` is ROUNDING + n, of which n + 2046 stands in the lowest bits. Half of that is the exponent, as it stands in a
    number, of about 2**(n/2), and what is left that of the other half. In two parts, since 2**n may be beyond the largest number or
    below the smallest normal one where the result is not; the second product alone rounds.
    """
    bits = lines.bits(rounded)
    half = lines.integer("lshr", bits, lines.whole(1))
    other = lines.integer("sub", bits, half)
    for part in (half, other):
        value = lines.multiply(value, lines.from_bits(lines.integer("shl", part, lines.whole(52))), EXACT)
    return value


def polynomial(lines: Lines, coefficients: Sequence[float], *powers: str) -> str:
    """A polynomial in x, given x, x² and so on, each the square of the one before it.

    Neighbours are joined by x, pairs by x², and what is left by Horner's way in the last power. Any of these takes as many
    operations; a higher last power is one more to be computed, and has the result ready earlier.
    """
    parts = [lines.number(coefficient) for coefficient in coefficients]
    for power in powers[:-1]:
        pairs = [lines.fma(high, power, low) for low, high in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[2 * len(pairs) :]
    result = parts.pop()
    while parts:
        result = lines.fma(result, powers[-1], parts.pop())
    return result
