"""Files, each written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["write_files"]


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write every file under another name, and only then give each its own, so that a failure leaves what was there.

    Raises:
        OSError: if one of them cannot be written.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            if path.exists() and not path.is_file():  # a device or a pipe must not be put out of its place either
                raise OSError(errno.EEXIST, f"{path.name} is there and is no file")
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            with part.open("wb") as file:
                parts[path] = part
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            with contextlib.suppress(OSError):  # there is a better error on its way already
                part.unlink(missing_ok=True)
