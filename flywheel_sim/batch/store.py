"""The chunks of a run in a folder: each appears whole or not at all, and is trusted only when its checksum is right."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from flywheel_sim.batch.lock import Lock
from flywheel_sim.errors import OutputError, UsageError
from flywheel_sim.files import write_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Store"]

FORMAT = "flywheel-sim chunk 1"
ABOUT = "about.json"
LOCK = "run.lock"
DRAWS = "draws"  # the one entry of what a run is about that may grow
CHUNK = re.compile(r"chunk-(\d{9,})-(\d{9,})\.bin")
PART = re.compile(r"\.(about\.json|chunk-\d{9,}-\d{9,}\.bin)\.\d+\.part")  # what write_files leaves when it is killed
MOST_SHOWN = 60


class Store:
    """The chunks of one run, kept in a folder that only this process writes to until it is closed.

    Made by :meth:`open`. ``damaged`` lists the names of the chunks that were found with a wrong checksum or of another
    run: they count as missing.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], lock: Lock) -> None:
        self.folder = folder
        self.about = about
        self.identity = hashlib.sha256(canonical({name: value for name, value in about.items() if name != DRAWS})).hexdigest()
        self.damaged: list[str] = []
        self.lock = lock

    @classmethod
    def open(cls, folder: Path, about: Mapping[str, Any]) -> Store:
        """Begin to keep a run in a folder, or go on with the one it holds.

        Args:
            folder: made if it is not there; files of others in it are left alone.
            about: what decides the bytes of every chunk, as JSON. A folder goes on only with the very same, but for
                ``draws``, which may be more than before.

        Raises:
            UsageError: if the folder holds another run, is no folder, or is in use.
            OutputError: if it cannot be written.
        """
        folder = Path(folder)
        with told_as_output(folder):
            if folder.exists() and not folder.is_dir():
                raise UsageError("chunks are kept in a folder, and this is none", place=str(folder), fix="name another one")
            folder.mkdir(parents=True, exist_ok=True)
            lock = Lock.take(folder / LOCK)
            try:
                store = cls(folder, json.loads(canonical(about)), lock)
                store.agree()
            except BaseException:
                lock.release()
                raise
        return store

    def agree(self) -> None:
        """See that the folder holds this run or none, and write down what it is about."""
        for path in self.folder.iterdir():
            if PART.fullmatch(path.name) and path.is_file():
                path.unlink()
        path = self.folder / ABOUT
        before = self.written_about()
        if before is not None:
            differing = differences(before, self.about)
            if len(differing) == 1 and fewer(before, self.about):
                raise UsageError(
                    f"this folder holds {before[DRAWS]:,} draws of this run, more than {self.about[DRAWS]:,}",
                    place=str(self.folder),
                    fix=f"ask for {before[DRAWS]:,} or more, or name another folder",
                )
            if differing:
                raise UsageError(
                    "this folder holds the chunks of another run",
                    place=str(self.folder),
                    detail="\n".join(differing),
                    fix="name another folder, or remove this one",
                )
        elif path.exists() or any(True for _ in self.names()):
            # Not written by a run, or damaged since: only a sound chunk can show that it is this run nevertheless.
            if not self.done():
                raise UsageError(
                    f"this folder holds {'an' if path.exists() else 'no'} {ABOUT} {'that no run wrote' if path.exists() else 'but chunks'}",
                    place=str(self.folder),
                    fix="name another folder, or remove this one",
                )
            self.damaged.append(ABOUT)
        if before is None or canonical(before) != canonical(self.about):
            text = json.dumps({"format": FORMAT, "about": self.about}, indent=2, sort_keys=True, allow_nan=False)
            write_files({path: text.encode() + b"\n"})

    def written_about(self) -> dict[str, Any] | None:
        """What the folder says it is about; None where it says nothing that can be read."""
        try:
            found = json.loads((self.folder / ABOUT).read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return None
        about = found.get("about") if isinstance(found, dict) and found.get("format") == FORMAT else None
        return about if isinstance(about, dict) else None

    def names(self) -> Iterator[tuple[int, int]]:
        """The ranges of draws that there is a file for, sound or not, in order."""
        found = [CHUNK.fullmatch(path.name) for path in self.folder.iterdir()]
        ranges = sorted((int(match[1]), int(match[2])) for match in found if match)
        yield from (one for one in ranges if (self.folder / chunk_name(*one)).is_file())

    def done(self) -> dict[tuple[int, int], str]:
        """The chunks that are there and sound: their ranges of draws and the checksum of their content."""
        found = {(start, stop): self.find(start, stop) for start, stop in self.names()}
        return {one: hashlib.sha256(content).hexdigest() for one, content in found.items() if content is not None}

    def find(self, start: int, stop: int) -> bytes | None:
        """The content of a chunk; None if it is not there or damaged, which is then noted in ``damaged``."""
        name = chunk_name(start, stop)
        try:
            found = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:  # a disk that fails
            found = b""
        header, _, content = found.partition(b"\n")
        if header == self.header(start, stop, content):
            return content
        if name not in self.damaged:
            self.damaged.append(name)
        return None

    def read(self, start: int, stop: int) -> bytes:
        """The content of a chunk that is kept.

        Raises:
            OutputError: if it is not there or damaged.
        """
        content = self.find(start, stop)
        if content is None:
            raise OutputError(f"{chunk_name(start, stop)} is missing or damaged", place=str(self.folder), fix="run it again: it is redone")
        return content

    def keep(self, start: int, stop: int, content: bytes) -> None:
        """Write a chunk, whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        with told_as_output(self.folder):
            write_files({self.folder / chunk_name(start, stop): self.header(start, stop, content) + b"\n" + content})

    def header(self, start: int, stop: int, content: bytes) -> bytes:
        """The first line of a chunk's file."""
        checksum = hashlib.sha256(content).hexdigest()
        return canonical({"format": FORMAT, "start": start, "stop": stop, "content": checksum, "about": self.identity})

    def close(self) -> None:
        """Let others into the folder."""
        self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def chunk_name(start: int, stop: int) -> str:
    return f"chunk-{start:09d}-{stop:09d}.bin"


def canonical(value: object) -> bytes:
    """A value as JSON that is the same bytes whenever it is the same value; ASCII, so that it can be shown anywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def fewer(before: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether fewer draws are asked for than before."""
    return type(before.get(DRAWS)) is int and type(asked.get(DRAWS)) is int and asked[DRAWS] < before[DRAWS]


def differences(before: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """One line for each entry that differs, but for draws that have become more."""
    there, here = dict(flat(before)), dict(flat(asked))
    if type(before.get(DRAWS)) is int and type(asked.get(DRAWS)) is int and before[DRAWS] < asked[DRAWS]:
        there[DRAWS] = here[DRAWS]
    names = [*here, *(name for name in there if name not in here)]
    return [
        f"{name[:MOST_SHOWN]}: {there.get(name, 'nothing')} there, {here.get(name, 'nothing')} asked for"
        for name in names
        if there.get(name) != here.get(name)
    ]


def flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The entries of nested JSON objects, each with its dotted name and its value as text."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from flat(one, f"{name}.{ascii(key)[1:-1]}" if name else ascii(key)[1:-1])
    else:
        yield name, canonical(value).decode()


@contextlib.contextmanager
def told_as_output(folder: Path) -> Iterator[None]:
    """Failures of the disk, as an error that says what to do."""
    try:
        yield
    except OSError as error:
        cause = f"chunks cannot be kept: {error.strerror or error}"
        raise OutputError(cause, place=str(folder), fix="make room, or name another folder; what is kept already stays") from None
