"""One process at a time in a folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from flywheel_sim.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lock"]

FAR = 2**30  # the byte that is locked: beyond the text, which stays readable where locks are mandatory
HELD: set[Path] = set()  # by this process, which the system would give the same lock again
ONE_AT_A_TIME = threading.Lock()


class Lock:
    """A lock file, held until it is released or the process is gone, however it went.

    The system holds the lock, not the file: it lets go of it with the process, so that nothing is left to clean up after
    a kill. The process and its machine stand in the file for whoever finds it taken, and decide where a file
    system knows no locks.
    """

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self.file: int | None = file

    @classmethod
    def take(cls, path: Path) -> Lock:
        """Take a lock.

        Args:
            path: of its file, made if it is not there.

        Raises:
            UsageError: if another process holds it, or a file of this name is something else.
            OSError: if the file cannot be written.
        """
        path = path.parent.resolve() / path.name
        with ONE_AT_A_TIME:
            if path in HELD:  # to open and close the file once more would let go of the lock
                raise in_use(path, "this process")
            file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
            try:
                seize(file, path)
                os.ftruncate(file, 0)
                os.pwrite(file, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
            except BaseException:
                os.close(file)
                raise
            HELD.add(path)
        return cls(path, file)

    def release(self) -> None:
        """Let go of it; a second time does nothing. The file stays: to remove it would race with whoever opens it."""
        with ONE_AT_A_TIME:
            if self.file is None:
                return
            with contextlib.suppress(OSError):
                os.ftruncate(self.file, 0)
            os.close(self.file)
            self.file = None
            HELD.discard(self.path)


def seize(file: int, path: Path) -> None:
    """Have the system lock an open file, or refuse."""
    text = os.pread(file, 1000, 0)
    holder = holder_in(text)
    if text and holder is None:
        raise UsageError(f"{path.name} in this folder was not written by a run", place=str(path), fix="name another folder")
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, FAR)
    except (BlockingIOError, PermissionError):
        raise in_use(path, "another process" if holder is None else f"process {holder[0]} on {holder[1]}") from None
    except OSError:  # no locks on this file system: what the file says has to do
        if holder is not None and (holder[1] != socket.gethostname() or (holder[0] != os.getpid() and runs(holder[0]))):
            raise in_use(path, f"process {holder[0]} on {holder[1]}", f"if it is gone, remove {path.name} there") from None


def holder_in(text: bytes) -> tuple[int, str] | None:
    """The process and its machine, as a lock file names them."""
    try:
        found = json.loads(text)
        pid, host = found["pid"], found["host"]
    except (ValueError, TypeError, KeyError):
        return None
    if type(pid) is not int or not isinstance(host, str):
        return None
    return pid, "".join(letter if letter.isprintable() else "?" for letter in host[:100])


def in_use(path: Path, holder: str, fix: str = "wait until it ends, or name another folder") -> UsageError:
    return UsageError(f"{holder} is at work in this folder", place=str(path.parent), fix=fix)


def runs(pid: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's
        return True
    return True
