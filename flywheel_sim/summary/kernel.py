"""The inner loops: which bins numbers fall into, and counting them there.

The bin of a number is written in the leading bits of its magnitude: eleven of the exponent and the first
eight of the fraction, so that a bin is at most 2**-8 as wide as the magnitudes in it. Sixty-four bins that lie
together are a page of counts. A table says where in memory each page lies, and a page that nothing has fallen into
has no memory at all.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flywheel_sim.native import compile_native
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BINS", "DONE", "FULL", "PAGES", "SHIFT", "Kernel", "kernel"]

SHIFT = 44  # bits of a number that do not matter to its bin
BINS = 64  # of a page; two to the sixth, as the text below rests on
PAGES = 8192  # of all magnitudes of one sign: two to the thirteenth

# What a loop comes back with: finished; out of fresh pages; or a count that went past 2**16 - 1 and began anew at 0.
DONE, FULL, CARRIED = 0, 1, 2

# The state of a loop that can be gone on with: where it stands (cell and number, or page and bin), the next fresh page
# and the end of the fresh pages, and which bin carried: the cell twice, one more if negative, then 19 bits.
TEXT = """
declare <8 x double> @llvm.fabs.v8f64(<8 x double>)
declare <8 x double> @llvm.masked.load.v8f64.p0(ptr, i32, <8 x i1>, <8 x double>)
declare double @llvm.vector.reduce.fmin.v8f64(<8 x double>)
declare double @llvm.vector.reduce.fmax.v8f64(<8 x double>)
declare i64 @llvm.vector.reduce.add.v8i64(<8 x i64>)

; Of each cell: the least and the greatest number, the positive and the negative one next to the bin of zero, and how
; many are finite.
define void @scan(ptr noalias %values, i64 %cells, i64 %n, ptr noalias %floors, ptr noalias %ends, ptr noalias %defined) {
entry:
  %some = icmp sgt i64 %cells, 0
  br i1 %some, label %cell, label %done

cell:
  %c = phi i64 [ 0, %entry ], [ %c.next, %close ]
  %row.offset = mul i64 %c, %n
  %row = getelementptr double, ptr %values, i64 %row.offset
  %floor.at = getelementptr double, ptr %floors, i64 %c
  %floor.one = load double, ptr %floor.at
  %floor.first = insertelement <8 x double> poison, double %floor.one, i32 0
  %floor = shufflevector <8 x double> %floor.first, <8 x double> poison, <8 x i32> zeroinitializer
  br label %loop

loop:
  %i = phi i64 [ 0, %cell ], [ %i.next, %see ]
  %least = phi <8 x double> [ splat (double 0x7FF0000000000000), %cell ], [ %least.next, %see ]
  %greatest = phi <8 x double> [ splat (double 0xFFF0000000000000), %cell ], [ %greatest.next, %see ]
  %above = phi <8 x double> [ splat (double 0x7FF0000000000000), %cell ], [ %above.next, %see ]
  %below = phi <8 x double> [ splat (double 0xFFF0000000000000), %cell ], [ %below.next, %see ]
  %count = phi <8 x i64> [ zeroinitializer, %cell ], [ %count.next, %see ]
  %left = sub i64 %n, %i
  %ended = icmp sle i64 %left, 0
  br i1 %ended, label %close, label %fetch

fetch:
  %at = getelementptr double, ptr %row, i64 %i
  %whole = icmp sge i64 %left, 8
  br i1 %whole, label %eight, label %fewer

eight:
  %x.eight = load <8 x double>, ptr %at, align 8
  br label %see

fewer:
  %left.first = insertelement <8 x i64> poison, i64 %left, i32 0
  %left.all = shufflevector <8 x i64> %left.first, <8 x i64> poison, <8 x i32> zeroinitializer
  %there = icmp slt <8 x i64> <i64 0, i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7>, %left.all
  %x.fewer = call <8 x double> @llvm.masked.load.v8f64.p0(ptr %at, i32 8, <8 x i1> %there, <8 x double> splat (double 0x7FF8000000000000))
  br label %see

see:
  %x = phi <8 x double> [ %x.eight, %eight ], [ %x.fewer, %fewer ]
  %size = call <8 x double> @llvm.fabs.v8f64(<8 x double> %x)
  %finite = fcmp olt <8 x double> %size, splat (double 0x7FF0000000000000)
  %low = select <8 x i1> %finite, <8 x double> %x, <8 x double> splat (double 0x7FF0000000000000)
  %high = select <8 x i1> %finite, <8 x double> %x, <8 x double> splat (double 0xFFF0000000000000)
  %lower = fcmp olt <8 x double> %low, %least
  %least.next = select <8 x i1> %lower, <8 x double> %low, <8 x double> %least
  %higher = fcmp ogt <8 x double> %high, %greatest
  %greatest.next = select <8 x i1> %higher, <8 x double> %high, <8 x double> %greatest
  %positive = fcmp oge <8 x double> %low, %floor
  %over = select <8 x i1> %positive, <8 x double> %low, <8 x double> splat (double 0x7FF0000000000000)
  %nearer = fcmp olt <8 x double> %over, %above
  %above.next = select <8 x i1> %nearer, <8 x double> %over, <8 x double> %above
  %floor.minus = fneg <8 x double> %floor
  %negative = fcmp ole <8 x double> %high, %floor.minus
  %under = select <8 x i1> %negative, <8 x double> %high, <8 x double> splat (double 0xFFF0000000000000)
  %nigher = fcmp ogt <8 x double> %under, %below
  %below.next = select <8 x i1> %nigher, <8 x double> %under, <8 x double> %below
  %one = zext <8 x i1> %finite to <8 x i64>
  %count.next = add <8 x i64> %count, %one
  %i.next = add i64 %i, 8
  br label %loop

close:
  %least.one = call double @llvm.vector.reduce.fmin.v8f64(<8 x double> %least)
  %greatest.one = call double @llvm.vector.reduce.fmax.v8f64(<8 x double> %greatest)
  %above.one = call double @llvm.vector.reduce.fmin.v8f64(<8 x double> %above)
  %below.one = call double @llvm.vector.reduce.fmax.v8f64(<8 x double> %below)
  %count.one = call i64 @llvm.vector.reduce.add.v8i64(<8 x i64> %count)
  %ends.offset = mul i64 %c, 4
  %ends.0 = getelementptr double, ptr %ends, i64 %ends.offset
  %ends.1 = getelementptr double, ptr %ends.0, i64 1
  %ends.2 = getelementptr double, ptr %ends.0, i64 2
  %ends.3 = getelementptr double, ptr %ends.0, i64 3
  store double %least.one, ptr %ends.0
  store double %greatest.one, ptr %ends.1
  store double %above.one, ptr %ends.2
  store double %below.one, ptr %ends.3
  %defined.at = getelementptr i64, ptr %defined, i64 %c
  store i64 %count.one, ptr %defined.at
  %c.next = add i64 %c, 1
  %more = icmp slt i64 %c.next, %cells
  br i1 %more, label %cell, label %done

done:
  ret void
}

