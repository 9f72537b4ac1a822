"""A model as a page to read: text for the terminal, HTML for a notebook, Markdown for the docs, all from the same sections."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from flywheel_sim.expressions import Expression
from flywheel_sim.model.symbols import (
    Auxiliary,
    Flow,
    Friction,
    Group,
    Loop,
    Metric,
    Parameter,
    Range,
    Staff,
    Stock,
)
from flywheel_sim.records import Record
from flywheel_sim.units import write_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flywheel_sim.model.declaration import Declaration

__all__ = ["Section", "html_page", "markdown_page", "sections", "text_page"]

WIDEST = 72  # a longer cell wraps nothing: it ends its column


class Section(Record):
    """A table of a model's page: a title, the columns' names, and rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(model: Declaration) -> list[Section]:
    """What a model says, section by section; empty ones left out."""
    made = [stocks(model), flows(model), equations(model), people(model), loops(model), levers(model), parameters(model), metrics(model)]
    return [section for section in made if section.rows]


def stocks(model: Declaration) -> Section:
    rows = []
    for name, stock in model.of_kind(Stock).items():
        shape = model.shapes[name]
        labels = f"[{', '.join(shape.labels)}]" if shape else ""
        stages = f" in {stock.stages} stages" if stock.stages > 1 else ""
        rows.append((f"{name}{labels}", f"{stock.unit}{stages}", model.write(stock.initial), stock.note))
    for name, group in model.of_kind(Group).items():
        rows.append((name, str(model.units[name]), " + ".join(map(model.write, group.members)), group.note))
    return Section("Stocks", ("name", "unit", "at the start", "what it is"), tuple(rows))


def flows(model: Declaration) -> Section:
    rows = []
    for name, flow in model.of_kind(Flow).items():
        route = f"{model.write(flow.source)} → {model.write(flow.destination)}"
        heads = flow.by if flow.by is not None else flow.source
        marks = ["in total" if flow.hazard is None else f"per head of {model.write(heads)}"]
        marks += [f"at the pace of {model.names[flow.served_by]}"] if flow.served_by else []
        marks += ["from any stage"] if flow.anytime else []
        marks += [f"friction {flow.friction.label}"] if flow.friction else []
        equation = model.write(flow.rate if flow.hazard is None else flow.hazard)
        rows.append((name, route, equation, ", ".join(marks), str(model.units[name]), flow.note))
    return Section("Flows", ("name", "from → to", "how fast", "of what", "unit", "what it is"), tuple(rows))


def equations(model: Declaration) -> Section:
    rows = []
    for name, symbol in model.of_kind(Expression).items():
        if isinstance(symbol, Parameter | Stock | Flow | Group | Metric):
            continue
        note = symbol.note if isinstance(symbol, Auxiliary) else ""
        rows.append((name, model.write(symbol, top=True), str(model.units[name]), note))
    return Section("Equations", ("name", "equation", "unit", "in words"), tuple(rows))


def people(model: Declaration) -> Section:
    rows = []
    for name, staff in model.of_kind(Staff).items():
        served = [flow for flow, made in model.of_kind(Flow).items() if made.served_by is staff]
        rows.append((name, model.write(staff.places), ", ".join(served), "first come first served" if staff.queue else "all slow alike"))
    return Section("Staff", ("name", "places", "serves", "when there are more"), tuple(rows))


def loops(model: Declaration) -> Section:
    running = model.switches
    rows = [
        (loop.label, name, "can be switched off" if name in running else "always runs", loop.note)
        for name, loop in model.of_kind(Loop).items()
    ]
    rows += [(friction.label, name, "can be switched off", friction.note) for name, friction in model.of_kind(Friction).items()]
    return Section("Loops and frictions", ("label", "name", "", "what it does"), tuple(rows))


def levers(model: Declaration) -> Section:
    return Section(
        "Levers",
        ("name", "default", "unit", "plausible", "what it is"),
        tuple(settable(model, lambda role: role != "parameter", sources=False)),
    )


