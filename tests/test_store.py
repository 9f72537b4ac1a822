"""Chunks in a folder: whole or not at all, trusted only when sound, of one run, by one process."""

import errno
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chunked import ABOUT, Slow, hashed

from flywheel_sim.batch import Store, chunks_of, run_chunks
from flywheel_sim.batch import lock as locks
from flywheel_sim.errors import OutputError, UsageError

CHUNK = "chunk-000000000-000000008.bin"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out" / "chunks"


@pytest.fixture
def kept(folder):
    """A store that holds three chunks and is closed again."""
    with Store.open(folder, ABOUT) as store:
        for start in (0, 8, 16):
            store.keep(start, start + 8, hashed(start, start + 8))
    return folder


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.lock"}


def test_what_is_kept_is_read_again(kept):
    with Store.open(kept, ABOUT) as store:
        assert list(store.done()) == [(0, 8), (8, 16), (16, 24)]
        assert store.read(8, 16) == hashed(8, 16)
        assert store.find(24, 32) is None
        assert store.damaged == []
        with pytest.raises(OutputError, match="missing or damaged"):
            store.read(24, 32)


def test_any_bytes_can_be_kept(folder):
    with Store.open(folder, ABOUT) as store:
        for start, content in enumerate((b"", b"\n", b"\n\n{}", bytes(range(256)))):
            store.keep(start, start + 1, content)
            assert store.read(start, start + 1) == content
        store.keep(2_000_000_000, 3_000_000_000, b"far")
        assert list(store.done())[-1] == (2_000_000_000, 3_000_000_000)


@pytest.mark.parametrize("spoil", ["a letter", "the end", "the header", "empty", "another chunk", "another run"])
def test_damage_is_seen_reported_and_mended(kept, spoil, tmp_path):
    path = kept / CHUNK
    sound = path.read_bytes()
    if spoil == "another run":
        with Store.open(tmp_path / "other", {**ABOUT, "seed": 1}) as other:
            other.keep(0, 8, hashed(0, 8))
        spoilt = (tmp_path / "other" / CHUNK).read_bytes()
    else:
        spoilt = {
            "a letter": sound[:500] + bytes([sound[500] ^ 1]) + sound[501:],
            "the end": sound[:-1],
            "the header": sound.replace(b'"stop":8', b'"stop":9'),
            "empty": b"",
            "another chunk": (kept / "chunk-000000008-000000016.bin").read_bytes(),
        }[spoil]
    assert spoilt != sound
    path.write_bytes(spoilt)
    notices = []
    with Store.open(kept, ABOUT) as store:
        assert list(store.done()) == [(8, 16), (16, 24)]
        assert store.damaged == [CHUNK]
        run_chunks(hashed, chunks_of(24, 8), executor=None, store=store, notice=notices.append, take=len)
        assert list(store.done()) == [(0, 8), (8, 16), (16, 24)]
    assert [notice.said for notice in notices if notice.said] == [f"{CHUNK} was damaged and is made again"]
    assert path.read_bytes() == sound


# Of one run


def test_another_run_is_refused_by_what_differs(kept):
    before = files(kept)
    with pytest.raises(UsageError) as caught:
        Store.open(kept, {"scenario": "another hash", "seed": 0, "draws": 2_400, "draws per chunk": 8, "step": {"size": 0.25}})
    assert str(caught.value).splitlines() == [
        "this folder holds the chunks of another run",
        f"  --> {kept}",
        '      scenario: "a hash" there, "another hash" asked for',
        "      step.size: nothing there, 0.25 asked for",
        "  help: name another folder, or remove this one",
    ]
    assert files(kept) == before
    Store.open(kept, ABOUT).close()


@pytest.mark.parametrize(("before", "after"), [(0, False), (0, 0.0), (1, "1"), ([1, 2], [2, 1]), (None, {}), ({"a": 1}, {"b": 1})])
def test_nothing_that_differs_is_taken_for_the_same(folder, before, after):
    Store.open(folder, {"it": before}).close()
    with pytest.raises(UsageError, match="of another run"):
        Store.open(folder, {"it": after})
    Store.open(folder, {"it": tuple(before) if isinstance(before, list) else before}).close()


def test_more_draws_go_on(kept):
    made = []

    def work(start, stop):
        made.append((start, stop))
        return hashed(start, stop)

    with Store.open(kept, {**ABOUT, "draws": 4_800}) as store:
        run_chunks(work, chunks_of(40, 8), executor=None, store=store, notice=None, take=len)
    assert made == [(24, 32), (32, 40)]
    assert json.loads((kept / "about.json").read_text("utf-8"))["about"]["draws"] == 4_800
    with pytest.raises(UsageError, match="holds 4,800 draws of this run, more than 2,400"):
        Store.open(kept, ABOUT)


