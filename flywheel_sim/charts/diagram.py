"""What a diagram of a model shows, as frozen records: boxes, the arrows between them, and the loops that they close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Chart
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Box", "Diagram", "Influence", "LoopNote", "Outline", "Pipe"]


class Box(Record):
    """A stock.

    Attributes:
        name: as declared.
        title: the same, as people say it.
        value: at the time of the diagram, labels and stages added up.
        label: the value, as people write it.
        unit: of the value.
        counted: whether it counts individuals.
        column: where it begins in the model's sketch, in characters.
        row: in which line of the sketch it stands, from the top.
    """

    name: str
    title: str
    value: float
    label: str
    unit: str
    counted: bool
    column: int
    row: int


class Outline(Record):
    """A group, all members of which have boxes that stand together.

    Attributes:
        name: as declared.
        title: the same, as people say it.
        value: its total.
        label: the total, as people write it.
        members: the names of the boxes.
    """

    name: str
    title: str
    value: float
    label: str
    members: tuple[str, ...]


class Pipe(Record):
    """Flows that run the same way and are carried by the same loops, as one arrow.

    Attributes:
        source: the name of a box or an outline, None for outside.
        destination: likewise.
        flows: their names.
        rate: of all of them together, a unit of time.
        unit: of what runs in it.
        title: their names, as people say them; empty where there are too many.
        label: the rate, as people write it.
        tags: of the loops that run and act on them and of the frictions that they are: R1, F2.
        counted: whether individuals run in it.
    """

    source: str | None
    destination: str | None
    flows: tuple[str, ...]
    rate: float
    unit: str
    title: str
    label: str
    tags: tuple[str, ...]
    counted: bool


class Influence(Record):
    """Members of a stock or group who cause a flow elsewhere.

    Attributes:
        source: the name of their box or outline.
        flow: the name of the flow.
        tags: of the loops that carry it.
        title: what those loops are called, as people say it.
        runs: whether the strategy has them.
    """

    source: str
    flow: str
    tags: tuple[str, ...]
    title: str
    runs: bool


class LoopNote(Record):
    """What a reader needs to know of a loop or friction.

    Attributes:
        tag: R1, B2, F3.
        title: its name, as people say it.
        note: what it does.
        kind: ``reinforcing``, ``balancing`` or ``friction``.
        runs: whether the strategy has it; None where that is not known.
    """

    tag: str
    title: str
    note: str
    kind: str
    runs: bool | None


class Diagram(Chart):
    """Where everybody is and moves at one time.

    Attributes:
        time: of the values.
        boxes: in reading order.
        outlines: groups of boxes.
        pipes: what moves between them.
        influences: who causes what.
        loops: all that the model declares, and its frictions.
        left_out: flows and stocks that are not drawn.
    """

    time: float
    boxes: tuple[Box, ...]
    outlines: tuple[Outline, ...]
    pipes: tuple[Pipe, ...]
    influences: tuple[Influence, ...]
    loops: tuple[LoopNote, ...]
    left_out: tuple[str, ...]

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.diagram import draw_diagram

        return draw_diagram(self)