def parameters(model: Declaration) -> Section:
    columns = ("name", "default", "unit", "plausible", "what it is", "source")
    return Section("Parameters", columns, tuple(settable(model, lambda role: role == "parameter", sources=True)))


def settable(model: Declaration, wanted: Callable[[str], bool], *, sources: bool) -> Iterable[tuple[str, ...]]:
    for name, parameter in model.parameters.items():
        if not wanted(parameter.role):
            continue
        for label, value in parameter.default.items():
            written = f"{name}[{label}]" if label else name
            row = (written, write_number(value), str(parameter.unit), write_plausible(parameter.between[label]), parameter.note)
            yield (*row, parameter.source) if sources else row


def metrics(model: Declaration) -> Section:
    rows = []
    for name, metric in model.of_kind(Metric).items():
        better = f"{metric.better} is better" if metric.better else ""
        rows.append((name, model.write(metric.expression), str(metric.unit), ", ".join(filter(None, (metric.note, better)))))
    return Section("Metrics", ("name", "measured as", "unit", "what it is"), tuple(rows))


def write_plausible(ends: Range | None) -> str:
    return "" if ends is None else f"{write_number(ends[0])} … {write_number(ends[1])}"


def heading(model: Declaration) -> tuple[str, str]:
    units = {str(stock.unit) for stock in model.of_kind(Stock).values()}
    counted = " and ".join(unit for unit in model.counts if unit in units) or "none"
    return f"{model.name}: {model.note}".rstrip(": "), f"time in {model.time_unit}s; whole individuals: {counted}"


def text_page(model: Declaration) -> str:
    """The page as plain text."""
    lines = list(heading(model))
    for section in sections(model):
        lines += ["", section.title.upper()]
        widths = [min(WIDEST, max(len(row[column]) for row in section.rows)) for column in range(len(section.columns))]
        for row in section.rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def html_page(model: Declaration) -> str:
    """The page as HTML, with nothing in it that runs."""
    title, subtitle = heading(model)
    parts = [f"<h3>{html.escape(title)}</h3><p>{html.escape(subtitle)}</p>"]
    for section in sections(model):
        head = "".join(f"<th style='text-align:left'>{html.escape(column)}</th>" for column in section.columns)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in section.rows
        )
        many = len(section.rows) > 12
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        opened = "" if many else " open"
        parts.append(f"<details{opened}><summary><b>{section.title}</b> ({len(section.rows)})</summary>{table}</details>")
    return "<div>" + "".join(parts) + "</div>"


# What a reader needs to know before each table.
PREFACES = {
    "Stocks": "What accumulates. A name with labels is one stock for each of them.",
    "Flows": "What moves, from where to where. *Per head* means that the total is so many times the heads it names.",
    "Equations": "Everything else that is computed, each in one sentence.",
    "Staff": "Work goes at the pace min(1, places / accounts in the stocks served).",
    "Loops and frictions": "A loop or friction that can be switched off has a value for a world without it.",
    "Levers": "What a strategy sets.",
    "Parameters": "The business: the default, the range in which it is plausible, and where it comes from.",
    "Metrics": "What a run is judged by. `so_far` is the integral since the start, `trailing` the mean over a window or over what there is.",
}


def markdown_page(model: Declaration, command: str) -> str:
    """The page as Markdown.

    Args:
        model: to show.
        command: that makes the page, named in it.
    """
    _, subtitle = heading(model)
    lines = [f"# The model {model.name}", "", f"<!-- Made by `{command}`: change the model, not this page. -->", "", model.note, ""]
    lines += [f"{subtitle[:1].upper()}{subtitle[1:]}."]
    for section in sections(model):
        lines += ["", f"## {section.title}", "", PREFACES[section.title], ""]
        code = {"name", "equation", "how fast", "at the start", "measured as", "places", "serves"}
        lines += [row_of(section.columns), row_of(["---"] * len(section.columns))]
        for row in section.rows:
            lines.append(row_of([as_code(cell) if column in code else cell for column, cell in zip(section.columns, row, strict=True)]))
    return "\n".join(lines) + "\n"


def row_of(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def as_code(text: str) -> str:
    return f"`{text}`" if text else ""
