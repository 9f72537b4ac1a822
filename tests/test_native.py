"""Machine code: what it computes, and that what is kept on disk is believed only where it can be."""

import array
import ctypes
import errno
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from flywheel_sim import native

posix = pytest.mark.skipif(sys.platform == "win32", reason="has no owners and modes")

SCALE = """
define double @scale(double %x) {
  %y = fmul double %x, 3.0
  ret double %y
}
"""
SHIFT = SCALE.replace("fmul", "fadd").replace("@scale", "@shift")

NAME, FEATURES = "some", "+fma"

# Waits until a number in memory is no longer 0, or for so many rounds; says whether it saw it.
WAIT = """
define i32 @wait(ptr %flag, i64 %rounds) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %again ]
  %seen = load volatile i64, ptr %flag
  %set = icmp ne i64 %seen, 0
  br i1 %set, label %yes, label %again
again:
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %rounds
  br i1 %more, label %loop, label %no
yes:
  ret i32 1
no:
  ret i32 0
}
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A folder of its own for what is kept, and nothing in memory."""
    folder = tmp_path / "kept" / "objects"
    monkeypatch.setenv("FLYWHEEL_CACHE", str(folder))
    native.compiled.cache_clear()
    yield folder
    native.compiled.cache_clear()


@pytest.fixture
def builds(monkeypatch):
    """The texts that were compiled, as opposed to found."""
    texts = []
    made = native.made
    monkeypatch.setattr(native, "made", lambda text: (texts.append(text), made(text))[1])
    return texts


def scaled(text=SCALE, name="scale"):
    """What a new process would compute: 3 times 7."""
    native.compiled.cache_clear()
    return native.compile_native(text).function(name, ctypes.c_double, returns=ctypes.c_double)(7.0)


def only(folder):
    (path,) = folder.iterdir()
    return path


def test_a_text_becomes_a_function(cache, builds):
    assert scaled() == 21
    assert native.compile_native(SCALE) is native.compile_native(SCALE)
    assert (builds, only(cache).suffix) == ([SCALE], ".object")


def test_a_function_that_is_not_there_and_a_text_that_is_none_are_told(cache):
    with pytest.raises(KeyError, match="other"):
        native.compile_native(SCALE).function("other")
    with pytest.raises(RuntimeError, match="expected"):
        native.compile_native("define nonsense")
    assert len(list(cache.iterdir())) == 1


def test_what_is_kept_is_found_again(cache, builds):
    assert [scaled(), scaled(), scaled(SHIFT, "shift"), scaled()] == [21, 21, 10, 21]
    assert builds == [SCALE, SHIFT]
    assert len(list(cache.iterdir())) == 2


@posix
def test_the_folder_and_the_files_are_the_users_own(cache):
    before = os.umask(0)
    try:
        scaled()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (cache.parent, cache, only(cache))] == [0o700, 0o700, 0o600]


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGE = {
    "empty": lambda _: b"",
    "truncated": lambda content: content[:-1],
    "cut within the head": lambda content: content[:40],
    "longer": lambda content: content + b"\0",
    "another beginning": lambda content: flipped(content, 3),
    "made from something else": lambda content: flipped(content, len(native.BEGINNING)),
    "another checksum": lambda content: flipped(content, len(native.BEGINNING) + native.DIGEST),
    "another instruction": lambda content: flipped(content, len(content) // 2),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_made_anew(cache, builds, damage):
    scaled()
    path = only(cache)
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    assert (scaled(), builds) == (21, [SCALE, SCALE])
    assert path.read_bytes() == sound
    assert (scaled(), len(builds)) == (21, 2)


def test_a_file_under_the_name_of_another_is_not_believed(cache, builds):
    scaled(SHIFT, "shift")
    other = only(cache)
    scaled()
    (path,) = set(cache.iterdir()) - {other}
    path.write_bytes(other.read_bytes())
    assert (scaled(), len(builds)) == (21, 3)


@posix
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o720, 0o702])
def test_a_folder_that_others_can_write_to_is_left_alone(cache, builds, mode):
    scaled()
    path = only(cache)
    cache.chmod(mode)
    assert (scaled(), len(builds)) == (21, 2)
    path.unlink()
    assert (scaled(), list(cache.iterdir())) == (21, [])


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_to_is_not_believed(cache, builds, mode):
    scaled()
    only(cache).chmod(mode)
    assert (scaled(), len(builds)) == (21, 2)
    assert stat.S_IMODE(only(cache).stat().st_mode) == 0o600


@posix
def test_what_belongs_to_others_is_left_alone(cache, builds, monkeypatch):
    scaled()
    path = only(cache)
    assert native.kept(path, native.digest_of(SCALE)) is not None
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert native.cache_folder() is None
    assert native.kept(path, native.digest_of(SCALE)) is None
    assert (scaled(), len(builds)) == (21, 2)


@posix
def test_a_link_or_a_pipe_is_not_read(cache, builds, tmp_path):
    scaled()
    path = only(cache)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert (scaled(), len(builds), path.is_symlink()) == (21, 2, False)
    path.unlink()
    os.mkfifo(path, 0o600)
    assert (scaled(), len(builds)) == (21, 3)


@pytest.mark.parametrize("chosen", ["off", ""])
def test_keeping_can_be_switched_off(cache, builds, monkeypatch, chosen):
    monkeypatch.setenv("FLYWHEEL_CACHE", chosen)
    assert [scaled(), scaled()] == [21, 21]
    assert (len(builds), cache.exists()) == (2, False)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="where others keep such things")
