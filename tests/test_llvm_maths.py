"""The vectorised exp, log and power: near the exact value everywhere, right at every edge, the same in every lane.

The exact values are Python's ``decimal`` with 45 digits. An error is counted in units in the last place of the number that
is nearest to the exact value, which never grow smaller than the smallest number of all.
"""

import ctypes
import itertools
import math
import re
from decimal import Context, Decimal

import numpy as np
import pytest

from flywheel_sim.emit.llvm import maths
from flywheel_sim.emit.llvm.lines import Lines, intrinsics
from flywheel_sim.native import compile_native

EXACT = Context(prec=45, Emax=10**9, Emin=-(10**9))
LANES = (4, 8, 16)
FUNCTIONS = ("exp", "log", "power")
ULPS = 1.2  # what the module says; the contract asks for 2
MANY = 1500  # points of each kind
INF, NAN = math.inf, math.nan
LARGEST, SMALLEST, SMALLEST_NORMAL = 2.0**1023 * (2 - 2.0**-52), 2.0**-1074, 2.0**-1022


# The functions over arrays


def over_arrays(lanes, name):
    """A function that fills an array, ``lanes`` numbers at a time."""
    lines = Lines(lanes)
    lines.label("entry")
    lines.line("br label %loop")
    lines.label("loop")
    lines.line("%index = phi i64 [0, %entry], [%next, %loop]")
    taken = [lines.load(lines.place(pointer, "%index")) for pointer in ("%xs", "%ys")[: 2 if name == "power" else 1]]
    result = lines.value(f"call {lines.vector} @{name}({', '.join(f'{lines.vector} {value}' for value in taken)})")
    lines.store(result, lines.place("%results", "%index"))
    lines.line(f"%next = add i64 %index, {lanes}")
    lines.line("%more = icmp ult i64 %next, %count")
    lines.line("br i1 %more, label %loop, label %end")
    lines.label("end")
    lines.line("ret void")
    return "\n".join([f"define void @over_{name}(ptr %xs, ptr %ys, ptr %results, i64 %count) {{", *lines.lines, "}"])


def text_of(lanes):
    return "\n".join([intrinsics(lanes), maths.definitions(lanes), *(over_arrays(lanes, name) for name in FUNCTIONS)])


