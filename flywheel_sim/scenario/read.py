"""From a file to its text, or to a clear refusal."""
# Importing pathlib takes as long as simulating a year, hence os.path.
# ruff: noqa: PTH112, PTH118, PTH123, PTH208

from __future__ import annotations

import os

from flywheel_sim.errors import ScenarioError, UsageError, closest
from flywheel_sim.scenario.fault import Fault, plain, report

__all__ = ["LARGEST", "read_text"]

LARGEST = 1 << 20  # bytes


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a scenario file.

    Raises:
        UsageError: if it is no file, too large, or cannot be read.
        ScenarioError: if it is not UTF-8.
    """
    path = os.fspath(path)
    shown = plain(path)
    try:
        if os.path.isdir(path):
            raise UsageError(f"{shown} is a directory", fix="name a scenario file in it")
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        fix = missing(path)
        raise UsageError(f"there is no file {shown}", fix=fix) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{shown} cannot be read: {reason}", fix="name a scenario file") from None
    if len(raw) > LARGEST:
        raise UsageError(f"{shown} is larger than 1 MiB, which no scenario is", fix="name a scenario file")
    return decoded(raw, path)


def missing(path: str) -> str:
    """The remedy for a file that is not there: the nearest one beside it."""
    folder, name = os.path.split(path)
    if not name.endswith(".toml"):
        return f"is it called {plain(name)}.toml?"
    try:
        beside = [one for one in os.listdir(folder or ".") if one.endswith(".toml")]
    except OSError:
        beside = []
    found = closest(name.removesuffix(".toml"), [one.removesuffix(".toml") for one in beside])
    return "write one with: flywheel new NAME" if found is None else f"did you mean {plain(os.path.join(folder, found))}.toml?"


def decoded(raw: bytes, file: str) -> str:
    """The text of some bytes, with or without the mark that Windows puts before UTF-8.

    Raises:
        ScenarioError: if they are not UTF-8, showing where.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:200]:
        fault = Fault("this is not UTF-8 text, but UTF-16 or no text at all", span=(0, 1), fix="save the file as UTF-8")
        raise ScenarioError(report(file, "", {}, [fault]), [fault.cause])
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        text = before + raw[error.start :].decode("utf-8", "replace")
        fault = Fault("this is not UTF-8 text", span=(len(before), len(before) + 1), fix="save the file as UTF-8")
        raise ScenarioError(report(file, text, {}, [fault]), [fault.cause]) from None
