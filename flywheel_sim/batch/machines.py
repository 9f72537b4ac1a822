"""Chunks on other processes and other machines, by Dask: an executor like any other."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import RunError, UsageError
from flywheel_sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Machines", "WorkerLost", "dask_executor"]

ADDRESS = re.compile(r"(tls|tcp)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):(\d{1,5})")
HERE = ("localhost", "127.0.0.1", "[::1]")
MOST_WORKERS = 256
PATIENCE = 8.0  # seconds for a scheduler to answer
START = 60.0  # seconds for workers of one's own to start on a busy machine
COUNTED_FOR = 5.0  # seconds that the number of workers is taken to be what it was
CERTIFICATES = {
    "distributed.comm.tls.ca-file": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "distributed.comm.tls.client.cert": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
}
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")


class WorkerLost(BrokenExecutor):
    """What ran a chunk is gone, not the chunk's fault as far as anybody knows."""


class Machines(Executor):
    """Runs calls on the workers of a Dask scheduler. Made by :func:`dask_executor`.

    Args:
        client: connected to the scheduler.
        close: ends what there is to end when this is shut down.
        lost: errors that tell of a lost worker, not of the call.
        least: workers that are there or soon will be.
    """

    def __init__(self, client: Any, close: Callable[[], None], lost: tuple[type[Exception], ...], least: int = 1) -> None:
        self.client = client
        self.lost = lost
        self.inner = client.get_executor(pure=False)  # a chunk that is tried again is another task to the scheduler
        self.close = close
        self.least = least
        self.counted = (least, float("-inf"))
        self.open = True

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a call done on some worker.

        Raises:
            WorkerLost: if there is no scheduler any more.
        """
        if self.client.status not in {"running", "connecting"}:
            raise WorkerLost("the scheduler is gone")
        try:
            inner = self.inner.submit(call, *arguments, **named)
        except (OSError, RuntimeError) as error:
            raise WorkerLost(str(error)) from error
        made = Call(inner)
        inner.add_done_callback(partial(pass_on, made, self.lost))
        return made

    @property
    def workers(self) -> int:
        """How many chunks run at a time: workers may come and go."""
        count, when = self.counted
        if time.monotonic() - when > COUNTED_FOR:
            with contextlib.suppress(OSError, TimeoutError, RuntimeError):  # it will answer later, or submit will say so
                count = sum(self.client.sync(self.client.scheduler.ncores, callback_timeout=2).values())
            count = max(count, self.least)
            self.counted = (count, time.monotonic())
        return count

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect; workers that were started for this end at once."""
        if not self.open:
            return
        self.open = False
        with contextlib.suppress(Exception):  # whatever is gone already needs no closing
            self.inner.shutdown(wait=wait and not cancel_futures)
        self.close()


class Call(Future[Any]):
    """What will become of a call. It lets go of Dask's own future as soon as that is done: a worker holds what it made so long.

    Args:
        inner: Dask's own.
    """

    def __init__(self, inner: Future[Any]) -> None:
        super().__init__()
        self.inner: Future[Any] | None = inner

    def cancel(self) -> bool:
        """Have it not done, if it has not begun."""
        inner, cancelled = self.inner, super().cancel()
        if inner is not None and cancelled:
            inner.cancel()
        return cancelled


def pass_on(outer: Call, lost: tuple[type[Exception], ...], inner: Future[Any]) -> None:
    """What became of a call, said in words of concurrent.futures alone."""
    outer.inner = None
    with contextlib.suppress(InvalidStateError):  # nobody wants it any more
        if inner.cancelled():
            outer.set_exception(WorkerLost("the scheduler is gone"))
            return
        error = inner.exception()
        if isinstance(error, lost):
            outer.set_exception(WorkerLost("the worker is gone"))
        elif error is not None:
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())


def dask_executor(address: str | None = None, workers: int | None = None, *, patience: float = PATIENCE) -> Machines:
    """An executor over the workers of a Dask scheduler: a running one, or one of its own on this machine.

    Args:
        address: of a running scheduler: ``tls://host:port`` with the certificates that Dask's own settings name, or
            ``tcp://`` on this machine.
        workers: how many processes to start here instead.
        patience: seconds for the scheduler to answer.

    Raises:
        UsageError: if the address or the number cannot be meant, nobody answers there, or Dask is not installed.
        RunError: if the workers do not start, or are of another version.
    """
    if (address is None) == (workers is None):
        raise UsageError("chunks run on one cluster", fix="give the address of a scheduler or a number of workers, not both")
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise UsageError(f"{workers} workers cannot be started", fix=f"1 to {MOST_WORKERS}; one for each core is enough")
    scheduler = "" if address is None else checked_address(address)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        distributed = load_dask()
        return started(distributed, workers) if workers is not None else connected(distributed, scheduler, patience)


def checked_address(address: str) -> str:
    """An address that is safe to connect to.

    Raises:
        UsageError: if it is none, or not encrypted and elsewhere.
    """
    shown = ascii(address[:80])
    match = ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[3]) < 65536:
        raise UsageError(f"{shown} is no address of a scheduler", fix="write it as tls://host:8786")
    if match[1] == "tcp" and match[2].lower() not in HERE:
        raise UsageError(
            f"{shown} would be neither encrypted nor checked",
            detail="A cluster of Dask trusts its peers: whoever reaches the port runs code on every machine of it, and on this one.",
            fix=f"start scheduler and workers with --tls-ca-file, --tls-cert and --tls-key, and use tls://{match[2]}:{match[3]}",
        )
    return f"{match[1]}://{match[2].lower()}:{match[3]}"


