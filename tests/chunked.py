"""Work in chunks for the tests of batches: what other processes must be able to import, and a program to be killed."""

import hashlib
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from flywheel_sim.batch import Store, advance, chunks_of, run_chunks
from flywheel_sim.errors import Interrupted, StateError
from flywheel_sim.records import Record

ABOUT = {"scenario": "a hash", "seed": 0, "draws": 2_400, "draws per chunk": 8}


def hashed(start, stop):
    """Bytes that only these draws have."""
    return hashlib.sha256(f"{start} to {stop}".encode()).digest() * 64


class Slow(Record):
    """Takes its time over each chunk."""

    seconds: float = 0.002

    def __call__(self, start, stop):
        time.sleep(self.seconds)
        return hashed(start, stop)


class Deadly(Record):
    """Kills the process that works on the chunk which starts at ``where``: the first time only if there is a mark to leave."""

    where: int
    mark: str = ""

    def __call__(self, start, stop):
        if start == self.where and not (self.mark and Path(self.mark).exists()):
            if self.mark:
                Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return hashed(start, stop)


class Endless(Record):
    """Goes on with the chunk that starts at ``where`` until it is stopped."""

    where: int

    def __call__(self, start, stop):
        while start == self.where:
            advance()
            time.sleep(0.005)
        return hashed(start, stop)


def overdrawn(start, stop):  # noqa: ARG001
    """Fails with an error that takes more than a text to make."""
    raise StateError("customers fell below zero", month=3.5, name="customers", parameter="churn", fix="lower churn")


def main(folder, kind):
    """Keep chunks in a folder until something ends it: says when it begins, and waits when it is done, for it is to be killed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    store = Store.open(Path(folder), ABOUT)
    say("ready")
    chunks = chunks_of(2_400, smallest=8, most=300)
    if kind == "kill":
        run_chunks(Slow(), chunks, executor=partial(ThreadPoolExecutor, 2), store=store, notice=None, take=len)
        time.sleep(60)
    try:
        # One of two threads hangs in the last chunk, and says so to whoever listens.
        last = Endless(chunks[-1][0])
        run_chunks(last, chunks, executor=partial(ThreadPoolExecutor, 2), store=store, notice=say_when_waiting, take=len)
    except Interrupted as error:
        say(str(error))
        sys.exit(130)


def say(text):
    """To whoever started this."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_when_waiting(notice):
    if notice.total - notice.done == 8:
        say("waiting")


if __name__ == "__main__":
    main(*sys.argv[1:])
