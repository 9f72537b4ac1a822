"""How far long work is: one line on a terminal, written over and over, and taken away at the end."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

__all__ = ["Progress"]

PATIENCE = 2.0  # seconds of work that nobody needs to be told about
PAUSE = 0.1  # seconds between two writings


class Progress:
    """A line such as ``312,000 of 1,000,000 futures, 41,000/s, 17 s left``.

    Plain text on a terminal, nothing elsewhere: there is no colour that ``NO_COLOR`` could take away.

    Args:
        stream: where to; standard error unless said.
        clock: seconds, from whenever.
        what: is counted.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic, what: str = "futures") -> None:
        self.stream = sys.stderr if stream is None else stream
        self.clock = clock
        self.what = what
        self.seen = bool(getattr(self.stream, "isatty", bool)())
        self.began: tuple[float, int] | None = None  # what was done before, in an earlier run say, tells nothing of the rate
        self.moved = (0.0, 0)
        self.wrote = 0.0
        self.width = 0

    def update(self, done: int, total: int) -> None:
        """Say how far it is; called as often as one likes, also when nothing has changed."""
        now = self.clock()
        if self.began is None:
            self.began = self.moved = (now, done)
        if done != self.moved[1]:
            self.moved = (now, done)
        if not self.seen or now - self.began[0] < PATIENCE or (self.width and now - self.wrote < PAUSE):
            return
        self.wrote = now
        self.write(progress_text(self.what, done, total, *self.rate_and_left(now, done, total)))

    def rate_and_left(self, now: float, done: int, total: int) -> tuple[float | None, float | None]:
        """Per second since it began, and seconds to go; None where nothing is known yet."""
        assert self.began is not None
        since, fresh = self.moved[0] - self.began[0], done - self.began[1]
        if since <= 0 or fresh <= 0:
            return None, None
        rate = fresh / since
        return rate, max((total - done) / rate - (now - self.moved[0]), 0.0)

    def write(self, text: str) -> None:
        text = text[: max(shutil.get_terminal_size().columns - 1, 1)]  # a line that wraps could not be written over
        self.stream.write("\r" + text.ljust(self.width) + ("\r" + text if len(text) < self.width else ""))
        self.stream.flush()
        self.width = len(text)

    def close(self) -> None:
        """Take the line away, before anything else is printed; an update brings it back."""
        if self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()
            self.width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def progress_text(what: str, done: int, total: int, rate: float | None, left: float | None) -> str:
    parts = [f"{done:,} of {total:,} {what}"]
    if rate is not None:
        parts.append(f"{two_digits(rate)}/s")
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)


def two_digits(number: float) -> str:
    """A number of which nobody needs more than two digits."""
    return f"{float(f'{number:.1e}'):,.0f}" if number >= 9.95 else f"{number:.1f}"


def duration(seconds: float) -> str:
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