; Counts every finite number. Every page that a number falls into must lie within the table, of which the first entry is
; a page for what has none: numbers that count as zero or are not finite go there, since asking would cost more (and
; into one bin after the other, since counting on in the bin just written would have to wait).
define i32 @count(ptr noalias %values, i64 %cells, i64 %n, ptr noalias %floors, ptr noalias %zeros, ptr noalias %bases,
                  ptr noalias %table, ptr noalias %state) {
entry:
  %state.i = getelementptr i64, ptr %state, i64 1
  %state.fresh = getelementptr i64, ptr %state, i64 2
  %state.end = getelementptr i64, ptr %state, i64 3
  %state.bin = getelementptr i64, ptr %state, i64 4
  %c.start = load i64, ptr %state
  %i.start = load i64, ptr %state.i
  %some = icmp slt i64 %c.start, %cells
  br i1 %some, label %cell, label %done

cell:
  %c = phi i64 [ %c.start, %entry ], [ %c.next, %close ]
  %i.first = phi i64 [ %i.start, %entry ], [ 0, %close ]
  %row.offset = mul i64 %c, %n
  %row = getelementptr double, ptr %values, i64 %row.offset
  %floor.at = getelementptr i64, ptr %floors, i64 %c
  %floor = load i64, ptr %floor.at
  %sizes = sub i64 9218868437227405312, %floor
  %zero.at = getelementptr i64, ptr %zeros, i64 %c
  %zero.old = load i64, ptr %zero.at
  %side = shl i64 %c, 1
  %base.at = getelementptr i64, ptr %bases, i64 %side
  %base.positive = load i64, ptr %base.at
  %base.next = getelementptr i64, ptr %base.at, i64 1
  %base.negative = load i64, ptr %base.next
  br label %loop

loop:
  %i = phi i64 [ %i.first, %cell ], [ %i.next, %onward ]
  %zero = phi i64 [ %zero.old, %cell ], [ %zero.next, %onward ]
  %ended = icmp sge i64 %i, %n
  br i1 %ended, label %close, label %see

see:
  %i.next = add i64 %i, 1
  %at = getelementptr i64, ptr %row, i64 %i
  %bits = load i64, ptr %at
  %size = and i64 %bits, 9223372036854775807
  %small = icmp ult i64 %size, %floor
  %small.one = zext i1 %small to i64
  %zero.next = add i64 %zero, %small.one
  %size.over = sub i64 %size, %floor
  %sized = icmp ult i64 %size.over, %sizes
  %negative = icmp slt i64 %bits, 0
  %base = select i1 %negative, i64 %base.negative, i64 %base.positive, !unpredictable !0
  %page = lshr i64 %size, 50
  %place.sized = add i64 %base, %page
  %place = select i1 %sized, i64 %place.sized, i64 0, !unpredictable !0
  %page.at = getelementptr i64, ptr %table, i64 %place
  %known = load i64, ptr %page.at
  %missing = icmp eq i64 %known, 0
  br i1 %missing, label %fresh, label %add

fresh:
  %next = load i64, ptr %state.fresh
  %end = load i64, ptr %state.end
  %none = icmp eq i64 %next, %end
  br i1 %none, label %full, label %take

take:
  store i64 %next, ptr %page.at
  %after = add i64 %next, 128
  store i64 %after, ptr %state.fresh
  br label %add

add:
  %address = phi i64 [ %known, %see ], [ %next, %take ]
  %counts = inttoptr i64 %address to ptr
  %leading = lshr i64 %size, 44
  %spread = select i1 %sized, i64 %leading, i64 %i, !unpredictable !0
  %bin = and i64 %spread, 63
  %count.at = getelementptr i16, ptr %counts, i64 %bin
  %old = load i16, ptr %count.at
  %new = add i16 %old, 1
  store i16 %new, ptr %count.at
  %over = icmp eq i16 %new, 0
  br i1 %over, label %around, label %onward

around:
  br i1 %sized, label %carried, label %onward

onward:
  br label %loop

close:
  store i64 %zero, ptr %zero.at
  %c.next = add i64 %c, 1
  %more = icmp slt i64 %c.next, %cells
  br i1 %more, label %cell, label %done

full:
  store i64 %zero, ptr %zero.at
  store i64 %c, ptr %state
  store i64 %i, ptr %state.i
  ret i32 1

carried:
  store i64 %zero.next, ptr %zero.at
  store i64 %c, ptr %state
  store i64 %i.next, ptr %state.i
  %sign = zext i1 %negative to i64
  %which = or i64 %side, %sign
  %which.high = shl i64 %which, 19
  %key = or i64 %which.high, %leading
  store i64 %key, ptr %state.bin
  ret i32 2

done:
  ret i32 0
}

