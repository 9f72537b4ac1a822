"""The things a model declares, as frozen nodes.

Authors make them with the functions of :mod:`flywheel_sim.model.declare`; the name of each is the name it is
given in the class body, and is known only once the class is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.errors import ModelError
from flywheel_sim.expressions import Dimension, Expression, Gate, Operand, Outside, lift
from flywheel_sim.model.word import word
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from flywheel_sim.units import Unit

__all__ = [
    "Auxiliary",
    "Cell",
    "Claim",
    "Edge",
    "End",
    "Flow",
    "Friction",
    "Group",
    "Loop",
    "Metric",
    "Pace",
    "Parameter",
    "Part",
    "Range",
    "Staff",
    "Stock",
    "Switch",
]

Range = tuple[float, float]


class Parameter(Expression):
    """A number, or one per label, that is set before a run.

    Attributes:
        default: by label; a plain parameter has the one label None.
        unit: of every value.
        between: the plausible range by label, or None where none is known.
        note: what it is, in words.
        source: where the default comes from.
        limits: what is possible at all; a value outside is refused.
        role: ``parameter`` (the business), ``lever`` (what a strategy sets) or ``split`` (the lever of shares).
        force: whether a coast test sets this lever to zero.
        dimension: what it is arrayed over, or None.
    """

    default: dict[str | None, float]
    unit: Unit
    between: dict[str | None, Range | None]
    note: str
    source: str
    limits: Range
    role: str
    force: bool
    dimension: Dimension | None


class Stock(Expression):
    """What accumulates. ``stages`` above 1 makes it a chain of so many, passed one after the other."""

    initial: Expression
    unit: Unit
    note: str
    stages: int
    flows: list[Flow]  # every flow made with this end, named or not


class Auxiliary(Expression):
    """A named equation with its unit stated."""

    expression: Expression
    unit: Unit
    note: str


class Group(Expression):
    """Stocks as one. Its value is their total."""

    members: tuple[Expression, ...]
    note: str


class Flow(Expression):
    """What moves from one end to the other, a unit of time. Exactly one of ``hazard`` and ``rate`` is given."""

    source: End
    destination: End
    hazard: Expression | None
    rate: Expression | None
    by: Expression | None
    served_by: Staff | None
    anytime: bool
    friction: Friction | None
    note: str


End = Expression | Outside


class Switch(Record):
    """Something a strategy can go without."""

    label: str
    note: str

    @word
    def gate(self, signal: Operand, off: Operand | None = None) -> Expression:
        """The signal it carries, and the value that takes its place when it does not run."""
        return Gate(self, lift(signal), None if off is None else lift(off))


class Loop(Switch):
    """A feedback loop. One whose gates have no ``off`` is balancing: part of the world, and always runs."""


class Friction(Switch):
    """Something that holds accounts up or loses them."""

    @word
    def gate(self, signal: Operand, off: Operand | None = None) -> Expression:
        if off is None:
            raise ModelError("a friction needs the value of a world without it", fix="write friction.gate(signal, off=0)")
        return super().gate(signal, off)


class Staff(Record):
    """How many accounts can be served at once, and how fast work goes when there are more."""

    places: Expression
    loop: Loop | None
    queue: bool
    note: str

    @property
    def pace(self) -> Expression:
        """min(1, places / accounts in the stocks it serves)."""
        return Pace(self)


class Pace(Expression):
    """The pace of a staff."""

    staff: Staff


class Edge(Expression):
    """All flows across the edge of a group: ``into`` or ``out_of`` it."""

    direction: str
    group: Expression


class Metric(Expression):
    """What a run is judged by. ``better`` is ``higher``, ``lower`` or None; ``percent`` is how people read it."""

    expression: Expression
    unit: Unit
    note: str
    better: str | None
    beside: Metric | None
    percent: bool


class Claim(Record):
    """A sentence about a model that an experiment can find true or false.

    Attributes:
        number: by which it is called.
        sentence: what is said.
        test: the experiment.
        hinges: the parameters, or labels of parameters, along which its border is looked for.
    """

    number: int
    sentence: str
    test: object
    hinges: tuple[Expression, ...] = ()


class Cell(Expression):
    """One number of the state: a stock at one label and one stage."""

    stock: Stock
    label: str | None
    stage: int


class Part(Expression):
    """A scalar step on the way from a flow to its rate: a hazard, or what goes along one arrow."""

    expression: Expression
