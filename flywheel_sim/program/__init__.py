"""Models lowered to numbered slots and a stoichiometry."""

from flywheel_sim.program.lower import Lowered, lower
from flywheel_sim.program.program import (
    OUTSIDE,
    Bend,
    Column,
    Inputs,
    Layout,
    Move,
    Program,
    key,
    written,
)
from flywheel_sim.program.trace import Trace

__all__ = ["OUTSIDE", "Bend", "Column", "Inputs", "Layout", "Lowered", "Move", "Program", "Trace", "key", "lower", "written"]
