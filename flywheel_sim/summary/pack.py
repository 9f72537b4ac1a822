"""Arrays as bytes that cannot be mistaken: a beginning, a checksum, and what is packed, compressed."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["Unpacked", "pack", "planes", "whole_of"]

BEGINNING = b"flywheel-sim summary 1\n"
DIGEST = hashlib.sha256().digest_size


def pack(parts: Iterable[Array], *, level: int) -> bytes:
    """Arrays one after the other.

    Args:
        parts: taken one at a time, so that they need not all be in memory.
        level: of compression, from 0.
    """
    made = zlib.compressobj(level)
    packed = b"".join([*(made.compress(in_file(part)) for part in parts), made.flush()])
    return BEGINNING + hashlib.sha256(packed).digest() + packed


def in_file(part: Array) -> bytes:
    """The numbers of an array, the least byte of each first."""
    return part.astype(part.dtype.newbyteorder("<"), copy=False).tobytes()


class Unpacked:
    """Bytes from which arrays are taken in the order they were packed in.

    Raises:
        ValueError: if the bytes are no packed arrays, or damaged.
    """

    def __init__(self, data: bytes) -> None:
        packed = bytes(data[len(BEGINNING) + DIGEST :])
        if bytes(data[: len(BEGINNING)]) != BEGINNING:
            raise ValueError("these bytes are no summary")
        if data[len(BEGINNING) : len(BEGINNING) + DIGEST] != hashlib.sha256(packed).digest():
            raise ValueError("this summary is damaged")
        try:
            self.left = memoryview(zlib.decompress(packed))
        except zlib.error as error:
            raise ValueError("this summary is damaged") from error

    def take(self, kind: type[np.generic], *shape: int) -> Array:
        """The next array.

        Raises:
            ValueError: if less is left.
        """
        file_type = np.dtype(kind).newbyteorder("<")
        size = file_type.itemsize
        for length in shape:
            size *= length
        if not 0 <= size <= len(self.left):
            raise ValueError("this summary ends too early")
        found = np.frombuffer(self.left[:size], file_type).reshape(shape).astype(kind)
        self.left = self.left[size:]
        return found

    def end(self) -> None:
        """Make sure that nothing is left.

        Raises:
            ValueError: if something is.
        """
        if self.left:
            raise ValueError("this summary goes on after its end")


def planes(counts: Array) -> Array:
    """Whole numbers of 16 bits as their bytes, all the lower ones first: most of the upper ones are 0 and take no room."""
    return np.ascontiguousarray(counts.astype("<u2", copy=False).reshape(-1, 1).view(np.uint8).T)


def whole_of(bytes_of: Array) -> Array:
    """What :func:`planes` took apart."""
    return np.ascontiguousarray(bytes_of.T).view("<u2").ravel().astype(np.uint16, copy=False)
