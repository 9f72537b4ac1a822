"""What is wrong with a line that is not TOML, as a person would put it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from flywheel_sim.scenario.fault import Fault, short
from flywheel_sim.scenario.locate import line_at, repeats, token

if TYPE_CHECKING:
    from flywheel_sim.scenario.locate import Span

__all__ = ["explained"]


def explained(message: str, text: str, *, closely: bool = True) -> Fault:
    """A complaint of tomllib's, in other words, at the place where it can be mended.

    Args:
        message: of tomllib's.
        text: that it could not read.
        closely: whether to look for what was meant, in a time that grows with the square of the text.
    """
    words, offset = split_message(message, text)
    start, end = line_at(text, offset)
    line = text[start:end]
    if not closely:
        return Fault(f"this is not TOML: {words[:1].lower() + words[1:]}", span=one(offset), fix="write one name = value in a line")
    if "\r" in line.removesuffix("\r"):
        return Fault("this file does not end its lines as others do", span=one(offset), fix="save it with LF or CRLF line ends")
    comma = re.search(r"=\s*([-+]?\d+),(\d{1,2}|\d{4,})(?!\d|,\d)", line)
    if comma is not None:
        cause = f"'{comma[1]},{comma[2]}' is no number: decimals stand behind a point"
        return Fault(cause, span=(start + comma.start(1), start + comma.end(2)), fix=f"write {comma[1]}.{comma[2]}")
    if words.startswith(("Cannot", "Duplicate")):
        return stated_twice(words, text, offset)
    if words.startswith(("Unclosed", "Expected ']", "Invalid initial character")):
        return bracket_fault(words, text, offset)
    if words.startswith(("Illegal character '\\n'", "Unterminated string", 'Expected "\'"', "Expected '\"")):
        return quote_fault(text, offset)
    if words.startswith(("Unescaped", "Invalid hex value")):
        fix = r"write it twice: \\ , or put the text in single quotes"
        return Fault("a backslash in a text in quotes means something else", span=one(offset), fix=fix)
    if words.startswith(("Illegal character", "Found invalid character")):
        return Fault("there is a control character in this line", span=one(offset), fix="take it out")
    if words.startswith(("Invalid value", "Expected newline")):
        return value_fault(line, start, offset)
    if words.startswith(("Expected '='", "Invalid statement")):
        return key_fault(line, start)
    return Fault(f"this is not TOML: {words[:1].lower() + words[1:]}", span=one(offset), fix="write one name = value in a line")


def split_message(message: str, text: str) -> tuple[str, int]:
    """Tomllib's words, and the place it gives as an offset."""
    match = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    if match is None:
        return re.sub(r"\s*\(at .*\)$", "", message), max(0, len(text.rstrip()) - 1)
    offset = 0
    for _ in range(int(match[1]) - 1):
        offset = text.index("\n", offset) + 1
    return message[: match.start()], min(offset + int(match[2]) - 1, max(0, len(text) - 1))


def one(offset: int) -> Span:
    return offset, offset + 1


def whole(start: int, line: str) -> Span:
    """All that stands in a line."""
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


# Names


def stated_twice(words: str, text: str, offset: int) -> Fault:
    start, end = line_at(text, offset)
    line = text[start:end]
    try:
        found = repeats(text[:end])
    except IndexError:  # the line ends within brackets
        found = []
    if found:
        last = found[-1]
        table = text[: last.second[0]].rstrip(" \t")[-1:] == "["
        shown = short(".".join(map(str, last.path)))
        what = f"the table {shown} stands twice" if table else f"{shown} is set twice"
        number = text.count("\n", 0, last.first[0]) + 1
        return Fault(
            f"{what}; the first time in line {number}", span=last.second, fix="join the two" if table else "take one of the two out"
        )
    if words.startswith("Duplicate"):
        return Fault("a name stands twice in one table", span=one(offset), fix="take one of the two out")
    if line.lstrip().startswith("["):
        fix = "join the two, or write each of a list in double brackets: [[...]]"
        return Fault("this table is there already", span=whole(start, line), fix=fix)
    return Fault("this name has a value already, which is no table to add to", span=whole(start, line), fix="write all of it in one place")


def key_fault(line: str, start: int) -> Fault:
    """A line that does not begin with ``name =``."""
    if line.lstrip().startswith("{"):
        return Fault(
            "a scenario is written in TOML, not JSON", span=whole(start, line), fix="write one to start from with: flywheel new NAME"
        )
    if line.rstrip().endswith("]"):
        return Fault("this table's name is not closed", span=whole(start, line), fix=f"write [{line.strip(' []')}]")
    name, colon, value = (part.strip() for part in line.partition(":"))
    if colon and value and "=" not in name:
        fix = f"write {name} = {as_value(value)}"
        return Fault("a value is given with =, not with :", span=one(start + line.index(":")), fix=fix)
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals:
        return Fault("this is a name without a value", span=whole(start, line), fix="write name = value, a [table], or # before a remark")
    bare = re.sub(r"[^\w-]+", "_", key, flags=re.ASCII).strip("_-")
    candidate = bare if key.isascii() and bare else f'"{key}"'
    return Fault(
        f"{short(key)} cannot be a name as it stands", span=whole(start, line.partition("=")[0]), fix=f"write {candidate} = {value}"
    )


# Brackets and quotes


