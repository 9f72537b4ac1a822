"""A model as a page to read: text for the terminal, HTML for a notebook, both from the same sections."""

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

__all__ = ["Section", "html_page", "sections", "text_page"]

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
        if flow.hazard is not None:
            heads = flow.by if flow.by is not None else flow.source
            equation = f"{model.write(flow.hazard)}   per head of {model.write(heads)}"
        else:
            equation = f"{model.write(flow.rate)}   in total"
        marks = [f"at the pace of {model.names[flow.served_by]}"] if flow.served_by else []
        marks += ["from any stage"] if flow.anytime else []
        marks += [f"friction {flow.friction.label}"] if flow.friction else []
        rows.append((name, route, equation + "".join(f", {mark}" for mark in marks), str(model.units[name]), flow.note))
    return Section("Flows", ("name", "from → to", "how fast", "unit", "what it is"), tuple(rows))


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
        better = f", {metric.better} is better" if metric.better else ""
        rows.append((name, model.write(metric.expression), str(metric.unit), metric.note + better))
    return Section("Metrics", ("name", "measured as", "unit", "what it is"), tuple(rows))


def write_plausible(ends: Range | None) -> str:
    return "" if ends is None else f"{write_number(ends[0])} … {write_number(ends[1])}"


def heading(model: Declaration) -> tuple[str, str]:
    counted = " and ".join(model.counts)
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
