"""The charts of a study, as files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flywheel_sim.charts.build import overlay, panel
from flywheel_sim.charts.fan import fan
from flywheel_sim.charts.replications import replications
from flywheel_sim.charts.stall import stall
from flywheel_sim.errors import StateError

if TYPE_CHECKING:
    from flywheel_sim.charts.chart import Chart
    from flywheel_sim.result import Result
    from flywheel_sim.study import Study

__all__ = ["declared_panel", "pictures"]


def pictures(study: Study, result: Result, *, command: str) -> dict[str, bytes]:
    """Every chart of a study as a picture and as a drawing.

    Args:
        study: that was run.
        result: of the run.
        command: that makes them again, for the footers.

    Returns:
        Contents by the name of the file: ``customers.png`` and ``customers.svg`` for a headline of customers, or
        ``fan.png`` and ``fan.svg`` where there are many futures, or ``replications`` and ``stall`` where these have luck;
        and ``panel.png`` and ``panel.svg`` where the model declares a panel. The same bytes for the same study.
    """
    pair = (result.comparison["baseline"], result.comparison["challenger"]) if result.comparison else None
    unlike = study.unlike(*pair) if pair else ()
    shown: dict[str, Chart] = {}
    if result.has_futures and result.about.engine != "ode":
        smooth = smooth_of(study)
        shown["replications"] = replications(result, study.by, smooth=smooth, command=command)
        shown["stall"] = stall(result, study.by, command=command)
    elif result.has_futures:
        shown["fan"] = fan(result, study.by, command=command, unlike=unlike)
    else:
        shown[file_name(study.by)] = overlay(result, study.by, command=command, unlike=unlike)
    names = declared_panel(study, result)
    if names:
        shown["panel"] = panel(result, names, command=command, unlike=unlike)
    files: dict[str, bytes] = {}
    for name, chart in shown.items():
        files[f"{name}.png"], files[f"{name}.svg"] = chart.images()
    return files


def smooth_of(study: Study) -> Result | None:
    """What the equations say, everything typical; None where they fail."""
    try:
        return study.run()
    except StateError:
        return None


def declared_panel(study: Study, result: Result) -> list[str]:
    """The metrics that a study's model declares for its panel, as far as the result has them."""
    declared = study.declaration
    return [name for name in (declared.names[node] for node in declared.panel) if name in result.longest]


def file_name(series: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", series)
