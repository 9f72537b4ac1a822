"""Everything that can go wrong, as one tree.

::

    FlywheelError                 whatever this package raises on purpose
    ├── ModelError                a declared model contradicts itself (raised when its class is made)
    │   └── UnitError             ... in its units
    ├── UsageError                an argument, from Python or the command line, that cannot be meant
    │   └── ScenarioError         a scenario file at fault: all its faults, each with its place
    ├── RunError                  a run that was well posed but failed on the way
    │   └── StateError            ... because a number left what is possible: month, name, likely parameter
    └── OutputError               results that could not be written

The command exits with 2 for a ``ModelError`` or ``UsageError`` (something to mend before running) and
with 1 for a ``RunError`` or ``OutputError`` (it ran, or wrote, and failed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FlywheelError",
    "ModelError",
    "OutputError",
    "RunError",
    "ScenarioError",
    "StateError",
    "UnitError",
    "UsageError",
]


class FlywheelError(Exception):
    """The root of the tree.

    A message says the cause in its first line; where a place and a remedy are known they follow as
    ``-->`` and ``help:`` lines.

    Args:
        cause: what is wrong, in one line.
        place: where: ``file:line`` or the name of the equation.
        detail: the line or equation at fault, as its author wrote it.
        fix: what to write instead.
    """

    def __init__(self, cause: str, *, place: str = "", detail: str = "", fix: str = "") -> None:
        self.cause = cause
        self.place = place
        self.detail = detail
        self.fix = fix
        lines = [cause]
        if place:
            lines.append(f"  --> {place}")
        lines.extend(f"      {line}" for line in detail.splitlines())
        if fix:
            lines.append(f"  help: {fix}")
        super().__init__("\n".join(lines))


class ModelError(FlywheelError):
    """A declared model contradicts itself."""


class UnitError(ModelError):
    """Two sides of an equation are measured in different units."""


class UsageError(FlywheelError):
    """An argument that cannot be meant."""


class ScenarioError(UsageError):
    """A scenario file at fault.

    Args:
        report: all faults of the file, ready to print.
        faults: one line for each fault, without its place.
    """

    def __init__(self, report: str, faults: Sequence[str]) -> None:
        super().__init__(report)
        self.faults = tuple(faults)


class RunError(FlywheelError):
    """A run that was well posed but failed on the way."""


class StateError(RunError):
    """A number became negative, infinite or undefined.

    Args:
        cause: what happened, in one line.
        month: when, in the model's time unit.
        name: the stock, flow or auxiliary.
        parameter: the parameter that most likely caused it, or an empty string.
        detail: the equation.
        fix: what to try.
    """

    def __init__(self, cause: str, *, month: float, name: str, parameter: str = "", detail: str = "", fix: str = "") -> None:
        super().__init__(cause, detail=detail, fix=fix)
        self.month = month
        self.name = name
        self.parameter = parameter

    def of_strategy(self, strategy: str) -> StateError:
        """The same, said of one strategy of a scenario."""
        said = f"strategy {strategy}, {self.cause}"
        return StateError(said, month=self.month, name=self.name, parameter=self.parameter, detail=self.detail, fix=self.fix)


class OutputError(FlywheelError):
    """Results that could not be written."""