; Adds pages to pages, both given by their addresses.
define i32 @absorb(ptr noalias %to, ptr noalias %from, i64 %pages, ptr noalias %state) {
entry:
  %state.bin = getelementptr i64, ptr %state, i64 1
  %start.page = load i64, ptr %state
  %start.bin = load i64, ptr %state.bin
  %some = icmp slt i64 %start.page, %pages
  br i1 %some, label %page, label %done

page:
  %p = phi i64 [ %start.page, %entry ], [ %p.next, %close ]
  %first = phi i64 [ %start.bin, %entry ], [ 0, %close ]
  %to.at = getelementptr ptr, ptr %to, i64 %p
  %target = load ptr, ptr %to.at
  %from.at = getelementptr ptr, ptr %from, i64 %p
  %source = load ptr, ptr %from.at
  br label %loop

loop:
  %b = phi i64 [ %first, %page ], [ %b.next, %see ]
  %ended = icmp sge i64 %b, 64
  br i1 %ended, label %close, label %see

see:
  %b.next = add i64 %b, 1
  %target.at = getelementptr i16, ptr %target, i64 %b
  %old = load i16, ptr %target.at
  %source.at = getelementptr i16, ptr %source, i64 %b
  %more = load i16, ptr %source.at
  %new = add i16 %old, %more
  store i16 %new, ptr %target.at
  %over = icmp ult i16 %new, %old
  br i1 %over, label %carried, label %loop

close:
  %p.next = add i64 %p, 1
  %others = icmp slt i64 %p.next, %pages
  br i1 %others, label %page, label %done

carried:
  store i64 %p, ptr %state
  store i64 %b.next, ptr %state.bin
  ret i32 2

done:
  ret i32 0
}

; Copies pages, given by their addresses, one after the other.
define void @gather(ptr noalias %from, i64 %pages, ptr noalias %to) {
entry:
  %some = icmp sgt i64 %pages, 0
  br i1 %some, label %page, label %done

page:
  %p = phi i64 [ 0, %entry ], [ %p.next, %page ]
  %from.at = getelementptr ptr, ptr %from, i64 %p
  %source = load ptr, ptr %from.at
  %offset = mul i64 %p, 64
  %target = getelementptr i16, ptr %to, i64 %offset
  %counts = load <64 x i16>, ptr %source, align 4
  store <64 x i16> %counts, ptr %target, align 4
  %p.next = add i64 %p, 1
  %more = icmp slt i64 %p.next, %pages
  br i1 %more, label %page, label %done

done:
  ret void
}

!0 = !{}
"""


class Kernel(Record):
    """The compiled loops; arrays are given by their addresses."""

    scan: Callable[..., Any]
    count: Callable[..., Any]
    absorb: Callable[..., Any]
    gather: Callable[..., Any]


@lru_cache(maxsize=1)
def kernel() -> Kernel:
    """The loops as machine code."""
    native = compile_native(TEXT)
    array, whole = ctypes.c_void_p, ctypes.c_int64
    return Kernel(
        native.function("scan", array, whole, whole, array, array, array),
        native.function("count", array, whole, whole, array, array, array, array, array, returns=ctypes.c_int32),
        native.function("absorb", array, array, whole, array, returns=ctypes.c_int32),
        native.function("gather", array, whole, array),
    )
