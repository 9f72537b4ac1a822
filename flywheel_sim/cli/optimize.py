"""``flywheel optimize``: where the budget should go, half-year by half-year, as sentences and tables, and as a scenario."""

from __future__ import annotations

import gc
import json
import math
import shlex
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.analysis.words import amount, name_in_words, number
from flywheel_sim.cli.run import console_for, refuse_no_folder, wrapped
from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.files import write_files
from flywheel_sim.records import Record
from flywheel_sim.scenario.fault import plain, short
from flywheel_sim.study import load
from flywheel_sim.units import ONE, parse_unit, read_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.table import Table

    from flywheel_sim.analysis.plans import Plan
    from flywheel_sim.study import Study
    from flywheel_sim.units import Unit

__all__ = ["OptimizeOptions", "optimize_scenario"]

RECORD, PAGE, CHART = "investment.json", "investment.txt", "investment"
WIDTH = 100  # of the page as a file
NAME = "plan"  # of the strategy that is written back
GAP = 3  # between the columns of a table
Rows = list[tuple[str, ...]]


class OptimizeOptions(Record):
    """What is asked of a plan.

    Attributes:
        strategy: the one to better, if it is said.
        maximise: what is to be most, if it is said.
        periods: how many; None for one each half-year.
        of: ``typical``, or what is to be best over draws.
        draws: how many.
        seed: of the search and of the draws.
        floors: ``LEVER=SHARE``, as written.
        caps: likewise.
        cash_floor: as written; None for none.
        total: ``fixed`` or ``free``.
        save: the scenario file to write, if any.
        as_json: whether to print JSON.
        out: the folder to write into, if any.
    """

    strategy: str | None
    maximise: str | None
    periods: int | None
    of: str
    draws: int | None
    seed: int
    floors: tuple[str, ...]
    caps: tuple[str, ...]
    cash_floor: str | None
    total: str
    save: str | None
    as_json: bool
    out: str | None

    def command(self, file: str) -> str:
        """The command that asks the same."""
        said = [
            ("--strategy", self.strategy),
            ("--maximise", self.maximise),
            ("--periods", self.periods),
            ("--of", None if self.of == "typical" else self.of),
            ("--draws", self.draws),
            ("--seed", self.seed or None),
            *(("--floor", one) for one in self.floors),
            *(("--cap", one) for one in self.caps),
            ("--cash-floor", self.cash_floor),
            ("--total", None if self.total == "fixed" else self.total),
            ("--out", self.out),
        ]
        parts = [part for name, value in said if value is not None for part in (name, str(value))]
        return plain(shlex.join(["flywheel", "optimize", file, *parts]))


def optimize_scenario(file: str, options: OptimizeOptions) -> None:
    """Find the best plan for a scenario file, print it, and write files where asked."""
    gc.enable()  # it makes more than it holds
    if options.out is not None:
        refuse_no_folder(options.out)
    if options.save is not None:
        refuse_to_save(options.save)
    study = load(file)
    for warning in study.scenario.warnings:
        click.echo(warning + "\n", err=True)
    plan = study.optimize(
        options.strategy,
        maximise=options.maximise,
        periods=options.periods,
        total=options.total,
        floors=shares_of(study, options.floors, "--floor"),
        caps=shares_of(study, options.caps, "--cap"),
        cash_floor=None if options.cash_floor is None else quantity(study, options.cash_floor, parse_unit("$")),
        of=options.of,
        draws=options.draws,
        seed=options.seed,
    )
    if options.save is not None:
        save(study, plan, options.save)
    if options.out is not None:
        from flywheel_sim.cli.folder import write_folder

        contents = {PAGE: page(study, plan).encode(), **pictures(study, plan, command=options.command(file))}
        written = write_folder(options.out, contents, RECORD, as_json(study, plan))
        click.echo(f"wrote {len(written)} files to {plain(options.out)}: {', '.join(written)}", err=True)
    if options.as_json:
        click.echo(json.dumps(as_json(study, plan), allow_nan=False))
    else:
        print_plan(study, plan)


