"""``flywheel run --engine events --out``: what happened to whom, as a table, and the map of the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.event_table import csv_bytes, joined
from flywheel_sim.charts.journey_map import journey_map
from flywheel_sim.study.journeys import journeys

if TYPE_CHECKING:
    from flywheel_sim.result import Result
    from flywheel_sim.study import Study

__all__ = ["journey_files"]

MAPPED = 8  # runs behind a map, and as many again for each friction: fewer say nothing sure


def journey_files(study: Study, result: Result, *, command: str) -> dict[str, bytes]:
    """The log of each strategy's first run, and the journey map of the challenger; all with typical values.

    Args:
        study: that was run.
        result: of the run.
        command: that makes them again.

    Raises:
        StateError: when a number leaves what is possible.
    """
    about = result.about
    first = {name: journeys(study, name, seed=about.seed, dt=about.dt) for name in result.runs}
    shown = result.comparison["challenger"] if result.comparison else next(iter(result.runs))
    several = journeys(study, shown, replications=MAPPED, seed=about.seed, dt=about.dt)
    picture, drawing = journey_map(several.map(), about=about, command=command).images()
    return {
        "journeys.csv": csv_bytes(joined(one.table() for one in first.values())),
        "journey_map.png": picture,
        "journey_map.svg": drawing,
    }
