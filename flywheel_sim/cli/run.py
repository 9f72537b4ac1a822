"""``flywheel run``: the verdict and a table, or JSON; and files where asked."""

from __future__ import annotations

import math
import os
import shlex
import sys
from textwrap import fill
from typing import TYPE_CHECKING, Literal

import click

from flywheel_sim.analysis.words import amount, number
from flywheel_sim.errors import UsageError
from flywheel_sim.records import Record
from flywheel_sim.result import Futures
from flywheel_sim.scenario.fault import plain, short
from flywheel_sim.study import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from flywheel_sim.result import Result, Run, Series

__all__ = ["RunOptions", "console_for", "run_scenario", "wrapped"]

NARROWEST = 20  # columns of a terminal in which anything can be read
GAP = 3  # between the columns of a table
MANNERS = {"events": "every account by itself", "chance": "accounts counted one by one"}


class RunOptions(Record):
    """What is asked of a run.

    Attributes:
        out: the folder to write into, if any.
        as_json: whether to print JSON.
        marginal: whether to measure what one further customer costs.
        seed: of the draws.
        engine: what computes it.
        draws: how many futures; None for one, all typical.
        sampling: how to draw.
        threads: how many to use for draws.
        workers: processes to run draws in.
        on: the address of a scheduler whose machines run draws.
    """

    out: str | None
    as_json: bool
    marginal: bool
    seed: int
    engine: str
    draws: int | None
    sampling: str
    threads: int | None
    workers: int | None
    on: str | None

    def command(self, file: str) -> str:
        """The command that asks the same."""
        parts = ["flywheel", "run", file]
        if self.marginal:
            parts.append("--marginal")
        if self.engine != "ode":
            parts += ["--engine", self.engine]
            parts += ["--seed", str(self.seed)] if self.seed and self.draws is None else []
        if self.draws is not None:
            parts += ["--draws", str(self.draws)]
            parts += ["--seed", str(self.seed)] if self.seed else []
            parts += ["--sampling", self.sampling] if self.sampling != "sobol" else []
        if self.out is not None:
            parts += ["--out", self.out]
        return plain(shlex.join(parts))


def run_scenario(file: str, options: RunOptions) -> None:
    """Run a scenario file, print the result, and write files where asked."""
    refuse_options_of_draws(options)
    if options.out is not None:
        refuse_no_folder(options.out)
    study = load(file)
    for warning in study.scenario.warnings:
        click.echo(warning + "\n", err=True)
    if options.draws is None:
        result = study.run(seed=options.seed, engine=options.engine, marginal=options.marginal)
    else:
        from flywheel_sim.cli.draws import run_futures

        result = run_futures(study, options)
    if options.out is not None:
        from flywheel_sim.cli.files import write_all

        written = write_all(options.out, study, result, command=options.command(file))
        click.echo(f"wrote {len(written)} files to {plain(options.out)}: {', '.join(written)}", err=True)
    if options.as_json:
        import json

        click.echo(json.dumps(result.as_json(), allow_nan=False))
    else:
        print_text(result)


def refuse_no_folder(name: str) -> None:
    """See that results can be written there, before anything is computed.

    Raises:
        UsageError: if it is a file, or nothing at all.
    """
    if not name or (os.path.exists(name) and not os.path.isdir(name)):  # noqa: PTH110, PTH112  pathlib costs a start
        raise UsageError(f"{short(name)} is no folder", fix="name a folder for --out")


def refuse_options_of_draws(options: RunOptions) -> None:
    """See that nothing is asked of draws where there are none.

    Raises:
        UsageError: if it is.
    """
    for name in ("threads", "workers", "on"):
        if options.draws is None and getattr(options, name) is not None:
            raise UsageError(f"--{name} is about many futures, and this is one", fix="say how many with --draws, or leave it out")
    if options.on is not None and options.workers is not None:
        raise UsageError("--on and --workers are two places to run draws in", fix="leave one of them out")


def console_for() -> Console:
    """Standard output, which shows text as it is: no markup, no highlights."""
    from rich.console import Console

    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(file=sys.stdout, color_system=colours, highlight=False, markup=False, emoji=False, soft_wrap=False)
    console.width = max(console.width, NARROWEST)
    return console


def print_text(result: Result) -> None:
    console = console_for()
    console.print(plain(result.about.title), style="bold")
    if result.verdict:
        console.print()
        console.print(wrapped(result.verdict, console.width))
    for comparison in result.comparisons:
        if comparison is not result.comparison:
            console.print(wrapped(comparison["verdict"], console.width), style="dim")
    console.print()
    rows = list(rows_of(result))
    console.print(table(rows) if width_of(rows) <= console.width else one_below_the_other(rows))
    console.print()
    console.print(footing(result), style="dim")


def wrapped(text: str, width: int) -> str:
    """Lines that keep a percentage together."""
    return fill(text.replace(" %", "\u00a0%"), width).replace("\u00a0", " ")


def rows_of(result: Result) -> Iterator[Sequence[str]]:
    """The horizon and the strategies; then each metric, its unit, and its value for each strategy."""
    about = result.about
    longest = len(result.longest.times)
    ends = ["" if len(run.times) == longest else f" ({about.time_unit} {run.times[-1]:g})" for run in result.runs.values()]
    yield f"{about.time_unit} {about.months:g}", "unit", *(f"{name}{end}" for name, end in zip(result.runs, ends, strict=True))
    for name in in_reading_order(result):
        series = result.longest.about(name)
        cells = (cell_of(run, name, about.currency) for run in result.runs.values())
        yield name.replace("_", " "), unit_of(series, about.currency), *cells


