"""Charts: data first, drawn second.

::

    from flywheel_sim import charts

    charts.overlay(result)                  # who is ahead, from when on: shown by a notebook as it is
    charts.overlay(result, by="cash")       # another series
    charts.panel(result, ["cash", "win_rate"])      # several series, each in a small plot
    charts.fan(result)                      # of many futures: bands around the medians, and who wins in how many
    charts.panel(result, charts.declared_panel(study, result)).draw()       # a matplotlib figure
    charts.overlay(result).svg()            # bytes for a file
    charts.replications(result, smooth=study.run())         # of runs that chance makes: single ones over the smooth curve
    charts.stall(result)                    # in how many of them a strategy has not got going, over time
    charts.journey_map(map, about=result.about)     # how long accounts stay, wait and get lost on their way, and where
    charts.diagram(study, result, "flywheel", month=60)     # stocks, flows and loops, with their values in a month

A chart is a frozen record of everything it shows, its title included; matplotlib is imported when one is drawn.
"""

from flywheel_sim.charts.build import overlay, panel
from flywheel_sim.charts.chart import (
    Axis,
    Band,
    Chart,
    Crossing,
    Fan,
    JourneyMapChart,
    Line,
    Mark,
    Overlay,
    Panel,
    Plot,
    Range,
    ReplicationsChart,
    Spread,
    Stage,
    StallChart,
    Style,
    Thread,
)
from flywheel_sim.charts.diagram import Diagram
from flywheel_sim.charts.drawing.lint import lint
from flywheel_sim.charts.fan import fan
from flywheel_sim.charts.journey_map import journey_map
from flywheel_sim.charts.replications import replications
from flywheel_sim.charts.save import declared_panel, pictures
from flywheel_sim.charts.sketch import diagram
from flywheel_sim.charts.stall import stall

__all__ = [
    "Axis",
    "Band",
    "Chart",
    "Crossing",
    "Diagram",
    "Fan",
    "JourneyMapChart",
    "Line",
    "Mark",
    "Overlay",
    "Panel",
    "Plot",
    "Range",
    "ReplicationsChart",
    "Spread",
    "Stage",
    "StallChart",
    "Style",
    "Thread",
    "declared_panel",
    "diagram",
    "fan",
    "journey_map",
    "lint",
    "overlay",
    "panel",
    "pictures",
    "replications",
    "stall",
]
