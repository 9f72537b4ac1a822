"""``flywheel claims``: what is said of a model, put to the test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from flywheel_sim.analysis.words import capital
from flywheel_sim.cli.run import console_for, wrapped
from flywheel_sim.scenario.fault import plain
from flywheel_sim.study import load

if TYPE_CHECKING:
    from flywheel_sim.study.claims import Finding

__all__ = ["print_claims"]


def print_claims(file: str, strategy: str | None, *, as_json: bool) -> None:
    """Test every claim about the model of a scenario, and print what was found as it is found."""
    study = load(file)
    for warning in study.scenario.warnings:
        click.echo(warning + "\n", err=True)
    findings = study.findings(strategy)
    if as_json:
        found = [finding.as_json() for finding in findings]
        click.echo(json.dumps({"scenario": study.scenario.title, "model": study.scenario.model, "claims": found}, allow_nan=False))
        return
    console = console_for()
    console.print(plain(study.scenario.title), style="bold")
    for finding in findings:
        console.print()
        console.print(wrapped(f"{finding.number}. {finding.sentence}.", console.width), style="bold")
        console.print(wrapped(f"{verdict(finding)}.", console.width))
        console.print(wrapped(f"{capital(finding.evidence)}.", console.width), style="dim")


def verdict(finding: Finding) -> str:
    """Whether a claim holds here, and where that ends."""
    if finding.border is None:
        return capital(finding.outcome)
    return f"Holds here, but {finding.outcome.removeprefix('holds ')}" if finding.here else f"Fails here; it {finding.outcome}"
