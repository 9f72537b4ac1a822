"""Which states the loop gain is about: where individuals are born, and what lies between a birth and the next."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.program.program import Move, Program

__all__ = ["Births", "births"]


class Births(Record):
    """Births among the counted states of a program.

    Attributes:
        moves: that are births.
        born: the states in which they land.
        inside: the states from birth to where it brings others; the untouched market is no part of them.
    """

    moves: tuple[Move, ...]
    born: tuple[int, ...]
    inside: tuple[int, ...]


@lru_cache(maxsize=32)
def births(program: Program) -> Births | None:
    """The births of a program; None where nobody who is born can bring anybody."""
    counted = {state for members in program.counted.values() for state in members}
    moves = tuple(move for move in program.moves if move.by and move.destination in counted)
    untouched = {move.source for move in moves}
    born = list(dict.fromkeys(move.destination for move in moves))
    heads = {head for move in moves for head in move.heads}
    inside = leading_to(program, heads, reachable(program, born, untouched & counted, counted))
    landing = tuple(state for state in born if state in inside)
    return Births(moves, landing, tuple(inside)) if landing else None


def reachable(program: Program, starts: Sequence[int], barred: set[int], counted: set[int]) -> list[int]:
    """The counted states that can be reached from ``starts`` without passing a barred one."""
    found = list(starts)
    for state in found:
        for move in program.moves:
            if move.source == state and move.destination in counted and move.destination not in barred and move.destination not in found:
                found.append(move.destination)
    return found


def leading_to(program: Program, ends: set[int], among: Sequence[int]) -> list[int]:
    """Those of ``among`` from which one of ``ends`` can be reached within it: nobody else will bring anybody."""
    found = {state for state in among if state in ends}
    while True:
        more = {move.source for move in program.moves if move.destination in found and move.source in among} - found
        if not more:
            return [state for state in among if state in found]
        found |= more
