"""A folder of what a command makes, written whole or not at all, with a record of it by which nobody else's files are lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.cli.files import fingerprint, folder_for, written_before
from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.files import write_files
from flywheel_sim.scenario.fault import plain, short

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write_folder"]


def write_folder(folder: str, contents: Mapping[str, bytes], record: str, found: Mapping[str, Any]) -> list[str]:
    """Write files into a folder, and beside them a record: what was found, as JSON, and the fingerprint of every file.

    Nothing appears under its name before everything has been written. Nothing is overwritten but what the same command
    wrote before and nobody has changed since; what it wrote before and does not write now is taken away.

    Args:
        folder: made if it is not there.
        contents: by the name of the file.
        record: the name of the record.
        found: what it holds beside the fingerprints.

    Returns:
        The names written.

    Raises:
        UsageError: if the folder is a file, or holds files of these names that are somebody else's.
        OutputError: if something cannot be written.
    """
    place = Path(folder)
    try:
        if not folder or (place.exists() and not place.is_dir()):
            raise UsageError(f"{short(folder)} is no folder", fix="name a folder for --out")
        known = written_before(place / record)
        refuse_files_of_others(place, contents, record, known)
        outdated = [
            path
            for name, mark in (known or {}).items()
            if name not in contents
            and Path(name).name == name
            and (path := place / name).is_file()
            and fingerprint(path.read_bytes()) == mark
        ]
        body = {**found, "files": {name: fingerprint(content) for name, content in contents.items()}}
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
        with folder_for(place):
            write_files({place / name: content for name, content in {**contents, record: text.encode()}.items()})
        for path in outdated:
            path.unlink(missing_ok=True)
    except OSError as error:
        fix = "make room, or name another folder"
        raise OutputError(f"{plain(folder)} cannot be written: {error.strerror or error}", fix=fix) from None
    return sorted([*contents, record])


def refuse_files_of_others(place: Path, contents: Mapping[str, bytes], record: str, known: Mapping[str, str] | None) -> None:
    """See that nothing is lost.

    Raises:
        UsageError: if something would be.
    """
    lost = [record] if known is None and (place / record).exists() else []
    for name, content in contents.items():
        if (place / name).is_file():
            there = (place / name).read_bytes()
            if there != content and fingerprint(there) != (known or {}).get(name):
                lost.append(name)
    if lost:
        raise UsageError(
            f"{short(str(place))} holds {' and '.join(lost)}, which this command did not write or somebody has changed since",
            fix="move it away, or name another folder",
        )
