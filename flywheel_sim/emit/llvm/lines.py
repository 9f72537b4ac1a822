"""Lines of LLVM text over vectors: one number for each of several draws.

A value is the name that a line gave it, or a constant. What a line says is decided by whoever asks for it;
this module knows the grammar alone.
"""

from __future__ import annotations

import struct

__all__ = ["Lines", "intrinsics", "written"]


class Lines:
    """The lines of one function.

    Args:
        lanes: how many draws a vector holds.

    Attributes:
        vector: the type of as many numbers.
        wholes: the type of as many whole numbers of 64 bits.
        truths: the type of as many truths.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.vector = f"<{lanes} x double>"
        self.wholes = f"<{lanes} x i64>"
        self.truths = f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.count = 0

    # Lines

    def line(self, text: str) -> None:
        """A line that gives nothing back."""
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """A place to jump to."""
        self.lines.append(f"{name}:")

    def value(self, text: str) -> str:
        """A line that gives a value back, and its name."""
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"  {name} = {text}")
        return name

    # Constants

    def number(self, value: float) -> str:
        """A number, the same for every draw, to the last bit."""
        return f"splat (double {written(value)})"

    def whole(self, value: int) -> str:
        """A whole number, the same for every draw."""
        return f"splat (i64 {value})"

    # Arithmetic. ``contract`` lets a product and a sum become one operation that rounds once. Nothing else is
    # allowed: sums put in another order break what the functions of this package rest on.

    def add(self, a: str, b: str, flags: str = "contract") -> str:
        return self.value(f"fadd {flags} {self.vector} {a}, {b}")

    def subtract(self, a: str, b: str, flags: str = "contract") -> str:
        return self.value(f"fsub {flags} {self.vector} {a}, {b}")

    def multiply(self, a: str, b: str, flags: str = "contract") -> str:
        return self.value(f"fmul {flags} {self.vector} {a}, {b}")

    def divide(self, a: str, b: str) -> str:
        return self.value(f"fdiv {self.vector} {a}, {b}")

    def negate(self, a: str) -> str:
        return self.value(f"fneg {self.vector} {a}")

    def fma(self, a: str, b: str, c: str) -> str:
        """The product of two and a third added, rounded once."""
        return self.value(f"call {self.vector} @llvm.fma.v{self.lanes}f64({self.vector} {a}, {self.vector} {b}, {self.vector} {c})")

    def sqrt(self, a: str) -> str:
        return self.value(f"call {self.vector} @llvm.sqrt.v{self.lanes}f64({self.vector} {a})")

    def absolute(self, a: str) -> str:
        return self.value(f"call {self.vector} @llvm.fabs.v{self.lanes}f64({self.vector} {a})")

    def call(self, function: str, *arguments: str) -> str:
        """A function of this package's own."""
        given = ", ".join(f"{self.vector} {argument}" for argument in arguments)
        return self.value(f"call {self.vector} @{function}({given})")

    # Choices

    def compare(self, predicate: str, a: str, b: str) -> str:
        """A truth for each draw; ``olt`` and its like are false where a side is not a number, ``une`` is true."""
        return self.value(f"fcmp {predicate} {self.vector} {a}, {b}")

    def choose(self, truth: str, then: str, otherwise: str) -> str:
        """One of two values for each draw."""
        return self.value(f"select {self.truths} {truth}, {self.vector} {then}, {self.vector} {otherwise}")

    def both(self, a: str, b: str) -> str:
        """Whether two truths hold, for each draw."""
        return self.value(f"and {self.truths} {a}, {b}")

    def either(self, a: str, b: str) -> str:
        """Whether one of two truths holds, for each draw."""
        return self.value(f"or {self.truths} {a}, {b}")

    # Bits

    def bits(self, a: str) -> str:
        """The bits of a number as a whole number."""
        return self.value(f"bitcast {self.vector} {a} to {self.wholes}")

    def from_bits(self, a: str) -> str:
        """A whole number as the bits of a number."""
        return self.value(f"bitcast {self.wholes} {a} to {self.vector}")

    def integer(self, operation: str, a: str, b: str) -> str:
        """``add``, ``sub``, ``and``, ``or``, ``xor``, ``shl``, ``lshr`` or ``ashr`` of whole numbers."""
        return self.value(f"{operation} {self.wholes} {a}, {b}")

    def compare_wholes(self, predicate: str, a: str, b: str) -> str:
        """A truth for each draw."""
        return self.value(f"icmp {predicate} {self.wholes} {a}, {b}")

    def choose_whole(self, truth: str, then: str, otherwise: str) -> str:
        """One of two whole numbers for each draw."""
        return self.value(f"select {self.truths} {truth}, {self.wholes} {then}, {self.wholes} {otherwise}")

    # Memory

    def spread(self, scalar: str) -> str:
        """A number that is the same for every draw, known only when the function runs."""
        first = self.value(f"insertelement {self.vector} poison, double {scalar}, i32 0")
        return self.value(f"shufflevector {self.vector} {first}, {self.vector} poison, <{self.lanes} x i32> zeroinitializer")

    def spread_whole(self, scalar: str) -> str:
        """A whole number that is the same for every draw, known only when the function runs."""
        first = self.value(f"insertelement {self.wholes} poison, i64 {scalar}, i32 0")
        return self.value(f"shufflevector {self.wholes} {first}, {self.wholes} poison, <{self.lanes} x i32> zeroinitializer")

    def load(self, pointer: str) -> str:
        return self.value(f"load {self.vector}, ptr {pointer}, align {8 * self.lanes}")

    def store(self, value: str, pointer: str) -> None:
        self.line(f"store {self.vector} {value}, ptr {pointer}, align {8 * self.lanes}")

    def place(self, pointer: str, offset: str | int) -> str:
        """The address of the number that lies so many numbers further on."""
        return self.value(f"getelementptr double, ptr {pointer}, i64 {offset}")


def written(value: float) -> str:
    """A number as LLVM reads it, to the last bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"


def intrinsics(lanes: int) -> str:
    """The declarations of what the lines call."""
    vector = f"<{lanes} x double>"
    return "\n".join(
        [
            f"declare {vector} @llvm.fma.v{lanes}f64({vector}, {vector}, {vector})",
            f"declare {vector} @llvm.sqrt.v{lanes}f64({vector})",
            f"declare {vector} @llvm.fabs.v{lanes}f64({vector})",
        ]
    )
