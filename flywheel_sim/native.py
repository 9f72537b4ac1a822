"""Text for LLVM becomes machine code in this process, kept on disk for the next one.

What is kept is found by what it was made from: the text, the processor, the versions of LLVM and llvmlite, and
the options. It lies in a folder of the user's own, and is believed only where nobody else could have written it and
its checksum holds; whatever is wrong with a file or the folder, the code is made anew and the run goes on.
The environment variable ``FLYWHEEL_CACHE`` names another folder, or says ``off``.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import stat
import sys
import tempfile
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Native", "cache_folder", "compile_native", "processor"]

# How machine code is made, as measured on straight text of 2,000 operations on vectors of 8 and 16 numbers (AVX-512).
# Constants beside the code ("small", "pic") instead of in each instruction: a quarter fewer instructions, as fast or
# faster to make and to run. The levels of code generation and of passes above these change neither time by more
# than the measurements vary. Vectors and loops stay as written: the text has decided on both. Nothing here
# allows arithmetic in another order, and nothing sets the processor's rounding or its treatment of tiny numbers.
GENERATION = 2
PASSES = 2
VECTORISE = UNROLL = False
CODE_MODEL, RELOCATION = ("jitdefault", "default") if sys.platform == "win32" else ("small", "pic")
TOGETHER = CODE_MODEL == "small"  # code and constants in one piece of memory, so that they are near enough

# Files: what they begin with, then the digest of what the code was made from, then that of the code, then the code.
BEGINNING = b"flywheel-sim object 1\n"
DIGEST = 32
ENDING = ".object"
WHOLE_CACHE = 100 * 2**20  # bytes; the files used longest ago go first
ABANDONED = 3600.0  # seconds after which a half-written file is nobody's any more

# What is said of a processor beside its name, where it has it.
NOTABLE = ("avx512f", "avx2", "avx", "fma", "sve", "neon")

LOCK = threading.RLock()


class Native:
    """Machine code.

    Args:
        engine: that holds it, and lets go of it when this goes.
    """

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def function(self, name: str, *arguments: Any, returns: Any = None) -> Callable[..., Any]:
        """One of its functions, which runs without Python's lock.

        Args:
            name: in the text.
            arguments: their types, of :mod:`ctypes`.
            returns: the type of what it gives back; None for nothing.

        Raises:
            KeyError: if the text has no such function.
        """
        address = self.engine.get_function_address(name)
        if not address:  # calling it would end the process
            raise KeyError(name)
        made: Callable[..., Any] = ctypes.CFUNCTYPE(returns, *arguments)(address)
        made.native = self  # type: ignore[attr-defined]  # the code must live as long as the function
        return made


def compile_native(text: str) -> Native:
    """The machine code of a text, for this processor: from memory, from disk, or made now.

    Raises:
        RuntimeError: if the text is no LLVM text.
    """
    with LOCK:  # or else threads that start together would all make the same
        return compiled(text)


@lru_cache(maxsize=64)
def compiled(text: str) -> Native:
    digest = digest_of(text)
    folder = cache_folder()
    path = folder and folder / f"{digest.hex()}{ENDING}"
    code = path and kept(path, digest)
    if not code:
        code = made(text)
        if path:
            with contextlib.suppress(OSError):  # no room, or no right to write: the next process makes it again
                keep(path, digest, code)
                tidy(path.parent)
    return loaded(code)


def processor() -> str:
    """The kind of this processor, such as ``icelake-server avx512f fma``: on one kind, results agree to the last bit."""
    features = set(host()[1].split(","))
    short = [name for name in NOTABLE if f"+{name}" in features]
    vectors = [name for name in short if name.startswith("avx")]  # each has what those after it have
    return " ".join([host()[0], *(name for name in short if name not in vectors[1:])])


# Making


@lru_cache(maxsize=1)
def host() -> tuple[str, str]:
    """The name and the features of this processor."""
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def machine() -> Any:
    """What makes code for this processor; a new one each time, since whoever holds code made by one takes it along."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = host()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=GENERATION, reloc=RELOCATION, codemodel=CODE_MODEL, jit=CODE_MODEL == "jitdefault"
    )


