"""The journey map: what single accounts met on their way, stock by stock and handoff by handoff."""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from flywheel_sim.analysis.metrics import Reader
from flywheel_sim.analysis.stays import served_stocks, stays_of
from flywheel_sim.analysis.ways import ways
from flywheel_sim.analysis.words import name_in_words
from flywheel_sim.expressions import Gate
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Flow, Friction
from flywheel_sim.program.counting import counting
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flywheel_sim.analysis.stays import Stays
    from flywheel_sim.analysis.ways import Ways
    from flywheel_sim.engines.events import Log
    from flywheel_sim.program import Lowered, Trace

__all__ = ["Handoff", "JourneyMap", "Stay", "journey_map", "places_of"]


class Stay(Record):
    """One stock on the way, over all replications.

    Attributes:
        name: of the stock.
        title: the same, in words.
        came: accounts that came into it, in the mean of the replications; those there at the start are not among them.
        there: accounts there at the end, in the mean.
        went: accounts that left it, by flow, in the mean. Flows that nobody took are not among them.
        time: how long those who left it had been there, in the mean, in the model's time unit; NaN if nobody left.
        waited: how much of that they waited for staff, in the mean. Exact for a staff with a queue; for shared staff the
            integral of 1 - pace over each stay, with those whom it serves counted as they came and went, and its places
            on straight lines between the saved times. 0 where no staff serves it; NaN where one does and nobody left.
        lost: the share of those who left that went the wrong way; NaN if nobody left.
    """

    name: str
    title: str
    came: float
    there: float
    went: Mapping[str, float]
    time: float
    waited: float
    lost: float


class Handoff(Record):
    """A friction.

    Attributes:
        name: of the friction.
        label: as in F1.
        title: its name in words.
        note: what it does.
        places: the stocks at which it bites: those whose ways out it slows or opens, and those whose members bring
            others, where it is that which it hinders.
        lost: accounts lost to it, in the mean of the replications: those who left by flows tagged with it.
        gain: by how much the headline ends higher without it, in the mean over replications with the same random
            numbers; NaN where that was not run.
        gain_error: the standard error of that; NaN for one replication.
    """

    name: str
    label: str
    title: str
    note: str
    places: tuple[str, ...]
    lost: float
    gain: float
    gain_error: float


class JourneyMap(Record):
    """What accounts met on their way under one strategy.

    Attributes:
        strategy: its name.
        replications: how many.
        months: the horizon, in the model's time unit.
        time_unit: the word for that.
        headline: the series that decides.
        stays: in the order of the way; stocks off the way, such as those of the lost, come last.
        handoffs: in the order declared.
        end: the headline at the end, in the mean.
    """

    strategy: str
    replications: int
    months: float
    time_unit: str
    headline: str
    stays: tuple[Stay, ...]
    handoffs: tuple[Handoff, ...]
    end: float


def journey_map(
    lowered: Lowered,
    logs: Sequence[Log],
    traces: Sequence[Trace],
    *,
    strategy: str,
    headline: str,
    without: Mapping[str, Sequence[Trace]] | None = None,
) -> JourneyMap:
    """Put together what the logs of some replications say.

    Args:
        lowered: the model.
        logs: at least one.
        traces: of the same replications.
        strategy: that was run.
        headline: the series that decides.
        without: by friction, the same replications run without it.
    """
    read = [stays_of(lowered, log, trace) for log, trace in zip(logs, traces, strict=True)]
    ends = [end_of(lowered, trace, headline) for trace in traces]
    other_ends = {name: [end_of(lowered, trace, headline) for trace in others] for name, others in (without or {}).items()}
    found, served = ways(lowered, headline), served_stocks(lowered)
    return JourneyMap(
        strategy=strategy,
        replications=len(logs),
        months=traces[0].times[-1],
        time_unit=lowered.declaration.time_unit,
        headline=headline,
        stays=tuple(stay(name, read, found, there(lowered, traces, name), served=name in served) for name in found.order),
        handoffs=tuple(
            handoff(lowered, name, friction, read, ends, other_ends.get(name))
            for name, friction in lowered.declaration.of_kind(Friction).items()
        ),
        end=fmean(ends),
    )


def end_of(lowered: Lowered, trace: Trace, headline: str) -> float:
    return Reader(lowered, trace).at(headline, None, -1)


def there(lowered: Lowered, traces: Sequence[Trace], name: str) -> float:
    """How many accounts are in a stock at the end, in the mean."""
    states = [state for cell, state in lowered.cells.items() if lowered.declaration.names[cell.stock] == name]
    return fmean(math.fsum(trace.states[-1][state] for state in states) for trace in traces)


def stay(name: str, read: Sequence[Stays], found: Ways, there: float, *, served: bool) -> Stay:
    """One stock, over all replications."""
    went: Counter[str] = Counter()
    lost = 0
    for stays in read:
        for (source, destination, flow), count in stays.went.items():
            if source == name:
                went[flow] += count
                lost += count * ((source, destination) in found.wrong)
    left = went.total()
    waited = math.fsum(stays.waited.get(name, 0.0) for stays in read)
    return Stay(
        name=name,
        title=name_in_words(name),
        came=sum(stays.came.get(name, 0) for stays in read) / len(read),
        there=there,
        went={flow: count / len(read) for flow, count in sorted(went.items(), key=lambda item: (-item[1], item[0]))},
        time=math.fsum(stays.time.get(name, 0.0) for stays in read) / left if left else math.nan,
        waited=(waited / left if left else math.nan) if served else 0.0,
        lost=lost / left if left else math.nan,
    )


def handoff(
    lowered: Lowered, name: str, friction: Friction, read: Sequence[Stays], ends: Sequence[float], without: Sequence[float] | None
) -> Handoff:
    """One friction, over all replications."""
    tagged = {flow for flow, symbol in lowered.declaration.of_kind(Flow).items() if symbol.friction is friction}
    lost = sum(count for stays in read for (_, _, flow), count in stays.went.items() if flow in tagged)
    gains = [] if without is None else [other - end for other, end in zip(without, ends, strict=True)]
    return Handoff(
        name=name,
        label=friction.label,
        title=name_in_words(name),
        note=friction.note,
        places=places_of(lowered, friction),
        lost=lost / len(read),
        gain=fmean(gains) if gains else math.nan,
        gain_error=stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else math.nan,
    )


def places_of(lowered: Lowered, friction: Friction) -> tuple[str, ...]:
    """The stocks of accounts at which a friction bites, in the order declared.

    A flow that it is tagged with, or whose equation it gates other than by way of a stock, is hindered where it leaves;
    one that members elsewhere cause (``by=``), where those are; one from outside, where it arrives.
    """
    declaration = lowered.declaration
    cells_of = declaration.transfers.cells_of
    accounts = {cell for cell, state in lowered.cells.items() if state in counting(lowered.program).states}
    found = set()
    for flow in declaration.of_kind(Flow).values():
        gates = {node.switch for node in descend(flow) if isinstance(node, Gate)}
        if friction in gates or flow.friction is friction:
            ends = [{cell for cell in cells_of(end) if cell in accounts} for end in (flow.source, flow.destination)]
            causing = set() if flow.by is None else accounts.intersection(cells_of(flow.by))
            if any(ends):
                found |= causing or ends[0] or ends[1]
    return tuple(dict.fromkeys(declaration.names[cell.stock] for cell in lowered.cells if cell in found))
