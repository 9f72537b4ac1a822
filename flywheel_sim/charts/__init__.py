"""Charts: data first, drawn second.

::

    from flywheel_sim import charts

    charts.overlay(result)                  # who is ahead, from when on: shown by a notebook as it is
    charts.overlay(result, by="cash")       # another series
    charts.panel(result, ["cash", "win_rate"])      # several series, each in a small plot
    charts.fan(result)                      # of many futures: bands around the medians, and who wins in how many
    charts.panel(result, charts.declared_panel(study, result)).draw()       # a matplotlib figure
    charts.overlay(result).svg()            # bytes for a file
    charts.diagram(study, result, "flywheel", month=60)     # stocks, flows and loops, with their values in a month

A chart is a frozen record of everything it shows, its title included; matplotlib is imported when one is drawn.
"""

from flywheel_sim.charts.build import overlay, panel
from flywheel_sim.charts.chart import Axis, Band, Chart, Crossing, Fan, Line, Overlay, Panel, Plot, Style
from flywheel_sim.charts.diagram import Diagram
from flywheel_sim.charts.drawing.lint import lint
from flywheel_sim.charts.fan import fan
from flywheel_sim.charts.save import declared_panel, pictures
from flywheel_sim.charts.sketch import diagram

__all__ = [
    "Axis",
    "Band",
    "Chart",
    "Crossing",
    "Diagram",
    "Fan",
    "Line",
    "Overlay",
    "Panel",
    "Plot",
    "Style",
    "declared_panel",
    "diagram",
    "fan",
    "lint",
    "overlay",
    "panel",
    "pictures",
]
