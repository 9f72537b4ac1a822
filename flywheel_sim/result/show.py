"""Results as a terminal and a notebook show them."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from flywheel_sim.result.futures import QUANTILES, Futures

if TYPE_CHECKING:
    from flywheel_sim.result.result import Result
    from flywheel_sim.result.run import Run
    from flywheel_sim.result.series import Series

__all__ = ["html_page", "text_lines"]

UNDEFINED = "–"


def text_lines(result: Result) -> str:
    """The verdict, and the strategies; of many futures the range of what decides."""
    lines = [result.about.title, result.verdict, f"strategies: {', '.join(result.runs)}"]
    if result.has_futures:
        by = result.comparison["by"] if result.comparison else next(iter(result.longest.metric_names), "")
        ranges = ", ".join(f"{name} {cell(run, by)}" for name, run in result.runs.items() if by in run)
        failed = f", {result.about.failed:,} of them failed" if result.about.failed else ""
        lines.append(f"{result.about.draws:,} futures{failed}{f', {by} at the end: {ranges}' if ranges else ''}")
    return "\n".join(filter(None, lines))


def html_page(result: Result) -> str:
    """The verdict and every metric at the end, a column for each strategy, with nothing in it that runs."""
    names = result.longest.metric_names
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("", "unit", *result.runs))
    rows = []
    for name in names:
        series = result.longest.about(name)
        cells = "".join(f"<td>{cell(run, name)}</td>" for run in result.runs.values())
        rows.append(
            f"<tr><td style='text-align:left' title='{html.escape(series.note)}'>{html.escape(name)}</td><td>{html.escape(series.unit)}</td>{cells}</tr>"
        )
    title, verdict = html.escape(result.about.title), html.escape(result.verdict)
    note = f"<p>At the end: the median of {result.about.draws:,} futures (5 – 95 %)</p>" if result.has_futures else ""
    return f"<div><h4>{title}</h4><p>{verdict}</p>{note}<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def cell(run: Run, name: str) -> str:
    """What a strategy ends with: ``303``, or of many futures ``303 (210 – 420)``."""
    series = run.about(name)
    if not isinstance(run, Futures):
        return shown(run.value(name), series)
    ends = [run.quantile(name, probability)[-1] for probability in (QUANTILES[0], 0.5, QUANTILES[-1])]
    low, middle, high = (shown(value, series) for value in ends)
    share = run.share_undefined(name)[-1]
    ranged = UNDEFINED if middle == UNDEFINED else f"{middle} ({low} {'to' if ends[0] < 0 else '–'} {high})"
    return f"{ranged}, not defined in {in_percent(share)}" if 0 < share < 1 else ranged


def in_percent(share: float) -> str:
    """A share that is neither nothing nor all."""
    return "under 1 %" if share < 0.01 else "over 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def shown(value: float, series: Series) -> str:
    """A value as a table of a notebook shows it."""
    if not math.isfinite(value):
        return UNDEFINED
    if series.percent:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
