"""The command ``flywheel``: arguments, exit codes, and the only printing there is."""

from flywheel_sim.cli.main import main

__all__ = ["main"]
