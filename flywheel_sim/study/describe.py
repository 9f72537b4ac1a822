"""A study as a table: what its strategies have in common, and in what they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.words import called, duration, moment, name_in_words, with_unit
from flywheel_sim.program import written

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration
    from flywheel_sim.scenario import Move, Name, Scenario, Strategy

__all__ = ["changes", "html_table", "rows_of", "text_lines"]

Row = tuple[str, ...]


def rows_of(scenario: Scenario, model: Declaration) -> list[Row]:
    """One row for each lever, each loop that is off somewhere, and whatever else differs; one column per strategy."""
    strategies = list(scenario.strategies.values())
    names = dict.fromkeys(name for strategy in strategies for name in strategy.settings)
    rows = []
    for name in names:
        cells = tuple(cell(strategy, name, scenario, model) for strategy in strategies)
        if model.parameters[name[0]].role != "parameter" or len(set(cells)) > 1:
            rows.append((written(*name), *cells))
    switches = dict.fromkeys(name for strategy in strategies for name in strategy.off)
    rows += [(switch, *("off" if switch in strategy.off else "runs" for strategy in strategies)) for switch in switches]
    moves = tuple("; ".join(f"{move.kind} of {move.lever} at {move.at:g}" for move in strategy.moves) for strategy in strategies)
    return [*rows, ("moves", *moves)] if any(moves) else rows


def cell(strategy: Strategy, name: Name, scenario: Scenario, model: Declaration) -> str:
    parameter = model.parameters[name[0]]
    value = strategy.settings[name].typical if name in strategy.settings else parameter.default[name[1]]
    return with_unit(value, str(parameter.unit), scenario.currency)


def text_lines(scenario: Scenario, model: Declaration) -> str:
    """The table as plain text."""
    table = [(f"{scenario.title}, {scenario.months} months of {scenario.model}", *scenario.strategies), *rows_of(scenario, model)]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]) for row in table
    ]
    return "\n".join(line.rstrip() for line in lines)


def html_table(scenario: Scenario, model: Declaration) -> str:
    """The table as HTML, with nothing in it that runs."""
    import html

    head = "".join(f"<th>{html.escape(text)}</th>" for text in ("", *scenario.strategies))
    body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows_of(scenario, model))
    title = html.escape(f"{scenario.title}, {scenario.months} months of {scenario.model}")
    return f"<div><h4>{title}</h4><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def changes(scenario: Scenario, model: Declaration) -> tuple[str, ...]:
    """What moves during the run, and whose it is where it is not every strategy's: ``budget goes to $0/month in month 24``."""
    movers: dict[str, list[str]] = {}
    for strategy in scenario.strategies.values():
        for move in strategy.moves:
            movers.setdefault(change(move, scenario, model), []).append(strategy.name)
    everybody = list(scenario.strategies)
    return tuple(text if names == everybody else f"{' and '.join(map(called, names))}: {text}" for text, names in movers.items())


def change(move: Move, scenario: Scenario, model: Declaration) -> str:
    unit, start = str(model.parameters[move.lever].unit), moment(move.at, model.time_unit)
    what = name_in_words("split" if move.lever == model.split else move.lever)
    goal = "a new one" if move.lever == model.split else with_unit(move.to[None], unit, scenario.currency)
    if move.kind == "ramp":
        return f"{what} moves to {goal} from {start} to {moment(move.at + move.length, model.time_unit)}"
    lasts = f" for {duration(move.length, model.time_unit)}" if move.kind == "pulse" else ""
    return f"{what} goes to {goal} in {start}{lasts}"
