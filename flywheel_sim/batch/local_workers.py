"""The program that runs workers beside the one that wants them: ``python -m flywheel_sim.batch.local_workers``.

Its arguments are those of ``dask worker``. It ends with whoever started it, however that went: Dask alone would wait for
its scheduler to come back.
"""

from __future__ import annotations

import os
import signal
import threading

__all__ = ["main"]


def main() -> None:
    """Run workers until standard input is closed, which the system does for a process that is gone."""
    threading.Thread(target=end_with_input, daemon=True).start()
    from distributed.cli.dask_worker import main as run_workers

    run_workers()


def end_with_input() -> None:
    while os.read(0, 1):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # the workers too, which are of its group
    os._exit(1)


if __name__ == "__main__":
    main()
