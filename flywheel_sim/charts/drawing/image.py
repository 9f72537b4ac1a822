"""Figures as bytes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.fonts import embedded
from flywheel_sim.charts.drawing.page import own_look
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from flywheel_sim.charts.chart import Chart

__all__ = ["images"]

MAKER = f"flywheel-sim {__version__}"
SHEET = '<style type="text/css">'


def images(chart: Chart) -> tuple[bytes, bytes]:
    """A chart as PNG and as SVG. Neither says when it was made, so that the same chart gives the same bytes."""
    figure = chart.draw()
    png, svg = BytesIO(), BytesIO()
    with own_look():
        figure.savefig(png, format="png", metadata={"Software": MAKER, "Title": chart.title, "Description": chart.subtitle})
        figure.savefig(
            svg, format="svg", metadata={"Creator": MAKER, "Date": None, "Title": chart.title, "Description": "\n".join(chart.footer)}
        )
    return png.getvalue(), svg.getvalue().replace(SHEET.encode(), (SHEET + embedded()).encode(), 1)
