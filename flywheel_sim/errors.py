"""Everything that can go wrong, as one tree.

::

    FlywheelError                 whatever this package raises on purpose
    ├── ModelError                a declared model contradicts itself (raised when its class is made)
    │   └── UnitError             ... in its units
    ├── UsageError                an argument, from Python or the command line, that cannot be meant
    │   └── ScenarioError         a scenario file at fault: all its faults, each with its place
    ├── RunError                  a run that was well posed but failed on the way
    │   └── StateError            ... because a number left what is possible: month, name, likely parameter
    ├── Interrupted               a run that somebody stopped on its way
    └── OutputError               results that could not be written

The command exits with 2 for a ``ModelError`` or ``UsageError`` (something to mend before running),
with 1 for a ``RunError`` or ``OutputError`` (it ran, or wrote, and failed) and with 130 where it was ``Interrupted``.

Beside the tree stands the remedy for a name that does not exist: :func:`nearest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "FlywheelError",
    "Interrupted",
    "ModelError",
    "OutputError",
    "RunError",
    "ScenarioError",
    "StateError",
    "UnitError",
    "UsageError",
    "closest",
    "listed",
    "nearest",
]

MOST_LISTED = 12


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


class Interrupted(FlywheelError):  # noqa: N818  nothing is wrong
    """A run that somebody stopped on its way.

    Args:
        cause: how far it had come, in one line.
        done: draws done.
        total: draws wanted.
        place: the folder that holds what is done, or an empty string.
        fix: how to go on.
    """

    def __init__(self, cause: str, *, done: int, total: int, place: str = "", fix: str = "") -> None:
        super().__init__(cause, place=place, fix=fix)
        self.done = done
        self.total = total


class OutputError(FlywheelError):
    """Results that could not be written."""


def closest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that is most like another, if any is like it at all."""
    import difflib

    folded = {folded_name(known): known for known in allowed}
    found = difflib.get_close_matches(folded_name(name), folded, 1, 0.6)
    return folded[found[0]] if found else None


def folded_name(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def nearest(name: str, allowed: Iterable[str], what: str) -> str:
    """The remedy for a name that does not exist: the nearest one that does, or else all of them.

    Args:
        name: as written.
        allowed: the names there are.
        what: how a list of them begins, such as ``the models are``.
    """
    names = list(allowed)
    found = closest(name, names)
    return listed(what, names) if found is None else f"did you mean '{found}'?"


def listed(what: str, names: Sequence[str]) -> str:
    """A sentence that lists names, the first of them where there are many."""
    more = f", ... ({len(names)} in all)" if len(names) > MOST_LISTED else ""
    return f"{what} {', '.join(names[:MOST_LISTED])}{more}" if names else ""
