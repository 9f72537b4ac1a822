"""Processes beside this one, for work that threads cannot share."""

from __future__ import annotations

import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

__all__ = ["process_executor"]


def process_executor(processes: int) -> ProcessPoolExecutor:
    """Fresh processes, which hear nothing of Ctrl-C: whoever started them ends them.

    Args:
        processes: how many.
    """
    return ProcessPoolExecutor(processes, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))
