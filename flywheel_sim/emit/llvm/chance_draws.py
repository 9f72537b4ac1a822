"""Lines for one replication at a time, and the random numbers they draw.

Equations are written over vectors of two: a step's start and its end. All else is single numbers.

Random bits come from xoshiro256++ (Blackman and Vigna 2021), its four words kept at an address; waiting times from a
ziggurat (Marsaglia and Tsang, Journal of Statistical Software 5, 2000); Poisson numbers are found by inversion below 10, above it by Hörmann's transformed rejection
(PTRS, Insurance: Mathematics and Economics 12, 1993).
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.lines import written
from flywheel_sim.emit.llvm.loops import Looping

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ENDS", "MANY", "Single", "draw_functions"]

ENDS = 2  # of a step

# The ziggurat of the exponential density: layers of one area, the lowest with the tail beyond the last edge.
LAYERS, LAST = 256, 7.69711747013104972

MANY = 2.0**53  # beyond which numbers are no longer whole
SMALL_MEAN = 10.0  # up to which Poisson numbers are found by inversion
MOST_INVERTED = 120.0  # beyond which no number of so small a mean lies: the chance is below 1e-80
SHIFT = 10  # what the factorial's series is moved by, so that it is good to the last bits
# ln Γ(x) = (x - 1/2) ln x - x + ln(2π)/2 + 1/(12 x) - 1/(360 x³) + 1/(1260 x⁵) - 1/(1680 x⁷) ...
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


class Single(Looping):
    """Lines of a function with equations over both ends of a step, and with single numbers."""

    def __init__(self) -> None:
        super().__init__(ENDS)

    # Single numbers; a constant is given as a number

    def op(self, operation: str, a: str | float, b: str | float) -> str:
        """``fadd``, ``fsub``, ``fmul`` or ``fdiv``."""
        return self.value(f"{operation} double {said(a)}, {said(b)}")

    def test(self, predicate: str, a: str | float, b: str | float) -> str:
        return self.value(f"fcmp {predicate} double {said(a)}, {said(b)}")

    def pick(self, truth: str, then: str | float, otherwise: str | float) -> str:
        return self.value(f"select i1 {truth}, double {said(then)}, double {said(otherwise)}")

    def least(self, a: str | float, b: str | float) -> str:
        return self.pick(self.test("olt", a, b), a, b)

    def get(self, pointer: str) -> str:
        return self.value(f"load double, ptr {pointer}, align 8")

    def put(self, value: str | float, pointer: str) -> None:
        self.line(f"store double {said(value)}, ptr {pointer}, align 8")

    def get_whole(self, pointer: str) -> str:
        return self.value(f"load i64, ptr {pointer}, align 8")

    def put_whole(self, value: str | int, pointer: str) -> None:
        self.line(f"store i64 {value}, ptr {pointer}, align 8")

    def whole_place(self, pointer: str, index: str | int) -> str:
        return self.value(f"getelementptr i64, ptr {pointer}, i64 {index}")

    def end(self, vector: str, number: int) -> str:
        """What holds at the start (0) or the end (1) of a step."""
        return self.value(f"extractelement {self.vector} {vector}, i32 {number}")

    def along(self, vector: str, share: str | None) -> str:
        """What holds after a share of the step, on the straight line between its ends; at the start for None."""
        start = self.end(vector, 0)
        if share is None:
            return start
        return self.op("fadd", start, self.op("fmul", self.op("fsub", self.end(vector, 1), start), share))

    def root(self, a: str) -> str:
        return self.value(f"call double @llvm.sqrt.f64(double {a})")

    def size(self, a: str) -> str:
        return self.value(f"call double @llvm.fabs.f64(double {a})")

    def log(self, a: str) -> str:
        return self.end(self.call("log", self.spread(a)), 0)

    def bits(self, generator: str) -> str:
        """64 of them, at random."""
        return self.value(f"call i64 @bits(ptr {generator})")

    def unit(self, bits: str) -> str:
        """The upper 53 of some bits as a number from 0 to 1, without 1."""
        upper = self.value(f"lshr i64 {bits}, 11")
        return self.op("fmul", self.value(f"sitofp i64 {upper} to double"), 2.0**-53)

    def uniform(self, generator: str) -> str:
        """A number from 0 to 1, without 1."""
        return self.unit(self.bits(generator))

    def waiting(self, generator: str) -> str:
        """An exponential number of mean 1."""
        return self.value(f"call double @waiting(ptr {generator})")

    # Where to go

    def go(self, place: str) -> None:
        self.line(f"br label %{place}")

    def branch(self, truth: str, then: str, otherwise: str) -> None:
        self.line(f"br i1 {truth}, label %{then}, label %{otherwise}")

    def leave_if(self, truth: str, text: str) -> None:
        """The function ends here where a truth holds."""
        out, on = self.fresh("leave"), self.fresh("stay")
        self.branch(truth, out, on)
        self.label(out)
        self.line(text)
        self.label(on)

    @contextlib.contextmanager
    def again(self) -> Iterator[tuple[str, str]]:
        """What is inside is done again and again; gives the places of its beginning and behind its end."""
        top, out = self.fresh("again"), self.fresh("out")
        self.go(top)
        self.label(top)
        yield top, out
        self.go(top)
        self.label(out)


def said(value: str | float) -> str:
    return value if isinstance(value, str) else written(value)


def draw_functions() -> str:
    """``@bits(g)``, ``@waiting(g)`` and ``@poisson(g, mean)``."""
    return "\n".join(
        [
            "declare double @llvm.sqrt.f64(double)",
            "declare double @llvm.fabs.f64(double)",
            bits(),
            *(numbers(name, values) for name, values in zip(("edges", "heights"), layers(), strict=True)),
            unusual(),
            waiting(),
            log_factorial(),
            poisson(),
        ]
    )


def bits() -> str:
    """xoshiro256++."""
    f = Single()
    places = [f.whole_place("%g", word) for word in range(4)]
    words = [f.get_whole(place) for place in places]

    def whole(operation: str, a: str, b: str | int) -> str:
        return f.value(f"{operation} i64 {a}, {b}")

    def turned(a: str, by: int) -> str:
        return whole("or", whole("shl", a, by), whole("lshr", a, 64 - by))

    result = whole("add", turned(whole("add", words[0], words[3]), 23), words[0])
    moved = whole("shl", words[1], 17)
    third, fourth = whole("xor", words[2], words[0]), whole("xor", words[3], words[1])
    second, first = whole("xor", words[1], third), whole("xor", words[0], fourth)
    for place, word in zip(places, (first, second, whole("xor", third, moved), turned(fourth, 45)), strict=True):
        f.put_whole(word, place)
    return f.text("define internal i64 @bits(ptr noalias %g) alwaysinline", f"ret i64 {result}")


def layers() -> tuple[list[float], list[float]]:
    """Where the layers of the ziggurat end, from the lowest up, and how high the density is there."""
    area = LAST * math.exp(-LAST) + math.exp(-LAST)
    edges = [area * math.exp(LAST), LAST]
    while len(edges) < LAYERS:
        edges.append(-math.log(area / edges[-1] + math.exp(-edges[-1])))
    edges.append(0.0)
    return edges, [math.exp(-edge) for edge in edges]


def numbers(name: str, values: list[float]) -> str:
    return f"@{name} = private constant [{len(values)} x double] [{', '.join(f'double {written(value)}' for value in values)}]"


def layer_of(f: Single, drawn: str) -> tuple[str, str]:
    """The layer that some bits fall in, and how far out."""
    layer = f.value(f"and i64 {drawn}, {LAYERS - 1}")
    return layer, f.op("fmul", f.unit(drawn), f.number_at("@edges", layer))


def waiting() -> str:
    """``@waiting(g)``: an exponential number of mean 1, nearly always from one draw and one product."""
    f = Single()
    drawn = f.bits("%g")
    layer, out = layer_of(f, drawn)
    f.leave_if(f.test("olt", out, f.number_at("@edges", f.sum(layer, 1))), f"ret double {out}")
    return f.text(
        "define internal double @waiting(ptr noalias %g) alwaysinline",
        f"ret double {f.value(f'call double @unusual(ptr %g, i64 {drawn})')}",
    )


def unusual() -> str:
    """``@unusual(g, drawn)``: the same from bits that fall outside the next layer."""
    f = Single()
    drawn = f.memory("i64")
    f.put_whole("%drawn", drawn)
    with f.again() as (_, _out):
        layer, out = layer_of(f, f.get_whole(drawn))
        above = f.sum(layer, 1)
        f.leave_if(f.test("olt", out, f.number_at("@edges", above)), f"ret double {out}")
        lowest, wedge = f.fresh("lowest"), f.fresh("wedge")
        f.branch(f.value(f"icmp eq i64 {layer}, 0"), lowest, wedge)
        f.label(lowest)  # beyond the last edge it is exponential again
        tail = f.op("fsub", LAST, f.log(f.op("fsub", 1.0, f.uniform("%g"))))
        f.line(f"ret double {tail}")
        f.label(wedge)
        low, high = f.number_at("@heights", layer), f.number_at("@heights", above)
        height = f.op("fadd", low, f.op("fmul", f.uniform("%g"), f.op("fsub", high, low)))
        density = f.end(f.call("exp", f.spread(f.value(f"fneg double {out}"))), 0)
        f.leave_if(f.test("olt", height, density), f"ret double {out}")
        f.put_whole(f.bits("%g"), drawn)
    return f.text("define internal double @unusual(ptr noalias %g, i64 %drawn) noinline", "unreachable")


def log_factorial() -> str:
    """``@log_factorial(k)``: of a whole number that is not negative."""
    f = Single()
    x = f.op("fadd", "%k", 1.0)
    product = x
    for number in range(1, SHIFT):
        product = f.op("fmul", product, f.op("fadd", x, float(number)))
    far = f.test("oge", x, 1e6)  # the series is good to the last bit without being moved, and the product would be too large
    product = f.pick(far, 1.0, product)
    x = f.pick(far, x, f.op("fadd", x, float(SHIFT)))
    inverse = f.op("fdiv", 1.0, x)
    squared = f.op("fmul", inverse, inverse)
    series = f.op("fadd", STIRLING[-1], 0.0)
    for factor in reversed(STIRLING[:-1]):
        series = f.op("fadd", f.op("fmul", series, squared), factor)
    made = f.op("fsub", f.op("fmul", f.op("fsub", x, 0.5), f.log(x)), x)
    made = f.op("fadd", f.op("fadd", made, 0.5 * math.log(2 * math.pi)), f.op("fmul", series, inverse))
    return f.text("define internal double @log_factorial(double %k) noinline", f"ret double {f.op('fsub', made, f.log(product))}")


def poisson() -> str:
    """``@poisson(g, mean)``: 0 where the mean is not above 0."""
    f = Single()
    f.leave_if(f.test("ule", "%mean", 0.0), f"ret double {written(0.0)}")
    f.leave_if(f.test("oge", "%mean", MANY), "ret double %mean")  # no whole number any more: whoever asks will notice
    small, large = f.fresh("small"), f.fresh("large")
    f.branch(f.test("olt", "%mean", SMALL_MEAN), small, large)
    f.label(small)
    inversion(f)
    f.label(large)
    rejection(f)
    return f.text("define internal double @poisson(ptr noalias %g, double %mean) noinline", "unreachable")


def inversion(f: Single) -> None:
    """The first number whose distribution function exceeds a uniform number."""
    wanted = f.uniform("%g")
    number, mass, below = f.memory("double"), f.memory("double"), f.memory("double")
    none = f.end(f.call("exp", f.spread(f.value("fneg double %mean"))), 0)
    f.put(0.0, number)
    f.put(none, mass)
    f.put(none, below)
    with f.again() as (_, out):
        more, on = f.test("olt", f.get(below), wanted), f.fresh("on")
        more = f.value(f"and i1 {more}, {f.test('olt', f.get(number), MOST_INVERTED)}")
        f.branch(more, on, out)
        f.label(on)
        k = f.op("fadd", f.get(number), 1.0)
        f.put(k, number)
        f.put(f.op("fmul", f.get(mass), f.op("fdiv", "%mean", k)), mass)
        f.put(f.op("fadd", f.get(below), f.get(mass)), below)
    f.line(f"ret double {f.get(number)}")


def rejection(f: Single) -> None:
    """PTRS; the letters are those of the paper."""
    root, logarithm = f.root("%mean"), f.log("%mean")
    b = f.op("fadd", 0.931, f.op("fmul", 2.53, root))
    a = f.op("fadd", -0.059, f.op("fmul", 0.02483, b))
    inverse_alpha = f.op("fadd", 1.1239, f.op("fdiv", 1.1328, f.op("fsub", b, 3.4)))
    v_r = f.op("fsub", 0.9277, f.op("fdiv", 3.6224, f.op("fsub", b, 2.0)))
    with f.again() as (top, _):
        u = f.op("fsub", f.uniform("%g"), 0.5)
        v = f.op("fsub", 1.0, f.uniform("%g"))
        us = f.op("fsub", 0.5, f.size(u))
        k = f.op("fadd", f.op("fmul", f.op("fadd", f.op("fdiv", f.op("fmul", 2.0, a), us), b), u), f.op("fadd", "%mean", 0.43))
        possible = f.value(f"and i1 {f.test('oge', k, 0.0)}, {f.test('olt', k, 2.0**62)}")
        sound = f.fresh("sound")
        f.branch(possible, sound, top)
        f.label(sound)
        k = f.value(f"sitofp i64 {f.value(f'fptosi double {k} to i64')} to double")  # rounded down
        quick = f.value(f"and i1 {f.test('oge', us, 0.07)}, {f.test('ole', v, v_r)}")
        f.leave_if(quick, f"ret double {k}")
        hopeless = f.value(f"and i1 {f.test('olt', us, 0.013)}, {f.test('ogt', v, us)}")
        perhaps = f.fresh("perhaps")
        f.branch(hopeless, top, perhaps)
        f.label(perhaps)
        hat = f.op("fadd", f.op("fdiv", a, f.op("fmul", us, us)), b)
        left = f.op("fsub", f.op("fadd", f.log(v), f.log(inverse_alpha)), f.log(hat))
        right = f.op("fsub", f.op("fmul", k, logarithm), "%mean")
        right = f.op("fsub", right, f.value(f"call double @log_factorial(double {k})"))
        f.leave_if(f.test("ole", left, right), f"ret double {k}")
