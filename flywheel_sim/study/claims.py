"""Claims put to the test in a scenario: whether each holds here, and where its border lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.words import with_unit
from flywheel_sim.errors import StateError, UsageError
from flywheel_sim.program import written
from flywheel_sim.records import Record
from flywheel_sim.study.bench import Bench, Changes, Undefined
from flywheel_sim.study.experiments import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flywheel_sim.expressions import Expression
    from flywheel_sim.model.symbols import Claim
    from flywheel_sim.study.study import Study

__all__ = ["Border", "Finding", "findings"]

HALVINGS = 10  # of a range, to find a border within a thousandth of it


class Border(Record):
    """Where a claim turns.

    Attributes:
        parameter: the name of the parameter.
        note: what it is.
        value: at which the claim turns, in the declared unit.
        here: its value in the scenario.
        unit: of both.
        above: whether the claim holds above the border, not below.
    """

    parameter: str
    note: str
    value: float
    here: float
    unit: str
    above: bool


class Finding(Record):
    """What an experiment found.

    Attributes:
        number: of the claim.
        sentence: what was claimed.
        outcome: ``holds``, ``fails``, ``holds only when ...`` or ``cannot be tested``.
        here: whether it holds in the scenario as it stands; None where it cannot be tested.
        evidence: the numbers, in words.
        border: where it turns, if it does within the plausible ranges.
    """

    number: int
    sentence: str
    outcome: str
    here: bool | None
    evidence: str
    border: Border | None

    def as_json(self) -> dict[str, Any]:
        """What the command prints of it."""
        border = self.border
        return {
            "number": self.number,
            "claim": self.sentence,
            "outcome": self.outcome,
            "holds_here": self.here,
            "evidence": self.evidence,
            "border": border
            and {
                "parameter": border.parameter,
                "holds": "above" if border.above else "below",
                "value": border.value,
                "here": border.here,
                "unit": border.unit,
            },
        }


def findings(study: Study, claims: Sequence[Claim], strategy: str | None) -> Iterator[Finding]:
    """Test claims in a scenario, one after the other.

    Args:
        study: the scenario with its model.
        claims: about its model.
        strategy: the one they are about; the best that is not the baseline unless said.

    Raises:
        UsageError: if there are no claims, no baseline to set the strategy against, or no such strategy.
    """
    if not claims:
        raise UsageError(f"nothing is claimed of the model {study.scenario.model}", fix="declare claims beside it: see docs/language.md")
    bench = Bench.of(study, strategy)
    for claim in claims:
        yield found(bench, claim)


def found(bench: Bench, claim: Claim) -> Finding:
    """One claim, tested."""

    def margin(changes: Changes) -> float:
        try:
            return carry_out(bench, claim.test, changes).margin
        except (Undefined, StateError):
            return math.nan

    try:
        here = carry_out(bench, claim.test, {})
    except Undefined as undefined:
        return Finding(claim.number, claim.sentence, "cannot be tested", None, str(undefined), None)
    holds = here.margin > 0
    border = nearest_border(bench, claim.hinges, margin, holds=holds)
    outcome = "holds" if holds else "fails"
    if border is not None:
        outcome = f"holds only when {sentence(border, bench.currency)}"
    return Finding(claim.number, claim.sentence, outcome, holds, here.evidence, border)


def sentence(border: Border, currency: str) -> str:
    """``churn (...) is above 0.02/month; here it is 0.01/month``."""
    value, here = (with_unit(number, border.unit, currency) for number in (border.value, border.here))
    side = "above" if border.above else "below"
    return f"{border.parameter} ({border.note}) is {side} {value}; here it is {here}"


def nearest_border(bench: Bench, hinges: Sequence[Expression], margin: Callable[[Changes], float], *, holds: bool) -> Border | None:
    """The border that is reached first, as a share of the plausible range of what has to be turned."""
    borders: list[tuple[float, Border]] = []
    for hinge in hinges:
        slot = bench.slot(hinge)
        name, label = bench.lowered.layout.parameters[slot]
        declared = bench.lowered.declaration.parameters[name]
        between = bench.between(slot)
        if between is None:
            continue
        here = bench.value(slot)
        for end in between:
            there = margin({slot: end}) if end != here else math.nan
            if math.isnan(there) or (there > 0) == holds:
                continue
            value = halved(margin, slot, here, end, holds=holds)
            way = abs(value - here) / (between[1] - between[0])
            border = Border(written(name, label), declared.note, value, here, str(declared.unit), above=(end > here) != holds)
            borders.append((way, border))
    return min(borders, key=lambda one: one[0])[1] if borders else None


def halved(margin: Callable[[Changes], float], slot: int, here: float, end: float, *, holds: bool) -> float:
    """The value of a parameter between two at which a claim turns, by halving."""
    for _ in range(HALVINGS):
        middle = (here + end) / 2
        if (margin({slot: middle}) > 0) == holds:
            here = middle
        else:
            end = middle
    return (here + end) / 2
