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
    charts.waterfall(attribution, about=result.about)       # what each difference brings, from the baseline to the challenger
    charts.loop_shares(scores, about=result.about)          # which loop is the strongest when
    charts.coast(momentum, about=result.about)              # who is won after all spending stops
    charts.holding(momentum, about=result.about)            # how much of the spending keeps the speed
    charts.tornado(tornado, about=result.about)             # what each assumption does to the lead
    charts.regime(regime_map, about=result.about)           # who wins where, over two assumptions
    charts.plan(plan, about=result.about)                   # how to split the budget, period by period
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
from flywheel_sim.charts.coast import coast, holding
from flywheel_sim.charts.diagram import Diagram
from flywheel_sim.charts.drawing.lint import lint
from flywheel_sim.charts.fan import fan
from flywheel_sim.charts.journey_map import journey_map
from flywheel_sim.charts.loop_shares import loop_shares
from flywheel_sim.charts.plan import plan
from flywheel_sim.charts.regime import regime
from flywheel_sim.charts.replications import replications
from flywheel_sim.charts.save import declared_panel, pictures
from flywheel_sim.charts.sketch import diagram
from flywheel_sim.charts.stall import stall
from flywheel_sim.charts.tornado import tornado
from flywheel_sim.charts.waterfall import waterfall
from flywheel_sim.charts.why import (
    CoastChart,
    Contour,
    HoldingChart,
    LoopSharesChart,
    PlanChart,
    Portion,
    RegimeChart,
    Region,
    Reign,
    Split,
    Step,
    Swing,
    TornadoChart,
    WaterfallChart,
)

__all__ = [
    "Axis",
    "Band",
    "Chart",
    "CoastChart",
    "Contour",
    "Crossing",
    "Diagram",
    "Fan",
    "HoldingChart",
    "JourneyMapChart",
    "Line",
    "LoopSharesChart",
    "Mark",
    "Overlay",
    "Panel",
    "PlanChart",
    "Plot",
    "Portion",
    "Range",
    "RegimeChart",
    "Region",
    "Reign",
    "ReplicationsChart",
    "Split",
    "Spread",
    "Stage",
    "StallChart",
    "Step",
    "Style",
    "Swing",
    "Thread",
    "TornadoChart",
    "WaterfallChart",
    "coast",
    "declared_panel",
    "diagram",
    "fan",
    "holding",
    "journey_map",
    "lint",
    "loop_shares",
    "overlay",
    "panel",
    "pictures",
    "plan",
    "regime",
    "replications",
    "stall",
    "tornado",
    "waterfall",
]