def test_where_the_folder_is(monkeypatch, tmp_path):
    monkeypatch.delenv("FLYWHEEL_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert native.cache_folder() == tmp_path / "caches" / "flywheel-sim"
    for ignored in ("", "some/where"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert native.cache_folder() == tmp_path / ".cache" / "flywheel-sim"
    monkeypatch.setenv("HOME", "nowhere")
    assert native.cache_folder() is None


@pytest.mark.parametrize("fault", ["no folder", "nowhere", "full", "read-only"])
def test_a_run_goes_on_where_nothing_can_be_kept(cache, builds, monkeypatch, fault):
    if fault in {"no folder", "nowhere"}:
        place = cache if fault == "no folder" else cache.parent
        place.parent.mkdir(exist_ok=True)
        place.write_text("a file in its place")
        assert native.cache_folder() is None
    elif fault == "full":
        real = os.fdopen

        def full(*arguments):
            real(*arguments).close()
            raise OSError(errno.ENOSPC, "no space")

        monkeypatch.setattr(os, "fdopen", full)
    else:

        def refused(**_):
            raise PermissionError(errno.EROFS, "read-only")

        monkeypatch.setattr(native.tempfile, "mkstemp", refused)
    assert [scaled(), scaled()] == [21, 21]
    assert len(builds) == 2
    assert not cache.is_dir() or list(cache.iterdir()) == []


def test_what_was_used_longest_ago_goes_first(cache, builds, monkeypatch):
    texts = [SCALE.replace("3.0", f"{number}.0") for number in range(4)]
    for age, text in enumerate(texts[:3]):
        scaled(text)
        (path,) = [path for path in cache.iterdir() if path.stem == native.digest_of(text).hex()]
        os.utime(path, (1e9 + age, 1e9 + age))
    (cache / "mine.txt").write_text("not ours to take away")
    (cache / "left.part").write_bytes(b"half")
    (cache / "busy.part").write_bytes(b"half")
    for old in ("left.part", "mine.txt"):
        os.utime(cache / old, (1e9, 1e9))
    scaled(texts[0])  # found, and so not the next to go
    assert len(builds) == 3
    monkeypatch.setattr(native, "WHOLE_CACHE", 3.5 * path.stat().st_size)
    scaled(texts[3])
    objects = {f"{native.digest_of(text).hex()}.object" for text in (texts[0], texts[2], texts[3])}
    assert {path.name for path in cache.iterdir()} == objects | {"mine.txt", "busy.part"}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("host", lambda: ("another", FEATURES)),
        ("host", lambda: (NAME, "-fma")),
        ("GENERATION", 0),
        ("PASSES", 0),
        ("VECTORISE", True),
        ("CODE_MODEL", "large"),
    ],
)
def test_the_name_tells_all_that_decides_what_the_code_is(monkeypatch, name, other):
    if name == "host":
        monkeypatch.setattr(native, "host", lambda: (NAME, FEATURES))
    before = native.digest_of(SCALE)
    assert before == native.digest_of(SCALE) != native.digest_of(SHIFT)
    monkeypatch.setattr(native, name, other)
    assert native.digest_of(SCALE) != before


def test_versions_are_part_of_the_name(monkeypatch):
    import llvmlite
    import llvmlite.binding as llvm

    before = native.digest_of(SCALE)
    monkeypatch.setattr(llvmlite, "__version__", "0")
    other = native.digest_of(SCALE)
    monkeypatch.setattr(llvm, "llvm_version_info", (0, 0, 0))
    assert len({before, other, native.digest_of(SCALE)}) == 3


def test_threads_that_start_together_compile_once(cache, builds):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(native.compile_native, [SCALE] * 16))
    assert (len(set(map(id, found))), builds) == (1, [SCALE])
    assert only(cache).suffix == ".object"


def test_processes_that_start_together_agree(cache):
    script = (
        "import ctypes; from flywheel_sim.native import compile_native\n"
        f"print(compile_native({SCALE!r}).function('scale', ctypes.c_double, returns=ctypes.c_double)(7.0))"
    )
    running = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == [b"21.0"] * 3
    assert native.kept(only(cache), native.digest_of(SCALE))


def test_a_function_runs_without_pythons_lock(cache):
    wait = native.compile_native(WAIT).function("wait", ctypes.c_void_p, ctypes.c_int64, returns=ctypes.c_int32)
    assert cache.exists()
    flag, seen = ctypes.c_int64(0), []
    waiting = threading.Thread(target=lambda: seen.append(wait(ctypes.addressof(flag), 3 * 10**9)))
    waiting.start()
    time.sleep(0.01)  # with the lock held, all rounds would be over by the end of this
    flag.value = 1
    waiting.join()
    assert seen == [1]


def test_the_function_keeps_its_code(cache):
    scale = native.compile_native(SCALE).function("scale", ctypes.c_double, returns=ctypes.c_double)
    native.compiled.cache_clear()
    assert (scale(2.0), cache.exists()) == (6.0, True)


def test_tiny_numbers_are_not_made_zero(cache):
    text = SCALE.replace("3.0", "0x3FE0000000000000")
    half = native.compile_native(text).function("scale", ctypes.c_double, returns=ctypes.c_double)
    tiny = array.array("d", [2.0**-1073])
    halves = array.array("d", [half(tiny[0]), tiny[0] / 2])  # looked at as bytes: where they are zero, so are comparisons
    assert (halves.tobytes(), cache.exists()) == (array.array("q", [1, 1]).tobytes(), True)


@pytest.mark.parametrize(
    ("features", "said"),
    [("+avx,+avx2,+avx512f,+fma,-sve", "some avx512f fma"), ("+avx,+avx2,-avx512f,-fma", "some avx2"), ("+neon,+sve", "some sve neon")],
)
def test_the_kind_of_processor_is_short(monkeypatch, features, said):
    monkeypatch.setattr(native, "host", lambda: ("some", features))
    assert native.processor() == said
