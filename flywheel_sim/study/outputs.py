"""What is saved of every draw."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flywheel_sim.emit.llvm.workspace import Output
from flywheel_sim.program.metrics import lower_metrics, slots_of
from flywheel_sim.records import Record
from flywheel_sim.study.series import series_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flywheel_sim.program import Lowered
    from flywheel_sim.result import Series

__all__ = ["Outputs", "outputs_of"]

Place = tuple[str, str | None]


class Outputs(Record):
    """What is saved of every draw.

    Attributes:
        series: what is known of each, by name.
        places: the number of the output of each name and label.
        saved: the outputs.
        metrics: the numbers of those that are metrics.
        counts: the numbers of those that count accounts, which are whole where accounts are.
    """

    series: Mapping[str, Series]
    places: Mapping[Place, int]
    saved: tuple[Output, ...]
    metrics: tuple[int, ...]
    counts: tuple[int, ...]


@lru_cache(maxsize=16)
def outputs_of(lowered: Lowered, kinds: frozenset[str] | None = None) -> Outputs:
    """What to save of a model.

    Args:
        lowered: the model.
        kinds: of series, such as ``metric`` and ``stock``; all unless said.
    """
    series = {name: one for name, one in series_of(lowered).items() if kinds is None or one.kind in kinds}
    places = {place: number for number, place in enumerate((name, label) for name, one in series.items() for label in one.labels)}
    metrics = lower_metrics(lowered).metrics
    columns = lowered.layout.columns
    saved = tuple(
        Output(slots_of(columns[place]), defined=True) if place in columns else Output(metrics[place[0]], defined=False) for place in places
    )
    counted = {state for members in lowered.program.counted.values() for state in members}
    counts = (
        number
        for place, number in places.items()
        if place in columns and columns[place].kind == "state" and counted >= {*columns[place].slots}
    )
    return Outputs(series, places, saved, tuple(places[name, None] for name, one in series.items() if one.kind == "metric"), tuple(counts))