def aligned(values, lanes):
    """A copy that starts where a vector may start and ends where one ends."""
    length = -(-len(values) // lanes) * lanes
    room = np.ones(length + lanes)
    start = -room.ctypes.data % (8 * lanes) // 8
    array = room[start : start + length]
    array[: len(values)] = values
    return array


def computed(lanes, name, x, y=None):
    pointers = [ctypes.c_void_p] * 3
    function = compile_native(text_of(lanes)).function(f"over_{name}", *pointers, ctypes.c_int64)
    arrays = [aligned(values, lanes) for values in (x, x if y is None else y, np.zeros(len(x)))]
    function(*(array.ctypes.data for array in arrays), len(arrays[0]))
    return arrays[2][: len(x)]


def one(name, *arguments):
    return float(computed(8, name, *([argument] for argument in arguments))[0])


# Exact values


def is_odd(number):
    return abs(math.fmod(number, 2)) == 1  # unlike %, which rounds


def exact(name, x, y=None):
    x = Decimal(x)
    if name == "exp":
        return EXACT.exp(x)
    if name == "log":
        return EXACT.ln(x)
    size = EXACT.exp(EXACT.multiply(Decimal(y), EXACT.ln(x.copy_abs())))
    return size.copy_negate() if x < 0 and is_odd(y) else size


def error(found, value):
    """In units in the last place. An infinite result stands for the power of two that it took the place of."""
    nearest = float(value)
    unit = math.ulp(LARGEST if math.isinf(nearest) else nearest)
    if math.isinf(found):
        if math.isinf(nearest):
            return 0.0 if found == nearest else INF
        return float(EXACT.subtract(Decimal(2) ** 1024, value.copy_abs()).copy_abs() / Decimal(unit))
    return float(EXACT.subtract(Decimal(found), value).copy_abs() / Decimal(unit))


def errors(name, x, y=None):
    found = computed(8, name, x, y)
    assert not np.isnan(found).any()
    exponents = itertools.repeat(None) if y is None else map(float, y)
    return [error(float(z), exact(name, float(a), b)) for z, a, b in zip(found, x, exponents, strict=False)]


def drawn(seed):
    return np.random.default_rng(seed)


def beside(draws, centre, finest):
    """Numbers ever closer to a centre, on both sides, down to ``2**finest`` times it."""
    sides = draws.choice([-1.0, 1.0], MANY) * 2.0 ** draws.uniform(finest, -1, MANY)
    return np.asarray(centre) * (1 + sides)


def of_all_exponents(draws):
    return draws.integers(1, 0x7FF0_0000_0000_0000, MANY).view(float)


def stepped(centre, steps):
    """The number that lies so many numbers above a centre."""
    return (np.float64(centre).view(np.int64) + steps).view(float)


EXP_POINTS = {
    "everywhere": lambda draws: draws.uniform(-746, 710, MANY),
    "small": lambda draws: beside(draws, 1.0, -2) - 1,
    "tiny": lambda draws: draws.choice([-1.0, 1.0], MANY) * 2.0 ** draws.uniform(-1074, -1, MANY),
    "where a power of two is left": lambda draws: (
        draws.integers(-2149, 2047, MANY) * (math.log(2) / 2) * (1 + draws.normal(size=MANY) * 1e-13)
    ),
    "where it goes under": lambda draws: draws.uniform(-745.2, -708, MANY),
    "at the lower border": lambda _: stepped(-745.1332191019412, np.arange(-50, 50)),
    "at the last normal number": lambda _: stepped(-708.3964185322641, np.arange(-50, 50)),
    "at the upper border": lambda _: stepped(709.782712893384, np.arange(-50, 50)),
}

LOG_POINTS = {
    "of all exponents": of_all_exponents,
    "near 1": lambda draws: beside(draws, 1.0, -53),
    "beside 1": lambda _: stepped(1.0, np.concatenate([np.arange(-50, 0), np.arange(1, 50)])),
    "within two": lambda draws: draws.uniform(0.5, 2, MANY),
    "where the exponent turns": lambda draws: beside(draws, math.sqrt(0.5) * 2.0 ** draws.integers(-1000, 1000, MANY), -52),
    "subnormal": lambda draws: draws.integers(1, 2**52, MANY).view(float),
    "the smallest": lambda _: stepped(0.0, np.arange(1, 100)),
    "the first normal ones": lambda _: stepped(SMALLEST_NORMAL, np.arange(-50, 50)),
    "the largest": lambda _: stepped(LARGEST, np.arange(-99, 1)),
}


def reaching(draws, x, low=-746.0, high=710.0):
    """Exponents that bring each x somewhere between two logarithms."""
    return draws.uniform(low, high, len(x)) / np.log(x)


def with_reaching(points, low=-746.0, high=710.0):
    def pairs(draws):
        x = points(draws)
        return x, reaching(draws, x, low, high)

    return pairs


POWER_POINTS = {
    "of all exponents": with_reaching(of_all_exponents),
    "within two": with_reaching(lambda draws: draws.uniform(0.5, 2, MANY)),
    "near 1": with_reaching(lambda draws: beside(draws, 1.0, -52)),
    "subnormal": with_reaching(lambda draws: draws.integers(1, 2**52, MANY).view(float)),
    "where the exponent turns": with_reaching(lambda draws: beside(draws, math.sqrt(0.5), -40)),
    "where it goes under": with_reaching(lambda draws: draws.uniform(0.5, 2, MANY), -745.2, -708),
    "where it goes over": with_reaching(lambda draws: draws.uniform(0.5, 2, MANY), 709.7, 709.9),
    "as in models": lambda draws: (draws.uniform(0, 100, MANY), draws.uniform(-3, 3, MANY)),
    "tiny exponents": lambda draws: (of_all_exponents(draws), 2.0 ** draws.uniform(-1074, -1, MANY)),
    "negative": lambda draws: (-draws.uniform(0, 100, MANY), draws.integers(-100, 100, MANY).astype(float)),
    "beside 1, huge exponents": lambda draws: (stepped(1.0, draws.integers(-9, 10, MANY)), draws.uniform(-(2.0**59), 2.0**59, MANY)),
}


@pytest.mark.parametrize("kind", EXP_POINTS)
def test_exp_is_near_the_exact_value(kind):
    assert max(errors("exp", EXP_POINTS[kind](drawn(1)))) < ULPS


@pytest.mark.parametrize("kind", LOG_POINTS)
def test_log_is_near_the_exact_value(kind):
    assert max(errors("log", LOG_POINTS[kind](drawn(2)))) < ULPS


@pytest.mark.parametrize("kind", POWER_POINTS)
def test_power_is_near_the_exact_value(kind):
    assert max(errors("power", *POWER_POINTS[kind](drawn(3)))) < ULPS


@pytest.mark.skipif(np.finfo(np.longdouble).nmant != 63, reason="needs numbers of 80 bits")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_point_of_many_lies_far_off(name):
    """Numbers of 80 bits are 2048 times as fine: enough to judge, and quick."""
    draws, many = drawn(4), 200_000
    if name == "power":
        x = np.concatenate([draws.uniform(0.5, 2, many), draws.integers(1, 0x7FF0_0000_0000_0000, many).view(float)])
        y = reaching(draws, x, -744, 709.7)
        found, value = computed(8, name, x, y), np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    else:
        x = draws.uniform(-744, 709.7, many) if name == "exp" else np.exp2(draws.uniform(-1074, 1023, many))
        found, value = computed(8, name, x), getattr(np, name)(x.astype(np.longdouble))
    off = np.abs(found.astype(np.longdouble) - value) / np.spacing(np.abs(value.astype(float)))
    assert off.max() < ULPS
    assert off.max() > 0.5  # half a unit is what rounding alone leaves: less would mean that nothing was judged


# Edges


def same(found, meant):
    if math.isnan(meant):
        return math.isnan(found)
    return found == meant and math.copysign(1, found) == math.copysign(1, meant)


@pytest.mark.parametrize(
    ("x", "meant"),
    [
        (0.0, 1.0), (-0.0, 1.0), (SMALLEST, 1.0), (-SMALLEST, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN),
        (LARGEST, INF), (-LARGEST, 0.0), (1e300, INF), (-1e300, 0.0), (709.782712893384, math.exp(709.782712893384)),
        (709.7827128933841, INF), (710.0, INF), (710.5, INF), (-745.1332191019411, SMALLEST), (-745.1332191019412, 0.0),
        (-745.5, 0.0), (-746.0, 0.0), (-747.0, 0.0), (-708.3964185322641, math.exp(-708.3964185322641)),
    ],
)  # fmt: skip
def test_exp_at_the_edges(x, meant):
    assert same(one("exp", x), meant)


@pytest.mark.parametrize(
    ("x", "meant"),
    [
        (0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-INF, NAN), (NAN, NAN), (-1.0, NAN), (-SMALLEST, NAN), (-LARGEST, NAN),
        (SMALLEST, math.log(SMALLEST)), (SMALLEST_NORMAL, math.log(SMALLEST_NORMAL)), (LARGEST, math.log(LARGEST)),
        (math.e, 1.0), (2.0, math.log(2)), (0.5, -math.log(2)), (1 + 2.0**-52, 2.0**-52 - 2.0**-105), (1 - 2.0**-53, -(2.0**-53)),
    ],
)  # fmt: skip
def test_log_at_the_edges(x, meant):
    assert same(one("log", x), meant)


SIZES = [
    0.0, SMALLEST, 1e-310, SMALLEST_NORMAL, 1e-20, 0.3, 0.5, 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1.5, 2.0, 2.5, 3.0, 4.0, 7.0, 1022.0, 1023.0,
    1024.0, 1074.0, 1075.0, 2.0**51 + 0.5, 2.0**52 - 0.5, 2.0**52, 2.0**52 + 1, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, 2.0**62, 2.0**63,
    2.0**64, 1e100, LARGEST, INF, NAN,
]  # fmt: skip


def power_of_c(x, y):
    """C's pow: Python's, which raises where C gives what is meant here."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if x < 0 and is_odd(y) else INF
    except ValueError:
        if x != 0:
            return NAN
        return math.copysign(INF, x) if is_odd(y) else INF


def test_power_at_every_pair_of_edges():
    numbers = [*SIZES, *(-size for size in SIZES)]
    pairs = list(itertools.product(numbers, numbers))
    found = computed(8, "power", *map(np.array, zip(*pairs, strict=True)))
    wrong = []
    for (x, y), z in zip(pairs, found.tolist(), strict=True):
        meant = power_of_c(x, y)
        ordinary = math.isfinite(meant) and meant != 0
        if not (abs(z - meant) <= math.ulp(meant) and z * meant >= 0 if ordinary else same(z, meant)):
            wrong.append((x, y, z, meant))
    assert wrong == []


def test_whole_powers_that_are_numbers_are_exact():
    pairs = [(base, exponent) for base in range(-30, 31) for exponent in range(31) if abs(base) ** exponent < 2**53]
    found = computed(8, "power", *(np.array(column, float) for column in zip(*pairs, strict=True)))
    assert found.tolist() == [float(base**exponent) for base, exponent in pairs]
    halves = computed(8, "power", np.full(2097, 2.0), np.arange(-1074.0, 1023.0))
    assert halves.tolist() == [math.ldexp(1.0, exponent) for exponent in range(-1074, 1023)]


# Lanes


def every_kind(name):
    draws = drawn(5)
    sets = {"exp": EXP_POINTS, "log": LOG_POINTS, "power": POWER_POINTS}[name]
    edges = np.array([*SIZES, *(-size for size in SIZES)])
    if name != "power":
        return (np.concatenate([*(points(draws)[:80] for points in sets.values()), edges]),)
    pairs = [*(points(draws) for points in sets.values()), (edges, edges[::-1]), (edges, edges)]
    return tuple(np.concatenate([pair[side][:80] for pair in pairs]) for side in (0, 1))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_draw_gives_the_same_bits_in_every_lane_and_whatever_stands_beside_it(name):
    arguments = every_kind(name)
    meant = computed(8, name, *arguments).view(np.int64)
    order = drawn(6).permutation(len(meant))
    mixed = computed(8, name, *(argument[order] for argument in arguments)).view(np.int64)
    assert np.array_equal(mixed, meant[order])
    for lanes, moved in itertools.product(LANES, range(5)):
        found = computed(lanes, name, *(np.roll(argument, moved) for argument in arguments)).view(np.int64)
        assert np.array_equal(found, np.roll(meant, moved)), (lanes, moved)


@pytest.mark.parametrize("lanes", LANES)
def test_nothing_is_left_to_the_compiler_or_to_a_library(lanes):
    text = maths.definitions(lanes)
    assert set(re.findall(r"@([\w.]+)\(", text)) == {*FUNCTIONS, f"llvm.fma.v{lanes}f64", f"llvm.fabs.v{lanes}f64"}
    flags = re.findall(r"= (?:fadd|fsub|fmul|fdiv|fneg) +(\S+)", text)
    assert set(flags) == {f"<{lanes}"}  # the type follows at once: no licence stands between
    assert "br " not in text