def as_json(study: Study, plan: Plan) -> dict[str, Any]:
    return {"scenario": study.scenario.title, "model": study.scenario.model, **plan.as_json()}


# What is asked


def shares_of(study: Study, stated: Sequence[str], option: str) -> dict[str, float]:
    """``sellers=30 %`` as numbers, by name; of a lever that is no outlet in its own unit.

    Raises:
        UsageError: for what is no share.
    """
    found: dict[str, float] = {}
    for one in stated:
        name, sign, text = (part.strip() for part in one.partition("="))
        if not (name and sign and text):
            raise UsageError(f"{option} {short(one)} is not LEVER=SHARE", fix=f"write {option} sellers=0.3")
        if name in found:
            raise UsageError(f"{option} is said twice of {short(name)}", fix="say it once")
        declared = study.declaration.parameters.get(name)
        unit = ONE if declared is None or declared.role == "split" else declared.unit
        found[name] = quantity(study, text, unit)
    return found


def quantity(study: Study, text: str, unit: Unit) -> float:
    """``$200k/month``, ``30 %``; or a plain number, which is in the declared unit as in a scenario.

    Raises:
        UsageError: if it is neither.
    """
    try:
        return float(text)
    except ValueError:
        return read_quantity(text, unit, counts=frozenset(study.declaration.counts), currency=study.scenario.currency)


# A plan as a scenario


def refuse_to_save(name: str) -> None:
    """See that a scenario can be written there, before anything is computed.

    Raises:
        UsageError: if something is there already, or there is no folder for it.
    """
    path = Path(name)
    if path.suffix != ".toml":
        raise UsageError(f"{short(name)} is no name of a scenario", fix="let it end in .toml")
    if path.exists() or path.is_symlink():
        raise UsageError(f"{short(name)} is there already, and a plan overwrites nothing", fix="name another file for --save")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {short(str(path.parent))}", fix="make it, or name another file for --save")


def save(study: Study, plan: Plan, name: str) -> None:
    """Write the scenario with the plan as one more strategy.

    Raises:
        UsageError: if there is no plan.
        OutputError: if it cannot be written.
    """
    from flywheel_sim.study.optimize import scenario_text

    taken = study.scenario.strategies
    strategy = next(one for one in (NAME, *(f"{NAME}_{count}" for count in range(2, len(taken) + 3))) if one not in taken)
    text = scenario_text(study, plan, strategy)
    refuse_to_save(name)  # somebody may have written it meanwhile
    try:
        write_files({Path(name): text.encode()})
    except OSError as error:
        raise OutputError(f"{plain(name)} cannot be written: {error.strerror or error}", fix="name another file for --save") from None
    click.echo(f"wrote {plain(name)} with the strategy {strategy}; run it with: flywheel run {plain(shlex.quote(name))}", err=True)


# The page


def print_plan(study: Study, plan: Plan) -> None:
    console = console_for()
    console.print(plain(study.scenario.title), style="bold")
    console.print()
    console.print(wrapped(plain(" ".join(plan.sentences)), console.width))
    for heading, rows in tables(study, plan):
        for block in blocks(rows, console.width):
            console.print()
            console.print(wrapped(heading, console.width), style="dim")
            console.print(drawn(block))


def page(study: Study, plan: Plan) -> str:
    """The page as the text of a file."""
    parts = [plain(study.scenario.title), wrapped(plain(" ".join(plan.sentences)), WIDTH)]
    parts += [f"{fill(heading, WIDTH)}\n{lined(block)}" for heading, rows in tables(study, plan) for block in blocks(rows, WIDTH)]
    return "\n\n".join(parts) + "\n"


