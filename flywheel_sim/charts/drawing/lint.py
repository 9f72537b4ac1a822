"""A look over a finished figure: text that leaves it or runs into other text."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.place import inside, overlap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flywheel_sim.charts.drawing.place import Box

__all__ = ["lint"]

TOLERANCE = 1.0  # pixels: boxes of text have a rim


def lint(figure: Figure) -> list[str]:
    """Every text of a figure that leaves the picture or overlaps another text, as a sentence; empty if all is well.

    Args:
        figure: as a chart's ``draw()`` gives it.
    """
    from matplotlib.text import Text

    from flywheel_sim.charts.drawing.page import own_look

    boxes: list[tuple[str, Box]] = []
    with own_look():
        figure.draw_without_rendering()
        for text in figure.findobj(Text):
            if isinstance(text, Text) and text.get_visible() and text.get_text().strip():
                extent = text.get_window_extent()
                boxes.append((text.get_text(), (extent.x0, extent.y0, extent.x1, extent.y1)))
    width, height = figure.bbox.width, figure.bbox.height
    picture = (-TOLERANCE, -TOLERANCE, width + TOLERANCE, height + TOLERANCE)
    leaving = [f"{text!r} leaves the picture" for text, box in boxes if not inside(box, picture)]
    colliding = [
        f"{first!r} overlaps {second!r}" for (first, one), (second, other) in combinations(boxes, 2) if overlap(one, other, TOLERANCE)
    ]
    return leaving + colliding
