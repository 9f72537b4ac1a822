"""``flywheel explain``: one page on why a scenario ends as it does, as text, as JSON, and with its charts as files."""

from __future__ import annotations

import gc
import json
import shlex
from typing import TYPE_CHECKING

import click

from flywheel_sim.cli.run import console_for, refuse_no_folder, wrapped
from flywheel_sim.records import Record
from flywheel_sim.scenario.fault import plain
from flywheel_sim.study import load

if TYPE_CHECKING:
    from flywheel_sim.charts import Chart
    from flywheel_sim.result import Series
    from flywheel_sim.study import Study
    from flywheel_sim.study.explain import Explanation

__all__ = ["ExplainOptions", "explain_scenario"]

RECORD, PAGE = "explanation.json", "explanation.txt"
WIDTH = 100  # of the page as a file


class ExplainOptions(Record):
    """What is asked of an explanation.

    Attributes:
        challenger: the strategy that it is about, if it is said.
        draws: how many futures; None for one, all typical.
        seed: of the draws and of the search for a plan.
        as_json: whether to print JSON.
        out: the folder to write into, if any.
    """

    challenger: str | None
    draws: int | None
    seed: int
    as_json: bool
    out: str | None

    def command(self, file: str) -> str:
        """The command that asks the same."""
        parts = ["flywheel", "explain", file]
        parts += ["--challenger", self.challenger] if self.challenger is not None else []
        parts += ["--draws", str(self.draws)] if self.draws is not None else []
        parts += ["--seed", str(self.seed)] if self.seed else []
        parts += ["--out", self.out] if self.out is not None else []
        return plain(shlex.join(parts))


def explain_scenario(file: str, options: ExplainOptions) -> None:
    """Explain a scenario file, print the page, and write files where asked."""
    gc.enable()  # it makes more than it holds
    if options.out is not None:
        refuse_no_folder(options.out)
    study = load(file)
    for warning in study.scenario.warnings:
        click.echo(warning + "\n", err=True)
    found = study.explain(options.challenger, draws=options.draws, seed=options.seed)
    if options.out is not None:
        from flywheel_sim.cli.folder import write_folder

        contents = {PAGE: page(found, WIDTH).encode(), **pictures(study, found, command=options.command(file))}
        written = write_folder(options.out, contents, RECORD, found.as_json())
        click.echo(f"wrote {len(written)} files to {plain(options.out)}: {', '.join(written)}", err=True)
    if options.as_json:
        click.echo(json.dumps(found.as_json(), allow_nan=False))
    else:
        print_page(found)


def print_page(found: Explanation) -> None:
    console = console_for()
    console.print(plain(found.title), style="bold")
    for section in found.sections:
        console.print()
        console.print(plain(section.title), style="bold")
        console.print(wrapped(plain(section.text), console.width))


def page(found: Explanation, width: int) -> str:
    """The page as the text of a file."""
    parts = [plain(found.title), *(f"{plain(one.title)}\n{wrapped(plain(one.text), width)}" for one in found.sections)]
    return "\n\n".join(parts) + "\n"


def pictures(study: Study, found: Explanation, *, command: str) -> dict[str, bytes]:
    """A chart of each part that there is, as a picture and as a drawing, by the name of the file."""
    files: dict[str, bytes] = {}
    for name, chart in charts_of(study, found, command=command).items():
        files[f"{name}.png"], files[f"{name}.svg"] = chart.images()
    return files


def charts_of(study: Study, found: Explanation, *, command: str) -> dict[str, Chart]:
    """The charts of the parts that there are."""
    from flywheel_sim import charts
    from flywheel_sim.study.series import series_of

    def known(name: str) -> Series | None:
        return series_of(study.lowered).get(name.partition("[")[0])

    about, moving = found.result.about, list(found.momentum.values())
    made: dict[str, Chart] = {}
    if found.attribution is not None:
        made["waterfall"] = charts.waterfall(found.attribution, about=about, series=known(found.attribution.by), command=command)
    if found.loops is not None and found.loops.names:
        made["loop_shares"] = charts.loop_shares(found.loops, about=about, strategy=found.strategy, command=command)
    if moving:
        made["coast"] = charts.coast(moving, about=about, command=command)
        made["holding"] = charts.holding(moving, about=about, command=command)
    if found.tornado is not None and found.tornado.bars:
        made["tornado"] = charts.tornado(found.tornado, about=about, series=known(found.tornado.by), command=command)
    if found.regime is not None:
        made["regime"] = charts.regime(found.regime, about=about, series=known(found.regime.by), command=command)
    if found.plan is not None:
        made["plan"] = charts.plan(found.plan, about=about, series=known(found.plan.maximise), command=command)
    return made
