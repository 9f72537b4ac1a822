"""What is known while the data of a file is read: the data, its model, and every fault met so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flywheel_sim.scenario.fault import Fault, has_controls
from flywheel_sim.scenario.shape import misshapen, written

if TYPE_CHECKING:
    from flywheel_sim.model import Declaration
    from flywheel_sim.scenario.locate import Path

__all__ = ["Reading"]


class Reading:
    """Keeps every fault, so that whoever reads a part can go on with the next.

    Args:
        data: the file as parsed.
        declaration: the model it names; None where there is no such model, and only names can be checked.
    """

    def __init__(self, data: dict[str, Any], declaration: Declaration | None) -> None:
        self.data = data
        self.declaration = declaration
        self.faults = misshapen(data, declaration)
        self.misshapen = {fault.path for fault in self.faults}
        self.currency = "$"

    @property
    def model(self) -> Declaration:
        """The model, where there is one."""
        assert self.declaration is not None
        return self.declaration

    @property
    def failed(self) -> bool:
        """Whether the file is at fault."""
        return any(fault.kind == "error" for fault in self.faults)

    def fail(self, cause: str, path: Path, fix: str = "", *, at_key: bool = False, absent: bool = False) -> None:
        """Keep a fault."""
        self.faults.append(Fault(cause, path, fix, at_key, absent=absent))

    def warn(self, cause: str, path: Path, fix: str) -> None:
        """Keep a warning: the run goes on all the same."""
        self.faults.append(Fault(cause, path, fix, kind="warning"))

    def sound(self, *path: str | int) -> Any:
        """What stands at a path; None where nothing does, or where its shape or that of a table around it is wrong."""
        found: Any = self.data
        for length, part in enumerate(path, 1):
            if path[:length] in self.misshapen:
                return None
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int):
                found = found[part]
            else:
                return None
        return found

    def text(self, *path: str | int) -> str:
        """A text of one line; empty where there is none."""
        found = self.sound(*path)
        if not isinstance(found, str):
            return ""
        if has_controls(found):
            self.fail(f"{written(path)} holds control characters", path, "write plain text on one line")
        return found
