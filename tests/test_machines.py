"""Chunks on the workers of Dask: the same bytes, whoever is killed; nobody is trusted without a certificate."""

import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from chunked import ABOUT, Slow, hashed, overdrawn

from flywheel_sim.batch import Store, chunks_of, dask_executor, run_chunks
from flywheel_sim.batch import machines as room
from flywheel_sim.errors import RunError, StateError, UsageError

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
dask = pytest.importorskip("dask")

CHUNKS = chunks_of(200, smallest=8, most=25)
WHOLE = sorted(hashed(*chunk) for chunk in CHUNKS)


@pytest.fixture(scope="module")
def pair():
    """Two workers on this machine."""
    with dask_executor(workers=2) as executor:
        yield executor


def test_the_same_bytes_as_here(pair, tmp_path):
    taken = []
    with Store.open(tmp_path, ABOUT) as store:
        run_chunks(hashed, CHUNKS, executor=pair, store=store, notice=None, take=taken.append)
        assert list(store.done()) == CHUNKS
    assert sorted(taken) == WHOLE
    assert pair.workers == 2


def test_a_worker_killed_in_the_middle_changes_nothing(pair):
    taken, killed = [], []

    def take(content):
        taken.append(content)
        if not killed:
            killed.extend(pair.client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)

    run_chunks(Slow(0.02), CHUNKS, executor=pair, store=None, notice=None, take=take)
    assert sorted(taken) == WHOLE
    assert killed[0] not in pair.client.run(os.getpid).values()


def test_what_is_taken_is_not_held_any_longer(pair):
    gc.disable()  # as the command does: whatever goes round in a circle would stay
    held = []

    def take(_content):
        held.append(pair.client.run_on_scheduler(tasks_of))

    run_chunks(Slow(0.01), CHUNKS, executor=pair, store=None, notice=None, take=take, at_once=2)
    assert len(held) == len(CHUNKS)
    assert max(held) < 8


def tasks_of(dask_scheduler):
    return len(dask_scheduler.tasks)


def test_an_error_of_the_work_comes_whole(pair):
    with pytest.raises(StateError, match="customers fell below zero") as caught:
        run_chunks(overdrawn, CHUNKS, executor=pair, store=None, notice=None, take=len)
    assert caught.value.month == 3.5


def test_workers_of_another_version_are_refused(pair, monkeypatch):
    monkeypatch.setattr(room, "__version__", "99.0")
    with pytest.raises(RunError, match=r"has version '.*' of flywheel-sim, and this is 99\.0\n.*pip install"):
        room.same_version(pair.client, 5, "", "")


def test_a_chunk_whose_worker_dies_again_and_again_is_told(pair):
    submitted = pair.submit(hashed, 0, 8)
    assert submitted.result(30) == hashed(0, 8)
    inner = room.Future()
    lost = room.Call(inner)
    inner.set_exception(distributed.KilledWorker("chunk", None, 3))
    room.pass_on(lost, pair.lost, inner)
    assert isinstance(lost.exception(), room.WorkerLost)


@pytest.mark.skipif(not Path("/proc").exists(), reason="nothing tells whether a process of others is there")
def test_its_own_workers_are_out_of_reach_and_go_with_it():
    """A program that is killed leaves no worker behind, and nothing of Dask on the terminal."""
    program = (
        "import os\n"
        "from flywheel_sim.batch import dask_executor\n"
        "with dask_executor(workers=1) as executor:\n"
        "    print(*executor.client.run(os.getpid).items(), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, "")
    where, pid = done.stdout.strip("()\n").split(", ")
    assert where.split("://")[1].startswith("127.0.0.1:")
    for _ in range(200):
        if not alive(int(pid)):
            break
        time.sleep(0.05)
    assert not alive(int(pid))


def alive(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text("utf-8")


# Who may be connected to


@pytest.mark.parametrize(
    "address", ["tcp://example.com:8786", "tcp://10.0.0.1:8786", "tcp://localhost.example.com:1", "tcp://0.0.0.0:8786"]
)
def test_no_machine_is_trusted_without_certificates(address):
    with pytest.raises(UsageError, match="whoever reaches the port runs code") as caught:
        dask_executor(address)
    assert f"use tls://{address[6:]}" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:8786",
        "tls://host",
        "tls://host:99999",
        "tls://host:0",
        "ucx://localhost:1",
        "inproc://1",
        "tcp://localhost:1@host:2",
        "tls://a b:1\n",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match="is no address of a scheduler") as caught:
        dask_executor(address)
    assert caught.value.fix == "write it as tls://host:8786"


def test_either_an_address_or_a_number():
    for arguments in ({}, {"address": "tls://a:1", "workers": 2}):
        with pytest.raises(UsageError, match="not both"):
            dask_executor(**arguments)
    for workers in (0, -1, 100_000):
        with pytest.raises(UsageError, match=f"{workers} workers cannot be started"):
            dask_executor(workers=workers)


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'flywheel-sim\[cluster\]'"):
        dask_executor(workers=1)


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UsageError, match=rf"no connection to a scheduler at tcp://localhost:{port}"):
        dask_executor(f"tcp://localhost:{port}", patience=0.3)


def test_tls_needs_certificates():
    with dask.config.set({"distributed.comm.tls.ca-file": None}), pytest.raises(UsageError, match="TLS__CA_FILE names no file"):
        dask_executor("tls://localhost:1")
    settings = {"distributed.comm.tls.ca-file": __file__, "distributed.comm.tls.client.cert": "no/such.pem"}
    with dask.config.set(settings), pytest.raises(UsageError, match=r"TLS__CLIENT__CERT names 'no/such\.pem', which is no file"):
        dask_executor("tls://localhost:1")
    settings["distributed.comm.tls.client.cert"] = __file__
    with dask.config.set(settings), pytest.raises(UsageError, match="no connection"):
        dask_executor("tls://localhost:1", patience=0.3)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Two authorities, and one certificate of each."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificates")
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ours", "theirs"):
        made = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/CN={name}", "-days", "2", "-nodes"]
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", *made], check=True, capture_output=True)
    return folder


def settings(folder, authority, own):
    named = {"ca-file": f"{authority}.pem"}
    for role in ("client", "scheduler", "worker"):
        named |= {f"{role}.cert": f"{own}.pem", f"{role}.key": f"{own}.key"}
    return {f"distributed.comm.tls.{name}": str(folder / file) for name, file in named.items()}


def test_over_tls_with_certificates_of_one_authority_only(certificates):
    with warnings.catch_warnings(), dask.config.set(settings(certificates, "ours", "ours")):
        warnings.simplefilter("ignore")
        security = distributed.Security(require_encryption=True)
        options = {"processes": False, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "security": security}
        cluster = distributed.LocalCluster(n_workers=0, host="127.0.0.1", protocol="tls://", silence_logs=logging.CRITICAL, **options)
        address = cluster.scheduler_address
        with cluster:
            with pytest.raises(RunError, match="has no workers"):
                dask_executor(address, patience=0.5)
            cluster.scale(1)
            with dask_executor(address) as executor:
                assert executor.client.security.require_encryption
                taken = []
                run_chunks(hashed, CHUNKS, executor=executor, store=None, notice=None, take=taken.append)
                assert sorted(taken) == WHOLE
            for authority, own in (("theirs", "theirs"), ("ours", "theirs")):
                with dask.config.set(settings(certificates, authority, own)), pytest.raises(UsageError, match="no connection"):
                    dask_executor(address, patience=2)
            with pytest.raises(UsageError, match="no connection"):
                dask_executor(address.replace("tls", "tcp"), patience=2)