def width_of(rows: Sequence[Sequence[str]]) -> int:
    """How wide a table of these rows is."""
    from rich.cells import cell_len

    columns = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return sum(columns) + GAP * (len(columns) - 1)


def table(rows: Sequence[Sequence[str]]) -> Table:
    """Every metric at the end, a column for each strategy."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    (horizon, unit, *strategies), *metrics = rows
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    made.add_column(horizon)
    made.add_column(unit, style="dim")
    for strategy in strategies:
        made.add_column(strategy, justify="right")
    for row in metrics:
        made.add_row(*row)
    return made


def one_below_the_other(rows: Sequence[Sequence[str]]) -> str:
    """The same for a narrow terminal or many strategies: a line for each value."""
    (horizon, _, *strategies), *metrics = rows
    lines = [horizon]
    for name, unit, *cells in metrics:
        lines.append(f"{name} ({unit})" if unit else name)
        lines += [f"  {value:>7}  {strategy}" for strategy, value in zip(strategies, cells, strict=True)]
    return "\n".join(lines)


def in_reading_order(result: Result) -> list[str]:
    """The metrics, each followed by those that must not stand without it."""
    names = result.longest.metric_names
    beside = {name: result.longest.about(name).beside for name in names}

    def with_company(name: str) -> list[str]:
        return [name, *(one for other in names if beside[other] == name for one in with_company(other))]

    return [one for name in names if beside[name] not in names for one in with_company(name)]


def cell_of(run: Run, name: str, currency: str) -> str:
    """A metric of a run at the end: its value, or the median and the range of many."""
    series = run.about(name)
    middle = cell(run.value(name), series, currency)
    if not isinstance(run, Futures):
        return middle
    low, high = (cell(run.quantile(name, probability)[-1], series, currency) for probability in (0.05, 0.95))
    if low == middle == high:
        return middle
    return f"{middle} ({low.removesuffix(' %')} – {high})"


def cell(value: float, series: Series, currency: str) -> str:
    """A value as a table shows it."""
    if math.isnan(value):
        return "–"
    if series.unit.startswith("$"):
        return amount(value, currency)
    return f"{100 * value:.1f} %" if series.percent else number(value)


def unit_of(series: Series, currency: str) -> str:
    return "" if series.unit == "1" else series.unit.replace("$", currency)


def footing(result: Result) -> str:
    about = result.about
    step = "" if about.dt is None else f", step 1/{round(1 / about.dt)} {about.time_unit}" if about.dt < 1 else f", step {about.dt:g}"
    if result.has_futures:
        return footing_of_futures(result, step)
    if about.engine != "ode":
        return f"{about.model}, {MANNERS[about.engine]}, seed {about.seed}{step} for what is not counted; accounts conserved exactly"
    error = "" if about.step_error is None else f" (error at the end below {bound(about.step_error)})"
    return f"{about.model}, equations by {about.method}{step}{error}; accounts conserved to {bound(about.conservation)}"


def footing_of_futures(result: Result, step: str) -> str:
    about = result.about
    if about.engine != "ode":
        return footing_of_luck(result, step)
    moved = "" if about.step_error is None else f" (halving it moves no metric by more than {bound(about.step_error)})"
    drawn = f"{about.draws:,} futures drawn from {', '.join(name.replace('_', ' ') for name in about.uncertain) or 'nothing'}"
    how = f"{'Sobol' if about.sampling == 'sobol' else 'random'} draws, seed {about.seed}"
    exact = f"; quantiles within {100 * about.quantile_error:.1g} %" if about.quantile_error else ""
    failed = f"; {about.failed:,} failed, the first one so: {plain(about.failures[0].reason)}" if about.failed else ""
    return (
        f"Each cell: the median and, in brackets, 5 to 95 % of {drawn} ({how}{failed}).\n"
        f"{about.model}, equations by {about.method}{step}{moved}{exact}; accounts conserved to {bound(about.conservation)}"
    )


def footing_of_luck(result: Result, step: str) -> str:
    about = result.about
    drawn = ", ".join(name.replace("_", " ") for name in about.uncertain)
    of_what = f", {about.each} for each of {-(-about.draws // about.each):,} draws of {drawn}" if drawn else ", which differ by luck alone"
    failed = f"; {about.failed:,} failed, the first one so: {plain(about.failures[0].reason)}" if about.failed else ""
    exact = f"; quantiles within {100 * about.quantile_error:.1g} %" if about.quantile_error else ""
    return (
        f"Each cell: the median and, in brackets, 5 to 95 % of {about.draws:,} runs{of_what} (seed {about.seed}{failed}).\n"
        f"{about.model}, {MANNERS[about.engine]}{step} for what is not counted{exact}; accounts conserved to {bound(about.conservation)}"
    )


def bound(size: float) -> str:
    """A small number, rounded up to one digit: ``2e-6`` for 1.4e-6."""
    exponent = math.floor(math.log10(max(size, 1e-16)))
    digit = math.ceil(max(size, 1e-16) / 10**exponent - 1e-9)
    return f"1e{exponent + 1}" if digit == 10 else f"{digit}e{exponent}"
