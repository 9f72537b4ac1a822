"""Work on a range of draws, cut into chunks, run on any executor, kept as it comes and resumable."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, wait
from itertools import islice
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import FlywheelError, Interrupted, RunError
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from flywheel_sim.batch.store import Store

    Chunk = tuple[int, int]
    Work = Callable[[int, int], bytes]

__all__ = ["Notice", "Stopped", "Watch", "advance", "chunks_of", "current_watch", "run_chunks"]

MOST_TRIES = 4  # the first one, and three more when its worker is lost
BEAT = 0.25  # seconds after which somebody who waits is told again how far it is


class Stopped(Exception):  # noqa: N818  an order to stop, which never reaches the caller
    """Raised within a chunk that nobody wants any more."""


class Notice(Record):
    """What is to be told while it runs: draws done so far, all that are wanted, and sometimes a sentence."""

    done: int
    total: int
    said: str = ""


def chunks_of(draws: int, smallest: int = 4096, most: int = 256) -> list[Chunk]:
    """Ranges of draws, start and stop, each of the same power of two times ``smallest`` but the last.

    Args:
        draws: in all.
        smallest: draws of a chunk.
        most: chunks; they become larger rather than more.
    """
    size = smallest
    while -(-draws // size) > most:
        size *= 2
    return [(start, min(start + size, draws)) for start in range(0, draws, size)]


class Watch:
    """How a chunk that runs hears that it is to stop, and tells how far it is. In another process it hears nothing.

    Args:
        stop: set when nobody wants the work any more.
        heard: called when the chunk has got further, only in the thread that this was made in.
    """

    def __init__(self, stop: threading.Event, heard: Callable[[], None] | None = None) -> None:
        self.stop = stop
        self.heard = heard
        self.thread = threading.get_ident()
        self.lock = threading.Lock()
        self.passed = 0

    def advance(self, draws: int = 0) -> None:
        """To be called between small batches of draws, from any thread.

        Args:
            draws: that were done since the last time, for the progress line only.

        Raises:
            Stopped: if the rest is not wanted any more: let it pass.
        """
        with self.lock:
            self.passed += draws
        if self.stop.is_set():
            raise Stopped
        if self.heard is not None and threading.get_ident() == self.thread:
            self.heard()

    def __reduce__(self) -> tuple[Any, ...]:
        return deaf_watch, ()


def deaf_watch() -> Watch:
    return Watch(threading.Event())


CURRENT = threading.local()


def current_watch() -> Watch:
    """The watch of the chunk that this thread works on, to be handed to further threads of its own."""
    found = getattr(CURRENT, "watch", None)
    return found if isinstance(found, Watch) else deaf_watch()


def advance(draws: int = 0) -> None:
    """What work calls between small batches: :meth:`Watch.advance` of the chunk that this thread works on."""
    current_watch().advance(draws)


class Failed(Record):
    """An error of the work, in parts: not all of them survive the way between processes whole."""

    kind: type[FlywheelError]
    arguments: tuple[Any, ...]
    fields: dict[str, Any]

    def revived(self) -> FlywheelError:
        error = self.kind.__new__(self.kind, *self.arguments)
        error.__dict__.update(self.fields)
        return error


def carry_out(work: Work, watch: Watch, start: int, stop: int) -> bytes | Failed:
    """Do a chunk, wherever this is called."""
    CURRENT.watch = watch
    try:
        return work(start, stop)
    except FlywheelError as error:
        return Failed(type(error), error.args, dict(vars(error)))
    finally:
        CURRENT.watch = None


def run_chunks(
    work: Work,
    chunks: Sequence[Chunk],
    *,
    executor: Executor | Callable[[], Executor] | None,
    store: Store | None,
    notice: Callable[[Notice], None] | None,
    take: Callable[[bytes], None],
    check: Callable[[bytes], None] | None = None,
    at_once: int | None = None,
) -> None:
    """Do the chunks that are not kept yet, keep each as soon as it is there, and hand on the bytes of all.

    Args:
        work: what makes bytes of a range of draws, the same ones wherever it runs. For other processes it must pickle.
        chunks: ranges of draws, start and stop.
        executor: that runs them; None runs one after the other in this thread. What makes an executor may be given instead:
            then a broken one is replaced, and the last one is shut down at the end, at once when it is stopped early.
        store: where chunks are kept, and those already there are taken from.
        notice: is told how far it is, a few times a second where chunks run elsewhere.
        take: gets the bytes of every chunk, in this thread, in any order.
        check: is shown the bytes of every new chunk before it is kept, and raises if they are not to be trusted.
        at_once: chunks handed to the executor at a time; twice its workers unless said.

    Raises:
        Interrupted: on Ctrl-C, with what is done kept.
        RunError: if the workers of a chunk were lost four times.
        FlywheelError: what the work or the check raised.
    """
    run = Run(work, store, notice, take, check, sum(stop - start for start, stop in chunks))
    try:
        missing = run.take_kept(chunks)
        if executor is None:
            run.one_by_one(missing)
        elif missing:  # nothing is started for nothing
            run.on_executor(missing, executor, at_once)
    except KeyboardInterrupt:
        raise run.interrupted() from None
    finally:
        run.stop.set()


class Run:
    """The state of :func:`run_chunks`."""

    def __init__(
        self,
        work: Work,
        store: Store | None,
        notice: Callable[[Notice], None] | None,
        take: Callable[[bytes], None],
        check: Callable[[bytes], None] | None,
        total: int,
    ) -> None:
        self.work = work
        self.store = store
        self.notice = notice
        self.take = take
        self.check = check
        self.total = total
        self.done = 0  # draws taken
        self.flying: dict[Future[bytes | Failed], tuple[Chunk, Watch]] = {}
        self.stop = threading.Event()

    def tell(self, said: str = "", passed: int = 0) -> None:
        if self.notice is not None:
            passed += sum(watch.passed for _, watch in self.flying.values())
            self.notice(Notice(min(self.done + passed, self.total), self.total, said))

    def take_kept(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Hand on what the store holds; the chunks that are missing."""
        if self.store is None:
            self.tell()
            return list(chunks)
        missing = []
        for start, stop in chunks:
            content = self.store.find(start, stop)
            if content is None:
                missing.append((start, stop))
            else:
                self.take(content)
                self.done += stop - start
        for name in self.store.damaged:
            self.tell(f"{name} was damaged and is made again")
        self.tell()
        return missing

    def receive(self, chunk: Chunk, found: bytes | Failed) -> None:
        """A chunk has come: keep it and hand it on."""
        if isinstance(found, Failed):
            raise found.revived()
        if self.check is not None:
            self.check(found)
        if self.store is not None:
            self.store.keep(*chunk, found)
        self.take(found)
        self.done += chunk[1] - chunk[0]

    def one_by_one(self, missing: Sequence[Chunk]) -> None:
        for chunk in missing:
            watch = Watch(self.stop, lambda: self.tell(passed=watch.passed))  # noqa: B023  called while this chunk runs
            self.receive(chunk, carry_out(self.work, watch, *chunk))
            self.tell()

    def on_executor(self, missing: Sequence[Chunk], given: Executor | Callable[[], Executor], at_once: int | None) -> None:
        executor, make = (given, None) if isinstance(given, Executor) else (given(), given)
        finished = False
        waiting = deque(missing)
        tries: Counter[Chunk] = Counter()
        try:
            while waiting or self.flying:
                lost = []
                room = (at_once or 2 * workers_of(executor)) - len(self.flying)
                for chunk in list(islice(waiting, max(room, 0))):
                    waiting.popleft()
                    try:
                        self.submit(executor, chunk)
                    except BrokenExecutor:
                        lost.append(chunk)
                        if make is not None:
                            abandon(executor)
                            executor = make()
                        break
                over, _ = wait(self.flying, BEAT, FIRST_COMPLETED) if self.flying else (set(), None)
                for future in over:
                    chunk, _ = self.flying.pop(future)
                    try:
                        found = future.result()
                    except (BrokenExecutor, CancelledError):
                        lost.append(chunk)
                    else:
                        self.receive(chunk, found)
                tries.update(lost)
                waiting.extendleft(reversed(lost))
                self.tell(lost_text(lost, tries))
            finished = True
        except BaseException:
            self.save_what_came()
            raise
        finally:
            for future in self.flying:
                future.cancel()
            if make is not None and finished:
                executor.shutdown()
            elif make is not None:
                abandon(executor)

    def submit(self, executor: Executor, chunk: Chunk) -> None:
        watch = Watch(self.stop)
        self.flying[executor.submit(carry_out, self.work, watch, *chunk)] = (chunk, watch)

    def save_what_came(self) -> None:
        """Keep the chunks that were finished when it was stopped."""
        for future, (chunk, _) in list(self.flying.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                del self.flying[future]
                with contextlib.suppress(FlywheelError):
                    self.receive(chunk, future.result())

    def interrupted(self) -> Interrupted:
        kept = self.store is not None
        what = ", which are kept" if kept and self.done else ", before anything was kept" if kept else "; nothing is kept"
        return Interrupted(
            f"stopped after {self.done:,} of {self.total:,} draws{what}",
            place=str(self.store.folder) if self.store is not None else "",
            fix="the same command goes on from here" if kept else "with a folder for the results, a stopped run can go on",
            done=self.done,
            total=self.total,
        )


def lost_text(lost: Sequence[Chunk], tries: Counter[Chunk]) -> str:
    """What is said of chunks whose worker is gone; an empty text if there are none.

    Raises:
        RunError: if one of them has been tried often enough.
    """
    for start, stop in lost:
        if tries[start, stop] >= MOST_TRIES:
            raise RunError(
                f"the worker of draws {start:,} to {stop:,} was lost {MOST_TRIES} times",
                fix="fewer workers need less memory, and a machine that runs out of it kills them; what is done is kept",
            )
    return f"a worker was lost: {len(lost)} {'chunk goes' if len(lost) == 1 else 'chunks go'} again" if lost else ""


def workers_of(executor: Executor) -> int:
    """How many chunks an executor runs at a time, as far as it says."""
    for name in ("workers", "_max_workers"):
        found = getattr(executor, name, None)
        if isinstance(found, int) and found > 0:
            return found
    return os.cpu_count() or 1


def abandon(executor: Executor) -> None:
    """Shut an executor down without waiting for what it still runs."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:  # of a ProcessPoolExecutor, which would wait for them when this process ends
        process.terminate()