def load_dask() -> Any:
    """Import dask.distributed, and keep what it logs to itself unless somebody uses it already or has set up its logging."""
    strange = "distributed" not in sys.modules
    try:
        import dask

        distributed = importlib.import_module("distributed")
    except ImportError:
        raise UsageError("other processes and machines need Dask", fix="pip install 'flywheel-sim[cluster]'") from None
    if strange and not dask.config.get("logging", None) and not dask.config.get("distributed.logging", None):
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return distributed


def connected(distributed: Any, address: str, patience: float) -> Machines:
    """Connect to a running scheduler."""
    import dask

    encrypted = address.startswith("tls:")
    if encrypted:
        for setting, variable in CERTIFICATES.items():
            file = dask.config.get(setting, None)
            if not file or not Path(file).is_file():
                what = "names no file" if not file else f"names {str(file)[:80]!a}, which is no file"
                raise UsageError(f"{variable} {what}, and tls:// needs certificates", fix=f"export {variable}=FILE.pem (see docs/scale.md)")
    try:
        security = distributed.Security(require_encryption=True) if encrypted else None
        client = distributed.Client(address, security=security, timeout=patience, set_as_default=False)
    except (OSError, TimeoutError, ValueError, RuntimeError, TypeError) as error:
        fix = "start one (see docs/scale.md), or mend the address"
        raise UsageError(f"no connection to a scheduler at {address}", detail=first_line(error), fix=fix) from None
    try:
        same_version(client, patience, f"the scheduler at {address} has no workers", "start them: dask worker (see docs/scale.md)")
    except BaseException:
        client.close(timeout=1)
        raise
    return Machines(client, partial(end, client), lost_workers(distributed))


def first_line(error: Exception) -> str:
    """What an error of others says, fit to be shown."""
    return ascii(str(error).partition("\n")[0][:200])[1:-1]


def started(distributed: Any, workers: int) -> Machines:
    """Start a scheduler in this process, and workers in processes of their own, which nobody else can reach from outside."""
    import dask

    folder = tempfile.TemporaryDirectory(prefix="flywheel-sim-", ignore_cleanup_errors=True)
    # Its web server cannot be left out, but can be empty; a chunk whose worker dies is reported, and tried again by run_chunks.
    settings = {"distributed.scheduler.http.routes": [], "distributed.scheduler.allowed-failures": 0}
    try:
        protocol, security, certificates = own_certificates(distributed, Path(folder.name))
        with dask.config.set(settings):
            cluster = distributed.LocalCluster(
                n_workers=0,
                host="127.0.0.1",
                protocol=protocol,
                security=security,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=False,
            )
    except (OSError, RuntimeError, ValueError) as error:  # settings of Dask that forbid it, say
        folder.cleanup()
        raise RunError("no scheduler can be started here", detail=first_line(error), fix="look at Dask's own settings") from None
    # Not the workers of LocalCluster: those are forked and spawned from this very program, run its main module again,
    # and get its Ctrl-C. These are programs of their own.
    command = [sys.executable, "-P", "-m", "flywheel_sim.batch.local_workers", cluster.scheduler_address]
    options = ["--nworkers", str(workers), "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "0"]
    places = ["--local-directory", folder.name, "--death-timeout", str(int(START)), *certificates]
    process = subprocess.Popen(  # noqa: S603  our own words only
        [*command, *options, *places],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    close = partial(end, None, process, cluster, folder)
    try:
        client = distributed.Client(cluster, timeout=START, set_as_default=False)
        close = partial(end, client, process, cluster, folder)
        same_version(client, START, "the workers did not start", "try fewer of them")
    except BaseException:
        close()
        raise
    return Machines(client, close, lost_workers(distributed), workers)


def lost_workers(distributed: Any) -> tuple[type[Exception], ...]:
    """What Dask raises for a call when its worker, or the way to it, is gone."""
    return distributed.CancelledError, distributed.KilledWorker, distributed.comm.CommClosedError


def own_certificates(distributed: Any, folder: Path) -> tuple[str, Any, list[str]]:
    """Certificates for one run, so that nobody else on this machine can join in; none where they cannot be made."""
    try:
        security = distributed.Security.temporary()
    except ImportError:  # the package cryptography is missing
        return "tcp://", None, []
    options = []
    for option, text in (
        ("--tls-ca-file", security.tls_ca_file),
        ("--tls-cert", security.tls_worker_cert),
        ("--tls-key", security.tls_worker_key),
    ):
        path = folder / f"{option.strip('-')}.pem"  # in a folder that nobody else may enter
        path.write_text(text, "ascii")
        options += [option, str(path)]
    return "tls://", security, options


def same_version(client: Any, patience: float, cause: str, fix: str) -> None:
    """Wait for the first worker, and see that those there are run this very version.

    Raises:
        RunError: if none comes, or one is of another version.
    """
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError:
        raise RunError(cause, fix=fix) from None
    found = client.run(version_here, on_error="return")
    for worker, version in found.items():
        if version != __version__:
            said = f"version {version!a}" if isinstance(version, str) else "no version that works"
            raise RunError(
                f"the worker at {worker} has {said} of flywheel-sim, and this is {__version__}",
                fix=f"pip install 'flywheel-sim[cluster]=={__version__}' on every machine",
            )


def version_here() -> str:
    """The version on a worker."""
    return __version__


def end(client: Any, process: subprocess.Popen[bytes] | None = None, cluster: Any = None, folder: Any = None) -> None:
    """End whatever was started, at once; what is gone already needs no ending."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if process is not None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        for one in (client, cluster):
            if one is not None:
                with contextlib.suppress(Exception):
                    one.close(timeout=1)
        if folder is not None:
            folder.cleanup()
