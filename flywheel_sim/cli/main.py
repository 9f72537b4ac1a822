"""Arguments in, exit code out.

0: done. 1: the run or the writing failed. 2: the arguments or the scenario are at fault. 130: stopped. Results go to standard
output, everything else to standard error.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from flywheel_sim.errors import FlywheelError, Interrupted, ModelError, ScenarioError, UsageError
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="flywheel")
def flywheel() -> None:
    """Simulate growth as a funnel and as a flywheel: who wins, when, by how much, and why.

    Start with:  flywheel new mine  and then  flywheel run mine.toml
    """


@flywheel.command()
@click.argument("name")
@click.option("--model", default="growth", show_default=True, help="The model it is for.")
def new(name: str, model: str) -> None:
    """Write a commented scenario NAME.toml that runs as it is."""
    import shlex

    from flywheel_sim.cli.new import write_template

    path = write_template(name, model)
    click.echo(f"wrote {path}; run it with: flywheel run {shlex.quote(path)}")


@flywheel.command()
@click.argument("file", type=click.Path())
def check(file: str) -> None:
    """Check the scenario FILE without running it."""
    from flywheel_sim.scenario import load_scenario
    from flywheel_sim.scenario.fault import plain

    scenario, _ = load_scenario(file)
    warn(scenario.warnings)
    count = len(scenario.strategies)
    strategies = "strategy" if count == 1 else "strategies"
    click.echo(f"{plain(file)} is sound: {count} {strategies} over {scenario.months} months of {scenario.model}")


@flywheel.command()
@click.argument("file", type=click.Path())
@click.option("--out", type=click.Path(), help="Write series, metrics, charts and the scenario used into this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--marginal", is_flag=True, help="Also measure what one further customer costs (a second run each).")
@click.option("--draws", type=click.IntRange(min=1), help="Run so many futures, drawn from what the scenario states as uncertain.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of draws and luck: another one gives others.")
@click.option(
    "--sampling", type=click.Choice(["sobol", "random"]), default="sobol", show_default=True, help="Draws evenly spread, or at random."
)
@click.option(
    "--engine",
    type=click.Choice(["ode", "events", "chance"]),
    default="ode",
    show_default=True,
    help="Smooth equations; every account by itself, with luck and a log of journeys; or the same law on counts, compiled.",
)
@click.option("--threads", type=click.IntRange(min=1), help="For draws: how many threads; as many as there are processors unless said.")
@click.option("--workers", type=click.IntRange(min=1), help="For draws: so many processes instead (needs flywheel-sim[cluster]).")
@click.option("--on", metavar="ADDRESS", help="For draws: the machines of the Dask scheduler at tls://HOST:PORT.")
def run(file: str, **options: Any) -> None:
    """Run the scenario FILE and print who wins, when and by how much.

    With --draws it is run in many futures, and says in how many of them. With --out as well, what is done is kept there:
    the same command goes on where a run was stopped. With --engine events or chance every future has luck of its own.
    """
    from flywheel_sim.cli.run import RunOptions, run_scenario

    run_scenario(file, RunOptions(**options))


@flywheel.command()
@click.argument("file", type=click.Path())
@click.option("--strategy", help="The strategy the claims are about; the best that is not the baseline unless said.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def claims(file: str, strategy: str | None, *, as_json: bool) -> None:
    """Test what is said of flywheels in the scenario FILE: what holds, what fails, and where the border lies."""
    from flywheel_sim.cli.claims import print_claims

    print_claims(file, strategy, as_json=as_json)


@flywheel.command()
@click.argument("file", type=click.Path())
@click.option("--challenger", metavar="NAME", help="The strategy it is about; the best that is not the baseline unless said.")
@click.option("--draws", type=click.IntRange(min=1), help="Tell verdict and contributions in so many futures.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of draws and search: another one gives others.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--out", type=click.Path(), help="Write the page, the numbers and their charts into this folder.")
def explain(file: str, **options: Any) -> None:
    """Explain the scenario FILE in one page: who wins, what brings that, which loop, and what it hangs on.

    Also how much momentum is stored, and a first look at where the budget should go.
    """
    from flywheel_sim.cli.explain import ExplainOptions, explain_scenario

    explain_scenario(file, ExplainOptions(**options))


@flywheel.command()
@click.argument("file", type=click.Path())
@click.option("--strategy", metavar="NAME", help="The strategy to better; the best that is not the baseline unless said.")
@click.option("--maximise", metavar="SERIES", help="What to make most of: a series, cash, customers or value; what decides unless said.")
@click.option("--periods", type=click.IntRange(min=1), help="How many, of the same length; one for each half-year unless said.")
@click.option(
    "--of", metavar="WHAT", default="typical", show_default=True, help="The typical case; or over draws: mean, p05, cvar10 and the like."
)
@click.option("--draws", type=click.IntRange(min=1), help="How many futures it is for, and how many others it is tried on.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of search and draws: another one gives others.")
@click.option("--floor", "floors", multiple=True, metavar="LEVER=SHARE", help="The least share of the budget, such as sellers=0.3.")
@click.option("--cap", "caps", multiple=True, metavar="LEVER=SHARE", help="The largest share of the budget.")
@click.option("--cash-floor", metavar="MONEY", help="Cash never falls below it, such as -$500k.")
@click.option(
    "--total", type=click.Choice(["fixed", "free"]), default="fixed", show_default=True, help="Spend as much as today, or decide that too."
)
@click.option("--save", metavar="FILE.toml", type=click.Path(), help="Write the scenario with the plan as one more strategy.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--out", type=click.Path(), help="Write the page, the numbers and their chart into this folder.")
def optimize(file: str, **options: Any) -> None:
    """Find where the budget of the scenario FILE should go, half-year by half-year, so that most comes of it."""
    from flywheel_sim.cli.optimize import OptimizeOptions, optimize_scenario

    optimize_scenario(file, OptimizeOptions(**options))


@flywheel.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the page of the model NAME as Markdown.")
@click.option("--dot", is_flag=True, help="Print the stocks, flows and loops of the model NAME as Graphviz DOT text.")
def models(name: str | None, *, markdown: bool, dot: bool) -> None:
    """List the models, or describe the model NAME: its stocks, flows, equations, loops, levers and sources."""
    from flywheel_sim.library import MODELS, find
    from flywheel_sim.model import declaration
    from flywheel_sim.model.dot import dot_text
    from flywheel_sim.model.show import markdown_page

    if markdown and dot:
        raise UsageError("--markdown and --dot are two ways to print a model", fix="leave one of them out")
    if name is not None:
        found = find(name)
        page = markdown_page(declaration(found), f"flywheel models {name} --markdown") if markdown else f"{found!r}\n"
        click.echo(dot_text(found) if dot else page, nl=False)
        return
    if markdown or dot:
        what, option = ("a drawing", "--dot") if dot else ("a page", "--markdown")
        raise UsageError(f"{what} is about one model", fix=f"name it: flywheel models {next(iter(MODELS))} {option}")
    widest = max(map(len, MODELS))
    for known in MODELS:
        click.echo(f"{known:<{widest}}  {declaration(find(known)).note}")
    click.echo("\ndescribe one with: flywheel models NAME", err=True)


def warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        click.echo(warning + "\n", err=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    gc.disable()  # a process this short has nothing to gain from looking for cycles
    ready_streams()
    try:
        flywheel.main(args=arguments, prog_name="flywheel", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return stop(2, shown(error))
    except (click.Abort, KeyboardInterrupt):
        return stop(130, "stopped")
    except Interrupted as error:
        return stop(130, f"error: {error}")
    except FlywheelError as error:
        text = str(error) if isinstance(error, ScenarioError) else f"error: {error}"
        return stop(2 if isinstance(error, UsageError | ModelError) else 1, text)
    except OSError as error:  # a full disk behind standard output, say; a closed pipe ends quietly in click
        discard(sys.stdout)
        return stop(1, f"error: cannot write: {error.strerror or error}")
    except RecursionError:
        return stop(2, "error: this is nested more deeply than can be read")
    return 0


def ready_streams() -> None:
    """See that there is somewhere to print to, and that a character which cannot be shown there becomes a question mark."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started the command
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  stays open as long as the command
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def shown(error: click.ClickException) -> str:
    """What click says of a wrong argument."""
    text = io.StringIO()
    error.show(text)
    return text.getvalue().rstrip()


def stop(code: int, text: str) -> int:
    """Say why on standard error, if anybody can still hear it; returns the exit code."""
    try:
        click.echo(text, err=True)
    except OSError:
        discard(sys.stderr)
    return code


def discard(stream: TextIO) -> None:
    """Let what is still to be printed go nowhere, for it would fail again when the process ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
