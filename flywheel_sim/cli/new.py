"""``flywheel new``: a commented scenario to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from flywheel_sim.cli.files import write_whole
from flywheel_sim.errors import UsageError
from flywheel_sim.library import MODELS
from flywheel_sim.scenario.fault import nearest, plain

__all__ = ["write_template"]


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
        raise UsageError(f"there is no model '{plain(model)}'", fix=nearest(model, MODELS, "the models are"))
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    if not path.stem.strip(".") or plain(str(path)) != str(path):
        raise UsageError(f"'{plain(name)}' cannot be the name of a file", fix="use letters, digits, - and _")
    if path.exists():
        raise UsageError(f"{path} is there already", fix="choose another name, or take the file away first")
    home = files("flywheel_sim.scenario")
    schema = Path(str(home / "scenario.schema.json")).as_uri()
    title = path.stem.replace("-", " ").replace("_", " ").capitalize()
    text = (home / "templates" / f"{model}.toml").read_text("utf-8")
    write_whole(path, text.replace("@SCHEMA@", schema).replace("@TITLE@", title).replace("@FILE@", str(path)))
    return str(path)
