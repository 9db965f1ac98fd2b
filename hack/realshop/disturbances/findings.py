"""What a disturbance came to: each expectation beside what was seen, and whether it held."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation, and what was seen instead of only whether."""

    what: str
    expected: str
    seen: str
    held: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One disturbance; `skipped` is the reason why it was not done, if it was not."""

    name: str
    done: str
    expected: str
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0
    skipped: str = ""

    @property
    def held(self) -> bool:
        """Whether everything came as expected; what was not done has not failed."""
        return bool(self.skipped) or (bool(self.checks) and all(one.held for one in self.checks))


def none(what: str, number: int) -> Check:
    """Expect that something never happened."""
    return Check(what, "0", str(number), number == 0)


def at_least(what: str, least: float, seen: float, unit: str = "") -> Check:
    """Expect so much or more."""
    return Check(what, f">= {_told(least)}{unit}", f"{_told(seen)}{unit}", seen >= least)


def at_most(what: str, most: float, seen: float, unit: str = "") -> Check:
    """Expect so much or less."""
    return Check(what, f"<= {_told(most)}{unit}", f"{_told(seen)}{unit}", seen <= most)


def same(what: str, expected: object, seen: object) -> Check:
    """Expect one value."""
    return Check(what, str(expected), str(seen), expected == seen)


def one_of(what: str, expected: Iterable[str], seen: str) -> Check:
    """Expect one of some words."""
    words = sorted(expected)
    return Check(what, " or ".join(words), seen or "nothing", seen in words)


def line(found: Finding) -> str:
    """Return a disturbance on one line: what held, then each expectation and what was seen."""
    if found.skipped:
        return f"{found.name}: not run: {found.skipped}"
    word = "as expected" if found.held else "NOT AS EXPECTED"
    return f"{found.name}: {word} in {found.seconds:.0f} s; {'; '.join(_checks(found))}"


def row(found: Finding) -> str:
    """Return a disturbance as a row of the documents' table."""
    seen = found.skipped or "; ".join(_checks(found))
    word = "not run" if found.skipped else ("yes" if found.held else "**no**")
    return f"| `{found.name}` | {found.done} | {found.expected} | {seen} | {word} |"


def write(found: Finding, folder: Path) -> None:
    """Keep a finding in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(found), indent=2, sort_keys=True)
    (folder / f"{found.name}.json").write_text(f"{text}\n")


def read(path: Path) -> Finding:
    """Return the finding that a file keeps."""
    told = json.loads(path.read_text())
    return Finding(**told | {"checks": tuple(Check(**one) for one in told["checks"])})


def _checks(found: Finding) -> Iterator[str]:
    for one in found.checks:
        mark = "" if one.held else "NOT HELD: "
        yield f"{mark}{one.what}: {one.seen} (expected {one.expected})"


def _told(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.2f}"