def test_what_it_is_about_is_restored_only_beside_a_sound_chunk(kept):
    about = (kept / "about.json").read_bytes()
    for spoilt in (None, b"", b'{"format": "some', b"[" * 100_000):
        (kept / "about.json").unlink()
        if spoilt is not None:
            (kept / "about.json").write_bytes(spoilt)
        with pytest.raises(UsageError, match=r"about\.json"):
            Store.open(kept, {**ABOUT, "seed": 1})
        with Store.open(kept, ABOUT) as store:
            assert store.damaged == ["about.json"]
        assert (kept / "about.json").read_bytes() == about


# Beside the files of others


def test_files_of_others_are_left_alone(kept):
    strange = ["notes.txt", "chunk-1-2.bin", "chunk-000000000-000000008.bin.bak", ".chunk-000000000-000000008.bin.part", "about.json~"]
    for name in strange:
        (kept / name).write_text("mine", "utf-8")
    (kept / "chunk-000000024-000000032.bin").mkdir()
    left = kept / ".chunk-000000000-000000008.bin.4711.part"
    left.write_text("half a chunk, by a process that was killed", "utf-8")
    with Store.open(kept, ABOUT) as store:
        assert len(store.done()) == 3
        with pytest.raises(OutputError, match="no file"):
            store.keep(24, 32, b"")
    assert not left.exists()
    assert [(kept / name).read_text("utf-8") for name in strange] == ["mine"] * len(strange)


@pytest.mark.parametrize(("name", "text"), [("about.json", '{"mine": 1}'), ("about.json", "mine"), ("run.lock", "mine")])
def test_files_of_others_are_not_written_over(folder, name, text):
    folder.mkdir(parents=True)
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"no run wrote|not written by a run"):
        Store.open(folder, ABOUT)
    assert (folder / name).read_text("utf-8") == text


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "taken").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="this is none"):
        Store.open(tmp_path / "taken", ABOUT)
    with pytest.raises(OutputError, match="cannot be kept"):
        Store.open(tmp_path / "taken" / "chunks", ABOUT)


def test_a_full_disk_leaves_what_was_there(kept, monkeypatch):
    before = files(kept)
    store = Store.open(kept, ABOUT)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with store, pytest.raises(OutputError, match=r"No space left.*\n.*\n.*what is kept already stays"):
        store.keep(24, 32, b"content")
    assert files(kept) == before


# By one process


def test_a_second_store_of_the_same_folder_is_refused_until_the_first_is_closed(folder, tmp_path):
    first = Store.open(folder, ABOUT)
    (tmp_path / "again").symlink_to(folder)
    for name in (folder, tmp_path / "again", folder / ".." / "chunks"):
        with pytest.raises(UsageError, match="this process is at work in this folder"):
            Store.open(name, ABOUT)
    first.close()
    first.close()
    Store.open(folder, ABOUT).close()


def test_a_store_that_could_not_be_opened_holds_nothing(kept):
    for _ in range(2):
        with pytest.raises(UsageError, match="of another run"):
            Store.open(kept, {**ABOUT, "seed": 1})
    Store.open(kept, ABOUT).close()


def test_another_process_is_refused_while_it_lives(folder):
    with started(folder, "kill") as process:
        with pytest.raises(UsageError, match=rf"process {process.pid} on .* is at work in this folder") as caught:
            Store.open(folder, ABOUT)
        assert "wait until it ends" in str(caught.value)
        process.kill()
        process.wait()
        assert str(process.pid) in (folder / "run.lock").read_text("utf-8")
        Store.open(folder, ABOUT).close()


def test_where_the_file_system_knows_no_locks_the_file_decides(folder, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def none(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "lockf", none)
    folder.mkdir(parents=True)
    host = locks.socket.gethostname()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid, where, refused in (
        (os.getppid(), host, True),
        (os.getpid(), "elsewhere", True),
        (gone.pid, host, False),
        (os.getpid(), host, False),
    ):
        (folder / "run.lock").write_text(json.dumps({"pid": pid, "host": where}), "utf-8")
        if refused:
            with pytest.raises(UsageError, match=rf"process {pid} on {where} is at work") as caught:
                Store.open(folder, ABOUT)
            assert "if it is gone, remove run.lock there" in str(caught.value)
        else:
            Store.open(folder, ABOUT).close()


# Killed


def started(folder, kind):
    """A program that keeps chunks, from the moment that it begins."""
    program = Path(__file__).with_name("chunked.py")
    process = subprocess.Popen([sys.executable, str(program), str(folder), kind], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def test_twenty_kills_at_random_moments_change_nothing(tmp_path):
    moments = random.Random(4)  # noqa: S311  nothing secret
    chunks = chunks_of(2_400, smallest=8, most=300)
    for _ in range(20):
        with started(tmp_path / "killed", "kill") as process:
            time.sleep(moments.uniform(0, 0.08))
            process.kill()
    between = len(list((tmp_path / "killed").glob("chunk-*.bin")))
    for name in ("killed", "undisturbed"):
        taken = []
        with Store.open(tmp_path / name, ABOUT) as store:
            run_chunks(Slow(0), chunks, executor=None, store=store, notice=None, take=taken.append)
            assert store.damaged == []
        assert sorted(taken) == sorted(hashed(*chunk) for chunk in chunks)
    assert between > 0
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")
