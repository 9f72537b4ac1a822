"""Chunks on any executor: each done once, kept as it comes; broken executors, errors, Ctrl-C; the progress line."""

import io
import multiprocessing
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from chunked import ABOUT, Deadly, Endless, hashed, overdrawn
from hypothesis import given
from hypothesis import strategies as some

from flywheel_sim.batch import Progress, Stopped, Store, Watch, advance, chunks_of, current_watch, run_chunks
from flywheel_sim.batch.batches import abandon
from flywheel_sim.batch.progress import progress_text
from flywheel_sim.errors import Interrupted, RunError, StateError, UsageError

CHUNKS = chunks_of(100, smallest=8, most=16)
WHOLE = sorted(hashed(*chunk) for chunk in CHUNKS)

threads = partial(ThreadPoolExecutor, 2)
processes = partial(ProcessPoolExecutor, 2, multiprocessing.get_context("spawn"))


def run(work, *, executor=None, store=None, chunks=CHUNKS, **others):
    """What was taken and what was told."""
    taken, notices = [], []
    run_chunks(work, chunks, executor=executor, store=store, notice=notices.append, take=taken.append, **others)
    return taken, notices


# The chunks


@given(some.integers(0, 10**9), some.integers(1, 5_000), some.integers(1, 300))
def test_chunks_cover_every_draw_once(draws, smallest, most):
    chunks = chunks_of(draws, smallest, most)
    assert len(chunks) <= most
    assert [start for start, _ in chunks] + [draws] == [0, *(stop for _, stop in chunks)]
    sizes = {stop - start for start, stop in chunks[:-1]}
    assert len(sizes) <= 1
    for size in sizes:
        assert size % smallest == 0
        assert (size // smallest).bit_count() == 1
        assert size == smallest or -(-draws // (size // 2)) > most, "no larger than they have to be"


def test_more_draws_of_the_same_size_go_on_where_it_was():
    assert chunks_of(100_000)[:-1] == chunks_of(1_000_000)[:24]
    assert chunks_of(1_048_576)[-1] == (1_044_480, 1_048_576)
    assert chunks_of(1_048_577)[-1] == (1_048_576, 1_048_577)
    assert len(chunks_of(10**9)) == 239


# On any executor


@pytest.mark.parametrize("executor", [None, threads, processes], ids=["here", "threads", "processes"])
def test_every_chunk_is_done_once_wherever_it_runs(executor, tmp_path):
    with Store.open(tmp_path, ABOUT) as store:
        taken, notices = run(hashed, executor=executor, store=store)
        assert sorted(taken) == WHOLE
        assert list(store.done()) == CHUNKS
        assert [notice.done for notice in notices] == sorted(notice.done for notice in notices)
        assert (notices[0].done, notices[-1].done, notices[-1].total) == (0, 100, 100)
        again, notices = run(None, executor=executor, store=store)
    assert sorted(again) == WHOLE
    assert notices[0].done == 100


def test_nothing_is_started_when_nothing_is_missing():
    def start():
        raise AssertionError

    assert run(hashed, executor=start, chunks=[])[0] == []


def test_an_executor_of_the_caller_is_left_open():
    with threads() as executor:
        for _ in range(2):
            assert sorted(run(hashed, executor=executor)[0]) == WHOLE


@pytest.mark.parametrize(("given_limit", "limit"), [(None, 4), (3, 3)])
def test_few_chunks_are_handed_out_at_a_time(given_limit, limit):
    most = 0

    class Counting(ThreadPoolExecutor):
        def submit(self, *arguments):
            nonlocal most
            future = super().submit(*arguments)
            self.handed = [one for one in getattr(self, "handed", []) if not one.done()] + [future]
            most = max(most, len(self.handed))
            return future

    taken, _ = run(hashed, executor=partial(Counting, 2), chunks=chunks_of(4_000, 8, 500), at_once=given_limit)
    assert len(taken) == 500
    assert most <= limit


def test_what_is_not_to_be_trusted_is_not_kept(tmp_path):
    def check(content):
        if content == hashed(*CHUNKS[3]):
            raise UsageError("made on another kind of processor")

    with Store.open(tmp_path, ABOUT) as store:
        with pytest.raises(UsageError, match="another kind"):
            run(hashed, store=store, check=check)
        assert list(store.done()) == CHUNKS[:3]


# Workers that are lost


def test_a_killed_worker_costs_its_chunks_a_retry(tmp_path):
    with Store.open(tmp_path / "chunks", ABOUT) as store:
        taken, notices = run(Deadly(40, str(tmp_path / "mark")), executor=processes, store=store)
        assert list(store.done()) == CHUNKS
    assert (tmp_path / "mark").exists()
    assert sorted(taken) == WHOLE
    assert any("a worker was lost" in notice.said for notice in notices)


class Breaking(Executor):
    """Loses the chunk that starts at 40 so many times; ``for_good`` once it has happened."""

    def __init__(self, left, *, for_good=False):
        self.left = left
        self.for_good = for_good
        self.broken = False
        self.open = True

    def submit(self, call, work, watch, start, stop):
        if self.broken:
            raise BrokenExecutor
        future = Future()
        if start == 40 and self.left[0]:
            self.left[0] -= 1
            self.broken = self.for_good
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(call(work, watch, start, stop))
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):  # noqa: ARG002
        self.open = False


@pytest.mark.parametrize("for_good", [False, True])
def test_a_chunk_is_tried_four_times(for_good, tmp_path):
    made = []

    def make(left):
        made.append(Breaking(left, for_good=for_good))
        return made[-1]

    taken, _ = run(hashed, executor=partial(make, [3]))
    assert sorted(taken) == WHOLE
    assert len(made) == (4 if for_good else 1)
    assert not any(executor.open for executor in made)
    with Store.open(tmp_path, ABOUT) as store, pytest.raises(RunError, match="worker of draws 40 to 48 was lost 4 times"):
        run(hashed, executor=partial(make, [4]), store=store, at_once=1)
    with Store.open(tmp_path, ABOUT) as store:
        assert list(store.done()) == CHUNKS[:5]
    assert not any(executor.open for executor in made)


def test_an_executor_that_stays_broken_ends_it():
    with pytest.raises(RunError, match="lost 4 times"):
        run(hashed, executor=Breaking([1], for_good=True))

    def dead():
        executor = Breaking([0])
        executor.broken = True
        return executor

    with pytest.raises(RunError, match="lost 4 times"):
        run(hashed, executor=dead)


# Errors of the work


@pytest.mark.parametrize("executor", [None, threads, processes], ids=["here", "threads", "processes"])
def test_an_error_of_the_work_comes_whole(executor):
    with pytest.raises(StateError, match=r"customers fell below zero\n  help: lower churn") as caught:
        run(overdrawn, executor=executor)
    assert (caught.value.month, caught.value.name, caught.value.fix) == (3.5, "customers", "lower churn")


def test_an_error_stops_the_other_chunks():
    def work(start, stop):
        if start == 8:
            raise UsageError("no such thing")
        return Endless(0)(start, stop)

    with pytest.raises(UsageError, match="no such thing"), threads() as executor:  # which waits for its threads
        run(work, executor=executor)


def test_what_came_before_an_error_is_kept(tmp_path):
    with Store.open(tmp_path, ABOUT) as store:
        with pytest.raises(StateError):
            run(lambda *chunk: overdrawn(*chunk) if chunk[0] == 0 else hashed(*chunk), executor=Breaking([0]), store=store, at_once=4)
        assert list(store.done()) == CHUNKS[1:4]


def test_other_errors_are_not_swallowed():
    with pytest.raises(ZeroDivisionError), threads() as executor:
        run(lambda start, _: bytes(1 // start), executor=executor)


# Stopping


@pytest.mark.parametrize("kept", [True, False])
def test_ctrl_c_keeps_what_is_done(kept, tmp_path):
    def work(start, stop):
        if start == 40:
            raise KeyboardInterrupt
        return hashed(start, stop)

    with Store.open(tmp_path, ABOUT) as store:
        with pytest.raises(Interrupted) as caught:
            run(work, store=store if kept else None)
        assert list(store.done()) == (CHUNKS[:5] if kept else [])
    assert (caught.value.done, caught.value.total) == (40, 100)
    assert ("which are kept" in str(caught.value)) == kept
    assert ("the same command goes on" in str(caught.value)) == kept


def test_what_came_before_the_stop_is_kept(tmp_path):
    """Chunks that were finished elsewhere while this thread was busy."""

    class Ready(Breaking):
        def submit(self, *arguments):
            if arguments[-2] == 16:
                raise KeyboardInterrupt
            return super().submit(*arguments)

    with Store.open(tmp_path, ABOUT) as store:
        with pytest.raises(Interrupted, match="stopped after 16 of 100 draws"):
            run(hashed, executor=partial(Ready, [0]), store=store)
        assert list(store.done()) == CHUNKS[:2]


def test_a_signal_stops_the_program_and_the_next_goes_on(tmp_path):
    program = Path(__file__).with_name("chunked.py")
    command = [sys.executable, str(program), str(tmp_path), "stop"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=20)  # its last chunk would never end
    assert "stopped after 2,392 of 2,400 draws, which are kept" in said
    assert (complaints, process.returncode) == ("", 130)
    made = []
    with Store.open(tmp_path, ABOUT) as store:
        run(lambda *chunk: made.append(chunk) or b"last", store=store, chunks=chunks_of(2_400, smallest=8, most=300))
    assert made == [(2_392, 2_400)]


def test_processes_that_are_made_here_are_ended():
    with processes() as executor:
        future = executor.submit(time.sleep, 60)
        while not future.running():
            time.sleep(0.01)
        abandon(executor)
    with pytest.raises(BrokenExecutor):
        future.result(30)


def test_work_hears_that_it_is_to_stop_and_tells_how_far_it_is():
    watch = Watch(threading.Event())
    watch.advance(5)
    watch.advance(2)
    assert watch.passed == 7
    copied = pickle.loads(pickle.dumps(watch))  # noqa: S301  our own
    watch.stop.set()
    with pytest.raises(Stopped):
        watch.advance()
    copied.advance()
    advance(3)
    assert current_watch().passed == 0, "outside a chunk nobody counts"


def test_threads_of_the_work_itself_count_and_stop_but_do_not_tell():
    """Whoever is told, a terminal say, is told by one thread."""
    tellers, stopped = set(), []

    def work(_start, _stop):
        watch = current_watch()

        def helper():
            try:
                for _ in range(1_000):
                    watch.advance(10)
                while True:
                    watch.advance()
            except Stopped:
                stopped.append(True)

        helpers = [threading.Thread(target=helper) for _ in range(4)]
        for one in helpers:
            one.start()
        while watch.passed < 40_000:
            time.sleep(0.001)
        watch.advance(1)
        others.extend(helpers)
        raise KeyboardInterrupt

    others, seen = [], []

    def notice(one):
        tellers.add(threading.get_ident())
        seen.append(one.done)

    with pytest.raises(Interrupted):
        run_chunks(work, [(0, 50_000)], executor=None, store=None, notice=notice, take=len)
    for one in others:
        one.join(20)
    assert seen[-1] == 40_001
    assert tellers == {threading.get_ident()}
    assert stopped == [True] * 4


@pytest.mark.parametrize("executor", [None, threads], ids=["here", "threads"])
def test_the_progress_of_a_long_chunk_is_told(executor):
    told, seen = threading.Event(), []

    def work(_start, _stop):
        advance(30)
        assert told.wait(20)
        return b""

    def notice(one):
        seen.append((one.done, one.total))
        if one.done == 30:
            told.set()

    run_chunks(work, [(0, 100)], executor=executor, store=None, notice=notice, take=len)
    assert (30, 100) in seen
    assert seen[-1] == (100, 100)


# The progress line


class Terminal(io.StringIO):
    """Shows what a terminal would: text after a carriage return is written over what was there."""

    def isatty(self):
        return True

    def line(self):
        shown = []
        for text in self.getvalue().split("\r"):
            shown[: len(text)] = text
        return "".join(shown)


@pytest.fixture
def clock():
    now = [100.0]

    def tell():
        return now[0]

    tell.now = now
    return tell


def test_the_line_says_rate_and_time_left(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    screen = Terminal()
    with Progress(screen, clock) as progress:
        progress.update(200_000, 1_000_000)  # done in an earlier run: says nothing of the rate
        clock.now[0] += 1.9
        progress.update(230_000, 1_000_000)
        assert screen.getvalue() == ""
        clock.now[0] += 0.1
        progress.update(240_000, 1_000_000)
        assert screen.line() == "240,000 of 1,000,000 futures, 20,000/s, 38 s left"
        clock.now[0] += 10
        progress.update(240_000, 1_000_000)
        assert screen.line() == "240,000 of 1,000,000 futures, 20,000/s, 28 s left"
        clock.now[0] += 0.05
        progress.update(250_000, 1_000_000)
        assert screen.line().startswith("240,000"), "no more often than anybody can read"
        clock.now[0] += 40
        progress.update(999_999, 1_000_000)
        assert screen.line().rstrip() == "999,999 of 1,000,000 futures, 15,000/s, 0 s left"
    assert screen.line().strip() == ""
    assert screen.getvalue().endswith("\r")
    assert "\x1b" not in screen.getvalue()


def test_a_narrow_terminal_gets_a_line_that_does_not_wrap(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    screen = Terminal()
    progress = Progress(screen, clock)
    progress.update(0, 1_000_000)
    clock.now[0] += 3
    progress.update(0, 1_000_000)
    assert screen.line() == "0 of 1,000,000 futu"


def test_nothing_is_written_where_nobody_reads(clock):
    screen = io.StringIO()
    with Progress(screen, clock) as progress:
        for done in range(5):
            progress.update(done, 10)
            clock.now[0] += 10
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("rate", "left", "shown"),
    [
        (None, None, "1 of 2 futures"),
        (0.25, 4, "1 of 2 futures, 0.2/s, 4 s left"),
        (41_237, 99.4, "1 of 2 futures, 41,000/s, 99 s left"),
        (9.96, 99.6, "1 of 2 futures, 10/s, 2 min left"),
        (1e6, 3_600 * 3, "1 of 2 futures, 1,000,000/s, 3.0 h left"),
    ],
)
def test_numbers_are_rounded_to_what_anybody_needs(rate, left, shown):
    assert progress_text("futures", 1, 2, rate, left) == shown
