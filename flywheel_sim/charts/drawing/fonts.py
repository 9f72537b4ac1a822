"""The bundled font, and what to do about characters it does not have.

``charts/font`` holds Inter 4.1 (SIL Open Font License, no reserved names) in two weights, reduced to the Latin, Greek and
Cyrillic alphabets, figures, punctuation, currencies and the signs that charts use; once for drawing (.ttf)
and once to go into SVG files (.woff2).
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

__all__ = ["FAMILY", "drawable", "embedded", "font"]

FAMILY = "Inter"
FOLDER = Path(__file__).parent.parent / "font"
# By whether it is bold: the weight as matplotlib calls it (in numbers it refuses some when it writes SVG), as CSS does, the file.
WEIGHTS = {False: ("normal", 400, "Inter-Regular"), True: ("semibold", 600, "Inter-SemiBold")}
MISSING = "□"

# Where else to look for a character: what systems have for alphabets that the bundled font has not.
OTHERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Yu Gothic", "Meiryo",
    "Microsoft YaHei", "Malgun Gothic", "WenQuanYi Zen Hei", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai",
    "Segoe UI", "Arial Unicode MS", "DejaVu Sans",
)  # fmt: skip


def font(text: str, *, bold: bool = False) -> FontProperties:
    """The font for a text: the bundled one, followed by others of this computer if the text needs them."""
    weight, _, file = WEIGHTS[bold]
    if all(map(bundled, text)):
        return FontProperties(family=[FAMILY, "sans-serif"], weight=weight, fname=str(FOLDER / f"{file}.ttf"))
    know_bundled()
    return FontProperties(family=[FAMILY, *others()], weight=weight)


def drawable(text: str) -> str:
    """A text with a box in place of every character that no font at hand has."""
    return "".join(character if bundled(character) or elsewhere(character) else MISSING for character in text)


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    return frozenset(font_manager.get_font(str(FOLDER / "Inter-Regular.ttf")).get_charmap())


def bundled(character: str) -> bool:
    return ord(character) in characters()


@lru_cache(maxsize=1)
def others() -> tuple[str, ...]:
    """The fonts of this computer that may have what the bundled one has not."""
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(name for name in OTHERS if name in known)


@lru_cache(maxsize=1024)
def elsewhere(character: str) -> bool:
    faces = (font_manager.get_font(font_manager.findfont(name)) for name in others())
    return any(face.get_char_index(ord(character)) for face in faces)


@lru_cache(maxsize=1)
def know_bundled() -> None:
    """Only fonts that matplotlib knows by name can be followed by others."""
    for _, _, file in WEIGHTS.values():
        font_manager.fontManager.addfont(str(FOLDER / f"{file}.ttf"))


@lru_cache(maxsize=1)
def embedded() -> str:
    """Both weights as a style sheet, so that an SVG looks the same where the font is not installed."""
    faces = []
    for _, weight, file in WEIGHTS.values():
        data = b64encode((FOLDER / f"{file}.woff2").read_bytes()).decode()
        source = f"url(data:font/woff2;base64,{data}) format('woff2')"
        faces.append(f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};src:{source}}}")
    return "".join(faces)
