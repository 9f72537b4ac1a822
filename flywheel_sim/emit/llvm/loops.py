"""Lines with loops: for what is walked over at run time rather than written out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Looping"]


class Looping(Lines):
    """Lines of a function with loops and conditions.

    Args:
        lanes: how many draws a vector holds.
    """

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.labels = 0
        self.front: list[str] = []  # what is set aside once, when the function is entered

    def text(self, head: str, result: str = "ret void") -> str:
        """The function. Nothing in it may be turned into a call of a library's: there is none to call."""
        return "\n".join([f'{head} "no-builtins" {{', "entry:", *self.front, *self.lines, f"  {result}", "}"])

    def fresh(self, word: str) -> str:
        """A name for a place that no other has."""
        self.labels += 1
        return f"{word}{self.labels}"

    def memory(self, kind: str) -> str:
        """The address of one value that changes."""
        name = f"%{self.fresh('memory')}"
        self.front.append(f"  {name} = alloca {kind}, align 64")
        return name

    @contextlib.contextmanager
    def loop(self, first: str | int, last: str | int) -> Iterator[str]:
        """What is inside is done for each whole number from ``first`` up to, and without, ``last``."""
        counter = self.memory("i64")
        test, body, after = self.fresh("test"), self.fresh("body"), self.fresh("after")
        self.line(f"store i64 {first}, ptr {counter}")
        self.line(f"br label %{test}")
        self.label(test)
        number = self.value(f"load i64, ptr {counter}")
        more = self.value(f"icmp slt i64 {number}, {last}")
        self.line(f"br i1 {more}, label %{body}, label %{after}")
        self.label(body)
        yield number
        self.line(f"store i64 {self.value(f'add i64 {number}, 1')}, ptr {counter}")
        self.line(f"br label %{test}")
        self.label(after)

    @contextlib.contextmanager
    def only_if(self, truth: str) -> Iterator[None]:
        """What is inside is done where a truth, one for all draws, holds."""
        body, after = self.fresh("body"), self.fresh("after")
        self.line(f"br i1 {truth}, label %{body}, label %{after}")
        self.label(body)
        yield
        self.line(f"br label %{after}")
        self.label(after)

    def sum(self, a: str | int, b: str | int) -> str:
        """The sum of two whole numbers."""
        return self.value(f"add i64 {a}, {b}")

    def times(self, a: str | int, b: str | int) -> str:
        """The product of two whole numbers."""
        return self.value(f"mul i64 {a}, {b}")

    def vector_at(self, pointer: str, index: str | int) -> str:
        """The address of the vector that lies so many vectors further on."""
        return self.value(f"getelementptr {self.vector}, ptr {pointer}, i64 {index}")

    def whole_at(self, pointer: str, index: str | int) -> str:
        """A whole number out of a list."""
        place = self.value(f"getelementptr i64, ptr {pointer}, i64 {index}")
        return self.value(f"load i64, ptr {place}")

    def number_at(self, pointer: str, index: str | int) -> str:
        """A number out of a list."""
        place = self.value(f"getelementptr double, ptr {pointer}, i64 {index}")
        return self.value(f"load double, ptr {place}")
