"""Functions over small matrices in memory, one matrix for each draw: for journey measures that are no elimination."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.loops import Looping

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["matrix_functions", "scratch_needed"]

TERMS = 16  # of the power series of exp over a time in which half a jump is expected: what is left out is below 1e-18
HALVINGS = 20  # of a time, at most: a million jumps are expected in the longest
SQUARINGS = 50  # after which the root of a matrix's size is its spectral radius


def scratch_needed(size: int) -> int:
    """How many vectors these functions work with, for matrices of so many rows."""
    return 6 * size * size + 2 * size


def matrix_functions(lanes: int, sizes: Iterable[int]) -> str:
    """The text of ``@multiply5``, ``@staying5`` and ``@radius5``, and of their like for every other size asked for."""
    return "\n".join(made(lanes, size) for size in sorted(set(sizes)) for made in (multiply, staying, radius))


def multiply(lanes: int, size: int) -> str:
    """``@multiply(c, a, b)``: c = a b, row by row."""
    f = Looping(lanes)
    with f.loop(0, size) as i:
        row = f.times(i, size)
        entries = [f.load(f.vector_at("%a", f.sum(row, k))) for k in range(size)]
        for j in range(size):
            total = f.multiply(entries[0], f.load(f.vector_at("%b", j)))
            for k in range(1, size):
                total = f.fma(entries[k], f.load(f.vector_at("%b", k * size + j)), total)
            f.store(total, f.vector_at("%c", f.sum(row, j)))
    return f.text(f"define internal void @multiply{size}(ptr noalias %c, ptr %a, ptr %b)")


def staying(lanes: int, size: int) -> str:
    """``@staying(m, time)``: m, a matrix of rates T, becomes exp(T time) 1, in its first row.

    With q the fastest rate, exp(T t) = Σ_n e^-qt (qt)^n / n! (I + T/q)^n over a time t so short that qt < 1/2, in
    powers of fours, and squared as often as the time was halved. Nothing but positive numbers is added up.
    """
    f = Looping(lanes)
    one, zero = f.number(1.0), f.number(0.0)
    square = size * size
    jump, second, third, fourth, total = (f.vector_at("%m", square * block) for block in range(1, 6))
    diagonal = [place * (size + 1) for place in range(size)]
    q = zero
    for own in diagonal:
        rate = f.negate(f.load(f.vector_at("%m", own)))
        q = f.choose(f.compare("ogt", rate, q), rate, q)
    jumps = f.multiply(q, "%time")
    halvings = halvings_of(f, jumps)
    half = f.from_bits(f.integer("shl", f.integer("sub", f.whole(1023), halvings), f.whole(52)))
    short = f.multiply(jumps, half)
    slowness = f.divide(one, f.choose(f.compare("ogt", q, zero), q, one))

    with f.loop(0, square) as at:  # I + T/q
        f.store(f.multiply(f.load(f.vector_at("%m", at)), slowness), f.vector_at(jump, at))
    for own in diagonal:
        f.store(f.add(f.load(f.vector_at(jump, own)), one), f.vector_at(jump, own))
    for power, left, right in ((second, jump, jump), (third, second, jump), (fourth, second, second)):
        f.line(f"call void @multiply{size}(ptr {power}, ptr {left}, ptr {right})")

    weights = [f.call("exp", f.negate(short))]
    for n in range(1, TERMS):
        weights.append(f.multiply(weights[-1], f.multiply(short, f.number(1 / n))))
    last = TERMS - 4
    for first in range(last, -1, -4):  # total = total J^4 + w_n I + w_n+1 J + w_n+2 J^2 + w_n+3 J^3
        if first < last:
            f.line(f"call void @multiply{size}(ptr %m, ptr {total}, ptr {fourth})")
        with f.loop(0, square) as at:
            made = zero if first == last else f.load(f.vector_at("%m", at))
            for n, matrix in enumerate((jump, second, third), first + 1):
                made = f.fma(weights[n], f.load(f.vector_at(matrix, at)), made)
            f.store(made, f.vector_at(total, at))
        for own in diagonal:
            f.store(f.add(f.load(f.vector_at(total, own)), weights[first]), f.vector_at(total, own))

    most = f.value(f"call i64 @llvm.vector.reduce.smax.v{lanes}i64({f.wholes} {halvings})")
    with f.loop(0, most) as number:
        f.line(f"call void @multiply{size}(ptr %m, ptr {total}, ptr {total})")
        more = f.compare_wholes("sgt", halvings, f.spread_whole(number))
        with f.loop(0, square) as at:
            new, old = f.load(f.vector_at("%m", at)), f.load(f.vector_at(total, at))
            f.store(f.choose(more, new, old), f.vector_at(total, at))
    known = f.compare("olt", jumps, f.number(2.0 ** (HALVINGS - 1)))
    for i in range(size):
        staying = zero
        for j in range(size):
            staying = f.add(staying, f.load(f.vector_at(total, i * size + j)))
        f.store(f.choose(known, staying, f.number(math.nan)), f.vector_at("%m", i))
    return f.text(f"define internal void @staying{size}(ptr %m, {f.vector} %time)")


def halvings_of(f: Looping, jumps: str) -> str:
    """How often a time has to be halved until half a jump is expected in it, by the exponent of their number."""
    exponent = f.integer("sub", f.integer("lshr", f.bits(f.absolute(jumps)), f.whole(52)), f.whole(1021))
    some = f.choose_whole(f.compare_wholes("sgt", exponent, f.whole(0)), exponent, f.whole(0))
    return f.choose_whole(f.compare_wholes("slt", some, f.whole(HALVINGS)), some, f.whole(HALVINGS))


def radius(lanes: int, size: int) -> str:
    """``@radius(m)``: the spectral radius of a matrix without negative entries, the limit of |m^n|^(1/n)."""
    f = Looping(lanes)
    square = size * size
    other = f.vector_at("%m", square)
    largest_entry, share, logarithm = f.memory(f.vector), f.memory(f.vector), f.memory(f.vector)
    f.store(f.number(1.0), share)
    f.store(f.number(0.0), logarithm)
    with f.loop(0, SQUARINGS):
        f.store(f.number(0.0), largest_entry)
        with f.loop(0, square) as at:
            entry, known = f.load(f.vector_at("%m", at)), f.load(largest_entry)
            f.store(f.choose(f.compare("ole", entry, known), known, entry), largest_entry)
        largest, part = f.load(largest_entry), f.load(share)
        f.store(f.fma(f.call("log", largest), part, f.load(logarithm)), logarithm)
        f.store(f.multiply(part, f.number(0.5)), share)
        scale = f.divide(f.number(1.0), f.choose(f.compare("oeq", largest, f.number(0.0)), f.number(1.0), largest))
        with f.loop(0, square) as at:
            place = f.vector_at("%m", at)
            f.store(f.multiply(f.load(place), scale), place)
        f.line(f"call void @multiply{size}(ptr {other}, ptr %m, ptr %m)")
        with f.loop(0, square) as at:
            f.store(f.load(f.vector_at(other, at)), f.vector_at("%m", at))
    found = f.call("exp", f.load(logarithm))
    return f.text(f"define internal {f.vector} @radius{size}(ptr %m)", f"ret {f.vector} {found}")
