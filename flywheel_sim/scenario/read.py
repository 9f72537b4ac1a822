"""From a file to its text and its data, or to a clear refusal."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.scenario.fault import Fault, plain, report

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LARGEST", "parse", "read_text"]

LARGEST = 1 << 20  # bytes


def read_text(path: Path) -> str:
    """The text of a scenario file.

    Raises:
        UsageError: if it is no file, too large, or cannot be read.
        ScenarioError: if it is not UTF-8.
    """
    shown = plain(str(path))
    try:
        if path.is_dir():
            raise UsageError(f"{shown} is a directory", fix="name a scenario file in it")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {shown}", fix=f"write one with: flywheel new {plain(path.stem) or 'name'}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{shown} cannot be read: {reason}") from None
    if len(raw) > LARGEST:
        raise UsageError(f"{shown} is larger than 1 MiB, which no scenario is", fix="name a scenario file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        text = raw.decode("utf-8", "replace")
        fault = Fault("this is not UTF-8 text", offset=len(before.removeprefix("\ufeff")), fix="save the file as UTF-8")
        raise ScenarioError(report(str(path), text, {}, [fault]), [fault.cause]) from None


def parse(text: str, file: str) -> dict[str, Any]:
    """The data of a TOML text.

    Raises:
        ScenarioError: if it is not TOML, showing where.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = syntax_fault(str(error), text)
    except RecursionError:
        fault = Fault("it is nested too deeply", offset=0, fix="a scenario needs four levels at most")
    except ValueError as error:  # a number with more digits than Python reads
        fault = Fault(str(error), offset=0, fix="write a shorter number")
    raise ScenarioError(report(file, text, {}, [fault]), [fault.cause])


# tomllib's own words, and what to do about them.
REMEDIES = (
    ("Cannot declare", "each table may stand only once; join the two"),
    ("Cannot overwrite", "each key may stand only once; take one out"),
    ("Cannot mutate", "add the key inside the braces of the table"),
    ("Invalid value", 'numbers stand bare, text and quantities in quotes: price = "$25,000/year"'),
    ("Expected '='", "write name = value"),
    ("Unclosed", "close it with the matching bracket"),
    ("Illegal character", "take the character out, or write it as an escape"),
    ("Expected newline", "start a new line after each value"),
    ("Unterminated string", "close the text with a quote"),
    ("Invalid initial character", "start a key with a letter, a digit or a quote"),
)


def syntax_fault(message: str, text: str) -> Fault:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    cause = re.sub(r"\s*\(at .*\)$", "", message)
    offset = len(text.rstrip())
    if match:
        lines = text.split("\n")
        offset = sum(len(line) + 1 for line in lines[: int(match[1]) - 1]) + int(match[2]) - 1
    fix = next((remedy for start, remedy in REMEDIES if cause.startswith(start)), "check the line against docs/scenario.md")
    return Fault(f"this is not TOML: {cause[:1].lower() + cause[1:]}", offset=max(0, min(offset, len(text) - 1)), fix=fix)
