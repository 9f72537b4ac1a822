"""What the data of a scenario file means for its model: names, units, limits, and whole strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import closest, listed, nearest
from flywheel_sim.model.measures import Marginal
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Group, Metric, Stock
from flywheel_sim.scenario.fault import short
from flywheel_sim.scenario.reading import Reading
from flywheel_sim.scenario.scenario import Scenario
from flywheel_sim.scenario.start import refuse_impossible_starts
from flywheel_sim.scenario.strategies import parents_of, read_strategies, refuse_bad_names, strategy_names
from flywheel_sim.scenario.values import read_values
from flywheel_sim.units import CURRENCIES, MULTIPLES, TIME_WORDS, write_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.model import Declaration
    from flywheel_sim.model.symbols import Parameter
    from flywheel_sim.scenario.fault import Fault
    from flywheel_sim.scenario.scenario import Correlation, Strategy

__all__ = ["comparable", "interpret"]


def interpret(data: dict[str, Any], declaration: Declaration | None, models: Iterable[str]) -> tuple[Scenario | None, list[Fault]]:
    """Read the data of a scenario.

    Args:
        data: as parsed.
        declaration: the model it names, None where there is no such model.
        models: the names of all models, for suggestions.

    Returns:
        The scenario, without its text, and all warnings; or None, and all faults.
    """
    reading = Reading(data, declaration)
    title, note = reading.text("title"), reading.text("note")
    if reading.sound("title") is not None and not title.strip():
        reading.fail("'title' is blank", ("title",), "say what the scenario is about")
    reading.currency = read_currency(reading)
    refuse_bad_names(reading)
    parents = parents_of(reading)
    baseline = read_baseline(reading)
    if declaration is None:
        stated = reading.sound("model")
        if stated is not None:
            reading.fail(f"there is no model {short(stated)}", ("model",), nearest(stated, models, "the models are"))
        return None, reading.faults
    months = reading.sound("months")
    values = read_values(reading)
    strategies = read_strategies(reading, parents, values, months)
    correlations: tuple[Correlation, ...] = ()
    if reading.sound("correlations"):
        from flywheel_sim.scenario.correlations import read_correlations

        correlations = read_correlations(reading, [values, *(one.settings for one in strategies.values())])
    by = read_by(reading)
    if not reading.failed:
        refuse_impossible_starts(reading, strategies, parents)
        warn_of_money_left_unsaid(reading, strategies)
    if reading.failed:
        return None, reading.faults
    scenario = Scenario(
        title=title,
        note=note,
        model=data["model"],
        months=months,
        currency=reading.currency,
        baseline=baseline,
        by=by,
        values=values,
        strategies=strategies,
        warnings=(),
        data=data,
        text="",
        file="",
        correlations=correlations,
    )
    return scenario, reading.faults


def warn_of_money_left_unsaid(reading: Reading, strategies: Mapping[str, Strategy]) -> None:
    """A strategy that leaves to the model what others state: how much is spent, and on what."""
    for name, parameter in reading.model.parameters.items():
        if parameter.role != "split" and not (parameter.force and str(parameter.unit).startswith("$")):
            continue
        stated = {known: any(setting == name for setting, _ in one.settings) for known, one in strategies.items()}
        for known, says in stated.items():
            if not says and any(stated.values()):
                word = "split" if parameter.role == "split" else f"'{name}'"
                default = usual(reading, parameter)
                example = "split = { ... }" if parameter.role == "split" else f"set = {{ {name} = ... }}"
                fix = f"write {example}, or like = ... another strategy"
                cause = f"'{known}' says no {word}, which other strategies do: it gets the model's, {default}"
                reading.warn(cause, ("strategies", known), fix)


def usual(reading: Reading, parameter: Parameter) -> str:
    """The default of a lever or of the split, in words."""
    if parameter.role == "split":
        return ", ".join(f"{label} {value:g}" for label, value in parameter.default.items() if value)
    return write_quantity(parameter.default[None], parameter.unit, reading.currency)


def read_currency(reading: Reading) -> str:
    """How money is written."""
    stated = reading.text("currency") or "$"
    if is_currency(stated):
        return stated
    reading.fail(f"{short(stated)} is no currency", ("currency",), 'write a sign or code of one to three characters: currency = "€"')
    return "$"


def is_currency(text: str) -> bool:
    """Whether a text has letters and signs of money only, and is nothing else that stands beside a number."""
    if text in CURRENCIES:
        return bool(text)
    import unicodedata

    return all(one.isalpha() or unicodedata.category(one) == "Sc" for one in text) and text.lower() not in {*MULTIPLES, *TIME_WORDS}


def read_baseline(reading: Reading) -> str:
    """The strategy the others are compared with: the first, unless the file says otherwise."""
    names = strategy_names(reading)
    stated = reading.sound("baseline")
    if stated is None:
        return names[0] if names else ""
    if stated not in names and reading.sound("strategies") is not None:
        fix = nearest(stated, names, "the strategies are")
        reading.fail(f"the baseline {short(stated)} is no strategy of this file", ("baseline",), fix)
    return str(stated)


def read_by(reading: Reading) -> str | None:
    """What being ahead means, if the file says so."""
    stated = reading.sound("compare", "by")
    if stated is None:
        return None
    allowed = comparable(reading.model)
    if stated in allowed:
        return str(stated)
    known = reading.model.symbols.get(stated)
    match known:
        case None:
            cause = f"there is no {short(stated)} to compare by"
        case Metric():
            cause = f"'{stated}' is measured in a second run, and cannot decide who is ahead"
        case Stock():
            cause = f"'{stated}' has a value for each label, and cannot decide who is ahead"
        case _:
            cause = f"'{stated}' is no metric, stock or group, and cannot decide who is ahead"
    found = closest(stated, allowed)
    metrics = listed("the metrics are", [name for name in reading.model.metrics if name in allowed])
    reading.fail(cause, ("compare", "by"), f"did you mean '{found}'?" if found else metrics)
    return None


def comparable(model: Declaration) -> tuple[str, ...]:
    """The names that can decide who is ahead: plain metrics, stocks and groups that a single run knows."""
    return tuple(
        name
        for name, symbol in model.symbols.items()
        if isinstance(symbol, Metric | Stock | Group)
        and model.shapes[name] is None
        and not any(isinstance(part, Marginal) for part in descend(symbol, model.names))
    )
