"""What stands below every chart."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from flywheel_sim.charts.text import clean, shortened

if TYPE_CHECKING:
    from flywheel_sim.result import About

__all__ = ["footer"]


def footer(about: About, command: str) -> tuple[str, ...]:
    """Where a chart comes from, and how to make it again, line by line."""
    title = shortened(about.title, 110)
    stop = "" if title[-1:] in {"?", "!", "."} else "."
    scenario = f", scenario {shortened(PurePath(about.file).name, 60)}" if about.file else ""
    source = f"Source: {title}{stop} Simulated from assumptions, not company data"
    made = f"model {clean(about.model)}, flywheel-sim {clean(about.version)}{scenario}"
    return (f"{source}; {made}.", *((f"Reproduce: {clean(command)}",) if command else ()))
