"""Lowering that keeps the gates of balancing loops.

Such a loop cannot be switched off, and so a program for the engines holds only the signal that its gate lets
through. Whoever asks what goes through that gate must still see where it stands.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.expressions import Expression, Gate
from flywheel_sim.program.lower import Lower

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration
    from flywheel_sim.program import Lowered

__all__ = ["lower_with_gates"]


@lru_cache(maxsize=32)
def lower_with_gates(declaration: Declaration) -> Lowered:
    """A model as a program in which every gate is left standing.

    States and parameters have the numbers that they have in the program of the engines; values may have others.
    """
    return Marked(declaration).lowered()


class Marked(Lower):
    def inline(self, node: Expression, label: str | None) -> Expression:
        if isinstance(node, Gate) and node.off is None:
            return Gate(node.switch, self.at(node.signal, label), None)
        return super().inline(node, label)