def bracket_fault(words: str, text: str, offset: int) -> Fault:
    start, end = line_at(text, offset)
    line, here = text[start:end], text[offset].replace("\r", "\n")
    if words.startswith("Invalid initial character") and here == "}":
        return Fault("a table in braces ends without a comma", span=one(offset), fix="take out the comma before }")
    if words.startswith("Invalid initial character") and here != "\n":
        return Fault("a name is missing here", span=one(offset), fix="begin a name with a letter or a digit, or put it in quotes")
    spaced = re.fullmatch(r"\s*(\[+)([\w.-]*?)([\w-]+(?: +[\w-]+)+)((?:\.[\w-]+)*\]+)\s*", line)
    if spaced is not None:
        fix = f'write {spaced[1]}{spaced[2]}"{spaced[3]}"{spaced[4]}'
        return Fault("a name with spaces stands in quotes", span=whole(start, line), fix=fix)
    if line.lstrip().startswith("["):
        fix = "write [values], [strategies.NAME] or [[strategies.NAME.moves]]"
        return Fault("this table's name is not closed", span=whole(start, line), fix=fix)
    if here not in "\n]}" and offset < len(text.rstrip()) - 1:
        return Fault("a comma is missing before this", span=one(offset), fix="part the items by commas")
    opening = open_bracket(text[: offset + 1])
    if opening is not None and text[opening] == "{":
        fix = "write { name = value, name = value } in one line, or a [table]"
        return Fault("a table in braces is not closed in its line", span=one(opening), fix=fix)
    fix = 'close it with ], and part its items by commas: ["referral", "proof"]'
    return Fault("a list is not closed", span=one(offset if opening is None else opening), fix=fix)


def open_bracket(text: str) -> int | None:
    """Where the innermost bracket begins that is still open at the end of a text."""
    stack: list[int] = []
    for match in token().finditer(text):
        if match[0] in {"[", "{"}:
            stack.append(match.start())
        elif match[0] in {"]", "}"} and stack:
            stack.pop()
    return stack[-1] if stack else None


def quote_fault(text: str, offset: int) -> Fault:
    """A text in quotes that does not end."""
    place = opening_quote(text, offset)
    quotes = text[place : place + 3] if text[place : place + 3] in {'"""', "'''"} else text[place]
    start, end = line_at(text, place)
    before, after = text[start:place], text[place + len(quotes) : end].rstrip()
    fix = f"write {before.strip()} {quotes}{after}{quotes}" if before.strip().endswith("=") else f"close it with {quotes}"
    return Fault("a text in quotes is not closed", span=(place, place + len(quotes)), fix=fix)


def opening_quote(text: str, offset: int) -> int:
    """Where the text begins that does not end: the first quote that belongs to no token."""
    read_to = 0
    for match in token().finditer(text, 0, offset + 1):
        if text[match.start() : match.start() + 3] == '"""' and match[0] == '""':
            return match.start()  # two of the three quotes, taken for an empty text
        skipped = re.search("[\"']", text[read_to : match.start()])
        if skipped:
            return read_to + skipped.start()
        read_to = match.end()
    left = re.search("[\"']", text[read_to:])
    return offset if left is None else read_to + left.start()


# Values


def value_fault(line: str, start: int, offset: int) -> Fault:
    """A value that is neither a number nor in quotes."""
    before, equals, after = line.partition("=")
    key, value = before.strip(), re.split(r"\s#", after)[0].strip()
    if not equals or offset <= start + len(before):
        if before.lstrip().startswith("[") or "]" in before:
            return Fault("there is more in this line than belongs there", span=one(offset), fix="write one [table] in a line")
        return piece_fault(line, start, offset)
    if not value:
        return Fault(f"{short(key)} has no value", span=one(start + len(before)), fix=f"write {key} = value")
    at = start + len(before) + 1 + len(after) - len(after.lstrip())
    if value[0] in "[{" and offset < at + len(value):
        return piece_fault(line, start, offset)
    if value[0] in "\"'" and offset > at:
        fix = "put all of it in one pair of quotes, or a # before a remark"
        return Fault("there is more behind the text in quotes", span=one(offset), fix=fix)
    if re.search(r"\s[\w.]+\s*=", value):
        return Fault("there are two names in this line", span=one(offset), fix="start a new line after each value")
    return Fault(f"{short(value)} is neither a number nor text in quotes", span=(at, at + len(value)), fix=f"write {key} = {mended(value)}")


def piece_fault(line: str, start: int, offset: int) -> Fault:
    """The same, of an item of a list or of a table in braces."""
    match = re.match(r"(?:[^,\]}\s]|,(?=\d)|[ \t](?=[^\s\]}#]))*", line[offset - start :])
    piece = match[0] if match else ""
    if not piece:
        return Fault("a value is missing here", span=one(offset), fix='put text and quantities in quotes: "12 %/year"')
    return Fault(f"{short(piece)} is neither a number nor text in quotes", span=(offset, offset + len(piece)), fix=f"write {mended(piece)}")


def as_value(text: str) -> str:
    """A text as a value: as it is where it can be read, else mended."""
    try:
        tomllib.loads(f"value = {text}")
    except ValueError:
        return mended(text)
    return text


def mended(value: str) -> str:
    """What somebody meant who wrote a value that is not TOML."""
    number = value.rstrip(",;")
    if value.lower() in {"true", "false"}:
        return value.lower()
    if re.fullmatch(r"[-+]?\d+(\.\d+)?", number) and number != value:
        return number
    if re.fullmatch(r"[-+]?\.\d+", value):
        return value.replace(".", "0.")
    if re.fullmatch(r"[-+]?\d+\.", value):
        return f"{value}0"
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+", value):
        return value.replace(",", "_")
    if re.fullmatch(r"[-+]?0\d+", value):
        return value.replace("0", "", 1)
    inner = value.strip("“”„‘’\"'").replace("\\", "").replace('"', "")
    return f'"{inner[:60]}"'