def made(text: str) -> bytes:
    """The object code of a text."""
    import llvmlite.binding as llvm

    maker = machine()
    module = llvm.parse_assembly(text)
    module.triple = maker.triple
    module.data_layout = str(maker.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=PASSES)
    options.loop_vectorization = options.slp_vectorization = VECTORISE
    options.loop_unrolling = options.loop_interleaving = UNROLL
    builder = llvm.create_pass_builder(maker, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(maker.emit_object(module))


def loaded(code: bytes) -> Native:
    """Object code in memory, ready to be called; it must be sound, since LLVM ends the process over what is none."""
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine(), use_lmm=TOGETHER or None)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Native(engine)


def digest_of(text: str) -> bytes:
    """The digest of all that decides what the machine code is."""
    import llvmlite
    import llvmlite.binding as llvm

    options = (GENERATION, PASSES, VECTORISE, UNROLL, CODE_MODEL, RELOCATION)
    versions = (llvmlite.__version__, llvm.llvm_version_info, llvm.get_default_triple())
    return hashlib.sha256(repr((text, host(), versions, options)).encode()).digest()


# Keeping


def cache_folder() -> Path | None:
    """The folder where machine code is kept, made if it is not there; None if there is none that can be believed."""
    chosen = os.environ.get("FLYWHEEL_CACHE")
    if chosen is not None:
        folder = Path(chosen) if chosen not in {"", "off"} else None
    else:
        base = usual_caches()
        folder = base / "flywheel-sim" if base else None
    if folder is None:
        return None
    try:
        for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
    except OSError:
        return None
    return folder if stat.S_ISDIR(state.st_mode) and own(state) else None


def usual_caches() -> Path | None:
    """Where this system keeps what can be made again; None for a user without a home."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")  # noqa: PTH111  # Path.expanduser raises where there is no home
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # noqa: PTH117  # the standard says to ignore it then
            base = os.path.expanduser("~/.cache")  # noqa: PTH111
    return Path(base) if os.path.isabs(base) else None  # noqa: PTH117


def own(state: os.stat_result) -> bool:
    """Whether a file or folder is this user's, and nobody else can write to it."""
    if sys.platform == "win32":  # has no such bits; the folder lies in the user's profile
        return True
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def kept(path: Path, digest: bytes) -> bytes | None:
    """The object code in a file; None unless it is sound, this user's own, and made from what the digest says."""
    try:
        # Asked of the open file, not of its name, which could come to mean another one meanwhile.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(number, "rb") as file:
            state = os.fstat(number)
            if not stat.S_ISREG(state.st_mode) or not own(state) or state.st_size > WHOLE_CACHE:
                return None
            content = file.read()
    except OSError:
        return None
    head, code = content[: len(BEGINNING) + 2 * DIGEST], content[len(BEGINNING) + 2 * DIGEST :]
    if head != BEGINNING + digest + hashlib.sha256(code).digest():
        return None
    with contextlib.suppress(OSError):  # used now, so that it is not the next to go
        os.utime(path)
    return code


def keep(path: Path, digest: bytes, code: bytes) -> None:
    """Write object code beside, and then give it its name in one step, so that no other process sees half of it."""
    number, part = tempfile.mkstemp(prefix=path.stem[:8], suffix=".part", dir=path.parent)  # which nobody else may open
    try:
        with os.fdopen(number, "wb") as file:
            file.write(BEGINNING + digest + hashlib.sha256(code).digest() + code)
        os.replace(part, path)  # noqa: PTH105  # both are names already
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)  # noqa: PTH108
        raise


def tidy(folder: Path) -> None:
    """Take away what was used longest ago beyond what may be kept, and what was left half-written."""
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process was quicker
            state = path.lstat()
            if path.suffix == ENDING:
                found.append((state.st_mtime, state.st_size, path))
            elif path.suffix == ".part" and state.st_mtime < time.time() - ABANDONED:
                path.unlink()
    together = 0
    for _, size, path in sorted(found, reverse=True):
        together += size
        if together > WHOLE_CACHE:
            with contextlib.suppress(OSError):
                path.unlink()
