"""What a text is made for: its width and whether it may have colour; and cells put into columns.

A screen is a value, so that the same plan gives the same text wherever it is made; whether there
is a terminal is for the command line to find out. Text that came from outside (names, messages) is
made harmless: control characters could otherwise repaint the reader's terminal.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

LONGEST_NAME = 253
_ESCAPE = "\x1b["
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Tone(StrEnum):
    """What a piece of text means; its values are the ANSI codes (none of them assumes a ground)."""

    PLAIN = ""
    STRONG = "1"
    QUIET = "2"
    GOOD = "32"
    BAD = "31"
    WARNING = "33"
    MARK = "36"


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a text is shown; width 0 means that lines may be as long as they like."""

    width: int = 0
    colour: bool = False

    def paint(self, text: str, tone: Tone) -> str:
        """The text in its tone, unchanged where there is no colour."""
        if not self.colour or tone is Tone.PLAIN or not text:
            return text
        return f"{_ESCAPE}{tone}m{text}{_ESCAPE}0m"

    def fits(self, columns: int) -> bool:
        """Whether a line of so many columns needs no wrapping."""
        return not self.width or columns <= self.width


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    tone: Tone = Tone.PLAIN
    right: bool = False


Row = Sequence[Cell]


def printable(text: str) -> str:
    """Text from outside with everything that is not to be seen written as an escape."""
    return "".join(
        letter
        if letter.isprintable()
        else letter.encode("unicode_escape", "surrogatepass").decode("ascii")
        for letter in text
    )


def name(text: str) -> str:
    """A name from outside, harmless and no longer than Kubernetes names may be."""
    if len(text) > LONGEST_NAME:
        half = (LONGEST_NAME - 1) // 2
        text = f"{text[:half]}…{text[-half:]}"
    return printable(text)


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(_columns_of(letter) for letter in text)


def _columns_of(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def widths(rows: Iterable[Row]) -> list[int]:
    """The width that each column of a table needs."""
    found: list[int] = []
    for row in rows:
        found += [0] * (len(row) - len(found))
        for index, cell in enumerate(row):
            found[index] = max(found[index], columns(cell.text))
    return found


def table(rows: Sequence[Row], screen: Screen, *, indent: int = 2, gap: int = 2) -> list[str]:
    """Rows as lines with their columns under each other; the last column is not padded."""
    needed = widths(rows)
    return [
        " " * indent
        + (" " * gap)
        .join(
            screen.paint(_padded(cell, needed[index], index == len(row) - 1), cell.tone)
            for index, cell in enumerate(row)
        )
        .rstrip(" ")
        for row in rows
    ]


def table_width(rows: Sequence[Row], *, indent: int = 2, gap: int = 2) -> int:
    """How many columns a table takes in all."""
    needed = widths(rows)
    return indent + sum(needed) + gap * max(0, len(needed) - 1)


def _padded(cell: Cell, width: int, last: bool) -> str:
    space = " " * (width - columns(cell.text))
    if cell.right:
        return space + cell.text
    return cell.text if last else cell.text + space


def bar(part: float, width: int) -> str:
    """A bar of up to `width` columns, in eighths; something that is not zero is always seen."""
    eighths = round(min(max(part, 0.0), 1.0) * width * 8)
    if part > 0:
        eighths = max(eighths, 1)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def wrapped(text: str, screen: Screen, *, indent: int = 0, hanging: int | None = None) -> list[str]:
    """A sentence in lines that fit the screen; words are never broken."""
    lines: list[str] = []
    line = " " * indent
    following = " " * (indent if hanging is None else hanging)
    empty = True
    for word in text.split(" "):
        if not empty and not screen.fits(columns(line) + 1 + columns(word)):
            lines.append(line)
            line, empty = following, True
        line += word if empty else f" {word}"
        empty = False
    return [*lines, line]


def strong_lines(text: str, screen: Screen) -> list[str]:
    """A sentence that stands out, in lines that fit."""
    return [screen.paint(line, Tone.STRONG) for line in wrapped(text, screen)]
