"""``flywheel new``: a commented scenario to start from."""

from __future__ import annotations

import json
import os
import re
import shlex
from importlib.resources import files
from pathlib import Path

from flywheel_sim.errors import OutputError, UsageError, nearest
from flywheel_sim.files import write_files
from flywheel_sim.library import MODELS
from flywheel_sim.scenario.fault import has_controls, plain, short

__all__ = ["write_template"]

LONGEST_NAME = 100  # bytes: beside a file stands its half-written part, whose name is longer


def write_template(name: str, model: str) -> str:
    """Write a commented scenario that runs as it is.

    Args:
        name: of the file; ``.toml`` is added where it is missing.
        model: the model it is for.

    Returns:
        The path written.

    Raises:
        UsageError: if there is no such model, the name is no file name, or the file is there already.
        OutputError: if it cannot be written.
    """
    if model not in MODELS:
        raise UsageError(f"there is no model {short(model)}", fix=nearest(model, MODELS, "the models are"))
    path = path_of(name)
    try:
        taken, in_folder = os.path.lexists(path), path.parent.is_dir()
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", fix="choose another name") from None
    if taken:
        raise UsageError(f"{path} is there already", fix="choose another name, or take the file away first")
    if not in_folder:
        raise UsageError(f"there is no folder {path.parent}", fix="make it first, or name one that is there")
    home = files("flywheel_sim.scenario")
    filled = {
        "@SCHEMA@": Path(str(home / "scenario.schema.json")).as_uri(),
        "@TITLE@": json.dumps(title_of(path), ensure_ascii=False)[1:-1],  # JSON escapes " and \ as TOML does
        "@FILE@": shlex.quote(str(path)),
    }
    text = (home / "templates" / f"{model}.toml").read_text("utf-8")
    content = re.sub("|".join(filled), lambda match: filled[match[0]], text)
    try:
        write_files({path: content.encode()})
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}", fix="make room, or choose another name") from None
    return str(path)


def path_of(name: str) -> Path:
    """The file that a name stands for.

    Raises:
        UsageError: if it stands for none.
    """
    last = name.replace(os.sep, "/").rpartition("/")[2].removesuffix(".toml")
    if not last.strip(" .") or name.startswith("-") or has_controls(name) or plain(name) != name:
        raise UsageError(f"{short(name)} cannot be the name of a file", fix="use letters, digits, - and _")
    if len(last.encode()) > LONGEST_NAME:
        raise UsageError(f"{short(name)} is too long for the name of a file", fix=f"use at most {LONGEST_NAME} letters")
    return Path(name if name.endswith(".toml") else f"{name}.toml")


def title_of(path: Path) -> str:
    """A title from the name of a file, in words."""
    words = re.sub(r"[-_\s.]+", " ", path.stem).strip()
    return (words[:1].upper() + words[1:]) or path.stem