def tables(study: Study, plan: Plan) -> Iterator[tuple[str, Rows]]:
    """What stands above each table, and its rows: a heading, then a row for each outlet, a column for each period."""
    if not plan.feasible:
        return
    currency, unit = study.scenario.currency, study.declaration.time_unit
    ends = (*plan.periods[1:], plan.months)
    spans = [f"{start:g}–{end:g}" for start, end in zip(plan.periods, ends, strict=True)]
    lengths = [end - start for start, end in zip(plan.periods, ends, strict=True)]
    varies = any(row != plan.today_shares[0] for row in plan.today_shares)
    rows: Rows = [(f"{unit}s", "today", *spans)]
    for outlet in plan.shares[0]:
        today = [row[outlet] for row in plan.today_shares]
        mean = math.fsum(share * length for share, length in zip(today, lengths, strict=True)) / plan.months
        cells = [
            f"{whole(row[outlet])} ({whole(was)})" if varies else whole(row[outlet]) for row, was in zip(plan.shares, today, strict=True)
        ]
        rows.append((plain(name_in_words(outlet)), whole(mean), *cells))
    if plan.budget:
        rows.append(("to spend", "", *(amount(one, currency) for one in plan.budget)))
    if any(not math.isnan(one) for one in plan.spend):
        rows.append((f"spent a {unit}", "", *(amount(one, currency) for one in plan.spend)))
    beside = ", today's of the period in brackets" if varies else ""
    yield f"Shares of the budget in %{beside}, with today's mean beside them", rows
    if plan.marginal:
        yield returns(plan, spans, currency, unit)


def returns(plan: Plan, spans: Sequence[str], currency: str, unit: str) -> tuple[str, Rows]:
    """What the next money brings in each outlet and period."""
    own = plan.unit == "$"
    size = 1.0 if own else 1000.0

    def cell(value: float) -> str:
        return "–" if math.isnan(value) else f"{value * size:.2f}" if own else number(value * size)

    rows: Rows = [(f"{unit}s", *spans)]
    rows += [(plain(name_in_words(outlet)), *(cell(row[outlet]) for row in plan.marginal)) for outlet in plan.marginal[0]]
    what = f"{currency}, its own cost taken off" if own else name_in_words(plan.maximise)
    return f"What the next {amount(size, currency)} in one outlet and period betters, in {what}", rows


def whole(share: float) -> str:
    """A share in percent without its sign; what is not nothing is not written as nothing."""
    return "<1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def blocks(rows: Rows, width: int) -> Iterator[Rows]:
    """A table in parts that are no wider than allowed, each with the first column, and one period at least."""
    fixed = 2 if rows[0][1:2] == ("today",) else 1
    sizes = [max(len(row[column]) for row in rows) + GAP for column in range(len(rows[0]))]
    start = fixed
    while start < len(rows[0]):
        stop, used = start + 1, sum(sizes[:fixed]) + sizes[start]
        while stop < len(rows[0]) and used + sizes[stop] <= width + GAP:
            used += sizes[stop]
            stop += 1
        yield [(*row[:fixed], *row[start:stop]) for row in rows]
        start = stop


def drawn(rows: Rows) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    heads, *rest = rows
    for place, head in enumerate(heads):
        made.add_column(head, justify="right" if place else "left", no_wrap=True, style="dim" if head == "today" else None)
    for row in rest:
        made.add_row(*row)
    return made


def lined(rows: Rows) -> str:
    """The same for a file."""
    sizes = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    justify: Callable[[str, int, int], str] = lambda text, size, place: text.rjust(size) if place else text.ljust(size)  # noqa: E731
    lines = ["   ".join(justify(text, size, place) for place, (text, size) in enumerate(zip(row, sizes, strict=True))) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def pictures(study: Study, plan: Plan, *, command: str) -> dict[str, bytes]:
    """The chart of the plan, as a picture and as a drawing."""
    from flywheel_sim import charts
    from flywheel_sim.study.series import series_of

    stepped = {plan.strategy: study.stepped(plan.strategy, "rk4", None)}
    about = study.about(stepped, plan.seed, "ode")
    chart = charts.plan(plan, about=about, series=series_of(study.lowered).get(plan.maximise), command=command)
    png, svg = chart.images()
    return {f"{CHART}.png": png, f"{CHART}.svg": svg}
