"""``flywheel run``: the verdict and a table, or JSON; and files where asked."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

import click

from flywheel_sim.analysis.words import amount, plain_number
from flywheel_sim.scenario.fault import plain
from flywheel_sim.study import load

if TYPE_CHECKING:
    from rich.table import Table

    from flywheel_sim.result import Result, Series

__all__ = ["run_scenario"]

NARROWEST = 60


def run_scenario(file: str, *, out: str | None, as_json: bool, marginal: bool, seed: int, engine: str) -> None:
    """Run a scenario file, print the result, and write files where asked."""
    study = load(file)
    for warning in study.scenario.warnings:
        click.echo(warning + "\n", err=True)
    result = study.run(seed=seed, engine=engine, marginal=marginal)
    if out is not None:
        from flywheel_sim.cli.files import write_all

        written = write_all(out, study, result, command=f"flywheel run {plain(file)} --out {plain(out)}")
        click.echo(f"wrote {len(written)} files to {plain(out)}: {', '.join(written)}", err=True)
    if as_json:
        json.dump(result.as_json(), sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
    else:
        print_text(result)


def print_text(result: Result) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=False)
    console.print(plain(result.about.title), style="bold")
    if result.verdict:
        console.print()
        console.print(result.verdict)
    for comparison in result.comparisons:
        if comparison is not result.comparison:
            console.print(comparison["verdict"], style="dim")
    console.print()
    console.print(table(result))
    console.print()
    console.print(footing(result), style="dim")


def table(result: Result) -> Table:
    """Every metric at the end, a column for each strategy, a metric next to the one it must not stand without."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    made.add_column(f"month {result.about.months:g}", overflow="fold")
    made.add_column("unit", style="dim")
    for name, run in result.runs.items():
        ends = "" if run is result.longest or len(run.times) == len(result.longest.times) else f"\n(month {run.times[-1]:g})"
        made.add_column(name + ends, justify="right")
    run = result.longest
    for name in in_reading_order(result):
        series = run.about(name)
        cells = [cell(one.value(name), series, result.about.currency) for one in result.runs.values()]
        made.add_row(name.replace("_", " "), unit_of(series, result.about.currency), *cells)
    return made


def in_reading_order(result: Result) -> list[str]:
    names = result.longest.metric_names
    beside = {name: result.longest.about(name).beside for name in names}
    ordered: list[str] = []
    for name in names:
        if beside[name] is None:
            ordered.append(name)
            ordered += [other for other in names if beside[other] == name]
    return ordered


def cell(value: float, series: Series, currency: str) -> str:
    """A value as a table shows it."""
    if math.isnan(value):
        return "–"
    if series.unit.startswith("$"):
        return amount(value, currency)
    return f"{100 * value:.1f} %" if series.percent else plain_number(value)


def unit_of(series: Series, currency: str) -> str:
    return "" if series.unit == "1" else series.unit.replace("$", currency)


def footing(result: Result) -> str:
    about = result.about
    step = "" if about.dt is None else f", step 1/{round(1 / about.dt)} {about.time_unit}" if about.dt < 1 else f", step {about.dt:g}"
    error = "" if about.step_error is None else f" (error below {max(about.step_error, 1e-12):.0e})"
    return f"{about.model}, equations by {about.method}{step}{error}; accounts conserved to {about.conservation:.0e}"
